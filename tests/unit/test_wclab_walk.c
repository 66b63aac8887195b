/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Walks over page tables that are made up, and what they find. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "walk_rig.h"

#define VA 0x0000ffff87654321ull

/* ---- stage 1 ------------------------------------------------------------------------------- */

static void
program_of_a_host__goes_through_ttbr0_el2(void **state)
{
	(void)state;
	regs.hcr_el2 = HCR_E2H | HCR_TGE | HCR_VM;
	regs.pstate = EL0;
	regs.tcr_el2 = 16;
	regs.ttbr0_el2 = 0x40000000 | 0x12ull << 48 | 1; /* with an ASID and CnP */
	map_4k(0x40000000, VA, 0x8000123000 | ATTR(NC));
	assert_int_equal(run(VA), 0);
	assert_int_equal(walk.pa, 0x8000123321);
	assert_int_equal(walk.s1.attr, 0x44);
	assert_int_equal(walk.s1.level, 3);
	assert_int_equal(walk.s1.desc_pa, 0x40003000 + ((VA >> 12) & 511) * 8);
	assert_true(walk.host);
	assert_false(walk.s2.on);
	assert_int_equal(walk.effective, MEMTYPE_NC);
	assert_string_equal(walk_verdict(&walk), "gathers");
}

static void
upper_half__goes_through_ttbr1_with_its_own_granule(void **state)
{
	const uint64_t va = 0xffff800012345678ull;

	(void)state;
	regs.pstate = EL1;
	/* T1SZ 16, TG1 4 KiB (2), TG0 64 KiB (1), which does not matter. */
	regs.tcr_el1 = 16ull << 16 | 2ull << 30 | 1ull << 14;
	regs.ttbr1_el1 = 0x50000000;
	map_4k(0x50000000, va, 0x8000123000 | ATTR(1));
	assert_int_equal(run(va), 0);
	assert_int_equal(walk.pa, 0x8000123678);
	assert_int_equal(walk.effective, MEMTYPE_NGNRE);
	assert_string_equal(walk_verdict(&walk), "stage 1 is Device");
	/* A tag in the top byte is part of the address unless TBI1 is set. */
	assert_fault(va & ~(0x5aull << 56), 1, 0, "beyond");
	regs.tcr_el1 |= 1ull << 38;
	assert_int_equal(run(va & ~(0x5aull << 56)), 0);
	assert_int_equal(walk.pa, 0x8000123678);
}

static void
el2_without_e2h__has_one_range(void **state)
{
	(void)state;
	regs.pstate = EL2;
	regs.tcr_el2 = 16;
	regs.ttbr0_el2 = 0x40000000;
	map_4k(0x40000000, VA, 0x8000123000 | ATTR(NC));
	assert_int_equal(run(VA), 0);
	assert_int_equal(walk.pa, 0x8000123321);
	assert_int_equal(walk.el, 2);
	assert_fault(VA | 0xffffull << 48, 1, 0, "beyond");
	regs.tcr_el2 |= 1 << 20; /* TBI */
	assert_int_equal(run(VA | 0xffull << 56), 0);
}

static void
blocks__keep_the_low_bits(void **state)
{
	static const struct {
		uint64_t tcr;
		unsigned int lows[4]; /* of the levels from the first to the block's */
		unsigned int first_bits, bits, n;
		int level;
	} cases[] = {
		{16, {39, 30}, 9, 9, 2, 1},                /* 4 KiB: 1 GiB */
		{16, {39, 30, 21}, 9, 9, 3, 2},            /* 4 KiB: 2 MiB */
		{25, {30, 21}, 9, 9, 2, 2},                /* 4 KiB, 39 bits: begins at level 1 */
		{16 | 2 << 14, {47, 36, 25}, 1, 11, 3, 2}, /* 16 KiB: 32 MiB */
		{16 | 1 << 14, {42, 29}, 6, 13, 2, 2},     /* 64 KiB: 512 MiB */
		{12 | 1 << 14, {42}, 10, 13, 1, 1},        /* 64 KiB, LVA: 4 TiB */
	};
	const uint64_t va = 0x0000003f87654321ull;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t low = (1ull << cases[i].lows[cases[i].n - 1]) - 1;
		uint64_t out = 0x0000f00000000000ull & ~low;

		walk_setup(state);
		regs.pstate = EL1;
		regs.tcr_el1 = cases[i].tcr;
		regs.ttbr0_el1 = 0x40000000;
		for (unsigned int j = 0; j < cases[i].n; j++)
			entry(0x40000000 + 0x10000 * j, va, cases[i].lows[j],
			      j == 0 ? cases[i].first_bits : cases[i].bits,
			      j + 1 < cases[i].n ? (0x40010000ull + 0x10000 * j) | TABLE
						 : out | ATTR(NC) | BLOCK);
		if (run(va) != 0)
			fail_msg("case %u: stage %u level %d: %s", i, fault.stage, fault.level,
				 fault.why);
		assert_int_equal(walk.pa, out | (va & low));
		assert_int_equal(walk.s1.level, cases[i].level);
	}
}

static void
lpa2_4k__five_levels_and_52_bits(void **state)
{
	const uint64_t va = 0x000f87654321fabcull;

	(void)state;
	regs.pstate = EL0;
	regs.tcr_el1 = 12 | 1ull << 59 | 6ull << 32; /* DS, 52 bits */
	regs.ttbr0_el1 = 0x40000000 | 0x3ull << 2;   /* the first table is at 0x3_0000_4000_0000 */
	entry(0x3000040000000, va, 48, 4, 0x40001000 | 1ull << 8 | TABLE);
	entry(0x4000040001000, va, 39, 9, 0x40002000 | TABLE);
	entry(0x40002000, va, 30, 9, 0x40003000 | TABLE);
	entry(0x40003000, va, 21, 9, 0x40004000 | TABLE);
	entry(0x40004000, va, 12, 9, 0x0002123456789000 | 2ull << 8 | ATTR(NC) | PAGE);
	assert_int_equal(run(va), 0);
	assert_int_equal(walk.pa, 0x000a123456789abc);
	assert_int_equal(walk.effective, MEMTYPE_NC);
}

static void
lpa2_16k__begins_at_level_0(void **state)
{
	const uint64_t va = 0x000f87654321fabcull;

	(void)state;
	regs.pstate = EL0;
	regs.tcr_el1 = 12 | 2 << 14 | 1ull << 59 | 6ull << 32;
	regs.ttbr0_el1 = 0x40000000;
	entry(0x40000000, va, 47, 5, 0x40004000 | TABLE);
	/* Level 1: a block of 64 GiB, which only DS allows. */
	entry(0x40004000, va, 36, 11, 0x0001230000000000 | 1ull << 8 | ATTR(NC) | BLOCK);
	assert_int_equal(run(va), 0);
	assert_int_equal(walk.pa, 0x0005230000000000 | (va & 0xfffffffffull));
}

static void
lva_64k__high_address_bits_are_in_the_low_ones(void **state)
{
	const uint64_t va = 0x000f87654321fabcull;

	(void)state;
	regs.pstate = EL0;
	regs.tcr_el1 = 12 | 1 << 14 | 6ull << 32;
	regs.ttbr0_el1 = 0x40000000 | 0x5ull << 2;
	entry(0x5000040000000, va, 42, 10, 0x40010000 | 0x7ull << 12 | TABLE);
	entry(0x7000040010000, va, 29, 13, 0x40020000 | TABLE);
	entry(0x40020000, va, 16, 13, 0x0000123456780000 | 0x9ull << 12 | ATTR(NC) | PAGE);
	assert_int_equal(run(va), 0);
	assert_int_equal(walk.pa, 0x000912345678fabc);
}

static void
small_first_table__begins_at_any_64_bytes(void **state)
{
	const uint64_t va = 0x000187654321fabcull;

	(void)state;
	regs.pstate = EL0;
	regs.tcr_el1 = 15 | 1ull << 59 | 6ull << 32; /* 49 bits: two entries at level -1 */
	regs.ttbr0_el1 = 0x40000040;
	regs.mair_el1 = 0x44ull << 40; /* attribute 5 */
	entry(0x40000040, va, 48, 1, 0x40001000 | TABLE);
	entry(0x40001000, va, 39, 9, 0x0000458000000000 | ATTR(5) | BLOCK);
	assert_int_equal(run(va), 0);
	assert_int_equal(walk.pa, 0x0000458000000000 | (va & 0x7fffffffffull));
	assert_int_equal(walk.s1.attr, 0x44);
}

static void
stage_1_off__device_ngnrne(void **state)
{
	(void)state;
	regs.pstate = EL1;
	regs.sctlr_el1 = 0;
	assert_int_equal(run(0x8000000040), 0);
	assert_int_equal(walk.pa, 0x8000000040);
	assert_false(walk.s1.on);
	assert_int_equal(walk.effective, MEMTYPE_NGNRNE);
	assert_string_equal(walk_verdict(&walk), "stage 1 is Device");
}

/* ---- stage 2 ------------------------------------------------------------------------------- */

#define S2_BASE 0x60000000ull
#define IPA 0x0000000010123000ull
#define S1_BASE 0x80000000ull /* an intermediate address, that is 0x180000000 */

/* 40 bits, level 1 with two tables joined; stage-1 tables through a block of 1 GiB. */
static void
guest_set(uint64_t mem_attr)
{
	regs.hcr_el2 = HCR_VM | HCR_E2H;
	regs.pstate = EL0;
	regs.vtcr_el2 = 24 | 1 << 6;
	regs.vttbr_el2 = S2_BASE | 7ull << 48;
	regs.tcr_el1 = 16;
	regs.ttbr0_el1 = S1_BASE;
	entry(S2_BASE, S1_BASE, 30, 10, 0x180000000 | MEM_ATTR(15) | BLOCK);
	entry(S2_BASE, IPA, 30, 10, (S2_BASE + 0x2000) | TABLE);
	entry(S2_BASE + 0x2000, IPA, 21, 9, (S2_BASE + 0x3000) | TABLE);
	entry(S2_BASE + 0x3000, IPA, 12, 9, 0x8000456000 | MEM_ATTR(mem_attr) | PAGE);
}

static void
guest_map(uint64_t attr)
{
	/* The tables name each other by intermediate addresses. */
	entry(S1_BASE + 0x100000000, VA, 39, 9, (S1_BASE + 0x1000) | TABLE);
	entry(S1_BASE + 0x100001000, VA, 30, 9, (S1_BASE + 0x2000) | TABLE);
	entry(S1_BASE + 0x100002000, VA, 21, 9, (S1_BASE + 0x3000) | TABLE);
	entry(S1_BASE + 0x100003000, VA, 12, 9, IPA | ATTR(attr) | PAGE);
}

static void
guest__both_stages_are_walked_and_blamed(void **state)
{
	static const struct {
		unsigned int s1, s2;
		bool fwb;
		enum memtype effective;
		const char *verdict;
	} cases[] = {
		{NC, 5, false, MEMTYPE_NC, "gathers"},
		{NC, 1, false, MEMTYPE_NGNRE, "stage 2 is Device"},
		{1, 5, false, MEMTYPE_NGNRE, "stage 1 is Device"},
		{1, 1, false, MEMTYPE_NGNRE, "stage 1 and stage 2 are Device"},
		{0, 1, false, MEMTYPE_NGNRNE, "stage 1 and stage 2 are Device"},
		{3, 15, false, MEMTYPE_WB, "cacheable"},
		{3, 5, false, MEMTYPE_NC, "gathers"},
		{NC, 5, true, MEMTYPE_NC, "gathers"},
		{NC, 1, true, MEMTYPE_NGNRE, "stage 2 is Device"},
		{1, 5, true, MEMTYPE_NGNRE, "stage 1 is Device"},
		{NC, 6, true, MEMTYPE_WB, "cacheable"},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		walk_setup(state);
		guest_set(cases[i].s2);
		guest_map(cases[i].s1);
		if (cases[i].fwb)
			regs.hcr_el2 |= HCR_FWB;
		assert_int_equal(run(VA), 0);
		assert_int_equal(walk.ipa, IPA | 0x321);
		assert_int_equal(walk.pa, 0x8000456321);
		assert_int_equal(walk.s2.attr, cases[i].s2);
		assert_int_equal(walk.fwb, cases[i].fwb);
		assert_false(walk.host);
		if (walk.effective != cases[i].effective ||
		    strcmp(walk_verdict(&walk), cases[i].verdict) != 0)
			fail_msg("case %u: %s, %s", i, memtype_name(walk.effective),
				 walk_verdict(&walk));
	}
}

static void
guest_with_stage_1_off__stage_2_alone_translates(void **state)
{
	(void)state;
	guest_set(5);
	regs.sctlr_el1 = 0;
	assert_int_equal(run(IPA | 8), 0);
	assert_int_equal(walk.pa, 0x8000456008);
	assert_int_equal(walk.effective, MEMTYPE_NGNRNE);
	/* DC makes it cacheable, and stage 2 takes that away. */
	regs.hcr_el2 |= HCR_DC;
	regs.sctlr_el1 = 1;
	assert_int_equal(run(IPA | 8), 0);
	assert_false(walk.s1.on);
	assert_int_equal(walk.stage1, MEMTYPE_WB);
	assert_int_equal(walk.effective, MEMTYPE_NC);
}

static void
host_kernel_beside_a_guest__has_no_stage_2(void **state)
{
	(void)state;
	guest_set(1);
	regs.pstate = EL2;
	regs.tcr_el2 = 16;
	regs.ttbr0_el2 = 0x40000000;
	map_4k(0x40000000, VA, 0x8000123000 | ATTR(NC));
	assert_int_equal(run(VA), 0);
	assert_true(walk.host);
	assert_false(walk.s2.on);
	assert_int_equal(walk.effective, MEMTYPE_NC);
}

static void
stage_2_lpa2__begins_at_level_minus_1(void **state)
{
	const uint64_t ipa = 0x000f000010123040ull;

	(void)state;
	regs.hcr_el2 = HCR_VM;
	regs.pstate = EL1;
	regs.sctlr_el1 = 0;
	regs.vtcr_el2 = 12 | 1ull << 32 | 1ull << 33 | 6ull << 16; /* DS, SL2 */
	regs.vttbr_el2 = S2_BASE;
	entry(S2_BASE, ipa, 48, 4, 0x60001000 | TABLE);
	/* Level 0: a block of 512 GiB. */
	entry(0x60001000, ipa, 39, 9, 0x0001080000000000 | 2ull << 8 | MEM_ATTR(1) | BLOCK);
	assert_int_equal(run(ipa), 0);
	assert_int_equal(walk.s2.level, 0);
	assert_int_equal(walk.pa, 0x0009080000000000 | (ipa & 0x7fffffffffull));
}

static void
stage_2_of_16k_and_64k__begins_where_sl0_says(void **state)
{
	const uint64_t ipa = 0x0000000012345678ull;

	/* 16 KiB, 40 bits, SL0 1: level 2, 16 tables joined. */
	walk_setup(state);
	regs.hcr_el2 = HCR_VM;
	regs.pstate = EL1;
	regs.sctlr_el1 = 0;
	regs.vtcr_el2 = 24 | 1 << 6 | 2 << 14;
	regs.vttbr_el2 = 0x60000000 | 0x4000; /* below its alignment: not looked at */
	entry(0x60000000, ipa, 25, 15, 0x60040000 | TABLE);
	entry(0x60040000, ipa, 14, 11, 0x8000450000 | MEM_ATTR(5) | PAGE);
	assert_int_equal(run(ipa), 0);
	assert_int_equal(walk.pa, 0x8000450000 | (ipa & 0x3fff));
	/* 64 KiB, 40 bits, SL0 1: level 2. */
	walk_setup(state);
	regs.hcr_el2 = HCR_VM;
	regs.pstate = EL1;
	regs.sctlr_el1 = 0;
	regs.vtcr_el2 = 24 | 1 << 6 | 1 << 14;
	regs.vttbr_el2 = 0x60000000;
	entry(0x60000000, ipa, 29, 11, 0x60010000 | TABLE);
	entry(0x60010000, ipa, 16, 13, 0x8000450000 | MEM_ATTR(5) | PAGE);
	assert_int_equal(run(ipa), 0);
	assert_int_equal(walk.pa, 0x8000450000 | (ipa & 0xffff));
}

static void
dc_alone__has_a_stage_2_and_tge_none(void **state)
{
	(void)state;
	guest_set(5);
	regs.hcr_el2 = HCR_DC;
	assert_int_equal(run(IPA | 8), 0);
	assert_true(walk.s2.on);
	assert_int_equal(walk.pa, 0x8000456008);
	regs.hcr_el2 = HCR_VM | HCR_TGE;
	assert_int_equal(run(IPA | 8), 0);
	assert_false(walk.s1.on);
	assert_false(walk.s2.on);
	assert_int_equal(walk.pa, IPA | 8);
}

static void
override__stage_2_is_another(void **state)
{
	(void)state;
	guest_set(5);
	guest_map(NC);
	assert_int_equal(run(VA), 0);
	walk_override_stage2(&walk, MEMTYPE_NGNRE);
	assert_int_equal(walk.effective, MEMTYPE_NGNRE);
	assert_int_equal(walk.s2.attr, 1);
	assert_string_equal(walk_verdict(&walk), "stage 2 is Device");
	walk_override_stage2(&walk, MEMTYPE_NC);
	assert_string_equal(walk_verdict(&walk), "gathers");
}

/* ---- faults -------------------------------------------------------------------------------- */

static void
broken_tables__fault_names_stage_and_level(void **state)
{
	(void)state;
	guest_set(5);
	guest_map(NC);
	put(S1_BASE + 0x100002000 + (VA >> 21 & 511) * 8, 0);
	assert_fault(VA, 1, 2, "nothing is mapped");
	n_memory--;
	put(S1_BASE + 0x100003000 + (VA >> 12 & 511) * 8, IPA | BLOCK);
	assert_fault(VA, 1, 3, "reserved");
	n_memory--;
	put(S1_BASE + 0x100000000 + (VA >> 39 & 511) * 8, IPA | BLOCK);
	assert_fault(VA, 1, 0, "reserved");
	n_memory--;
	put(S2_BASE + 0x3000 + (IPA >> 12 & 511) * 8, 0);
	assert_fault(VA, 2, 3, "nothing is mapped");
	n_memory--;
	/* A stage-1 table that stage 2 does not map. */
	put(S2_BASE + (S1_BASE >> 30) * 8, 0);
	assert_fault(VA, 2, 1, "nothing is mapped");
	n_memory--;
	regs.ttbr0_el1 = 0xc0000000;
	put(S2_BASE + 3 * 8, 0x1c0000000 | MEM_ATTR(15) | BLOCK);
	assert_fault(VA, 1, 0, "not in memory");
	assert_int_equal(run(VA | 1ull << 48), -EFAULT);
}

static void
bad_registers__fault_says_what(void **state)
{
	static const struct {
		uint64_t tcr_el1, vtcr_el2, pstate, tcr2;
		unsigned int stage;
		const char *why;
	} cases[] = {
		{16, 24 | 1 << 6, 0x10, 0, 0, "AArch32"},
		{16, 24 | 1 << 6, 0xd, 0, 0, "EL3"},
		{16 | 3 << 14, 24 | 1 << 6, EL0, 0, 1, "granule"},
		{12, 24 | 1 << 6, EL0, 0, 1, "TxSZ"},
		{63, 24 | 1 << 6, EL0, 0, 1, "TxSZ"},
		{16 | 1 << 7, 24 | 1 << 6, EL0, 0, 1, "EPD"},
		{16, 24 | 1 << 6, EL0, 1 << 5, 1, "128-bit"},
		{16, 24 | 1 << 6 | 3 << 14, EL0, 0, 2, "granule"},
		{16, 24 | 3 << 6, EL0, 0, 2, "first level"},
		{16, 24 | 1 << 6 | 1ull << 34, EL0, 0, 2, "128-bit"},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		walk_setup(state);
		guest_set(5);
		guest_map(NC);
		assert_int_equal(run(VA), 0);
		regs.tcr_el1 = cases[i].tcr_el1;
		regs.vtcr_el2 = cases[i].vtcr_el2;
		regs.pstate = cases[i].pstate;
		regs.tcr2_el1 = cases[i].tcr2;
		assert_int_equal(run(VA), -EFAULT);
		if (fault.stage != cases[i].stage || strstr(fault.why, cases[i].why) == NULL)
			fail_msg("case %u: stage %u: %s", i, fault.stage, fault.why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(program_of_a_host__goes_through_ttbr0_el2, walk_setup),
		cmocka_unit_test_setup(upper_half__goes_through_ttbr1_with_its_own_granule,
				       walk_setup),
		cmocka_unit_test_setup(el2_without_e2h__has_one_range, walk_setup),
		cmocka_unit_test_setup(blocks__keep_the_low_bits, walk_setup),
		cmocka_unit_test_setup(lpa2_4k__five_levels_and_52_bits, walk_setup),
		cmocka_unit_test_setup(lpa2_16k__begins_at_level_0, walk_setup),
		cmocka_unit_test_setup(lva_64k__high_address_bits_are_in_the_low_ones, walk_setup),
		cmocka_unit_test_setup(small_first_table__begins_at_any_64_bytes, walk_setup),
		cmocka_unit_test_setup(stage_1_off__device_ngnrne, walk_setup),
		cmocka_unit_test_setup(guest__both_stages_are_walked_and_blamed, walk_setup),
		cmocka_unit_test_setup(guest_with_stage_1_off__stage_2_alone_translates,
				       walk_setup),
		cmocka_unit_test_setup(host_kernel_beside_a_guest__has_no_stage_2, walk_setup),
		cmocka_unit_test_setup(stage_2_lpa2__begins_at_level_minus_1, walk_setup),
		cmocka_unit_test_setup(stage_2_of_16k_and_64k__begins_where_sl0_says, walk_setup),
		cmocka_unit_test_setup(dc_alone__has_a_stage_2_and_tge_none, walk_setup),
		cmocka_unit_test_setup(override__stage_2_is_another, walk_setup),
		cmocka_unit_test_setup(broken_tables__fault_names_stage_and_level, walk_setup),
		cmocka_unit_test_setup(bad_registers__fault_says_what, walk_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
