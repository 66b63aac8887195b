/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Dumb buffers of a DRM that answers behind ioctl(); the card is a file. */

#include <drm.h>
#include <drm_mode.h>
#include <errno.h>
#include <folder.h>
#include <raw_target.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BUFFER_BYTES (4u << 20)
#define BUFFER_OFF 0x10000u
#define HANDLE 7u
#define NOBODY 65534

static char root[64], card[96], why[512];
static struct raw_target target;

static struct {
	unsigned long fail; /* this request */
	int error;
	bool no_dumb;
	unsigned int made, destroyed;
} drm;

int __wrap_ioctl(int fd, unsigned long request, ...);

static int
answer(unsigned long request, void *arg)
{
	struct drm_version *v = arg;
	struct drm_mode_create_dumb *create = arg;

	switch (request) {
	case DRM_IOCTL_VERSION:
		v->version_major = 1;
		v->version_minor = 6;
		assert_true(v->name_len >= 4);
		strcpy(v->name, "fake");
		strcpy(v->desc, "Fake graphics");
		return 0;
	case DRM_IOCTL_GET_CAP:
		((struct drm_get_cap *)arg)->value = !drm.no_dumb;
		return 0;
	case DRM_IOCTL_MODE_CREATE_DUMB:
		create->size = (uint64_t)create->width * create->height * create->bpp / 8;
		assert_int_equal(create->size, BUFFER_BYTES);
		create->handle = HANDLE;
		drm.made++;
		return 0;
	case DRM_IOCTL_MODE_MAP_DUMB:
		assert_int_equal(((struct drm_mode_map_dumb *)arg)->handle, HANDLE);
		((struct drm_mode_map_dumb *)arg)->offset = BUFFER_OFF;
		return 0;
	case DRM_IOCTL_MODE_DESTROY_DUMB:
		assert_int_equal(((struct drm_mode_destroy_dumb *)arg)->handle, HANDLE);
		drm.destroyed++;
		return 0;
	default:
		errno = ENOTTY;
		return -1;
	}
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request != drm.fail)
		return answer(request, arg);
	errno = drm.error;
	return -1;
}

static void
file_write(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
setup(void **state)
{
	char path[96];

	(void)state;
	memset(&drm, 0, sizeof(drm));
	strcpy(root, "/tmp/wcbench-drm-XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/proc", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/self", root);
	assert_int_equal(mkdir(path, 0700), 0);
	file_write("card0", "");
	snprintf(card, sizeof(card), "%s/card0", root);
	return truncate(card, BUFFER_OFF + BUFFER_BYTES);
}

static int
teardown(void **state)
{
	(void)state;
	return folder_remove(root);
}

static struct raw_options
options(void)
{
	return (struct raw_options){
		.common = {.setting = "test", .commit = "none", .rounds = 3},
		.way = RAW_WAY_DRM,
		.file = card,
		.lines = 4,
		.root = root,
	};
}

static int
opened(void)
{
	const struct raw_options o = options();

	return raw_target_open(&target, &o, why, sizeof(why));
}

static void
raw_target_drm__ordinary_pages__are_ram(void **state)
{
	(void)state;
	file_write("proc/self/smaps", "0000000000001000-ffffffffffff0000 rw-s 0 00:05 1 /x\n"
				      "VmFlags: rd wr sh\n");
	assert_int_equal(opened(), 0);
	assert_int_equal(target.behind, RAW_BEHIND_RAM);
	assert_int_equal(target.types[0], WCBAR_TYPE_UNKNOWN);
	assert_string_equal(raw_memory_name(&target, target.types[0]), "RAM, of unknown type");
	assert_int_equal(drm.made, 1);
	assert_int_equal(drm.destroyed, 0);
	raw_target_close(&target);
	assert_int_equal(drm.destroyed, 1);
}

/* A mapping of page frames may be of either; the stores are those that any drawing program does. */
static void
raw_target_drm__page_frames__are_unknown_and_measured(void **state)
{
	static struct raw_mapping mapping;
	const struct raw_options o = options();
	bool wide = false;

	(void)state;
	file_write("proc/self/smaps", "0000000000001000-ffffffffffff0000 rw-s 0 00:05 1 /x\n"
				      "VmFlags: rd wr sh io pf\n");
	assert_int_equal(opened(), 0);
	assert_int_equal(target.behind, RAW_BEHIND_UNKNOWN);
	assert_non_null(strstr(target.behind_why, "driver fake maps it"));
	assert_non_null(strstr(target.type_why, "physical address is not known"));
	assert_non_null(strstr(target.name, "driver fake"));
	target.source->measure(&target, &o, target.types[0], 0, &mapping);
	assert_int_equal(mapping.error, 0);
	assert_int_equal(mapping.type, WCBAR_TYPE_UNKNOWN);
	for (size_t i = 0; i < mapping.n; i++)
		wide |= mapping.cells[i].what == RAW_LINES &&
			strcmp(mapping.cells[i].store->name, "u64") != 0;
	assert_true(wide || !mapping.direct);
	raw_mapping_fini(&mapping);
	raw_target_close(&target);
	assert_int_equal(drm.destroyed, 1);
}

static void
raw_target_drm__each_step_that_fails__is_named_and_leaves_nothing(void **state)
{
	static const struct {
		unsigned long request;
		int error, ret;
		const char *said;
	} steps[] = {
		{DRM_IOCTL_VERSION, ENOTTY, -ENOTTY, "is no device of DRM"},
		{DRM_IOCTL_GET_CAP, EINVAL, -ENOTSUP, "has no dumb buffers"},
		{DRM_IOCTL_MODE_CREATE_DUMB, EACCES, -EACCES, "gives no dumb buffer: Permission"},
		{DRM_IOCTL_MODE_MAP_DUMB, ENOMEM, -ENOMEM, "gives no dumb buffer: Cannot"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		drm.fail = steps[i].request;
		drm.error = steps[i].error;
		assert_int_equal(opened(), steps[i].ret);
		if (strstr(why, steps[i].said) == NULL)
			fail_msg("'%s' lacks '%s'", why, steps[i].said);
		assert_int_equal(drm.made, drm.destroyed);
	}
	drm.fail = 0;
	drm.no_dumb = true;
	assert_int_equal(opened(), -ENOTSUP);
	assert_non_null(strstr(why, "driver fake"));
}

static void
raw_target_drm__no_card_or_no_right__says_what_would_do(void **state)
{
	const bool was_root = geteuid() == 0;
	int ret;

	(void)state;
	assert_int_equal(unlink(card), 0);
	assert_int_equal(opened(), -ENOENT);
	assert_non_null(strstr(why, "/dev/dri/card0"));
	file_write("card0", "");
	assert_int_equal(chmod(card, 0), 0);
	/* root may open everything */
	if (was_root && seteuid(NOBODY) != 0)
		return;
	ret = opened();
	if (was_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(ret, -EACCES);
	assert_non_null(strstr(why, "be in its group (video), or root"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(raw_target_drm__ordinary_pages__are_ram, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			raw_target_drm__page_frames__are_unknown_and_measured, setup, teardown),
		cmocka_unit_test_setup_teardown(
			raw_target_drm__each_step_that_fails__is_named_and_leaves_nothing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			raw_target_drm__no_card_or_no_right__says_what_would_do, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
