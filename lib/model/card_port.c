/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 8: the port. */

#include "card.h"

#define PORT_PAUSE (WCNIC_PORTF_PAUSE_TX | WCNIC_PORTF_PAUSE_RX)
#define PORT_FLAGS \
	(WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC | WCNIC_PORTF_ALLMULTI | WCNIC_PORTF_LINK_DOWN)
#define PORT_FLAGS_FILTER WCNIC_PORTF_VLAN_FILTER
#define PORT_FLAGS_FLOW WCNIC_PORTF_ISOLATED
#define PORT_VALID (WCNIC_PORT_SET_MTU | WCNIC_PORT_SET_MAC | WCNIC_PORT_SET_FLAGS)

static_assert(WCNIC_MTU_MIN == WCDEV_MTU_MIN && WCNIC_MTU_MAX == WCDEV_MTU_MAX &&
		      WCNIC_L2_OVERHEAD == WCDEV_L2_BYTES_MAX,
	      "ports carry what the card does");

static void
wire_set(struct wcnic_card *card)
{
	const uint16_t flags = card->port.flags;
	unsigned int wire = 0;

	if ((flags & WCNIC_PORTF_LINK_DOWN) != 0)
		wire |= WCDEV_WIRE_DARK;
	if ((flags & WCNIC_PORTF_PAUSE_TX) != 0)
		wire |= WCDEV_WIRE_PAUSE_TX;
	if ((flags & WCNIC_PORTF_PAUSE_RX) != 0)
		wire |= WCDEV_WIRE_PAUSE_RX;
	wcdev_port_wire_set(&card->dev, wire);
}

/* Reads what the port says of its wire. Returns whether link or speed have changed. */
static bool
wire_read(struct wcnic_card *card)
{
	struct card_port *port = &card->port;
	const bool was_up = port->link_up;
	const uint32_t old_mbps = port->wire_mbps;
	struct wcdev_link link;

	wcdev_port_link(&card->dev, &link);
	port->link_up = link.up && (port->flags & WCNIC_PORTF_LINK_DOWN) == 0;
	port->wire_mbps = link.speed_mbps;
	port->pauses = link.pauses;
	port->waits = link.waits;
	return port->link_up != was_up || (was_up && port->wire_mbps != old_mbps);
}

/* What the wire can do is what the card does, unless the driver says otherwise. */
static void
pause_default(struct wcnic_card *card)
{
	struct card_port *port = &card->port;

	(void)wire_read(card);
	port->flags &= ~PORT_PAUSE;
	if (port->pauses)
		port->flags |= PORT_PAUSE;
	wire_set(card);
	(void)wire_read(card);
}

void
card_port_reset(struct wcnic_card *card)
{
	struct card_port *port = &card->port;

	port->mtu = 1500;
	port->flags = 0;
	memcpy(port->mac, card->perm_mac, sizeof(port->mac));
	pause_default(card);
}

static void
link_event(struct wcnic_card *card)
{
	const struct card_port *port = &card->port;

	card_event_link(card, port->link_up, port->link_up ? port->wire_mbps : 0);
}

void
card_port_link_poll(struct wcnic_card *card)
{
	if (wire_read(card))
		link_event(card);
}

void
card_port_changed(struct wcnic_card *card)
{
	const struct card_port before = card->port;

	pause_default(card);
	if (card->port.link_up != before.link_up ||
	    (before.link_up && card->port.wire_mbps != before.wire_mbps))
		link_event(card);
}

enum wcnic_admin_status
card_port_query(struct wcnic_card *card, struct card_admin_call *call)
{
	struct card_port *port = &card->port;
	struct wcnic_port_info *info = &call->answer.port;

	card_port_link_poll(card);
	info->link_up = port->link_up;
	info->mtu = htole16(port->mtu);
	info->flags = htole16(port->flags);
	memcpy(info->mac, port->mac, sizeof(info->mac));
	info->speed_mbps = htole32(port->link_up ? port->wire_mbps : 0);
	info->wire_mbps = htole32(port->wire_mbps);
	if (port->pauses)
		info->wire = htole16(WCNIC_WIREF_PAUSE);
	else if (port->waits)
		info->wire = htole16(WCNIC_WIREF_WAITS);
	if (card->dev.port_ops != NULL)
		memcpy(info->kind, card->dev.port_ops->kind, strnlen(card->dev.port_ops->kind, 15));
	return WCNIC_ST_OK;
}

/* The flags that may be set on this wire, with the features that the driver has asked for. */
static uint16_t
flags_allowed(const struct wcnic_card *card)
{
	return PORT_FLAGS | (card->port.pauses ? PORT_PAUSE : 0) |
	       ((card->features & WCNIC_CAP_FILTER) != 0 ? PORT_FLAGS_FILTER : 0) |
	       ((card->features & WCNIC_CAP_FLOW) != 0 ? PORT_FLAGS_FLOW : 0);
}

enum wcnic_admin_status
card_port_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_port_set *p = call->params;
	static const uint8_t none[6];
	struct card_port *port = &card->port;
	uint16_t valid = le16toh(p->valid);
	uint16_t mtu = le16toh(p->mtu);
	uint16_t flags = le16toh(p->flags);

	if ((valid & ~PORT_VALID) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, valid);
	if ((valid & WCNIC_PORT_SET_MTU) != 0 && (mtu < WCNIC_MTU_MIN || mtu > WCNIC_MTU_MAX))
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, mtu);
	if ((valid & WCNIC_PORT_SET_MAC) != 0 &&
	    ((p->mac[0] & 1) != 0 || memcmp(p->mac, none, sizeof(none)) == 0))
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, mac);
	if ((valid & WCNIC_PORT_SET_FLAGS) != 0 && (flags & ~flags_allowed(card)) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, flags);
	if ((valid & WCNIC_PORT_SET_MTU) != 0)
		port->mtu = mtu;
	if ((valid & WCNIC_PORT_SET_MAC) != 0)
		memcpy(port->mac, p->mac, sizeof(port->mac));
	if ((valid & WCNIC_PORT_SET_FLAGS) != 0) {
		port->flags = flags;
		wire_set(card);
		card_port_link_poll(card);
	}
	return WCNIC_ST_OK;
}
