/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcprobe from its arguments to its reports, over machines that are folders. */

#include <errno.h>
#include <judge.h>
#include <list.h>
#include <options.h>
#include <report.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json.h>

#include "capture.h"
#include "json_at.h"
#include "wcprobe_machines.h"
#include "wcprobe_tree.h"

#define ARGS_MAX 8

static enum app_options_verdict
parse(const char *line, struct options *options, char *errors, size_t bytes)
{
	static char words[256]; /* options point into it */
	char *argv[ARGS_MAX + 1] = {"wcprobe"};
	enum app_options_verdict verdict;
	struct capture c;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w != NULL && argc < ARGS_MAX; w = strtok(NULL, " "))
		argv[argc++] = w;
	capture_begin(&c);
	verdict = options_parse(argc, argv, options);
	capture_end(&c, errors, bytes);
	return verdict;
}

/* ---- arguments ----------------------------------------------------------------------------- */

static void
options_parse__good_lines__are_taken(void **state)
{
	struct options o;
	char errors[512];

	(void)state;
	assert_int_equal(parse("", &o, errors, sizeof(errors)), APP_OPTIONS_RUN);
	assert_string_equal(o.bdf, "");
	assert_int_equal(parse("00:02.0", &o, errors, sizeof(errors)), APP_OPTIONS_RUN);
	assert_string_equal(o.bdf, "0000:00:02.0");
	assert_int_equal(o.bar, -1);
	assert_false(o.open);
	assert_int_equal(parse("0001:0A:1f.7 --bar 5 --json", &o, errors, sizeof(errors)),
			 APP_OPTIONS_RUN);
	assert_string_equal(o.bdf, "0001:0a:1f.7");
	assert_int_equal(o.bar, 5);
	assert_true(o.json);
	assert_int_equal(parse("00:02.0 --write 0x1000:128", &o, errors, sizeof(errors)),
			 APP_OPTIONS_RUN);
	assert_true(o.open && o.write);
	assert_int_equal(o.write_off, 0x1000);
	assert_int_equal(o.write_bytes, 128);
	assert_int_equal(parse("00:02.0 --card-test", &o, errors, sizeof(errors)), APP_OPTIONS_RUN);
	assert_true(o.open && o.card_test);
}

static void
options_parse__bad_lines__are_refused_by_name(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"eth0", "'eth0' is not a PCI address: expected 00:02.0 or 0000:00:02.0"},
		{"00:02", "'00:02' is not a PCI address"},
		{"00:02.8", "'00:02.8' is not a PCI address"},
		{"00:20.0", "'00:20.0' is not a PCI address"},
		{"0000:00:02.0x", "is not a PCI address"},
		{"00:02.0 00:03.0", "unexpected argument '00:03.0'; one device at a time"},
		{"00:02.0 --bar 6", "--bar '6': expected a number from 0 to 5"},
		{"00:02.0 --bar -1", "--bar '-1': expected a number from 0 to 5"},
		{"00:02.0 --bar x", "--bar 'x': expected a number"},
		{"00:02.0 --bar", "--bar needs a value"},
		{"00:02.0 --write 64", "--write '64': expected OFF:LEN"},
		{"00:02.0 --write 0:64x", "expected OFF:LEN"},
		{"00:02.0 --write 8:64", "must be multiples of 64"},
		{"00:02.0 --write 0:100", "must be multiples of 64"},
		{"00:02.0 --write 0:0", "LEN not 0"},
		{"00:02.0 --write 0xffffffffffffffc0:64", "must be multiples"},
		{"--open", "give its address"},
		{"--bar 2", "give its address"},
		{"00:02.0 --root /x --open", "--root is a copy"},
		{"00:02.0 --card-test --write 0:64", "no --write"},
		{"00:02.0 --card-test --bar 0", "BAR 2"},
		{"00:02.0 --frobnicate", "unknown option --frobnicate; see --help"},
	};
	struct options o;
	char errors[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse(cases[i].line, &o, errors, sizeof(errors)) != APP_OPTIONS_BAD)
			fail_msg("'%s' was taken", cases[i].line);
		if (strstr(errors, cases[i].error) == NULL)
			fail_msg("'%s' says '%s', expected '%s'", cases[i].line, errors,
				 cases[i].error);
	}
}

/* ---- machines ------------------------------------------------------------------------------ */

/* Facts of the tree for a line of arguments. judge_facts's result; `why` its words. */
static int
facts(const struct tree *t, const char *line, struct probe *p, struct options *o, char *why,
      size_t why_bytes)
{
	char errors[512], *root = tree_make(t);
	int ret;

	assert_int_equal(parse(line, o, errors, sizeof(errors)), APP_OPTIONS_RUN);
	o->root = root;
	ret = judge_facts(p, o, why, why_bytes);
	o->root = "";
	tree_remove(root);
	return ret;
}

static void
judge_facts__bad_devices_and_bars__are_refused_by_name(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"00:09.0", "0000:00:09.0"},
		{TREE_BDF " --bar 4", "has no BAR 4; it has BAR 0, BAR 2"},
		{TREE_BDF " --bar 3", "BAR 3 of " TREE_BDF " is the upper half of BAR 2"},
		{TREE_BDF " --bar 1", "BAR 1 of " TREE_BDF " is I/O ports, not memory; it has"},
		{TREE_BDF " --write 0x100000:64", "is not within BAR 2, which has 1048576 bytes"},
		{TREE_BDF " --write 0xfffc0:128", "is not within BAR 2"},
		{TREE_BDF " --bar 0 --write 0x1000:64", "is not within BAR 0, which has 4096"},
		{TREE_BDF " --card-test", "is for a wcnic card (1234:57c1); " TREE_BDF " is 1af4:"},
	};
	char why[WCBAR_WHY_BYTES];
	struct options o;
	struct probe p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why[0] = '\0';
		if (facts(&(struct tree){0}, cases[i].line, &p, &o, why, sizeof(why)) == 0)
			fail_msg("'%s' was taken", cases[i].line);
		if (strstr(why, cases[i].error) == NULL)
			fail_msg("'%s' says '%s', expected '%s'", cases[i].line, why,
				 cases[i].error);
	}
	assert_int_equal(
		facts(&(struct tree){0}, TREE_BDF " --write 0xfffc0:64", &p, &o, why, sizeof(why)),
		0);
	assert_int_equal(p.bar, 2);
}

/* Judges one machine; the caller compares. */
static void
machine_judge(const struct machine *m, struct probe *p)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct options o;

	if (facts(&m->tree, TREE_BDF " --bar 2", p, &o, why, sizeof(why)) != 0)
		fail_msg("%s: %s", m->name, why);
	assert_string_equal(p->arch, ""); /* a copy does not say where it is from */
	snprintf(p->arch, sizeof(p->arch), "%s", m->arch != NULL ? m->arch : "aarch64");
	judge(p, &o);
}

static void
judge__each_machine__is_predicted_and_advised(void **state)
{
	struct probe p;

	(void)state;
	for (size_t i = 0; i < n_machines; i++) {
		const struct machine *m = &machines[i];
		const struct wcbar_answer *a;

		machine_judge(m, &p);
		assert_false(p.answered || p.timing.done || p.card.done);
		if (probe_rung(p.answers) != m->rung)
			fail_msg("%s: %s", m->name, wcbar_rung_name(probe_rung(p.answers)));
		if (m->rung != NO_RUNG && p.sure[m->rung] != m->sure)
			fail_msg("%s: sure is %d", m->name, p.sure[m->rung]);
		if (p.verdict.id != m->verdict)
			fail_msg("%s: %s", m->name, verdict_name(p.verdict.id));
		if (judge_status(&p) != m->status)
			fail_msg("%s: status %d", m->name, judge_status(&p));
		a = &p.answers[p.facts.access >= WCBAR_ACCESS_VFIO_GROUP ? WCBAR_RUNG_SYSFS_VFIO
									 : WCBAR_RUNG_SYSFS];
		if ((a->error == 0) != (m->rung_why == NULL) ||
		    (m->rung_why != NULL && strstr(a->why, m->rung_why) == NULL))
			fail_msg("%s: %d '%s'", m->name, a->error, a->why);
		assert_true(p.n_advice > 0);
		if (p.advice[0].effort != m->effort || p.advice[0].gives != m->gives ||
		    strstr(p.advice[0].text, m->advice) == NULL)
			fail_msg("%s: advice [%s] %s", m->name, effort_name(p.advice[0].effort),
				 p.advice[0].text);
	}
}

/* Least effort first, every one leads somewhere, and none contains another. */
static void
judge__several_ways_out__are_ordered_by_effort(void **state)
{
	const struct machine m = {.tree = {.driver = "vfio-pci", .kernel = "7.3.4"}};
	struct probe p;

	(void)state;
	machine_judge(&m, &p);
	assert_int_equal(p.n_advice, 3);
	assert_non_null(strstr(p.advice[0].text, "uio_pci_generic"));
	assert_int_equal(p.advice[1].effort, EFFORT_REBOOT);
	assert_non_null(strstr(p.advice[1].text, "iomem=relaxed"));
	assert_int_equal(p.advice[1].gives, WCBAR_RUNG_SYSFS_RELAXED);
	assert_int_equal(p.advice[2].effort, EFFORT_KERNEL);
	assert_non_null(strstr(p.advice[2].text, "6.12"));
	assert_int_equal(p.advice[2].gives, WCBAR_RUNG_SYSFS_VFIO);
}

static void
judge__no_iommu__advises_to_turn_it_on_last(void **state)
{
	const struct machine m = {.tree = {.driver = "nvme", .no_group = true}};
	struct probe p;

	(void)state;
	machine_judge(&m, &p);
	assert_int_equal(p.n_advice, 3);
	assert_int_equal(p.advice[2].effort, EFFORT_FIRMWARE);
	assert_non_null(strstr(p.advice[2].text, "turn the IOMMU on"));
	assert_non_null(strstr(p.advice[2].text, "then bind it to vfio-pci"));
	assert_int_equal(p.advice[2].gives, WCBAR_RUNG_SYSFS_VFIO);
}

/* As EC2's usual virtual machines are. */
static void
judge__no_iommu__names_the_mode_and_its_risks(void **state)
{
	struct machine m = {.tree = {.driver = "ena", .no_group = true, .hypervisor = true}};
	struct probe p;

	(void)state;
	machine_judge(&m, &p);
	assert_non_null(strstr(p.advice[1].text, "enable_unsafe_noiommu_mode"));
	assert_non_null(strstr(p.advice[1].text, "if this kernel has CONFIG_VFIO_NOIOMMU"));
	assert_non_null(strstr(p.advice[1].text, "reaches all memory, the kernel is tainted"));
	assert_non_null(strstr(p.advice[1].text, "then bind it to vfio-pci"));
	assert_int_equal(p.advice[1].effort, EFFORT_COMMAND);
	m.tree.mode = "N\n";
	machine_judge(&m, &p);
	assert_null(strstr(p.advice[1].text, "if this kernel"));
	m.tree.mode = NULL;
	m.tree.config = "CONFIG_IO_STRICT_DEVMEM=y\n"; /* and no VFIO_NOIOMMU */
	machine_judge(&m, &p);
	assert_int_equal(p.n_advice, 2);
	assert_int_equal(p.advice[1].effort, EFFORT_FIRMWARE);
	assert_non_null(strstr(p.advice[1].text, "give this virtual machine an IOMMU, where its"));
}

static void
judge__a_device_in_use__is_never_opened(void **state)
{
	char why[WCBAR_WHY_BYTES];
	struct options o;
	struct probe p;

	(void)state;
	assert_int_equal(facts(&(struct tree){.driver = "nvme"}, TREE_BDF " --open", &p, &o, why,
			       sizeof(why)),
			 0);
	judge(&p, &o);
	assert_int_equal(p.open_error, -EBUSY);
	assert_non_null(strstr(p.open_why, "driver nvme has " TREE_BDF ": not opened"));
	assert_false(p.answered);
	assert_int_equal(judge_status(&p), STATUS_FAILED);
}

/* The tree is gone when the device is to be opened: this machine has no such device. */
static void
judge__a_device_that_vanished__fails_and_keeps_the_prediction(void **state)
{
	char why[WCBAR_WHY_BYTES];
	struct options o;
	struct probe p;

	(void)state;
	assert_int_equal(facts(&(struct tree){0}, TREE_BDF, &p, &o, why, sizeof(why)), 0);
	snprintf(p.facts.bdf, sizeof(p.facts.bdf), "00fe:7e:1d.5");
	o.open = true;
	judge(&p, &o);
	assert_int_equal(p.open_error, -ENODEV);
	assert_non_null(strstr(p.open_why, "00fe:7e:1d.5"));
	assert_false(p.answered);
	assert_int_equal(probe_rung(p.answers), WCBAR_RUNG_SYSFS);
	assert_int_equal(judge_status(&p), STATUS_FAILED);
}

/* ---- reports ------------------------------------------------------------------------------- */

static char *
text_of(const struct probe *p)
{
	char *text;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	assert_non_null(f);
	text_probe(f, p);
	fclose(f);
	return text;
}

/* Every string in the object is in the text, but for names of states that the text spells out. */
static void
json_probe__each_machine__says_what_the_text_says(void **state)
{
	struct json_object *made, *o, *value;
	struct probe p;
	char *text;

	(void)state;
	for (size_t i = 0; i < n_machines; i++) {
		machine_judge(&machines[i], &p);
		text = text_of(&p);
		made = json_probe(&p, judge_status(&p));
		o = json_tokener_parse(json_object_to_json_string(made)); /* as programs get it */
		json_object_put(made);
		assert_non_null(o);
		assert_string_equal(json_text_at(o, "/program"), "wcprobe");
		assert_string_equal(json_text_at(o, "/schema"), "1");
		assert_non_null(json_text_at(o, "/version"));
		assert_non_null(json_text_at(o, "/commit"));
		assert_string_equal(json_text_at(o, "/device/bdf"), TREE_BDF);
		assert_string_equal(json_text_at(o, "/verdict/name"),
				    verdict_name(machines[i].verdict));
		assert_non_null(strstr(text, json_text_at(o, "/verdict/text")));
		assert_non_null(strstr(text, json_text_at(o, "/verdict/why")));
		assert_non_null(strstr(text, json_text_at(o, "/effective/why")));
		assert_non_null(strstr(text, json_text_at(o, "/machine/kernel")));
		assert_int_equal(json_object_get_int(json_at(o, "/exit_status")),
				 machines[i].status);
		value = json_at(o, "/intended/rung");
		if (machines[i].rung == NO_RUNG)
			assert_null(value);
		else
			assert_string_equal(json_object_get_string(value),
					    wcbar_rung_name(machines[i].rung));
		for (unsigned int k = 0; k < WCBAR_RUNGS; k++) {
			assert_non_null(strstr(text, json_text_at(o, "/rungs/%u/name", k)));
			value = json_at(o, "/rungs/%u/why", k);
			if (value != NULL)
				assert_non_null(strstr(text, json_object_get_string(value)));
		}
		assert_int_equal(json_object_array_length(json_at(o, "/advice")), p.n_advice);
		for (size_t k = 0; k < p.n_advice; k++)
			assert_non_null(strstr(text, json_text_at(o, "/advice/%zu/text", k)));
		json_object_put(o);
		free(text);
	}
}

static void
text_is_of(const struct machine *m, const char *has, const char *lacks)
{
	struct probe p;
	char *text;

	machine_judge(m, &p);
	if (m->arch != NULL)
		snprintf(p.arch, sizeof(p.arch), "%s", m->arch);
	text = text_of(&p);
	if (strstr(text, has) == NULL || (lacks != NULL && strstr(text, lacks) != NULL))
		fail_msg("not '%s', or '%s', in:\n%s", has, lacks, text);
	free(text);
}

static void
text_probe__other_machines__say_what_is_different(void **state)
{
	const struct machine ec2 = {.tree = {.driver = "vfio-pci",
					     .noiommu = true,
					     .mode = "Y",
					     .kernel = "5.13.0-1021-aws",
					     .hypervisor = true},
				    .arch = ""};
	const struct machine ubuntu = {.tree = {.driver = "ena", .config = "CONFIG_PCI=y\n"},
				       .arch = "x86_64"};
	const struct machine unknown = {.tree = {.driver = "ena"}};
	const struct machine seen = {.tree = {.driver = "vfio-pci",
					      .noiommu = true,
					      .config = "CONFIG_PCI=y\n",
					      .kernel = "6.1.192"},
				     .arch = "x86_64"};
	struct machine later = seen;

	(void)state;
	text_is_of(&seen, "sysfs-wc-relaxed  WC  yes: the kernel", NULL);
	later.tree.kernel = "6.5.0";
	text_is_of(&later, "sysfs-wc-relaxed  WC  yes, perhaps: the", NULL);
	text_is_of(&ec2, "/dev/vfio/noiommu-7; the device's DMA reaches all memory",
		   "type unknown");
	text_is_of(&ec2, "no-IOMMU mode: on (/sys/module/vfio/parameters", "give this virtual");
	text_is_of(&ec2, "kernel 5.13.0-1021-aws, pages of", " ,");
	text_is_of(&ubuntu, "CONFIG_IO_STRICT_DEVMEM no, CONFIG_VFIO_NOIOMMU no, by /boot/config-",
		   "would have to let go");
	text_is_of(&ubuntu, "so it maps the BAR although ena has the device; on x86 with", NULL);
	text_is_of(&unknown, "CONFIG_IO_STRICT_DEVMEM unknown: no /proc/config.gz", NULL);
	text_is_of(&unknown, "no, perhaps: in use by driver ena", NULL);
}

/* Where a hold works and where it does not: doc/mapping-ladder.md. */
static void
predict__vfio_pat_on_old_kernels__tells_what_a_hold_does(void **state)
{
	const char *why;
	struct machine m = {.tree = {.driver = "vfio-pci", .config = "CONFIG_PCI=y\n"},
			    .arch = "x86_64"};
	struct probe p;

	(void)state;
	machine_judge(&m, &p);
	why = p.answers[WCBAR_RUNG_VFIO_PAT].why;
	assert_int_equal(p.answers[WCBAR_RUNG_VFIO_PAT].error, -ENOTSUP);
	assert_non_null(strstr(why, "holds resource2_wc until VFIO's mapping is made"));
	m.tree.config = "CONFIG_IO_STRICT_DEVMEM=y\n";
	machine_judge(&m, &p);
	assert_non_null(strstr(why, "takes resource2_wc away"));
}

static void
list_read__devices_of_other_machines__are_not_told_to_bind_vfio_in_vain(void **state)
{
	static const struct {
		struct tree tree;
		const char *wc, *text;
	} cases[] = {
		{{.driver = "mlx5_core"}, "kernel", "by the kernel: mlx5_core maps it"},
		{{.driver = "ena", .config = "CONFIG_PCI=y\n"}, "could", "bind it to vfio-pci"},
		{{.driver = "vfio-pci", .noiommu = true}, "yes", "yes: sysfs-wc-vfio"},
	};
	char why[WCBAR_WHY_BYTES], *root, *text;
	struct json_object *o;
	struct list list;
	size_t bytes;
	FILE *f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		root = tree_make(&cases[i].tree);
		assert_int_equal(list_read(root, &list, why, sizeof(why)), 0);
		tree_remove(root);
		o = json_list(&list);
		assert_string_equal(json_text_at(o, "/devices/0/wc"), cases[i].wc);
		json_object_put(o);
		f = open_memstream(&text, &bytes);
		text_list(f, &list);
		fclose(f);
		if (strstr(text, cases[i].text) == NULL)
			fail_msg("not '%s' in: %s", cases[i].text, text);
		free(text);
		list_free(&list);
	}
}

static void
list_read__a_tree__has_each_device_with_memory(void **state)
{
	const struct tree t = {.driver = "nvme", .peer = "e1000e"};
	char why[WCBAR_WHY_BYTES], *root = tree_make(&t), *text;
	struct json_object *o;
	struct list list;
	size_t bytes;
	FILE *f;

	(void)state;
	assert_int_equal(list_read(root, &list, why, sizeof(why)), 0);
	tree_remove(root);
	assert_int_equal(list.n, 1); /* the peer has no BAR */
	assert_string_equal(list.entries[0].facts.bdf, TREE_BDF);
	assert_int_equal(list.entries[0].bar, 2);
	assert_true(list.entries[0].possible);
	o = json_list(&list);
	assert_string_equal(json_text_at(o, "/devices/0/wc"), "could");
	assert_non_null(strstr(json_text_at(o, "/devices/0/change"), "(takes it from nvme)"));
	f = open_memstream(&text, &bytes);
	text_list(f, &list);
	fclose(f);
	assert_non_null(strstr(text, json_text_at(o, "/devices/0/change")));
	json_object_put(o);
	free(text);
	list_free(&list);
	assert_int_equal(list_read("/nowhere", &list, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/nowhere/sys/bus/pci/devices"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_parse__good_lines__are_taken),
		cmocka_unit_test(options_parse__bad_lines__are_refused_by_name),
		cmocka_unit_test(judge_facts__bad_devices_and_bars__are_refused_by_name),
		cmocka_unit_test(judge__each_machine__is_predicted_and_advised),
		cmocka_unit_test(judge__several_ways_out__are_ordered_by_effort),
		cmocka_unit_test(judge__no_iommu__advises_to_turn_it_on_last),
		cmocka_unit_test(judge__no_iommu__names_the_mode_and_its_risks),
		cmocka_unit_test(judge__a_device_in_use__is_never_opened),
		cmocka_unit_test(judge__a_device_that_vanished__fails_and_keeps_the_prediction),
		cmocka_unit_test(json_probe__each_machine__says_what_the_text_says),
		cmocka_unit_test(predict__vfio_pat_on_old_kernels__tells_what_a_hold_does),
		cmocka_unit_test(text_probe__other_machines__say_what_is_different),
		cmocka_unit_test(
			list_read__devices_of_other_machines__are_not_told_to_bind_vfio_in_vain),
		cmocka_unit_test(list_read__a_tree__has_each_device_with_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
