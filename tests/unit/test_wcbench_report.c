/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The report on runs that this test writes. The first argument is the program. */

#include <folder.h>
#include <run.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_at.h"

#define PERCENTS "\"n\": 5, \"p10\": 1.5, \"p50\": 2, \"p90\": 4, \"p99\": 5, \"p99.9\": 6}"
#define NS "{\"basis\": \"measured\", \"unit\": \"ns\", " PERCENTS
#define NS_TCG "{\"basis\": \"measured under emulation\", \"unit\": \"ns\", " PERCENTS
#define NS_RAM "{\"basis\": \"measured in RAM\", \"unit\": \"ns\", " PERCENTS
#define HEAD(setting, kind)                                                                \
	"{\"program\": \"wcbench\", \"schema\": 1, \"ok\": true, \"commit\": \"c0ffee\", " \
	"\"setting\": \"" setting "\", \"kind\": \"" kind "\", \"machine\": {"             \
	"\"cpu\": \"A <CPU>\", \"arch\": \"aarch64\", \"kernel\": \"6.12.1\", "            \
	"\"hypervisor\": true, \"emulated\": false}, "
#define RAW(figure)                                                                           \
	"\"mappings\": [{\"intended\": \"WC\", \"error\": null, \"type\": \"WC\", "           \
	"\"rung\": \"sysfs-wc\", \"direct\": true, \"lines\": [{\"primitive\": \"stp\", "     \
	"\"order\": \"burst\", \"burst\": 16, \"ns_per_line\": " figure "}], \"doorbell\": [" \
	"{\"order\": \"each\", \"ns_per_store\": " figure "}]}]"
#define RAW_RAM                                                                                   \
	"\"target\": {\"memory\": \"RAM, write-back\"}, \"mappings\": [{\"intended\": \"WB\", "   \
	"\"error\": null, \"type\": \"WB\", \"rung\": null, \"direct\": true, \"lines\": ["       \
	"{\"primitive\": \"sse2\", \"order\": \"burst\", \"burst\": 16, \"ns_per_line\": " NS_RAM \
	"}], \"doorbell\": [], \"stores\": [{\"bytes\": 8, \"order\": \"each\", "                 \
	"\"ns_per_store\": " NS_RAM "}], \"reads\": [{\"bytes\": 8, \"ns_per_read\": " NS_RAM     \
	"}], \"streams\": [{\"threads\": 2, \"primitive\": \"sse2\", \"bytes_per_second\": "      \
	"{\"basis\": \"measured in RAM\", \"unit\": \"bytes/s\", \"n\": 5, \"p10\": 1000000, "    \
	"\"p50\": 2250000, \"p90\": 3000000, \"p99\": 3000000}}]}]"
#define PORTS PORTS_OF("64")
#define PORTS_OF(of)                                                                      \
	"\"ports\": [{\"name\": \"0000:00:02.0\", \"placement\": \"auto\", "              \
	"\"burst_mode\": \"push WC stp\", \"burst_mode_after\": \"fetch\", "              \
	"\"type\": \"WC\", \"rung\": \"sysfs-wc\", \"direct\": true, "                    \
	"\"primitive\": \"stp\", \"rates\": [{\"mode\": \"loop\", \"size\": \"" of "\", " \
	"\"sent\": 10, \"lost\": 0, \"packets_per_second\": {\"basis\": \"measured\", "   \
	"\"unit\": \"packets/s\", \"n\": 5, \"p10\": 1000000, \"p50\": 2250000, "         \
	"\"p90\": 3000000, \"p99\": 3000000}}], \"latency\": {\"size\": 64, "             \
	"\"round_trip_ns\": " NS "}}]"
#define MODELLED                                                                            \
	", \"modelled\": {\"stores_per_line\": 4, \"tlps_per_line\": 1, "                   \
	"\"tlps_per_packet\": {\"value\": 2, \"low\": 1.75, \"high\": 2.25}, "              \
	"\"wire_bytes_per_packet\": 176, \"stage1\": \"Normal-NC\", \"stage2\": \"none\", " \
	"\"effective\": \"Normal-NC\", \"verdict\": \"combining\", \"modelled_mpps\": {"    \
	"\"gen3-x16\": {\"value\": 47.125, \"low\": 40.5, \"high\": 52.5}}}"

#define BAND(name, value, low, high) \
	"\"" name "\": {\"value\": " value ", \"low\": " low ", \"high\": " high "}"
#define LINE(link, ns)                                                                        \
	"{\"mapping\": \"WC\", \"primitive\": \"stp\", \"order\": \"burst\", \"burst\": 16, " \
	"\"link\": \"" link "\", \"tlps_per_line\": 1, " BAND("ns_per_line", ns, "2", "9") "}"
#define PACKET(size, tlps)                                                           \
	"{\"placement\": \"push\", \"size\": \"" size "\", \"link\": \"gen3-x16\", " \
	"\"stores_per_line\": 4, \"tlps_per_line\": 1, " BAND(                       \
		"tlps_per_packet", tlps, "1",                                        \
		"32") ", \"wire_bytes_per_packet\": 176, " BAND("mpps", "3", "2.5", "3.5") "}"
#define ROWS                                                                                       \
	", \"modelled\": {\"modelled_mpps\": {\"gen3-x16\": 3}, \"lines\": [" LINE(                \
		"gen3-x16",                                                                        \
		"5") ", " LINE("gen4-x16",                                                         \
			       "4") "], \"packets\": [" PACKET("64",                               \
							       "2") ", " PACKET("512",             \
										"9") "], "         \
										     "\"sensitivi" \
										     "ty\": ["     \
										     "{\"link\": " \
										     "\"gen3-"     \
										     "x16\", "     \
										     "\"parameter" \
										     "\": "        \
										     "\"gather\"," \
										     " \"mpps_at_" \
										     "low\": "     \
										     "1.5, "       \
										     "\"mpps_at_"  \
										     "high\": "    \
										     "3}, "        \
										     "{\"link\": " \
										     "\"gen3-"     \
										     "x16\", "     \
										     "\"parameter" \
										     "\": "        \
										     "\"order_"    \
										     "ns\", "      \
										     "\"mpps_at_"  \
										     "low\": 3, "  \
										     "\"mpps_at_"  \
										     "high\": "    \
										     "2.999}]}"

static const char *program;
static char folder[64];

static const char *
path_of(const char *name)
{
	static char path[4][128];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void
file_put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Text of a file; the caller's to free. */
static char *
file_get(const char *name)
{
	char *text = calloc(1, 1 << 20);
	FILE *f = fopen(path_of(name), "r");

	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

/* Of two files, or of one and NULL. What it says goes to the file "said". */
static int
report(const char *a, const char *b, const char *more)
{
	char command[1024];
	int status;

	snprintf(command, sizeof(command), "'%s' '%s/%s' %s%s%s --out %s/out %s >%s/said 2>&1",
		 program, folder, a, b != NULL ? folder : "", b != NULL ? "/" : "",
		 b != NULL ? b : "", folder, more, folder);
	status = system(command);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/wcbench-report-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return folder_remove(folder);
}

static void
text_is(struct json_object *root, const char *path, const char *text)
{
	assert_string_equal(json_text_at(root, "%s", path), text);
}

/* ---- reports ------------------------------------------------------------------------------- */

static void
report__two_settings__stand_side_by_side(void **state)
{
	struct json_object *root;
	char *text;

	(void)state;
	file_put("a.json", HEAD("bare-metal", "raw") RAW(NS) MODELLED "}");
	file_put("b.json", HEAD("guest|nc", "packets") "\"host_kernel\": \"6.9.1\", " PORTS "}");
	assert_int_equal(report("a.json", "b.json", "--no-plots"), 0);
	root = json_object_from_file(path_of("out/report.json"));
	assert_non_null(root);
	text_is(root, "/settings/0/name", "bare-metal");
	text_is(root, "/settings/0/stage1", "Normal-NC");
	text_is(root, "/settings/0/verdict", "combining");
	text_is(root, "/settings/0/push/stores_per_line", "4");
	text_is(root, "/settings/0/push/tlps_per_packet", "2");
	text_is(root, "/settings/0/push/wire_bytes_per_packet", "176");
	text_is(root, "/settings/0/push_band/tlps_per_packet/0", "1.75");
	text_is(root, "/settings/0/modelled_mpps/gen3-x16/high", "52.5");
	text_is(root, "/settings/0/measured/raw/0/primitive", "stp");
	text_is(root, "/settings/0/measured/raw/0/p50", "2");
	text_is(root, "/settings/1/name", "guest|nc");
	text_is(root, "/settings/1/host_kernel", "6.9.1");
	text_is(root, "/settings/1/auto_placement", "fetch");
	assert_null(json_at(root, "/settings/1/push/tlps_per_line"));
	text_is(root, "/settings/1/measured/latency/0/p99.9", "6");
	assert_int_equal(
		json_object_array_length(json_at(root, "/settings/1/measured_under_emulation/raw")),
		0);
	json_object_put(root);

	text = file_get("out/report.md");
	assert_non_null(strstr(text, "| bare-metal WC stp | 2 (1.5 to 4) |"));
	assert_non_null(strstr(text, "| guest\\|nc auto | 2.25 (1 to 3) |"));
	assert_non_null(strstr(text, "| bare-metal | 4 | 1 | 2 (1.75 to 2.25) | 176 |"));
	assert_non_null(strstr(text, "| bare-metal | 47.1 (40.5 to 52.5) |"));
	assert_null(strstr(text, "under emulation"));
	free(text);
	text = file_get("out/report.html");
	assert_non_null(strstr(text, "A &lt;CPU&gt;"));
	assert_null(strstr(text, "A <CPU>"));
	free(text);
}

/* Lines and packets by link and size, and which assumption moves the rate. */
static void
report__modelled_rows__have_tables_with_bands(void **state)
{
	struct json_object *root;
	char *text;

	(void)state;
	file_put("a.json", HEAD("here", "raw") RAW(NS) ROWS "}");
	assert_int_equal(report("a.json", NULL, "--no-plots"), 0);
	root = json_object_from_file(path_of("out/report.json"));
	assert_non_null(root);
	text_is(root, "/settings/0/modelled/lines/1/link", "gen4-x16");
	text_is(root, "/settings/0/modelled/lines/1/ns_per_line/high", "9");
	text_is(root, "/settings/0/modelled/packets/1/tlps_per_packet/value", "9");
	text_is(root, "/settings/0/modelled/sensitivity/0/parameter", "gather");
	json_object_put(root);
	text = file_get("out/report.md");
	assert_non_null(strstr(text, "| here WC stp | 5 (2 to 9) | 4 (2 to 9) |"));
	assert_non_null(strstr(text, "| here push | 2 (1 to 32) | 9 (1 to 32) |"));
	assert_non_null(strstr(text, "| here | gen3-x16 | gather | 1.5 | 3 | 3 |"));
	assert_null(strstr(text, "order_ns")); /* moves nothing */
	free(text);
}

#define COMMIT(rule, ns)                                                                        \
	"{\"rule\": \"" rule "\", \"burst\": 8, \"link\": \"gen3-x16\", \"ns_per_packet\": " ns \
	", \"tlps_per_packet\": 1, \"wire_bytes_per_packet\": 120}"

static void
report__rules_that_commit_a_burst__stand_side_by_side(void **state)
{
	struct json_object *root;
	char *text;

	(void)state;
	file_put("a.json", HEAD("here", "raw") RAW(NS) ", \"modelled\": {\"commits\": [" COMMIT(
				   "doorbell", "9") ", " COMMIT("express", "7") "]}}");
	assert_int_equal(report("a.json", NULL, "--no-plots"), 0);
	root = json_object_from_file(path_of("out/report.json"));
	assert_non_null(root);
	text_is(root, "/settings/0/modelled/commits/1/ns_per_packet/value", "7");
	json_object_put(root);
	text = file_get("out/report.md");
	assert_non_null(strstr(text, "| setting | burst | doorbell | express |"));
	assert_non_null(strstr(text, "| here | 8 | 120 | 120 |"));
	assert_non_null(strstr(text, "| here | 8 | 9 | 7 |"));
	free(text);
}

/* One frame size to a run is one series; the same size twice gives two series. */
static void
report__runs_that_do_not_overlap__are_one_series(void **state)
{
	char *text;

	(void)state;
	file_put("a.json", HEAD("here", "packets") PORTS_OF("64") "}");
	file_put("b.json", HEAD("here", "packets") PORTS_OF("512") "}");
	assert_int_equal(report("a.json", "b.json", "--no-plots"), 0);
	text = file_get("out/report.md");
	assert_non_null(strstr(text, "| here auto | 2.25 (1 to 3) | 2.25 (1 to 3) |"));
	free(text);
	file_put("b.json", HEAD("here", "packets") PORTS_OF("64") "}");
	assert_int_equal(report("a.json", "b.json", "--no-plots"), 0);
	text = file_get("out/report.md");
	assert_non_null(strstr(text, "| here auto (b.json 0000:00:02.0) | 2.25 (1 to 3) |"));
	free(text);
}

/* One setting, measured once for real and once under emulation: never in one table. */
static void
report__bases__never_share_a_table(void **state)
{
	char *text, *emulated, *modelled;

	(void)state;
	file_put("a.json", HEAD("here", "raw") RAW(NS) MODELLED "}");
	file_put("b.json", HEAD("here", "raw") RAW(NS_TCG) "}");
	assert_int_equal(report("a.json", "b.json", "--no-plots"), 0);
	text = file_get("out/report.md");
	emulated = strstr(text, "## Measured under emulation");
	modelled = strstr(text, "## Modelled");
	assert_non_null(emulated);
	assert_non_null(modelled);
	assert_non_null(strstr(text, "not to be compared with real hardware"));
	*emulated = '\0';
	assert_non_null(strstr(text, "| here WC stp | 2 (1.5 to 4) |"));
	assert_null(strstr(text, "emulation;"));
	assert_null(strstr(text, "modelled"));
	*emulated = '#';
	*modelled = '\0';
	assert_non_null(strstr(emulated, "| here WC stp | 2 (1.5 to 4) |"));
	assert_null(strstr(emulated, "(measured;"));
	assert_null(strstr(emulated, "modelled"));
	*modelled = '#';
	assert_null(strstr(modelled, "measured;"));
	free(text);
}

/* What no device stood behind is never beside a link's, and its page says so. */
static void
report__ram__has_a_section_of_its_own(void **state)
{
	struct json_object *root;
	char *text, *ram;

	(void)state;
	file_put("a.json", HEAD("here", "raw") RAW(NS) "}");
	file_put("b.json", HEAD("there", "raw") RAW_RAM "}");
	assert_int_equal(report("a.json", "b.json", "--no-plots"), 0);
	text = file_get("out/report.md");
	ram = strstr(text, "## Measured in RAM");
	assert_non_null(ram);
	assert_non_null(strstr(ram, "no device and no link"));
	assert_non_null(strstr(ram, "| there WB sse2 | 2 (1.5 to 4) |"));
	assert_non_null(
		strstr(ram, "ns per store, a drain after each, by bytes (measured in RAM;"));
	assert_non_null(strstr(ram, "ns per read, by bytes (measured in RAM;"));
	assert_non_null(strstr(ram, "MB/s of all threads"));
	assert_non_null(strstr(ram, "| there WB sse2 | 2.25 (1 to 3) |"));
	assert_null(strstr(ram, "here WC"));
	*ram = '\0';
	assert_non_null(strstr(text, "RAM, write-back")); /* the table of settings */
	assert_non_null(strstr(text, "| here WC stp | 2 (1.5 to 4) |"));
	assert_null(strstr(text, "there WB"));
	free(text);
	root = json_object_from_file(path_of("out/report.json"));
	assert_non_null(root);
	text_is(root, "/settings/1/measured_in_RAM/streams/0/threads", "2");
	text_is(root, "/settings/1/measured_in_RAM/raw/0/memory", "RAM, write-back");
	assert_int_equal(json_object_array_length(json_at(root, "/settings/1/measured/raw")), 0);
	json_object_put(root);
}

static void
report__plots__are_in_the_page_and_run_no_strangers_command(void **state)
{
	char *text;

	(void)state;
	if (system("command -v gnuplot >/dev/null") != 0)
		skip();
	file_put("a.json", HEAD("`touch evil` <b>&\\\"", "raw") RAW(NS) MODELLED "}");
	file_put("b.json", HEAD("guest-nc", "packets") PORTS "}");
	assert_int_equal(report("a.json", "b.json", ""), 0);
	text = file_get("out/report.html");
	assert_non_null(strstr(text, "<svg"));
	assert_non_null(strstr(text, "?touch evil?"));
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "src="));
	free(text);
	assert_int_equal(access("evil", F_OK), -1);
}

static void
report__gnuplot_is_missing__says_what_to_install(void **state)
{
	char path[4096], *before = getenv("PATH"), *text;

	(void)state;
	snprintf(path, sizeof(path), "%s", before != NULL ? before : "");
	file_put("a.json", HEAD("here", "raw") RAW(NS) "}");
	/* env, which starts the script, finds python3 beside nothing else */
	assert_int_equal(symlink("/usr/bin/python3", path_of("python3")), 0);
	setenv("PATH", folder, 1);
	assert_int_equal(report("a.json", NULL, ""), 2);
	setenv("PATH", path, 1);
	text = file_get("said");
	assert_non_null(strstr(text, "gnuplot-nox"));
	free(text);
	assert_int_equal(access(path_of("out/report.md"), F_OK), -1);
}

/* ---- bad input ----------------------------------------------------------------------------- */

static const struct {
	const char *text, *said;
} bad[] = {
	{"nothing\n", "not JSON"},
	{"[1]", "not a run of wcbench"},
	{"{\"program\": \"wcprobe\", \"schema\": 1}", "not a run of wcbench"},
	{"{\"program\": \"wcbench\", \"schema\": 2}", "schema 2 of wcbench's runs; this program "
						      "knows 1"},
	{"{\"program\": \"wcbench\", \"schema\": 1, \"ok\": false, \"error\": \"lost\"}",
	 "this run is void: lost"},
	{"{\"program\": \"wcbench\", \"schema\": 1}", "ok is missing; expected true or false"},
	{HEAD("x", "other") "\"x\": 1}", "kind is 'other'; expected raw or packets"},
	{HEAD("x", "raw") "\"x\": 1}", "mappings is missing; expected a list"},
	{HEAD("x", "raw") RAW("{\"basis\": \"modelled\"}") "}",
	 "mappings[0]: lines[0].ns_per_line: basis is 'modelled'"},
	{HEAD("x", "raw") RAW("{\"basis\": \"measured\", \"unit\": \"ns\", \"n\": 1, "
			      "\"p10\": 1}") "}",
	 "mappings[0]: lines[0].ns_per_line: p50 is missing; expected a number"},
	{HEAD("x", "raw") RAW("\"2\"") "}", "ns_per_line is \"2\"; expected an object"},
	{HEAD("x", "raw") RAW("{\"basis\": \"measured\", \"unit\": \"ns\", \"n\": NaN}") "}",
	 "ns_per_line: n is NaN; expected a number below"},
	{HEAD("x", "raw") "\"mappings\": [[", "not JSON"},
	{HEAD("x", "packets") "\"ports\": [7]}", "ports[0] is 7; expected an object"},
	{HEAD("x", "raw") RAW(NS) ", \"modelled\": {\"tlps_per_line\": \"one\"}}",
	 "modelled: tlps_per_line is \"one\"; expected a number"},
	{HEAD("x", "raw") RAW(NS) ", \"modelled\": {\"tlps_per_line\": {\"value\": 3, "
				  "\"low\": 1, \"high\": 2}}}",
	 "value 3 is not between low 1 and high 2"},
	{HEAD("x", "raw") RAW(NS) ", \"modelled\": {\"modelled_mpps\": {\"gen3\": {"
				  "\"value\": 1, \"low\": 1}}}}",
	 "modelled_mpps.gen3: high is missing"},
	{HEAD("x", "raw") RAW(NS) ", \"modelled\": {\"lines\": [{\"mapping\": \"WC\"}]}}",
	 "modelled: lines[0]: primitive is missing; expected a text"},
	{HEAD("x", "raw") RAW(NS) ", \"modelled\": {\"packets\": {}}}",
	 "modelled: packets is {}; expected a list"},
};

static void
report__bad_input__is_named(void **state)
{
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file_put("bad.json", bad[i].text);
		if (report("bad.json", NULL, "--no-plots") != 2)
			fail_msg("taken: %s", bad[i].text);
		text = file_get("said");
		if (strstr(text, "bad.json: ") == NULL || strstr(text, bad[i].said) == NULL ||
		    strstr(text, "Traceback") != NULL)
			fail_msg("'%s' is not in: %s", bad[i].said, text);
		free(text);
		assert_int_equal(access(path_of("out"), F_OK), -1);
	}
	assert_int_equal(report("none.json", NULL, "--no-plots"), 2);
	text = file_get("said");
	assert_non_null(strstr(text, "none.json: No such file"));
	free(text);
}

static void
report__runs_that_contradict__are_named(void **state)
{
	char *text;

	(void)state;
	file_put("a.json", HEAD("x", "raw") RAW(NS) MODELLED "}");
	file_put("b.json", HEAD("x", "raw") RAW(NS) ", \"modelled\": {\"stage1\": \"Device\"}}");
	assert_int_equal(report("a.json", "b.json", "--no-plots"), 2);
	text = file_get("said");
	assert_non_null(strstr(text, "setting x: a.json and b.json say different things of stage1: "
				     "\"Normal-NC\" and \"Device\""));
	free(text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(report__two_settings__stand_side_by_side, setup,
						teardown),
		cmocka_unit_test_setup_teardown(report__modelled_rows__have_tables_with_bands,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			report__rules_that_commit_a_burst__stand_side_by_side, setup, teardown),
		cmocka_unit_test_setup_teardown(report__runs_that_do_not_overlap__are_one_series,
						setup, teardown),
		cmocka_unit_test_setup_teardown(report__bases__never_share_a_table, setup,
						teardown),
		cmocka_unit_test_setup_teardown(report__ram__has_a_section_of_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			report__plots__are_in_the_page_and_run_no_strangers_command, setup,
			teardown),
		cmocka_unit_test_setup_teardown(report__gnuplot_is_missing__says_what_to_install,
						setup, teardown),
		cmocka_unit_test_setup_teardown(report__bad_input__is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(report__runs_that_contradict__are_named, setup,
						teardown),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCBENCH-REPORT\n", argv[0]);
		return 2;
	}
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
