/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A TLP on its way: accepted by the root complex when its queue has room, put on the wire when that
 * is free and the device has granted credits. First come, first served.
 */

#include <assert.h>

#include "pcielink_internal.h"

#define ADDRESS_32_END (UINT64_C(1) << 32)

static uint32_t
wire_bytes(const struct pcielink *link, const struct pcielink_tlp *tlp)
{
	uint64_t first = tlp->addr & ~UINT64_C(3);
	uint64_t end = (tlp->addr + tlp->bytes + 3) & ~UINT64_C(3);
	uint64_t overhead = link->value[tlp->addr < ADDRESS_32_END ? PCIELINK_OVERHEAD_32_BYTES
								   : PCIELINK_OVERHEAD_64_BYTES];

	return (uint32_t)(end - first + overhead);
}

/* TLPs leave the queue when they start. */
static uint64_t
queue_room_ps(const struct pcielink *link)
{
	uint64_t depth = link->value[PCIELINK_QUEUE_TLPS];

	if (link->wire.accepted < depth)
		return 0;
	return link->wire.start_ps[(link->wire.accepted - depth) % QUEUE_TLPS_MAX];
}

static bool
credits_suffice(const struct pcielink *link, uint64_t data)
{
	const struct wire *w = &link->wire;
	uint64_t headers = link->value[PCIELINK_HEADER_CREDITS];
	uint64_t all = link->value[PCIELINK_DATA_CREDITS];

	return (headers == 0 || w->taken_seq - w->back_seq < headers) &&
	       (all == 0 || w->data_taken + data <= all);
}

static void
credits_take_back(struct wire *w)
{
	assert(w->back_seq != w->taken_seq);
	w->data_taken -= w->taken[w->back_seq % CREDIT_TLPS_MAX].data;
	w->back_seq++;
}

/* The earliest time from `start_ps` on at which the credits for this TLP are there. */
static uint64_t
credits_ps(struct pcielink *link, uint64_t data, uint64_t start_ps)
{
	struct wire *w = &link->wire;

	while (w->back_seq != w->taken_seq &&
	       w->taken[w->back_seq % CREDIT_TLPS_MAX].back_ps <= start_ps)
		credits_take_back(w);
	while (!credits_suffice(link, data)) {
		start_ps = later(start_ps, w->taken[w->back_seq % CREDIT_TLPS_MAX].back_ps);
		credits_take_back(w);
	}
	return start_ps;
}

static void
credits_take(struct pcielink *link, uint64_t data, uint64_t end_ps)
{
	struct wire *w = &link->wire;

	if (link->value[PCIELINK_HEADER_CREDITS] == 0 && link->value[PCIELINK_DATA_CREDITS] == 0)
		return;
	assert(w->taken_seq - w->back_seq < CREDIT_TLPS_MAX);
	w->taken[w->taken_seq % CREDIT_TLPS_MAX] = (struct credits){
		.back_ps = end_ps + link->value[PCIELINK_CREDIT_RETURN_NS],
		.data = data,
	};
	w->taken_seq++;
	w->data_taken += data;
}

static void
tlp_count(struct pcielink *link, const struct pcielink_tlp *tlp)
{
	struct pcielink_totals *t = &link->totals;

	t->tlps++;
	t->tlps_by_bytes[tlp->bytes]++;
	t->tlps_by_cause[tlp->cause]++;
	t->payload_bytes += tlp->bytes;
	t->wire_bytes += tlp->wire_bytes;
	t->link_busy_ps += tlp->end_ps - tlp->start_ps;
}

uint64_t
pcielink_wire_send(struct pcielink *link, struct pcielink_tlp *tlp, uint64_t ready_ps)
{
	struct wire *w = &link->wire;
	uint64_t data, free_ps;

	assert(tlp->bytes > 0 && tlp->bytes <= PCIELINK_LINE_BYTES);
	tlp->wire_bytes = wire_bytes(link, tlp);
	data = (tlp->bytes + 15) / 16;
	tlp->accept_ps = later(later(ready_ps, w->last_accept_ps), queue_room_ps(link));
	free_ps = later(tlp->accept_ps, w->free_ps);
	tlp->start_ps = credits_ps(link, data, free_ps);
	tlp->end_ps = tlp->start_ps + link->wire_ps[tlp->wire_bytes];
	if (tlp->start_ps > free_ps) {
		link->totals.credit_waits++;
		link->totals.credit_wait_ps += tlp->start_ps - free_ps;
	}
	credits_take(link, data, tlp->end_ps);
	w->start_ps[w->accepted % QUEUE_TLPS_MAX] = tlp->start_ps;
	w->accepted++;
	w->last_accept_ps = tlp->accept_ps;
	w->free_ps = tlp->end_ps;
	tlp_count(link, tlp);
	if (link->fn != NULL)
		link->fn(link->ctx, tlp);
	return tlp->accept_ps;
}
