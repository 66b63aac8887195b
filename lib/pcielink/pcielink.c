/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcielink.h"

int
pcielink_create(const struct pcielink_config *config, unsigned int cpus, uint64_t seed,
		pcielink_tlp_fn fn, void *ctx, struct pcielink **link)
{
	(void)config, (void)cpus, (void)seed, (void)fn, (void)ctx;
	*link = NULL;
	return -ENOSYS;
}

void
pcielink_destroy(struct pcielink *link)
{
	free(link);
}

void
pcielink_reset(struct pcielink *link)
{
	(void)link;
}

int
pcielink_store(struct pcielink *link, unsigned int cpu, uint64_t addr, unsigned int bytes,
	       enum pcielink_type type, uint64_t at_ps)
{
	(void)link, (void)cpu, (void)addr, (void)bytes, (void)type, (void)at_ps;
	return -ENOSYS;
}

int
pcielink_order(struct pcielink *link, unsigned int cpu, enum pcielink_order order, uint64_t at_ps)
{
	(void)link, (void)cpu, (void)order, (void)at_ps;
	return -ENOSYS;
}

void
pcielink_flush(struct pcielink *link)
{
	(void)link;
}

uint64_t
pcielink_now(const struct pcielink *link, unsigned int cpu)
{
	(void)link, (void)cpu;
	return 0;
}

uint64_t
pcielink_end(const struct pcielink *link)
{
	(void)link;
	return 0;
}

void
pcielink_totals_get(const struct pcielink *link, struct pcielink_totals *totals)
{
	(void)link;
	memset(totals, 0, sizeof(*totals));
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

	return type < PCIELINK_TYPES ? names[type] : "unknown";
}

const char *
pcielink_cause_name(enum pcielink_cause cause)
{
	static const char *const names[PCIELINK_CAUSES] = {
		[PCIELINK_BY_STORE] = "store",         [PCIELINK_BY_FILL] = "fill",
		[PCIELINK_BY_PRESSURE] = "pressure",   [PCIELINK_BY_ORDER] = "order",
		[PCIELINK_BY_NO_GATHER] = "no-gather", [PCIELINK_BY_END] = "end",
	};

	return cause < PCIELINK_CAUSES ? names[cause] : "unknown";
}
