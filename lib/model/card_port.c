/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 8: the port. */

#include "card.h"

#define PORT_FLAGS (WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC | WCNIC_PORTF_ALLMULTI)
#define PORT_FLAGS_FILTER WCNIC_PORTF_VLAN_FILTER
#define PORT_FLAGS_FLOW WCNIC_PORTF_ISOLATED
#define PORT_VALID (WCNIC_PORT_SET_MTU | WCNIC_PORT_SET_MAC | WCNIC_PORT_SET_FLAGS)

static_assert(WCNIC_MTU_MIN == WCDEV_MTU_MIN && WCNIC_MTU_MAX == WCDEV_MTU_MAX &&
		      WCNIC_L2_OVERHEAD == WCDEV_L2_BYTES_MAX,
	      "ports carry what the card does");

void
card_port_reset(struct wcnic_card *card)
{
	struct card_port *port = &card->port;

	port->mtu = 1500;
	port->flags = 0;
	memcpy(port->mac, card->perm_mac, sizeof(port->mac));
	port->link_up = wcdev_port_link(&card->dev, &port->speed_mbps);
}

void
card_port_link_poll(struct wcnic_card *card)
{
	struct card_port *port = &card->port;
	uint32_t speed_mbps;
	bool up = wcdev_port_link(&card->dev, &speed_mbps);

	if (up == port->link_up && speed_mbps == port->speed_mbps)
		return;
	port->link_up = up;
	port->speed_mbps = speed_mbps;
	card_event_post(card, WCNIC_EV_LINK, up, up ? speed_mbps : 0, 0);
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
	info->speed_mbps = htole32(port->link_up ? port->speed_mbps : 0);
	if (card->dev.port_ops != NULL)
		memcpy(info->kind, card->dev.port_ops->kind, strnlen(card->dev.port_ops->kind, 15));
	return WCNIC_ST_OK;
}

/* The flags that may be set with the features that the driver has asked for. */
static uint16_t
flags_allowed(const struct wcnic_card *card)
{
	return PORT_FLAGS | ((card->features & WCNIC_CAP_FILTER) != 0 ? PORT_FLAGS_FILTER : 0) |
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

	if ((valid & ~PORT_VALID) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, valid);
	if ((valid & WCNIC_PORT_SET_MTU) != 0 && (mtu < WCNIC_MTU_MIN || mtu > WCNIC_MTU_MAX))
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, mtu);
	if ((valid & WCNIC_PORT_SET_MAC) != 0 &&
	    ((p->mac[0] & 1) != 0 || memcmp(p->mac, none, sizeof(none)) == 0))
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, mac);
	if ((valid & WCNIC_PORT_SET_FLAGS) != 0 && (le16toh(p->flags) & ~flags_allowed(card)) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_port_set, flags);
	if ((valid & WCNIC_PORT_SET_MTU) != 0)
		port->mtu = mtu;
	if ((valid & WCNIC_PORT_SET_MAC) != 0)
		memcpy(port->mac, p->mac, sizeof(port->mac));
	if ((valid & WCNIC_PORT_SET_FLAGS) != 0)
		port->flags = le16toh(p->flags);
	return WCNIC_ST_OK;
}
