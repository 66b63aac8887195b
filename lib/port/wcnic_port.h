/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_PORT_H
#define WCNIC_PORT_H

/*
 * Ports: what a card model is plugged into. A card that has no buffer for a frame drops it and
 * counts it, as a NIC does, unless the port waits: a capture and the generator do, and loopback and
 * wire with flow control, while the card wants it.
 *
 * Threads: a port belongs to its card and is called from the card's poll. Two wired cards are
 * polled by one thread. Ports are made and destroyed by one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcdev.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wcnic_port;

/*
 * Makes a port from a text and connects it to the card `dev`, which must outlive it. The port is
 * the caller's until wcnic_port_destroy(). The text is one of:
 *
 *   loopback[:flow_control=on|off]
 *     Frames that the card sends come back to it. flow_control: whether the wire carries pauses
 *     (default off). With them a card without buffers makes the sender wait.
 *   sink
 *     Takes every frame without reading it, and gives none.
 *   wire[:flow_control=on|off]
 *     One end of a cable; see wcnic_port_wire(). flow_control: as above, for both directions.
 *   pcap:in=FILE,out=FILE[,timing=full|capture]
 *     in: a capture is played once, as fast as the card has buffers (full, the default) or with its
 *     own gaps (capture). Frames that were cut when they were captured are played as far as they
 * go. Frames longer than the MTU are counted by the card (rx_oversize). out: frames that the card
 * sends are recorded. One of the two may be missing. A path may not have a comma.
 *   generator:[bytes=N][,count=N][,flows=N][,train=N][,seed=N]
 *     Makes `count` (0: without end) broadcast IPv4/UDP frames, and takes every frame as sink does.
 *     `bytes`: size without FCS, 58 to 9230 (default 64); 0: IMIX, sizes 60, 566 and 1514 as 7:4:1
 *     in a fixed order. `flows`: 1 to 65536 (default 1), drawn by chance for each frame, or for
 * each `train` of them: a power of two up to 64 (default 1). The payload, at byte 42, is a sequence
 *     number from 0 and a flow number, both big-endian and of 64 bits, and padding. The same seed
 *     makes the same frames.
 *   Each of these takes speed=MBPS, what the link reports: 10, 100, 1000, 2500, 5000, 10000, 20000,
 *   25000, 40000, 50000, 56000, 100000 (default) or 200000. Frames are not slowed down to it.
 *   ethdev:DEVICE[,mtu=N]
 *     Only where the plugin for it is loaded, as in wcnicd; see lib/port_ethdev/port_ethdev.h.
 *
 * Returns 0, -EINVAL (the text), -ENOMEM or the -errno of a file; `why` then says what is wrong and
 * what would be right, and nothing is left behind.
 */
WC_PUBLIC WC_MUST_CHECK int
wcnic_port_create(const char *spec, struct wcdev *dev, struct wcnic_port **port, char *why,
		  size_t why_bytes);

/* Disconnects the port from its card, ends its captures, frees it. NULL is allowed. */
WC_PUBLIC void wcnic_port_destroy(struct wcnic_port *port);

/*
 * Joins two ports of kind wire, until one is destroyed. Returns 0; -EINVAL: one of them is not of
 * that kind or is joined already, or both are the same; -EPROTOTYPE: their options differ.
 */
WC_PUBLIC int wcnic_port_wire(struct wcnic_port *a, struct wcnic_port *b);

/*
 * The first thing that went wrong with the port since it was made (a truncated capture, a full
 * disk, a frame longer than a device's MTU), or NULL. The text lives as long as the port.
 */
WC_PUBLIC const char *wcnic_port_error(const struct wcnic_port *port);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_PORT_H */
