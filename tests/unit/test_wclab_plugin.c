/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The lab's plugin as a file: its errors when the QEMU that loads it does not fit. */

#include <dlfcn.h>
#include <fcntl.h>
#include <qemu_api.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbase.h>

#include "capture.h"

/*
 * The plugin's file, loaded as QEMU loads it, by a program that has nothing of QEMU's but GLib's
 * names: what it says to a QEMU that is not the one which it was written for.
 */

#define ABSENT "/nowhere/link.conf"

typedef int (*install_fn)(uint64_t id, const struct qemu_info *info, int argc, char **argv);

static const char *plugin_path;
static void *plugin;

/* Never called: the plugin must refuse before it uses them. */
WC_PUBLIC struct g_array *
g_byte_array_new(void)
{
	fail();
	return NULL;
}

WC_PUBLIC struct g_array *
g_byte_array_set_size(struct g_array *array, unsigned int bytes)
{
	(void)bytes;
	fail();
	return array;
}

WC_PUBLIC char *
g_array_free(struct g_array *array, int free_segment)
{
	(void)array;
	(void)free_segment;
	fail();
	return NULL;
}

static const struct qemu_info qemu_11 = {
	.target_name = "aarch64",
	.version = {.min = QEMU_API_VERSION, .cur = QEMU_API_VERSION},
	.system_emulation = true,
	.system = {.smp_vcpus = 1, .max_vcpus = 1},
};

static int
load(void **state)
{
	(void)state;
	plugin = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
	if (plugin == NULL)
		fprintf(stderr, "%s\n", dlerror());
	return plugin != NULL ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	return dlclose(plugin);
}

/* Lets the plugin answer, and what it says to standard error. */
static int
installed(const struct qemu_info *info, int argc, char **argv, char *said, size_t said_bytes)
{
	install_fn install = (install_fn)(uintptr_t)dlsym(plugin, "qemu_plugin_install");
	struct capture c;
	int ret;

	assert_non_null(install);
	capture_begin(&c);
	ret = install(1, info, argc, argv);
	capture_end(&c, said, said_bytes);
	return ret;
}

static void
refused(const struct qemu_info *info, const char *expected)
{
	char link[] = "link=" ABSENT, out[] = "out=/nowhere/out.json", said[512];
	char *argv[] = {link, out};

	assert_int_not_equal(installed(info, 2, argv, said, sizeof(said)), 0);
	assert_string_equal(said, expected);
}

static void
file__without_qemu__loads_and_names_its_api(void **state)
{
	const int *version = dlsym(plugin, "qemu_plugin_version");

	(void)state;
	assert_non_null(version);
	assert_int_equal(*version, QEMU_API_VERSION);
}

static void
install__older_api__refused_with_both_versions(void **state)
{
	struct qemu_info info = qemu_11;

	(void)state;
	info.version.min = 2;
	info.version.cur = QEMU_API_VERSION - 1;
	refused(&info, "wclab: QEMU's plugin API is 2 to 6, this plugin speaks 7\n");
}

static void
install__newer_api__refused_with_both_versions(void **state)
{
	struct qemu_info info = qemu_11;

	(void)state;
	info.version.min = QEMU_API_VERSION + 1;
	info.version.cur = QEMU_API_VERSION + 2;
	refused(&info, "wclab: QEMU's plugin API is 8 to 9, this plugin speaks 7\n");
}

static void
install__other_machine__refused_with_its_name(void **state)
{
	struct qemu_info info = qemu_11;

	(void)state;
	info.target_name = "x86_64";
	refused(&info, "wclab: only qemu-system-aarch64 can be watched, this is x86_64\n");
}

static void
install__user_emulation__refused(void **state)
{
	struct qemu_info info = qemu_11;

	(void)state;
	info.system_emulation = false;
	refused(&info, "wclab: only qemu-system-aarch64 can be watched, this is aarch64\n");
}

/* With a QEMU that fits, the plugin names the next error. */
static void
install__fitting_api__goes_on_to_the_link(void **state)
{
	char link[] = "link=" ABSENT, out[] = "out=/nowhere/out.json", said[512];
	char *argv[] = {link, out};

	(void)state;
	assert_int_not_equal(installed(&qemu_11, 2, argv, said, sizeof(said)), 0);
	assert_ptr_equal(strstr(said, "wclab: link=" ABSENT ": "), said);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file__without_qemu__loads_and_names_its_api),
		cmocka_unit_test(install__older_api__refused_with_both_versions),
		cmocka_unit_test(install__newer_api__refused_with_both_versions),
		cmocka_unit_test(install__other_machine__refused_with_its_name),
		cmocka_unit_test(install__user_emulation__refused),
		cmocka_unit_test(install__fitting_api__goes_on_to_the_link),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s wclab_watch.so\n", argv[0]);
		return 2;
	}
	plugin_path = argv[1];
	return cmocka_run_group_tests(tests, load, unload);
}
