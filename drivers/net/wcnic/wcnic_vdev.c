/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The vdev bus: the card embedded in this process, or reached over a socket. */

#include <errno.h>

#include <bus_vdev_driver.h>
#include <ethdev_driver.h>
#include <ethdev_vdev.h>
#include <rte_eal.h>

#include "wcnic_attach.h"
#include "wcnic_devargs.h"
#include "wcnic_ethdev.h"
#include "wcnic_hw.h"

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
	return rte_eth_dev_release_port(dev);
}

static struct rte_vdev_driver wcnic_vdev_driver = {
	.probe = probe,
	.remove = remove_port,
	/* the card is told virtual addresses: they are what both processes agree on */
	.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA,
};

RTE_PMD_REGISTER_VDEV(net_wcnic, wcnic_vdev_driver);
RTE_PMD_REGISTER_PARAM_STRING(net_wcnic, WCNIC_DEVARGS_VDEV);
