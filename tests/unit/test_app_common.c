/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the programs share: numbers, options and JSON. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json.h>

#include <app_error.h>
#include <app_file.h>
#include <app_json.h>
#include <app_number.h>
#include <app_options.h>
#include <wcfile.h>

#include "capture.h"

/* ---- numbers ------------------------------------------------------------------------------- */

static void
app_number__within_the_range__is_taken(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(app_number("0x10", 1, 16, &n));
	assert_int_equal(n, 16);
	assert_true(app_number("0", 0, 0, &n));
	assert_int_equal(n, 0);
	assert_true(app_number("18446744073709551615", 0, UINT64_MAX, &n));
	assert_int_equal(n, UINT64_MAX);
}

static void
app_number__else__is_refused(void **state)
{
	static const char *const bad[] = {"",
					  " 1",
					  "+1",
					  "-1",
					  "1 ",
					  "12x",
					  "x",
					  "17",
					  "0x11",
					  "0",
					  "99999999999999999999999"};
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (app_number(bad[i], 1, 16, &n))
			fail_msg("'%s' was taken", bad[i]);
	}
	assert_false(app_number("99999999999999999999999", 0, UINT64_MAX, &n));
}

static void
app_number_pair__two_numbers__are_taken(void **state)
{
	uint64_t a, b;

	(void)state;
	assert_true(app_number_pair("0x1000:64", 0, &a, &b));
	assert_true(a == 0x1000 && b == 64);
	assert_true(app_number_pair("1af4:0x1110", 16, &a, &b));
	assert_true(a == 0x1af4 && b == 0x1110);
	assert_false(app_number_pair("1", 0, &a, &b));
	assert_false(app_number_pair("1:", 0, &a, &b));
	assert_false(app_number_pair(":1", 0, &a, &b));
	assert_false(app_number_pair("1:2:3", 0, &a, &b));
	assert_false(app_number_pair("1:-2", 0, &a, &b));
	assert_false(app_number_pair("a:1", 0, &a, &b));
	assert_false(app_number_pair("99999999999999999999999:1", 0, &a, &b));
}

static void
app_pci_address__either_form__becomes_the_long_one(void **state)
{
	static const char *const bad[] = {"",        "eth0",          "00:02",   "00:02.8",
					  "00:20.0", "0000:00:02.0x", " 00:02.0"};
	char address[APP_PCI_ADDRESS_BYTES];

	(void)state;
	assert_true(app_pci_address("00:02.0", address));
	assert_string_equal(address, "0000:00:02.0");
	assert_true(app_pci_address("0001:0A:1f.7", address));
	assert_string_equal(address, "0001:0a:1f.7");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (app_pci_address(bad[i], address))
			fail_msg("'%s' was taken", bad[i]);
	}
}

/* ---- options ------------------------------------------------------------------------------- */

struct all {
	bool flag;
	const char *text;
	int number;
};

struct other {
	unsigned int small;
	uint64_t large;
	int calls;
};

static int
once_take(void *values, char *text)
{
	struct other *o = values;

	(void)text;
	return o->calls++ == 0 ? 0 : -EINVAL;
}

static const struct app_option options_all[] = {
	APP_FLAG("flag", struct all, flag),
	APP_TEXT("text", struct all, text),
	APP_INT("number", struct all, number, 0, 5),
	{0},
};

static const struct app_option options_other[] = {
	APP_UINT("small", struct other, small, 1, 8),
	APP_U64("large", struct other, large, 0, UINT64_MAX),
	APP_CALL("once", once_take),
	{0},
};

/* The words of a line after the program's name; `errors` gets what came on standard error. */
static enum app_options_verdict
parse(const char *line, struct all *all, struct other *other, char errors[256], char rest[256])
{
	const struct app_option_group groups[] = {{options_all, all}, {options_other, other}, {0}};
	char *argv[16] = {"program"}, *save = NULL;
	enum app_options_verdict verdict;
	static char words[256];
	int argc = 1, first = 0;
	struct capture c;

	*all = (struct all){.number = -1};
	*other = (struct other){0};
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	capture_begin(&c);
	verdict = app_options_parse(groups, "", "program 1", argc, argv, &first);
	capture_end(&c, errors, 256);
	rest[0] = '\0';
	for (int i = first; verdict == APP_OPTIONS_RUN && i < argc; i++)
		snprintf(rest + strlen(rest), 256 - strlen(rest), "%s ", argv[i]);
	return verdict;
}

static void
app_options_parse__each_kind__reaches_its_member(void **state)
{
	char errors[256], rest[256];
	struct other other;
	struct all all;

	(void)state;
	assert_int_equal(parse("a --flag --number 0x5 b --small=8 --text t --large "
			       "18446744073709551615 --once x -- --c",
			       &all, &other, errors, rest),
			 APP_OPTIONS_RUN);
	assert_string_equal(errors, "");
	assert_string_equal(rest, "a b --c ");
	assert_true(all.flag);
	assert_string_equal(all.text, "t");
	assert_int_equal(all.number, 5);
	assert_int_equal(other.small, 8);
	assert_int_equal(other.large, UINT64_MAX);
	assert_int_equal(other.calls, 1);
}

static void
app_options_parse__nothing__leaves_the_defaults(void **state)
{
	char errors[256], rest[256];
	struct other other;
	struct all all;

	(void)state;
	assert_int_equal(parse("", &all, &other, errors, rest), APP_OPTIONS_RUN);
	assert_true(!all.flag && all.text == NULL && all.number == -1 && other.small == 0);
}

static void
app_options_parse__bad_lines__are_refused_by_name(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"--frobnicate", "program: unknown option --frobnicate; see --help\n"},
		{"--flag=yes", "program: unknown option --flag=yes; see --help\n"},
		{"--text", "program: --text needs a value; see --help\n"},
		{"--number 6", "program: --number '6': expected a number from 0 to 5\n"},
		{"--number -1", "program: --number '-1': expected a number from 0 to 5\n"},
		{"--small 0", "program: --small '0': expected a number from 1 to 8\n"},
		{"--once 1 --once 2", ""},
	};
	char errors[256], rest[256];
	char *name = program_invocation_short_name;
	struct other other;
	struct all all;

	(void)state;
	program_invocation_short_name = "program";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum app_options_verdict verdict = parse(cases[i].line, &all, &other, errors, rest);

		if (verdict != APP_OPTIONS_BAD || strcmp(errors, cases[i].error) != 0)
			fail_msg("'%s': %d, '%s'", cases[i].line, (int)verdict, errors);
	}
	program_invocation_short_name = name;
}

static void
app_option_choice__a_word__is_found_by_its_place(void **state)
{
	static const char *const words[] = {"error", "warning", "info", NULL};

	(void)state;
	assert_int_equal(app_option_choice("level", "error", words), 0);
	assert_int_equal(app_option_choice("level", "info", words), 2);
	assert_int_equal(app_option_choice("level", "inf", words), -EINVAL);
	assert_int_equal(app_option_choice("level", "", words), -EINVAL);
}

/* ---- files --------------------------------------------------------------------------------- */

static void
app_file__replaced__has_the_old_content_until_the_end(void **state)
{
	char path[] = "/tmp/test_app_common-XXXXXX", part[64], text[16] = "";
	struct app_file file;
	FILE *f;

	(void)state;
	close(mkstemp(path));
	snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(app_file_begin(&file, path), 0);
	fputs("new", file.out);
	f = fopen(path, "r");
	assert_int_equal(fread(text, 1, sizeof(text), f), 0);
	fclose(f);
	assert_int_equal(app_file_end(&file), 0);
	f = fopen(path, "r");
	assert_int_equal(fread(text, 1, sizeof(text), f), 3);
	fclose(f);
	assert_string_equal(text, "new");
	assert_int_equal(access(part, F_OK), -1);
	unlink(path);
}

static void
app_file__a_failed_write__leaves_the_old_content(void **state)
{
	struct app_file file = {.out = fopen("/dev/full", "w"),
				.path = "/tmp/test_app_common-none",
				.part = "/tmp/test_app_common-none.part"};

	(void)state;
	assert_non_null(file.out);
	fputs("new", file.out);
	assert_int_equal(app_file_end(&file), -ENOSPC);
	assert_int_equal(access(file.path, F_OK), -1);
}

/* A new device of that name would be a regular file: /dev/null, gone for everybody. */
static void
app_file__a_device__is_written_to_and_stays(void **state)
{
	char dir[] = "/tmp/test_app_common-XXXXXX", path[64], part[80];
	struct app_file file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/device", dir);
	snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(app_file_begin(&file, path), 0);
	assert_int_equal(access(part, F_OK), -1);
	fputs("new", file.out);
	assert_int_equal(app_file_end(&file), -ENOSPC);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(app_file_begin(&file, path), 0);
	assert_int_equal(app_file_end(&file), 0);
	assert_true(readlink(path, part, sizeof(part)) > 0); /* still a link */
	unlink(path);
	rmdir(dir);
}

static void
app_file__a_link_under_the_new_ones_name__is_not_followed(void **state)
{
	char dir[] = "/tmp/test_app_common-XXXXXX", path[64], part[80], precious[64];
	struct app_file file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(part, sizeof(part), "%s.part", path);
	snprintf(precious, sizeof(precious), "%s/precious", dir);
	assert_int_equal(symlink(precious, part), 0);
	assert_int_equal(app_file_begin(&file, path), 0);
	assert_int_equal(app_file_end(&file), 0);
	assert_int_equal(access(precious, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	rmdir(dir);
}

static void
app_file__a_fifo__is_not_waited_for(void **state)
{
	char dir[] = "/tmp/test_app_common-XXXXXX", path[64];
	struct app_file file;
	int reader;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(wcfile_open(path, O_RDONLY), -WCFILE_ODD);
	assert_null(wcfile_fopen(path));
	assert_int_equal(errno, WCFILE_ODD);
	assert_int_equal(app_file_begin(&file, path), -ENXIO);
	assert_non_null(strstr(app_file_strerror(ENXIO), "FIFO that nobody reads"));
	assert_int_equal(app_file_check(path), 0); /* its reader may come */
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(app_file_begin(&file, path), 0);
	fputs("new", file.out);
	assert_int_equal(app_file_end(&file), 0);
	close(reader);
	unlink(path);
	rmdir(dir);
}

static void
wcfile__what_never_waits__is_opened(void **state)
{
	int fd;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		fd = wcfile_open(i == 0 ? "/dev/null" : "/proc/self/status", O_RDONLY);
		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(wcfile_open("/dev/zero", O_RDONLY), -WCFILE_ODD);
	assert_int_equal(wcfile_open("/no/such/file", O_RDONLY), -ENOENT);
}

static void
app_file_check__leaves_what_is_there(void **state)
{
	char dir[] = "/tmp/test_app_common-XXXXXX", path[64];
	struct stat st;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(app_file_check(path), 0);
	assert_int_equal(access(path, F_OK), -1);
	f = fopen(path, "w");
	fputs("old", f);
	fclose(f);
	assert_int_equal(app_file_check(path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	unlink(path);
	assert_int_equal(app_file_check(dir), -EISDIR);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left there */
	assert_int_equal(app_file_check(path), -ENOENT);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void
app_json__each_kind__is_spelt_as_ever(void **state)
{
	struct json_object *o = json_object_new_object();

	(void)state;
	app_json_add_text(o, "text", "a/b");
	app_json_add_text_or_null(o, "none", NULL);
	app_json_add_text_or_null(o, "empty", "");
	app_json_add_bool(o, "bool", true);
	app_json_add_u64(o, "u64", 7);
	app_json_add_double(o, "double", 0.5);
	app_json_add_format(o, "format", "0x%04x", 0xabu);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE),
			    "{\"text\":\"a/b\",\"none\":null,\"empty\":null,\"bool\":true,"
			    "\"u64\":7,\"double\":0.500,\"format\":\"0x00ab\"}");
	json_object_put(o);
}

/* What users and kernels write need not be UTF-8, and JSON must be. */
static void
app_json_text__what_is_no_utf8__is_replaced(void **state)
{
	static const char *const cases[][2] = {
		{"plain", "plain"},
		{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		 "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"a\xff", "a?"},
		{"\x80"
		 "b",
		 "?b"},
		{"\xc3", "?"},
		{"\xe2\x82", "??"},
		{"\xc0\xaf", "??"},
		{"\xed\xa0\x80", "???"},
		{"\xf4\x90\x80\x80", "????"},
		{"\xf8\x80", "??"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *o = app_json_text(cases[i][0]);

		assert_string_equal(json_object_get_string(o), cases[i][1]);
		json_object_put(o);
	}
}

static void
app_json_write__no_such_folder__leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(app_json_write(json_object_new_object(), "/nowhere/run.json"), -ENOENT);
	assert_int_equal(access("/nowhere/run.json.part", F_OK), -1);
}

/* The number of the file that a process opens next whose standard files are closed. */
static int
next_number(bool held)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			close(fd);
		if (held)
			app_file_hold_standard();
		status = open("/dev/null", O_RDWR);
		/* what is held takes nothing */
		if (held &&
		    (write(STDOUT_FILENO, "x", 1) != -1 || write(STDERR_FILENO, "x", 1) != -1))
			status = 99;
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
standard_files__closed__are_no_other_file(void **state)
{
	(void)state;
	assert_int_equal(next_number(false), STDIN_FILENO);
	assert_uint_in_range(next_number(true), STDERR_FILENO + 1, 98);
}

static void
app_json_give_up__says_why_but_not_over_what_is_read(void **state)
{
	char dir[] = "/tmp/test_app_common-XXXXXX", path[64], again[80], name[] = "program";
	char option[] = "--json", *argv[] = {name, option, path, again};
	struct json_object *root, *value = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/report", dir);
	snprintf(again, sizeof(again), "--base=%s", path);
	app_error("it is %s", "wrong");
	app_json_give_up(4, argv, "program", 2);
	assert_int_equal(access(path, F_OK), -1);
	app_json_give_up(3, argv, "program", 2);
	root = json_object_from_file(path);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "error", &value));
	assert_string_equal(json_object_get_string(value), "it is wrong");
	assert_true(json_object_object_get_ex(root, "exit_status", &value));
	assert_int_equal(json_object_get_int(value), 2);
	json_object_put(root);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_files__closed__are_no_other_file),
		cmocka_unit_test(app_number__within_the_range__is_taken),
		cmocka_unit_test(app_number__else__is_refused),
		cmocka_unit_test(app_number_pair__two_numbers__are_taken),
		cmocka_unit_test(app_pci_address__either_form__becomes_the_long_one),
		cmocka_unit_test(app_options_parse__each_kind__reaches_its_member),
		cmocka_unit_test(app_options_parse__nothing__leaves_the_defaults),
		cmocka_unit_test(app_options_parse__bad_lines__are_refused_by_name),
		cmocka_unit_test(app_option_choice__a_word__is_found_by_its_place),
		cmocka_unit_test(app_file__replaced__has_the_old_content_until_the_end),
		cmocka_unit_test(app_file__a_failed_write__leaves_the_old_content),
		cmocka_unit_test(app_file__a_device__is_written_to_and_stays),
		cmocka_unit_test(app_file__a_link_under_the_new_ones_name__is_not_followed),
		cmocka_unit_test(app_json__each_kind__is_spelt_as_ever),
		cmocka_unit_test(app_json_text__what_is_no_utf8__is_replaced),
		cmocka_unit_test(app_json_write__no_such_folder__leaves_nothing),
		cmocka_unit_test(app_file__a_fifo__is_not_waited_for),
		cmocka_unit_test(wcfile__what_never_waits__is_opened),
		cmocka_unit_test(app_file_check__leaves_what_is_there),
		cmocka_unit_test(app_json_give_up__says_why_but_not_over_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
