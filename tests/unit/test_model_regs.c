/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of BAR0: registers, access sizes, reset, errors. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wcbase.h>

#include "fake_host.h"

static void
identity_registers__at_power_on__are_as_specified(void **state)
{
	struct fake_host *h = *state;

	assert_int_equal(fake_reg32(h, WCNIC_REG_MAGIC), 0x434e4357);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ABI_VERSION), 0x10002);
	assert_int_equal(fake_reg64(h, WCNIC_REG_CAPS),
			 WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED | WCNIC_CAP_RSS | WCNIC_CAP_MSIX |
				 WCNIC_CAP_TX_OFFLOAD | WCNIC_CAP_TX_SEGMENT | WCNIC_CAP_FILTER |
				 WCNIC_CAP_FLOW | WCNIC_CAP_CLOCK | WCNIC_CAP_RX_EXTRA |
				 WCNIC_CAP_RX_CHECKSUM | WCNIC_CAP_PUSH_EXPRESS |
				 WCNIC_CAP_FETCH_EXPRESS);
	assert_int_equal(fake_reg32(h, WCNIC_REG_LIMITS) & 0xffff, 16);
	assert_int_equal(fake_reg64(h, WCNIC_REG_APERTURE_BYTES), FAKE_APERTURE_BYTES);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), 0);
	assert_int_equal(fake_reg32(h, WCNIC_REG_RESET_COUNT), 0);
}

static void
register64__by_halves__equals_whole(void **state)
{
	struct fake_host *h = *state;

	fake_reg32_set(h, WCNIC_REG_ASQ_BASE + 4, 0x11223344);
	fake_reg32_set(h, WCNIC_REG_ASQ_BASE, 0x55667788);
	assert_true(fake_reg64(h, WCNIC_REG_ASQ_BASE) == 0x1122334455667788ull);
	fake_reg64_set(h, WCNIC_REG_ACQ_BASE, 0xaabbccdd00112233ull);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ACQ_BASE), 0x00112233);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ACQ_BASE + 4), 0xaabbccdd);
	assert_int_equal(fake_reg32(h, WCNIC_REG_CAPS) & 1, 1);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), 0);
}

static void
register__access_of_wrong_shape__is_refused_and_reported(void **state)
{
	static const struct {
		uint64_t off;
		size_t bytes;
	} bad[] = {
		{WCNIC_REG_ADMIN_SIZE, 1},
		{WCNIC_REG_ADMIN_SIZE, 2},
		{WCNIC_REG_ADMIN_SIZE + 2, 4},
		{WCNIC_REG_CTRL, 8},
		{WCNIC_REG_ASQ_BASE + 4, 8},
		{WCNIC_REG_ASQ_BASE, 16},
		{0x200, 8},
		{WCNIC_BAR_REGS_BYTES, 4},
		{UINT64_MAX - 3, 4},
	};
	struct fake_host *h = *state;
	uint8_t data[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wcnic_card_reset(h->card);
		memset(data, 0xff, sizeof(data));
		assert_int_equal(wcnic_card_bar_write(h->card, WCNIC_BAR_REGS, bad[i].off, data,
						      bad[i].bytes),
				 -EINVAL);
		assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_REGISTER);
		assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), (uint32_t)bad[i].off);
		assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
		assert_int_equal(fake_reg32(h, WCNIC_REG_ADMIN_SIZE), 0);
		assert_int_equal(fake_reg64(h, WCNIC_REG_ASQ_BASE), 0);
		assert_int_equal(wcnic_card_bar_read(h->card, WCNIC_BAR_REGS, bad[i].off, data,
						     bad[i].bytes),
				 -EINVAL);
		for (size_t byte = 0; byte < bad[i].bytes; byte++)
			assert_int_equal(data[byte], 0);
	}
}

static void
register__unassigned_or_read_only__ignores_writes(void **state)
{
	struct fake_host *h = *state;

	fake_reg32_set(h, 0x200, 7);
	fake_reg32_set(h, WCNIC_REG_MAGIC, 7);
	fake_reg64_set(h, WCNIC_REG_CAPS, ~0ull);
	assert_int_equal(fake_reg32(h, 0x200), 0);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ASQ_TAIL), 0);
	assert_int_equal(fake_reg32(h, WCNIC_REG_MAGIC), WCNIC_MAGIC);
	assert_int_equal(fake_reg64(h, WCNIC_REG_CAPS) >> 32, 0);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), 0);
}

static void
enable__good_rings__sets_enabled_and_locks_bases(void **state)
{
	struct fake_host *h = *state;
	uint64_t base;

	fake_enable(h);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS),
			 WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED);
	assert_int_equal(fake_reg32(h, WCNIC_REG_CTRL), WCNIC_CTRL_ENABLE);
	base = fake_reg64(h, WCNIC_REG_AEQ_BASE);
	fake_reg64_set(h, WCNIC_REG_AEQ_BASE, 0);
	fake_reg32_set(h, WCNIC_REG_ADMIN_SIZE, 0x0202);
	assert_true(fake_reg64(h, WCNIC_REG_AEQ_BASE) == base);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ADMIN_SIZE), FAKE_ADMIN_LOG2 | FAKE_AEQ_LOG2 << 8);
}

static void
enable__bad_ring__names_the_register(void **state)
{
	static const struct {
		uint32_t reg;
		uint64_t value;
	} bad[] = {
		{WCNIC_REG_ASQ_BASE, FAKE_IOVA + 32},
		{WCNIC_REG_ASQ_BASE, FAKE_IOVA_WO},
		{WCNIC_REG_ASQ_BASE, FAKE_IOVA + FAKE_MEM_BYTES - 512},
		{WCNIC_REG_ACQ_BASE, FAKE_IOVA_RO},
		{WCNIC_REG_ACQ_BASE, FAKE_IOVA + 8},
		{WCNIC_REG_AEQ_BASE, FAKE_IOVA_NONE},
		{WCNIC_REG_AEQ_BASE, UINT64_MAX - 63},
		{WCNIC_REG_ADMIN_SIZE, 0x0301},
		{WCNIC_REG_ADMIN_SIZE, 0x0309},
		{WCNIC_REG_ADMIN_SIZE, 0x0103},
		{WCNIC_REG_ADMIN_SIZE, 0x0903},
	};
	struct fake_host *h = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_enable(h);
		fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
		fake_reg64_set(h, WCNIC_REG_ASQ_BASE, FAKE_IOVA);
		fake_reg64_set(h, WCNIC_REG_ACQ_BASE, FAKE_IOVA);
		fake_reg64_set(h, WCNIC_REG_AEQ_BASE, FAKE_IOVA);
		fake_reg32_set(h, WCNIC_REG_ADMIN_SIZE, 0x0304);
		fake_reg32_set(h, bad[i].reg, (uint32_t)bad[i].value);
		if (bad[i].reg != WCNIC_REG_ADMIN_SIZE)
			fake_reg64_set(h, bad[i].reg, bad[i].value);
		fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE);
		assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS),
				 WCNIC_STATUS_READY | WCNIC_STATUS_ERROR);
		assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_ADMIN_CONFIG);
		assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), bad[i].reg);
		fake_reg32_set(h, WCNIC_REG_CTRL, 0);
		assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
	}
}

static void
ctrl__reset_or_disable__forgets_all_but_the_count(void **state)
{
	struct fake_host *h = *state;

	fake_enable(h);
	fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_RESET | WCNIC_CTRL_ENABLE);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
	assert_int_equal(fake_reg32(h, WCNIC_REG_CTRL), 0);
	assert_int_equal(fake_reg64(h, WCNIC_REG_ASQ_BASE), 0);
	assert_int_equal(fake_reg32(h, WCNIC_REG_RESET_COUNT), 1);
	fake_enable(h);
	fake_reg32_set(h, WCNIC_REG_CTRL, 0);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
	assert_int_equal(fake_reg32(h, WCNIC_REG_RESET_COUNT), 2);
	wcnic_card_reset(h->card);
	assert_int_equal(fake_reg32(h, WCNIC_REG_RESET_COUNT), 3);
}

static void
heartbeat__while_time_goes_on__grows_within_heartbeat_ns(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_identity id;
	uint32_t before;

	fake_enable(h);
	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	for (int i = 0; i < 20; i++) {
		before = fake_reg32(h, WCNIC_REG_HEARTBEAT);
		h->m.now_ns += le32toh(id.heartbeat_ns);
		if (i % 2 != 0)
			wcnic_card_poll(h->card);
		assert_true(fake_reg32(h, WCNIC_REG_HEARTBEAT) != before);
	}
	before = fake_reg32(h, WCNIC_REG_HEARTBEAT);
	wcnic_card_poll(h->card);
	assert_int_equal(fake_reg32(h, WCNIC_REG_HEARTBEAT), before);
}

static void
create__bad_config__is_refused_and_named(void **state)
{
	static uint8_t page[4096] WC_ALIGNED(4096);
	static const struct wcdev_ops none = {0};
	struct fake_host *h = *state;
	struct wcnic_card *card = (struct wcnic_card *)page;
	struct wcnic_card_config c = {.aperture_bytes = 3 << 20};
	struct fake_host other;

	assert_int_equal(fake_host_init(&other, &c), -EINVAL);
	assert_non_null(strstr(other.m.log, "aperture_bytes"));
	c = (struct wcnic_card_config){.aperture_bytes = 512 << 10};
	assert_int_equal(fake_host_init(&other, &c), -EINVAL);
	c = (struct wcnic_card_config){.queue_pairs = 65};
	assert_int_equal(fake_host_init(&other, &c), -EINVAL);
	assert_non_null(strstr(other.m.log, "queue_pairs"));
	c = (struct wcnic_card_config){.mac = {1}};
	assert_int_equal(fake_host_init(&other, &c), -EINVAL);
	assert_non_null(strstr(other.m.log, "mac"));
	c = (struct wcnic_card_config){.ops = &none};
	assert_int_equal(fake_host_init(&other, &c), -EINVAL);
	c.ops = NULL;
	c.aperture = h->aperture;
	assert_int_equal(wcnic_card_create(&c, &card), -EINVAL);
	assert_ptr_equal(card, page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_setup_off, fake_teardown)
		CASE(identity_registers__at_power_on__are_as_specified),
		CASE(register64__by_halves__equals_whole),
		CASE(register__access_of_wrong_shape__is_refused_and_reported),
		CASE(register__unassigned_or_read_only__ignores_writes),
		CASE(enable__good_rings__sets_enabled_and_locks_bases),
		CASE(enable__bad_ring__names_the_register),
		CASE(ctrl__reset_or_disable__forgets_all_but_the_count),
		CASE(heartbeat__while_time_goes_on__grows_within_heartbeat_ns),
		CASE(create__bad_config__is_refused_and_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
