/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_ETHDEV_H
#define PORT_ETHDEV_H

/*
 * A kind of port that is a DPDK ethdev. Frames that the card sends leave through it in bursts;
 * frames that it receives go to the card. Frames are copied, as each side has its own memory.
 *
 *   ethdev:DEVICE[,mtu=N]
 *     DEVICE  as EAL's --vdev or --allow takes it, with ';' for ',': net_tap0;iface=w0, or
 *             0000:01:00.0. A device that EAL has already is used as it is, else it is created.
 *     mtu     of the device, 68 to 9216 (default: what it has). Longer frames of the card are
 *             discarded and counted (tx_errors), and wcnic_port_error() says so.
 *
 * No other frame of the card is lost: what the device does not take, or has no link for, waits at
 * the card. Frames from the device for which the card has no buffers are dropped and counted by the
 * card, as a NIC does.
 *
 * Threads: as in wcnic_port_kind.h. The first port starts EAL, which cannot be started twice in a
 * process.
 */

#include <wcbase.h>
#include <wcnic_port_kind.h>

extern WC_PUBLIC const struct wcnic_port_kind port_ethdev_kind;

/*
 * Sets the arguments with which EAL is started, with blanks between; NULL: the defaults,
 * "--no-huge -m 256 --no-shconf --no-pci --no-telemetry --log-level=warning". The text is borrowed.
 * Call it before the first port is made.
 */
WC_PUBLIC void port_ethdev_options_set(const char *text);

/* Ends EAL, if a port started it. Call it after the last port is destroyed. */
WC_PUBLIC void port_ethdev_fini(void);

#endif /* PORT_ETHDEV_H */
