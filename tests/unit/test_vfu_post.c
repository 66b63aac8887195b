/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client's writes without a reply, beside its requests. */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vfu_client_rig.h"
#include "vfu_test.h"

static void
region_post__arrives_before_what_follows(void **state)
{
	uint64_t word = 0x1122334455667788;
	uint32_t in;

	(void)state;
	assert_int_equal(vfu_client_region_post(client, 0, 0x40, &word, 4), 0);
	assert_int_equal(vfu_client_region_read(client, 0, 0x40, &in, 4), 0);
	assert_int_equal(in, 0x55667788);
	assert_int_equal(vfu_client_region_post(client, 0, 0x50, &word, 8), 0);
	/* A posted write that the device refuses has no answer and no effect. */
	assert_int_equal(vfu_client_region_post(client, 0, RIG_BAD_OFF, &word, 8), 0);
	assert_int_equal(vfu_client_region_post(client, 3, 0, &word, 4), 0);
	assert_int_equal(vfu_client_region_read(client, 0, 0x54, &in, 4), 0);
	assert_int_equal(in, 0x11223344);
	assert_true(vfu_client_alive(client));
}

static void
region_post__malformed_refused_without_a_message(void **state)
{
	uint64_t words[2] = {0};

	(void)state;
	assert_int_equal(vfu_client_region_post(client, 0, 0, words, 0), -EINVAL);
	assert_int_equal(vfu_client_region_post(client, 0, 0, words, 9), -EINVAL);
	assert_int_equal(vfu_client_region_post(client, 0, RIG_REGS_BYTES - 3, words, 4), -EINVAL);
	assert_int_equal(vfu_client_region_post(client, 9, 0, words, 4), -EINVAL);
	assert_int_equal(rig.writes, 0);
}

/* The server reads nothing: the socket fills, and still no call blocks. */
static void
region_post__server_stuck_returns_at_once(void **state)
{
	unsigned int sent = 0;
	uint32_t word = 1;
	int ret;

	(void)state;
	rig_pause(&rig);
	while ((ret = vfu_client_region_post(client, 0, 0x40, &word, 4)) == 0)
		sent++;
	assert_int_equal(ret, -EAGAIN);
	assert_true(sent > 0);
	assert_true(vfu_client_alive(client));
	rig_run(&rig);
	assert_int_equal(vfu_client_region_read(client, 0, 0x40, &word, 4), 0);
	assert_int_equal(rig.writes, sent);
}

#define POSTS 2000u

struct poster {
	unsigned int sent;
	int ret;
};

static void *
post(void *arg)
{
	struct poster *poster = arg;
	uint32_t word = 7;

	while (poster->sent < POSTS) {
		poster->ret = vfu_client_region_post(client, 0, 0x200, &word, 4);
		if (poster->ret != 0 && poster->ret != -EAGAIN)
			break;
		poster->sent += poster->ret == 0;
	}
	return NULL;
}

/* Messages of requests and posts do not end up in one another. */
static void
region_post__beside_requests_all_arrive(void **state)
{
	uint32_t offs[2] = {0x100, 0x104};
	struct poster posters[2] = {0};
	pthread_t threads[2], posting[2];
	uint32_t word;
	void *failed;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&posting[i], NULL, post, &posters[i]), 0);
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &offs[i]), 0);
	}
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(posting[i], NULL);
		assert_int_equal(posters[i].sent, POSTS);
	}
	assert_int_equal(vfu_client_region_read(client, 0, 0x200, &word, 4), 0);
	assert_int_equal(rig.writes, 2 * 500 + 2 * POSTS);
}

/* A posted write may be the first call that finds the server gone. */
static void
region_post__server_gone_is_an_error_without_sigpipe(void **state)
{
	uint32_t word = 0;

	(void)state;
	rig_pause(&rig);
	vfu_server_destroy(rig.server);
	rig.server = NULL;
	assert_int_equal(vfu_client_region_post(client, 0, 0, &word, 4), -ENOTCONN);
	assert_false(vfu_client_alive(client));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(region_post__arrives_before_what_follows),
		TEST(region_post__malformed_refused_without_a_message),
		TEST(region_post__server_stuck_returns_at_once),
		TEST(region_post__beside_requests_all_arrive),
		TEST(region_post__server_gone_is_an_error_without_sigpipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
