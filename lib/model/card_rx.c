/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: the way of a frame from the port to a queue. */

#include <errno.h>

#include "card_rx.h"

/* Ethernet, two VLAN tags, IPv4 with options or IPv6 with some extension headers, ports. */
#define PARSE_BYTES 128u

/* The first bytes of a frame: copied to `room`, as the host may change them at any time. */
static const uint8_t *
head_copy(const struct wcdev_frame *frame, uint8_t *room)
{
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < frame->n_frags && used < PARSE_BYTES; i++) {
		size_t piece = frame->frags[i].bytes;

		if (piece > PARSE_BYTES - used)
			piece = PARSE_BYTES - used;
		memcpy(room + used, frame->frags[i].base, piece);
		used += piece;
	}
	return room;
}

static bool
filter_passes(const struct card_port *port, const uint8_t *dst)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (port->flags & WCNIC_PORTF_PROMISC)
		return true;
	if (!(dst[0] & 1))
		return memcmp(dst, port->mac, 6) == 0;
	return (port->flags & WCNIC_PORTF_ALLMULTI) || memcmp(dst, broadcast, 6) == 0;
}

/* Counts a frame that the card's rules refuse. */
static bool
frame_refused(struct wcnic_card *card, const struct wcdev_frame *frame)
{
	if (frame->bytes < CARD_FRAME_MIN)
		card->stats.rx_runt++;
	else if (frame->bytes > card->port.mtu + WCNIC_L2_OVERHEAD)
		card->stats.rx_oversize++;
	else
		return false;
	return true;
}

/* The first bytes of a frame, which nobody else can change: as they are, or copied to `room`. */
static const uint8_t *
head_get(const struct wcdev_frame *frame, uint8_t *room)
{
	if ((frame->flags & WCDEV_FRAME_STABLE) && frame->n_frags == 1)
		return frame->frags[0].base;
	return head_copy(frame, room);
}

static uint32_t
head_bytes(const struct wcdev_frame *frame)
{
	return frame->bytes < PARSE_BYTES ? frame->bytes : PARSE_BYTES;
}

static uint16_t
ptype_find(const struct wcdev_frame *frame)
{
	uint8_t room[PARSE_BYTES];
	struct wcdev_parse parse;

	wcdev_parse(head_get(frame, room), head_bytes(frame), &parse);
	return parse.ptype;
}

/* Chooses the queue, and what its completion says. NULL: the filter refuses the frame. */
static struct card_rxq *
frame_judge(struct wcnic_card *card, const struct wcdev_frame *frame, struct card_rx_kind *kind)
{
	uint8_t room[PARSE_BYTES];
	const uint8_t *head = head_get(frame, room);
	struct wcdev_parse parse;
	uint32_t hash;

	if (!filter_passes(&card->port, head))
		return NULL;
	wcdev_parse(head, head_bytes(frame), &parse);
	*kind = card_rx_kind_make(parse.ptype, 0, 0);
	if (card->rss.hash.types == 0 || !wcdev_rss_hash(&card->rss.hash, &parse, &hash))
		return card->rss.reta[0];
	*kind = card_rx_kind_make(parse.ptype, WCNIC_RXF_HASH, hash);
	return card->rss.reta[hash % WCNIC_RETA_ENTRIES];
}

/* What decides of each frame of a burst whether it goes the short way. */
struct rx_short {
	uint32_t max; /* bytes */
	bool all;     /* of whatever address */
	uint64_t own;
};

static struct rx_short
short_make(const struct card_port *port)
{
	return (struct rx_short){
		.max = port->mtu + WCNIC_L2_OVERHEAD,
		.all = (port->flags & WCNIC_PORTF_PROMISC) != 0,
		.own = card_rx_addr(port->mac),
	};
}

static inline bool
short_takes(const struct rx_short *s, const struct wcdev_frame *frame)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint64_t to;

	if (frame->n_frags != 1 || frame->bytes - CARD_FRAME_MIN > s->max - CARD_FRAME_MIN)
		return false;
	if (s->all)
		return true;
	to = card_rx_destination(frame->frags[0].base);
	return to == s->own || to == card_rx_addr(broadcast);
}

/*
 * Puts frames into one queue's buffers, one each, until a frame is not of the usual kind or the
 * buffers that are known end. Returns how many.
 */
static unsigned int
frames_put(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frames,
	   unsigned int n)
{
	struct rx_short s = short_make(&card->port);
	const uint16_t end = q->ahead_end;
	uint16_t head = q->head;
	uint64_t bytes = 0;
	unsigned int i;

	if (s.max > q->buf_bytes)
		s.max = q->buf_bytes;
	for (i = 0; i < n && head != end; i++) {
		const struct wcdev_frame *frame = &frames[i];
		const uint8_t *src = frame->frags[0].base;
		uint16_t ptype;

		if (!short_takes(&s, frame))
			break;
		bytes += frame->bytes;
		ptype = wcdev_ptype_of(src, frame->bytes);
		if (ptype == WCDEV_PTYPE_UNKNOWN)
			ptype = ptype_find(frame);
		head = card_rxq_put(q, head, src, frame->bytes, card_rx_kind_make(ptype, 0, 0));
		if (head % CARD_RX_LINE_CPLS == 0)
			card_rxq_publish_line(card, q, head);
	}
	card->stats.rx_frames += i;
	card->stats.rx_bytes += bytes;
	return i;
}

/* Frames whose queues are chosen before the first of them is put. */
#define HASH_BURST CARD_RX_CPLS

struct hashed {
	struct card_rxq *q;
	struct card_rx_kind kind;
};

/* Chooses queues up to the first frame that is not of the usual kind. Returns for how many. */
static unsigned int
queues_choose(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
	      struct hashed *hashed)
{
	const struct rx_short s = short_make(&card->port);
	unsigned int i;

	for (i = 0; i < n; i++) {
		const uint8_t *src = frames[i].frags[0].base;
		struct hashed *h = &hashed[i];
		uint32_t hash = 0;
		uint16_t ptype;

		if (!short_takes(&s, &frames[i]))
			break;
		ptype = wcdev_ptype_of(src, frames[i].bytes);
		if (ptype == WCDEV_PTYPE_UNKNOWN)
			break;
		h->kind = card_rx_kind_make(ptype, 0, 0);
		if (wcdev_rss_hash_ipv4(&card->rss.hash, ptype, src + WCDEV_IPV4_TUPLE_OFF, &hash))
			h->kind = card_rx_kind_make(ptype, WCNIC_RXF_HASH, hash);
		h->q = card->rss.reta[hash % WCNIC_RETA_ENTRIES];
	}
	return i;
}

/*
 * As frames_put() where the hash chooses the queue, for at most HASH_BURST. What comes next for a
 * queue nobody can foresee: so there is no branch that asks whether a line of completions is full.
 * `queues`: as frame_receive().
 */
static unsigned int
frames_put_by_hash(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
		   uint64_t *queues)
{
	struct hashed hashed[HASH_BURST];
	uint64_t bytes = 0;
	unsigned int i;

	n = queues_choose(card, frames, n, hashed);
	for (i = 0; i < n; i++) {
		struct card_rxq *q = hashed[i].q;

		if ((!card_rxq_has_ahead(card, q) && !card_rxq_look_ahead(card, q)) ||
		    frames[i].bytes > q->buf_bytes)
			break;
		if (card_rxq_is_full(q))
			card_rxq_publish(card, q);
		(void)card_rxq_put(q, q->head, frames[i].frags[0].base, frames[i].bytes,
				   hashed[i].kind);
		*queues |= 1ull << q->qid;
		bytes += frames[i].bytes;
	}
	card->stats.rx_frames += i;
	card->stats.rx_bytes += bytes;
	return i;
}

static unsigned int
frames_put_hashed(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
		  uint64_t *queues)
{
	unsigned int done = 0;

	while (done < n) {
		unsigned int most = n - done < HASH_BURST ? n - done : HASH_BURST;
		unsigned int put = frames_put_by_hash(card, frames + done, most, queues);

		done += put;
		if (put != most)
			break;
	}
	return done;
}

/* As many as go the short way, if any do. */
static unsigned int
frames_put_any(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
	       uint64_t *queues)
{
	struct card_rxq *q = card->rss.reta[0];
	unsigned int done = 0;

	if (card->rss.hash.types != 0)
		return frames_put_hashed(card, frames, n, queues);
	*queues |= 1ull << q->qid;
	while (done < n && card_rxq_look_ahead(card, q)) {
		unsigned int put = frames_put(card, q, frames + done, n - done);

		if (put == 0)
			break;
		done += put;
	}
	return done;
}

/* A frame of any kind. `queues`: a bit for each whose completions may be kept back. */
WC_MUST_CHECK static int
frame_receive(struct wcnic_card *card, const struct wcdev_frame *frame, uint64_t *queues)
{
	struct card_rx_kind kind;
	struct card_rxq *q;

	if (frame_refused(card, frame))
		return 0;
	q = frame_judge(card, frame, &kind);
	if (q == NULL) {
		card->stats.rx_filtered++;
		return 0;
	}
	*queues |= 1ull << q->qid;
	return card_rxq_deliver(card, q, frame, kind);
}

static unsigned int
frames_receive(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n, int *ret,
	       uint64_t *queues)
{
	unsigned int i = 0;

	while (i < n) {
		i += frames_put_any(card, frames + i, n - i, queues);
		if (i == n)
			break;
		*ret = frame_receive(card, &frames[i], queues);
		if (*ret != 0)
			break;
		i++;
	}
	return i;
}

/* What dma() gives is good for the rest of this call, which may not be from a poll of this card. */
static unsigned int
burst_receive(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	bool first = card->stats.rx_frames == 0;
	bool polling = card->dev.in_call;
	uint64_t queues = 0;
	unsigned int done;

	if (!polling)
		wcdev_enter(&card->dev);
	done = frames_receive(card, frames, n, ret, &queues);
	for (; queues != 0; queues &= queues - 1)
		card_rxq_publish(card, &card->rxqs[__builtin_ctzll(queues)]);
	if (first && card->stats.rx_frames != 0)
		card->stats.first_rx_ns = wcdev_now_ns(&card->dev);
	if (!polling)
		wcdev_leave(&card->dev);
	/* A frame that is offered again and again has waited once. */
	if (done != n && (done != 0 || !card->rx_blocked))
		card->stats.rx_held++;
	card->rx_blocked = done != n;
	return done;
}

static unsigned int
port_receive_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct wcnic_card *card = card_of(dev);

	if ((card->port.flags & WCNIC_PORTF_UP) && card->rxq_live != 0 &&
	    !(card->status & WCNIC_STATUS_ERROR))
		return burst_receive(card, frames, n, ret);
	card->stats.rx_down += n;
	*ret = -ENETDOWN;
	return 0;
}

static void
port_changed(struct wcdev *dev)
{
	card_port_link_poll(card_of(dev));
}

const struct wcdev_card_ops card_dev_ops = {
	.port_changed = port_changed,
	.receive_burst = port_receive_burst,
};
