/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_H
#define WCDEV_H

/*
 * What every card model shares with its surroundings, whichever card it is: the embedder, who gives
 * it host memory, time and interrupts, and the port, which carries its frames.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A card of whatever model, as its embedder and its port know it. */
struct wcdev;

/* What the device does to host memory. */
#define WCDEV_DMA_READ 1u
#define WCDEV_DMA_WRITE 2u

/* Host memory [iova, iova + bytes) is here from `at` on. */
struct wcdev_dma_span {
	uint64_t iova;
	uint64_t bytes;
	void *at;
};

/* What the embedder provides. Every call is made from inside a call on the card. */
struct wcdev_ops {
	/*
	 * The host memory [iova, iova + bytes) for access `prot` (WCDEV_DMA_*). NULL: a byte of it
	 * is not mapped for that access, or it is not in one piece in this process. The card then
	 * asks page by page (4 KiB). The pointer stays valid until the call on the card returns.
	 */
	void *(*dma)(void *ctx, uint64_t iova, size_t bytes, unsigned int prot);
	/*
	 * A range of host memory around `iova` that is mapped for `prot` and is in one piece in
	 * this process: the longest that is cheap to find. False: there is none. It saves calls of
	 * dma(), and stays valid as long as a pointer from there. May be NULL.
	 */
	bool (*dma_span)(void *ctx, uint64_t iova, unsigned int prot, struct wcdev_dma_span *span);
	/*
	 * A number that changes whenever a pointer from dma() or dma_span() may have become
	 * invalid. While it stays the same, they are valid beyond the call on the card. May be
	 * NULL.
	 */
	uint64_t (*dma_generation)(void *ctx);
	/*
	 * Memory for which dma() has no pointer, reached by messages to the host: all five, or none
	 * where there is no such memory. None of them waits.
	 *
	 * dma_reach: whether each byte of the range can be reached for `prot`, with a pointer or
	 * without.
	 * dma_fetch: 0 with the data; -EFAULT: it cannot be reached; -EAGAIN: it has been asked
	 * for, and a later poll repeats the call. `lane` is 0 or 1, and each has one request at a
	 * time: a different call in the same lane replaces it. dma_cancel: drops the request that
	 * is under way in the lane. dma_post: sends the data, in the order of the calls. As long as
	 * one is under way, dma() gives no pointer for writing and interrupts wait, so that nothing
	 * overtakes. dma_quiet: whether nothing is under way.
	 */
	bool (*dma_reach)(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot);
	int (*dma_fetch)(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes);
	void (*dma_cancel)(void *ctx, unsigned int lane);
	int (*dma_post)(void *ctx, uint64_t iova, const void *data, size_t bytes);
	bool (*dma_quiet)(void *ctx);
	/* Raises an MSI-X vector. May be NULL: no interrupts. */
	void (*irq)(void *ctx, uint16_t vector);
	/* A monotonic clock. */
	uint64_t (*now_ns)(void *ctx);
	/* One line of log without newline. level as in syslog(3): 3 error .. 7 debug. May be NULL.
	 */
	void (*log)(void *ctx, int level, const char *line);
};

/* The MTUs that ports know, and the longest header before it: Ethernet with two VLAN tags. */
#define WCDEV_MTU_MIN 68u
#define WCDEV_MTU_MAX 9216u
#define WCDEV_L2_BYTES_MAX 22u

/*
 * A frame on its way between card and port: fragments in the memory of whoever made it, valid
 * only during the call it is passed to.
 */
struct wcdev_frag {
	const void *base;
	uint32_t bytes;
};

struct wcdev_frame {
	const struct wcdev_frag *frags;
	uint32_t n_frags;
	uint32_t bytes; /* sum of the fragments */
	uint32_t flags; /* WCDEV_FRAME_* */
};

/* Nobody changes the fragments during the call: they need not be copied to be judged. */
#define WCDEV_FRAME_STABLE 1u

/* What a port says of its wire. */
struct wcdev_link {
	bool up;
	uint32_t speed_mbps; /* of the wire, also while the link is down; 0: not known */
	bool pauses;         /* the wire carries pauses: set() may ask for them */
	bool waits;          /* the port keeps a frame for which the card has no buffers */
};

/* What a card does to its wire. */
#define WCDEV_WIRE_DARK 1u     /* sends no carrier: there is no link */
#define WCDEV_WIRE_PAUSE_TX 2u /* pauses the far end while it has no buffers */
#define WCDEV_WIRE_PAUSE_RX 4u /* lets the far end pause it */

/* The far side of a card. lib/port has the ready ones. */
struct wcdev_port_ops {
	const char *kind; /* at most 15 characters */
	/*
	 * Takes one frame from the card. 0: taken; -EAGAIN: hold it and offer it again at a later
	 * poll (nothing is lost); any other -errno: the frame is discarded and counted.
	 */
	int (*send)(void *port, const struct wcdev_frame *frame);
	/*
	 * Takes frames in order, as many calls of send() would. Returns how many were taken; if
	 * fewer than `n`, *ret is what send() would have said to the next. May be NULL.
	 */
	unsigned int (*send_burst)(void *port, const struct wcdev_frame *frames, unsigned int n,
				   int *ret);
	/*
	 * Called once a poll of a card whose port is up: the port may hand at most `budget` frames
	 * (0: no Rx queue exists) to the card with wcdev_receive(). Returns how many it did.
	 * May be NULL.
	 */
	unsigned int (*poll)(void *port, unsigned int budget);
	/* After the last send() of a batch and before its completions are published. May be NULL.
	 */
	void (*flush)(void *port);
	/*
	 * Changes what is not so of *link: up, 100 Gbit/s, no pauses, waits for nothing. May be
	 * NULL.
	 */
	void (*link)(void *port, struct wcdev_link *link);
	/* What the card does to the wire from here on: WCDEV_WIRE_*. May be NULL. */
	void (*set)(void *port, unsigned int flags);
	/* Frames of the input so far, and whether it has ended. May be NULL. */
	void (*input)(void *port, uint64_t *frames, bool *done);
};

/* Connects a port; `ops` and `port` must outlive the card or the next call. NULL ops: no link. */
WC_PUBLIC void wcdev_port_set(struct wcdev *dev, const struct wcdev_port_ops *ops, void *port);

/*
 * Hands the card a frame from its port. 0: delivered or discarded by the card's own rules (and
 * counted: oversize, runt, filtered, missed); -EAGAIN: offer it again, as there are no buffers now
 * and link() says that the port waits, or the card waits for the host's memory; -ENETDOWN: the port
 * is down or no Rx queue exists, the caller decides whether to wait.
 */
WC_PUBLIC WC_MUST_CHECK int wcdev_receive(struct wcdev *dev, const struct wcdev_frame *frame);

/*
 * The same with frames in order: returns how many were delivered or discarded. If fewer than `n`,
 * *ret says why the next was not: -EAGAIN, or -ENETDOWN, which all `n` are counted for.
 */
WC_PUBLIC WC_MUST_CHECK unsigned int
wcdev_receive_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret);

#ifdef __cplusplus
}
#endif

#endif /* WCDEV_H */
