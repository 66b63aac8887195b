/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>

#include "rx_internal.h"

/* Section 8, and what section 7 does with a frame before it reaches a queue. */

#define PORT_FLAGS (WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC | WCNIC_PORTF_ALLMULTI)
#define PORT_VALID (WCNIC_PORT_SET_MTU | WCNIC_PORT_SET_MAC | WCNIC_PORT_SET_FLAGS)
/* Ethernet, two VLAN tags, IPv4 with options or IPv6 with some extension headers, ports. */
#define PARSE_BYTES 128u

static bool
link_read(const struct card_port *port, uint32_t *speed_mbps)
{
	*speed_mbps = CARD_SPEED_MBPS;
	if (port->ops == NULL)
		return false;
	return port->ops->link == NULL || port->ops->link(port->ctx, speed_mbps);
}

void
port_reset(struct wcnic_card *card)
{
	struct card_port *port = &card->port;

	port->mtu = 1500;
	port->flags = 0;
	memcpy(port->mac, card->perm_mac, sizeof(port->mac));
	port->link_up = link_read(port, &port->speed_mbps);
}

void
wcnic_card_set_port(struct wcnic_card *card, const struct wcnic_port_ops *ops, void *ctx)
{
	card->port.ops = ops;
	card->port.ctx = ctx;
	port_link_poll(card);
}

void
port_link_poll(struct wcnic_card *card)
{
	struct card_port *port = &card->port;
	uint32_t speed_mbps;
	bool up = link_read(port, &speed_mbps);

	if (up == port->link_up && speed_mbps == port->speed_mbps)
		return;
	port->link_up = up;
	port->speed_mbps = speed_mbps;
	event_post(card, WCNIC_EV_LINK, up, up ? speed_mbps : 0, 0);
}

enum wcnic_admin_status
port_query(struct wcnic_card *card, struct admin_call *call)
{
	struct card_port *port = &card->port;
	struct wcnic_port_info *info = &call->answer.port;

	port_link_poll(card);
	info->link_up = port->link_up;
	info->mtu = htole16(port->mtu);
	info->flags = htole16(port->flags);
	memcpy(info->mac, port->mac, sizeof(info->mac));
	info->speed_mbps = htole32(port->link_up ? port->speed_mbps : 0);
	if (port->ops != NULL)
		memcpy(info->kind, port->ops->kind, strnlen(port->ops->kind, 15));
	return WCNIC_ST_OK;
}

enum wcnic_admin_status
port_set(struct wcnic_card *card, struct admin_call *call)
{
	const struct wcnic_cmd_port_set *p = call->params;
	static const uint8_t none[6];
	struct card_port *port = &card->port;
	uint16_t valid = le16toh(p->valid);
	uint16_t mtu = le16toh(p->mtu);

	if (valid & ~PORT_VALID)
		return ADMIN_BAD_FIELD(call, wcnic_cmd_port_set, valid);
	if ((valid & WCNIC_PORT_SET_MTU) && (mtu < WCNIC_MTU_MIN || mtu > WCNIC_MTU_MAX))
		return ADMIN_BAD_FIELD(call, wcnic_cmd_port_set, mtu);
	if ((valid & WCNIC_PORT_SET_MAC) &&
	    ((p->mac[0] & 1) || memcmp(p->mac, none, sizeof(none)) == 0))
		return ADMIN_BAD_FIELD(call, wcnic_cmd_port_set, mac);
	if ((valid & WCNIC_PORT_SET_FLAGS) && (le16toh(p->flags) & ~PORT_FLAGS))
		return ADMIN_BAD_FIELD(call, wcnic_cmd_port_set, flags);
	if (valid & WCNIC_PORT_SET_MTU)
		port->mtu = mtu;
	if (valid & WCNIC_PORT_SET_MAC)
		memcpy(port->mac, p->mac, sizeof(port->mac));
	if (valid & WCNIC_PORT_SET_FLAGS)
		port->flags = le16toh(p->flags);
	return WCNIC_ST_OK;
}

/* The first bytes of a frame: copied to `room`, as the host may change them at any time. */
static const uint8_t *
head_copy(const struct wcnic_frame *frame, uint8_t *room)
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
static void
frame_refuse(struct wcnic_card *card, const struct wcnic_frame *frame)
{
	if (frame->bytes < CARD_FRAME_MIN)
		card->stats.rx_runt++;
	else
		card->stats.rx_oversize++;
}

static struct rxq *
queue_by_hash(struct wcnic_card *card, const uint8_t *head, uint32_t bytes, struct rx_kind *kind)
{
	struct rx_parse parse;
	uint32_t hash;

	rx_parse(head, bytes, &parse);
	*kind = rx_kind_make(parse.ptype, 0, 0);
	if (!rss_hash(&card->rss, &parse, &hash))
		return card->rss.reta[0];
	*kind = rx_kind_make(parse.ptype, WCNIC_RXF_HASH, hash);
	return card->rss.reta[hash % WCNIC_RETA_ENTRIES];
}

/* Chooses the queue, and what its completion says. NULL: the filter refuses the frame. */
static inline struct rxq *
frame_judge(struct wcnic_card *card, const struct wcnic_frame *frame, struct rx_kind *kind)
{
	uint32_t bytes = frame->bytes < PARSE_BYTES ? frame->bytes : PARSE_BYTES;
	const uint8_t *head = frame->frags[0].base;
	uint8_t room[PARSE_BYTES];

	if (!(frame->flags & WCNIC_FRAME_STABLE) || frame->n_frags != 1)
		head = head_copy(frame, room);
	if (!filter_passes(&card->port, head))
		return NULL;
	if (card->rss.types != 0)
		return queue_by_hash(card, head, bytes, kind);
	*kind = rx_kind_make(rx_ptype(head, bytes), 0, 0);
	return card->rss.reta[0];
}

/* The frames in turn; `queues`: a bit for each whose completions may be kept back. */
static unsigned int
frames_receive(struct wcnic_card *card, const struct wcnic_frame *frames, unsigned int n, int *ret,
	       uint64_t *queues)
{
	uint32_t room = card->port.mtu + WCNIC_L2_OVERHEAD - CARD_FRAME_MIN;
	const struct rxq *last = NULL;
	uint64_t put = 0, bytes = 0;
	struct rx_kind kind;
	unsigned int i;
	struct rxq *q;

	for (i = 0; i < n; i++) {
		const struct wcnic_frame *frame = &frames[i];

		if (frame->bytes - CARD_FRAME_MIN > room) {
			frame_refuse(card, frame);
			continue;
		}
		q = frame_judge(card, frame, &kind);
		if (q == NULL) {
			card->stats.rx_filtered++;
			continue;
		}
		if (q != last)
			*queues |= 1ull << q->qid;
		last = q;
		if (rxq_put(card, q, frame, kind)) {
			put++;
			bytes += frame->bytes;
			continue;
		}
		*ret = rxq_deliver(card, q, frame, kind);
		if (*ret != 0)
			break;
	}
	card->stats.rx_frames += put;
	card->stats.rx_bytes += bytes;
	return i;
}

/* What dma() gives is good for the rest of this call, which may not be from a poll of this card. */
static unsigned int
burst_receive(struct wcnic_card *card, const struct wcnic_frame *frames, unsigned int n, int *ret)
{
	bool first = card->stats.rx_frames == 0;
	bool polling = card->polling;
	uint64_t queues = 0;
	unsigned int done;

	card->map_id += !polling;
	card->polling = true;
	done = frames_receive(card, frames, n, ret, &queues);
	for (; queues != 0; queues &= queues - 1)
		rxq_publish(card, &card->rxqs[__builtin_ctzll(queues)]);
	if (first && card->stats.rx_frames != 0)
		card->stats.first_rx_ns = card->ops->now_ns(card->ctx);
	card->polling = polling;
	card->map_id += !polling;
	/* A frame that is offered again and again has waited once. */
	if (done != n && (done != 0 || !card->rx_held))
		card->stats.rx_held++;
	card->rx_held = done != n;
	return done;
}

unsigned int
wcnic_card_receive_burst(struct wcnic_card *card, const struct wcnic_frame *frames, unsigned int n,
			 int *ret)
{
	if ((card->port.flags & WCNIC_PORTF_UP) && card->rxq_live != 0 &&
	    !(card->status & WCNIC_STATUS_ERROR))
		return burst_receive(card, frames, n, ret);
	card->stats.rx_down += n;
	*ret = -ENETDOWN;
	return 0;
}

int
wcnic_card_receive(struct wcnic_card *card, const struct wcnic_frame *frame)
{
	int ret = 0;

	return wcnic_card_receive_burst(card, frame, 1, &ret) == 1 ? 0 : ret;
}
