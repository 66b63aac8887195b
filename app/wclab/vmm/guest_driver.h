/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_GUEST_DRIVER_H
#define WCVMM_GUEST_DRIVER_H

/*
 * The least of a driver for the card, in the guest: datasheet sections 2, 3 and 4. It reaches the
 * card as any driver does: by BAR0, and by rings in its memory, which the card reads and writes.
 * All return enum guest_error; `detail` gets what belongs to it.
 */

#include <stdint.h>

#include <wcnic_abi.h>

/* Resets the card, and with it all windows, and starts the admin queue. */
uint32_t driver_start(uint32_t *detail);
uint32_t driver_window_alloc(uint32_t bytes, struct wcnic_window_grant *grant, uint32_t *detail);
uint32_t driver_window_free(const struct wcnic_window_grant *grant, uint32_t *detail);

#endif /* WCVMM_GUEST_DRIVER_H */
