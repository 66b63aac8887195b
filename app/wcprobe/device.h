/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef DEVICE_H
#define DEVICE_H

/* What is found out with the device open. */

#include "options.h"
#include "probe.h"

/*
 * Asks the kernel for every rung, stores where `options` permits it and runs the card's own test if
 * `options` asks for it. Fills p->answers, timing, card and effective, or open_error and open_why.
 * A device that a kernel driver has is not opened.
 */
void device_ask(struct probe *p, const struct options *options);

#endif /* DEVICE_H */
