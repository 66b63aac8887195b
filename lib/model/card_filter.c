/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: the filter of addresses and VLANs, and the commands that set it. */

#include "card_rx.h"

#define MAC_BYTES 6u
#define VID_MASK 0xfffu

static_assert(CARD_MACS_MAX * 4 <= CARD_MAC_SLOTS, "a search soon finds a free slot");

void
card_filter_reset(struct wcnic_card *card)
{
	memset(&card->filter, 0, sizeof(card->filter));
}

static void
mac_add(struct card_filter *filter, uint64_t addr)
{
	unsigned int slot = card_filter_slot(addr);

	if (card_filter_has_mac(filter, addr))
		return;
	while (filter->macs[slot] != 0)
		slot = (slot + 1) % CARD_MAC_SLOTS;
	filter->macs[slot] = addr;
	filter->n_macs++;
}

enum wcnic_admin_status
card_mac_list_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_mac_list *p = call->params;
	const struct wcnic_mac *macs = call->input;
	struct card_filter *filter = &card->filter;
	const uint16_t count = le16toh(p->count);

	if ((card->features & WCNIC_CAP_FILTER) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if (count > CARD_MACS_MAX)
		return CARD_BAD_FIELD(call, wcnic_cmd_mac_list, count);
	for (uint16_t i = 0; i < count; i++)
		if (card_rx_addr(macs[i].addr) == 0)
			return card_bad_input(call, i * sizeof(macs[0]));
	filter->n_macs = 0;
	memset(filter->macs, 0, sizeof(filter->macs));
	for (uint16_t i = 0; i < count; i++)
		mac_add(filter, card_rx_addr(macs[i].addr));
	return WCNIC_ST_OK;
}

enum wcnic_admin_status
card_vlan_filter_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_vlan_filter *in = call->input;

	if ((card->features & WCNIC_CAP_FILTER) == 0)
		return WCNIC_ST_UNSUPPORTED;
	for (unsigned int i = 0; i < 64; i++)
		card->filter.vids[i] = le64toh(in->vids[i]);
	return WCNIC_ST_OK;
}

/* Untagged frames pass, and those with a priority but no VLAN. The outer tag decides. */
static bool
vlan_passes(const struct card_filter *filter, const uint8_t *head, uint32_t bytes)
{
	const uint16_t type = (uint16_t)(head[12] << 8 | head[13]);
	uint16_t vid;

	if ((type != WCDEV_ETHERTYPE_VLAN && type != WCDEV_ETHERTYPE_QINQ) || bytes < 16)
		return true;
	vid = (uint16_t)(head[14] << 8 | head[15]) & VID_MASK;
	return vid == 0 || (filter->vids[vid / 64] >> (vid % 64) & 1) != 0;
}

bool
card_filter_passes(const struct wcnic_card *card, const uint8_t *head, uint32_t bytes)
{
	static const uint8_t broadcast[MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct card_port *port = &card->port;
	uint64_t to;

	if ((port->flags & WCNIC_PORTF_VLAN_FILTER) != 0 &&
	    !vlan_passes(&card->filter, head, bytes))
		return false;
	if ((port->flags & WCNIC_PORTF_PROMISC) != 0)
		return true;
	if ((head[0] & 1) != 0 && (port->flags & WCNIC_PORTF_ALLMULTI) != 0)
		return true;
	to = card_rx_destination(head);
	return to == card_rx_addr(port->mac) || to == card_rx_addr(broadcast) ||
	       card_filter_has_mac(&card->filter, to);
}
