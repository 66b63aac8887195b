/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A machine as sysfs and procfs describe it. */

#include <string.h>

#include "fuzz_machine.h"

#define DEVICE "/sys/bus/pci/devices/" FUZZ_BDF
#define PEER "/sys/bus/pci/devices/0000:00:05.0"
#define GROUP "/sys/kernel/iommu_groups/7"

/* What an input may have files for, by its index. At the end: names that are odd. */
static const char *const paths[] = {
	DEVICE "/resource",
	DEVICE "/config",
	DEVICE "/vendor",
	DEVICE "/device",
	DEVICE "/subsystem_vendor",
	DEVICE "/class",
	DEVICE "/numa_node",
	DEVICE "/driver",
	DEVICE "/iommu_group",
	DEVICE "/resource0",
	DEVICE "/resource2",
	DEVICE "/resource2_wc",
	DEVICE "/uio/uio0/maps/map0/addr",
	DEVICE "/vfio-dev/vfio3/dev",
	DEVICE "/current_link_speed",
	DEVICE "/current_link_width",
	DEVICE "/max_link_speed",
	DEVICE "/max_link_width",
	DEVICE "/driver/module/version",
	GROUP "/type",
	GROUP "/name",
	GROUP "/devices/0000:00:05.0",
	PEER "/class",
	PEER "/driver",
	PEER "/resource",
	PEER "/vendor",
	"/proc/cmdline",
	"/proc/cpuinfo",
	"/proc/sys/kernel/osrelease",
	"/proc/sys/kernel/arch",
	"/proc/config.gz",
	"/boot/config-6.1.0",
	"/lib/modules/6.1.0/config",
	"/sys/kernel/security/lockdown",
	"/sys/kernel/debug/x86/pat_memtype_list",
	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
	"/sys/hypervisor/type",
	"/sys/firmware/devicetree/base/compatible",
	"/sys/class/dmi/id/sys_vendor",
	"/sys/class/dmi/id/product_name",
	"/dev/vfio/vfio",
	"/dev/vfio/7",
	"/dev/vfio/noiommu-7",
	"/dev/iommu",
	"/dev/vfio/devices/vfio3",
	"/proc/41/maps",
	"/proc/41/comm",
	"/proc/41/fd/5",
	"/proc/41/fd/6",
	"/proc/41/fdinfo/5",
	"/proc/42/maps",
	"/proc/42/fd/3",
	"/proc/self/smaps",
	"/proc/self/pagemap",
	"/proc/iomem",
	"/sys/dev/char/10:3",
	"/wcprobe/hidden",
	"/sys/kernel/iommu_groups/-3/name",
	"/sys/bus/pci/devices/0000:00:04.0\x1b[31m/vendor",
	"/sys/bus/pci/devices/ffffff:ff:1f.7/vendor",
	"/sys/bus/pci/devices/ffffff:ff:1f.7/resource",
};

static void
device_base(void)
{
	static const char config[256] = {
		'\xf4', 0x1a,          0x10,          0x11,       2,          0,         0x10,
		0,      [0x34] = 0x40, [0x40] = 0x11, [0x42] = 1, [0x44] = 1, [0x48] = 1};

	fuzz_files_text(DEVICE "/vendor", "0x1af4\n");
	fuzz_files_text(DEVICE "/device", "0x1110\n");
	fuzz_files_text(DEVICE "/subsystem_vendor", "0x1af4\n");
	fuzz_files_text(DEVICE "/class", "0x020000\n");
	fuzz_files_text(DEVICE "/numa_node", "-1\n");
	fuzz_files_put(DEVICE "/config", config, sizeof(config));
	fuzz_files_text(DEVICE "/resource",
			"0x00000000fe904000 0x00000000fe904fff 0x0000000000040200\n"
			"0x000000000000c000 0x000000000000c03f 0x0000000000040101\n"
			"0x0000004000000000 0x00000040000fffff 0x000000000014220c\n"
			"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			"0x0000000000000000 0x0000000000000000 0x0000000000000000\n");
	fuzz_files_text(DEVICE "/resource0", "");
	fuzz_files_text(DEVICE "/resource2", "");
	fuzz_files_text(DEVICE "/resource2_wc", "");
	fuzz_files_link(DEVICE "/driver", "../../../bus/pci/drivers/vfio-pci");
	fuzz_files_link(DEVICE "/iommu_group", "../../../../kernel/iommu_groups/7");
	fuzz_files_text(DEVICE "/current_link_speed", "16.0 GT/s PCIe\n");
	fuzz_files_text(DEVICE "/current_link_width", "16\n");
	fuzz_files_text(GROUP "/type", "DMA-FQ\n");
	fuzz_files_link(GROUP "/devices/" FUZZ_BDF, "../../../../bus/pci/devices/" FUZZ_BDF);
}

static void
processes_base(void)
{
	fuzz_files_text("/proc/41/maps", "7f0000000000-7f0000100000 rw-s 20000000000 00:0d 12 "
					 "anon_inode:[vfio-device]\n"
					 "7f0000200000-7f0000201000 rw-s 4000000000 00:15 9 " DEVICE
					 "/resource2_wc\n");
	fuzz_files_text("/proc/41/comm", "testpmd\n");
	fuzz_files_link("/proc/41/fd/5", "anon_inode:[vfio-device]");
	fuzz_files_link("/proc/41/fd/6", "/dev/vfio/7");
	fuzz_files_text("/proc/41/fdinfo/5",
			"pos: 0\nvfio-device-syspath: /sys/devices/pci0000:00/" FUZZ_BDF "\n");
}

void
fuzz_machine_base(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	device_base();
	processes_base();
	fuzz_files_text("/proc/cmdline", "quiet iomem=strict\n");
	fuzz_files_text("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : fpu hypervisor\n");
	fuzz_files_text("/proc/sys/kernel/osrelease", "6.1.0\n");
	fuzz_files_text("/boot/config-6.1.0", "CONFIG_PCI=y\nCONFIG_IO_STRICT_DEVMEM=y\n");
	fuzz_files_text("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	fuzz_files_text("/sys/kernel/debug/x86/pat_memtype_list",
			"PAT memtype list:\n"
			"PAT: [mem 0x0000004000000000-0x0000004000100000] write-combining\n");
	fuzz_files_text("/dev/vfio/vfio", "");
	fuzz_files_text("/dev/vfio/7", "");
	fuzz_files_base();
}

void
fuzz_machine_take(struct fuzz_input *in)
{
	fuzz_files_take(in, paths, sizeof(paths) / sizeof(paths[0]));
}
