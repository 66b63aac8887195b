/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of the card's filters: lists of addresses, VLANs. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define MACS_MAX 64u

static void
features_ask(struct fake_host *h, uint64_t features)
{
	struct wcnic_cmd_features p = {.features = htole64(features)};

	assert_int_equal(fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL), 0);
}

static int
setup(void **state)
{
	if (fake_setup(state) != 0)
		return -1;
	features_ask(*state, WCNIC_CAP_FILTER);
	return fake_port_set(*state, 1500, WCNIC_PORTF_UP);
}

static int
macs_set(struct fake_host *h, const struct wcnic_mac *macs, uint16_t count, uint32_t *result)
{
	struct wcnic_cmd_mac_list p = {.count = htole16(count)};
	struct wcnic_mac copy[MACS_MAX];

	memcpy(copy, macs, count <= MACS_MAX ? count * sizeof(copy[0]) : 0);
	return fake_cmd(h, WCNIC_OP_MAC_LIST_SET, &p, count != 0 ? copy : NULL,
			count <= MACS_MAX ? count * sizeof(copy[0]) : 0, result);
}

/* Whether a frame that begins so arrives in the queue. */
static bool
passes(struct fake_host *h, struct fake_rxq *q, const uint8_t *head, uint32_t head_bytes)
{
	struct wcnic_stats before, after;
	uint8_t frame[64], got[2048];
	bool passed;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, head, head_bytes);
	fake_stats(h, &before);
	fake_rx_post(h, q, (uint16_t)(q->tail - q->head) == 0);
	assert_int_equal(fake_receive(h, frame, sizeof(frame), sizeof(frame)), 0);
	passed = fake_rx_frame(q, got, NULL) != 0;
	fake_stats(h, &after);
	assert_int_equal(after.rx_filtered - before.rx_filtered, !passed);
	assert_int_equal(after.rx_frames - before.rx_frames, passed);
	return passed;
}

static struct wcnic_mac
mac_of(uint32_t i)
{
	return (struct wcnic_mac){.addr = {i % 3 == 0 ? 0x01 : 0x02, 0x5e, (uint8_t)(i >> 16),
					   (uint8_t)(i >> 8), (uint8_t)i, 0x77}};
}

static void
mac_list__every_length__passes_its_addresses_alone(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_mac macs[MACS_MAX];
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	for (uint32_t i = 0; i < MACS_MAX; i++)
		macs[i] = mac_of(i);
	for (uint16_t count = 0; count <= MACS_MAX; count++) {
		assert_int_equal(macs_set(h, macs, count, NULL), 0);
		for (uint32_t i = 0; i < MACS_MAX + 8; i++) {
			struct wcnic_mac mac = mac_of(i);

			assert_int_equal(passes(h, &q, mac.addr, 6), i < count);
		}
	}
}

static void
mac_list__duplicates__are_one(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_mac macs[MACS_MAX], other = mac_of(2);
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	for (uint32_t i = 0; i < MACS_MAX; i++)
		macs[i] = mac_of(1);
	assert_int_equal(macs_set(h, macs, MACS_MAX, NULL), 0);
	assert_true(passes(h, &q, macs[0].addr, 6));
	assert_false(passes(h, &q, other.addr, 6));
}

/* A list that is refused leaves the one before. */
static void
mac_list__bad_input__is_refused_and_changes_nothing(void **state)
{
	static const struct wcnic_mac none;
	struct fake_host *h = *state;
	struct wcnic_mac macs[4] = {mac_of(1), mac_of(2), none, mac_of(4)};
	struct wcnic_cmd_mac_list p = {.count = htole16(2)};
	struct wcnic_admin_cmd cmd = {.opcode = WCNIC_OP_MAC_LIST_SET};
	struct wcnic_admin_cpl cpl;
	struct fake_rxq q;
	uint32_t result;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	assert_int_equal(macs_set(h, macs, 2, NULL), 0);
	assert_int_equal(macs_set(h, macs, 4, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, 64 + 2 * sizeof(macs[0]));
	assert_int_equal(macs_set(h, macs, MACS_MAX + 1, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, 16);
	p.count = htole16(2);
	assert_int_equal(fake_cmd(h, WCNIC_OP_MAC_LIST_SET, &p, macs, 15, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, 4);
	memcpy(cmd.params, &p, sizeof(p));
	cmd.data_bytes = htole32(16);
	cmd.data_iova = htole64(FAKE_IOVA_NONE);
	assert_true(fake_submit(h, &cmd, &cpl));
	assert_int_equal(le16toh(cpl.status), WCNIC_ST_BAD_ADDRESS);
	assert_true(passes(h, &q, macs[0].addr, 6));
	assert_true(passes(h, &q, macs[1].addr, 6));
	assert_false(passes(h, &q, macs[3].addr, 6));
	wcnic_card_reset(h->card);
	fake_enable(h);
	features_ask(h, WCNIC_CAP_FILTER);
	assert_int_equal(fake_port_set(h, 1500, WCNIC_PORTF_UP), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	assert_false(passes(h, &q, macs[0].addr, 6));
}

/* In a burst, beside the port's own address: the way that most frames take. */
static void
mac_list__in_a_burst__decides_for_each_frame(void **state)
{
	struct fake_host *h = *state;
	struct wcdev_frag frags[32];
	struct wcdev_frame frames[32];
	struct wcnic_mac macs[2] = {mac_of(1), mac_of(3)};
	struct wcnic_identity id = {0};
	uint8_t data[32][64], got[2048];
	struct fake_rxq q;
	int ret = 0;

	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_int_equal(le16toh(id.max_macs), MACS_MAX);
	assert_int_equal(fake_rxq_open(h, &q, 0, 64, 2048), 0);
	assert_int_equal(macs_set(h, macs, 2, NULL), 0);
	fake_rx_post(h, &q, 64);
	wcnic_card_poll(h->card);
	for (unsigned int i = 0; i < 32; i++) {
		struct wcnic_mac mac = mac_of(i % 4);

		fake_frame_fill(data[i], 64, i);
		memcpy(data[i], i % 4 == 0 ? id.mac : mac.addr, 6);
		frags[i] = (struct wcdev_frag){.base = data[i], .bytes = 64};
		frames[i] = (struct wcdev_frame){.frags = &frags[i], .n_frags = 1, .bytes = 64};
	}
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames, 32, &ret), 32);
	for (unsigned int i = 0; i < 32; i++) {
		if (i % 4 == 2)
			continue;
		assert_int_equal(fake_rx_frame(&q, got, NULL), 64);
		assert_memory_equal(got, data[i], 64);
	}
	assert_int_equal(fake_rx_frame(&q, got, NULL), 0);
}

/* ---- VLANs ------------------------------------------------------------------------------- */

static void
vlan_passes_check(struct fake_host *h, struct fake_rxq *q, uint16_t type, uint16_t tci,
		  bool expected)
{
	struct wcnic_identity id = {0};
	uint8_t head[18] = {0};

	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	memcpy(head, id.mac, 6);
	head[12] = (uint8_t)(type >> 8);
	head[13] = (uint8_t)type;
	head[14] = (uint8_t)(tci >> 8);
	head[15] = (uint8_t)tci;
	assert_int_equal(passes(h, q, head, sizeof(head)), expected);
}

static void
vlan_filter__outer_tag__decides(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_vlan_filter vlans = {0};
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	vlans.vids[0] = htole64(1ull << 5);
	vlans.vids[63] = htole64(1ull << 62); /* 4094 */
	assert_int_equal(fake_cmd(h, WCNIC_OP_VLAN_FILTER_SET, NULL, &vlans, sizeof(vlans), NULL),
			 0);
	vlan_passes_check(h, &q, 0x8100, 6, true); /* it is not on yet */
	assert_int_equal(fake_port_set(h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_VLAN_FILTER), 0);
	vlan_passes_check(h, &q, 0x8100, 5, true);
	vlan_passes_check(h, &q, 0x8100, 0xe005, true); /* with a priority */
	vlan_passes_check(h, &q, 0x88a8, 5, true);
	vlan_passes_check(h, &q, 0x8100, 4094, true);
	vlan_passes_check(h, &q, 0x8100, 6, false);
	vlan_passes_check(h, &q, 0x88a8, 69, false);
	vlan_passes_check(h, &q, 0x8100, 0xe000, true); /* a priority and no VLAN */
	vlan_passes_check(h, &q, 0x0800, 6, true);
	/* Also where every address passes. */
	assert_int_equal(
		fake_port_set(h, 1500,
			      WCNIC_PORTF_UP | WCNIC_PORTF_VLAN_FILTER | WCNIC_PORTF_PROMISC),
		0);
	vlan_passes_check(h, &q, 0x8100, 6, false);
	vlan_passes_check(h, &q, 0x8100, 5, true);
}

static void
filter__not_asked_for__is_unsupported(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_vlan_filter vlans = {0};
	struct wcnic_mac mac = mac_of(1);
	struct wcnic_cmd_port_set p = {.valid = htole16(WCNIC_PORT_SET_FLAGS),
				       .flags = htole16(WCNIC_PORTF_VLAN_FILTER)};
	uint32_t result;

	assert_int_equal(macs_set(h, &mac, 1, NULL), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(macs_set(h, &mac, 0, NULL), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_cmd(h, WCNIC_OP_VLAN_FILTER_SET, NULL, &vlans, sizeof(vlans), NULL),
			 WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, &p, NULL, 0, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, 16 + offsetof(struct wcnic_cmd_port_set, flags));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mac_list__every_length__passes_its_addresses_alone,
						setup, fake_teardown),
		cmocka_unit_test_setup_teardown(mac_list__duplicates__are_one, setup,
						fake_teardown),
		cmocka_unit_test_setup_teardown(mac_list__bad_input__is_refused_and_changes_nothing,
						setup, fake_teardown),
		cmocka_unit_test_setup_teardown(mac_list__in_a_burst__decides_for_each_frame, setup,
						fake_teardown),
		cmocka_unit_test_setup_teardown(vlan_filter__outer_tag__decides, setup,
						fake_teardown),
		cmocka_unit_test_setup_teardown(filter__not_asked_for__is_unsupported, fake_setup,
						fake_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
