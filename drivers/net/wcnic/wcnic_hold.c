/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Who looks at a port, so that closing it waits for them. In memory that no port owns. */

#include <pthread.h>
#include <stddef.h>

#include <ethdev_driver.h>
#include <rte_eal.h>

#include "wcnic_hold.h"
#include "wcnic_hw.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static struct {
	struct wcnic_hw *hw; /* NULL: not to be held */
	unsigned int holders;
} ports[RTE_MAX_ETHPORTS];

void
wcnic_hold_allow(struct wcnic_hw *hw)
{
	pthread_mutex_lock(&lock);
	ports[hw->port_id].hw = hw;
	pthread_mutex_unlock(&lock);
}

void
wcnic_hold_end(struct wcnic_hw *hw)
{
	pthread_mutex_lock(&lock);
	ports[hw->port_id].hw = NULL;
	while (ports[hw->port_id].holders != 0)
		pthread_cond_wait(&released, &lock);
	pthread_mutex_unlock(&lock);
}

struct wcnic_hw *
wcnic_hold(uint16_t port_id)
{
	struct wcnic_hw *hw = NULL;

	if (port_id >= RTE_MAX_ETHPORTS)
		return NULL;
	pthread_mutex_lock(&lock);
	hw = ports[port_id].hw;
	if (hw != NULL)
		ports[port_id].holders++;
	pthread_mutex_unlock(&lock);
	return hw;
}

void
wcnic_hold_release(struct wcnic_hw *hw)
{
	pthread_mutex_lock(&lock);
	if (--ports[hw->port_id].holders == 0)
		pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
}

struct wcnic_hw *
wcnic_hold_locked(const struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return wcnic_hw_get(dev->data);
	hw = wcnic_hold((uint16_t)(dev - rte_eth_devices));
	if (hw != NULL)
		pthread_mutex_lock(&hw->lock);
	return hw;
}

void
wcnic_unlock_release(struct wcnic_hw *hw)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return;
	pthread_mutex_unlock(&hw->lock);
	wcnic_hold_release(hw);
}
