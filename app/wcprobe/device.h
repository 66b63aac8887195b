/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef DEVICE_H
#define DEVICE_H

/* What needs the device opened. */

#include "options.h"
#include "probe.h"

/*
 * Asks the kernel for every rung, stores where `options` permits, tests the card if told to; fills
 * p->answers, timing, card and effective, or open_error and open_why. A device that a kernel driver
 * has is not opened.
 */
void device_ask(struct probe *p, const struct options *options);

#endif /* DEVICE_H */
