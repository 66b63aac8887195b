/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_H
#define CARD_H

/* The card: what its objects share. Section numbers in the comments of lib/model are those of the
 * datasheet. */

#include <wcdev_ring.h>
#include <wcdev_rss.h>
#include <wcdev_turns.h>

#include "card_admin.h"
#include "card_clock.h"
#include "card_core.h"
#include "card_event.h"
#include "card_filter.h"
#include "card_flow.h"
#include "card_port.h"
#include "card_regs.h"
#include "card_rss.h"
#include "card_rxq.h"
#include "card_stray.h"
#include "card_txq.h"
#include "card_wake.h"
#include "card_watch.h"
#include "card_window.h"
#include "wcnic_card.h"

struct wcnic_card {
	struct wcdev dev; /* must be first */
	uint8_t *aperture;
	uint64_t aperture_bytes;
	uint16_t n_queues;
	uint16_t n_windows;
	uint32_t push_wait_ns;
	uint32_t window_bytes_max;
	uint64_t caps;
	uint8_t perm_mac[6];

	uint64_t now_ns; /* of this poll */
	uint64_t poll_id;
	bool sent; /* frames, since the clock was read last */

	uint32_t ctrl;
	uint32_t status;
	bool settling; /* not READY before what was under way has arrived */
	uint32_t error_cause;
	uint32_t error_info;
	uint32_t heartbeat;
	uint64_t beat_ns;
	uint32_t reset_count;
	bool fw_hung; /* firmware answers nothing more, until a reset */
	uint64_t features;

	uint64_t random;                                    /* state of the generator of offsets */
	uint16_t generation;                                /* of the last window */
	uint64_t (*aperture_used)(void *ctx, uint64_t off); /* as configured */
	uint16_t *page_owner; /* by 64 KiB of the aperture: window id + 1, or 0 */
	uint32_t n_pages;

	struct card_admin admin;
	struct card_clock clock;
	struct card_port port;
	struct card_filter filter;
	struct card_flow flow;
	struct card_stray stray;
	struct card_wake wake;
	struct card_rss rss;
	struct wcnic_stats stats; /* in host byte order */
	bool rx_blocked;          /* the first frame of the port waits for a buffer */
	bool rx_again;            /* the frame that is judged has waited: rules counted it */

	struct wcdev_turns tx_turns; /* of the Tx queues that exist */
	uint64_t rxq_live;           /* a bit for each that exists */
	uint64_t rxq_armed;          /* that were armed when they were looked at last */
	uint64_t rxq_poll_id;        /* when all were looked at last */
	uint64_t rxq_offload;        /* whose frames the card does something to: see fast_way() */
	struct card_window windows[CARD_WINDOWS_MAX];
	struct card_txq txqs[CARD_QUEUES_MAX];
	struct card_rxq rxqs[CARD_QUEUES_MAX];

	struct card_watch watch;
	struct wcdev_frag *frags; /* CARD_FRAGS of them: of the frames being sent */
	uint64_t scratch[CARD_SCRATCH_BYTES / 8];
	/* Of frames being sent that are not sent as the host has them. */
	uint64_t copies[(CARD_COPIES_BYTES + CARD_FRAME_MAX + 7) / 8];
};

/* struct wcdev is the card's first member. */
static inline struct wcnic_card *
card_of(struct wcdev *dev)
{
	static_assert(offsetof(struct wcnic_card, dev) == 0, "the card begins with it");
	return (struct wcnic_card *)dev;
}

#endif /* CARD_H */
