/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_SHARE_H
#define WCNIC_SHARE_H

/*
 * What the primary lets secondary processes have of a port: BAR2, at the same address as here, and
 * the permission to run bursts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wcnic_hw;
struct wcnic_mp_state;

/*
 * BAR2 is at [addr, addr + bytes) of this process, and is `file` from `off` on, of which a copy is
 * taken. By the attach, when it opens the card; secondaries learn of it with the next
 * wcnic_share_bursts(). Without it they have no bursts. 0, or -errno of dup(2).
 */
int wcnic_share_bar(struct wcnic_hw *hw, void *addr, size_t bytes, int file, uint64_t off);
/*
 * Whether bursts of secondaries may run. Waits until each that has the port has done as it is told,
 * 2 s at most: on before gates open, off before queues are freed. With hw->lock. Without
 * secondaries it costs nothing.
 */
void wcnic_share_bursts(struct wcnic_hw *hw, bool on);
/* The port is closed: secondaries let go of it. Waits as the call above. */
void wcnic_share_end(struct wcnic_hw *hw);

/*
 * What a secondary is to know. *file is a copy, the caller's to close. 0; -ENOTSUP: the attach
 * shares nothing; -errno of dup(2).
 */
int wcnic_share_get(uint16_t port_id, struct wcnic_mp_state *state, int *file);

#endif /* WCNIC_SHARE_H */
