/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_ENA_RIG_H
#define FUZZ_ENA_RIG_H

/* An ENA card with a loopback that reads every byte it is given. */

#include <ena.h>

#include "fake_ena.h"
#include "fuzz_input.h"

struct fuzz_ena {
	struct fake_ena e;
	struct fake_ena_txq tx;
	struct fake_ena_rxq rx;
	uint8_t *data;       /* 64 KiB of host memory that nothing else uses */
	uint16_t done;       /* where the last Tx completion says that the head is */
	uint64_t frames;     /* that the port was given */
	unsigned int resets; /* that an input may still ask for: one takes as long as 50 steps */
};

#define FUZZ_DATA_BYTES 65536u

/*
 * A card whose driver is there; torn entries are waited for if `waits`. It is made once and never
 * freed: fuzz_state_restore() puts it back.
 */
struct fuzz_ena *fuzz_ena_new(bool waits);
/* The driver begins anew, after a reset: with `data`, and no queues. */
void fuzz_ena_enable(struct fuzz_ena *r);
/* Once everything is there that each input begins with. */
void fuzz_ena_keep(struct fuzz_ena *r);
/*
 * Queues, which are destroyed before if there are any; `llq`: 0, or bytes of an entry. False: an
 * input may not reset the card so often.
 */
bool fuzz_ena_queues(struct fuzz_ena *r, uint16_t llq);
/* Polls, and checks what the card says of its queues. */
void fuzz_ena_poll(struct fuzz_ena *r);
/* An address: mostly in `data`, sometimes outside everything. */
uint64_t fuzz_ena_iova(struct fuzz_ena *r, uint32_t raw);
/* A frame, of which most is as it should be. */
void fuzz_ena_frame(struct fuzz_ena *r, struct fuzz_input *in, struct fake_ena_frame *frame);
/* Buffers for the loopback. */
void fuzz_ena_refill(struct fuzz_ena *r);

#endif /* FUZZ_ENA_RIG_H */
