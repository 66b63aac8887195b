/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcprobe as people and scripts run it: what it prints, and its exit status. */

#include <patience.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json.h>

#include "json_at.h"
#include "wcprobe_tree.h"

#define WC_LIST "PAT: [mem 0x0000004000000000-0x0000004000100000] write-combining\n"
#define UC_LIST "PAT: [mem 0x0000004000000000-0x0000004000100000] uncached-minus\n"
#define NO_BAR "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
#define MAPS                                                  \
	"7f0000000000-7f0000100000 rw-s 4000000000 00:15 77 " \
	"/sys/devices/pci0000:00/" TREE_BDF "/resource2_wc\n" \
	"7f0000100000-7f0000200000 r--p 00000000 00:15 78 /home/user/secret\n"

static const char *wcprobe;
static char *root, output[65536];

static int
setup(void **state)
{
	(void)state;
	root = tree_make(
		&(struct tree){.driver = "vfio-pci", .cmdline = "password=x iomem=strict\n"});
	tree_put(root, "proc/sys/kernel/arch", "x86_64\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

/* Runs a shell's command line; its exit status. What it printed is in `output`. */
WC_PRINTF(1, 2) static int shell(const char *format, ...)
{
	char line[1024];
	va_list ap;
	int status;
	size_t n;
	FILE *f;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	f = popen(line, "r");
	assert_non_null(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
prints(const char *part)
{
	if (strstr(output, part) == NULL)
		fail_msg("not '%s' in:\n%s", part, output);
}

/* ---- --now ----------------------------------------------------------------------------------- */

static void
now__exit_status__is_0_for_wc_alone(void **state)
{
	static const struct {
		const char *list;
		int status;
	} cases[] = {{WC_LIST, 0}, {UC_LIST, 1}, {WC_LIST UC_LIST, 1}, {"\n", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_put(root, "sys/kernel/debug/x86/pat_memtype_list", cases[i].list);
		assert_int_equal(shell("%s --root %s --now " TREE_BDF, wcprobe, root),
				 cases[i].status);
		prints(TREE_BDF " BAR 2  ");
		assert_int_equal(shell("%s --root %s --now", wcprobe, root), cases[i].status);
		assert_int_equal(
			shell("%s --root %s --now --bar 2 --json " TREE_BDF, wcprobe, root),
			cases[i].status);
	}
	prints("\"type\":\"none\"");
	assert_int_equal(shell("%s --root %s --now " TREE_BDF " --bar 0", wcprobe, root), 1);
	assert_int_equal(shell("%s --root %s --now " TREE_BDF " --bar 4 2>&1", wcprobe, root), 2);
	prints("has no BAR 4; it has BAR 0, BAR 2");
	assert_int_equal(shell("%s --root %s --now 00:09.0 2>&1", wcprobe, root), 2);
	assert_int_equal(shell("%s --now --open " TREE_BDF " 2>&1", wcprobe), 2);
	prints("--now only looks");
}

static void
now__all__has_each_bar_that_is_mapped(void **state)
{
	struct json_object *o;

	(void)state;
	assert_int_equal(shell("%s --root %s --now", wcprobe, root), 1);
	prints("no BAR is mapped, as far as can be seen");
	tree_put(root, "sys/kernel/debug/x86/pat_memtype_list", WC_LIST);
	tree_put(root, "proc/10/maps", MAPS);
	tree_put(root, "proc/10/comm", "testpmd\n");
	assert_int_equal(shell("%s --root %s --now --json", wcprobe, root), 0);
	o = json_tokener_parse(output);
	assert_int_equal(json_object_array_length(json_at(o, "/mapped")), 1);
	assert_string_equal(json_text_at(o, "/mapped/0/bdf"), TREE_BDF);
	assert_string_equal(json_text_at(o, "/mapped/0/now/mappings/0/program"), "testpmd");
	json_object_put(o);
	/* another device's, which could be WC and is not */
	tree_put(root, "sys/bus/pci/devices/0000:00:06.0/vendor", "0x1af4\n");
	tree_put(root, "sys/bus/pci/devices/0000:00:06.0/device", "0x1110\n");
	tree_put(root, "sys/bus/pci/devices/0000:00:06.0/resource",
		 "0x0000005000000000 0x00000050000fffff 0x000000000014220c\n" NO_BAR NO_BAR NO_BAR
			 NO_BAR NO_BAR);
	tree_put(root, "sys/kernel/debug/x86/pat_memtype_list",
		 WC_LIST "PAT: [mem 0x0000005000000000-0x0000005000100000] uncached-minus\n");
	assert_int_equal(shell("%s --root %s --now", wcprobe, root), 1);
	prints(TREE_BDF " BAR 2  WC: ");
	prints("0000:00:06.0 BAR 0  UC: ");
}

/* ---- --collect and --root FILE --------------------------------------------------------------- */

static void
collect__reads_back_as_the_machine_itself(void **state)
{
	static const char *const args[] = {
		"", "--json", TREE_BDF, (TREE_BDF " --json"), "--now", ("--now " TREE_BDF)};
	char *live;
	int status;

	(void)state;
	tree_put(root, "sys/kernel/debug/x86/pat_memtype_list", WC_LIST);
	tree_put(root, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
	tree_put(root, "boot/config-" TREE_KERNEL, "CONFIG_PCI=y\nCONFIG_IO_STRICT_DEVMEM=y\n");
	tree_put(root, "proc/10/maps", MAPS);
	tree_put(root, "proc/10/comm", "testpmd\n");
	tree_put_link(root, "proc/10/fd/3", "/dev/vfio/7");
	tree_put_link(root, "proc/10/fd/4", "/home/user/secret");
	if (shell("%s --root %s --collect %s/c.tar", wcprobe, root, root) == 3)
		skip(); /* no libarchive here */
	prints("wcprobe --root ");
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		status = shell("%s --root %s %s", wcprobe, root, args[i]);
		live = strdup(output);
		assert_int_equal(shell("%s --root %s/c.tar %s", wcprobe, root, args[i]), status);
		assert_string_equal(output, live);
		free(live);
	}
	/* a copy of the copy, too */
	assert_int_equal(shell("%s --root %s/c.tar --collect %s/d.tar", wcprobe, root, root), 0);
	assert_int_equal(shell("tar -C %s -xOf %s/c.tar >%s/c && tar -C %s -xOf %s/d.tar >%s/d && "
			       "cmp %s/c %s/d",
			       root, root, root, root, root, root, root, root),
			 0);
}

static void
collect__takes_nothing_else(void **state)
{
	(void)state;
	tree_put(root, "proc/10/maps", MAPS);
	tree_put(root, "proc/10/comm", "testpmd\n");
	tree_put(root, "proc/10/environ", "TOKEN=secret");
	tree_put(root, "proc/11/maps", "1000-2000 r--p 0 00:15 78 /home/user/resource_secret\n");
	tree_put(root, "proc/11/comm", "secret\n");
	tree_put_link(root, "proc/10/fd/4", "/home/user/secret");
	tree_put(root, "boot/config-" TREE_KERNEL,
		 "CONFIG_PCI=y\nCONFIG_BUILD_SALT=\"secret\"\nCONFIG_IO_STRICT_DEVMEM=y\n");
	if (shell("%s --root %s --collect %s/c.tar", wcprobe, root, root) == 3)
		skip();
	assert_int_equal(shell("tar tvf %s/c.tar", root), 0);
	prints("proc/10/maps");
	prints("sys/bus/pci/devices/" TREE_BDF "/resource2_wc");
	assert_null(strstr(output, "proc/11"));
	assert_null(strstr(output, "environ"));
	assert_null(strstr(output, "\nl"));
	assert_int_equal(shell("tar -xOf %s/c.tar", root), 0);
	prints("resource2_wc\n");
	prints("iomem=strict");
	prints("CONFIG_IO_STRICT_DEVMEM=y");
	assert_null(strstr(output, "secret"));
	assert_null(strstr(output, "password"));
}

static void
collect__bad_lines__are_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(shell("%s --root %s --collect /nowhere/x.tar 2>&1", wcprobe, root), 3);
	assert_int_equal(shell("%s --collect x.tar --json 2>&1", wcprobe), 2);
	prints("--collect takes all of the machine into a file: only --root goes with it");
	assert_int_equal(shell("%s --collect x.tar " TREE_BDF " 2>&1", wcprobe), 2);
	if (shell("%s --root %s/proc/cmdline 2>&1", wcprobe, root) == 3) {
		prints("libarchive"); /* it is not here, or was not there when this was built */
	} else {
		assert_int_equal(shell("%s --root %s/proc/cmdline 2>&1", wcprobe, root), 2);
		prints("expected a folder, or a tar file");
	}
	assert_int_equal(shell("%s --root %s/nothing 2>&1", wcprobe, root), 2);
	prints("expected the PCI devices of sysfs there");
}

/* ---- --prometheus ---------------------------------------------------------------------------- */

static void
prometheus__each_bar__has_its_metrics(void **state)
{
	static const char *const lines[] = {
		"# TYPE wcprobe_bar_prefetchable gauge\n",
		"wcprobe_bar_info{device=\"" TREE_BDF
		"\",bar=\"2\",id=\"1af4:1110\",driver=\"vfio-pci\"} 1\n",
		"wcprobe_bar_size_bytes{device=\"" TREE_BDF "\",bar=\"2\"} 1048576\n",
		"wcprobe_bar_prefetchable{device=\"" TREE_BDF "\",bar=\"0\"} 0\n",
		"wcprobe_bar_prefetchable{device=\"" TREE_BDF "\",bar=\"2\"} 1\n",
		"wcprobe_bar_predicted_wc{device=\"" TREE_BDF "\",bar=\"0\"} 0\n",
		"wcprobe_bar_predicted_wc{device=\"" TREE_BDF "\",bar=\"2\"} 1\n",
		",bar=\"0\",type=\"UC\",rung=\"vfio\"} 1\n",
		",bar=\"2\",type=\"WC\",rung=\"sysfs-wc-vfio\"} 1\n",
		"wcprobe_bar_mapped_info{device=\"" TREE_BDF "\",bar=\"0\",type=\"none\"} 1\n",
		"wcprobe_bar_mapped_info{device=\"" TREE_BDF "\",bar=\"2\",type=\"WC\"} 1\n",
		"wcprobe_bar_mapped_wc{device=\"" TREE_BDF "\",bar=\"0\"} 0\n",
		"wcprobe_bar_mapped_wc{device=\"" TREE_BDF "\",bar=\"2\"} 1\n",
		"wcprobe_hidden_processes 0\n",
	};

	(void)state;
	tree_put(root, "sys/kernel/debug/x86/pat_memtype_list", WC_LIST);
	assert_int_equal(shell("%s --root %s --prometheus", wcprobe, root), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		prints(lines[i]);
	assert_null(strstr(output, "bar=\"1\"")); /* I/O ports */
	assert_int_equal(shell("%s --prometheus --json 2>&1", wcprobe), 2);
	prints("in a format of its own");
	assert_int_equal(shell("%s --prometheus --root /nowhere 2>&1", wcprobe), 2);
}

/* Also with a driver's name that must be escaped. */
static void
prometheus__promtool__accepts_it(void **state)
{
	(void)state;
	if (shell("command -v promtool") != 0) {
		print_message("promtool is not installed (package prometheus)\n");
		skip();
	}
	tree_remove(root);
	root = tree_make(&(struct tree){.driver = "a\"b\\c"});
	assert_int_equal(shell("%s --root %s --prometheus", wcprobe, root), 0);
	prints("driver=\"a\\\"b\\\\c\"");
	if (shell("%s --root %s --prometheus | promtool check metrics 2>&1", wcprobe, root) != 0)
		fail_msg("%s", output);
	assert_string_equal(output, "");
}

/* ---- files that make a reader wait ----------------------------------------------------------- */

/* Each file of the machine in turn is a FIFO that nobody writes to. */
static void
fifo__in_place_of_a_file__is_never_waited_for(void **state)
{
	unsigned int files = 0;

	(void)state;
	assert_int_equal(shell("n=0; for f in $(find %s -type f); do mv $f $f.kept; mkfifo $f; "
			       "for what in '--json " TREE_BDF "' --now '--collect %s.tar'; do "
			       "timeout %d %s --root %s $what >/dev/null 2>&1; [ $? -lt 124 ] || "
			       "echo \"$f: $what waits\"; done; mv -f $f.kept $f; "
			       "n=$((n + 1)); done; rm -f %s.tar; echo $n files",
			       root, root, PATIENCE_S, wcprobe, root, root),
			 0);
	if (strstr(output, "waits") != NULL)
		fail_msg("%s", output);
	assert_int_equal(sscanf(output, "%u files", &files), 1);
	assert_true(files > 10);
	assert_int_equal(shell("mkfifo %s/fifo; timeout %d %s --root %s/fifo 2>&1", root,
			       PATIENCE_S, wcprobe, root),
			 2);
}

static void
json__of_bad_arguments__says_what_is_wrong(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{"--json 00:zz.0", "'00:zz.0' is not a PCI address"},
		{"00:zz.0 --json", "'00:zz.0' is not a PCI address"},
		{"--bogus --json", "unknown option --bogus"},
		{"--json --bar 9 " TREE_BDF, "--bar '9': expected a number from 0 to 5"},
		{"--json --now --open " TREE_BDF, "--now only looks"},
	};
	struct json_object *report, *error = NULL, *why = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(shell("%s %s 2>/dev/null", wcprobe, cases[i].arguments), 2);
		report = json_tokener_parse(output);
		assert_non_null(report);
		assert_true(json_object_object_get_ex(report, "error", &error));
		assert_true(json_object_object_get_ex(error, "why", &why));
		assert_non_null(strstr(json_object_get_string(why), cases[i].says));
		json_object_put(report);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(now__exit_status__is_0_for_wc_alone),
		TEST(now__all__has_each_bar_that_is_mapped),
		TEST(collect__reads_back_as_the_machine_itself),
		TEST(collect__takes_nothing_else),
		TEST(collect__bad_lines__are_refused_by_name),
		TEST(prometheus__each_bar__has_its_metrics),
		TEST(prometheus__promtool__accepts_it),
		TEST(fifo__in_place_of_a_file__is_never_waited_for),
		TEST(json__of_bad_arguments__says_what_is_wrong),
	};

	if (argc != 2) {
		fputs("expected the path of wcprobe\n", stderr);
		return 2;
	}
	wcprobe = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
