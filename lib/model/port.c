/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>

#include "card_internal.h"

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

/* The first bytes of a frame, in one piece that nobody else can change. */
static size_t
head_copy(const struct wcnic_frame *frame, uint8_t *head)
{
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < frame->n_frags && used < PARSE_BYTES; i++) {
		size_t bytes = frame->frags[i].bytes;

		if (bytes > PARSE_BYTES - used)
			bytes = PARSE_BYTES - used;
		memcpy(head + used, frame->frags[i].base, bytes);
		used += bytes;
	}
	return used;
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
frame_refused(struct wcnic_card *card, const struct wcnic_frame *frame)
{
	if (frame->bytes < CARD_FRAME_MIN)
		card->stats.rx_runt++;
	else if (frame->bytes > card->port.mtu + WCNIC_L2_OVERHEAD)
		card->stats.rx_oversize++;
	else
		return false;
	return true;
}

int
wcnic_card_receive(struct wcnic_card *card, const struct wcnic_frame *frame)
{
	uint8_t head[PARSE_BYTES];
	struct rx_parse parse;
	struct rxq *q;
	uint32_t hash = 0;
	bool hashed;
	int ret;

	if (!(card->port.flags & WCNIC_PORTF_UP) || card->rxq_live == 0 ||
	    (card->status & WCNIC_STATUS_ERROR)) {
		card->stats.rx_down++;
		return -ENETDOWN;
	}
	if (frame_refused(card, frame))
		return 0;
	rx_parse(head, head_copy(frame, head), &parse);
	if (!filter_passes(&card->port, head)) {
		card->stats.rx_filtered++;
		return 0;
	}
	hashed = rss_hash(&card->rss, &parse, &hash);
	q = &card->rxqs[card->rss.reta[hashed ? hash % WCNIC_RETA_ENTRIES : 0]];
	if (q->state != QUEUE_RUN) {
		card->stats.rx_down++;
		return 0;
	}
	ret = rxq_deliver(card, q, frame, parse.ptype, hashed ? &hash : NULL);
	/* A frame that is offered again and again has waited once. */
	if (ret == -EAGAIN && !card->rx_held)
		card->stats.rx_held++;
	card->rx_held = ret == -EAGAIN;
	return ret;
}
