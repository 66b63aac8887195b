/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card's port: its settings and its wire (datasheet section 8). */

#include "wcnic_hw.h"
#include "wcnic_port_set.h"

uint16_t
wcnic_port_pause_flags(const struct wcnic_hw *hw)
{
	return (hw->wire & WCNIC_WIREF_PAUSE) != 0 ? hw->pause : 0;
}

int
wcnic_port_set(struct wcnic_hw *hw, uint16_t valid)
{
	return wcadmin_port_set(&hw->admin.client, valid, hw->mtu,
				hw->port_flags | hw->filter.flags | wcnic_port_pause_flags(hw),
				hw->mac.addr_bytes);
}

int
wcnic_port_query(struct wcnic_hw *hw)
{
	struct wcnic_port_info info;
	int ret = wcadmin_port_query(&hw->admin.client, &info);

	if (ret != 0)
		return ret;
	hw->link_up = info.link_up != 0;
	hw->link_mbps = info.speed_mbps;
	hw->wire = info.wire;
	hw->wire_mbps = info.wire_mbps != 0 ? info.wire_mbps : info.speed_mbps;
	/* After a reset the card's flags are what the wire does by itself. */
	if (!hw->pause_set && !hw->running)
		hw->pause = info.flags & WCNIC_PORTF_PAUSE;
	return 0;
}
