/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the plugin saw, by region. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_internal.h"

#define PS_PER_NS 1000u

static const enum pcielink_type link_types[MEMTYPES] = {
	[MEMTYPE_NGNRNE] = PCIELINK_UC,  [MEMTYPE_NGNRE] = PCIELINK_NGNRE,
	[MEMTYPE_NGRE] = PCIELINK_NGNRE, /* gathering is what counts */
	[MEMTYPE_GRE] = PCIELINK_NC,     [MEMTYPE_NC] = PCIELINK_NC,
	[MEMTYPE_WT] = PCIELINK_WB,      [MEMTYPE_WB] = PCIELINK_WB,
};

static void
on_tlp(void *ctx, const struct pcielink_tlp *tlp)
{
	struct recorder *r = ctx;
	uint64_t ns = (r->tally.base_ps + tlp->end_ps) / PS_PER_NS;

	if (r->config.feed == NULL)
		return;
	r->feed_tlps++;
	if (!tlpfeed_push(r->config.feed, tlp->addr - r->aperture_pa, tlp->bytes, ns))
		r->feed_lost++;
}

int
recorder_create(const struct recorder_config *config, struct recorder **recorder)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int ret;

	if (r == NULL)
		return -ENOMEM;
	r->config = *config;
	ret = tally_init(&r->tally, config->link, config->cpus, on_tlp, r);
	if (ret != 0) {
		free(r);
		return ret;
	}
	*recorder = r;
	return 0;
}

void
recorder_destroy(struct recorder *recorder)
{
	if (recorder == NULL)
		return;
	tally_fini(&recorder->tally);
	free(recorder);
}

void
recorder_settle(struct recorder *r)
{
	tally_settle(&r->tally);
	if (r->config.stream != NULL)
		stream_settle(r->config.stream);
}

void
recorder_mark(struct recorder *r, uint64_t region)
{
	if (!tally_mark(&r->tally, region))
		r->bad_marks++;
	else if (r->config.stream != NULL)
		stream_mark(r->config.stream, region);
}

void
recorder_aperture(struct recorder *r, uint64_t pa, uint64_t bytes)
{
	if (pa == r->aperture_pa && bytes == r->aperture_bytes)
		return; /* was only switched off meanwhile */
	/* What is still open has the old addresses. */
	recorder_settle(r);
	if (r->aperture_bytes != 0)
		r->aperture_moves++;
	r->aperture_pa = pa;
	r->aperture_bytes = bytes;
}

void
recorder_walks_set(struct recorder *r, const struct recorder_walks *walks)
{
	r->walks = *walks;
}

/* ---- stores -------------------------------------------------------------------------------- */

static bool
mapping_same(const struct mapping *a, const struct mapping *b)
{
	return a->el == b->el && a->host == b->host && a->overridden == b->overridden &&
	       a->fwb == b->fwb && a->s1_on == b->s1_on && a->s2_on == b->s2_on &&
	       a->s1_attr == b->s1_attr && a->s2_attr == b->s2_attr;
}

static void
mapping_count(struct region *region, const struct walk *walk, bool overridden)
{
	struct mapping new = {
		.el = walk->el,
		.host = walk->host,
		.overridden = overridden,
		.fwb = walk->fwb,
		.s1_on = walk->s1.on,
		.s2_on = walk->s2.on,
		.s1_attr = walk->s1.attr,
		.s2_attr = walk->s2.attr,
		.effective = walk->effective,
	};
	unsigned int i;

	for (i = 0; i < region->n_mappings; i++) {
		if (mapping_same(&region->mappings[i], &new)) {
			region->mappings[i].stores++;
			return;
		}
	}
	if (i == RECORDER_MAPPINGS) {
		region->other_mappings++;
		return;
	}
	new.stores = 1;
	new.verdict = walk_verdict(walk);
	region->mappings[i] = new;
	region->n_mappings++;
}

static void
trace_store(const struct recorder *r, const char *what, const struct recorder_store *s,
	    const struct walk *walk)
{
	FILE *out = r->config.trace;

	fprintf(out,
		"%s %" PRIu64 " region %u cpu %u EL%u va 0x%" PRIx64 " pa 0x%" PRIx64
		" off 0x%" PRIx64 " bytes %u ",
		what, r->stores, r->tally.current, s->cpu, walk->el, s->va, s->pa, s->off,
		s->bytes);
	if (s->error != 0) {
		fprintf(out, "not walked: stage %u level %d: %s\n", s->fault->stage,
			s->fault->level, s->fault->why);
		return;
	}
	if (walk->s1.on)
		fprintf(out, "s1 0x%02x level %d ", walk->s1.attr, walk->s1.level);
	else
		fprintf(out, "s1 off ");
	if (walk->s2.on)
		fprintf(out, "s2 0x%x%s level %d ", walk->s2.attr, walk->fwb ? " FWB" : "",
			walk->s2.level);
	fprintf(out, "%s: %s\n", memtype_name(walk->effective), walk_verdict(walk));
}

void
recorder_store(struct recorder *r, const struct recorder_store *s)
{
	struct region *region = &r->regions[r->tally.current];
	bool overridden = r->config.override && r->stores >= r->config.override_at;
	struct walk walk = *s->walk;

	if (overridden && s->error == 0)
		walk_override_stage2(&walk, r->config.override_type);
	region->stores++;
	region->bytes += s->bytes;
	if (s->bytes < RECORDER_SIZES)
		region->by_size[s->bytes]++;
	region->by_el[walk.el]++;
	if (r->config.trace != NULL)
		trace_store(r, "store", s, &walk);
	r->stores++;
	if (s->error != 0) {
		region->unwalked++;
		r->last_fault = *s->fault;
		return;
	}
	region->by_type[walk.effective]++;
	mapping_count(region, &walk, overridden);
	tally_store(&r->tally, s->cpu, s->pa, s->bytes, link_types[walk.effective]);
	if (r->config.stream != NULL)
		stream_store(r->config.stream, s->cpu, s->pa, s->bytes, link_types[walk.effective]);
}

void
recorder_register(const struct recorder *r, const struct recorder_store *s)
{
	trace_store(r, "register", s, s->walk);
}

void
recorder_order(struct recorder *r, unsigned int cpu, enum pcielink_order order)
{
	tally_order(&r->tally, cpu, order);
	if (r->config.stream != NULL)
		stream_order(r->config.stream, cpu, order);
}
