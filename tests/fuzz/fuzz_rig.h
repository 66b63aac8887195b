/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_RIG_H
#define FUZZ_RIG_H

/* A card with a loopback that reads every byte it is given. */

#include <card.h>

#include "fake_host.h"
#include "fuzz_input.h"

struct fuzz_rig {
	struct fake_host h;
	struct fake_txq tx;
	struct fake_rxq rx;
	uint8_t *data; /* 64 KiB of host memory that nothing else uses */
	uint16_t next; /* first Tx entry without completion */
	bool over;     /* more entries in flight than allowed: completions mean nothing */
};

#define FUZZ_MEM_BYTES (128u << 10)
#define FUZZ_DATA_BYTES 65536u

/*
 * An enabled card without queues, which is made once and never freed. `ops` may be NULL: all of its
 * host's memory is here.
 */
struct fuzz_rig *fuzz_rig_new(const struct wcdev_ops *ops);
/* A Tx queue that pushes in `format`, an Rx queue, and the port up. */
void fuzz_rig_queues(struct fuzz_rig *r, enum wcnic_push_format format, bool express);
/* Once everything is there that each input begins with. */
void fuzz_rig_keep(struct fuzz_rig *r);
/* Before each input: all is as it was kept. */
void fuzz_rig_restore(struct fuzz_rig *r);
/* Polls, and checks that the Tx completions follow one another without gap or overlap. */
void fuzz_rig_poll(struct fuzz_rig *r);
/* A request that has a chance to fit a frame, or any. */
uint64_t fuzz_request(struct fuzz_input *in);
/* Gives a slot so many segments, and a length of its frame: the right one, or if it `lies` any. */
void fuzz_slot_segs(struct fuzz_rig *r, struct fuzz_input *in, struct fake_slot *slot,
		    unsigned int n_segs, bool lies);
/* An address: mostly in `data`, sometimes outside everything. */
uint64_t fuzz_rig_iova(struct fuzz_rig *r, uint32_t raw);

#endif /* FUZZ_RIG_H */
