/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The vdev bus: the card embedded in this process, or reached over a socket. */

#include <errno.h>

#include <bus_vdev_driver.h>
#include <ethdev_driver.h>
#include <ethdev_vdev.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "wcnic_attach.h"
#include "wcnic_devargs.h"
#include "wcnic_ethdev.h"
#include "wcnic_hw.h"
#include "wcnic_secondary.h"

static int
probe_secondary(struct rte_vdev_device *vdev)
{
	struct rte_eth_dev *dev = rte_eth_dev_attach_secondary(rte_vdev_device_name(vdev));

	if (dev == NULL)
		return -ENODEV;
	dev->device = &vdev->device;
	wcnic_dev_init_secondary(dev);
	rte_eth_dev_probing_finish(dev);
	return 0;
}

static int
probe(struct rte_vdev_device *vdev)
{
	const struct wcnic_attach_ops *attach;
	struct wcnic_devargs args;
	struct rte_eth_dev *dev;
	int ret;

	if (rte_eal_process_type() == RTE_PROC_SECONDARY)
		return probe_secondary(vdev);
	ret = wcnic_devargs_parse(rte_vdev_device_name(vdev), rte_vdev_device_args(vdev), false,
				  &args);
	if (ret != 0)
		return ret;
	attach = wcnic_attach_find(rte_vdev_device_name(vdev), &args);
	if (attach == NULL)
		return -ENOTSUP;
	dev = rte_eth_vdev_allocate(vdev, sizeof(struct wcnic_hw));
	if (dev == NULL)
		return -ENOMEM;
	ret = wcnic_dev_init(dev, attach, &args);
	if (ret != 0) {
		rte_eth_dev_release_port(dev);
		return ret;
	}
	rte_eth_dev_probing_finish(dev);
	return 0;
}

static int
remove_port(struct rte_vdev_device *vdev)
{
	struct rte_eth_dev *dev = rte_eth_dev_allocated(rte_vdev_device_name(vdev));

	if (dev == NULL)
		return 0; /* closed before */
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		wcnic_dev_close(dev);
	else
		wcnic_secondary_stop(dev);
	return rte_eth_dev_release_port(dev);
}

/* For external memory, which EAL does not tell devices of. 0, or -1 with rte_errno. */
static int
dma_change(struct rte_vdev_device *vdev, void *addr, uint64_t iova, size_t bytes, bool map)
{
	struct rte_eth_dev *dev = rte_eth_dev_allocated(rte_vdev_device_name(vdev));
	struct wcnic_hw *hw;
	int ret;

	if (dev == NULL || rte_eal_process_type() != RTE_PROC_PRIMARY) {
		rte_errno = ENOTSUP;
		return -1;
	}
	hw = wcnic_hw_get(dev->data);
	ret = map ? hw->attach->dma_map(hw, addr, iova, bytes)
		  : hw->attach->dma_unmap(hw, addr, iova, bytes);
	rte_errno = -ret;
	return ret != 0 ? -1 : 0;
}

static int
dma_map(struct rte_vdev_device *vdev, void *addr, uint64_t iova, size_t bytes)
{
	return dma_change(vdev, addr, iova, bytes, true);
}

static int
dma_unmap(struct rte_vdev_device *vdev, void *addr, uint64_t iova, size_t bytes)
{
	return dma_change(vdev, addr, iova, bytes, false);
}

static struct rte_vdev_driver wcnic_vdev_driver = {
	.probe = probe,
	.remove = remove_port,
	.dma_map = dma_map,
	.dma_unmap = dma_unmap,
	/* the card is told virtual addresses: they are what both processes agree on */
	.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA,
};

RTE_PMD_REGISTER_VDEV(net_wcnic, wcnic_vdev_driver);
RTE_PMD_REGISTER_PARAM_STRING(net_wcnic, WCNIC_DEVARGS_VDEV);
