/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which BARs may be write-combining for others, what a kernel would answer, and holds. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbar_hold.h>

#include "wcbar_tree.h"

static char why[WCBAR_WHY_BYTES];
static struct wcbar_pci_facts facts;
static struct wcbar_hold *hold, *second;

static int
setup(void **state)
{
	(void)state;
	tree_make();
	tree_bind_vfio(false);
	why[0] = '\0';
	hold = second = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wcbar_hold_close(hold);
	wcbar_hold_close(second);
	tree_remove();
	return 0;
}

static void
facts_read(void)
{
	const struct wcbar_pci_options options = tree_options();

	assert_int_equal(wcbar_pci_facts_read(BDF, &options, &facts, why, sizeof(why)), 0);
}

static int
hold_open(unsigned int flags, struct wcbar_hold **out)
{
	const struct wcbar_pci_options options = tree_options();

	return wcbar_hold_open(BDF, &options, 2, flags, out, why, sizeof(why));
}

static void
text_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* The first `bytes` of configuration space, with MSI-X behind another capability. */
static void
config_write(uint8_t table_bar, uint8_t pba_bar, size_t bytes)
{
	uint8_t config[256] = {0};
	char path[PATH_MAX];
	int fd;

	config[0x06] = 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x10; /* PCI Express */
	config[0x41] = 0xa0;
	config[0xa0] = 0x11; /* MSI-X: offset 0x2000 in either BAR */
	config[0xa4] = table_bar;
	config[0xa5] = 0x20;
	config[0xa8] = pba_bar;
	config[0xa9] = 0x20;
	snprintf(path, sizeof(path), "%s%s", tree_options().root, tree_device("config"));
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, config, bytes), bytes);
	close(fd);
}

/* ---- MSI-X --------------------------------------------------------------------------------- */

static void
facts_read__msix__its_bars_are_known(void **state)
{
	(void)state;
	config_write(1, 3, 256);
	facts_read();
	assert_true(facts.caps_known);
	assert_int_equal(facts.msix_table_bar, 1);
	assert_int_equal(facts.msix_pba_bar, 3);
}

static void
facts_read__no_capabilities__no_msix(void **state)
{
	(void)state;
	facts_read();
	assert_true(facts.caps_known);
	assert_int_equal(facts.msix_table_bar, -1);
	assert_int_equal(facts.msix_pba_bar, -1);
}

static void
facts_read__64_bytes_as_users_see__msix_is_unknown(void **state)
{
	(void)state;
	config_write(1, 1, 64);
	facts_read();
	assert_false(facts.caps_known);
}

/* Power management at 0xf8 has 8 bytes, and the list goes on from there. */
static void
facts_read__msix_behind_a_capability_at_the_end__is_known(void **state)
{
	const uint8_t first = 0xf8, end[8] = {0x01, 0x40};
	char path[PATH_MAX];
	int fd;

	(void)state;
	config_write(1, 3, 256);
	snprintf(path, sizeof(path), "%s%s", tree_options().root, tree_device("config"));
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, &first, 1, 0x34), 1);
	assert_int_equal(pwrite(fd, end, sizeof(end), 0xf8), sizeof(end));
	close(fd);
	facts_read();
	assert_true(facts.caps_known);
	assert_int_equal(facts.msix_table_bar, 1);
	assert_int_equal(facts.msix_pba_bar, 3);
}

static void
facts_read__capabilities_in_a_circle__end(void **state)
{
	uint8_t circle[2] = {0x10, 0x40};
	char path[PATH_MAX];
	int fd;

	(void)state;
	config_write(1, 1, 256);
	snprintf(path, sizeof(path), "%s%s", tree_options().root, tree_device("config"));
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, circle, 2, 0x40), 2);
	close(fd);
	facts_read();
	assert_true(facts.caps_known);
	assert_int_equal(facts.msix_table_bar, -1);
}

static void
facts_read__a_drivers_name_of_no_kernel__is_made_harmless(void **state)
{
	(void)state;
	tree_unlink(tree_device("driver"));
	tree_link(tree_device("driver"), "../drivers/a \"b\033\n\xff");
	facts_read();
	assert_string_equal(facts.driver, "a \"b???");
}

/* ---- wcbar_wc_check() ---------------------------------------------------------------------- */

static int
check(unsigned int bar)
{
	facts_read();
	why[0] = '\0';
	return wcbar_wc_check(&facts, bar, why, sizeof(why));
}

static void
wc_check__window__may_be(void **state)
{
	(void)state;
	config_write(1, 1, 256);
	assert_int_equal(check(2), 0);
}

static void
wc_check__registers_and_what_is_not_there__each_with_its_reason(void **state)
{
	(void)state;
	assert_int_equal(check(0), -ENOTSUP);
	text_has(why, "I/O ports");
	assert_int_equal(check(1), -ENOTSUP);
	text_has(why, "not prefetchable");
	assert_int_equal(check(3), -ENODEV);
	text_has(why, "upper half");
	assert_int_equal(check(6), -ENODEV);
	config_write(2, 1, 256);
	assert_int_equal(check(2), -ENOTSUP);
	text_has(why, "MSI-X table");
	config_write(1, 2, 256);
	assert_int_equal(check(2), -ENOTSUP);
	text_has(why, "pending bits");
	config_write(1, 1, 64);
	assert_int_equal(check(2), -ENODATA);
	text_has(why, "be root");
}

static void
wc_check__what_stands_against_it_now__each_with_its_reason(void **state)
{
	(void)state;
	tree_write("none [integrity] confidentiality\n", "/sys/kernel/security/lockdown");
	assert_int_equal(check(2), -EPERM);
	text_has(why, "Secure Boot");
	tree_bind("ena");
	assert_int_equal(check(2), -EBUSY);
	text_has(why, "driver ena");
	tree_unlink("/sys/kernel/security/lockdown");
	tree_bind("vfio-pci");
	tree_unlink(tree_device("resource2_wc"));
	assert_int_equal(check(2), -ENOENT);
	text_has(why, "nopat");
}

/* ---- forecasts ----------------------------------------------------------------------------- */

static struct wcbar_forecast
forecast(const char *kernel, bool of_hold)
{
	struct wcbar_forecast f;

	tree_write(kernel, "/proc/sys/kernel/osrelease");
	facts_read();
	if (of_hold)
		wcbar_hold_forecast(&facts, 2, &f);
	else
		wcbar_inplace_forecast(&facts, 2, &f);
	return f;
}

static void
inplace_forecast__by_kernel(void **state)
{
	struct wcbar_forecast f = forecast("6.1.0-56-amd64\n", false);

	(void)state;
	assert_int_equal(f.error, 0);
	assert_true(f.sure);
	assert_int_equal(f.rung, WCBAR_RUNG_SYSFS_VFIO);
	f = forecast("6.12.117\n", false);
	assert_int_equal(f.error, 0);
	assert_int_equal(f.rung, WCBAR_RUNG_SYSFS_VFIO);
	f = forecast("6.17.0\n", false);
	assert_int_equal(f.error, 0);
	assert_false(f.sure);
	f = forecast("7.3.4\n", false);
	if (wcbar_hold_has_effect()) {
		assert_int_equal(f.error, 0);
		assert_int_equal(f.rung, WCBAR_RUNG_VFIO_PAT);
	} else {
		assert_int_equal(f.error, -EINVAL);
		text_has(f.why, "iomem=relaxed");
	}
	tree_iomem_relaxed();
	f = forecast("7.3.4\n", false);
	assert_int_equal(f.error, 0);
	assert_int_equal(f.rung, WCBAR_RUNG_SYSFS_RELAXED);
}

/* By its source such a kernel does what iomem=relaxed does; nobody has looked. */
static void
forecasts__kernel_without_strict_devmem__as_if_relaxed(void **state)
{
	struct wcbar_forecast f;

	(void)state;
	tree_write("CONFIG_X86=y\n# CONFIG_IO_STRICT_DEVMEM is not set\n", "/boot/config-6.12.1");
	f = forecast("6.12.1\n", false);
	assert_int_equal(f.error, 0);
	assert_int_equal(f.rung, WCBAR_RUNG_SYSFS_RELAXED);
	assert_false(f.sure);
	text_has(f.why, "CONFIG_IO_STRICT_DEVMEM");
	f = forecast("6.12.1\n", true);
	assert_int_equal(f.error, wcbar_hold_has_effect() ? 0 : -ENOTSUP);
	if (wcbar_hold_has_effect())
		assert_false(f.sure);
}

static void
inplace_forecast__by_driver(void **state)
{
	struct wcbar_forecast f;

	(void)state;
	tree_unlink(tree_device("driver"));
	f = forecast("6.12.117\n", false);
	assert_int_equal(f.error, -ENODEV);
	text_has(f.why, "vfio-pci first");
	tree_bind("uio_pci_generic");
	f = forecast("6.12.117\n", false);
	assert_int_equal(f.error, -ENOTSUP);
	text_has(f.why, "uio_pci_generic");
	tree_bind("virtio-pci");
	f = forecast("6.12.117\n", false);
	assert_int_equal(f.error, -EBUSY);
}

static void
hold_forecast__by_kernel(void **state)
{
	struct wcbar_forecast f = forecast("6.12.117\n", true);

	(void)state;
	if (!wcbar_hold_has_effect()) {
		assert_int_equal(f.error, -ENOTSUP);
		text_has(f.why, "type of its own");
		return;
	}
	assert_int_equal(f.error, -EINVAL);
	assert_int_equal(f.rung, WCBAR_RUNGS);
	text_has(f.why, "start a dynamically linked program with wcrun");
	f = forecast("7.3.4\n", true);
	assert_int_equal(f.error, 0);
	assert_true(f.sure);
	text_has(f.why, "opened VFIO");
	f = forecast("6.17.0\n", true);
	assert_int_equal(f.error, 0);
	assert_false(f.sure);
	tree_iomem_relaxed();
	f = forecast("6.1.0\n", true);
	assert_int_equal(f.error, 0);
	text_has(f.why, "mapped the BAR");
	tree_unlink(tree_device("driver"));
	f = forecast("7.3.4\n", true);
	assert_int_equal(f.error, -ENODEV);
}

/* ---- holds --------------------------------------------------------------------------------- */

/* How often this process maps resource2_wc. */
static unsigned int
mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int n = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		n += strstr(line, "/resource2_wc\n") != NULL;
	fclose(maps);
	return n;
}

static void
hold_open__maps_all_until_close(void **state)
{
	const unsigned int fds = fds_open();

	(void)state;
	assert_int_equal(hold_open(WCBAR_HOLD_ALONE, &hold), 0);
	assert_int_equal(mappings(), 1);
	wcbar_hold_close(hold);
	hold = NULL;
	assert_int_equal(mappings(), 0);
	assert_int_equal(fds_open(), fds);
}

static void
hold_open__alone__the_second_is_told(void **state)
{
	(void)state;
	assert_int_equal(hold_open(WCBAR_HOLD_ALONE, &hold), 0);
	assert_int_equal(hold_open(WCBAR_HOLD_ALONE, &second), -EALREADY);
	assert_null(second);
	text_has(why, "another wcrun");
	assert_int_equal(hold_open(0, &second), 0);
	wcbar_hold_close(hold);
	hold = NULL;
	wcbar_hold_close(second);
	assert_int_equal(hold_open(WCBAR_HOLD_ALONE, &second), 0);
}

static void
hold_open__refused_bar__nothing_is_mapped(void **state)
{
	const unsigned int fds = fds_open();

	(void)state;
	config_write(2, 2, 256);
	assert_int_equal(hold_open(WCBAR_HOLD_ALONE, &hold), -ENOTSUP);
	assert_null(hold);
	assert_int_equal(mappings(), 0);
	assert_int_equal(fds_open(), fds);
}

static void
hold_open__mapped_uncached_by_somebody__is_refused(void **state)
{
	(void)state;
	if (!wcbar_hold_has_effect())
		skip();
	tree_pat("uncached-minus");
	assert_int_equal(hold_open(0, &hold), -EBUSY);
	text_has(why, "mapped UC by somebody");
	assert_int_equal(mappings(), 0);
	tree_pat("write-combining");
	assert_int_equal(hold_open(0, &hold), 0);
}

static void
hold_open__kernel_refuses__says_why_and_leaves_nothing(void **state)
{
	const unsigned int fds = fds_open();

	(void)state;
	fail_mmap = 1; /* EINVAL */
	assert_int_equal(hold_open(WCBAR_HOLD_ALONE, &hold), -EINVAL);
	text_has(why, "claimed");
	for (fail_calloc = 1; fail_calloc <= 2; fail_calloc++) {
		const unsigned int nth = fail_calloc;

		assert_int_equal(hold_open(0, &hold), -ENOMEM);
		fail_calloc = nth;
	}
	fail_calloc = 0;
	assert_int_equal(fds_open(), fds);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(facts_read__msix__its_bars_are_known),
		T(facts_read__no_capabilities__no_msix),
		T(facts_read__64_bytes_as_users_see__msix_is_unknown),
		T(facts_read__msix_behind_a_capability_at_the_end__is_known),
		T(facts_read__capabilities_in_a_circle__end),
		T(facts_read__a_drivers_name_of_no_kernel__is_made_harmless),
		T(wc_check__window__may_be),
		T(wc_check__registers_and_what_is_not_there__each_with_its_reason),
		T(wc_check__what_stands_against_it_now__each_with_its_reason),
		T(inplace_forecast__by_kernel),
		T(forecasts__kernel_without_strict_devmem__as_if_relaxed),
		T(inplace_forecast__by_driver),
		T(hold_forecast__by_kernel),
		T(hold_open__maps_all_until_close),
		T(hold_open__alone__the_second_is_told),
		T(hold_open__refused_bar__nothing_is_mapped),
		T(hold_open__mapped_uncached_by_somebody__is_refused),
		T(hold_open__kernel_refuses__says_why_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
