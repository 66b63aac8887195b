/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_CARD_H
#define WCDEV_CARD_H

/*
 * For card models: the object that each card begins with, and what it asks its embedder for apart
 * from host memory (wcdev_dma.h). All calls on one card are serialised by the embedder.
 */

#include <wcbase.h>

#include "wcdev.h"

/* What a card model does for its port. */
struct wcdev_card_ops {
	/* Another port was connected, or none: the link may have changed. */
	void (*port_changed)(struct wcdev *dev);
	/* As wcdev_receive_burst(). */
	unsigned int (*receive_burst)(struct wcdev *dev, const struct wcdev_frame *frames,
				      unsigned int n, int *ret);
};

/*
 * Reads of host memory by message take time. Those for one command or frame are kept in a memo
 * until all are there. There is one memo in each lane: frames on their way in may wait for one on
 * its way out, and must not wait for its memo.
 */
enum wcdev_lane {
	WCDEV_LANE_OUT, /* commands, frames that the host sends */
	WCDEV_LANE_IN,  /* frames for the host */
	WCDEV_LANES,
};

/* Who reads host memory, and in which lane: a part of each queue that does. */
struct wcdev_reader {
	enum wcdev_lane lane;
};

/*
 * The longest frame, before it is segmented, is in at most WCDEV_FRAME_ENTRIES_MAX entries:
 * descriptor and piece of each.
 */
#define WCDEV_FRAME_ENTRIES_MAX 255u
#define WCDEV_MEMO_READS (2 * WCDEV_FRAME_ENTRIES_MAX + 8)
#define WCDEV_MEMO_BYTES (UINT16_MAX + WCDEV_MEMO_READS * 24)

struct wcdev_dma_memo_read {
	uint64_t iova;
	uint32_t bytes;
	uint32_t off; /* in data, in bytes */
};

struct wcdev_dma_memo {
	const struct wcdev_reader *reader; /* whose it is; NULL: free */
	bool walked; /* since the last poll began; else the reader has given up */
	unsigned int n;
	unsigned int next; /* the read that comes next when they are walked again */
	uint32_t used;
	struct wcdev_dma_memo_read reads[WCDEV_MEMO_READS];
	uint64_t data[(WCDEV_MEMO_BYTES + 7) / 8];
};

/* The first member of a card, so that either is found from the other. */
struct wcdev {
	const struct wcdev_card_ops *card_ops;
	const struct wcdev_ops *ops;
	void *ctx;
	const struct wcdev_port_ops *port_ops; /* NULL: no port */
	void *port;

	/*
	 * What was looked up in host memory is kept with this number, and is good as long as the
	 * number is the same. Never 0.
	 */
	uint64_t map_id;
	uint64_t dma_generation; /* the embedder's, when map_id was good last */
	bool in_call;            /* between wcdev_enter() and wcdev_leave() */

	unsigned int n_memos; /* that have readers */
	struct wcdev_dma_memo memos[WCDEV_LANES];
};

/* Of memory that is zeroed. The three must outlive the card. */
void wcdev_init(struct wcdev *dev, const struct wcdev_card_ops *card_ops,
		const struct wcdev_ops *ops, void *ctx);

/* Says what is missing in the embedder's operations, or NULL. */
WC_MUST_CHECK const char *wcdev_ops_fault(const struct wcdev_ops *ops);

/*
 * Around everything that looks up host memory on the data path: in between, what was found is good
 * until map_id changes. Not nested: see dev->in_call.
 */
static inline void
wcdev_enter(struct wcdev *dev)
{
	uint64_t generation;

	dev->in_call = true;
	if (dev->ops->dma_generation == NULL)
		return;
	generation = dev->ops->dma_generation(dev->ctx);
	dev->map_id += generation != dev->dma_generation;
	dev->dma_generation = generation;
}

/* Ends what wcdev_enter() began. */
static inline void
wcdev_leave(struct wcdev *dev)
{
	dev->in_call = false;
	/* Without dma_generation() nothing says whether host memory was unmapped between calls. */
	dev->map_id += dev->ops->dma_generation == NULL;
}

/* One line to the embedder's log; `level` as in syslog(3). At most 255 characters. */
void wcdev_log(const struct wcdev *dev, int level, const char *fmt, ...) WC_PRINTF(3, 4);

/* 0 is no power of two. */
static inline bool
wcdev_is_pow2(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* Of a queue without an interrupt. */
#define WCDEV_VECTOR_NONE 0xffffu

/* Whether the embedder can raise interrupts. */
static inline bool
wcdev_has_irq(const struct wcdev *dev)
{
	return dev->ops->irq != NULL;
}

/* Raises MSI-X vector `vector`, if it is one and the embedder can. */
static inline void
wcdev_irq(const struct wcdev *dev, uint16_t vector)
{
	if (vector != WCDEV_VECTOR_NONE && dev->ops->irq != NULL)
		dev->ops->irq(dev->ctx, vector);
}

/* The embedder's monotonic clock. */
static inline uint64_t
wcdev_now_ns(const struct wcdev *dev)
{
	return dev->ops->now_ns(dev->ctx);
}

/* ---- the port, as the card calls it ------------------------------------------------------ */

/* What the port says of its wire; without a port there is no link. */
void wcdev_port_link(const struct wcdev *dev, struct wcdev_link *link);
/* Tells the port what the card does to the wire from here on: WCDEV_WIRE_*. */
void wcdev_port_wire_set(const struct wcdev *dev, unsigned int flags);
/* What is known of the port's input: *frames and *done keep their values if it does not say. */
void wcdev_port_input(const struct wcdev *dev, uint64_t *frames, bool *done);

/* Whether there is a port that may bring frames which the host has nothing to do with. */
bool wcdev_port_has_input(const struct wcdev *dev);

/*
 * Offers frames to the port, in order; there is one. Returns how many it took, the first `n`; if
 * fewer, *ret says what becomes of the next, as struct wcdev_port_ops has it for send().
 */
static inline unsigned int
wcdev_port_send(const struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	unsigned int i;

	if (dev->port_ops->send_burst != NULL)
		return dev->port_ops->send_burst(dev->port, frames, n, ret);
	for (i = 0; i < n; i++) {
		*ret = dev->port_ops->send(dev->port, &frames[i]);
		if (*ret != 0)
			break;
	}
	return i;
}

/* The frames that were sent are a batch: nothing of it may stay with the port. There is one. */
static inline void
wcdev_port_flush(const struct wcdev *dev)
{
	if (dev->port_ops->flush != NULL)
		dev->port_ops->flush(dev->port);
}

/* Lets the port hand over at most `budget` frames. Returns how many it did. */
static inline unsigned int
wcdev_port_poll(const struct wcdev *dev, unsigned int budget)
{
	if (dev->port_ops == NULL || dev->port_ops->poll == NULL)
		return 0;
	return dev->port_ops->poll(dev->port, budget);
}

#endif /* WCDEV_CARD_H */
