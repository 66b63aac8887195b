/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What lib/wcbar reads of a device, and how it opens one, on a tree of files. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wcbar_tree.h"

static char why[WCBAR_WHY_BYTES];
static struct wcbar_pci_facts facts;
static struct wcbar_pci *pci;

static int
setup(void **state)
{
	(void)state;
	tree_make();
	why[0] = '\0';
	pci = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wcbar_pci_close(pci);
	tree_remove();
	return 0;
}

static int
facts_read(const char *bdf)
{
	const struct wcbar_pci_options options = tree_options();

	return wcbar_pci_facts_read(bdf, &options, &facts, why, sizeof(why));
}

static int
pci_open(int vfio_fd)
{
	struct wcbar_pci_options options = tree_options();

	options.vfio_fd = vfio_fd;
	return wcbar_pci_open(BDF, &options, &pci, why, sizeof(why));
}

static void
why_has(const char *part)
{
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, part);
}

/* ---- facts --------------------------------------------------------------------------------- */

static void
facts_read__plain_device_as_sysfs_says(void **state)
{
	(void)state;
	tree_write("0x8086\n", "%s", tree_device("subsystem_vendor"));
	tree_write("1\n", "%s", tree_device("numa_node"));
	tree_write("none [integrity] confidentiality\n", "/sys/kernel/security/lockdown");
	tree_write("flags : fpu hypervisor lahf\n", "/proc/cpuinfo");
	tree_write("0123\x02", "%s", tree_device("config"));
	assert_int_equal(facts_read("00:05.0"), 0);
	assert_string_equal(facts.bdf, BDF);
	assert_int_equal(facts.vendor, 0x1af4);
	assert_int_equal(facts.device, 0x1110);
	assert_int_equal(facts.subvendor, 0x8086);
	assert_int_equal(facts.class_code, 0x050000);
	assert_int_equal(facts.numa_node, 1);
	assert_int_equal(facts.access, WCBAR_ACCESS_NONE);
	assert_int_equal(facts.iommu_group, -1);
	assert_true(facts.memory_enabled && facts.hypervisor);
	assert_false(facts.iomem_relaxed || facts.vfio);
	assert_string_equal(facts.kernel, "6.12.1-test");
	assert_string_equal(facts.lockdown, "integrity");
	assert_int_equal(facts.page_bytes, getpagesize());
}

static void
facts_read__bars_as_sysfs_says(void **state)
{
	const struct wcbar_bar_facts *b = facts.bars;

	(void)state;
	assert_int_equal(facts_read(BDF), 0);
	assert_true(b[0].io && !b[0].prefetchable);
	assert_true(!b[1].io && !b[1].prefetchable && !b[1].wide && b[1].has_sysfs);
	assert_false(b[1].has_sysfs_wc);
	assert_true(b[2].prefetchable && b[2].wide && b[2].has_sysfs && b[2].has_sysfs_wc);
	assert_int_equal(b[2].address, BAR2_ADDRESS);
	assert_int_equal(b[2].bytes, BAR2_BYTES);
	for (unsigned int i = 3; i < WCBAR_PCI_BARS; i++)
		assert_int_equal(b[i].bytes, 0);
}

static void
facts_read__missing_files_leave_unknowns(void **state)
{
	(void)state;
	tree_unlink(tree_device("class"));
	tree_unlink(tree_device("config"));
	tree_unlink("/proc/cmdline");
	tree_unlink("/proc/sys/kernel/osrelease");
	assert_int_equal(facts_read(BDF), 0);
	assert_int_equal(facts.class_code, 0);
	assert_int_equal(facts.numa_node, -1);
	assert_false(facts.memory_enabled || facts.iomem_relaxed || facts.hypervisor);
	assert_string_equal(facts.kernel, "");
	assert_string_equal(facts.lockdown, "");
}

static void
facts_read__no_such_device_is_enodev(void **state)
{
	(void)state;
	assert_int_equal(facts_read("0000:00:07.0"), -ENODEV);
	why_has("0000:00:07.0");
	tree_unlink(tree_device("vendor"));
	assert_int_equal(facts_read(BDF), -ENODEV);
	why_has("vendor");
}

static void
facts_read__no_address_is_einval(void **state)
{
	static const char *const bad[] = {
		"",          "5",          "eth0",          "0000:00:20.0",  "0000:00:05.8",
		"00:05.0x",  "0000:00:05", "-000:00:05.0",  "0000:00: 5.0",  "0x00:00:05.0",
		"00:05.0\n", "../05.0",    "0000:00:05.0/", "0000:0:0:05.0", "fffffffff:00:05.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (facts_read(bad[i]) != -EINVAL)
			fail_msg("\"%s\" was taken for an address", bad[i]);
		why_has("is not a PCI address");
	}
}

static void
facts_read__garbage_in_resource_is_named(void **state)
{
	(void)state;
	tree_write("0x0 0x0 0x0\nhello\n", "%s", tree_device("resource"));
	assert_int_equal(facts_read(BDF), -EBADMSG);
	why_has("line 2");
	tree_write("", "%s", tree_device("resource"));
	assert_int_equal(facts_read(BDF), -EBADMSG);
	why_has("line 1");
	tree_unlink(tree_device("resource"));
	assert_int_equal(facts_read(BDF), -ENODEV);
}

static void
facts_read__absurd_bar_is_none(void **state)
{
	(void)state;
	tree_write("0xffff 0x1000 0x200\n0x0 0xffffffffffffffff 0x200\n0x0 0x0 0x0\n0x0 0x0 0x0\n"
		   "0x0 0x0 0x0\n0x0 0x0 0x0\n",
		   "%s", tree_device("resource"));
	assert_int_equal(facts_read(BDF), 0);
	assert_int_equal(facts.bars[0].bytes, 0);
	assert_int_equal(facts.bars[1].bytes, 0);
}

static void
facts_read__each_driver_has_its_access(void **state)
{
	static const struct {
		const char *driver;
		enum wcbar_access access;
	} drivers[] = {
		{"nvme", WCBAR_ACCESS_KERNEL},         {"uio_pci_generic", WCBAR_ACCESS_UIO},
		{"igb_uio", WCBAR_ACCESS_UIO},         {"pci-stub", WCBAR_ACCESS_NONE},
		{"vfio-pci", WCBAR_ACCESS_VFIO_GROUP}, {"mlx5_vfio_pci", WCBAR_ACCESS_VFIO_GROUP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		tree_bind(drivers[i].driver);
		assert_int_equal(facts_read(BDF), 0);
		assert_string_equal(facts.driver, drivers[i].driver);
		assert_int_equal(facts.access, drivers[i].access);
	}
	tree_bind_vfio(true);
	assert_int_equal(facts_read(BDF), 0);
	assert_int_equal(facts.access, WCBAR_ACCESS_VFIO_CDEV);
	assert_true(facts.vfio);
	tree_unlink("/dev/iommu");
	assert_int_equal(facts_read(BDF), 0);
	assert_int_equal(facts.access, WCBAR_ACCESS_VFIO_GROUP);
}

static void
facts_read__group_counts_devices_but_no_bridges(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	tree_write("0x060400\n", "/sys/bus/pci/devices/0000:00:1c.0/class");
	tree_write("", "/sys/kernel/iommu_groups/7/devices/0000:00:1c.0");
	tree_link("/sys/bus/pci/devices/0000:00:1c.0/driver", "../drivers/pcieport");
	tree_write("0x020000\n", "/sys/bus/pci/devices/" PEER "/class");
	tree_write("", "/sys/kernel/iommu_groups/7/devices/" PEER);
	assert_int_equal(facts_read(BDF), 0);
	assert_int_equal(facts.iommu_group, 7);
	assert_int_equal(facts.group_devices, 2);
	assert_string_equal(facts.group_peer, "");
	assert_string_equal(facts.iommu_type, "DMA-FQ");
	tree_link("/sys/bus/pci/devices/" PEER "/driver", "../drivers/e1000e");
	assert_int_equal(facts_read(BDF), 0);
	assert_string_equal(facts.group_peer, PEER);
	tree_unlink("/sys/bus/pci/devices/" PEER "/driver");
	tree_bind("nvme"); /* in use itself, but no peer of itself */
	assert_int_equal(facts_read(BDF), 0);
	assert_string_equal(facts.group_peer, "");
}

static void
facts_read__iomem_on_the_command_line(void **state)
{
	static const struct {
		const char *line;
		bool relaxed;
	} lines[] = {
		{"iomem=relaxed", true},
		{"quiet iomem=relaxed ro\n", true},
		{"iomem=strict", false},
		{"iomem=relaxed iomem=strict", false},
		{"iomem=strict iomem=relaxed", true},
		{"xiomem=relaxed", false},
		{"iomem = relaxed", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		tree_write(lines[i].line, "/proc/cmdline");
		assert_int_equal(facts_read(BDF), 0);
		if (facts.iomem_relaxed != lines[i].relaxed)
			fail_msg("\"%s\" was misread", lines[i].line);
	}
}

/* ---- open ---------------------------------------------------------------------------------- */

static uint16_t
command_read(void)
{
	uint16_t command;

	tree_read(tree_device("config"), &command, sizeof(command), 4);
	return command;
}

static void
open__without_driver_enables_and_disables(void **state)
{
	char enable;

	(void)state;
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), 0);
	tree_read(tree_device("enable"), &enable, 1, 0);
	assert_int_equal(enable, '1');
	assert_int_equal(wcbar_pci_vfio_fd(pci), -1);
	wcbar_pci_close(pci);
	pci = NULL;
	tree_read(tree_device("enable"), &enable, 1, 0);
	assert_int_equal(enable, '0');
}

static void
open__uio_enables_memory_only(void **state)
{
	(void)state;
	tree_bind("uio_pci_generic");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), 0);
	assert_int_equal(command_read(), 2);
	assert_int_equal(wcbar_pci_bus_master(pci, true), 0);
	assert_int_equal(command_read(), 6);
	assert_int_equal(wcbar_pci_bus_master(pci, false), 0);
	assert_int_equal(command_read(), 2);
	assert_int_equal(wcbar_pci_dma_map(pci, NULL, PAGE, 0), -ENOTSUP);
	assert_int_equal(wcbar_pci_reset(pci), -ENOTSUP);
	tree_write("", "%s", tree_device("reset"));
	assert_int_equal(wcbar_pci_reset(pci), 0);
}

static void
open__refusals_name_the_cause(void **state)
{
	(void)state;
	tree_bind("nvme");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -EBUSY);
	why_has("nvme");
	tree_bind("uio_pci_generic");
	tree_write("none [integrity] confidentiality", "/sys/kernel/security/lockdown");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -EPERM);
	why_has("integrity");
	tree_bind("vfio-pci");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -ENODEV);
	why_has("no IOMMU group");
	assert_null(pci);
}

static void
open__vfio_files_missing_or_no_vfio_is_named(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	tree_unlink("/dev/vfio/7");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -ENOENT);
	why_has("/dev/vfio/7");
	tree_write("", "/dev/vfio/7");
	tree_unlink("/dev/vfio/vfio");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -ENOENT);
	why_has("/dev/vfio/vfio");
	close(fake_vfio.device);
	fake_vfio.device = -1;
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -ENOTTY);
	why_has("no VFIO group");
}

static void
open__group_in_other_hands_names_the_peer(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	tree_write("", "/sys/kernel/iommu_groups/7/devices/" PEER);
	tree_link("/sys/bus/pci/devices/" PEER "/driver", "../drivers/e1000e");
	fake_vfio.not_viable = true;
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -EPERM);
	why_has(PEER);
}

static void
vfio_works(enum wcbar_access access)
{
	uint16_t command;

	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), 0);
	assert_int_equal(wcbar_pci_facts(pci)->access, access);
	assert_int_equal(wcbar_pci_config_read(pci, 4, &command, 2), 0);
	assert_int_equal(command, 2);
	assert_int_equal(command_read(), 0); /* by VFIO, not by sysfs */
	assert_int_equal(wcbar_pci_bus_master(pci, true), 0);
	assert_int_equal(pread(fake_vfio.device, &command, 2, (off_t)VFIO_REGION_OFF(7) + 4), 2);
	assert_int_equal(command, 6);
	assert_int_equal(wcbar_pci_dma_map(pci, (void *)0x10000, 3 * PAGE, 0x70000), 0);
	assert_int_equal(fake_vfio.map_iova, 0x70000);
	assert_int_equal(fake_vfio.map_bytes, 3 * PAGE);
	assert_int_equal(wcbar_pci_dma_map(pci, (void *)0x10800, PAGE, 0x70000), -EINVAL);
	assert_int_equal(wcbar_pci_dma_map(pci, (void *)0x10000, 0, 0x70000), -EINVAL);
	assert_int_equal(fake_vfio.maps, 1);
	assert_int_equal(wcbar_pci_dma_unmap(pci, 3 * PAGE, 0x70000), 0);
	assert_int_equal(fake_vfio.unmaps, 1);
	assert_int_equal(wcbar_pci_reset(pci), 0);
	assert_int_equal(fake_vfio.resets, 1);
	assert_int_equal(mmaps_of_vfio, 0);
}

static void
open__vfio_group_works(void **state)
{
	const unsigned int fds = (tree_bind_vfio(false), fds_open());

	(void)state;
	vfio_works(WCBAR_ACCESS_VFIO_GROUP);
	wcbar_pci_close(pci);
	pci = NULL;
	assert_int_equal(fds_open(), fds);
}

static void
open__vfio_cdev_works(void **state)
{
	(void)state;
	tree_bind_vfio(true);
	/* opening that file gives the device itself */
	tree_unlink("/dev/vfio/devices/vfio3");
	{
		char target[64];

		snprintf(target, sizeof(target), "/proc/self/fd/%d", fake_vfio.device);
		tree_link("/dev/vfio/devices/vfio3", target);
	}
	vfio_works(WCBAR_ACCESS_VFIO_CDEV);
}

static void
open__vfio_cdev_refused_takes_the_group(void **state)
{
	(void)state;
	tree_bind_vfio(true);
	fake_vfio.fail = 1; /* the bind */
	vfio_works(WCBAR_ACCESS_VFIO_GROUP);
}

static void
open__each_vfio_request_refused_leaves_nothing(void **state)
{
	const unsigned int fds = (tree_bind_vfio(false), fds_open());
	unsigned int n = 0;
	int ret;

	(void)state;
	do {
		fake_vfio.requests = 0;
		fake_vfio.fail = ++n;
		why[0] = '\0';
		ret = pci_open(WCBAR_VFIO_OPEN);
		if (ret != 0) {
			assert_string_not_equal(why, "");
			assert_null(pci);
			assert_int_equal(fds_open(), fds);
		}
	} while (ret != 0);
	assert_true(n > 7);
}

static void
open__no_memory_leaves_nothing(void **state)
{
	(void)state;
	fail_calloc = 1;
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -ENOMEM);
	assert_null(pci);
}

static void
open__adopted_device_stays_open(void **state)
{
	int fd;

	(void)state;
	tree_bind_vfio(false);
	fd = dup(fake_vfio.device);
	assert_int_equal(pci_open(fd), 0);
	assert_int_equal(wcbar_pci_vfio_fd(pci), fd);
	assert_int_equal(wcbar_pci_dma_map(pci, (void *)0x10000, PAGE, 0), -ENOTSUP);
	assert_int_equal(wcbar_pci_dma_unmap(pci, PAGE, 0), -ENOTSUP);
	wcbar_pci_close(pci);
	pci = NULL;
	fake_vfio.not_pci = true;
	assert_int_equal(pci_open(fd), -EINVAL);
	assert_int_equal(close(fd), 0);
}

static void
open__vfio_left_closed_touches_nothing(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	assert_int_equal(pci_open(WCBAR_VFIO_CLOSED), 0);
	assert_int_equal(wcbar_pci_vfio_fd(pci), -1);
	assert_int_equal(fake_vfio.requests, 0);
	assert_int_equal(command_read(), 0);
}

static void
config__only_aligned_words_inside(void **state)
{
	static const struct {
		unsigned int off;
		size_t bytes;
	} bad[] = {{1, 2}, {2, 4}, {0, 3}, {0, 8}, {0, 0}, {4096, 1}, {4094, 4}, {~0u, 1}};
	uint32_t value = 0;

	(void)state;
	tree_bind("uio_pci_generic");
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(wcbar_pci_config_read(pci, bad[i].off, &value, bad[i].bytes),
				 -EINVAL);
		assert_int_equal(wcbar_pci_config_write(pci, bad[i].off, &value, bad[i].bytes),
				 -EINVAL);
	}
	/* beyond the 256 bytes that this device has */
	assert_int_equal(wcbar_pci_config_read(pci, 0x100, &value, 4), -ENXIO);
	value = 0x12345678;
	assert_int_equal(wcbar_pci_config_write(pci, 0x40, &value, 4), 0);
	value = 0;
	assert_int_equal(wcbar_pci_config_read(pci, 0x42, &value, 1), 0);
	assert_int_equal(value, 0x34);
}

static void
bus_master__nobody_answers_is_enodev(void **state)
{
	(void)state;
	tree_bind("uio_pci_generic");
	tree_write("\xff\xff\xff\xff\xff\xff\xff\xff", "%s", tree_device("config"));
	assert_int_equal(pci_open(WCBAR_VFIO_OPEN), -ENODEV);
	why_has("memory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(facts_read__plain_device_as_sysfs_says),
		TEST(facts_read__bars_as_sysfs_says),
		TEST(facts_read__missing_files_leave_unknowns),
		TEST(facts_read__no_such_device_is_enodev),
		TEST(facts_read__no_address_is_einval),
		TEST(facts_read__garbage_in_resource_is_named),
		TEST(facts_read__absurd_bar_is_none),
		TEST(facts_read__each_driver_has_its_access),
		TEST(facts_read__group_counts_devices_but_no_bridges),
		TEST(facts_read__iomem_on_the_command_line),
		TEST(open__without_driver_enables_and_disables),
		TEST(open__uio_enables_memory_only),
		TEST(open__refusals_name_the_cause),
		TEST(open__vfio_files_missing_or_no_vfio_is_named),
		TEST(open__group_in_other_hands_names_the_peer),
		TEST(open__vfio_group_works),
		TEST(open__vfio_cdev_works),
		TEST(open__vfio_cdev_refused_takes_the_group),
		TEST(open__each_vfio_request_refused_leaves_nothing),
		TEST(open__no_memory_leaves_nothing),
		TEST(open__adopted_device_stays_open),
		TEST(open__vfio_left_closed_touches_nothing),
		TEST(config__only_aligned_words_inside),
		TEST(bus_master__nobody_answers_is_enodev),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
