/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_FILTER_H
#define CARD_FILTER_H

/* Section 7: which frames the port takes, by address and VLAN. */

#include <stdbool.h>
#include <stdint.h>

#include "card_admin_call.h"
#include "card_core.h"

#define CARD_MACS_MAX 64u
#define CARD_MAC_SLOTS_LOG2 8u
#define CARD_MAC_SLOTS (1u << CARD_MAC_SLOTS_LOG2)

struct card_filter {
	uint16_t n_macs;
	/* As card_rx_addr() has them, by hash; 0: free. Three quarters are. */
	uint64_t macs[CARD_MAC_SLOTS];
	uint64_t vids[64]; /* a bit for each VLAN that passes */
};

/* These do the command of their name. */
enum wcnic_admin_status card_mac_list_set(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_vlan_filter_set(struct wcnic_card *card, struct card_admin_call *call);

/* As at power-on: no addresses, no VLANs. */
void card_filter_reset(struct wcnic_card *card);

/* Whether the port takes a frame that begins with these bytes, at least CARD_FRAME_MIN. */
bool card_filter_passes(const struct wcnic_card *card, const uint8_t *head, uint32_t bytes);

/* Where the search for an address begins. */
static inline unsigned int
card_filter_slot(uint64_t addr)
{
	return (unsigned int)((addr * 0x9e3779b97f4a7c15ull) >> (64 - CARD_MAC_SLOTS_LOG2));
}

/* Whether the list has the address, given as card_rx_destination() does. */
static inline bool
card_filter_has_mac(const struct card_filter *filter, uint64_t addr)
{
	unsigned int slot = card_filter_slot(addr);

	for (; filter->macs[slot] != 0; slot = (slot + 1) % CARD_MAC_SLOTS)
		if (filter->macs[slot] == addr)
			return true;
	return false;
}

#endif /* CARD_FILTER_H */
