/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Where a PCI function's BARs are. */

#include <string.h>

#include "bars.h"

#define CONFIG_BYTES 4096u
#define CONFIG_ID 0x00u
#define CONFIG_COMMAND 0x04u /* with STATUS */
#define CONFIG_BAR(n) (0x10u + 4u * (n))
#define CONFIG_BARS_END 0x28u
#define COMMAND_MEMORY 2u
#define BAR_IO 1u
#define BAR_64 4u
#define BAR_FLAGS 15u

static uint32_t
config_read(uint64_t at, bars_read_fn read, void *ctx)
{
	uint64_t value;

	if (!read(ctx, at & ~7ull, &value))
		return ~0u;
	return (uint32_t)(value >> 8 * (at & 4));
}

/* What a BAR says after all ones were written to it. */
static uint64_t
size_from_mask(uint32_t mask)
{
	uint32_t size_bits = mask & ~BAR_FLAGS;

	return (mask & BAR_IO) != 0 || size_bits == 0 ? 0 : ~size_bits + 1u;
}

static struct bar_range
range_read(const struct bars *bars, unsigned int bar, bars_read_fn read, void *ctx)
{
	struct bar_range range = {.bytes = bars->sizes[bar != 0]};
	uint32_t low = config_read(bars->config + CONFIG_BAR(bar), read, ctx);

	range.pa = low & ~BAR_FLAGS;
	if ((low & 7) == BAR_64)
		range.pa |= (uint64_t)config_read(bars->config + CONFIG_BAR(bar + 1), read, ctx)
			    << 32;
	if (range.pa == 0)
		range.bytes = 0;
	return range;
}

bool
bars_config_store(struct bars *bars, uint64_t pa, uint32_t value, bars_read_fn read, void *ctx)
{
	uint64_t config = pa & ~(uint64_t)(CONFIG_BYTES - 1);
	unsigned int reg = (unsigned int)(pa - config);
	struct bar_range regs = {0}, window = {0};
	bool changed;

	if (reg < CONFIG_COMMAND || reg >= CONFIG_BARS_END ||
	    (bars->found && bars->config != config))
		return false;
	if (!bars->found && config_read(config + CONFIG_ID, read, ctx) !=
				    (bars->vendor | (uint32_t)bars->device << 16))
		return false;
	bars->found = true;
	bars->config = config;
	if (value == ~0u && (reg == CONFIG_BAR(0) || reg == CONFIG_BAR(bars->window_bar)))
		bars->sizes[reg != CONFIG_BAR(0)] = size_from_mask(
			config_read(config + reg, read, ctx));
	if ((config_read(config + CONFIG_COMMAND, read, ctx) & COMMAND_MEMORY) != 0) {
		regs = range_read(bars, 0, read, ctx);
		window = range_read(bars, bars->window_bar, read, ctx);
	}
	changed = memcmp(&regs, &bars->regs, sizeof(regs)) != 0 ||
		  memcmp(&window, &bars->window, sizeof(window)) != 0;
	bars->regs = regs;
	bars->window = window;
	return changed;
}
