/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The link of the tests, and what it has sent. */

#include "pcielink_rig.h"

struct pcielink_rig rig;

static void
keep(void *ctx, const struct pcielink_tlp *tlp)
{
	assert_ptr_equal(ctx, &rig);
	assert_true(rig.tlps < RIG_TLPS);
	rig.tlp[rig.tlps++] = *tlp;
}

void
rig_set(enum pcielink_key key, uint64_t value)
{
	rig.config.param[key] = (struct pcielink_param){
		.value = value, .low = value, .high = value};
}

void
rig_config(struct pcielink_config *config)
{
	static const uint64_t values[PCIELINK_KEYS] = {
		[PCIELINK_GENERATION] = 3,
		[PCIELINK_LANES] = 16,
		[PCIELINK_EFFICIENCY] = 1000000,
		[PCIELINK_OVERHEAD_32_BYTES] = 20,
		[PCIELINK_OVERHEAD_64_BYTES] = 24,
		[PCIELINK_QUEUE_TLPS] = 256,
		[PCIELINK_WC_BUFFERS] = 4,
		[PCIELINK_PARTIAL_MAX_BYTES] = 32,
		[PCIELINK_GATHER] = 1000000,
		[PCIELINK_STORE_NS] = NS(1),
		[PCIELINK_ORDER_NS] = NS(2),
		[PCIELINK_DRAIN_NS] = NS(50),
		[PCIELINK_READ_NS] = NS(500),
		[PCIELINK_UC_WAIT_NS] = NS(100),
		[PCIELINK_NGNRE_SPACING_NS] = NS(10),
		[PCIELINK_NGNRE_OUTSTANDING] = 4,
	};

	*config = (struct pcielink_config){.name = "rig"};
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		config->param[key] = (struct pcielink_param){
			.value = values[key], .low = values[key], .high = values[key]};
}

void
rig_open(unsigned int cpus, uint64_t seed)
{
	pcielink_destroy(rig.link);
	rig.link = NULL;
	rig.tlps = 0;
	assert_int_equal(pcielink_create(&rig.config, cpus, seed, keep, &rig, &rig.link), 0);
}

int
rig_setup(void **state)
{
	(void)state;
	rig_config(&rig.config);
	return 0;
}

int
rig_teardown(void **state)
{
	(void)state;
	pcielink_destroy(rig.link);
	rig.link = NULL;
	return 0;
}

void
rig_lines(uint64_t addr, unsigned int lines, unsigned int store_bytes, enum pcielink_type type)
{
	for (unsigned int off = 0; off < lines * PCIELINK_LINE_BYTES; off += store_bytes)
		assert_int_equal(pcielink_store(rig.link, 0, addr + off, store_bytes, type, NOW),
				 0);
}

struct pcielink_totals
rig_totals(void)
{
	struct pcielink_totals totals;

	pcielink_totals_get(rig.link, &totals);
	return totals;
}

void
rig_store(uint64_t off, unsigned int bytes, enum pcielink_type type)
{
	assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE + off, bytes, type, NOW), 0);
}

void
rig_order(enum pcielink_order kind)
{
	assert_int_equal(pcielink_order(rig.link, 0, kind, NOW), 0);
}

void
rig_assert_tlp(size_t i, uint64_t off, uint32_t bytes, enum pcielink_cause cause)
{
	assert_true(i < rig.tlps);
	assert_int_equal(rig.tlp[i].addr, RIG_BASE + off);
	assert_int_equal(rig.tlp[i].bytes, bytes);
	assert_string_equal(pcielink_cause_name(rig.tlp[i].cause), pcielink_cause_name(cause));
}
