/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_FOLLOW_H
#define WCVMM_FOLLOW_H

/*
 * What a VMM would have to do to follow windows: it keeps the registers from the guest, so that
 * each access comes to it, knows the card's admin queue, reads the guest's commands and the card's
 * answers out of the guest's memory, and remaps before the guest goes on.
 */

#include <stdint.h>

#include "experiment.h"

#define FOLLOW_WINDOWS 64u

struct follow {
	struct experiment *e;
	uint64_t asq, acq; /* as the guest wrote them */
	uint32_t admin_size;
	uint16_t tail; /* free-running */
	/* PUSH windows by id; bytes 0: none */
	struct {
		uint64_t off, bytes;
	} windows[FOLLOW_WINDOWS];
};

/* The mmio of struct vm; ctx is a struct follow. */
int follow_mmio(void *ctx, uint64_t ipa, void *data, size_t bytes, bool write);

#endif /* WCVMM_FOLLOW_H */
