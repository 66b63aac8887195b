/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What one link makes of a stream of stores, by region. */

#include <errno.h>
#include <string.h>

#include "tally.h"

#define SEED 1u /* of the gathering: the same for every link, so that only parameters differ */

int
tally_init(struct tally *t, const struct pcielink_config *config, unsigned int cpus,
	   pcielink_tlp_fn fn, void *ctx)
{
	memset(t, 0, sizeof(*t));
	t->cpus = cpus;
	t->regions[0].visits = 1;
	return pcielink_create(config, cpus, SEED, fn, ctx, &t->link);
}

void
tally_fini(struct tally *t)
{
	pcielink_destroy(t->link);
	t->link = NULL;
}

static void
totals_add(struct pcielink_totals *sum, const struct pcielink_totals *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

void
tally_settle(struct tally *t)
{
	struct tally_region *region = &t->regions[t->current];
	struct pcielink_totals totals;
	uint64_t end_ps, cpu_ps = 0;

	for (unsigned int cpu = 0; cpu < t->cpus_seen; cpu++)
		if (pcielink_now(t->link, cpu) > cpu_ps)
			cpu_ps = pcielink_now(t->link, cpu);
	pcielink_flush(t->link);
	pcielink_totals_get(t->link, &totals);
	end_ps = pcielink_end(t->link);
	totals_add(&region->totals, &totals);
	region->cpu_ps += cpu_ps;
	region->link_ps += end_ps;
	region->time_ps += end_ps > cpu_ps ? end_ps : cpu_ps;
	t->base_ps += end_ps > cpu_ps ? end_ps : cpu_ps;
	t->cpus_seen = 0;
	memset(t->order, 0, sizeof(t->order));
	pcielink_reset(t->link);
}

bool
tally_mark(struct tally *t, uint64_t region)
{
	if (region >= TALLY_REGIONS)
		return false;
	tally_settle(t);
	t->current = (unsigned int)region;
	t->regions[region].visits++;
	return true;
}

/* The link's number for a CPU. */
static unsigned int
cpu_number(struct tally *t, unsigned int cpu)
{
	if (t->order[cpu] == 0)
		t->order[cpu] = (uint8_t)++t->cpus_seen;
	return t->order[cpu] - 1u;
}

int
tally_store(struct tally *t, unsigned int cpu, uint64_t pa, unsigned int bytes,
	    enum pcielink_type type)
{
	if (cpu >= t->cpus)
		return -EINVAL;
	return pcielink_store(t->link, cpu_number(t, cpu), pa, bytes, type, PCIELINK_NOW);
}

int
tally_order(struct tally *t, unsigned int cpu, enum pcielink_order order)
{
	if (cpu >= t->cpus)
		return -EINVAL;
	return pcielink_order(t->link, cpu_number(t, cpu), order, PCIELINK_NOW);
}
