/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which device and which memory type of Vulkan are taken, and what that memory is called. */

#include <errno.h>
#include <raw_target.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan_core.h>

#include <cmocka.h>

#include "fake_vulkan.h"
#include "json_at.h"
#include "wcbar_tree.h"

#define LOCAL VULKAN_TYPE_DEVICE_LOCAL
#define VISIBLE VULKAN_TYPE_HOST_VISIBLE
#define COHERENT VULKAN_TYPE_HOST_COHERENT
#define CACHED VULKAN_TYPE_HOST_CACHED
#define AMD_UNCACHED 0x80u

static char why[512];

static const struct vulkan_options fake = {.get = fake_vulkan_get};

static void
nothing_lives(void)
{
	assert_int_equal(fake_vulkan.instances, 0);
	assert_int_equal(fake_vulkan.devices, 0);
	assert_int_equal(fake_vulkan.buffers, 0);
	assert_int_equal(fake_vulkan.memories, 0);
	assert_int_equal(fake_vulkan.maps, 0);
}

/* ---- types --------------------------------------------------------------------------------- */

static int
choose(enum vulkan_kind kind, enum vulkan_use use, uint32_t allowed, size_t n,
       const uint32_t *flags)
{
	struct vulkan_facts f = {.n_devices = 1, .n_types = n};

	f.devices[0].kind = kind;
	strcpy(f.devices[0].name, "Fake 1000");
	for (size_t i = 0; i < n; i++)
		f.types[i].flags = flags[i];
	return vulkan_type_choose(&f, allowed, use, why, sizeof(why));
}

static void
vulkan_type_choose__a_discrete_gpu__gives_its_own_uncached_memory(void **state)
{
	static const uint32_t flags[] = {LOCAL,
					 VISIBLE | COHERENT,
					 LOCAL | VISIBLE | CACHED,
					 LOCAL | VISIBLE | COHERENT | AMD_UNCACHED,
					 LOCAL | VISIBLE,
					 LOCAL | VISIBLE | COHERENT};

	(void)state;
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_PUSH, ~0u, 6, flags), 5);
	assert_string_equal(why, "DEVICE_LOCAL and HOST_VISIBLE and not HOST_CACHED");
	/* not coherent, but allowed */
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_PUSH, 1u << 4, 6, flags), 4);
	/* cached, and it says so */
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_PUSH, 1u << 2, 6, flags), 2);
	assert_non_null(strstr(why, "this one is HOST_CACHED too"));
	/* a vendor's own type is not to be allocated as usual */
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_PUSH, 1u << 3, 6, flags),
			 -ENOTSUP);
}

static void
vulkan_type_choose__no_memory_of_its_own__is_refused_or_named(void **state)
{
	static const uint32_t flags[] = {LOCAL, VISIBLE | COHERENT};

	(void)state;
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_PUSH, ~0u, 2, flags), -ENOTSUP);
	assert_non_null(strstr(why, "Fake 1000 has no memory type that is DEVICE_LOCAL and "
				    "HOST_VISIBLE"));
	assert_non_null(strstr(why, "Resizable BAR"));
	assert_int_equal(choose(VULKAN_KIND_INTEGRATED, VULKAN_USE_PUSH, ~0u, 2, flags), 1);
	assert_non_null(strstr(why, "this one is HOST_VISIBLE"));
	assert_int_equal(choose(VULKAN_KIND_CPU, VULKAN_USE_PUSH, 1u, 2, flags), -ENOTSUP);
}

static void
vulkan_type_choose__for_the_host__prefers_cached_ram(void **state)
{
	static const uint32_t flags[] = {LOCAL | VISIBLE | COHERENT | CACHED,
					 LOCAL | VISIBLE | COHERENT, VISIBLE | COHERENT,
					 VISIBLE | COHERENT | CACHED, VISIBLE | CACHED};

	(void)state;
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_HOST, ~0u, 5, flags), 3);
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_HOST, 0x7, 5, flags), 0);
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_HOST, 0x6, 5, flags), 2);
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_HOST, 0x2, 5, flags), 1);
	assert_int_equal(choose(VULKAN_KIND_DISCRETE, VULKAN_USE_HOST, 0x10, 5, flags), -ENOTSUP);
	assert_non_null(strstr(why, "HOST_VISIBLE and HOST_COHERENT"));
}

static void
vulkan_type_flags__any_bits__are_named(void **state)
{
	char text[128];

	(void)state;
	assert_string_equal(vulkan_type_flags(0, text, sizeof(text)), "-");
	assert_string_equal(vulkan_type_flags(LOCAL | CACHED, text, sizeof(text)),
			    "DEVICE_LOCAL HOST_CACHED");
	assert_string_equal(vulkan_type_flags(VISIBLE | 0x80000000u, text, sizeof(text)),
			    "HOST_VISIBLE 0x80000000");
	assert_string_equal(vulkan_type_flags(~0u, text, 8), "DEVICE_");
}

/* ---- devices ------------------------------------------------------------------------------- */

static int
opened_with(const char *device)
{
	const struct vulkan_options o = {.get = fake_vulkan_get, .device = device};
	struct vulkan *v;
	int ret = vulkan_open(&o, &v, why, sizeof(why));

	if (ret == 0) {
		ret = (int)vulkan_facts(v)->device;
		vulkan_close(v);
	}
	nothing_lives();
	return ret;
}

static void
vulkan_open__several_devices__takes_the_best_or_the_one_that_is_meant(void **state)
{
	(void)state;
	fake_vulkan_reset();
	fake_vulkan.n = 4;
	fake_vulkan.gpus[0] = (struct fake_gpu){"Soft Renderer", VULKAN_KIND_CPU, 0, 1, {VISIBLE}};
	fake_vulkan.gpus[1] = (struct fake_gpu){"Fake 900", VULKAN_KIND_INTEGRATED, 2, 1, {LOCAL}};
	fake_vulkan.gpus[2] = (struct fake_gpu){"Fake 1000", VULKAN_KIND_DISCRETE, 5, 1, {LOCAL}};
	fake_vulkan.gpus[3] = (struct fake_gpu){"Fake 2000", VULKAN_KIND_DISCRETE, 6, 1, {LOCAL}};
	assert_int_equal(opened_with(NULL), 2);
	assert_int_equal(opened_with("3"), 3);
	assert_int_equal(opened_with("00:06.0"), 3);
	assert_int_equal(opened_with("0000:00:02.0"), 1);
	assert_int_equal(opened_with("soft"), 0);
	assert_int_equal(opened_with("fake"), -ENODEV);
	assert_string_equal(why, "several devices of Vulkan fit 'fake': expected an index, a PCI "
				 "address or a part of one name of: 0 Soft Renderer, 1 Fake 900, "
				 "2 Fake 1000, 3 Fake 2000");
	assert_int_equal(opened_with("4"), -ENODEV);
	assert_non_null(strstr(why, "Vulkan has no device '4'"));
	assert_int_equal(opened_with("00:07.0"), -ENODEV);
	fake_vulkan.n = 2;
	assert_int_equal(opened_with(NULL), 1);
	fake_vulkan.n = 1;
	assert_int_equal(opened_with(NULL), 0);
}

static void
vulkan_open__a_device__tells_what_it_is(void **state)
{
	const struct vulkan_device *d;
	struct vulkan *v;

	(void)state;
	fake_vulkan_reset();
	assert_int_equal(vulkan_open(&fake, &v, why, sizeof(why)), 0);
	d = &vulkan_facts(v)->devices[0];
	assert_string_equal(d->name, "Fake 1000");
	assert_string_equal(d->bdf, "0000:00:05.0");
	assert_string_equal(d->api, "1.2.203");
	assert_string_equal(d->driver, "fake driver 1.2.3");
	assert_int_equal(vulkan_facts(v)->n_types, 2);
	assert_int_equal(vulkan_facts(v)->types[1].heap_bytes, 256u << 20);
	assert_true(vulkan_has_extension(v, "VK_EXT_pci_bus_info"));
	assert_false(vulkan_has_extension(v, "VK_KHR_shader_clock"));
	/* a queue that only computes leaves the desktop alone */
	assert_int_equal(vulkan_start(v, NULL, why, sizeof(why)), 0);
	assert_int_equal(fake_vulkan.family, 2);
	assert_true(vulkan_facts(v)->compute);
	vulkan_close(v);
	nothing_lives();
}

/* Shaders in a cache on disk would be left behind. */
static void
vulkan_open__caches_of_drivers__are_off_unless_the_user_wants_them(void **state)
{
	(void)state;
	fake_vulkan_reset();
	assert_int_equal(unsetenv("MESA_SHADER_CACHE_DISABLE"), 0);
	assert_int_equal(setenv("__GL_SHADER_DISK_CACHE", "1", 1), 0);
	assert_int_equal(opened_with(NULL), 0);
	assert_string_equal(getenv("MESA_SHADER_CACHE_DISABLE"), "true");
	assert_string_equal(getenv("__GL_SHADER_DISK_CACHE"), "1");
	nothing_lives();
}

static void
vulkan_open__what_is_missing__is_named(void **state)
{
	const struct vulkan_options none = {.library = "libno-such-vulkan.so.1"};
	const struct vulkan_options other = {.library = "libm.so.6"};
	struct vulkan *v;

	(void)state;
	fake_vulkan_reset();
	assert_int_equal(vulkan_open(&none, &v, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "libno-such-vulkan.so.1"));
	assert_non_null(strstr(why, "libvulkan1"));
	assert_null(v);
	assert_int_equal(vulkan_open(&other, &v, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "no Vulkan loader"));
	fake_vulkan.fail_instance = VK_ERROR_INCOMPATIBLE_DRIVER;
	assert_int_equal(opened_with(NULL), -ENODEV);
	assert_non_null(strstr(why, "no driver that works (VK_ERROR_INCOMPATIBLE_DRIVER)"));
	fake_vulkan_reset();
	fake_vulkan.fail_list = VK_ERROR_INITIALIZATION_FAILED;
	assert_int_equal(opened_with(NULL), -ENODEV);
	assert_non_null(strstr(why, "/dev/dri/renderD*"));
	fake_vulkan_reset();
	fake_vulkan.n = 0;
	assert_int_equal(opened_with(NULL), -ENODEV);
	assert_non_null(strstr(why, "Vulkan has no device: install"));
	fake_vulkan_reset();
	fake_vulkan.lacks = "vkMapMemory";
	assert_int_equal(opened_with(NULL), -ENOENT);
	assert_non_null(strstr(why, "no vkMapMemory"));
}

/* ---- memory -------------------------------------------------------------------------------- */

static int
buffer_made(void)
{
	struct vulkan_buffer b;
	struct vulkan *v;
	int ret;

	assert_int_equal(vulkan_open(&fake, &v, why, sizeof(why)), 0);
	ret = vulkan_start(v, NULL, why, sizeof(why));
	if (ret == 0)
		ret = vulkan_buffer_create(v, VULKAN_USE_PUSH, FAKE_BYTES, &b, why, sizeof(why));
	if (ret == 0) {
		assert_ptr_equal(b.addr, fake_vulkan.memory);
		assert_int_equal(b.type, 1);
		assert_int_equal(fake_vulkan.type, 1);
		vulkan_buffer_destroy(v, &b);
		assert_null(b.addr);
		vulkan_buffer_destroy(v, &b);
	}
	vulkan_close(v);
	nothing_lives();
	return ret;
}

static void
vulkan_buffer_create__each_step_that_fails__leaves_nothing(void **state)
{
	(void)state;
	fake_vulkan_reset();
	assert_int_equal(buffer_made(), 0);
	fake_vulkan.fail_device = VK_ERROR_DEVICE_LOST;
	assert_int_equal(buffer_made(), -EIO);
	assert_non_null(strstr(why, "Fake 1000 cannot be used (VK_ERROR_DEVICE_LOST)"));
	fake_vulkan_reset();
	fake_vulkan.fail_buffer = VK_ERROR_OUT_OF_HOST_MEMORY;
	assert_int_equal(buffer_made(), -ENOMEM);
	fake_vulkan_reset();
	fake_vulkan.gpus[0].allowed = 1;
	assert_int_equal(buffer_made(), -ENOTSUP);
	fake_vulkan_reset();
	fake_vulkan.fail_memory = VK_ERROR_OUT_OF_DEVICE_MEMORY;
	assert_int_equal(buffer_made(), -ENOMEM);
	assert_non_null(strstr(why, "gives no 4194304 bytes of memory type 1"));
	fake_vulkan_reset();
	fake_vulkan.fail_map = VK_ERROR_MEMORY_MAP_FAILED;
	assert_int_equal(buffer_made(), -EIO);
	assert_non_null(strstr(why, "cannot be mapped (VK_ERROR_MEMORY_MAP_FAILED)"));
	fake_vulkan_reset();
	fake_vulkan.memory += 8;
	assert_int_equal(buffer_made(), -ENOTSUP);
}

/* ---- what it is called --------------------------------------------------------------------- */

#define DRIVER_MAPPING "0000000000001000-ffffffffffff0000 rw-s 0 00:05 1 /dev/dri/renderD128\n"

static const struct machine machine = {.arch = "test"};

static struct raw_options
options(const char *root)
{
	return (struct raw_options){
		.common = {.setting = "test", .commit = "none", .rounds = 12},
		.way = RAW_WAY_VULKAN,
		.vulkan = fake,
		.lines = 4,
		.root = root,
	};
}

static struct raw_target target;

static void
target_opened(const char *root)
{
	const struct raw_options o = options(root);

	if (raw_target_open(&target, &o, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_int_equal(target.n_types, 1);
}

static void
target_is(enum raw_behind behind, enum wcbar_type type, const char *memory, const char *basis)
{
	assert_int_equal(target.behind, behind);
	assert_int_equal(target.types[0], type);
	assert_string_equal(raw_memory_name(&target, type), memory);
	assert_string_equal(raw_basis(&target, &machine), basis);
	raw_target_close(&target);
	nothing_lives();
}

static void
raw_target_open__a_discrete_gpu__is_measured_where_nothing_contradicts(void **state)
{
	const char *root = tree_make();

	(void)state;
	fake_vulkan_reset();
	tree_bind("fakegpu");
	tree_write(DRIVER_MAPPING "VmFlags: rd wr sh io pf\n", "/proc/self/smaps");
	target_opened(root);
	assert_true(target.has_pci);
	assert_string_equal(target.pci.driver, "fakegpu");
	assert_non_null(strstr(target.type_why, "not HOST_CACHED"));
	assert_non_null(strstr(target.now_why, "cannot be read"));
	target_is(RAW_BEHIND_DEVICE, WCBAR_TYPE_WC, "device memory through a BAR", "measured");
	/* the kernel's list agrees, or knows better */
	tree_pat("write-combining");
	target_opened(root);
	assert_non_null(strstr(target.type_why, "has a WC range in its BAR"));
	target_is(RAW_BEHIND_DEVICE, WCBAR_TYPE_WC, "device memory through a BAR", "measured");
	tree_pat("uncached-minus");
	target_opened(root);
	target_is(RAW_BEHIND_DEVICE, WCBAR_TYPE_UC, "device memory through a BAR", "measured");
	/* memory that the CPU caches, over a link that keeps it coherent */
	tree_unlink("/sys/kernel/debug/x86/pat_memtype_list");
	fake_vulkan.gpus[0].types[1] |= CACHED;
	target_opened(root);
	target_is(RAW_BEHIND_DEVICE, WCBAR_TYPE_WB, "device memory, write-back", "measured");
	tree_remove();
}

static void
raw_target_open__a_gpu_that_may_lie__is_unknown(void **state)
{
	const char *root = tree_make();

	(void)state;
	fake_vulkan_reset();
	/* ordinary pages: this machine's */
	tree_write(DRIVER_MAPPING "VmFlags: rd wr sh\n", "/proc/self/smaps");
	target_opened(root);
	assert_non_null(strstr(target.behind_why, "ordinary pages"));
	target_is(RAW_BEHIND_UNKNOWN, WCBAR_TYPE_UNKNOWN, "unknown", "measured in unknown memory");
	tree_write(DRIVER_MAPPING "VmFlags: rd wr sh io pf\n", "/proc/self/smaps");
	tree_unlink("/proc/self/smaps"); /* as in an initrd: nothing tells */
	target_opened(root);
	assert_non_null(strstr(target.behind_why, "nothing tells what it has mapped"));
	target_is(RAW_BEHIND_UNKNOWN, WCBAR_TYPE_UNKNOWN, "unknown", "measured in unknown memory");
	tree_write(DRIVER_MAPPING "VmFlags: rd wr sh io pf\n", "/proc/self/smaps");
	fake_vulkan.gpus[0].slot = 0; /* no PCI device */
	target_opened(root);
	target_is(RAW_BEHIND_UNKNOWN, WCBAR_TYPE_UNKNOWN, "unknown", "measured in unknown memory");
	fake_vulkan.gpus[0].slot = 9; /* one that sysfs does not have */
	target_opened(root);
	target_is(RAW_BEHIND_UNKNOWN, WCBAR_TYPE_UNKNOWN, "unknown", "measured in unknown memory");
	fake_vulkan.gpus[0].slot = 5;
	fake_vulkan.gpus[0].kind = VULKAN_KIND_VIRTUAL;
	target_opened(root);
	target_is(RAW_BEHIND_UNKNOWN, WCBAR_TYPE_UNKNOWN, "unknown", "measured in unknown memory");
	tree_remove();
}

static void
raw_target_open__no_memory_of_its_own__is_ram(void **state)
{
	const char *root = tree_make();

	(void)state;
	fake_vulkan_reset();
	fake_vulkan.gpus[0].kind = VULKAN_KIND_INTEGRATED;
	target_opened(root);
	target_is(RAW_BEHIND_RAM, WCBAR_TYPE_WC, "RAM, mapped write-combining", "measured in RAM");
	fake_vulkan.gpus[0].types[1] |= CACHED;
	target_opened(root);
	target_is(RAW_BEHIND_RAM, WCBAR_TYPE_WB, "RAM, write-back", "measured in RAM");
	fake_vulkan.gpus[0].kind = VULKAN_KIND_CPU;
	target_opened(root);
	target_is(RAW_BEHIND_RAM, WCBAR_TYPE_WB, "write-back RAM (software renderer)",
		  "measured in RAM");
	tree_remove();
}

/* Its link, a BAR that can be resized, and which memory types there were. */
static void
raw_json__a_gpu__names_device_link_and_types(void **state)
{
	static struct raw_mapping mapping;
	const char *root = tree_make();
	const struct raw_options o = options(root);
	struct json_object *made, *read;

	(void)state;
	fake_vulkan_reset();
	tree_write(DRIVER_MAPPING "VmFlags: rd wr sh io pf\n", "/proc/self/smaps");
	tree_write("16.0 GT/s PCIe\n", "%s", tree_device("current_link_speed"));
	tree_write("32.0 GT/s PCIe\n", "%s", tree_device("max_link_speed"));
	tree_write("8\n", "%s", tree_device("current_link_width"));
	tree_write("16\n", "%s", tree_device("max_link_width"));
	tree_write("0000000000000fff\n", "%s", tree_device("resource2_resize"));
	target_opened(root);
	target.source->measure(&target, &o, target.types[0], 0, &mapping);
	if (mapping.error != 0)
		fail_msg("%s", mapping.why);
	made = raw_json(&o, &machine, &target, &mapping, 1);
	read = json_tokener_parse(json_object_to_json_string(made));
	json_object_put(made);
	assert_non_null(read);
	assert_string_equal(json_text_at(read, "/device/bdf"), "0000:00:05.0");
	assert_string_equal(json_text_at(read, "/target/kind"), "vulkan");
	assert_string_equal(json_text_at(read, "/target/pci/link/current_speed"), "16.0 GT/s PCIe");
	assert_int_equal(json_object_get_int(json_at(read, "/target/pci/link/current_width")), 8);
	assert_int_equal(json_object_get_int(json_at(read, "/target/pci/link/max_width")), 16);
	assert_null(json_at(read, "/target/pci/narrowest_link"));
	/* BAR 1 and BAR 2 are memory */
	assert_int_equal(json_object_get_int(json_at(read, "/target/pci/bars/1/bar")), 2);
	assert_true(json_object_get_boolean(json_at(read, "/target/pci/bars/1/resizable")));
	assert_false(json_object_get_boolean(json_at(read, "/target/pci/bars/0/resizable")));
	assert_string_equal(json_text_at(read, "/target/vulkan/types/1/flags"),
			    "DEVICE_LOCAL HOST_VISIBLE HOST_COHERENT");
	assert_true(json_object_get_boolean(json_at(read, "/target/vulkan/types/1/chosen")));
	assert_false(json_object_get_boolean(json_at(read, "/target/vulkan/types/0/chosen")));
	assert_string_equal(json_text_at(read, "/target/vulkan/devices/0/name"), "Fake 1000");
	assert_int_equal(json_object_get_int(json_at(read, "/mappings/0/rounds")), 12);
	assert_int_equal(json_object_array_length(json_at(read, "/mappings/0/stores")), 1);
	json_object_put(read);
	raw_mapping_fini(&mapping);
	raw_target_close(&target);
	nothing_lives();
	tree_remove();
}

/* What a read shows, no name outweighs. */
static void
raw_target_doubt__a_read_as_fast_as_a_cache__is_no_wc_mapping(void **state)
{
	static struct raw_mapping mapping;
	const char *root = tree_make();

	(void)state;
	fake_vulkan_reset();
	tree_write(DRIVER_MAPPING "VmFlags: rd wr sh io pf\n", "/proc/self/smaps");
	target_opened(root);
	mapping.type = WCBAR_TYPE_WC;
	raw_target_doubt(&target, -1, &mapping);
	raw_target_doubt(&target, 800, &mapping);
	assert_int_equal(mapping.type, WCBAR_TYPE_WC);
	assert_int_equal(target.behind, RAW_BEHIND_DEVICE);
	raw_target_doubt(&target, 2, &mapping);
	assert_int_equal(mapping.type, WCBAR_TYPE_UNKNOWN);
	assert_non_null(strstr(target.type_why, "8 bytes are read in 2.0 ns"));
	target_is(RAW_BEHIND_UNKNOWN, WCBAR_TYPE_UNKNOWN, "unknown", "measured in unknown memory");
	tree_remove();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vulkan_type_choose__a_discrete_gpu__gives_its_own_uncached_memory),
		cmocka_unit_test(vulkan_type_choose__no_memory_of_its_own__is_refused_or_named),
		cmocka_unit_test(vulkan_type_choose__for_the_host__prefers_cached_ram),
		cmocka_unit_test(vulkan_type_flags__any_bits__are_named),
		cmocka_unit_test(
			vulkan_open__several_devices__takes_the_best_or_the_one_that_is_meant),
		cmocka_unit_test(vulkan_open__a_device__tells_what_it_is),
		cmocka_unit_test(
			vulkan_open__caches_of_drivers__are_off_unless_the_user_wants_them),
		cmocka_unit_test(vulkan_open__what_is_missing__is_named),
		cmocka_unit_test(vulkan_buffer_create__each_step_that_fails__leaves_nothing),
		cmocka_unit_test(
			raw_target_open__a_discrete_gpu__is_measured_where_nothing_contradicts),
		cmocka_unit_test(raw_target_open__a_gpu_that_may_lie__is_unknown),
		cmocka_unit_test(raw_target_open__no_memory_of_its_own__is_ram),
		cmocka_unit_test(raw_json__a_gpu__names_device_link_and_types),
		cmocka_unit_test(raw_target_doubt__a_read_as_fast_as_a_cache__is_no_wc_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
