/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The memory types of arm64: what each stage asks for, and what both give. */

#include <errno.h>
#include <memtype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
mair_bytes__are_types(void **state)
{
	static const struct {
		uint8_t attr;
		enum memtype type;
	} cases[] = {
		{0x00, MEMTYPE_NGNRNE}, {0x04, MEMTYPE_NGNRE}, {0x08, MEMTYPE_NGRE},
		{0x0c, MEMTYPE_GRE},    {0x05, MEMTYPE_NGNRE}, {0x44, MEMTYPE_NC},
		{0x40, MEMTYPE_NC},     {0xff, MEMTYPE_WB},    {0xf0, MEMTYPE_WB},
		{0xbb, MEMTYPE_WT},     {0xa0, MEMTYPE_WT},    {0x4f, MEMTYPE_NC},
		{0xf4, MEMTYPE_NC},     {0x77, MEMTYPE_WB},    {0x33, MEMTYPE_WT},
		{0x06, MEMTYPE_NGNRNE},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (memtype_stage1(cases[i].attr) != cases[i].type)
			fail_msg("0x%02x is %s", cases[i].attr,
				 memtype_name(memtype_stage1(cases[i].attr)));
}

static void
combine_without_fwb__is_symmetric_and_the_stricter(void **state)
{
	static const uint8_t mem_attr[MEMTYPES] = {0, 1, 2, 3, 5, 10, 15};

	(void)state;
	for (unsigned int i = 0; i < MEMTYPES; i++) {
		for (unsigned int j = 0; j < MEMTYPES; j++) {
			assert_int_equal(memtype_stage2(mem_attr[j]), j);
			assert_int_equal(memtype_combine((enum memtype)i, mem_attr[j], false),
					 i < j ? i : j);
		}
	}
}

static void
combine_with_fwb__stage_2_may_force(void **state)
{
	(void)state;
	assert_int_equal(memtype_combine(MEMTYPE_WB, 7, true), MEMTYPE_WB);
	assert_int_equal(memtype_combine(MEMTYPE_NC, 7, true), MEMTYPE_NC);
	assert_int_equal(memtype_combine(MEMTYPE_NGNRE, 6, true), MEMTYPE_WB);
	assert_int_equal(memtype_combine(MEMTYPE_WB, 5, true), MEMTYPE_NC);
	assert_int_equal(memtype_combine(MEMTYPE_GRE, 5, true), MEMTYPE_GRE);
	assert_int_equal(memtype_combine(MEMTYPE_NGNRNE, 1, true), MEMTYPE_NGNRE);
	assert_int_equal(memtype_combine(MEMTYPE_WB, 15, true), MEMTYPE_NGNRNE);
}

static void
names__are_read_back(void **state)
{
	enum memtype type;

	(void)state;
	for (unsigned int i = 0; i < MEMTYPES; i++) {
		assert_int_equal(memtype_parse(memtype_name((enum memtype)i), &type), 0);
		assert_int_equal(type, i);
	}
	assert_int_equal(memtype_parse("Device", &type), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mair_bytes__are_types),
		cmocka_unit_test(combine_without_fwb__is_symmetric_and_the_stricter),
		cmocka_unit_test(combine_with_fwb__stage_2_may_force),
		cmocka_unit_test(names__are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
