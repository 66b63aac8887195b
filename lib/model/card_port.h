/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_PORT_H
#define CARD_PORT_H

/* Section 8: the port. */

#include <stdbool.h>
#include <stdint.h>

#include "card_admin_call.h"

struct card_port {
	bool link_up;
	uint32_t speed_mbps;
	uint16_t mtu;
	uint16_t flags; /* WCNIC_PORTF_* */
	uint8_t mac[6];
};

/* The state after a reset. */
void card_port_reset(struct wcnic_card *card);
/* These do the command of their name. */
enum wcnic_admin_status card_port_query(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_port_set(struct wcnic_card *card, struct card_admin_call *call);
/* Posts an event if link or speed have changed. */
void card_port_link_poll(struct wcnic_card *card);

#endif /* CARD_PORT_H */
