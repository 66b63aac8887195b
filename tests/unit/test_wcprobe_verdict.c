/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcprobe's conclusions, as pure functions: the whole table. */

#include <advice.h>
#include <errno.h>
#include <predict.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <verdict.h>

#include <cmocka.h>

/* ---- timing to effective type -------------------------------------------------------------- */

static struct wcbar_calibration
calibration(bool direct, double narrow_ns, double wide_ns)
{
	static const struct wcbar_store narrow = {.name = "u64"}, wide = {.name = "avx512"};
	struct wcbar_calibration cal = {.direct = direct, .ns_per_store = narrow_ns / 8};

	if (wide_ns > 0)
		cal.rank[cal.ranks++] = (struct wcbar_rank){&wide, wide_ns};
	cal.rank[cal.ranks++] = (struct wcbar_rank){&narrow, narrow_ns};
	return cal;
}

static void
effective_from_timing__each_case__is_judged_as_far_as_it_goes(void **state)
{
	static const struct {
		bool direct;
		double narrow_ns, wide_ns;
		bool hypervisor;
		enum effective_state state;
		enum confidence confidence;
	} cases[] = {
		{false, 480000, 0, true, EFFECTIVE_TRAPPED, CONFIDENCE_LIKELY},
		{false, 480000, 0, false, EFFECTIVE_TRAPPED, CONFIDENCE_GUESS},
		/* as cheap as memory is memory, whatever the ratio */
		{true, 3.9, 3.9, false, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, 3.9, 1, true, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, 7, 6, false, EFFECTIVE_GATHERS, CONFIDENCE_LIKELY},
		{true, 7, 6, true, EFFECTIVE_GATHERS, CONFIDENCE_GUESS},
		{true, 9, 6, false, EFFECTIVE_GATHERS, CONFIDENCE_LIKELY},
		{true, 800, 100, false, EFFECTIVE_SEPARATE, CONFIDENCE_LIKELY},
		{true, 800, 100, true, EFFECTIVE_SEPARATE, CONFIDENCE_LIKELY},
		{true, 300, 100, true, EFFECTIVE_SEPARATE, CONFIDENCE_LIKELY},
		/* four 16-byte stores against eight of 8 bytes: half in any case */
		{true, 800, 400, false, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		/* cheap stores, wide ones cheaper still: too fast for one that leaves alone */
		{true, 8, 1, true, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, 800, 0, false, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct timing t = {
			.cal = calibration(cases[i].direct, cases[i].narrow_ns, cases[i].wide_ns),
			.memory_ns_per_line = 2,
		};
		struct effective e = {0};

		effective_from_timing(&t, cases[i].hypervisor, &e);
		if (e.state != cases[i].state || e.confidence != cases[i].confidence)
			fail_msg("case %zu: %s, %s", i, effective_state_name(e.state),
				 confidence_name(e.confidence));
		assert_int_equal(e.source, SOURCE_TIMING);
		assert_true(e.confidence < CONFIDENCE_CERTAIN);
		assert_true(strlen(e.why) > 0 && strlen(e.why) < sizeof(e.why) - 1);
	}
}

/* ---- the card's count to effective type ---------------------------------------------------- */

static void
effective_from_card__each_rate__is_judged(void **state)
{
	static const struct {
		bool observable, direct;
		const char *name;
		uint32_t lines, whole;
		enum effective_state state;
		enum confidence confidence;
	} cases[] = {
		{false, true, "u64", 1024, 1024, EFFECTIVE_NOT_OBSERVABLE, CONFIDENCE_NONE},
		{true, true, "u64", 1024, 1024, EFFECTIVE_GATHERS, CONFIDENCE_CERTAIN},
		{true, true, "u64", 1024, 512, EFFECTIVE_GATHERS, CONFIDENCE_CERTAIN},
		{true, true, "u64", 1024, 511, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, true, "u64", 1000, 10, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, true, "u64", 1000, 9, EFFECTIVE_SEPARATE, CONFIDENCE_CERTAIN},
		{true, true, "u64", 1024, 0, EFFECTIVE_SEPARATE, CONFIDENCE_CERTAIN},
		/* the count decides, not the clock of a slow machine */
		{true, false, "u64", 1024, 1024, EFFECTIVE_GATHERS, CONFIDENCE_CERTAIN},
		{true, false, "u64", 1024, 511, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, false, "u64", 1024, 0, EFFECTIVE_SEPARATE, CONFIDENCE_CERTAIN},
		/* wide stores may arrive whole without any combining */
		{true, true, "avx512", 1024, 1024, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
		{true, true, "u64", 0, 0, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct card_result card = {
			.observable = cases[i].observable,
			.cal = {.direct = cases[i].direct, .ns_per_store = 2340},
			.stores = 1,
			.store[0] = {.name = cases[i].name,
				     .lines = cases[i].lines,
				     .whole = cases[i].whole},
		};
		struct effective e = {0};

		effective_from_card(&card, false, &e);
		if (e.state != cases[i].state || e.confidence != cases[i].confidence)
			fail_msg("case %zu: %s, %s", i, effective_state_name(e.state),
				 confidence_name(e.confidence));
		assert_int_equal(e.source, SOURCE_CARD);
		assert_int_equal(strstr(e.why, "2340 ns") != NULL, !cases[i].direct);
	}
}

/* The verdict names what the host's mapping does to stores, also on a slow machine. */
static void
verdict__slow_clock_and_a_card_that_counted__is_what_the_card_saw(void **state)
{
	static const struct {
		uint32_t whole;
		enum verdict_id id;
	} cases[] = {{1024, VERDICT_COMBINING}, {0, VERDICT_STAGE2_DEVICE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct card_result card = {
			.observable = true,
			.cal = {.ns_per_store = 2340},
			.stores = 1,
			.store[0] = {.name = "u64", .lines = 1024, .whole = cases[i].whole},
		};
		struct effective e = {0};
		struct verdict v = {0};

		effective_from_card(&card, true, &e);
		verdict_make(WCBAR_TYPE_WC, true, &e, true, &v);
		assert_int_equal(v.id, cases[i].id);
	}
}

/* Pieces of 8 bytes of wide stores are a hypervisor's work, unless there is none. */
static void
effective_from_card__wide_stores_in_pieces__are_emulated(void **state)
{
	struct card_result card = {
		.observable = true,
		.cal.direct = true,
		.stores = 2,
		.store[0] = {.name = "avx2", .lines = 1024, .arrivals = {0, 0, 0, 8192}},
		.store[1] = {.name = "u64", .lines = 1024, .arrivals = {0, 0, 0, 8192}},
	};
	struct effective e = {0};

	(void)state;
	effective_from_card(&card, true, &e);
	assert_int_equal(e.state, EFFECTIVE_TRAPPED);
	assert_int_equal(e.confidence, CONFIDENCE_GUESS);
	effective_from_card(&card, false, &e);
	assert_int_equal(e.state, EFFECTIVE_SEPARATE);
	card.store[0].arrivals[5] = 1;
	effective_from_card(&card, true, &e);
	assert_int_equal(e.state, EFFECTIVE_SEPARATE);
	card.store[0].arrivals[5] = 0;
	card.stores = 1;
	effective_from_card(&card, true, &e);
	assert_int_equal(e.state, EFFECTIVE_UNCLEAR);
}

/* ---- intended x effective ------------------------------------------------------------------ */

/* By effective_state, in order. */
static const struct {
	enum wcbar_type intended;
	enum effective_source source;
	bool hypervisor;
	enum verdict_id id[EFFECTIVE_STATES];
} rows[] = {
	{WCBAR_TYPE_WC,
	 SOURCE_TIMING,
	 false,
	 {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_COMBINING,
	  VERDICT_NOT_GATHERING, VERDICT_TRAPPED}},
	{WCBAR_TYPE_WC,
	 SOURCE_TIMING,
	 true,
	 {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_STAGE2_DEVICE,
	  VERDICT_TRAPPED}},
	{WCBAR_TYPE_WC,
	 SOURCE_CARD,
	 false,
	 {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_COMBINING,
	  VERDICT_NOT_GATHERING, VERDICT_TRAPPED}},
	{WCBAR_TYPE_WC,
	 SOURCE_CARD,
	 true,
	 {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_COMBINING,
	  VERDICT_STAGE2_DEVICE, VERDICT_TRAPPED}},
	{WCBAR_TYPE_UC,
	 SOURCE_TIMING,
	 false,
	 {VERDICT_STAGE1_DEVICE, VERDICT_STAGE1_DEVICE, VERDICT_STAGE1_DEVICE, VERDICT_UNKNOWN,
	  VERDICT_STAGE1_DEVICE, VERDICT_TRAPPED}},
	{WCBAR_TYPE_UC,
	 SOURCE_TIMING,
	 true,
	 {VERDICT_STAGE1_DEVICE, VERDICT_STAGE1_DEVICE, VERDICT_STAGE1_DEVICE, VERDICT_UNKNOWN,
	  VERDICT_STAGE1_DEVICE, VERDICT_TRAPPED}},
	{WCBAR_TYPE_UC,
	 SOURCE_CARD,
	 false,
	 {VERDICT_STAGE1_DEVICE, VERDICT_STAGE1_DEVICE, VERDICT_STAGE1_DEVICE, VERDICT_COMBINING,
	  VERDICT_STAGE1_DEVICE, VERDICT_TRAPPED}},
	{WCBAR_TYPE_UNKNOWN,
	 SOURCE_NONE,
	 false,
	 {VERDICT_NOT_MAPPABLE, VERDICT_NOT_MAPPABLE, VERDICT_NOT_MAPPABLE, VERDICT_NOT_MAPPABLE,
	  VERDICT_NOT_MAPPABLE, VERDICT_NOT_MAPPABLE}},
};

static void
verdict_make__every_pair__has_its_verdict(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		for (unsigned int s = 0; s < EFFECTIVE_STATES; s++) {
			struct effective e = {.state = s,
					      .source = rows[r].source,
					      .confidence = CONFIDENCE_LIKELY,
					      .why = "it was seen"};
			struct verdict v = {0};

			verdict_make(rows[r].intended, true, &e, rows[r].hypervisor, &v);
			if (v.id != rows[r].id[s])
				fail_msg("row %zu, %s: %s", r, effective_state_name(s),
					 verdict_name(v.id));
			assert_true(strlen(v.why) > 0);
			if (v.id == VERDICT_UNKNOWN)
				assert_int_equal(v.confidence, CONFIDENCE_NONE);
		}
	}
}

/* Without a measurement the verdict is only a prediction. */
static void
verdict_make__of_a_prediction__never_says_that_stores_combine(void **state)
{
	const struct effective e = {.why = "nothing was stored"};
	struct verdict v = {0};

	(void)state;
	verdict_make(WCBAR_TYPE_WC, false, &e, true, &v);
	assert_int_equal(v.id, VERDICT_UNKNOWN);
	assert_int_equal(v.confidence, CONFIDENCE_NONE);
	verdict_make(WCBAR_TYPE_UC, false, &e, true, &v);
	assert_int_equal(v.id, VERDICT_STAGE1_DEVICE);
	assert_int_equal(v.confidence, CONFIDENCE_LIKELY);
	verdict_make(WCBAR_TYPE_UNKNOWN, false, &e, true, &v);
	assert_int_equal(v.id, VERDICT_NOT_MAPPABLE);
	assert_int_equal(v.confidence, CONFIDENCE_LIKELY);
}

/* ---- what follows -------------------------------------------------------------------------- */

static struct probe
probe_answered(void)
{
	struct probe p = {
		.facts = {.bdf = "0000:00:04.0",
			  .driver = "vfio-pci",
			  .access = WCBAR_ACCESS_VFIO_GROUP,
			  .iommu_group = 1,
			  .vfio = true,
			  .kernel = "6.1.0",
			  .page_bytes = 4096},
		.arch = "aarch64",
		.bar = 2,
		.open_asked = true,
		.answered = true,
	};

	p.facts.bars[2] = (struct wcbar_bar_facts){.bytes = 1 << 20,
						   .prefetchable = true,
						   .wide = true,
						   .has_sysfs = true,
						   .has_sysfs_wc = true};
	predict_answers(&p.facts, p.arch, p.bar, p.answers, p.sure);
	return p;
}

static void
advice_make__each_verdict__has_its_way_out(void **state)
{
	static const struct {
		enum verdict_id id;
		enum effective_state state;
		const char *text; /* NULL: nothing is to be done */
	} cases[] = {
		{VERDICT_UNKNOWN, EFFECTIVE_NOT_TESTED, "--write OFF:LEN"},
		{VERDICT_UNKNOWN, EFFECTIVE_UNCLEAR, "only the far end knows"},
		{VERDICT_UNKNOWN, EFFECTIVE_NOT_OBSERVABLE, "only the far end knows"},
		{VERDICT_COMBINING, EFFECTIVE_GATHERS, NULL},
		{VERDICT_STAGE2_DEVICE, EFFECTIVE_SEPARATE, "Linux 6.9"},
		{VERDICT_NOT_GATHERING, EFFECTIVE_SEPARATE, "widest store"},
		{VERDICT_TRAPPED, EFFECTIVE_TRAPPED, "on the host"},
	};
	struct probe p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = probe_answered();
		p.verdict.id = cases[i].id;
		p.effective.state = cases[i].state;
		advice_make(&p);
		if (cases[i].text == NULL) {
			assert_int_equal(p.n_advice, 0);
			continue;
		}
		assert_int_equal(p.n_advice, 1);
		if (strstr(p.advice[0].text, cases[i].text) == NULL)
			fail_msg("case %zu: %s", i, p.advice[0].text);
	}
}

/* A mapping that the kernel refused is not advised again, whatever the rules say. */
static void
advice_make__a_rung_that_was_refused__is_not_counted_on(void **state)
{
	struct probe p = probe_answered();

	(void)state;
	p.answers[WCBAR_RUNG_SYSFS_VFIO].error = -EINVAL;
	p.answers[WCBAR_RUNG_SYSFS_VFIO].tried = true;
	p.verdict.id = VERDICT_STAGE1_DEVICE;
	advice_make(&p);
	assert_int_equal(p.n_advice, 2);
	assert_int_equal(p.advice[0].gives, WCBAR_RUNG_SYSFS);
	assert_int_equal(p.advice[1].gives, WCBAR_RUNG_SYSFS_RELAXED);
}

static void
advice_make__without_rights__says_so_first(void **state)
{
	struct probe p = probe_answered();

	(void)state;
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		p.answers[i].error = -EACCES;
		p.answers[i].tried = true;
	}
	p.verdict.id = VERDICT_NOT_MAPPABLE;
	advice_make(&p);
	assert_true(p.n_advice > 0);
	assert_non_null(strstr(p.advice[0].text, "run wcprobe as root"));
}

static void
advice_make__pages_larger_than_the_bar__names_both(void **state)
{
	struct probe p = probe_answered();

	(void)state;
	p.facts.page_bytes = 65536;
	p.facts.bars[2].bytes = 4096;
	predict_answers(&p.facts, p.arch, p.bar, p.answers, p.sure);
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		assert_int_equal(p.answers[i].error, -ENOTSUP);
		assert_non_null(strstr(p.answers[i].why, "4096 bytes, pages have 65536"));
	}
	p.verdict.id = VERDICT_NOT_MAPPABLE;
	advice_make(&p);
	assert_int_equal(p.n_advice, 1);
	assert_int_equal(p.advice[0].effort, EFFORT_KERNEL);
	assert_non_null(strstr(p.advice[0].text, "4096 bytes, pages now 65536"));
}

static void
predict_best_bar__several__is_the_largest_prefetchable(void **state)
{
	struct wcbar_pci_facts f = {0};

	(void)state;
	assert_int_equal(predict_best_bar(&f), -1);
	f.bars[1] = (struct wcbar_bar_facts){.bytes = 64, .io = true};
	assert_int_equal(predict_best_bar(&f), -1);
	f.bars[0] = (struct wcbar_bar_facts){.bytes = 1 << 24};
	assert_int_equal(predict_best_bar(&f), 0);
	f.bars[2] = (struct wcbar_bar_facts){.bytes = 1 << 12, .prefetchable = true};
	assert_int_equal(predict_best_bar(&f), 2);
	f.bars[4] = (struct wcbar_bar_facts){.bytes = 1 << 16, .prefetchable = true};
	assert_int_equal(predict_best_bar(&f), 4);
}

/* ---- drivers with rules of their own ------------------------------------------------------- */

static void
predict_doubt_variant__where_nobody_can_tell__takes_the_type_away(void **state)
{
	static const struct {
		const char *driver, *arch;
		int error;
		enum wcbar_type type;
	} cases[] = {
		{"vfio-pci", "aarch64", 0, WCBAR_TYPE_UC},
		{"nvgrace-gpu-vfio-pci", "aarch64", 0, WCBAR_TYPE_UNKNOWN},
		{"nvgrace-gpu-vfio-pci", "", 0, WCBAR_TYPE_UNKNOWN},
		{"mlx5_vfio_pci", "x86_64", 0, WCBAR_TYPE_UC},
		{"nvgrace-gpu-vfio-pci", "aarch64", -EBUSY, WCBAR_TYPE_UC},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wcbar_answer a = {.type = WCBAR_TYPE_UC, .error = cases[i].error};
		struct wcbar_pci_facts f = {.access = WCBAR_ACCESS_VFIO_GROUP};

		snprintf(f.driver, sizeof(f.driver), "%s", cases[i].driver);
		predict_doubt_variant(&f, cases[i].arch, &a);
		assert_int_equal(a.type, cases[i].type);
		assert_int_equal(strstr(a.why, "rules of its own") != NULL,
				 cases[i].type == WCBAR_TYPE_UNKNOWN);
	}
}

static void
verdict_of_driver__only_stores_tell(void **state)
{
	static const struct {
		enum effective_state state;
		enum effective_source source;
		bool hypervisor;
		enum verdict_id id;
	} cases[] = {
		{EFFECTIVE_NOT_TESTED, SOURCE_NONE, false, VERDICT_UNKNOWN},
		{EFFECTIVE_SEPARATE, SOURCE_TIMING, false, VERDICT_UNKNOWN},
		{EFFECTIVE_GATHERS, SOURCE_TIMING, false, VERDICT_COMBINING},
		{EFFECTIVE_GATHERS, SOURCE_TIMING, true, VERDICT_UNKNOWN},
		{EFFECTIVE_GATHERS, SOURCE_CARD, true, VERDICT_COMBINING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct effective e = {.state = cases[i].state,
					    .source = cases[i].source,
					    .confidence = CONFIDENCE_LIKELY,
					    .why = "as seen"};
		struct verdict v;

		verdict_of_driver("x-vfio-pci", &e, cases[i].hypervisor, &v);
		if (v.id != cases[i].id)
			fail_msg("case %zu: %s", i, verdict_name(v.id));
		assert_non_null(strstr(v.why, "x-vfio-pci may map"));
		assert_non_null(strstr(v.why, "as seen"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effective_from_timing__each_case__is_judged_as_far_as_it_goes),
		cmocka_unit_test(effective_from_card__each_rate__is_judged),
		cmocka_unit_test(verdict__slow_clock_and_a_card_that_counted__is_what_the_card_saw),
		cmocka_unit_test(effective_from_card__wide_stores_in_pieces__are_emulated),
		cmocka_unit_test(verdict_make__every_pair__has_its_verdict),
		cmocka_unit_test(verdict_make__of_a_prediction__never_says_that_stores_combine),
		cmocka_unit_test(advice_make__each_verdict__has_its_way_out),
		cmocka_unit_test(advice_make__a_rung_that_was_refused__is_not_counted_on),
		cmocka_unit_test(advice_make__without_rights__says_so_first),
		cmocka_unit_test(advice_make__pages_larger_than_the_bar__names_both),
		cmocka_unit_test(predict_best_bar__several__is_the_largest_prefetchable),
		cmocka_unit_test(predict_doubt_variant__where_nobody_can_tell__takes_the_type_away),
		cmocka_unit_test(verdict_of_driver__only_stores_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
