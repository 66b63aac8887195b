/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Every allocation fails in its turn: the linker sends the libraries' calls here. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wcbase.h>
#include <wcnic_card.h>
#include <wcnic_port.h>

#include "alloc_rig.h"

static void *
no_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	(void)ctx;
	(void)iova;
	(void)bytes;
	(void)prot;
	return NULL;
}

static uint64_t
no_time(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct wcdev_ops ops = {.dma = no_dma, .now_ns = no_time};
static uint8_t aperture[1 << 20] WC_ALIGNED(4096);
static const struct wcnic_card_config config = {
	.ops = &ops,
	.aperture = aperture,
	.aperture_bytes = sizeof(aperture),
};

static void
card_create__each_allocation_fails__leaves_nothing(void **state)
{
	struct wcnic_card *card = NULL;
	int before = alloc_live;
	int turn;
	int ret;

	(void)state;
	for (turn = 0;; turn++) {
		assert_true(turn < 20);
		alloc_fail_in = turn;
		ret = wcnic_card_create(&config, &card);
		if (alloc_fail_in >= 0 && ret == 0)
			break;
		alloc_fail_in = -1;
		assert_int_equal(ret, -ENOMEM);
		assert_null(card);
		assert_int_equal(alloc_live, before);
	}
	alloc_fail_in = -1;
	assert_true(turn >= 3);
	wcnic_card_destroy(card);
	assert_int_equal(alloc_live, before);
	wcnic_card_destroy(NULL);
}

static void
port_create__each_allocation_fails__leaves_nothing(void **state)
{
	static const char *const specs[] = {"loopback", "generator:bytes=64,count=3",
					    "pcap:out=/dev/null", "wire"};
	struct wcnic_card *card;
	char why[128];

	(void)state;
	assert_int_equal(wcnic_card_create(&config, &card), 0);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct wcnic_port *port = NULL;
		int before = alloc_live;
		int turn;
		int ret;

		for (turn = 0;; turn++) {
			assert_true(turn < 20);
			alloc_fail_in = turn;
			ret = wcnic_port_create(specs[i], wcnic_card_dev(card), &port, why,
						sizeof(why));
			if (alloc_fail_in >= 0 && ret == 0)
				break;
			alloc_fail_in = -1;
			assert_int_equal(ret, -ENOMEM);
			assert_null(port);
			assert_int_equal(alloc_live, before);
			assert_non_null(strstr(why, "memory"));
		}
		alloc_fail_in = -1;
		assert_true(turn >= 1);
		wcnic_port_destroy(port);
		assert_int_equal(alloc_live, before);
	}
	wcnic_card_destroy(card);
	wcnic_port_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_create__each_allocation_fails__leaves_nothing),
		cmocka_unit_test(port_create__each_allocation_fails__leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
