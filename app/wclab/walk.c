/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A walk of the page tables of an arm64 machine. */

#include <errno.h>
#include <string.h>

#include "walk.h"

/* Names and bits are those of the Arm Architecture Reference Manual. */
#define HCR_VM (1ull << 0)
#define HCR_DC (1ull << 12)
#define HCR_TGE (1ull << 27)
#define HCR_E2H (1ull << 34)
#define HCR_FWB (1ull << 46)
#define SCTLR_M (1ull << 0)
#define SCTLR_EE (1ull << 25)
#define TCR2_AIE (1ull << 4)
#define TCR2_D128 (1ull << 5)
#define VTCR_D128 (1ull << 34)
#define PSTATE_NRW (1ull << 4)
#define PS_52_BITS 6u
#define DESC_VALID 1ull
#define DESC_TABLE 2ull /* at the last level: a page */

/* One stage: the shape of its tables and where they begin. */
struct tables {
	unsigned int stage;
	unsigned int shift;  /* log2 of the page's bytes */
	unsigned int stride; /* bits that a level resolves */
	unsigned int input_bits;
	int level;   /* the first */
	bool ds;     /* 52-bit descriptors of 4 and 16 KiB pages */
	bool base52; /* the base register has 52 bits */
	uint64_t base;
};

struct walker {
	const struct walk_regs *regs;
	walk_read_fn read;
	void *ctx;
	struct tables s2;
	bool s2_on;
	struct walk *walk;
	struct walk_fault *fault;
};

static uint64_t
bits(uint64_t value, unsigned int high, unsigned int low)
{
	return value >> low & (~0ull >> (63 - (high - low)));
}

static uint64_t
low_mask(unsigned int n)
{
	return (1ull << n) - 1;
}

static int
fail(struct walker *w, unsigned int stage, int level, const char *why)
{
	w->fault->stage = stage;
	w->fault->level = level;
	w->fault->why = why;
	return -EFAULT;
}

/* ---- the shape of tables ------------------------------------------------------------------- */

static void
tables_granule(struct tables *t, unsigned int shift)
{
	t->shift = shift;
	t->stride = shift - 3;
}

/* TG0, VTCR's too, and TG1 number the granules differently. 0: reserved. */
static unsigned int
granule_tg0(uint64_t tg)
{
	static const unsigned int shifts[] = {12, 16, 14, 0};

	return shifts[tg];
}

static unsigned int
granule_tg1(uint64_t tg)
{
	static const unsigned int shifts[] = {0, 14, 12, 16};

	return shifts[tg];
}

static int
tables_base(struct walker *w, struct tables *t, uint64_t ttbr)
{
	unsigned int first = t->shift + (unsigned int)(3 - t->level) * t->stride;
	unsigned int table_bits;

	/* Stage 2 may join up to 16 tables into its first. */
	if (t->input_bits <= first || t->input_bits - first > t->stride + (t->stage == 2 ? 4 : 0))
		return fail(w, t->stage, t->level, "the first level does not fit the input size");
	table_bits = t->input_bits - first + 3;
	t->base = bits(ttbr, 47, 1) << 1;
	if (t->base52) {
		t->base = (bits(ttbr, 47, 6) << 6) | bits(ttbr, 5, 2) << 48;
		table_bits = table_bits < 6 ? 6 : table_bits;
	}
	t->base &= ~low_mask(table_bits);
	return 0;
}

static int
tables_input(struct walker *w, struct tables *t, uint64_t txsz)
{
	unsigned int max = t->ds || t->shift == 16 ? 52 : 48;

	if (t->shift == 0)
		return fail(w, t->stage, -1, "a reserved granule");
	t->input_bits = 64 - (unsigned int)txsz;
	if (t->input_bits > max || t->input_bits <= t->shift)
		return fail(w, t->stage, -1, "TxSZ out of range");
	return 0;
}

static int
stage1_tables(struct walker *w, struct tables *t, uint64_t tcr, bool two, bool upper, uint64_t ttbr)
{
	uint64_t ps = two ? bits(tcr, 34, 32) : bits(tcr, 18, 16);
	int ret;

	memset(t, 0, sizeof(*t));
	t->stage = 1;
	t->ds = bits(tcr, two ? 59 : 32, two ? 59 : 32);
	tables_granule(t, upper ? granule_tg1(bits(tcr, 31, 30)) : granule_tg0(bits(tcr, 15, 14)));
	ret = tables_input(w, t, upper ? bits(tcr, 21, 16) : bits(tcr, 5, 0));
	if (ret != 0)
		return ret;
	t->ds = t->ds && t->shift != 16;
	t->base52 = t->ds || (t->shift == 16 && ps == PS_52_BITS);
	t->level = 3 - (int)((t->input_bits - t->shift - 1) / t->stride);
	return tables_base(w, t, ttbr);
}

static int
stage2_level(const struct tables *t, uint64_t vtcr)
{
	static const int levels_4k[] = {2, 1, 0, 3};
	unsigned int sl0 = (unsigned int)bits(vtcr, 7, 6);

	if (t->shift != 12)
		return 3 - (int)sl0;
	return t->ds && bits(vtcr, 33, 33) != 0 ? -1 : levels_4k[sl0];
}

static int
stage2_tables(struct walker *w, struct tables *t, uint64_t vtcr, uint64_t vttbr)
{
	int ret;

	if ((vtcr & VTCR_D128) != 0)
		return fail(w, 2, -1, "128-bit descriptors");
	memset(t, 0, sizeof(*t));
	t->stage = 2;
	t->ds = bits(vtcr, 32, 32);
	tables_granule(t, granule_tg0(bits(vtcr, 15, 14)));
	ret = tables_input(w, t, bits(vtcr, 5, 0));
	if (ret != 0)
		return ret;
	t->ds = t->ds && t->shift != 16;
	t->base52 = t->ds || (t->shift == 16 && bits(vtcr, 18, 16) == PS_52_BITS);
	t->level = stage2_level(t, vtcr);
	return tables_base(w, t, vttbr);
}

/* ---- walking them -------------------------------------------------------------------------- */

static uint64_t
desc_address(const struct tables *t, uint64_t desc, unsigned int low)
{
	if (t->ds)
		return (bits(desc, 49, low) << low) | bits(desc, 9, 8) << 50;
	if (t->shift == 16)
		return (bits(desc, 47, low) << low) | bits(desc, 15, 12) << 48;
	return bits(desc, 47, low) << low;
}

static bool
block_allowed(const struct tables *t, int level)
{
	if (t->shift == 12)
		return level == 1 || level == 2 || (level == 0 && t->ds);
	/* 64 KiB: level 1 only where addresses have 52 bits, else nothing maps so much. */
	return level == 2 || (level == 1 && (t->ds || t->shift == 16));
}

static int tables_walk(struct walker *w, const struct tables *t, uint64_t in, uint64_t *out,
		       struct walk_stage *stage);

/* A stage-1 table is at an intermediate address where there is a stage 2. */
static int
desc_read(struct walker *w, const struct tables *t, int level, uint64_t at,
	  struct walk_stage *stage)
{
	struct walk_stage nested;
	int ret;

	if (t->stage == 1 && w->s2_on) {
		ret = tables_walk(w, &w->s2, at, &at, &nested);
		if (ret != 0)
			return ret;
	}
	stage->desc_pa = at;
	stage->level = (int8_t)level;
	if (!w->read(w->ctx, at, &stage->desc))
		return fail(w, t->stage, level, "the table is not in memory");
	if ((stage->desc & DESC_VALID) == 0)
		return fail(w, t->stage, level, "nothing is mapped");
	return 0;
}

static int
tables_walk(struct walker *w, const struct tables *t, uint64_t in, uint64_t *out,
	    struct walk_stage *stage)
{
	unsigned int top = t->input_bits;
	unsigned int low;
	uint64_t base = t->base;
	int level, ret;

	if (in >> t->input_bits != 0)
		return fail(w, t->stage, t->level, "the address is beyond the tables");
	for (level = t->level;; level++) {
		low = t->shift + (unsigned int)(3 - level) * t->stride;
		ret = desc_read(w, t, level, base + bits(in, top - 1, low) * 8, stage);
		if (ret != 0)
			return ret;
		if (level == 3 || (stage->desc & DESC_TABLE) == 0)
			break;
		base = desc_address(t, stage->desc, t->shift);
		top = low;
	}
	if (level == 3 ? (stage->desc & DESC_TABLE) == 0 : !block_allowed(t, level))
		return fail(w, t->stage, level, "a reserved descriptor");
	stage->on = true;
	*out = desc_address(t, stage->desc, low) | (in & low_mask(low));
	return 0;
}

/* ---- which tables an access goes through --------------------------------------------------- */

struct regime {
	bool host; /* EL2 or EL2&0 */
	bool two;  /* two ranges, TTBR0 and TTBR1 */
	uint64_t sctlr, tcr, tcr2, mair, ttbr[2];
};

static void
regime_find(const struct walk_regs *r, unsigned int el, struct regime *g)
{
	bool e2h = (r->hcr_el2 & HCR_E2H) != 0;

	memset(g, 0, sizeof(*g));
	g->host = el == 2 || (el == 0 && e2h && (r->hcr_el2 & HCR_TGE) != 0);
	g->two = !g->host || e2h;
	g->sctlr = g->host ? r->sctlr_el2 : r->sctlr_el1;
	g->tcr = g->host ? r->tcr_el2 : r->tcr_el1;
	g->tcr2 = g->host ? r->tcr2_el2 : r->tcr2_el1;
	g->mair = g->host ? r->mair_el2 : r->mair_el1;
	g->ttbr[0] = g->host ? r->ttbr0_el2 : r->ttbr0_el1;
	g->ttbr[1] = g->host ? r->ttbr1_el2 : r->ttbr1_el1;
	/* A hypervisor that traps all of EL0, or gives it cacheable memory, has stage 1 off. */
	if (!g->host && (r->hcr_el2 & (HCR_TGE | HCR_DC)) != 0)
		g->sctlr &= ~SCTLR_M;
}

static int
stage1_walk(struct walker *w, const struct regime *g, uint64_t va)
{
	bool upper = g->two && bits(va, 55, 55) != 0;
	bool tbi = bits(g->tcr, g->two ? 37 + upper : 20, g->two ? 37 + upper : 20);
	struct walk *walk = w->walk;
	struct tables tables;
	int ret;

	if ((g->tcr2 & (TCR2_D128 | TCR2_AIE)) != 0)
		return fail(w, 1, -1, "128-bit descriptors or extended attribute indices");
	if ((g->sctlr & SCTLR_EE) != 0)
		return fail(w, 1, -1, "big-endian tables");
	if (g->two && bits(g->tcr, upper ? 23 : 7, upper ? 23 : 7) != 0)
		return fail(w, 1, -1, "walks are disabled (EPD)");
	ret = stage1_tables(w, &tables, g->tcr, g->two, upper, g->ttbr[upper]);
	if (ret != 0)
		return ret;
	if (tbi)
		va = upper ? va | 0xffull << 56 : va & ~(0xffull << 56);
	ret = tables_walk(w, &tables, upper ? va ^ ~low_mask(tables.input_bits) : va, &walk->ipa,
			  &walk->s1);
	if (ret != 0)
		return ret;
	walk->s1.attr = (uint8_t)(g->mair >> 8 * bits(walk->s1.desc, 4, 2));
	walk->stage1 = memtype_stage1(walk->s1.attr);
	return 0;
}

static int
stage2_walk(struct walker *w)
{
	struct walk *walk = w->walk;
	int ret;

	ret = tables_walk(w, &w->s2, walk->ipa, &walk->pa, &walk->s2);
	if (ret != 0)
		return ret;
	walk->fwb = (w->regs->hcr_el2 & HCR_FWB) != 0;
	walk->s2.attr = (uint8_t)bits(walk->s2.desc, 5, 2);
	walk->effective = memtype_combine(walk->stage1, walk->s2.attr, walk->fwb);
	return 0;
}

int
walk_run(const struct walk_regs *regs, uint64_t va, walk_read_fn read, void *ctx, struct walk *walk,
	 struct walk_fault *fault)
{
	struct walker w = {.regs = regs, .read = read, .ctx = ctx, .walk = walk, .fault = fault};
	struct regime regime;
	int ret = 0;

	memset(walk, 0, sizeof(*walk));
	walk->el = (unsigned int)bits(regs->pstate, 3, 2);
	if ((regs->pstate & PSTATE_NRW) != 0)
		return fail(&w, 0, -1, "AArch32 state");
	if (walk->el == 3)
		return fail(&w, 0, -1, "EL3");
	regime_find(regs, walk->el, &regime);
	walk->host = regime.host;
	w.s2_on = !regime.host && (regs->hcr_el2 & (HCR_VM | HCR_DC)) != 0 &&
		  (regs->hcr_el2 & HCR_TGE) == 0;
	if (w.s2_on)
		ret = stage2_tables(&w, &w.s2, regs->vtcr_el2, regs->vttbr_el2);
	if (ret != 0)
		return ret;
	walk->ipa = va;
	if ((regime.sctlr & SCTLR_M) != 0)
		ret = stage1_walk(&w, &regime, va);
	else
		walk->stage1 = (regs->hcr_el2 & HCR_DC) != 0 && !regime.host ? MEMTYPE_WB
									     : MEMTYPE_NGNRNE;
	if (ret != 0)
		return ret;
	walk->pa = walk->ipa;
	walk->effective = walk->stage1;
	return w.s2_on ? stage2_walk(&w) : 0;
}

void
walk_override_stage2(struct walk *walk, enum memtype type)
{
	static const uint8_t mem_attr[MEMTYPES] = {0, 1, 2, 3, 5, 10, 15};

	walk->fwb = false;
	walk->s2.on = true;
	walk->s2.attr = mem_attr[type];
	walk->effective = memtype_combine(walk->stage1, walk->s2.attr, false);
}

const char *
walk_verdict(const struct walk *walk)
{
	bool s1 = walk->stage1 < MEMTYPE_GRE;
	/* What a Normal-NC mapping of stage 1 would become. */
	bool s2 = walk->s2.on &&
		  memtype_combine(MEMTYPE_NC, walk->s2.attr, walk->fwb) < MEMTYPE_GRE;

	if (walk->effective > MEMTYPE_NC)
		return "cacheable";
	if (walk->effective >= MEMTYPE_GRE)
		return "gathers";
	if (s1 && s2)
		return "stage 1 and stage 2 are Device";
	return s2 ? "stage 2 is Device" : "stage 1 is Device";
}
