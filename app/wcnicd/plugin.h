/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PLUGIN_H
#define WCNICD_PLUGIN_H

/* The plugin for ports that are DPDK devices. One thread makes these calls. */

#include <wcbase.h>

#include "options.h"

/* Whether the port of a card needs the plugin. */
bool plugin_needed(const struct options *options);

/*
 * Loads the plugin and makes its kind of port known, before ports are made. Returns 0, -ENOENT (no
 * plugin, or no DPDK) or -EPROTO (another version); the log says why.
 */
WC_MUST_CHECK int plugin_load(const struct options *options);

/* Ends what the plugin started, after the last port. Does nothing if it is not loaded. */
void plugin_fini(void);

#endif /* WCNICD_PLUGIN_H */
