/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Filters of addresses and VLANs: what ethdev may ask for, and what then arrives. */

#include <errno.h>

#include "loop.h"

#define CARD_MACS 64

static struct rte_ether_addr
unicast(unsigned int i)
{
	return (struct rte_ether_addr){{2, 0x11, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
}

static struct rte_ether_addr
group(unsigned int i)
{
	return (struct rte_ether_addr){{1, 0, 0x5e, 0, (uint8_t)(i >> 8), (uint8_t)i}};
}

/* Whether a frame that begins so comes back from the loopback. */
static bool
passes(struct loop *l, const struct rte_ether_addr *dst, uint16_t type, uint16_t tci)
{
	const uint64_t before = loop_xstat(l, "card_rx_filtered");
	struct rte_mbuf *m = loop_frame(l, 1, 64, 1);
	uint16_t words[2] = {rte_cpu_to_be_16(type), rte_cpu_to_be_16(tci)};

	memcpy(rte_pktmbuf_mtod(m, uint8_t *), dst, sizeof(*dst));
	memcpy(rte_pktmbuf_mtod(m, uint8_t *) + 12, words, sizeof(words));
	loop_send(l, 0, &m, 1);
	for (;;) {
		if (rte_eth_rx_burst(l->port_id, 0, &m, 1) == 1) {
			rte_pktmbuf_free(m);
			return true;
		}
		if (loop_xstat(l, "card_rx_filtered") != before)
			return false;
	}
}

static bool
passes_to(struct loop *l, const struct rte_ether_addr dst)
{
	return passes(l, &dst, 0x88b5, 0);
}

static void
card_reset(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcnic_card_reset(card);
}

/* Stopped and started, reset by the application, and recovered after a reset by somebody else. */
static void
begin_anew(struct loop *l, unsigned int how)
{
	const uint64_t recoveries = loop_hw(l)->recoveries;

	if (how == 0) {
		assert_int_equal(rte_eth_dev_stop(l->port_id), 0);
		assert_int_equal(rte_eth_dev_start(l->port_id), 0);
	} else if (how == 1) {
		assert_int_equal(rte_eth_dev_reset(l->port_id), 0);
		loop_configure(l);
	} else {
		loop_card_do(l, card_reset, NULL);
		loop_wait_u64(l, &loop_hw(l)->recoveries, recoveries + 1);
	}
}

static void
addresses__added_and_removed__pass_and_do_not(void **state)
{
	struct loop_config config = {.devargs = *state, .not_promiscuous = true};
	struct rte_ether_addr mac = unicast(1), none = {{0}}, own;
	struct rte_eth_dev_info info;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.max_mac_addrs, 128);
	assert_int_equal(rte_eth_macaddr_get(l.port_id, &own), 0);
	assert_false(passes_to(&l, mac));
	assert_int_equal(rte_eth_dev_mac_addr_add(l.port_id, &mac, 0), 0);
	assert_int_equal(rte_eth_dev_mac_addr_add(l.port_id, &mac, 0), 0); /* once more is fine */
	assert_true(passes_to(&l, mac));
	assert_true(passes_to(&l, own));
	for (unsigned int how = 0; how < 3; how++) {
		begin_anew(&l, how);
		assert_true(passes_to(&l, mac));
		assert_true(passes_to(&l, own));
		assert_false(passes_to(&l, unicast(2)));
	}
	assert_int_equal(rte_eth_dev_mac_addr_add(l.port_id, &none, 0), -EINVAL);
	assert_int_equal(rte_eth_dev_mac_addr_remove(l.port_id, &own), -EADDRINUSE);
	assert_int_equal(rte_eth_dev_mac_addr_remove(l.port_id, &mac), 0);
	assert_int_equal(rte_eth_dev_mac_addr_remove(l.port_id, &mac), 0);
	assert_false(passes_to(&l, mac));
	assert_int_equal(rte_eth_dev_default_mac_addr_set(l.port_id, &mac), 0);
	assert_true(passes_to(&l, mac));
	assert_false(passes_to(&l, own));
	loop_close(&l);
}

static void
addresses__more_than_the_card_has__port_is_promiscuous_meanwhile(void **state)
{
	struct loop_config config = {.devargs = *state, .not_promiscuous = true};
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int i = 0; i <= CARD_MACS; i++) {
		struct rte_ether_addr mac = unicast(i);

		assert_false(passes_to(&l, unicast(1000)));
		assert_int_equal(rte_eth_dev_mac_addr_add(l.port_id, &mac, 0), 0);
	}
	assert_true(passes_to(&l, unicast(1000)));
	assert_int_equal(loop_xstat(&l, "filter_promiscuous"), 1);
	assert_int_equal(rte_eth_promiscuous_get(l.port_id), 0);
	begin_anew(&l, 2);
	assert_true(passes_to(&l, unicast(1000)));
	/* What the application asks for is its own, and kept. */
	assert_int_equal(rte_eth_promiscuous_enable(l.port_id), 0);
	assert_int_equal(rte_eth_promiscuous_disable(l.port_id), 0);
	assert_true(passes_to(&l, unicast(1000)));
	for (unsigned int i = 0; i < 2; i++) {
		struct rte_ether_addr mac = unicast(3);

		assert_int_equal(rte_eth_dev_mac_addr_remove(l.port_id, &mac), 0);
		assert_false(passes_to(&l, unicast(1000)));
		assert_false(passes_to(&l, unicast(3)));
		assert_true(passes_to(&l, unicast(CARD_MACS)));
		assert_int_equal(rte_eth_dev_mac_addr_add(l.port_id, &mac, 0), 0);
		assert_true(passes_to(&l, unicast(1000)));
	}
	assert_int_equal(loop_xstat(&l, "filter_promiscuous"), 3);
	loop_log_has("more unicast addresses than the 64", NULL);
	loop_close(&l);
}

static void
groups__listed__pass_and_too_many_make_it_all(void **state)
{
	struct loop_config config = {.devargs = *state, .not_promiscuous = true};
	struct rte_ether_addr groups[2 * CARD_MACS], mac = unicast(1);
	struct loop l;

	for (unsigned int i = 0; i < RTE_DIM(groups); i++)
		groups[i] = group(i);
	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_set_mc_addr_list(l.port_id, groups, CARD_MACS), 0);
	assert_true(passes_to(&l, group(0)));
	assert_true(passes_to(&l, group(CARD_MACS - 1)));
	assert_false(passes_to(&l, group(CARD_MACS)));
	/* One unicast address more: groups give way. */
	assert_int_equal(rte_eth_dev_mac_addr_add(l.port_id, &mac, 0), 0);
	assert_true(passes_to(&l, mac));
	assert_true(passes_to(&l, group(1000)));
	assert_false(passes_to(&l, unicast(2)));
	assert_int_equal(loop_xstat(&l, "filter_allmulticast"), 1);
	assert_int_equal(loop_xstat(&l, "filter_promiscuous"), 0);
	assert_int_equal(rte_eth_dev_set_mc_addr_list(l.port_id, groups, RTE_DIM(groups)), 0);
	for (unsigned int how = 0; how < 3; how++) {
		begin_anew(&l, how);
		assert_true(passes_to(&l, group(1000)));
		assert_true(passes_to(&l, mac));
	}
	assert_int_equal(rte_eth_dev_set_mc_addr_list(l.port_id, groups, 3), 0);
	assert_true(passes_to(&l, group(2)));
	assert_false(passes_to(&l, group(3)));
	/* What is no group is refused, and the list stays. */
	loop_log_clear();
	groups[1] = mac;
	assert_int_equal(rte_eth_dev_set_mc_addr_list(l.port_id, groups, 2), -EINVAL);
	loop_log_has("address 1 of 2", "02:11:00:00:00:01", "not multicast", NULL);
	assert_true(passes_to(&l, group(2)));
	assert_int_equal(rte_eth_dev_set_mc_addr_list(l.port_id, NULL, 0), 0);
	assert_false(passes_to(&l, group(2)));
	loop_close(&l);
}

static void
vlans__filtered__outer_tag_decides(void **state)
{
	static const struct rte_ether_addr any = {{2, 0, 0, 0, 0, 1}};
	struct loop l;

	loop_open(&l, &(struct loop_config){.devargs = *state});
	assert_true(passes(&l, &any, 0x8100, 7));
	assert_int_not_equal(rte_eth_dev_vlan_filter(l.port_id, 7, 1), 0); /* is not on */
	assert_int_equal(rte_eth_dev_set_vlan_offload(l.port_id, RTE_ETH_VLAN_FILTER_OFFLOAD), 0);
	assert_false(passes(&l, &any, 0x8100, 7));
	assert_true(passes(&l, &any, 0x8100, 0x2000)); /* a priority alone */
	assert_true(passes(&l, &any, 0x0800, 7));
	assert_int_equal(rte_eth_dev_vlan_filter(l.port_id, 7, 1), 0);
	assert_int_equal(rte_eth_dev_vlan_filter(l.port_id, 4095, 1), 0);
	assert_int_equal(rte_eth_dev_vlan_filter(l.port_id, 4096, 1), -EINVAL);
	for (unsigned int how = 0; how < 3; how++) {
		assert_true(passes(&l, &any, 0x8100, 7));
		assert_true(passes(&l, &any, 0x88a8, 4095));
		assert_false(passes(&l, &any, 0x8100, 8));
		begin_anew(&l, how == 1 ? 0 : how); /* a reset configures anew: without it */
	}
	assert_int_equal(rte_eth_dev_vlan_filter(l.port_id, 7, 0), 0);
	assert_false(passes(&l, &any, 0x8100, 7));
	assert_int_equal(rte_eth_dev_set_vlan_offload(l.port_id, 0), 0);
	assert_true(passes(&l, &any, 0x8100, 7));
	begin_anew(&l, 1);
	assert_true(passes(&l, &any, 0x8100, 7));
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(addresses__added_and_removed__pass_and_do_not),
		LOOP_TEST(addresses__more_than_the_card_has__port_is_promiscuous_meanwhile),
		LOOP_TEST(groups__listed__pass_and_too_many_make_it_all),
		LOOP_TEST_ARG("groups on a thread", groups__listed__pass_and_too_many_make_it_all,
			      "thread=1"),
		LOOP_TEST(vlans__filtered__outer_tag_decides),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
