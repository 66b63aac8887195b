/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_ETHDEV_INTERNAL_H
#define PORT_ETHDEV_INTERNAL_H

/*
 * A port that is a DPDK ethdev: what the card sends goes out of it in bursts, what it receives goes
 * into the card. Frames are copied, as each side's memory is its own.
 *
 *   ethdev:DEVICE[,mtu=N]
 *     DEVICE  as EAL's --vdev or --allow takes it, with ';' for ',': net_tap0;iface=w0, or
 *             0000:01:00.0. One that EAL has already is taken as it is, else it is made.
 *     mtu     of the device, 68 to 9216 (default: what it has). Longer frames of the card are
 *             discarded and counted (tx_errors), and the port says so.
 *
 * Nothing else is lost: what the device does not take, or has no link for, is held back; what the
 * card has no buffer for stays with the device but for one burst.
 *
 * Threads: ports are made and destroyed by one thread. EAL is started with the first port and
 * cannot be started twice in a process.
 */

#include "port_internal.h"

#define PORT_ETHDEV_BURST 64u
#define PORT_ETHDEV_EAL "--no-huge -m 256 --no-shconf --no-pci --no-telemetry --log-level=warning"

struct rte_mbuf;
struct rte_mempool;
struct rte_device;

struct port_ethdev {
	struct wcnic_port port;
	uint16_t id;
	bool owned;   /* nobody else may take the device */
	bool made;    /* by this port, not by EAL's arguments */
	bool watched; /* for its removal */
	bool started;
	bool thread_told; /* to EAL, which thread polls */
	bool removed;     /* atomic: set by EAL's interrupt thread */
	bool link_up;
	uint32_t link_mbps; /* 0: unknown */
	uint64_t link_tsc;  /* when the link is to be looked at again */
	uint32_t frame_max; /* bytes that the device takes */
	uint64_t owner;
	char *name;    /* DEVICE up to its arguments */
	char *devargs; /* all of DEVICE, with commas */
	struct rte_mempool *pool;

	uint16_t n_tx; /* copied, and not yet taken by the device */
	uint16_t n_spare;
	uint16_t n_rx;    /* received */
	uint16_t rx_next; /* the first of them that the card has not taken */
	struct rte_mbuf *tx[PORT_ETHDEV_BURST];
	struct rte_mbuf *spare[PORT_ETHDEV_BURST];
	struct rte_mbuf *rx[PORT_ETHDEV_BURST];
};

extern const struct port_kind port_kind_ethdev;

/* ---- port_ethdev_eal.c ------------------------------------------------------------------- */

/* What EAL is started with, parted by blanks; NULL: PORT_ETHDEV_EAL. The text must stay. */
void port_ethdev_options(const char *text);
/* Starts EAL if that has not been done. Returns 0 or -errno, and has then said why. */
__attribute__((warn_unused_result)) int port_ethdev_eal_start(const struct port_args *args);
/* Ends EAL. */
void port_ethdev_fini(void);

/* ---- port_ethdev_dev.c ------------------------------------------------------------------- */

/* Finds or makes the device, and starts it. Returns 0 or -errno, and has then said why. */
__attribute__((warn_unused_result)) int
port_ethdev_start(struct port_ethdev *pe, const struct port_args *args);
/* Undoes as much of that as was done. */
void port_ethdev_stop(struct port_ethdev *pe);
/* Asks the device for its link. */
void port_ethdev_link_read(struct port_ethdev *pe);

#endif /* PORT_ETHDEV_INTERNAL_H */
