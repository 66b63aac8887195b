/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* rte_eth_tx_prepare(): which frames pass it, and which error the others have. */

#include "loop.h"

/* What these flags say of a frame helps whoever serves a request; alone they ask for nothing. */
static void
prepare__hints_ask_for_nothing(void **state)
{
	static const uint64_t hints[] = {
		RTE_MBUF_F_TX_IPV4,
		RTE_MBUF_F_TX_IPV6,
		RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_IPV6,
		RTE_MBUF_F_TX_OUTER_IPV6 | RTE_MBUF_F_TX_IPV4,
		RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_TUNNEL_VXLAN,
		RTE_MBUF_F_TX_TUNNEL_MASK,
		RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_GOOD,
	};
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frame, *got;
	struct loop l;

	loop_open(&l, &config);
	for (size_t i = 0; i < RTE_DIM(hints); i++) {
		frame = loop_frame(&l, i, 64, 1);
		frame->ol_flags |= hints[i];
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 1);
		loop_send(&l, 0, &frame, 1);
		loop_receive(&l, 0, &got, 1);
		loop_frame_check(got, i, 64);
	}
	loop_close(&l);
}

static void
prepare__request_not_advertised_refused(void **state)
{
	static const uint64_t requests[] = {
		RTE_MBUF_F_TX_QINQ,
		RTE_MBUF_F_TX_MACSEC,
		RTE_MBUF_F_TX_SEC_OFFLOAD,
		RTE_MBUF_F_TX_OUTER_IP_CKSUM | RTE_MBUF_F_TX_OUTER_IPV4,
		RTE_MBUF_F_TX_OUTER_UDP_CKSUM | RTE_MBUF_F_TX_OUTER_IPV4,
	};
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frames[2];
	struct loop l;

	loop_open(&l, &config);
	frames[0] = loop_frame(&l, 1, 64, 1);
	frames[1] = loop_frame(&l, 2, 64, 1);
	for (size_t i = 0; i < RTE_DIM(requests); i++) {
		frames[1]->ol_flags = requests[i];
		rte_errno = 0;
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, frames, 2), 1);
		assert_int_equal(rte_errno, ENOTSUP);
	}
	rte_pktmbuf_free_bulk(frames, 2);
	loop_close(&l);
}

#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)
#define BOTH(fn) ARGS(fn, "placement=push"), ARGS(fn, "placement=fetch")

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(prepare__hints_ask_for_nothing),
		BOTH(prepare__request_not_advertised_refused),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
