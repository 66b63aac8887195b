/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a link makes of a recorded stream, with bands. */

#include <errno.h>
#include <stdlib.h>

#include "band.h"

static const char *const names[FIGURES] = {
	[FIGURE_TLPS] = "tlps",
	[FIGURE_WIRE_BYTES] = "wire_bytes",
	[FIGURE_PAYLOAD_BYTES] = "payload_bytes",
	[FIGURE_LINES_WHOLE] = "lines_whole",
	[FIGURE_CPU_PS] = "cpu_ns",
	[FIGURE_LINK_PS] = "link_ns",
	[FIGURE_TIME_PS] = "time_ns",
};

const char *
band_figure_name(enum figure figure)
{
	return names[figure];
}

static uint64_t
figure_of(const struct tally_region *region, enum figure figure)
{
	const uint64_t figures[FIGURES] = {
		[FIGURE_TLPS] = region->totals.tlps,
		[FIGURE_WIRE_BYTES] = region->totals.wire_bytes,
		[FIGURE_PAYLOAD_BYTES] = region->totals.payload_bytes,
		[FIGURE_LINES_WHOLE] = region->totals.lines_whole,
		[FIGURE_CPU_PS] = region->cpu_ps,
		[FIGURE_LINK_PS] = region->link_ps,
		[FIGURE_TIME_PS] = region->time_ps,
	};

	return figures[figure];
}

static bool
bound_has(const struct pcielink_param *param)
{
	return param->low != param->value || param->high != param->value;
}

unsigned int
band_replays(const struct pcielink_config *config)
{
	unsigned int n = 1;

	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		n += bound_has(&config->param[key]) ? 2 : 0;
	return n;
}

/* One replay; the tally is the caller's memory, which is large. */
static int
replay(const struct stream_data *data, const struct pcielink_config *config, struct tally *tally)
{
	int ret = tally_init(tally, config, data->cpus, NULL, NULL);

	if (ret != 0)
		return ret;
	stream_replay(data, tally);
	tally_fini(tally);
	return 0;
}

static void
value_take(struct band_region *to, const struct tally_region *from)
{
	to->visits = from->visits;
	for (unsigned int type = 0; type < PCIELINK_TYPES; type++) {
		if (type == PCIELINK_WB)
			continue;
		to->stores += from->totals.stores[type];
		to->store_bytes += from->totals.store_bytes[type];
	}
	for (unsigned int f = 0; f < FIGURES; f++) {
		uint64_t value = figure_of(from, f);

		to->figure[f] = (struct band){value, value, value};
	}
}

static void
bound_take(struct band_region *to, const struct tally_region *from, uint64_t at[FIGURES])
{
	for (unsigned int f = 0; f < FIGURES; f++) {
		struct band *band = &to->figure[f];

		at[f] = figure_of(from, f);
		band->low = at[f] < band->low ? at[f] : band->low;
		band->high = at[f] > band->high ? at[f] : band->high;
	}
}

/* The stream with one parameter at one of its bounds. */
static int
bound_compute(const struct stream_data *data, const struct pcielink_config *config,
	      unsigned int key, bool high, struct tally *tally, struct band_result *result)
{
	struct pcielink_config changed = *config;
	int ret;

	changed.param[key].value = high ? config->param[key].high : config->param[key].low;
	ret = replay(data, &changed, tally);
	for (unsigned int i = 0; i < TALLY_REGIONS && ret == 0; i++) {
		struct band_bound *bound = &result->regions[i].bound[key];

		bound->has = true;
		bound_take(&result->regions[i], &tally->regions[i],
			   high ? bound->at_high : bound->at_low);
	}
	return ret;
}

int
band_compute(const struct stream_data *data, const struct pcielink_config *config,
	     void (*step)(void *ctx), void *ctx, struct band_result **out)
{
	struct band_result *result = calloc(1, sizeof(*result));
	struct tally *tally = malloc(sizeof(*tally));
	int ret = result == NULL || tally == NULL ? -ENOMEM : replay(data, config, tally);

	for (unsigned int i = 0; i < TALLY_REGIONS && ret == 0; i++)
		value_take(&result->regions[i], &tally->regions[i]);
	if (ret == 0 && step != NULL)
		step(ctx);
	for (unsigned int key = 0; key < PCIELINK_KEYS * 2 && ret == 0; key++) {
		if (!bound_has(&config->param[key / 2]))
			continue;
		ret = bound_compute(data, config, key / 2, key % 2 != 0, tally, result);
		if (ret == 0 && step != NULL)
			step(ctx);
	}
	free(tally);
	if (ret != 0)
		free(result);
	else
		*out = result;
	return ret;
}
