/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_PORT_H
#define WCNIC_PORT_H

/*
 * What a card can be plugged into. A port never loses what it can hold back: loopback and wire
 * stop the sender while the receiver has no buffer, a capture waits.
 *
 * Threads: a port belongs to its card and is called from the card's poll; two wired cards are
 * polled by one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcdev.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wcnic_port;

/*
 * Makes a port from text and connects it to the card `dev`:
 *   loopback                      what the card sends comes back to it
 *   sink                          takes everything, gives nothing
 *   wire                          one end of a cable; see wcnic_port_wire()
 *   pcap:in=FILE,out=FILE[,timing=full|capture]
 *                                 in: a capture is played once, as fast as buffers allow or with
 *                                 its own gaps; out: what the card sends is recorded. Either may be
 *                                 missing. Frames that the MTU does not allow are counted by the
 *                                 card (rx_oversize).
 *                                 Frames that were cut when they were captured are played as far
 *                                 as they go. A path may not hold a comma.
 *   generator:[bytes=N][,count=N][,flows=N][,seed=N]
 *                                 makes `count` (0: without end) broadcast IPv4/UDP frames of
 *                                 `bytes` bytes (58 to 9230, default 64; 0: IMIX, 60, 566 and 1514
 *                                 bytes as 7:4:1, in a fixed order) in `flows` flows (up to 65536,
 * default 1), takes everything. Without FCS. The payload, at byte 42, is a 64-bit sequence number
 * from 0, a 64-bit flow number, both big-endian, and padding. The same seed makes the same frames.
 *   ethdev:DEVICE[,mtu=N]         where its plugin is loaded, as wcnicd does; see lib/port_ethdev
 * On failure nothing is left behind, and `why` says what was wrong and what would be right.
 * Returns 0 or -errno.
 */
__attribute__((warn_unused_result)) int
wcnic_port_create(const char *spec, struct wcdev *dev, struct wcnic_port **port, char *why,
		  size_t why_bytes);

/* Disconnects the port from its card, ends its captures, frees it. NULL is allowed. */
void wcnic_port_destroy(struct wcnic_port *port);

/* Joins two ports of kind wire. Returns 0 or -EINVAL. */
int wcnic_port_wire(struct wcnic_port *a, struct wcnic_port *b);

/*
 * What went wrong with a capture since the port was made (a truncated input, a full disk), or NULL.
 * The text lives as long as the port.
 */
const char *wcnic_port_error(const struct wcnic_port *port);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_PORT_H */
