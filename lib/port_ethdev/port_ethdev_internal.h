/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_ETHDEV_INTERNAL_H
#define PORT_ETHDEV_INTERNAL_H

/*
 * What the files of the ethdev port share. Each calls only those above it:
 *   port_ethdev_eal.c    EAL
 *   port_ethdev_dev.c    the device: found, set up, watched
 *   port_ethdev_burst.c  frames between card and device
 */

#include <stdbool.h>
#include <stdint.h>

#include "port_ethdev.h"

#define PORT_ETHDEV_BURST 64u
#define PORT_ETHDEV_EAL "--no-huge -m 256 --no-shconf --no-pci --no-telemetry --log-level=warning"

struct rte_mbuf;
struct rte_mempool;
struct rte_device;

struct port_ethdev {
	struct wcnic_port port;
	uint16_t id;
	bool owned;   /* no other user of DPDK may take the device */
	bool created; /* by this port, not by EAL's arguments */
	bool watched; /* for its removal */
	bool started;
	bool thread_registered; /* the polling thread is known to EAL, or cannot be */
	bool removed;           /* atomic: set by EAL's interrupt thread */
	bool link_up;
	uint32_t link_mbps; /* 0: unknown */
	uint64_t link_tsc;  /* when the link is to be read again */
	uint32_t frame_max; /* bytes that the device takes */
	uint64_t owner;
	char *name;    /* DEVICE up to its arguments */
	char *devargs; /* all of DEVICE, with commas */
	struct rte_mempool *pool;

	uint16_t n_tx;       /* copied, and not yet taken by the device */
	unsigned int budget; /* of the last poll: frames that the card takes at once */
	uint16_t n_rx;       /* received */
	uint16_t rx_next;    /* the first of them that the card has not taken */
	struct rte_mbuf *tx[PORT_ETHDEV_BURST];
	struct rte_mbuf *rx[PORT_ETHDEV_BURST];
};

/* ---- port_ethdev_eal.c ------------------------------------------------------------------- */

/*
 * Starts EAL unless it runs. Returns 0, or -errno after wcnic_port_args_refuse(). EAL that has
 * failed to start is not tried again.
 */
WC_MUST_CHECK int port_ethdev_eal_start(const struct wcnic_port_args *args);

/* ---- port_ethdev_dev.c ------------------------------------------------------------------- */

/*
 * Finds or creates the device, and starts it. Returns 0, or -errno after wcnic_port_args_refuse();
 * port_ethdev_stop() undoes what was done.
 */
WC_MUST_CHECK int port_ethdev_start(struct port_ethdev *pe, const struct wcnic_port_args *args);

/* Stops the device and frees what the port has. Frames that wait are lost, and logged. */
void port_ethdev_stop(struct port_ethdev *pe);

/* Reads link state and speed from the device. */
void port_ethdev_link_read(struct port_ethdev *pe);

#endif /* PORT_ETHDEV_INTERNAL_H */
