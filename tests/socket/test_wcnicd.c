/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd as a program: arguments, signals, files, sleep. */

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "child.h"

static struct child child, other;

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
help__lists_every_option(void **state)
{
	static const char *const options[] = {
		"--socket",   "--card",     "--port",       "--queues",     "--aperture-mib",
		"--seed",     "--cpu",      "--log-level",  "--stats-file", "--bar2",
		"--tlp-feed", "--idle",     "--thread",     "--max-ranges", "--max-files",
		"--max-mib",  "--greet-ms", "--message-ms", "--any-file"};

	(void)state;
	child_start(&child, ARGS("--help"));
	assert_int_equal(child_end(&child, 0), 0);
	for (unsigned int i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_non_null(strstr(child.text, options[i]));
	child_start(&child, ARGS("--version"));
	assert_int_equal(child_end(&child, 0), 0);
	assert_non_null(strstr(child.text, "wcnicd 0."));
}

static void
bad_argument__exit_2_names_it_and_what_is_right(void **state)
{
	const char *s = in_folder("s.sock"), *t = in_folder("t.sock");
	const struct {
		const char *args[9]; /* the last is NULL */
		const char *culprit;
		const char *right;
	} cases[] = {
		{{NULL}, "--socket", "--help"},
		{{"--sokcet", s}, "--sokcet", "--help"},
		{{"-x"}, "-x", "--help"},
		{{"--socket"}, "--socket", "value"},
		{{"--socket", s, "stray"}, "stray", "--help"},
		{{"--socket", s, "--queues", "0"}, "--queues '0'", "1 to 64"},
		{{"--socket", s, "--queues", "65"}, "65", "1 to 64"},
		{{"--socket", s, "--queues", "8x"}, "8x", "1 to 64"},
		{{"--socket", s, "--queues", "-1"}, "-1", "1 to 64"},
		{{"--socket", s, "--aperture-mib", "3"}, "'3'", "power of two"},
		{{"--socket", s, "--aperture-mib", "2048"}, "2048", "1 to 1024"},
		{{"--socket", s, "--bar2", "0"}, "--bar2 '0'", "mapped or trapped"},
		{{"--socket", s, "--seed", "none"}, "none", "number"},
		{{"--socket", s, "--seed", "99999999999999999999"}, "9999", "number"},
		{{"--socket", s, "--cpu", "1023"}, "1023", "taskset"},
		{{"--socket", s, "--cpu", "1024"}, "1024", "0 to 1023"},
		{{"--socket", s, "--thread", "16"}, "--thread '16'", "0 to 15"},
		{{"--thread", "1", "--socket", s, "--cpu", "0", "--socket", t},
		 "--thread 1",
		 "the same --cpu"},
		{{"--port", "wire", "--socket", s, "--thread", "1", "--socket", t},
		 "--thread",
		 "give both the same"},
		{{"--socket", s, "--max-ranges", "65536"}, "--max-ranges '65536'", "1 to 65535"},
		{{"--socket", s, "--max-files", "2000000000"},
		 "--max-files",
		 "vm.max_map_count leaves"},
		{{"--socket", s, "--max-mib", "2000000000"}, "--max-mib", "this process can map"},
		{{"--socket", s, "--greet-ms", "0"}, "--greet-ms '0'", "1 to 2147483647"},
		{{"--socket", s, "--message-ms", "x"}, "--message-ms 'x'", "1 to 2147483647"},
		{{"--socket", s, "--idle", "lazy"}, "--idle 'lazy'", "adaptive or spin"},
		{{"--socket", s, "--log-level", "loud"}, "loud", "debug"},
		{{"--socket", s, "--port", "carrier-pigeon"}, "carrier-pigeon", "loopback"},
		{{"--socket", s, "--port", "pcap:im=x"}, "im", "in"},
		{{"--socket", s, "--port", "wire"}, s, "second card"},
		{{"--socket", s, "--port", "wire:speed=10"}, s, "second card"},
		{{"--port", "wire:speed=10", "--socket", s, "--socket", t, "--port", "wire"},
		 "--port wire:speed=10",
		 "give both the same"},
		{{"--socket", s, "--port", "loopback:flow_control=1"},
		 "flow_control=1",
		 "on or off"},
		{{"--socket", s, "--port", "loopback:speed=15"}, "speed=15", "Mbit/s"},
		{{"--socket", s, "--socket", s}, s, "twice"},
		{{"--socket", s, "--eal", "--no-huge"}, "--eal '--no-huge'", "--port ethdev"},
		{{"--socket", s, "--port", "ethdev:"}, "device", "net_tap0"},
		{{"--socket", s, "--port", "ethdev:nosuch0"}, "'nosuch0'", "PCI"},
		{{"--socket", s, "--port", "ethdev:net_null0", "--eal", "--bogus"},
		 "'--bogus'",
		 "EAL does not start"},
		{{"--socket", ""}, "socket", "1 to 107"},
		{{"--socket", s, "--card", "virtio"}, "--card 'virtio'", "wcnic or ena"},
		{{"--socket", s, "--card", "enamel"}, "--card 'enamel'", "wcnic or ena"},
		{{"--socket", s, "--card", "wcnic:llq=off"}, "'wcnic:llq=off'", "no arguments"},
		{{"--socket", s, "--card", "ena:lq=off"}, "'lq'", "llq_recommend"},
		{{"--socket", s, "--card", "ena:llq"}, "llq=", "both, 128, 256 or off"},
		{{"--socket", s, "--card", "ena:llq=64"}, "llq=64", "both, 128, 256 or off"},
		{{"--socket", s, "--card", "ena:layout=x"}, "layout=x", "vm or metal"},
		{{"--socket", s, "--card", "ena:device=ec22"}, "device=ec22", "ec20 or ec21"},
		{{"--socket", s, "--card", "ena:depth=100"}, "depth=100", "64 to 4096"},
		{{"--socket", s, "--card", "ena:depth=8192"}, "depth=8192", "64 to 4096"},
		{{"--socket", s, "--card", "ena:meta_cache=1"}, "meta_cache=1", "on or off"},
		{{"--socket", s, "--card", "ena:torn=x"}, "torn=x", "drop or wait"},
		{{"--socket", s, "--card", "ena:burst=255"}, "burst=255", "256 to 65535"},
		{{"--socket", s, "--card", "ena:patience=65535"}, "patience=65535", "1 to 65534"},
		{{"--socket", s, "--card", "ena:fault=admin,fault=x"}, "fault=x", "keep_alive"},
		{{"--socket", s, "--card", "ena:llq=off,burst=512"}, "llq=off", "both, 128 or 256"},
		{{"--socket", s, "--card", "ena:llq=128,llq_recommend=256"},
		 "llq_recommend=256",
		 "none or 128"},
		{{"--socket", s, "--card", "ena:llq_depth=256,depth=128"}, "llq_depth=256", "128"},
		{{"--socket", s, "--card", "ena:depth=64"}, "depth=64", "depth=128 at least"},
		{{"--socket", s, "--card", "ena:llq_depth=64"}, "llq_depth=64", "llq=128 or off"},
		{{"--socket", s, "--queues", "32", "--card", "ena:llq_depth=1024"},
		 "--aperture-mib 1 holds no LLQ of depth 1024 for each of 32 queues",
		 "--aperture-mib 4, or --card ena:llq_depth=256"},
		{{"--card", "ena", "--queues", "33", "--socket", s}, "--queues 33", "1 to 32"},
		{{"--card", "ena", "--tlp-feed", t, "--socket", s}, t, "--card wcnic"},
	};
	int status;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		child_start(&child, cases[i].args);
		status = child_end(&child, 0);
		if (status != 2 || strstr(child.text, cases[i].culprit) == NULL ||
		    strstr(child.text, cases[i].right) == NULL)
			fail_msg("case %u: exit %d, said: %s", i, status, child.text);
	}
}

static void
missing_capture__exit_1_nothing_left(void **state)
{
	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--socket", in_folder("b.sock"),
				 "--port", "pcap:in=/no/such/capture"));
	assert_int_not_equal(child_end(&child, 0), 0);
	assert_non_null(strstr(child.text, "/no/such/capture"));
	assert_false(exists(in_folder("a.sock")));
}

/* Without the plugin, as on a machine without DPDK, all else works. */
static void
no_plugin__ethdev_alone_is_refused(void **state)
{
	const char *whole = wcnicd_path, *copy = in_folder("wcnicd");

	(void)state;
	file_copy(whole, copy);
	wcnicd_path = copy;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--port", "ethdev:net_null0"));
	child_start(&other, ARGS("--socket", in_folder("b.sock")));
	wcnicd_path = whole;
	assert_int_equal(child_end(&child, 0), 1);
	assert_non_null(strstr(child.text, "libwcnic_port_ethdev.so"));
	assert_non_null(strstr(child.text, "DPDK"));
	assert_false(exists(in_folder("a.sock")));
	child_expect(&other, "listens");
	assert_int_equal(child_end(&other, SIGTERM), 0);
	unlink(copy);
}

static void
signals__end_it_and_remove_the_sockets(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT};
	struct mini mini;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		child_start(&child,
			    ARGS("--socket", in_folder("a.sock"), "--socket", in_folder("b.sock")));
		child_expect(&child, "b: listens");
		mini_connect(&mini, in_folder("a.sock"));
		mini_enable(&mini);
		assert_int_equal(child_end(&child, signals[i]), 0);
		assert_false(exists(in_folder("a.sock")));
		assert_false(exists(in_folder("b.sock")));
		assert_false(vfu_client_alive(mini.client));
		mini_close(&mini);
	}
}

static void
signals__capture_is_complete_at_the_end(void **state)
{
	char port[128];
	struct stat st;

	(void)state;
	snprintf(port, sizeof(port), "pcap:out=%s", in_folder("out.pcap"));
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--port", port));
	child_expect(&child, "listens");
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_int_equal(lstat(in_folder("out.pcap"), &st), 0);
	assert_int_equal(st.st_size, 24); /* a header and no frames */
	unlink(in_folder("out.pcap"));
}

static void
socket_file__stale_is_replaced(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);
	struct mini mini;

	(void)state;
	strcpy(addr.sun_path, in_folder("a.sock"));
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(sock);
	assert_true(exists(in_folder("a.sock")));
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	mini_close(&mini);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

/* Killed, it cannot tidy up; the next one does. */
static void
socket_file__of_a_killed_daemon_is_replaced(void **state)
{
	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	assert_int_equal(child_end(&child, SIGKILL), -SIGKILL);
	assert_true(exists(in_folder("a.sock")));
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

static void
socket_file__in_use_is_left_alone(void **state)
{
	struct mini mini;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	child_start(&other, ARGS("--socket", in_folder("a.sock")));
	assert_int_equal(child_end(&other, 0), 1);
	assert_non_null(strstr(other.text, "answers"));
	assert_non_null(strstr(other.text, in_folder("a.sock")));
	mini_connect(&mini, in_folder("a.sock"));
	mini_close(&mini);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

static void
socket_file__other_file_is_left_alone(void **state)
{
	int fd = open(in_folder("a.sock"), O_CREAT | O_WRONLY, 0600);
	struct stat st;

	(void)state;
	assert_int_equal(write(fd, "precious", 8), 8);
	close(fd);
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	assert_int_equal(child_end(&child, 0), 1);
	assert_non_null(strstr(child.text, "no socket"));
	assert_int_equal(lstat(in_folder("a.sock"), &st), 0);
	assert_int_equal(st.st_size, 8);
	unlink(in_folder("a.sock"));
}

#define NAPS 20u

/*
 * The thread goes to sleep again and again, with a driver and without. test_wcnicd_idle tests how
 * long the naps are; the bench measures with `silence` what they cost.
 */
static void
idle__sleeps_and_takes_little_memory(void **state)
{
	struct mini mini;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--queues", "8"));
	child_expect(&child, "listens");
	child_expect_naps(&child, NAPS);
	mini_connect(&mini, in_folder("a.sock"));
	child_expect_naps(&child, NAPS);
	mini_enable(&mini);
	child_expect_naps(&child, NAPS);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	assert_uint_in_range(child_rss_kib(&child), 1, 64 * 1024);
	mini_close(&mini);
	child_expect(&child, "client dropped");
	child_expect_naps(&child, NAPS);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

static uint64_t
counter(const char *path, unsigned int card, const char *group, const char *name)
{
	struct json_object *root = json_object_from_file(path);
	struct json_object *at;
	uint64_t value;

	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "cards", &at));
	at = json_object_array_get_idx(at, card);
	assert_true(json_object_object_get_ex(at, group, &at));
	assert_true(json_object_object_get_ex(at, name, &at));
	value = json_object_get_uint64(at);
	json_object_put(root);
	return value;
}

static void
stats_file__counts_over_resets(void **state)
{
	const char *file = in_folder("stats.json");
	uint64_t line[8] = {1};
	struct mini mini;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--socket", in_folder("b.sock"),
				 "--stats-file", file));
	child_expect(&child, "b: listens");
	mini_connect(&mini, in_folder("b.sock"));
	/* Stores to no window are counted, and a reset begins at zero. */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(
			vfu_client_region_write(mini.client, WCNIC_BAR_WINDOWS, i * 64, line, 64),
			0);
	mini_reg_set(&mini, WCNIC_REG_CTRL, WCNIC_CTRL_RESET, 4);
	assert_int_equal(vfu_client_region_write(mini.client, WCNIC_BAR_WINDOWS, 0, line, 64), 0);
	kill(child.pid, SIGUSR1);
	for (unsigned int i = 0; i < PATIENCE_MS && !exists(file); i++)
		usleep(1000);
	assert_int_equal(counter(file, 0, "total", "stray_writes"), 0);
	assert_int_equal(counter(file, 1, "since_reset", "stray_writes"), 1);
	assert_int_equal(counter(file, 1, "total", "stray_writes"), 4);

	unlink(file);
	mini_close(&mini);
	child_expect(&child, "client dropped");
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_int_equal(counter(file, 1, "since_reset", "stray_writes"), 0);
	assert_int_equal(counter(file, 1, "total", "stray_writes"), 4);
	unlink(file);
}

/* Whether some thread of the child may run on this CPU alone. */
static bool
has_pinned_thread(int cpu)
{
	char name[320], line[256], expected[64];
	struct dirent *task;
	bool found = false;
	FILE *status;
	DIR *tasks;

	snprintf(expected, sizeof(expected), "Cpus_allowed_list:\t%d\n", cpu);
	snprintf(name, sizeof(name), "/proc/%d/task", (int)child.pid);
	tasks = opendir(name);
	assert_non_null(tasks);
	while ((task = readdir(tasks)) != NULL) {
		snprintf(name, sizeof(name), "/proc/%d/task/%s/status", (int)child.pid,
			 task->d_name);
		status = fopen(name, "r");
		while (status != NULL && fgets(line, sizeof(line), status) != NULL)
			found |= strcmp(line, expected) == 0;
		if (status != NULL)
			fclose(status);
	}
	closedir(tasks);
	return found;
}

static void
cpu__thread_is_pinned(void **state)
{
	cpu_set_t set;
	char text[16];
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	if (CPU_COUNT(&set) < 2) /* every thread is pinned there */
		skip();
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	snprintf(text, sizeof(text), "%d", cpu);
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	child_expect_naps(&child, NAPS); /* its threads have begun */
	assert_false(has_pinned_thread(cpu));
	assert_int_equal(child_end(&child, SIGTERM), 0);
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--cpu", text));
	child_expect(&child, "listens");
	for (unsigned int i = 0; i < PATIENCE_MS && !has_pinned_thread(cpu); i++)
		usleep(1000);
	assert_true(has_pinned_thread(cpu));
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
		TEST(help__lists_every_option),
		TEST(bad_argument__exit_2_names_it_and_what_is_right),
		TEST(missing_capture__exit_1_nothing_left),
		TEST(no_plugin__ethdev_alone_is_refused),
		TEST(signals__end_it_and_remove_the_sockets),
		TEST(signals__capture_is_complete_at_the_end),
		TEST(socket_file__stale_is_replaced),
		TEST(socket_file__of_a_killed_daemon_is_replaced),
		TEST(socket_file__in_use_is_left_alone),
		TEST(socket_file__other_file_is_left_alone),
		TEST(idle__sleeps_and_takes_little_memory),
		TEST(stats_file__counts_over_resets),
		TEST(cpu__thread_is_pinned),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
