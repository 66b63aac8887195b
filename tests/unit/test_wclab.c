/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The parts of the lab's plugin that know nothing of QEMU: instructions, BARs, arguments. */

#include <arguments.h>
#include <bars.h>
#include <errno.h>
#include <insn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The plugin's smaller parts: barriers, the device's BARs, arguments. */

static void
opcodes__what_orders_stores_to_a_device(void **state)
{
	static const struct {
		uint32_t opcode;
		enum insn_kind kind;
	} cases[] = {
		{0xd5033f9f, INSN_DSB},    /* dsb sy */
		{0xd503329f, INSN_DSB},    /* dsb oshst */
		{0xd5033e9f, INSN_DSB},    /* dsb st */
		{0xd5033d9f, INSN_OTHER},  /* dsb ld */
		{0xd5033b9f, INSN_OTHER},  /* dsb ish */
		{0xd503309f, INSN_OTHER},  /* ssbb */
		{0xd5033e3f, INSN_DSB},    /* dsb synxs */
		{0xd5033a3f, INSN_OTHER},  /* dsb ishnxs */
		{0xd50332bf, INSN_DMB},    /* dmb oshst */
		{0xd50333bf, INSN_DMB},    /* dmb osh */
		{0xd50331bf, INSN_OTHER},  /* dmb oshld */
		{0xd5033abf, INSN_OTHER},  /* dmb ishst */
		{0xd50320df, INSN_DGH},    /* hint #6 */
		{0xd503201f, INSN_OTHER},  /* nop */
		{0xd5033fdf, INSN_OTHER},  /* isb */
		{0xd508831f, INSN_TLBI},   /* tlbi vmalle1is */
		{0xd50c8324, INSN_TLBI},   /* tlbi vae2is, x4 */
		{0xd5089720, INSN_TLBI},   /* tlbi vae1nxs, x0 */
		{0xd508711f, INSN_OTHER},  /* ic ialluis */
		{0xd5182000, INSN_SYSREG}, /* msr ttbr0_el1, x0 */
		{0xd51c2100, INSN_SYSREG}, /* msr vttbr_el2, x0 */
		{0xd51c1100, INSN_SYSREG}, /* msr hcr_el2, x0 */
		{0xd518a200, INSN_SYSREG}, /* msr mair_el1, x0 */
		{0xd51d1000, INSN_SYSREG}, /* msr sctlr_el12, x0 */
		{0xd5382000, INSN_OTHER},  /* mrs x0, ttbr0_el1 */
		{0xd5184020, INSN_OTHER},  /* msr elr_el1, x0 */
		{0xd50b7420, INSN_OTHER},  /* dc zva, x0 */
		{0xf9000020, INSN_OTHER},  /* str x0, [x1] */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (insn_kind(cases[i].opcode) != cases[i].kind)
			fail_msg("0x%08x is of kind %d", cases[i].opcode,
				 insn_kind(cases[i].opcode));
}

/* ---- a PCI function ------------------------------------------------------------------------ */

#define CONFIG 0x4010008000ull

static uint32_t space[1024];

static bool
config_read(void *ctx, uint64_t pa, uint64_t *value)
{
	(void)ctx;
	if (pa < CONFIG || pa >= CONFIG + sizeof(space))
		return false;
	memcpy(value, (const uint8_t *)space + (pa - CONFIG), sizeof(*value));
	return true;
}

/* A store that the function takes; what BARs keep of it is `mask`. */
static bool
config_write(struct bars *bars, unsigned int reg, uint32_t value)
{
	uint32_t mask = reg == 0x10   ? 0xffff0000
			: reg == 0x18 ? 0xff000000
			: reg == 0x20 ? 0xffffc000
				      : ~0u;
	uint32_t flags = reg == 0x10 ? 4 : reg == 0x18 || reg == 0x20 ? 12 : 0;

	space[reg / 4] = (value & mask) | flags;
	return bars_config_store(bars, CONFIG + reg, value, config_read, NULL);
}

static void
function_start(struct bars *bars)
{
	memset(bars, 0, sizeof(*bars));
	bars->vendor = 0x1234;
	bars->device = 0x57c1;
	bars->window_bar = 2;
	memset(space, 0, sizeof(space));
	space[0] = 0x57c11234;
	config_write(bars, 0x10, ~0u);
	config_write(bars, 0x18, ~0u);
	config_write(bars, 0x10, 0x10000000);
	config_write(bars, 0x18, 0x11000000);
	config_write(bars, 0x1c, 0x80);
}

static void
bars__read_when_decoding_is_on(void **state)
{
	struct bars bars;

	(void)state;
	function_start(&bars);
	assert_true(bars.found);
	assert_int_equal(bars.window.bytes, 0);
	assert_true(config_write(&bars, 0x04, 2));
	assert_int_equal(bars.regs.pa, 0x10000000);
	assert_int_equal(bars.regs.bytes, 0x10000);
	assert_int_equal(bars.window.pa, 0x8011000000);
	assert_int_equal(bars.window.bytes, 0x1000000);
	/* Nothing new: mastering, status, other registers. */
	assert_false(config_write(&bars, 0x04, 6));
	assert_false(config_write(&bars, 0x3c, 1));
}

static void
bars__followed_when_they_move(void **state)
{
	struct bars bars;

	(void)state;
	function_start(&bars);
	config_write(&bars, 0x04, 2);
	assert_true(config_write(&bars, 0x04, 0));
	assert_int_equal(bars.window.bytes, 0);
	config_write(&bars, 0x1c, 0x90);
	assert_true(config_write(&bars, 0x04, 2));
	assert_int_equal(bars.window.pa, 0x9011000000);
	/* Moved while it decodes. */
	assert_true(config_write(&bars, 0x18, 0x12000000));
	assert_int_equal(bars.window.pa, 0x9012000000);
}

static void
bars__windows_may_be_in_another(void **state)
{
	struct bars bars;

	(void)state;
	function_start(&bars);
	bars.window_bar = 4;
	config_write(&bars, 0x20, ~0u);
	config_write(&bars, 0x20, 0x14000000);
	config_write(&bars, 0x24, 0xa0);
	assert_true(config_write(&bars, 0x04, 2));
	assert_int_equal(bars.window.pa, 0xa014000000);
	assert_int_equal(bars.window.bytes, 0x4000);
	assert_int_equal(bars.regs.bytes, 0x10000);
}

static void
bars__other_functions_are_not_it(void **state)
{
	struct bars bars;

	(void)state;
	memset(&bars, 0, sizeof(bars));
	bars.vendor = 0x1234;
	bars.device = 0x57c1;
	memset(space, 0, sizeof(space));
	space[0] = 0x57c21234;
	assert_false(config_write(&bars, 0x04, 2));
	assert_false(bars.found);
	function_start(&bars);
	assert_false(bars_config_store(&bars, CONFIG + 0x1000 + 0x04, 2, config_read, NULL));
	assert_int_equal(bars.config, CONFIG);
}

/* ---- arguments ----------------------------------------------------------------------------- */

static void
arguments__all_are_taken(void **state)
{
	char *argv[] = {
		"link=l.conf",      "out=o.json", "trace=t",   "feed=f",
		"device=1af4:1110", "bar=4",      "mark=0x80", "override-s2=1000:Device-nGnRE"};
	char *given[] = {"link=l", "out=o", "aperture=0x8000000000:0x100000", "regs=0x1000:256"};
	char why[ARGUMENTS_WHY_BYTES];
	struct arguments a;

	(void)state;
	assert_int_equal(arguments_parse(&a, 8, argv, why), 0);
	assert_string_equal(a.link, "l.conf");
	assert_string_equal(a.out, "o.json");
	assert_string_equal(a.trace, "t");
	assert_string_equal(a.feed, "f");
	assert_int_equal(a.vendor, 0x1af4);
	assert_int_equal(a.device, 0x1110);
	assert_int_equal(a.bar, 4);
	assert_int_equal(a.mark, 0x80);
	assert_true(a.override);
	assert_int_equal(a.override_at, 1000);
	assert_int_equal(a.override_type, MEMTYPE_NGNRE);
	assert_int_equal(arguments_parse(&a, 4, given, why), 0);
	assert_int_equal(a.aperture.pa, 0x8000000000);
	assert_int_equal(a.aperture.bytes, 0x100000);
	assert_int_equal(a.regs.bytes, 256);
	assert_int_equal(a.vendor, 0x1234);
	assert_int_equal(a.bar, 2);
	assert_false(a.override);
}

static void
bad_arguments__named_with_what_is_right(void **state)
{
	static const struct {
		char *argv[4];
		const char *culprit;
		const char *right;
	} cases[] = {
		{{"link=l"}, "out is needed", "out=FILE"},
		{{"out=o"}, "link is needed", "link=FILE"},
		{{"link=l", "out="}, "'out='", "out=FILE"},
		{{"link=l", "out"}, "'out'", "out=FILE"},
		{{"link=a\"b"}, "a\"b", "parameter set"},
		{{"link=a\nb"}, "'link=a?b'", "control character"},
		{{"link=\x1f"}, "'link=?'", "control character"},
		{{"lnik=l"}, "'lnik=l'", "link"},
		{{"aperture=0x1000"}, "0x1000", "ADDRESS:BYTES"},
		{{"aperture=0x1001:64"}, "0x1001", "multiple of 64"},
		{{"aperture=0x1000:0"}, "0x1000:0", "ADDRESS:BYTES"},
		{{"aperture=0xffffffffffffffc0:128"}, "128", "ADDRESS:BYTES"},
		{{"aperture=-64:128"}, "-64", "ADDRESS:BYTES"},
		{{"device=1af4"}, "1af4", "VENDOR:DEVICE"},
		{{"device=1af4:11100"}, "11100", "VENDOR:DEVICE"},
		{{"bar=6"}, "bar=6", "1 to 5"},
		{{"bar=0"}, "bar=0", "1 to 5"},
		{{"mark=3"}, "mark=3", "multiple of 4"},
		{{"override-s2=5:Device"}, "5:Device", "Device-nGnRE"},
		{{"override-s2=Device-nGnRE"}, "Device-nGnRE", "STORE:TYPE"},
		{{"link=l", "out=o", "regs=0x1000:64"}, "regs=", "aperture="},
	};
	char why[ARGUMENTS_WHY_BYTES];
	struct arguments a;
	int n;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (n = 0; n < 4 && cases[i].argv[n] != NULL;)
			n++;
		if (arguments_parse(&a, n, (char **)cases[i].argv, why) != -EINVAL ||
		    strstr(why, cases[i].culprit) == NULL || strstr(why, cases[i].right) == NULL)
			fail_msg("case %u: %s", i, why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opcodes__what_orders_stores_to_a_device),
		cmocka_unit_test(bars__read_when_decoding_is_on),
		cmocka_unit_test(bars__followed_when_they_move),
		cmocka_unit_test(bars__windows_may_be_in_another),
		cmocka_unit_test(bars__other_functions_are_not_it),
		cmocka_unit_test(arguments__all_are_taken),
		cmocka_unit_test(bad_arguments__named_with_what_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
