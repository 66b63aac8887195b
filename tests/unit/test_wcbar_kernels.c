/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Kernels that were built otherwise than Debian's, and machines without an IOMMU. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wcbar_tree.h"

#define RELEASE "6.12.1-test" /* the tree's */
#define ON "CONFIG_X86=y\nCONFIG_IO_STRICT_DEVMEM=y\nCONFIG_VFIO_NOIOMMU=y\n"
#define OFF "CONFIG_X86=y\n# CONFIG_IO_STRICT_DEVMEM is not set\n"

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

static void
facts_read(const struct wcbar_kernel_config *config)
{
	struct wcbar_pci_options options = tree_options();

	options.config = config;
	assert_int_equal(wcbar_pci_facts_read(BDF, &options, &facts, why, sizeof(why)), 0);
}

static int
pci_open(void)
{
	const struct wcbar_pci_options options = tree_options();

	return wcbar_pci_open(BDF, &options, &pci, why, sizeof(why));
}

static void
why_has(const char *part)
{
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, part);
}

/* ---- configuration ------------------------------------------------------------------------- */

static void
config__is_read_where_distributions_put_it(void **state)
{
	static const char *const places[] = {
		"/boot/config-" RELEASE,
		"/usr/lib/modules/" RELEASE "/config",
		"/lib/modules/" RELEASE "/config",
	};

	(void)state;
	facts_read(NULL);
	assert_string_equal(facts.config.file, "");
	assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_UNKNOWN);
	assert_int_equal(facts.config.vfio_noiommu, WCBAR_SETTING_UNKNOWN);
	assert_false(wcbar_sysfs_maps_claimed(&facts));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		tree_write(OFF, "%s", places[i]);
		facts_read(NULL);
		assert_string_equal(facts.config.file, places[i]);
		assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_NO);
		assert_int_equal(facts.config.vfio_noiommu, WCBAR_SETTING_NO);
		assert_true(wcbar_sysfs_maps_claimed(&facts));
		tree_write(ON, "%s", places[i]);
		facts_read(NULL);
		assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_YES);
		assert_int_equal(facts.config.vfio_noiommu, WCBAR_SETTING_YES);
		assert_false(wcbar_sysfs_maps_claimed(&facts));
		tree_unlink(places[i]);
	}
}

static void
config__of_another_kernel_or_garbage_says_nothing(void **state)
{
	(void)state;
	tree_write(OFF, "/boot/config-6.12.1");
	facts_read(NULL);
	assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_UNKNOWN);
	tree_write("not a configuration\n", "/boot/config-" RELEASE);
	facts_read(NULL);
	assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_UNKNOWN);
	assert_string_equal(facts.config.file, "");
	tree_write(OFF, "/etc/config");
	tree_write("", "/lib/modules/some");
	tree_write("../../etc\n", "/proc/sys/kernel/osrelease");
	facts_read(NULL);
	assert_string_equal(facts.config.file, "");
}

static void
config_take__lines_count_whole(void **state)
{
	static const struct {
		const char *text;
		bool any;
		enum wcbar_setting strict;
	} cases[] = {
		{"CONFIG_IO_STRICT_DEVMEM=y", true, WCBAR_SETTING_YES},
		{"CONFIG_A=y\nCONFIG_IO_STRICT_DEVMEM=y\n", true, WCBAR_SETTING_YES},
		{"CONFIG_A=\"CONFIG_IO_STRICT_DEVMEM=y\"\n", true, WCBAR_SETTING_NO},
		{"# CONFIG_IO_STRICT_DEVMEM is not set\nCONFIG_A=y\n", true, WCBAR_SETTING_NO},
		{"", false, WCBAR_SETTING_UNKNOWN},
		{"# CONFIG_IO_STRICT_DEVMEM is not set\n", false, WCBAR_SETTING_UNKNOWN},
	};
	struct wcbar_kernel_config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (wcbar_kernel_config_take(&config, cases[i].text, strlen(cases[i].text), "f") !=
			    cases[i].any ||
		    config.io_strict_devmem != cases[i].strict)
			fail_msg("\"%s\": %d", cases[i].text, config.io_strict_devmem);
		assert_string_equal(config.file, cases[i].any ? "f" : "");
	}
}

/* A long line's second half is no line. */
static void
config__a_long_line_does_not_hide_a_setting(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "CONFIG_CC=\"%062d\"\n%s", 0, ON);
	tree_write(text, "/boot/config-" RELEASE);
	facts_read(NULL);
	assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_YES);
	snprintf(text, sizeof(text), "CONFIG_C=\"%053dCONFIG_IO_STRICT_DEVMEM=y\"\n", 0);
	assert_int_equal(strstr(text, "CONFIG_IO") - text, 63); /* where a read ends */
	tree_write(text, "/boot/config-" RELEASE);
	facts_read(NULL);
	assert_int_equal(facts.config.io_strict_devmem, WCBAR_SETTING_NO);
}

static void
config__what_the_caller_has_read_counts(void **state)
{
	struct wcbar_kernel_config config;

	(void)state;
	tree_write(ON, "/boot/config-" RELEASE);
	assert_true(wcbar_kernel_config_take(&config, OFF, strlen(OFF), "/proc/config.gz"));
	facts_read(&config);
	assert_string_equal(facts.config.file, "/proc/config.gz");
	assert_true(wcbar_sysfs_maps_claimed(&facts));
	wcbar_sysfs_maps_claimed_why(&facts, why, sizeof(why));
	why_has("built without CONFIG_IO_STRICT_DEVMEM (/proc/config.gz)");
	memset(&config, 0, sizeof(config));
	facts_read(&config);
	assert_string_equal(facts.config.file, "/boot/config-" RELEASE);
}

/* Such a kernel takes the same branches as one that was booted with iomem=relaxed. */
static void
ladder__without_strict_devmem_is_that_of_iomem_relaxed(void **state)
{
	struct wcbar_answer answers[WCBAR_RUNGS];
	struct wcbar_bar *bar;

	(void)state;
	tree_write(OFF, "/boot/config-" RELEASE);
	tree_bind_vfio(false);
	tree_pat("write-combining");
	assert_int_equal(pci_open(), 0);
	assert_int_equal(wcbar_bar_open(pci, 2, &bar, why, sizeof(why)), 0);
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_int_equal(answers[WCBAR_RUNG_SYSFS_VFIO].error, -ENOTSUP);
	assert_non_null(strstr(answers[WCBAR_RUNG_SYSFS_VFIO].why, "CONFIG_IO_STRICT_DEVMEM"));
	assert_int_not_equal(answers[WCBAR_RUNG_SYSFS_RELAXED].error, -ENOTSUP);
}

/* ---- no IOMMU ------------------------------------------------------------------------------ */

static void
noiommu__facts_name_it(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	facts_read(NULL);
	assert_false(facts.noiommu);
	assert_int_equal(facts.noiommu_mode, WCBAR_SETTING_UNKNOWN);
	tree_noiommu();
	facts_read(NULL);
	assert_true(facts.noiommu);
	assert_int_equal(facts.iommu_group, 7);
	assert_string_equal(facts.iommu_type, "");
	assert_int_equal(facts.config.vfio_noiommu, WCBAR_SETTING_YES);
	tree_write("Y\n", "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	facts_read(NULL);
	assert_int_equal(facts.noiommu_mode, WCBAR_SETTING_YES);
	tree_write("N\n", "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	facts_read(NULL);
	assert_int_equal(facts.noiommu_mode, WCBAR_SETTING_NO);
}

static void
noiommu__opens_its_own_file_and_maps_no_dma(void **state)
{
	(void)state;
	tree_noiommu();
	assert_int_equal(pci_open(), 0);
	assert_int_equal(fake_vfio.iommu_type, 8);
	assert_int_equal(wcbar_pci_dma_map(pci, (void *)0x10000, PAGE, 0), -ENOTSUP);
	assert_int_equal(wcbar_pci_dma_unmap(pci, PAGE, 0), -ENOTSUP);
	assert_int_equal(fake_vfio.maps + fake_vfio.unmaps, 0);
	assert_non_null(wcbar_pci_dma_why(pci));
	assert_non_null(strstr(wcbar_pci_dma_why(pci), "physical addresses"));
	wcbar_pci_close(pci);
	tree_unlink("/dev/vfio/noiommu-7");
	assert_int_equal(pci_open(), -ENOENT);
	why_has("/dev/vfio/noiommu-7");
}

static void
noiommu__a_mode_that_was_turned_off_is_named(void **state)
{
	(void)state;
	tree_noiommu();
	fake_vfio.noiommu = false;
	assert_int_equal(pci_open(), -ENOTSUP);
	why_has("enable_unsafe_noiommu_mode");
}

static void
dma_why__each_way_of_opening_has_its_own(void **state)
{
	struct wcbar_pci_options options = tree_options();

	(void)state;
	tree_bind_vfio(false);
	assert_int_equal(pci_open(), 0);
	assert_int_equal(fake_vfio.iommu_type, 3);
	assert_null(wcbar_pci_dma_why(pci));
	wcbar_pci_close(pci);
	options.vfio_fd = fake_vfio.device;
	assert_int_equal(wcbar_pci_open(BDF, &options, &pci, why, sizeof(why)), 0);
	assert_non_null(strstr(wcbar_pci_dma_why(pci), "opened the VFIO device"));
	wcbar_pci_close(pci);
	tree_bind("uio_pci_generic");
	assert_int_equal(pci_open(), 0);
	assert_non_null(strstr(wcbar_pci_dma_why(pci), "not opened by VFIO"));
}

/* A copy of a machine may hold files where sysfs has links. */
static void
facts_read__files_instead_of_links(void **state)
{
	(void)state;
	tree_write("../../../bus/pci/drivers/vfio-pci\n", "%s", tree_device("driver"));
	tree_write("../../../kernel/iommu_groups/7\n", "%s", tree_device("iommu_group"));
	tree_write("DMA\n", "/sys/kernel/iommu_groups/7/type");
	tree_write("", "/sys/kernel/iommu_groups/7/devices/" BDF);
	facts_read(NULL);
	assert_string_equal(facts.driver, "vfio-pci");
	assert_int_equal(facts.iommu_group, 7);
	assert_string_equal(facts.iommu_type, "DMA");
	assert_int_equal(facts.group_devices, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config__is_read_where_distributions_put_it),
		TEST(config__of_another_kernel_or_garbage_says_nothing),
		TEST(config_take__lines_count_whole),
		TEST(config__a_long_line_does_not_hide_a_setting),
		TEST(config__what_the_caller_has_read_counts),
		TEST(ladder__without_strict_devmem_is_that_of_iomem_relaxed),
		TEST(noiommu__facts_name_it),
		TEST(noiommu__opens_its_own_file_and_maps_no_dma),
		TEST(noiommu__a_mode_that_was_turned_off_is_named),
		TEST(dma_why__each_way_of_opening_has_its_own),
		TEST(facts_read__files_instead_of_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
