/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_BAND_H
#define WCLAB_BAND_H

/*
 * What a link makes of a recorded stream, with bands. Each parameter that has bounds is set to
 * either of them, one at a time, while the others keep their values. A band reaches from the least
 * to the most that came out. All of it is modelled.
 */

#include <wcbase.h>

#include "stream.h"

enum figure {
	FIGURE_TLPS = 0,
	FIGURE_WIRE_BYTES,
	FIGURE_PAYLOAD_BYTES,
	FIGURE_LINES_WHOLE,
	FIGURE_CPU_PS,
	FIGURE_LINK_PS,
	FIGURE_TIME_PS,
	FIGURES,
};

struct band {
	uint64_t value, low, high;
};

/* One parameter at its bounds. */
struct band_bound {
	bool has; /* it has bounds, and one of them is not its value */
	uint64_t at_low[FIGURES], at_high[FIGURES];
};

struct band_region {
	uint64_t visits; /* 0: nobody began it */
	uint64_t stores; /* not WB */
	uint64_t store_bytes;
	struct band figure[FIGURES];
	struct band_bound bound[PCIELINK_KEYS];
};

struct band_result {
	struct band_region regions[TALLY_REGIONS];
};

/*
 * Replays the stream through the link for each bound. `step` is called after each of
 * band_replays(config) replays; it may be NULL. The caller frees the result. Returns 0, -ENOMEM, or
 * -EINVAL: the configuration is not valid.
 */
WC_MUST_CHECK int band_compute(const struct stream_data *data, const struct pcielink_config *config,
			       void (*step)(void *ctx), void *ctx, struct band_result **result);

/* How often band_compute() replays the stream. */
unsigned int band_replays(const struct pcielink_config *config);

/* "tlps", "wire_bytes", ...: a static string. Picoseconds are reported as nanoseconds. */
const char *band_figure_name(enum figure figure);

#endif /* WCLAB_BAND_H */
