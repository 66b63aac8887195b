/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_RIG_H
#define PORT_RIG_H

/* A card with a port, a Tx queue that pushes and an Rx queue. For tests with cmocka. */

#include <wcnic_port.h>

#include "fake_host.h"

#define PORT_UP (WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC)

struct end {
	struct fake_host h;
	struct wcnic_port *port;
	struct fake_txq tx;
	struct fake_rxq rx; /* 128 entries of 512 bytes */
	uint8_t *frame;     /* in host memory: 16 KiB */
};

/* A host, the port of that spec, and end_start(). */
void end_open(struct end *e, const char *spec);
/* Enables the card of a host that has its port: up, with an MTU of 1500, and the queues open. */
void end_start(struct end *e);
void end_close(struct end *e);
/* Rings the Tx doorbell, and polls once. */
void end_go(struct end *e);
/* How many frames have been completed since. */
unsigned int end_reap(struct end *e);

struct bad_spec {
	const char *spec;
	const char *culprit;
	const char *remedy;
};

/* Each is refused, and what is said names both. */
void specs_refused(const struct bad_spec *bad, size_t count);

#endif /* PORT_RIG_H */
