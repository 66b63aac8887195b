/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcbench packets as it is called, in processes of their own, over the embedded card plugged into
 * itself. No speed is asserted, only that every frame is accounted for.
 */

#include <errno.h>
#include <packets.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_at.h"
#include "packets_main.h"

#define EAL "--no-huge -m 128 --no-pci --no-telemetry --no-shconf --log-level 3 "

/* What the device is made to claim, in the process that is forked next. */
static uint64_t claim_sent, claim_missed;

int __real_rte_eth_stats_get(uint16_t port_id, struct rte_eth_stats *stats);
int __wrap_rte_eth_stats_get(uint16_t port_id, struct rte_eth_stats *stats);

int
__wrap_rte_eth_stats_get(uint16_t port_id, struct rte_eth_stats *stats)
{
	static uint64_t calls;
	int ret = __real_rte_eth_stats_get(port_id, stats);

	if (calls++ > 0) { /* not the first, which is what later ones are compared with */
		stats->opackets += claim_sent;
		stats->imissed += claim_missed;
	}
	return ret;
}

static char json_path[64];

/* The exit status; what it says is dropped. */
static int
packets_run(const char *line)
{
	char copy[1024], *argv[64] = {"packets"}, *save = NULL;
	int argc = 1, status;
	pid_t pid;

	unlink(json_path);
	snprintf(copy, sizeof(copy), "--file-prefix=wcbench-test-%d %s --emulated yes --json %s",
		 getpid(), line, json_path);
	for (char *t = strtok_r(copy, " ", &save); t != NULL; t = strtok_r(NULL, " ", &save))
		argv[argc++] = t;
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(99);
		_exit(packets_main(argc, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static uint64_t
number(struct json_object *root, const char *key)
{
	return (uint64_t)json_object_get_int64(json_at(root, "/%s", key));
}

/* All rates of a port: nothing lost, each frame sent as the placement says. */
static void
rates_check(struct json_object *port, const char *placement, size_t rates, uint64_t frames)
{
	struct json_object *array = json_at(port, "/rates");

	assert_string_equal(json_text_at(port, "/placement"), placement);
	assert_int_equal(json_object_array_length(array), rates);
	for (size_t i = 0; i < rates; i++) {
		struct json_object *rate = json_object_array_get_idx(array, i);

		assert_int_equal(number(rate, "sent"), frames);
		assert_int_equal(number(rate, "lost"), 0);
		if (strcmp(json_text_at(rate, "/mode"), "loop") == 0)
			assert_int_equal(number(rate, "received"), frames);
		assert_int_equal(number(rate, "pushed") + number(rate, "fetched"), frames);
		if (strcmp(placement, "push") == 0)
			assert_int_equal(number(rate, "pushed"), frames);
		else if (strcmp(placement, "fetch") == 0)
			assert_int_equal(number(rate, "fetched"), frames);
		assert_int_equal(number(json_at(rate, "/packets_per_second"), "n"), 3);
		assert_true(json_object_get_double(json_at(rate, "/packets_per_second/p50")) > 0);
		assert_memory_equal(json_text_at(rate, "/packets_per_second/basis"), "measured", 8);
	}
}

static void
packets__three_placements__account_for_every_frame(void **state)
{
	static const char *const placements[] = {"push", "fetch", "auto"};
	struct json_object *root;

	(void)state;
	assert_int_equal(packets_run(EAL "--vdev net_wcnic0,placement=push "
					 "--vdev net_wcnic1,placement=fetch "
					 "--vdev net_wcnic2,placement=auto -- --frames 2000 "
					 "--rounds 3 --latency 200 --setting loop"),
			 STATUS_OK);
	root = json_object_from_file(json_path);
	assert_non_null(root);
	assert_true(json_object_get_boolean(json_at(root, "/ok")));
	assert_string_equal(json_text_at(root, "/kind"), "packets");
	assert_string_equal(json_text_at(root, "/setting"), "loop");
	for (unsigned int i = 0; i < 3; i++) {
		struct json_object *port = json_at(root, "/ports/%u", i);

		rates_check(port, placements[i], 14, 6000);
		assert_string_equal(json_text_at(port, "/type"), "WB");
		assert_int_equal(number(json_at(port, "/latency/round_trip_ns"), "n"), 200);
		assert_true(json_object_get_double(json_at(port, "/latency/round_trip_ns/p99.9")) >
			    0);
	}
	/* 64 bytes with FCS: 60 are handed over; IMIX: 7 of 64, 4 of 570, 1 of 1518 in twelve */
	assert_int_equal(number(json_at(root, "/ports/0/rates/0"), "bytes"), 6000 * 60);
	assert_int_equal(number(json_at(root, "/ports/0/rates/12"), "bytes"),
			 3 * (166 * (7 * 60 + 4 * 566 + 1514) + 5 * 60 + 2 * 566 + 1514));
	json_object_put(root);
}

static void
packets__one_mode_and_size_by_time__has_that_alone(void **state)
{
	struct json_object *root;

	(void)state;
	assert_int_equal(packets_run(EAL "--vdev net_wcnic0,placement=push,thread=1 -- "
					 "--seconds 0.2 --rounds 3 --modes tx --sizes 300"),
			 STATUS_OK);
	root = json_object_from_file(json_path);
	assert_non_null(root);
	assert_int_equal(json_object_array_length(json_at(root, "/ports/0/rates")), 1);
	assert_string_equal(json_text_at(root, "/ports/0/rates/0/size"), "300");
	assert_true(number(json_at(root, "/ports/0/rates/0"), "sent") > 0);
	assert_null(json_at(root, "/ports/0/rates/0/received"));
	assert_null(json_at(root, "/ports/0/latency"));
	json_object_put(root);
}

static void
packets__nobody_returns_the_frames__fails(void **state)
{
	struct json_object *root;

	(void)state;
	assert_int_equal(packets_run(EAL "--vdev net_wcnic0,port=sink -- --frames 64 --rounds 1 "
					 "--modes loop --sizes 64 --latency 0"),
			 STATUS_WRONG);
	root = json_object_from_file(json_path);
	assert_non_null(root);
	assert_false(json_object_get_boolean(json_at(root, "/ok")));
	assert_non_null(strstr(json_text_at(root, "/error"),
			       "net_wcnic0, loop, size 64: 64 frames handed over, 0 came back"));
	json_object_put(root);
}

static void
packets__a_device_that_miscounts__fails(void **state)
{
	(void)state;
	claim_sent = 1;
	assert_int_equal(packets_run(EAL "--vdev net_wcnic0 -- --frames 64 --rounds 1 --modes tx "
					 "--sizes 64"),
			 STATUS_WRONG);
	claim_sent = 0;
	claim_missed = 1;
	assert_int_equal(packets_run(EAL "--vdev net_wcnic0 -- --frames 64 --rounds 1 --modes loop "
					 "--sizes 64 --latency 0"),
			 STATUS_WRONG);
	claim_missed = 0;
}

static void
packets__bad_arguments__are_refused_before_eal_starts(void **state)
{
	static const char *const lines[] = {
		"-- --sizes 63",         "-- --sizes 1519",      "-- --sizes 64,x",
		"-- --modes rx",         "-- --burst 65",        "-- --burst 64 --depth 64",
		"-- --frames 0",         "-- --latency-size 63", "-- --frames 1 --seconds 1",
		"-- --emulated perhaps", "-- --nothing",         "-- one",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (packets_run(lines[i]) != STATUS_BAD)
			fail_msg("taken: %s", lines[i]);
	}
	assert_int_equal(packets_run(EAL "--"), STATUS_FAILED); /* no port */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets__three_placements__account_for_every_frame),
		cmocka_unit_test(packets__one_mode_and_size_by_time__has_that_alone),
		cmocka_unit_test(packets__nobody_returns_the_frames__fails),
		cmocka_unit_test(packets__a_device_that_miscounts__fails),
		cmocka_unit_test(packets__bad_arguments__are_refused_before_eal_starts),
	};
	int ret;

	snprintf(json_path, sizeof(json_path), "/tmp/wcbench-packets-%d.json", getpid());
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(json_path);
	return ret;
}
