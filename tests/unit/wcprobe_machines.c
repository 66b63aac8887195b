/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Machines, and what wcprobe is to predict and to advise on each. */

#include "wcprobe_machines.h"

/* A WC mapping is predicted, and to ask the kernel is advised. */
#define WC_BY(rung_, sure_)                                                                \
	.rung = (rung_), .sure = (sure_), .verdict = VERDICT_UNKNOWN, .status = STATUS_WC, \
	.effort = EFFORT_COMMAND, .advice = "--open", .gives = NO_RUNG

/* Only an uncached mapping, or none at all. */
#define UNCACHED_BY(rung_) \
	.rung = (rung_), .sure = true, .verdict = VERDICT_STAGE1_DEVICE, .status = STATUS_NO_WC
#define NO_MAPPING \
	.rung = NO_RUNG, .sure = true, .verdict = VERDICT_NOT_MAPPABLE, .status = STATUS_NO_WC

/* Nothing to bind: the kernel's driver gives the mapping. */
#define BY_THE_KERNEL \
	.rung = NO_RUNG, .sure = true, .verdict = VERDICT_KERNEL_MAPS, .status = STATUS_WC

#define ADVICE(effort_, text_, gives_) .effort = (effort_), .advice = (text_), .gives = (gives_)

#define STRICT "CONFIG_PCI=y\nCONFIG_IO_STRICT_DEVMEM=y\n"
#define NOT_STRICT "CONFIG_PCI=y\n# CONFIG_IO_STRICT_DEVMEM is not set\n"
#define EC2 .kernel = "5.13.0-1021-aws", .hypervisor = true

const struct machine machines[] = {
	{"vfio on 6.1", .tree = {.driver = "vfio-pci"}, WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"vfio on 6.12", .tree = {.driver = "vfio-pci", .kernel = "6.12.117+deb13-amd64"},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"vfio on 5.10", .tree = {.driver = "vfio-pci", .kernel = "5.10.0"},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"vfio on a kernel nobody tried", .tree = {.driver = "vfio-pci", .kernel = "6.18.4"},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, false)},
	{"vfio on 7.3", .tree = {.driver = "vfio-pci", .kernel = "7.3.4+deb13-amd64"},
	 UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "iomem=relaxed",
	 ADVICE(EFFORT_COMMAND, "uio_pci_generic", WCBAR_RUNG_SYSFS)},
	{"vfio on 8.0", .tree = {.driver = "vfio-pci", .kernel = "8.0"},
	 UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "iomem=relaxed",
	 ADVICE(EFFORT_COMMAND, "uio_pci_generic", WCBAR_RUNG_SYSFS)},
	{"vfio on 7.3, relaxed",
	 .tree = {.driver = "vfio-pci", .kernel = "7.3.4", .cmdline = "quiet iomem=relaxed\n"},
	 WC_BY(WCBAR_RUNG_SYSFS_RELAXED, true), .rung_why = "sysfs-wc-relaxed"},
	{"uio on 7.3", .tree = {.driver = "uio_pci_generic", .kernel = "7.3.4"},
	 WC_BY(WCBAR_RUNG_SYSFS, true)},
	{"no driver", .tree = {0}, WC_BY(WCBAR_RUNG_SYSFS, true)},
	{"a kernel driver", .tree = {.driver = "nvme"}, NO_MAPPING,
	 .rung_why = "in use by driver nvme",
	 ADVICE(EFFORT_COMMAND,
		"bind it to vfio-pci: dpdk-devbind.py -b vfio-pci " TREE_BDF
		" (takes it from nvme)",
		WCBAR_RUNG_SYSFS_VFIO)},
	{"a kernel driver, vfio not loaded", .tree = {.driver = "nvme", .no_vfio = true},
	 NO_MAPPING, .rung_why = "in use by driver nvme",
	 ADVICE(EFFORT_COMMAND, "modprobe vfio-pci (a kernel without it: CONFIG_VFIO_PCI)",
		WCBAR_RUNG_SYSFS_VFIO)},
	{"a kernel driver, no IOMMU", .tree = {.driver = "nvme", .no_group = true}, NO_MAPPING,
	 .rung_why = "in use by driver nvme",
	 ADVICE(EFFORT_COMMAND, "uio_pci_generic", WCBAR_RUNG_SYSFS)},
	{"a group in other hands", .tree = {.driver = "vfio-pci", .peer = "e1000e"}, NO_MAPPING,
	 .rung_why = "IOMMU group 7 also holds " TREE_PEER,
	 ADVICE(EFFORT_COMMAND, "take all of IOMMU group 7 from their kernel drivers (" TREE_PEER,
		WCBAR_RUNG_SYSFS_VFIO)},
	{"a group that vfio has all of", .tree = {.driver = "vfio-pci", .peer = "vfio-pci"},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"locked down",
	 .tree = {.driver = "vfio-pci", .lockdown = "none [integrity] confidentiality\n"},
	 UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "locked down (integrity)",
	 ADVICE(EFFORT_FIRMWARE, "Secure Boot", WCBAR_RUNG_SYSFS_VFIO)},
	{"lockdown in the kernel, off",
	 .tree = {.driver = "vfio-pci", .lockdown = "[none] integrity confidentiality\n"},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"not prefetchable", .tree = {.driver = "vfio-pci", .not_prefetchable = true},
	 UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "is not prefetchable",
	 ADVICE(EFFORT_HARDWARE, "not prefetchable", NO_RUNG)},
	{"no PAT", .tree = {.driver = "uio_pci_generic", .no_wc = true},
	 UNCACHED_BY(WCBAR_RUNG_SYSFS_UC), .rung_why = "no resource2_wc",
	 ADVICE(EFFORT_KERNEL, "nopat", NO_RUNG)},
	{"smaller than a page that it begins", .tree = {.driver = "vfio-pci", .bar_bytes = 2048},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"smaller than a page, inside one",
	 .tree = {.driver = "vfio-pci", .bar_bytes = 2048, .bar_off = 2048}, NO_MAPPING,
	 .rung_why = "2048 bytes, pages have",
	 ADVICE(EFFORT_KERNEL, "boot a kernel whose pages are not larger than BAR 2: 2048 bytes",
		NO_RUNG)},
	{"7.3 and locked down",
	 .tree = {.driver = "vfio-pci", .kernel = "7.3", .lockdown = "[integrity]\n"},
	 UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "locked down",
	 ADVICE(EFFORT_FIRMWARE, "Secure Boot", WCBAR_RUNG_SYSFS)},
	{"vfio on 7.3, x86", .tree = {.driver = "vfio-pci", .kernel = "7.3.4"}, .arch = "x86_64",
	 WC_BY(WCBAR_RUNG_VFIO_PAT, true), .rung_why = "iomem=relaxed"},
	{"vfio on 7.3, on who knows what", .tree = {.driver = "vfio-pci", .kernel = "7.3.4"},
	 .arch = "", WC_BY(WCBAR_RUNG_VFIO_PAT, false), .rung_why = "iomem=relaxed"},
	{"vfio on 6.1, x86", .tree = {.driver = "vfio-pci"}, .arch = "x86_64",
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, true)},
	{"vfio on 7.3, x86, not prefetchable",
	 .tree = {.driver = "vfio-pci", .kernel = "7.3.4", .not_prefetchable = true},
	 .arch = "x86_64", UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "is not prefetchable",
	 ADVICE(EFFORT_HARDWARE, "not prefetchable", NO_RUNG)},
	/* what people have posted of other machines */
	{"a group without IOMMU", .tree = {.driver = "vfio-pci", .noiommu = true, .mode = "Y", EC2},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, false)},
	{"a group without IOMMU on 7.3, x86",
	 .tree = {.driver = "vfio-pci", .noiommu = true, .mode = "Y", .kernel = "7.3.4"},
	 .arch = "x86_64", WC_BY(WCBAR_RUNG_VFIO_PAT, false), .rung_why = "iomem=relaxed"},
	{"no IOMMU, VFIO can do without",
	 .tree = {.driver = "ena", .no_group = true, .mode = "N", EC2}, NO_MAPPING,
	 .rung_why = "in use by driver ena",
	 ADVICE(EFFORT_COMMAND, "uio_pci_generic", WCBAR_RUNG_SYSFS)},
	{"no strict devmem, a kernel driver, arm64",
	 .tree = {.driver = "ena", .config = NOT_STRICT}, .rung = WCBAR_RUNG_SYSFS, .sure = false,
	 .verdict = VERDICT_UNKNOWN, .status = STATUS_WC,
	 ADVICE(EFFORT_COMMAND, "bind it to vfio-pci", WCBAR_RUNG_SYSFS_RELAXED)},
	{"strict devmem, a kernel driver", .tree = {.driver = "ena", .config = STRICT}, NO_MAPPING,
	 .rung_why = "in use by driver ena; it would have to let go first",
	 ADVICE(EFFORT_COMMAND, "bind it to vfio-pci", WCBAR_RUNG_SYSFS_VFIO)},
	{"no strict devmem, vfio on 7.3",
	 .tree = {.driver = "vfio-pci", .config = NOT_STRICT, .kernel = "7.3.4"},
	 WC_BY(WCBAR_RUNG_SYSFS_RELAXED, false),
	 .rung_why = "built without CONFIG_IO_STRICT_DEVMEM (/boot/config-7.3.4)"},
	{"strict devmem, vfio on 7.3",
	 .tree = {.driver = "vfio-pci", .config = STRICT, .kernel = "7.3.4"},
	 UNCACHED_BY(WCBAR_RUNG_VFIO), .rung_why = "iomem=relaxed",
	 ADVICE(EFFORT_COMMAND, "uio_pci_generic", WCBAR_RUNG_SYSFS)},
	{"mlx5_core", .tree = {.driver = "mlx5_core"}, BY_THE_KERNEL,
	 .rung_why = "mlx5_core has it",
	 ADVICE(EFFORT_COMMAND, "nothing: leave mlx5_core bound", NO_RUNG)},
	{"mlx4_core, not strict", .tree = {.driver = "mlx4_core", .config = NOT_STRICT},
	 BY_THE_KERNEL, .rung_why = "mlx4_core has it",
	 ADVICE(EFFORT_COMMAND, "nothing: leave mlx4_core bound", NO_RUNG)},
	{"mana", .tree = {.driver = "mana", .no_group = true}, BY_THE_KERNEL,
	 .rung_why = "mana has it", ADVICE(EFFORT_COMMAND, "nothing: leave mana bound", NO_RUNG)},
	{"a variant driver on 7.3", .tree = {.driver = "nvgrace-gpu-vfio-pci", .kernel = "7.3.4"},
	 .rung = WCBAR_RUNG_VFIO, .sure = false, .verdict = VERDICT_UNKNOWN, .status = STATUS_NO_WC,
	 .rung_why = "iomem=relaxed",
	 ADVICE(EFFORT_COMMAND, "tells how nvgrace-gpu-vfio-pci maps it: time stores", NO_RUNG)},
	{"a variant driver on 6.12", .tree = {.driver = "mlx5_vfio_pci", .kernel = "6.12.1"},
	 WC_BY(WCBAR_RUNG_SYSFS_VFIO, false)},
};

const size_t n_machines = sizeof(machines) / sizeof(machines[0]);
