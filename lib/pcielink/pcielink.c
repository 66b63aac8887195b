/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The link model: CPUs whose stores and order points become TLPs, and the totals. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcielink_internal.h"

#define PS_PER_S UINT64_C(1000000000000)

/* ---- creation ------------------------------------------------------------------------------- */

static void
wire_ps_fill(struct pcielink *link, uint64_t bytes_per_s)
{
	for (uint64_t n = 0; n <= WIRE_BYTES_MAX; n++)
		link->wire_ps[n] = (n * PS_PER_S + bytes_per_s / 2) / bytes_per_s;
}

int
pcielink_create(const struct pcielink_config *config, unsigned int cpus, uint64_t seed,
		pcielink_tlp_fn fn, void *ctx, struct pcielink **out)
{
	struct pcielink *link;

	if (cpus == 0 || cpus > PCIELINK_CPUS_MAX || pcielink_config_check(config, NULL, 0) != 0)
		return -EINVAL;
	link = calloc(1, sizeof(*link) + cpus * sizeof(link->cpu[0]));
	if (link == NULL)
		return -ENOMEM;
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		link->value[key] = config->param[key].value;
	wire_ps_fill(link, pcielink_config_bytes_per_s(config));
	link->cpus = cpus;
	link->seed = seed;
	link->fn = fn;
	link->ctx = ctx;
	pcielink_reset(link);
	*out = link;
	return 0;
}

void
pcielink_destroy(struct pcielink *link)
{
	free(link);
}

void
pcielink_reset(struct pcielink *link)
{
	memset(&link->totals, 0, sizeof(link->totals));
	memset(&link->wire, 0, sizeof(link->wire));
	memset(link->cpu, 0, link->cpus * sizeof(link->cpu[0]));
	link->latest_ps = 0;
	/* One generator for each CPU: the order in which CPUs store changes no CPU's numbers. */
	for (unsigned int i = 0; i < link->cpus; i++)
		link->cpu[i].random = link->seed ^ ((uint64_t)i << 56);
}

/* ---- a CPU's time --------------------------------------------------------------------------- */

static struct cpu *
cpu_start(struct pcielink *link, unsigned int cpu, uint64_t at_ps, uint64_t cost_ps)
{
	struct cpu *c = &link->cpu[cpu];

	if (at_ps == PCIELINK_NOW)
		at_ps = c->started ? c->now_ps : link->latest_ps;
	c->started = true;
	c->now_ps = later(c->now_ps, at_ps) + cost_ps;
	link->totals.cpu_issue_ps += cost_ps;
	return c;
}

static void
cpu_wait(struct cpu *c, uint64_t until_ps, uint64_t *stall_ps)
{
	if (until_ps <= c->now_ps)
		return;
	*stall_ps += until_ps - c->now_ps;
	c->now_ps = until_ps;
}

static int
cpu_done(struct pcielink *link, const struct cpu *c)
{
	link->latest_ps = later(link->latest_ps, c->now_ps);
	return 0;
}

/* ---- stores --------------------------------------------------------------------------------- */

/* The CPU goes on while fewer than so many of its Device stores wait to be accepted. */
static uint64_t
ngnre_send(struct pcielink *link, struct cpu *c, struct pcielink_tlp *tlp)
{
	uint64_t outstanding = link->value[PCIELINK_NGNRE_OUTSTANDING];
	uint64_t accept_ps;

	if (c->device_seq >= outstanding)
		cpu_wait(c, c->device_accept_ps[(c->device_seq - outstanding) % OUTSTANDING_MAX],
			 &link->totals.stall_device_ps);
	accept_ps = pcielink_wire_send(link, tlp, later(c->now_ps, c->device_next_ps));
	c->device_accept_ps[c->device_seq++ % OUTSTANDING_MAX] = accept_ps;
	c->device_next_ps = accept_ps + link->value[PCIELINK_NGNRE_SPACING_NS];
	return accept_ps;
}

static void
device_store(struct pcielink *link, struct cpu *c, const struct piece *piece)
{
	unsigned int first = (unsigned int)__builtin_ctzll(piece->mask);
	struct pcielink_tlp tlp = {
		.addr = piece->line + first,
		.bytes = (uint32_t)__builtin_popcountll(piece->mask),
		.cpu = (uint32_t)(c - link->cpu),
		.type = piece->type,
		.cause = PCIELINK_BY_STORE,
	};

	/* The same bytes never leave in another order than one CPU stored them. */
	if (link->value[PCIELINK_UC_EVICTS_WC] != 0)
		pcielink_buffers_evict(link, c, PCIELINK_BY_ORDER);
	else
		pcielink_buffers_evict_line(link, c, piece->line);
	if (piece->type == PCIELINK_NGNRE) {
		c->last_accept_ps = ngnre_send(link, c, &tlp);
		return;
	}
	c->last_accept_ps = pcielink_wire_send(link, &tlp, c->now_ps);
	cpu_wait(c, c->last_accept_ps + link->value[PCIELINK_UC_WAIT_NS],
		 &link->totals.stall_device_ps);
}

static void
piece_store(struct pcielink *link, struct cpu *c, const struct piece *piece)
{
	if (piece->type == PCIELINK_NC || piece->type == PCIELINK_WC)
		pcielink_buffer_store(link, c, piece);
	else
		device_store(link, c, piece);
}

int
pcielink_store(struct pcielink *link, unsigned int cpu, uint64_t addr, unsigned int bytes,
	       enum pcielink_type type, uint64_t at_ps)
{
	uint64_t mask = bytes == PCIELINK_LINE_BYTES ? UINT64_MAX : (UINT64_C(1) << bytes % 64) - 1;
	unsigned int first = (unsigned int)(addr % PCIELINK_LINE_BYTES);
	struct piece piece = {.line = addr - first, .mask = mask << first, .type = type};
	struct cpu *c;

	if (cpu >= link->cpus || bytes == 0 || bytes > PCIELINK_LINE_BYTES ||
	    (unsigned int)type >= PCIELINK_TYPES)
		return -EINVAL;
	link->totals.stores[type]++;
	link->totals.store_bytes[type] += bytes;
	if (type == PCIELINK_WB)
		return 0;
	c = cpu_start(link, cpu, at_ps, link->value[PCIELINK_STORE_NS]);
	piece_store(link, c, &piece);
	if (first + bytes > PCIELINK_LINE_BYTES) {
		piece.line += PCIELINK_LINE_BYTES;
		piece.mask = mask >> (PCIELINK_LINE_BYTES - first);
		piece_store(link, c, &piece);
	}
	return cpu_done(link, c);
}

/* ---- order points --------------------------------------------------------------------------- */

int
pcielink_order(struct pcielink *link, unsigned int cpu, enum pcielink_order order, uint64_t at_ps)
{
	uint64_t *stall_ps = &link->totals.stall_order_ps;
	bool waits = order == PCIELINK_DSB || order == PCIELINK_SFENCE || order == PCIELINK_LOAD;
	struct cpu *c;

	if (cpu >= link->cpus || (unsigned int)order >= PCIELINK_ORDERS)
		return -EINVAL;
	link->totals.orders[order]++;
	c = cpu_start(link, cpu, at_ps, waits ? 0 : link->value[PCIELINK_ORDER_NS]);
	pcielink_buffers_evict(link, c, PCIELINK_BY_ORDER);
	if (order == PCIELINK_LOAD)
		cpu_wait(c, later(c->now_ps, link->wire.free_ps) + link->value[PCIELINK_READ_NS],
			 stall_ps);
	else if (waits)
		cpu_wait(c, later(c->now_ps, c->last_accept_ps) + link->value[PCIELINK_DRAIN_NS],
			 stall_ps);
	return cpu_done(link, c);
}

void
pcielink_flush(struct pcielink *link)
{
	for (unsigned int i = 0; i < link->cpus; i++)
		pcielink_buffers_evict(link, &link->cpu[i], PCIELINK_BY_END);
}

/* ---- what is known -------------------------------------------------------------------------- */

uint64_t
pcielink_now(const struct pcielink *link, unsigned int cpu)
{
	assert(cpu < link->cpus);
	return link->cpu[cpu].started ? link->cpu[cpu].now_ps : link->latest_ps;
}

uint64_t
pcielink_end(const struct pcielink *link)
{
	return link->wire.free_ps;
}

void
pcielink_totals_get(const struct pcielink *link, struct pcielink_totals *totals)
{
	*totals = link->totals;
}

void
pcielink_totals_sub(struct pcielink_totals *totals, const struct pcielink_totals *before)
{
	uint64_t *to = (uint64_t *)totals;
	const uint64_t *from = (const uint64_t *)before;

	for (size_t i = 0; i < sizeof(*totals) / sizeof(*to); i++)
		to[i] -= from[i];
}

const char *
pcielink_type_name(enum pcielink_type type)
{
	static const char *const names[PCIELINK_TYPES] = {
		[PCIELINK_UC] = "UC",        [PCIELINK_NGNRE] = "Device-nGnRE",
		[PCIELINK_NC] = "Normal-NC", [PCIELINK_WC] = "WC",
		[PCIELINK_WB] = "WB",
	};

	return (unsigned int)type < PCIELINK_TYPES ? names[type] : "unknown";
}

const char *
pcielink_cause_name(enum pcielink_cause cause)
{
	static const char *const names[PCIELINK_CAUSES] = {
		[PCIELINK_BY_STORE] = "store",         [PCIELINK_BY_FILL] = "fill",
		[PCIELINK_BY_PRESSURE] = "pressure",   [PCIELINK_BY_ORDER] = "order",
		[PCIELINK_BY_NO_GATHER] = "no-gather", [PCIELINK_BY_END] = "end",
	};

	return (unsigned int)cause < PCIELINK_CAUSES ? names[cause] : "unknown";
}
