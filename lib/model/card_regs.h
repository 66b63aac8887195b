/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_REGS_H
#define CARD_REGS_H

/* Section 2: the register file, as the host reads and writes it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wcnic_card;

/*
 * An access at `off` of 4 bytes, or of 8 to a register of 64 bits. 0, or -EINVAL: any other. A read
 * fills `data` with zeroes then. A write sets *reset if it asks for a reset, which the caller does
 * before anything else.
 */
int card_regs_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes);
int
card_regs_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes, bool *reset);

#endif /* CARD_REGS_H */
