/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ports that wcbench packets measures. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <app_error.h>

#include "packets.h"

#define ROUNDS_DEFAULT 11u

uint64_t
packets_xstat(const struct packets_port *p, const char *name, bool *has)
{
	uint64_t id, value = 0;
	bool found;

	found = rte_eth_xstats_get_id_by_name(p->id, name, &id) == 0 &&
		rte_eth_xstats_get_by_id(p->id, &id, &value, 1) == 1;
	if (has != NULL)
		*has = found;
	return found ? value : 0;
}

/* The value of placement= in the device's arguments, or nothing. */
static void
devargs_read(const struct rte_eth_dev_info *info, struct packets_port *p)
{
	const struct rte_devargs *devargs = rte_dev_devargs(info->device);
	const char *at = NULL;

	if (devargs != NULL && devargs->args != NULL) {
		snprintf(p->devargs, sizeof(p->devargs), "%s", devargs->args);
		at = strstr(p->devargs, "placement=");
	}
	if (at != NULL) {
		at += strlen("placement=");
		snprintf(p->placement, sizeof(p->placement), "%.*s", (int)strcspn(at, ","), at);
	}
}

static int
port_setup(const struct packets_options *o, struct packets_port *p)
{
	const struct rte_eth_conf conf = {0};
	uint16_t rx = (uint16_t)o->depth, tx = (uint16_t)o->depth;
	int socket = rte_eth_dev_socket_id(p->id), ret;

	ret = rte_eth_dev_configure(p->id, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);
	if (ret == 0 && (rx < o->depth || tx < o->depth)) {
		app_error("%s: its queues have at most %u and %u entries: a smaller --depth",
			  p->name, rx, tx);
		return -EINVAL;
	}
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(p->id, 0, rx, (unsigned int)socket, NULL, p->pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(p->id, 0, tx, (unsigned int)socket, NULL);
	if (ret == 0)
		ret = rte_eth_macaddr_get(p->id, &p->mac);
	if (ret == 0)
		ret = rte_eth_dev_start(p->id);
	if (ret != 0) {
		app_error("%s cannot be set up: %s", p->name, rte_strerror(-ret));
		return ret;
	}
	/* Frames to other stations are to stay away; a port that cannot do that is drained. */
	ret = rte_eth_promiscuous_disable(p->id);
	if (ret != 0 && ret != -ENOTSUP)
		app_error("%s stays promiscuous: %s", p->name, rte_strerror(-ret));
	return 0;
}

static int
samples_make(const struct packets_options *o, struct packets_port *p)
{
	const unsigned int rounds = o->common.rounds > 0 ? o->common.rounds : ROUNDS_DEFAULT;
	int ret = 0;

	for (unsigned int i = 0; i < o->sizes && ret == 0; i++) {
		for (unsigned int m = 0; m < PACKETS_MODES && ret == 0; m++)
			ret = samples_init(&p->cells[i][m].rate, rounds);
	}
	if (ret == 0)
		ret = samples_init(&p->latency, o->latency > 0 ? o->latency : 1);
	if (ret != 0)
		app_error("no memory for the samples: fewer --rounds or --latency");
	return ret;
}

static int
port_open(const struct packets_options *o, struct packets_port *p)
{
	/* Both queues full, a burst in hand, what the pool keeps for this thread. */
	const unsigned int mbufs = 4 * o->depth + 2 * o->burst;
	struct rte_eth_dev_info info;
	char name[RTE_MEMPOOL_NAMESIZE];
	int ret;

	ret = rte_eth_dev_info_get(p->id, &info);
	if (ret == 0)
		ret = rte_eth_dev_get_name_by_port(p->id, p->name);
	if (ret != 0) {
		app_error("port %u: %s", p->id, rte_strerror(-ret));
		return ret;
	}
	snprintf(p->driver, sizeof(p->driver), "%s", info.driver_name);
	devargs_read(&info, p);
	ret = samples_make(o, p);
	if (ret != 0)
		return ret;
	snprintf(name, sizeof(name), "frames%u", p->id);
	p->pool = rte_pktmbuf_pool_create(name, mbufs, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  rte_eth_dev_socket_id(p->id));
	if (p->pool == NULL) {
		app_error("no memory for %u frames of %s (%s): more of EAL's -m, or a smaller "
			  "--depth",
			  mbufs, p->name, rte_strerror(rte_errno));
		return -ENOMEM;
	}
	return port_setup(o, p);
}

int
packets_ports_open(const struct packets_options *o, struct packets_port *ports, unsigned int *n)
{
	uint16_t id;
	int ret;

	*n = 0;
	RTE_ETH_FOREACH_DEV(id) {
		if (*n == PACKETS_PORTS_MAX) {
			app_error("more than %u ports", PACKETS_PORTS_MAX);
			return -E2BIG;
		}
		ports[*n].id = id;
		ret = port_open(o, &ports[(*n)++]);
		if (ret != 0)
			return ret;
	}
	if (*n > 0)
		return 0;
	app_error("EAL found no port: name one, for instance -d librte_net_wcnic.so "
		  "--vdev net_wcnic0, or -a BDF of a device that is bound to vfio-pci");
	return -ENODEV;
}

void
packets_ports_close(struct packets_port *ports, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct packets_port *p = &ports[i];

		if (p->pool != NULL) {
			rte_eth_dev_stop(p->id);
			rte_eth_dev_close(p->id);
			rte_mempool_free(p->pool);
		}
		for (unsigned int s = 0; s < PACKETS_SIZES_MAX; s++) {
			for (unsigned int m = 0; m < PACKETS_MODES; m++)
				samples_fini(&p->cells[s][m].rate);
		}
		samples_fini(&p->latency);
	}
}
