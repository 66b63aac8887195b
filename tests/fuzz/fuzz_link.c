/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Parameter sets of links, as text; and what the model does with one that is taken. */

#include <stdio.h>
#include <string.h>

#include <pcielink.h>

#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* The model takes every set that the parser takes. */
static void
link_run(const struct pcielink_config *config, const uint8_t *data, size_t bytes)
{
	struct pcielink_totals totals;
	struct pcielink *link = NULL;

	MUST(pcielink_create(config, 1, 1, NULL, NULL, &link) == 0);
	for (size_t i = 0; i + 3 < bytes && i < 64; i += 4) {
		(void)pcielink_store(link, 0, data[i] * 8ull, 1 + data[i + 1] % 64,
				     data[i + 2] % PCIELINK_TYPES, PCIELINK_NOW);
		if (data[i + 3] % 4 == 0)
			(void)pcielink_order(link, 0, data[i + 3] / 4 % PCIELINK_ORDERS,
					     PCIELINK_NOW);
	}
	pcielink_flush(link);
	pcielink_totals_get(link, &totals);
	MUST(totals.payload_bytes <= totals.wire_bytes);
	pcielink_destroy(link);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct pcielink_config config;
	char why[256] = "", text[32];
	int ret;

	memset(&config, 0, sizeof(config));
	ret = pcielink_config_parse(&config, "fuzz", (const char *)data, bytes, why, sizeof(why));
	MUST(ret == 0 || strlen(why) != 0);
	if (ret != 0)
		return 0;
	MUST(pcielink_config_check(&config, why, sizeof(why)) == 0);
	MUST(pcielink_config_bytes_per_s(&config) != 0);
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		MUST(strlen(pcielink_value_text(key, config.param[key].value, text,
						sizeof(text))) != 0);
	link_run(&config, data, bytes);
	return 0;
}
