/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The PCI bus: a card of its own, or in a guest one that looks like it. */

#include <errno.h>

#include <bus_pci_driver.h>
#include <ethdev_driver.h>
#include <ethdev_pci.h>
#include <rte_eal.h>

#include "wcnic_attach.h"
#include "wcnic_devargs.h"
#include "wcnic_ethdev.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_secondary.h"

static int
init_primary(struct rte_eth_dev *dev)
{
	const struct rte_devargs *devargs = dev->device->devargs;
	struct wcnic_devargs args;
	int ret = wcnic_devargs_parse(dev->data->name, devargs != NULL ? devargs->args : NULL, true,
				      &args);

	return ret != 0 ? ret : wcnic_dev_init(dev, &wcnic_attach_pci, &args);
}

static int
init(struct rte_eth_dev *dev)
{
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		return init_primary(dev);
	wcnic_dev_init_secondary(dev);
	return 0;
}

static int
probe(struct rte_pci_driver *driver __rte_unused, struct rte_pci_device *dev)
{
	switch (dev->kdrv) {
	case RTE_PCI_KDRV_VFIO:
	case RTE_PCI_KDRV_UIO_GENERIC:
	case RTE_PCI_KDRV_IGB_UIO:
		return rte_eth_dev_pci_generic_probe(dev, sizeof(struct wcnic_hw), init);
	default:
		WCNIC_LOG(NOTICE, dev, "not bound to vfio-pci or uio_pci_generic: skipped");
		return 1;
	}
}

static int
uninit(struct rte_eth_dev *dev)
{
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		return wcnic_dev_close(dev);
	wcnic_secondary_stop(dev);
	return 0;
}

static int
remove_port(struct rte_pci_device *dev)
{
	return rte_eth_dev_pci_generic_remove(dev, uninit);
}

static const struct rte_pci_id ids[] = {
	{RTE_PCI_DEVICE(WCNIC_PCI_VENDOR_ID, WCNIC_PCI_DEVICE_ID)},
	{.vendor_id = 0},
};

/*
 * Without NEED_MAPPING: EAL would map all BARs through VFIO. Without NEED_IOVA_AS_VA: the card
 * takes whatever EAL chooses, virtual addresses behind an IOMMU, physical ones without.
 */
static struct rte_pci_driver wcnic_pci_driver = {
	.id_table = ids,
	.drv_flags = RTE_PCI_DRV_INTR_LSC | RTE_PCI_DRV_INTR_RMV,
	.probe = probe,
	.remove = remove_port,
};

RTE_PMD_REGISTER_PCI(net_wcnic_pci, wcnic_pci_driver);
RTE_PMD_REGISTER_PCI_TABLE(net_wcnic_pci, ids);
RTE_PMD_REGISTER_KMOD_DEP(net_wcnic_pci, "* vfio-pci | uio_pci_generic");
RTE_PMD_REGISTER_PARAM_STRING(net_wcnic_pci, WCNIC_DEVARGS_ANY);
