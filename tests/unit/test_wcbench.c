/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the commands of wcbench share: figures, machines, the JSON of a run, options. */

#include <errno.h>
#include <folder.h>
#include <limits.h>
#include <machine.h>
#include <options.h>
#include <patience.h>
#include <run.h>
#include <setjmp.h>
#include <stats.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <app_clock.h>

#include "json_at.h"

/* ---- statistics ---------------------------------------------------------------------------- */

static void
samples_percentile__known_samples__are_nearest_ranks(void **state)
{
	struct samples s;

	(void)state;
	assert_int_equal(samples_init(&s, 1000), 0);
	for (int i = 0; i < 1000; i++)
		samples_add(&s, (i * 7 + 3) % 1000 + 1); /* 1 to 1000, mixed */
	assert_true(samples_percentile(&s, 10) == 100);
	assert_true(samples_percentile(&s, 50) == 500);
	assert_true(samples_percentile(&s, 99) == 990);
	assert_true(samples_percentile(&s, 99.9) == 999);
	assert_true(samples_percentile(&s, 99.95) == 1000);
	assert_true(samples_percentile(&s, 100) == 1000);
	assert_true(samples_percentile(&s, 0.01) == 1);
	samples_fini(&s);
	/* 99.9 is not a binary fraction, and here it shows */
	assert_int_equal(samples_init(&s, 41000), 0);
	for (int i = 1; i <= 41000; i++)
		samples_add(&s, i);
	assert_true(samples_percentile(&s, 99.9) == 40959);
	samples_fini(&s);
}

static void
samples_percentile__few_samples__are_ones_that_were_measured(void **state)
{
	struct samples s;

	(void)state;
	assert_int_equal(samples_init(&s, 3), 0);
	samples_add(&s, 30);
	assert_true(samples_percentile(&s, 10) == 30 && samples_percentile(&s, 99.9) == 30);
	samples_add(&s, -10);
	samples_add(&s, 20);
	assert_true(samples_percentile(&s, 10) == -10);
	assert_true(samples_percentile(&s, 34) == 20);
	assert_true(samples_percentile(&s, 50) == 20);
	assert_true(samples_percentile(&s, 67) == 30);
	samples_fini(&s);
}

/* What a machine did in the first half must not differ from the second by more than its spread. */
static void
samples_halves__a_run_that_drifts__is_not_stable(void **state)
{
	struct samples s;
	struct halves h;

	(void)state;
	assert_int_equal(samples_init(&s, 100), 0);
	for (unsigned int i = 0; i < 9; i++)
		samples_add(&s, 10);
	assert_false(samples_halves(&s).judged); /* too few */
	for (unsigned int i = 9; i < 40; i++)
		samples_add(&s, 10 + (i % 4) * 0.5);
	h = samples_halves(&s);
	assert_true(h.judged && h.agree);
	assert_true(s.values[0] == 10); /* the order is kept */
	for (unsigned int i = 40; i < 100; i++)
		samples_add(&s, 20 + (i % 4) * 0.5);
	h = samples_halves(&s);
	assert_true(h.judged && h.agree); /* the first half was of both kinds itself */
	samples_fini(&s);
	/* quiet, and then quiet at another level */
	assert_int_equal(samples_init(&s, 100), 0);
	for (unsigned int i = 0; i < 100; i++)
		samples_add(&s, i < 50 ? 10 + (i % 4) * 0.5 : 20 + (i % 4) * 0.5);
	h = samples_halves(&s);
	assert_true(h.judged);
	assert_false(h.agree);
	assert_true(h.first < 12 && h.second >= 20);
	samples_fini(&s);
	/* no spread at all: 1 % is none, 3 % is one */
	assert_int_equal(samples_init(&s, 20), 0);
	for (unsigned int i = 0; i < 20; i++)
		samples_add(&s, i < 10 ? 100 : 100.9);
	assert_true(samples_halves(&s).agree);
	for (unsigned int i = 10; i < 20; i++)
		s.values[i] = 103;
	assert_false(samples_halves(&s).agree);
	samples_fini(&s);
}

static void
app_now_ns__later__is_more(void **state)
{
	const double before = app_now_ns();

	(void)state;
	usleep(2000);
	assert_true(app_now_ns() - before >= 2e6 && app_now_ns() - before < 1e3 * PATIENCE_NS);
}

/* ---- machines ------------------------------------------------------------------------------ */

static void
file_put(const char *root, const char *name, const char *text, size_t bytes)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *c = strchr(path + strlen(root) + 1, '/'); c != NULL; c = strchr(c + 1, '/')) {
		*c = '\0';
		mkdir(path, 0700);
		*c = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, bytes, f), bytes);
	fclose(f);
}

#define N1 "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"

static const struct {
	const char *cpuinfo, *vendor, *tree, *signature;
	enum emulated given;
	int ret;
	enum emulated emulated;
	bool hypervisor;
	const char *cpu, *why;
} machines[] = {
	{"model name\t: Some CPU\nflags\t: fpu\n", NULL, NULL, "", EMULATED_UNKNOWN, 0, EMULATED_NO,
	 false, "Some CPU", "no hypervisor"},
	{"model name\t: Xeon\nflags\t: fpu hypervisor\n", "QEMU\n", NULL, "KVMKVMKVM",
	 EMULATED_UNKNOWN, 0, EMULATED_NO, true, "Xeon", "none that emulates"},
	{"model name\t: Xeon\n", "QEMU\n", NULL, "TCGTCGTCGTCG", EMULATED_UNKNOWN, 0, EMULATED_YES,
	 true, "Xeon", "TCG"},
	{"model name\t: Xeon\n", "QEMU\n", NULL, "TCGTCGTCGTCG", EMULATED_NO, -EINVAL, EMULATED_YES,
	 true, "Xeon", "not true"},
	{"model name\t: QEMU TCG CPU version 2.5+\n", NULL, NULL, "", EMULATED_UNKNOWN, 0,
	 EMULATED_YES, false, "QEMU TCG CPU version 2.5+", "TCG"},
	{"CPU implementer\t: 0x00\nCPU part\t: 0x051\n", NULL, "\0linux,dummy-virt", "",
	 EMULATED_UNKNOWN, 0, EMULATED_YES, true, "QEMU -cpu max (0x00/0x051)", "only QEMU's TCG"},
	{N1, NULL, "\0linux,dummy-virt", "", EMULATED_UNKNOWN, 0, EMULATED_UNKNOWN, true,
	 "Arm Neoverse-N1 (0x41/0xd0c)", "say --emulated yes or --emulated no"},
	{N1, NULL, "\0linux,dummy-virt", "", EMULATED_YES, 0, EMULATED_YES, true,
	 "Arm Neoverse-N1 (0x41/0xd0c)", "as --emulated said"},
	{N1, NULL, "\0linux,dummy-virt", "", EMULATED_NO, 0, EMULATED_NO, true,
	 "Arm Neoverse-N1 (0x41/0xd0c)", "as --emulated said"},
	{N1, "Amazon EC2\n", NULL, "", EMULATED_UNKNOWN, 0, EMULATED_NO, false,
	 "Arm Neoverse-N1 (0x41/0xd0c)", "no hypervisor"},
	{"CPU implementer\t: 0x77\nCPU part\t: 0x123\n", NULL, NULL, "", EMULATED_UNKNOWN, 0,
	 EMULATED_NO, false, "Arm (0x77/0x123)", "no hypervisor"},
	{"", NULL, NULL, "", EMULATED_UNKNOWN, 0, EMULATED_NO, false, "", "no hypervisor"},
};

static void
machine_read__each_machine__is_known_for_what_it_is(void **state)
{
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		char root[] = "/tmp/wcbench-machine-XXXXXX";

		assert_non_null(mkdtemp(root));
		file_put(root, "/proc/cpuinfo", machines[i].cpuinfo, strlen(machines[i].cpuinfo));
		if (machines[i].vendor != NULL)
			file_put(root, "/sys/class/dmi/id/sys_vendor", machines[i].vendor,
				 strlen(machines[i].vendor));
		if (machines[i].tree != NULL) /* a list of strings, each ended by a zero */
			file_put(root, "/sys/firmware/devicetree/base/compatible", machines[i].tree,
				 sizeof("\0linux,dummy-virt"));
		if (machine_read(root, machines[i].signature, machines[i].given, &m) !=
			    machines[i].ret ||
		    m.emulated != machines[i].emulated || m.hypervisor != machines[i].hypervisor ||
		    strcmp(m.cpu, machines[i].cpu) != 0 ||
		    strstr(m.emulated_why, machines[i].why) == NULL)
			fail_msg("machine %zu: '%s' emulated %d, hypervisor %d: %s", i, m.cpu,
				 m.emulated, m.hypervisor, m.emulated_why);
		assert_string_equal(machine_basis(&m), machines[i].emulated == EMULATED_YES
							       ? "measured under emulation"
							       : "measured");
		folder_remove(root);
	}
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void
run_head__a_run__is_read_back(void **state)
{
	const struct machine m = {.cpu = "A \"CPU\"",
				  .arch = "a64",
				  .kernel = "6.1",
				  .hypervisor = true,
				  .emulated = EMULATED_YES};
	const struct options o = {.setting = "guest/nc", .commit = "abc", .host_kernel = "6.12"};
	char path[] = "/tmp/wcbench-run-XXXXXX";
	struct samples s;
	struct json_object *root;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(samples_init(&s, 4), 0);
	for (int i = 1; i <= 4; i++)
		samples_add(&s, i + 0.25);
	root = run_head("raw", &o, &m, NULL);
	app_json_add(root, "figure", run_figure(&m, "ns", &s, run_percents));
	samples_fini(&s);
	assert_int_equal(app_json_write(root, path), 0);

	root = json_object_from_file(path);
	assert_non_null(root);
	assert_string_equal(json_text_at(root, "/program"), "wcbench");
	assert_int_equal(json_object_get_int(json_at(root, "/schema")), RUN_SCHEMA);
	assert_string_equal(json_text_at(root, "/setting"), "guest/nc");
	assert_string_equal(json_text_at(root, "/host_kernel"), "6.12");
	assert_string_equal(json_text_at(root, "/machine/cpu"), "A \"CPU\"");
	assert_true(json_object_get_boolean(json_at(root, "/machine/emulated")));
	assert_true(json_object_get_boolean(json_at(root, "/ok")));
	assert_string_equal(json_text_at(root, "/figure/basis"), "measured under emulation");
	assert_int_equal(json_object_get_int(json_at(root, "/figure/n")), 4);
	assert_true(json_object_get_double(json_at(root, "/figure/p10")) == 1.25);
	assert_true(json_object_get_double(json_at(root, "/figure/p50")) == 2.25);
	assert_true(json_object_get_double(json_at(root, "/figure/p99")) == 4.25);
	json_object_put(root);
	unlink(path);
}

static void
run_head__a_void_run__says_why(void **state)
{
	const struct machine m = {.kernel = "6.1"};
	const struct options o = {.setting = "x", .commit = "abc"};
	struct json_object *root = run_head("packets", &o, &m, "frames are missing");
	struct samples none = {0};

	(void)state;
	assert_false(json_object_get_boolean(json_at(root, "/ok")));
	assert_string_equal(json_text_at(root, "/error"), "frames are missing");
	/* no hypervisor: its own host */
	assert_string_equal(json_text_at(root, "/host_kernel"), "6.1");
	assert_string_equal(json_text_at(root, "/basis"), "measured");
	assert_null(run_figure(&m, "ns", &none, run_percents));
	json_object_put(root);
}

/* ---- options ------------------------------------------------------------------------------- */

/* A line with one of the options that all commands have. */
static enum app_options_verdict
take(struct options *o, const char *option, const char *value)
{
	char *argv[] = {"wcbench", (char *)option, (char *)value, NULL};
	const struct app_option_group groups[] = {{options_common, o}, {0}};
	int first;

	options_init(o);
	return app_options_parse(groups, "", OPTIONS_PROGRAM, value != NULL ? 3 : 2, argv, &first);
}

static void
options_common__good_and_bad_values__are_distinguished(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(take(&o, "--rounds", "12"), APP_OPTIONS_RUN);
	assert_int_equal(o.rounds, 12);
	assert_int_equal(take(&o, "--seconds", "0.5"), APP_OPTIONS_RUN);
	assert_true(o.seconds == 0.5);
	assert_int_equal(take(&o, "--emulated", "no"), APP_OPTIONS_RUN);
	assert_int_equal(o.emulated, EMULATED_NO);
	assert_int_equal(take(&o, "--rounds", "0"), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--rounds", "12x"), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--rounds", "-1"), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--seconds", "0"), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--seconds", "nan"), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--emulated", "perhaps"), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--setting", ""), APP_OPTIONS_BAD);
	assert_int_equal(take(&o, "--x", NULL), APP_OPTIONS_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_percentile__known_samples__are_nearest_ranks),
		cmocka_unit_test(samples_percentile__few_samples__are_ones_that_were_measured),
		cmocka_unit_test(samples_halves__a_run_that_drifts__is_not_stable),
		cmocka_unit_test(app_now_ns__later__is_more),
		cmocka_unit_test(machine_read__each_machine__is_known_for_what_it_is),
		cmocka_unit_test(run_head__a_run__is_read_back),
		cmocka_unit_test(run_head__a_void_run__says_why),
		cmocka_unit_test(options_common__good_and_bad_values__are_distinguished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
