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
	uint32_t wire_mbps;
	bool pauses; /* the wire carries them */
	bool waits;  /* a frame without buffers may wait in the port */
	uint16_t mtu;
	uint16_t flags; /* WCNIC_PORTF_* */
	uint8_t mac[6];
};

/* Whether frames go in and out. */
static inline bool
card_port_is_open(const struct card_port *port)
{
	return (port->flags & (WCNIC_PORTF_UP | WCNIC_PORTF_LINK_DOWN)) == WCNIC_PORTF_UP;
}

/* The state after a reset. */
void card_port_reset(struct wcnic_card *card);
/* These do the command of their name. */
enum wcnic_admin_status card_port_query(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_port_set(struct wcnic_card *card, struct card_admin_call *call);
/* Posts an event if link or speed have changed. */
void card_port_link_poll(struct wcnic_card *card);
/* Another port is there, or none. */
void card_port_changed(struct wcnic_card *card);

#endif /* CARD_PORT_H */
