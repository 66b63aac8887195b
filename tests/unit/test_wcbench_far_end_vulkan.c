/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The far end's shader, run by a software renderer, and a Vulkan that fails. Where there is no such
 * renderer, or the shader was not built, each test says so and is skipped.
 */

#include <dlfcn.h>
#include <errno.h>
#include <far_end.h>
#include <fcntl.h>
#include <glob.h>
#include <raw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vulkan_calls.h>

#include <cmocka.h>

#include "json_at.h"

#define SKIPPED 77 /* Meson's word for a test that had nothing to test */

static struct far_end result;

/* ---- a Vulkan whose functions can fail ----------------------------------------------------- */

static vulkan_get_fn real_get;

/* The function that is not the real one. */
static const char *failing;
static vulkan_fn fake;          /* NULL: it is not there */
static unsigned int good_calls; /* so many calls are still the real one's */
static PFN_vkGetFenceStatus real_fence_status;
static PFN_vkQueueSubmit real_queue_submit;

static vulkan_fn
get(void *instance, const char *name)
{
	const vulkan_fn real = real_get(instance, name);

	if (strcmp(name, "vkGetFenceStatus") == 0)
		real_fence_status = (PFN_vkGetFenceStatus)real;
	if (strcmp(name, "vkQueueSubmit") == 0)
		real_queue_submit = (PFN_vkQueueSubmit)real;
	return failing != NULL && strcmp(name, failing) == 0 ? fake : real;
}

/* The dispatch ends all the same: what it uses is destroyed afterwards. */
static VKAPI_ATTR VkResult VKAPI_CALL
fence_status_lost(VkDevice device, VkFence fence)
{
	const VkResult result_now = real_fence_status(device, fence);

	if (good_calls > 0)
		good_calls--;
	return good_calls > 0 || result_now == VK_NOT_READY ? result_now : VK_ERROR_DEVICE_LOST;
}

static VKAPI_ATTR VkResult VKAPI_CALL
fence_status_never(VkDevice device, VkFence fence)
{
	(void)device, (void)fence;
	return VK_NOT_READY;
}

static VKAPI_ATTR VkResult VKAPI_CALL
queue_submit_lost(VkQueue queue, uint32_t n, const VkSubmitInfo *submits, VkFence fence)
{
	if (good_calls == 0)
		return VK_ERROR_DEVICE_LOST;
	good_calls--;
	return real_queue_submit(queue, n, submits, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
module_fails(VkDevice device, const VkShaderModuleCreateInfo *info,
	     const VkAllocationCallbacks *allocator, VkShaderModule *module)
{
	(void)device, (void)info, (void)allocator, (void)module;
	return VK_ERROR_OUT_OF_HOST_MEMORY;
}

static VKAPI_ATTR VkResult VKAPI_CALL
pipelines_fail(VkDevice device, VkPipelineCache cache, uint32_t n,
	       const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *allocator,
	       VkPipeline *pipelines)
{
	(void)device, (void)cache, (void)n, (void)infos, (void)allocator, (void)pipelines;
	return VK_ERROR_INITIALIZATION_FAILED;
}

/* ---- the renderer -------------------------------------------------------------------------- */

static char why_not[512]; /* why there is no renderer */

/* Leaves no driver to Vulkan but the software renderer's. */
static int
renderer_find(void **state)
{
	glob_t found;
	void *library;

	(void)state;
	if (glob("/usr/share/vulkan/icd.d/lvp_icd*.json", 0, NULL, &found) != 0) {
		snprintf(why_not, sizeof(why_not),
			 "no software renderer: mesa-vulkan-drivers is not installed");
		return 0;
	}
	assert_int_equal(setenv("VK_ICD_FILENAMES", found.gl_pathv[0], 1), 0);
	assert_int_equal(setenv("VK_DRIVER_FILES", found.gl_pathv[0], 1), 0);
	globfree(&found);
	library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		snprintf(why_not, sizeof(why_not), "no Vulkan: libvulkan1 is not installed");
		return 0;
	}
	*(void **)&real_get = dlsym(library, "vkGetInstanceProcAddr");
	assert_non_null(real_get);
	return 0;
}

static int
reset(void **state)
{
	(void)state;
	failing = NULL;
	fake = NULL;
	good_calls = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	far_end_fini(&result);
	return 0;
}

static bool given_up; /* the device was, by the last measurement */

/* Measures, or skips the test. */
static void
measure(const struct far_end_options *o)
{
	const struct vulkan_options options = {.get = get};
	char why[512] = "";
	struct vulkan *v;

	if (why_not[0] == '\0' && vulkan_open(&options, &v, why, sizeof(why)) != 0)
		snprintf(why_not, sizeof(why_not), "no software renderer: %.400s", why);
	if (why_not[0] == '\0') {
		if (vulkan_start(v, far_end_start(v), why, sizeof(why)) != 0)
			fail_msg("%s", why);
		far_end_fini(&result);
		far_end_measure(v, o, &result);
		snprintf(result.basis, sizeof(result.basis), "RAM");
		given_up = v->device == NULL;
		vulkan_close(v);
		if (result.error == -ENOSYS)
			snprintf(why_not, sizeof(why_not), "%s", result.why);
	}
	if (why_not[0] != '\0') {
		print_message("skipped: %s\n", why_not);
		skip();
	}
}

/* Nothing here goes by a time: a machine that is too slow misses lines, and loses none. */
static void
lines_check(unsigned int rounds)
{
	uint64_t whole = 0;

	if (result.error != 0)
		fail_msg("%s", result.why);
	assert_false(given_up);
	assert_true(result.proved);
	assert_int_equal(result.rounds, rounds);
	assert_int_equal(result.kind, VULKAN_KIND_CPU);
	assert_true(result.n > FAR_END_BURSTS);
	for (size_t i = 0; i < result.n; i++) {
		const struct far_end_cell *c = &result.cells[i];
		const struct far_end_counts *n = &c->counts;

		assert_int_equal(c->round_trip.n, rounds * 8);
		assert_int_equal(c->spread.n, rounds * 8);
		assert_true(n->lines >= (uint64_t)rounds * 8 * c->burst);
		assert_int_equal(n->lost, 0);
		assert_int_equal(n->wrong, 0);
		assert_int_equal(n->whole + n->unclear + n->partial + n->unwatched + n->missed,
				 n->lines);
		whole += n->whole;
	}
	assert_true(whole > 0);
}

/* ---- tests --------------------------------------------------------------------------------- */

static void
far_end_measure__a_software_renderer__sees_every_line(void **state)
{
	const struct far_end_options o = {
		.rounds = 2, .seconds = 1e6, .answer_s = 1e6, .type = WCBAR_TYPE_WB};

	(void)state;
	measure(&o);
	lines_check(2);
	assert_true(result.direct);
	assert_true((result.window_flags & VULKAN_TYPE_HOST_VISIBLE) != 0);
}

static void
far_end_measure__workgroups_of_all_sizes_and_no_clock__see_the_same(void **state)
{
	const struct far_end_options o = {.rounds = 1,
					  .seconds = 1e6,
					  .answer_s = 1e6,
					  .type = WCBAR_TYPE_WB,
					  .store = "u64",
					  .no_clock = true,
					  .wide = true};

	(void)state;
	measure(&o);
	lines_check(1);
	assert_false(result.clock);
	assert_true(result.ns_per_tick == 0);
}

static void
far_end_measure__a_shader_with_one_look__is_said_not_to_answer(void **state)
{
	const struct far_end_options o = {.looks = 1, .answer_s = 1e6, .type = WCBAR_TYPE_WB};

	(void)state;
	measure(&o);
	assert_int_not_equal(result.error, 0);
	assert_non_null(strstr(result.why, "12 dispatches of up to 1 looks"));
	assert_int_equal(result.rounds, 0);
}

static void
far_end_measure__a_dispatch_that_never_ends__is_given_up(void **state)
{
	const struct far_end_options o = {.answer_s = 0.2, .type = WCBAR_TYPE_WB};

	(void)state;
	failing = "vkGetFenceStatus";
	fake = (vulkan_fn)fence_status_never;
	measure(&o);
	assert_int_equal(result.error, -ETIMEDOUT);
	assert_non_null(strstr(result.why, "did not answer within 0.2 s"));
	assert_true(given_up);
}

static void
far_end_measure__a_device_that_is_lost__is_said_at_every_call(void **state)
{
	const struct far_end_options o = {
		.rounds = 1, .answer_s = 1e6, .type = WCBAR_TYPE_WB, .store = "u64"};
	static const struct {
		const char *name;
		vulkan_fn function;
	} calls[] = {
		{"vkQueueSubmit", (vulkan_fn)queue_submit_lost},
		{"vkGetFenceStatus", (vulkan_fn)fence_status_lost},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (unsigned int good = 0; good < 24; good += 8) {
			failing = calls[i].name;
			fake = calls[i].function;
			good_calls = good;
			measure(&o);
			assert_int_equal(result.error, -EIO);
			assert_non_null(strstr(result.why, "the device was lost"));
			assert_non_null(strstr(result.why, calls[i].name));
		}
	}
}

static void
far_end_measure__what_vulkan_lacks_or_refuses__is_named(void **state)
{
	const struct far_end_options o = {.rounds = 1, .type = WCBAR_TYPE_WB};

	(void)state;
	failing = "vkCmdDispatch";
	measure(&o);
	assert_int_equal(result.error, -ENOENT);
	assert_non_null(strstr(result.why, "no vkCmdDispatch"));
	failing = "vkCreateShaderModule";
	fake = (vulkan_fn)module_fails;
	measure(&o);
	assert_int_equal(result.error, -ENOMEM);
	assert_non_null(strstr(result.why, "vkCreateShaderModule failed"));
	failing = "vkCreateComputePipelines";
	fake = (vulkan_fn)pipelines_fail;
	measure(&o);
	assert_int_equal(result.error, -EIO);
	assert_non_null(strstr(result.why, "VK_ERROR_INITIALIZATION_FAILED"));
}

/* ---- as a command -------------------------------------------------------------------------- */

static bool far_end_fails;

void __real_far_end_measure(struct vulkan *v, const struct far_end_options *o, struct far_end *out);
void __wrap_far_end_measure(struct vulkan *v, const struct far_end_options *o, struct far_end *out);

void
__wrap_far_end_measure(struct vulkan *v, const struct far_end_options *o, struct far_end *out)
{
	if (!far_end_fails) {
		__real_far_end_measure(v, o, out);
		return;
	}
	*out = (struct far_end){.error = -EIO};
	strcpy(out->why, "no far end today");
}

/* Runs wcbench raw with its output in nowhere; *read is its JSON. */
static int
raw_run(struct json_object **read)
{
	char json[] = "/tmp/wcbench-far-end-XXXXXX";
	char *argv[] = {"raw", "--vulkan",   "--far-end", "--rounds", "3",  "--store",
			"u64", "--emulated", "no",        "--json",   json, NULL};
	int fd = mkstemp(json), nowhere = open("/dev/null", O_WRONLY), saved, status;

	assert_true(fd >= 0 && nowhere >= 0);
	close(fd);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0 && dup2(nowhere, STDOUT_FILENO) == STDOUT_FILENO);
	status = raw_main(11, argv);
	fflush(stdout);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	close(saved);
	close(nowhere);
	*read = json_object_from_file(json);
	unlink(json);
	return status;
}

static void
raw_main__far_end__is_in_the_json_and_never_measured(void **state)
{
	const struct far_end_options o = {.looks = 1, .type = WCBAR_TYPE_WB};
	struct json_object *read;

	(void)state;
	measure(&o); /* skips where there is nothing to run */
	assert_int_equal(raw_run(&read), STATUS_OK);
	assert_non_null(read);
	assert_string_equal(json_text_at(read, "/far_end/basis"),
			    "write-back RAM, observed by a software renderer on the same CPUs");
	assert_null(strstr(json_object_to_json_string(json_at(read, "/far_end")), "measured"));
	assert_string_equal(json_text_at(read, "/far_end/tests/0/primitive"), "u64");
	assert_int_equal(json_object_array_length(json_at(read, "/far_end/tests")), 14);
	json_object_put(read);
}

static void
raw_main__a_far_end_that_fails__is_status_3_beside_what_was_measured(void **state)
{
	const struct far_end_options o = {.looks = 1, .type = WCBAR_TYPE_WB};
	struct json_object *read;

	(void)state;
	measure(&o);
	far_end_fails = true;
	assert_int_equal(raw_run(&read), STATUS_FAILED);
	far_end_fails = false;
	assert_non_null(read);
	assert_string_equal(json_text_at(read, "/far_end/error"), "no far end today");
	assert_null(json_at(read, "/mappings/0/error"));
	json_object_put(read);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(far_end_measure__a_software_renderer__sees_every_line),
		TEST(far_end_measure__workgroups_of_all_sizes_and_no_clock__see_the_same),
		TEST(far_end_measure__a_shader_with_one_look__is_said_not_to_answer),
		TEST(far_end_measure__a_dispatch_that_never_ends__is_given_up),
		TEST(far_end_measure__a_device_that_is_lost__is_said_at_every_call),
		TEST(far_end_measure__what_vulkan_lacks_or_refuses__is_named),
		TEST(raw_main__far_end__is_in_the_json_and_never_measured),
		TEST(raw_main__a_far_end_that_fails__is_status_3_beside_what_was_measured),
	};

	const int failed = cmocka_run_group_tests(tests, renderer_find, teardown);

	return failed == 0 && why_not[0] != '\0' ? SKIPPED : failed;
}
