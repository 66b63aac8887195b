/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PLUGIN_H
#define WCNICD_PLUGIN_H

/* The plugin for ports that are DPDK devices. */

#include "options.h"

/* Whether a card's port needs it. */
bool plugin_needed(const struct options *options);

/* Loads it, before ports are made. Returns 0 or -errno; has then logged why. */
__attribute__((warn_unused_result)) int plugin_load(const struct options *options);

/* Ends what it began, after the ports. */
void plugin_fini(void);

#endif /* WCNICD_PLUGIN_H */
