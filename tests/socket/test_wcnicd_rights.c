/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd: whom it runs as, what rights it keeps, and who may reach its sockets. */

#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"

#define ARGS(...)                 \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static struct child child;

/* The line of /proc/PID/status that begins so. */
static const char *
status_line(const char *key)
{
	static char line[256];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child.pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL && strncmp(line, key, strlen(key)) != 0)
		;
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line + strlen(key);
}

/* It serves, writes its counters when asked, and takes its files with it. */
static void
works(const char *stats)
{
	struct mini mini;

	child_expect(&child, "listens on");
	mini_connect(&mini, in_folder("a.sock"));
	mini_enable(&mini);
	kill(child.pid, SIGUSR1);
	for (unsigned int i = 0; i < PATIENCE_MS && access(stats, F_OK) < 0; i++)
		usleep(1000);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), 0);
	mini_close(&mini);
}

static void
ends(const char *stats)
{
	if (child_end(&child, SIGTERM) != 0)
		fail_msg("%s", child.text);
	assert_int_equal(access(in_folder("a.sock"), F_OK), -1);
	assert_int_equal(unlink(stats), 0);
}

static void
rights__are_given_up(void **state)
{
	const char *stats = in_folder("stats");

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--stats-file", stats));
	works(stats);
	if (strstr(child_text(&child), "sandbox off") != NULL) {
		ends(stats);
		skip(); /* sanitizers, or a kernel without seccomp */
	}
	assert_non_null(strstr(child.text, "sandbox on"));
	assert_string_equal(status_line("CapPrm:"), "\t0000000000000000");
	assert_string_equal(status_line("CapEff:"), "\t0000000000000000");
	assert_string_equal(status_line("CapInh:"), "\t0000000000000000");
	assert_string_equal(status_line("CapAmb:"), "\t0000000000000000");
	if (geteuid() == 0)
		assert_string_equal(status_line("CapBnd:"), "\t0000000000000000");
	assert_string_equal(status_line("NoNewPrivs:"), "\t1");
	assert_string_equal(status_line("Seccomp:"), "\t2");
	ends(stats);
}

static void
sandbox__off__says_so(void **state)
{
	const char *stats = in_folder("stats");

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--stats-file", stats,
				 "--sandbox", "off"));
	works(stats);
	assert_non_null(strstr(child_text(&child), "sandbox off: --sandbox off"));
	assert_string_equal(status_line("Seccomp:"), "\t0");
	ends(stats);
}

static void
sandbox__log__works(void **state)
{
	const char *stats = in_folder("stats");

	(void)state;
	if (!calls_can_be_filtered())
		skip();
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--stats-file", stats,
				 "--sandbox", "log"));
	works(stats);
	assert_non_null(strstr(child_text(&child), "sandbox "));
	ends(stats);
}

/* As where a kernel has no seccomp: seccomp(2) is missing, prctl(2) knows no filter. */
static void
filters_take_away(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 2, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	if (calls_can_be_filtered() &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0 ||
	     calls_can_be_filtered()))
		_exit(126);
}

static void
sandbox__kernel_without_seccomp__is_refused_and_says_what_to_do(void **state)
{
	(void)state;
	child.log = memfd_create("log", 0);
	child.pid = fork();
	assert_true(child.log >= 0 && child.pid >= 0);
	if (child.pid == 0) {
		dup2(child.log, STDERR_FILENO);
		filters_take_away();
		execl(wcnicd_path, "wcnicd", "--socket", in_folder("a.sock"), NULL);
		_exit(127);
	}
	if (!child_expect_either(&child, "(seccomp); give --sandbox off", "sandbox off: ")) {
		assert_int_equal(child_end(&child, SIGTERM), 0);
		skip(); /* sanitizers */
	}
	assert_int_equal(child_end(&child, 0), 1);
	assert_int_equal(access(in_folder("a.sock"), F_OK), -1);
}

/* As nobody, with each port that opens files or makes frames. */
static void
user__nobody__is_enough_for_all_ports(void **state)
{
	static const char *const ports[] = {"loopback", "generator:bytes=64,count=100", "sink",
					    "pcap:out=%s"};
	const struct passwd *nobody = getpwnam("nobody");
	char port[512], uids[64], stats[384], capture[384];

	(void)state;
	if (geteuid() != 0 || nobody == NULL)
		skip();
	strcpy(stats, in_folder("stats"));
	strcpy(capture, in_folder("out.pcap"));
	assert_int_equal(chown(folder, nobody->pw_uid, nobody->pw_gid), 0);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		snprintf(port, sizeof(port), ports[i], capture);
		child_start(&child, ARGS("--user", "nobody", "--socket", in_folder("a.sock"),
					 "--port", port, "--stats-file", stats));
		works(stats);
		snprintf(uids, sizeof(uids), "\t%u\t%u\t%u\t%u", nobody->pw_uid, nobody->pw_uid,
			 nobody->pw_uid, nobody->pw_uid);
		assert_string_equal(status_line("Uid:"), uids);
		assert_null(strstr(status_line("Groups:"), " 0 "));
		assert_string_equal(status_line("CapEff:"), "\t0000000000000000");
		ends(stats);
	}
	assert_int_equal(unlink(capture), 0);
	assert_int_equal(chown(folder, 0, 0), 0);
}

static void
socket__has_the_mode_and_the_group_that_were_asked_for(void **state)
{
	static const struct {
		const char *text;
		mode_t mask, mode;
	} cases[] = {{"660", 077, 0660}, {"0600", 0, 0600}, {"666", 022, 0666}};
	const struct group *group = getgrgid(geteuid() == 0 ? 1 : getegid());
	struct stat st;
	mode_t mask;

	(void)state;
	if (group == NULL)
		skip(); /* a guest without a list of groups */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mask = umask(cases[i].mask);
		child_start(&child, ARGS("--socket", in_folder("a.sock"), "--socket-mode",
					 cases[i].text, "--socket-group", group->gr_name));
		umask(mask);
		child_expect(&child, "listens on");
		assert_int_equal(stat(in_folder("a.sock"), &st), 0);
		assert_int_equal(st.st_mode & 07777, cases[i].mode);
		assert_int_equal(st.st_gid, group->gr_gid);
		assert_int_equal(child_end(&child, SIGTERM), 0);
	}
}

static void
stats_file__that_cannot_be_written__is_said_at_the_start(void **state)
{
	(void)state;
	child_start(&child,
		    ARGS("--socket", in_folder("a.sock"), "--stats-file", "/nowhere/stats"));
	assert_int_equal(child_end(&child, 0), 1);
	assert_non_null(strstr(child.text, "--stats-file /nowhere/stats: No such file"));
	assert_int_equal(access(in_folder("a.sock"), F_OK), -1);
}

static void
bad_value__is_named_with_what_is_right(void **state)
{
	static const struct {
		const char *option, *value, *says;
	} cases[] = {
		{"--user", "no such one", "--user 'no such one': there is no user of this name"},
		{"--socket-group", "nor this", "--socket-group 'nor this': there is no group"},
		{"--socket-mode", "rw", "--socket-mode 'rw': expected three octal digits"},
		{"--socket-mode", "4660", "--socket-mode '4660': expected three octal digits"},
		{"--sandbox", "yes", "--sandbox 'yes': expected on, log or off"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		child_start(&child,
			    ARGS("--socket", in_folder("a.sock"), cases[i].option, cases[i].value));
		assert_int_equal(child_end(&child, 0), 2);
		assert_non_null(strstr(child.text, cases[i].says));
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights__are_given_up),
		cmocka_unit_test(sandbox__off__says_so),
		cmocka_unit_test(sandbox__log__works),
		cmocka_unit_test(sandbox__kernel_without_seccomp__is_refused_and_says_what_to_do),
		cmocka_unit_test(user__nobody__is_enough_for_all_ports),
		cmocka_unit_test(socket__has_the_mode_and_the_group_that_were_asked_for),
		cmocka_unit_test(stats_file__that_cannot_be_written__is_said_at_the_start),
		cmocka_unit_test(bad_value__is_named_with_what_is_right),
	};

	if (argc != 2)
		return 2;
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
