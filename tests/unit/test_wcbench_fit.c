/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcbench fit on runs that the link model made with parameters that are known, with noise. The
 * first argument is the program wcbench-fit.
 */

#include <errno.h>
#include <fit.h>
#include <fit_search.h>
#include <fit_set.h>
#include <folder.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fit_made.h"
#include "json_at.h"

static const char *program;
static char folder[64];
static const char *const wide_and_narrow[] = {"avx512", "u64", NULL};
static const char *const pairs[] = {"stp", NULL};

static const char *
path_of(const char *name)
{
	static char path[8][128];
	static unsigned int turn;

	turn = (turn + 1) % 8;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void
load(struct pcielink_config *config, const char *name)
{
	char path[512], why[PCIELINK_WHY_BYTES] = "";

	snprintf(path, sizeof(path), "%s/%s.conf", LINK_CONFIG_DIR, name);
	if (pcielink_config_load(config, path, why, sizeof(why)) != 0)
		fail_msg("%s: %s", path, why);
}

static void
put(struct pcielink_config *config, enum pcielink_key key, uint64_t value)
{
	config->param[key].value = config->param[key].low = config->param[key].high = value;
}

/* Of a machine like `config`: one mapping, few rows, 2 % noise. */
static struct fit_made
made_of(const struct pcielink_config *config)
{
	return (struct fit_made){.config = config,
				 .primitives = wide_and_narrow,
				 .arch = "x86_64",
				 .basis = "measured",
				 .speed = "16.0 GT/s PCIe",
				 .width = 16,
				 .burst_most = 64,
				 .noise = 0.02,
				 .seed = 11};
}

static struct fit *
fit_of(const struct fit_made *made)
{
	struct fit_runs *runs = calloc(1, sizeof(*runs));
	struct fit *fit = calloc(1, sizeof(*fit));
	char why[FIT_WHY_BYTES] = "";

	assert_non_null(runs);
	assert_non_null(fit);
	fit_made_write(made, path_of("made.json"));
	if (fit_runs_add(runs, path_of("made.json"), false, why) != 0 ||
	    fit_runs_check(runs, why) != 0)
		fail_msg("%s", why);
	fit->runs = runs;
	if (fit_set_base(fit, NULL, why) != 0)
		fail_msg("%s", why);
	assert_int_equal(fit_run(fit), 0);
	return fit;
}

static void
fit_free(struct fit *fit)
{
	free((void *)fit->runs);
	free(fit);
}

/* Told, and within 5 % of what the run was made with, which is in the interval. */
static void
assert_told(const struct fit *fit, const struct pcielink_config *made, enum pcielink_key key)
{
	const double value = (double)fit->config.param[key].value,
		     was = (double)made->param[key].value;

	print_message("%s: made with %.3f, fitted %.3f [%.3f .. %.3f], %s\n",
		      pcielink_key_info(key)->name, was / 1000, value / 1000,
		      (double)fit->keys[key].low / 1000, (double)fit->keys[key].high / 1000,
		      fit_told_name(fit->keys[key].told));
	assert_int_equal(fit->keys[key].told, FIT_TOLD);
	assert_true(fabs(value - was) <= 0.05 * was);
}

static void
assert_not_told(const struct fit *fit, enum pcielink_key key)
{
	uint64_t low, high;

	if (fit->keys[key].told != FIT_NOT_TOLD)
		fail_msg("%s is %s", pcielink_key_info(key)->name,
			 fit_told_name(fit->keys[key].told));
	fit_set_bounds(fit, key, &low, &high);
	assert_int_equal(fit->config.param[key].value, fit->base.param[key].value);
	assert_int_equal(low, fit->base.param[key].low);
	assert_int_equal(high, fit->base.param[key].high);
}

static void
fit__x86_run_of_known_parameters__they_come_back(void **state)
{
	static const enum pcielink_key told[] = {PCIELINK_WC_BUFFERS, PCIELINK_WC_RELEASE_NS,
						 PCIELINK_STORE_NS, PCIELINK_DRAIN_NS};
	static const enum pcielink_key not_told[] = {
		PCIELINK_READ_NS,          PCIELINK_UC_WAIT_NS,        PCIELINK_ORDER_NS,
		PCIELINK_NGNRE_SPACING_NS, PCIELINK_NGNRE_OUTSTANDING, PCIELINK_DATA_CREDITS};
	struct pcielink_config config;
	struct fit_made made = made_of(&config);
	struct fit *fit;

	(void)state;
	load(&config, "gen4-x16");
	put(&config, PCIELINK_WC_BUFFERS, 10);
	put(&config, PCIELINK_WC_RELEASE_NS, 60000);
	put(&config, PCIELINK_STORE_NS, 1100);
	put(&config, PCIELINK_DRAIN_NS, 130000);
	fit = fit_of(&made);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		assert_told(fit, &config, told[i]);
	for (size_t i = 0; i < sizeof(not_told) / sizeof(not_told[0]); i++)
		assert_not_told(fit, not_told[i]);
	assert_int_equal(fit->config.param[PCIELINK_GENERATION].value, 4);
	/* What is not fitted stays as it was, whatever was tried. */
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		if (fit->keys[key].told == FIT_NOT_TOLD || fit->keys[key].told == FIT_FIXED)
			assert_int_equal(fit->config.param[key].value, fit->base.param[key].value);
	}
	assert_true(fit->error_after < 0.5);
	assert_true(fit->error_before > 5);
	fit_free(fit);
}

static void
fit__x86_run_with_uncached_mapping_and_reads__they_are_told_too(void **state)
{
	struct pcielink_config config;
	struct fit_made made = made_of(&config);
	struct fit *fit;

	(void)state;
	load(&config, "gen3-x16");
	put(&config, PCIELINK_UC_WAIT_NS, 180000);
	put(&config, PCIELINK_READ_NS, 1100000);
	made.speed = "8.0 GT/s PCIe";
	made.uc = made.words = true;
	made.burst_most = 32;
	fit = fit_of(&made);
	assert_string_equal(fit->base.name, "gen3-x16");
	assert_told(fit, &config, PCIELINK_UC_WAIT_NS);
	assert_told(fit, &config, PCIELINK_READ_NS);
	assert_told(fit, &config, PCIELINK_STORE_NS);
	assert_told(fit, &config, PCIELINK_DRAIN_NS);
	fit_free(fit);
}

static void
fit__arm64_run__order_points_and_device_are_told_and_the_fence_is_not(void **state)
{
	struct pcielink_config config;
	struct fit_made made = made_of(&config);
	struct fit *fit;

	(void)state;
	load(&config, "arm64-gathers-well");
	put(&config, PCIELINK_ORDER_NS, 8000);
	put(&config, PCIELINK_NGNRE_SPACING_NS, 25000);
	made.arch = "aarch64";
	made.speed = "32.0 GT/s PCIe";
	made.primitives = pairs;
	made.burst_most = 16;
	made.uc = true;
	fit = fit_of(&made);
	assert_told(fit, &config, PCIELINK_ORDER_NS);
	assert_told(fit, &config, PCIELINK_NGNRE_SPACING_NS);
	assert_not_told(fit, PCIELINK_DRAIN_NS);
	assert_not_told(fit, PCIELINK_READ_NS);
	fit_free(fit);
}

/* With the sanitizer a search takes five times as long; those before do the same things. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LONG_SEARCH() skip()
#endif
#endif
#ifndef LONG_SEARCH
#define LONG_SEARCH()
#endif

/* The rows are far from those of the base: fewer buffers that are free sooner come near to them. */
static void
fit__x86_run_far_from_the_base__buffers_are_those_it_was_made_with(void **state)
{
	static const char *const three[] = {"avx512", "sse2", "u64", NULL};
	struct pcielink_config config;
	struct fit_made made = made_of(&config);
	struct fit *fit;

	(void)state;
	LONG_SEARCH();
	load(&config, "gen3-x16");
	put(&config, PCIELINK_GENERATION, 4);
	put(&config, PCIELINK_WC_BUFFERS, 12);
	put(&config, PCIELINK_WC_RELEASE_NS, 90000);
	put(&config, PCIELINK_STORE_NS, 600);
	put(&config, PCIELINK_DRAIN_NS, 200000);
	made.primitives = three;
	made.seed = 21;
	fit = fit_of(&made);
	assert_int_equal(fit->config.param[PCIELINK_WC_BUFFERS].value, 12);
	assert_told(fit, &config, PCIELINK_WC_RELEASE_NS);
	assert_told(fit, &config, PCIELINK_DRAIN_NS);
	assert_true(fit->error_after < 0.5);
	fit_free(fit);
}

/* Few buffers, free again soon, and noise: several pairs of the two make the same rows. */
static void
fit__x86_run_of_traded_keys__none_is_told_that_is_wrong(void **state)
{
	struct pcielink_config config;
	struct fit_made made = made_of(&config);
	struct fit *fit;

	(void)state;
	LONG_SEARCH();
	load(&config, "gen3-x16");
	put(&config, PCIELINK_GENERATION, 4);
	put(&config, PCIELINK_WC_BUFFERS, 6);
	put(&config, PCIELINK_WC_RELEASE_NS, 30000);
	put(&config, PCIELINK_STORE_NS, 3000);
	put(&config, PCIELINK_DRAIN_NS, 30000);
	made.noise = 0.05;
	made.threads_most = 4;
	made.seed = 41;
	fit = fit_of(&made);
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		const double was = (double)config.param[key].value;

		if (fit->keys[key].told == FIT_TOLD)
			print_message("%s: made with %.3f, fitted %.3f\n",
				      pcielink_key_info(key)->name, was / 1000,
				      (double)fit->config.param[key].value / 1000);
		if (fit->keys[key].told == FIT_TOLD)
			assert_true(fabs((double)fit->config.param[key].value - was) <= 0.1 * was);
	}
	fit_free(fit);
}

/* ---- the program --------------------------------------------------------------------------- */

static char said[32768];

/* Runs the program with arguments that NULL ends; keeps what it says. Returns its status. */
static int
run(const char *first, ...)
{
	char *argv[16] = {(char *)(uintptr_t)program};
	int fds[2], status;
	size_t n = 1, used = 0;
	char chunk[4096];
	ssize_t got;
	va_list ap;
	pid_t pid;

	va_start(ap, first);
	for (const char *a = first; a != NULL && n < 15; a = va_arg(ap, const char *))
		argv[n++] = (char *)(uintptr_t)a;
	va_end(ap);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		execv(program, argv);
		_exit(127);
	}
	close(fds[1]);
	/* All of it is read, or the program would wait for ever; the beginning is kept. */
	while ((got = read(fds[0], chunk, sizeof(chunk))) > 0) {
		const size_t room = sizeof(said) - 1 - used;

		memcpy(said + used, chunk, (size_t)got < room ? (size_t)got : room);
		used += (size_t)got < room ? (size_t)got : room;
	}
	said[used] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One sentence that names the program and has this in it. */
static void
assert_said(const char *text)
{
	if (strncmp(said, "wcbench-fit: ", 13) != 0 || strstr(said, text) == NULL)
		fail_msg("it said: %s", said);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void
file_put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

#define HEAD                                                                             \
	"{\"program\": \"wcbench\", \"schema\": 1, \"kind\": \"raw\", \"ok\": true, "    \
	"\"basis\": \"measured\", \"machine\": {\"arch\": \"x86_64\", \"cpu\": \"A\"}, " \
	"\"mappings\": [{\"error\": null, \"type\": \"WC\", \"direct\": true, \"lines\": ["
#define LINE(p50)                                                       \
	"{\"primitive\": \"u64\", \"order\": \"burst\", \"burst\": 1, " \
	"\"ns_per_line\": {\"p10\": 1, \"p50\": " p50 ", \"p90\": 3}}"
#define TAIL "]}]}"

static void
program__bad_arguments__one_sentence_and_status_2(void **state)
{
	(void)state;
	assert_int_equal(run(NULL), 2);
	assert_said("fit needs runs");
	assert_int_equal(run("a.json", NULL), 2);
	assert_said("-o SET.conf is missing");
	assert_int_equal(run("a.json", "-o", "s.conf", "--lanes", "3", NULL), 2);
	assert_said("expected 1, 2, 4, 8 or 16");
	assert_int_equal(run("a.json", "-o", NULL), 2);
	assert_said("needs a value");
	assert_int_equal(run("--help", NULL), 0);
	assert_non_null(strstr(said, "--allow-ram"));
}

/* Nobody writes to the one and nobody can write the other: both are seen before the fit. */
static void
program__a_fifo_or_no_place_for_json__is_refused_at_once(void **state)
{
	char why[4096];
	FILE *f;
	size_t n;

	(void)state;
	file_put("why.json", "");
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(
		run(path_of("fifo"), "-o", path_of("s.conf"), "--json", path_of("why.json"), NULL),
		3);
	assert_said("a regular file is needed");
	f = fopen(path_of("why.json"), "r");
	assert_non_null(f);
	n = fread(why, 1, sizeof(why) - 1, f);
	why[n] = '\0';
	fclose(f);
	assert_non_null(strstr(why, "\"ok\":false"));
	assert_non_null(strstr(why, "a regular file is needed"));
	unlink(path_of("fifo"));
	assert_int_equal(run("a.json", "-o", path_of("s.conf"), "--json", "/nowhere/why", NULL), 3);
	assert_non_null(strstr(said, "/nowhere/why cannot be written"));
}

static void
program__files_that_are_no_run__one_sentence_and_status_3(void **state)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{"", "not JSON: it ends too early"},
		{"{\"program\": ", "not JSON: it ends too early"},
		{"hello", "not JSON"},
		{"[]", "not JSON: not an object"},
		{"{}", "it is not a run of wcbench raw"},
		{"{\"program\": \"wclab_replay\", \"kind\": \"modelled\"}",
		 "its program is 'wclab_replay'"},
		{"{\"program\": \"wcbench\", \"kind\": \"packets\"}", "a run of wcbench packets"},
		{"{\"program\": \"wcbench\", \"kind\": \"raw\", \"schema\": 2}", "schema is not 1"},
		{"{\"program\": \"wcbench\", \"kind\": \"raw\", \"schema\": 1, \"ok\": false, "
		 "\"error\": \"it broke\"}",
		 "the run is void: it broke"},
		{HEAD LINE("0") TAIL, "has the median 0"},
		{HEAD LINE("-2") TAIL, "has the median -2"},
		{HEAD LINE("NaN") TAIL, "has the median nan"},
		{HEAD LINE("\"2\"") TAIL, "has the median nan"},
		{HEAD LINE("7") TAIL, "is not between p10 1 and p90 3"},
		{HEAD
		 "{\"primitive\": \"u64\", \"order\": \"burst\", \"burst\": 1, \"ns_per_line\": "
		 "{\"p10\": 1e-300, \"p50\": 1e-300, \"p90\": 1e-300}}" TAIL,
		 "is no time of a store"},
		{HEAD LINE("2") "]}], \"target\": {\"behind\": \"ram\"}}", "it contradicts itself"},
		{HEAD LINE("2") TAIL, "bursts of 3 lengths or more"},
		{HEAD TAIL, "bursts of 3 lengths or more"},
	};

	(void)state;
	assert_int_equal(run(path_of("nowhere.json"), "-o", path_of("s.conf"), NULL), 3);
	assert_said("No such file or directory");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file_put("bad.json", bad[i].text);
		assert_int_equal(run(path_of("bad.json"), "-o", path_of("s.conf"), NULL), 3);
		assert_said(bad[i].sentence);
	}
	assert_int_not_equal(access(path_of("s.conf"), F_OK), 0);
}

/* Small: what is asked of it is not the fit. */
static struct fit_made
small_of(const struct pcielink_config *config)
{
	struct fit_made made = made_of(config);

	made.burst_most = 16;
	return made;
}

static void
program__run_of_ram__refused_unless_it_is_a_test(void **state)
{
	struct pcielink_config config, set;
	char why[PCIELINK_WHY_BYTES], line[256];
	struct fit_made made = small_of(&config);
	FILE *f;

	(void)state;
	load(&config, "gen4-x16");
	/* Far from any link: keys that make up for one another must not move what is not told. */
	put(&config, PCIELINK_DRAIN_NS, 2000);
	put(&config, PCIELINK_WC_RELEASE_NS, 1000);
	put(&config, PCIELINK_STORE_NS, 300);
	made.basis = "measured in RAM";
	fit_made_write(&made, path_of("ram.json"));
	assert_int_equal(run(path_of("ram.json"), "-o", path_of("s.conf"), NULL), 3);
	assert_said("'measured in RAM', no link's");
	made.basis = "measured under emulation";
	fit_made_write(&made, path_of("tcg.json"));
	assert_int_equal(run(path_of("tcg.json"), "-o", path_of("s.conf"), NULL), 3);
	assert_said("'measured under emulation', no link's");
	assert_int_equal(run(path_of("ram.json"), "--allow-ram", "-o", path_of("ram.conf"), NULL),
			 0);
	f = fopen(path_of("ram.conf"), "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_non_null(strstr(line, "A TEST, not a link"));
	assert_int_equal(pcielink_config_load(&set, path_of("ram.conf"), why, sizeof(why)), 0);
	assert_true(set.param[PCIELINK_DRAIN_NS].assumed);
	assert_string_equal(set.name, "ram");
}

static void
program__good_run__set_can_be_loaded_and_says_where_it_is_from(void **state)
{
	struct pcielink_config config, set;
	struct fit_made made = small_of(&config);
	char why[PCIELINK_WHY_BYTES] = "";
	struct json_object *json;

	(void)state;
	load(&config, "gen4-x16");
	put(&config, PCIELINK_DRAIN_NS, 110000);
	fit_made_write(&made, path_of("run.json"));
	assert_int_equal(run(path_of("run.json"), "-o", path_of("set.conf"), "--json",
			     path_of("set.json"), NULL),
			 0);
	if (pcielink_config_load(&set, path_of("set.conf"), why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_false(set.param[PCIELINK_DRAIN_NS].assumed);
	assert_non_null(strstr(set.param[PCIELINK_DRAIN_NS].origin, "fitted to run.json"));
	assert_non_null(strstr(set.param[PCIELINK_DRAIN_NS].origin, "c0ffee"));
	assert_non_null(strstr(set.param[PCIELINK_DRAIN_NS].origin, "2026-11-30"));
	assert_non_null(strstr(set.param[PCIELINK_DRAIN_NS].origin, "1234:57c1"));
	assert_true(set.param[PCIELINK_READ_NS].assumed);
	assert_non_null(strstr(set.param[PCIELINK_READ_NS].origin, "the run does not tell it"));
	json = json_object_from_file(path_of("set.json"));
	assert_string_equal(json_text_at(json, "/kind"), "fit");
	assert_string_equal(json_text_at(json, "/parameters/%u/parameter", PCIELINK_DRAIN_NS),
			    "drain_ns");
	assert_string_equal(json_text_at(json, "/parameters/%u/told", PCIELINK_DRAIN_NS), "told");
	assert_string_equal(json_text_at(json, "/parameters/%u/told", PCIELINK_READ_NS),
			    "not told");
	json_object_put(json);
}

static void
program__base_or_output_that_is_wrong__one_sentence(void **state)
{
	struct pcielink_config config;
	struct fit_made made = small_of(&config);
	const char *run_path;

	(void)state;
	load(&config, "gen4-x16");
	made.speed = NULL;
	made.burst_most = 8;
	fit_made_write(&made, path_of("base.json"));
	run_path = strdup(path_of("base.json"));
	assert_int_equal(run(run_path, "-o", path_of("s.conf"), NULL), 3);
	assert_said("the generation of the device's link is not in it");
	assert_int_equal(run(run_path, "-o", path_of("s.conf"), "--base", "gen9", NULL), 2);
	assert_said("or one of arm64-gathers-badly,");
	assert_int_equal(run(run_path, "-o", path_of("s.conf"), "--base", "./no.conf", NULL), 2);
	assert_said("No such file or directory");
	file_put("half.conf", "generation = 4 # source: a test\n");
	assert_int_equal(
		run(run_path, "-o", path_of("s.conf"), "--base", path_of("half.conf"), NULL), 2);
	assert_said("lanes is missing");
	assert_int_equal(run(run_path, "-o", path_of("no/s.conf"), "--base", "gen4-x16", NULL), 3);
	assert_non_null(strstr(said, "cannot be written: No such file or directory"));
	free((void *)(uintptr_t)run_path);
}

static void
program__runs_of_two_machines__refused(void **state)
{
	struct pcielink_config config;
	struct fit_made made = small_of(&config);
	char *one;

	(void)state;
	load(&config, "gen4-x16");
	fit_made_write(&made, path_of("one.json"));
	one = strdup(path_of("one.json"));
	file_put("two.json", HEAD LINE("2") TAIL);
	assert_int_equal(run(one, path_of("two.json"), "-o", path_of("s.conf"), NULL), 3);
	assert_said("a fit is of one machine and device");
	free(one);
}

static void
program__runs_of_two_links__refused(void **state)
{
	struct pcielink_config config;
	struct fit_made made = small_of(&config);
	char *one;

	(void)state;
	load(&config, "gen4-x16");
	fit_made_write(&made, path_of("x16.json"));
	one = strdup(path_of("x16.json"));
	made.width = 4;
	fit_made_write(&made, path_of("x4.json"));
	assert_int_equal(run(one, path_of("x4.json"), "-o", path_of("s.conf"), NULL), 3);
	assert_said("its link is of generation 4 with 4 lanes");
	made.width = 3;
	fit_made_write(&made, path_of("x3.json"));
	assert_int_equal(run(path_of("x3.json"), "-o", path_of("s.conf"), NULL), 3);
	assert_said("lanes = 3");
	free(one);
}

static void
program__output_that_is_its_input__refused_and_untouched(void **state)
{
	struct stat before, after;
	char *bad;

	(void)state;
	file_put("in.json", HEAD LINE("2") TAIL);
	bad = strdup(path_of("in.json"));
	assert_int_equal(stat(bad, &before), 0);
	assert_int_equal(run(bad, "-o", bad, NULL), 2);
	assert_said("is a run that is to be read");
	assert_int_equal(run(bad, "-o", path_of("s.conf"), "--json", bad, NULL), 2);
	assert_said("is a run that is to be read");
	assert_int_equal(run(bad, "-o", path_of("s.conf"), "--json", path_of("s.conf"), NULL), 2);
	assert_said("for both the set and the JSON");
	assert_int_equal(run(bad, "-o", folder, NULL), 3);
	assert_said("it is a folder");
	assert_int_equal(stat(bad, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_size, after.st_size);
	free(bad);
}

static void
program__built_without_nlopt__says_so(void **state)
{
	(void)state;
	assert_int_equal(run("a.json", "-o", path_of("s.conf"), NULL), 3);
	assert_said("built without NLopt");
}

/* ---- the folder ---------------------------------------------------------------------------- */

static int
folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_wcbench_fit.XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return folder_remove(folder);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fit__x86_run_of_known_parameters__they_come_back),
		cmocka_unit_test(fit__x86_run_with_uncached_mapping_and_reads__they_are_told_too),
		cmocka_unit_test(
			fit__arm64_run__order_points_and_device_are_told_and_the_fence_is_not),
		cmocka_unit_test(
			fit__x86_run_far_from_the_base__buffers_are_those_it_was_made_with),
		cmocka_unit_test(fit__x86_run_of_traded_keys__none_is_told_that_is_wrong),
		cmocka_unit_test(program__bad_arguments__one_sentence_and_status_2),
		cmocka_unit_test(program__files_that_are_no_run__one_sentence_and_status_3),
		cmocka_unit_test(program__a_fifo_or_no_place_for_json__is_refused_at_once),
		cmocka_unit_test(program__run_of_ram__refused_unless_it_is_a_test),
		cmocka_unit_test(program__good_run__set_can_be_loaded_and_says_where_it_is_from),
		cmocka_unit_test(program__base_or_output_that_is_wrong__one_sentence),
		cmocka_unit_test(program__runs_of_two_machines__refused),
		cmocka_unit_test(program__runs_of_two_links__refused),
		cmocka_unit_test(program__output_that_is_its_input__refused_and_untouched),
	};
	const struct CMUnitTest tests_without[] = {
		cmocka_unit_test(program__bad_arguments__one_sentence_and_status_2),
		cmocka_unit_test(program__built_without_nlopt__says_so),
	};

	if (argc < 2)
		return 2;
	program = argv[1];
	if (fit_search_missing() != NULL)
		return cmocka_run_group_tests(tests_without, folder_make, teardown);
	return cmocka_run_group_tests(tests, folder_make, teardown);
}
