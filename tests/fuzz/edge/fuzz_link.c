/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Parameter sets of the link model, as text, and the model that takes what was read. */

#include <string.h>

#include <pcielink.h>

#include "fuzz_files.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Every set that is read may be used: a link of it takes a store, and time goes on. */
static void
link_try(const struct pcielink_config *config)
{
	char why[PCIELINK_WHY_BYTES], text[64];
	struct pcielink *link;

	MUST(pcielink_config_check(config, why, sizeof(why)) == 0);
	MUST(pcielink_config_bytes_per_s(config) != 0);
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		MUST(pcielink_value_text(key, config->param[key].high, text, sizeof(text)) == text);
	MUST(pcielink_create(config, 1, 1, NULL, NULL, &link) == 0);
	for (unsigned int i = 0; i < 6; i++)
		MUST(pcielink_store(link, 0, 56 * i, 8 << i % 3,
				    i % 2 != 0 ? PCIELINK_WC : PCIELINK_UC, PCIELINK_NOW) == 0);
	MUST(pcielink_order(link, 0, PCIELINK_SFENCE, PCIELINK_NOW) == 0);
	pcielink_flush(link);
	pcielink_destroy(link);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct pcielink_config config, loaded;
	char why[PCIELINK_WHY_BYTES] = "";
	int ret;

	ret = pcielink_config_parse(&config, "fuzz", (const char *)data, bytes, why, sizeof(why));
	MUST(ret == 0 || (why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why)));
	fuzz_files_put("/fuzz.conf", data, bytes);
	MUST(pcielink_config_load(&loaded, FUZZ_FILES_ROOT "/fuzz.conf", why, sizeof(why)) == ret);
	if (ret == 0)
		link_try(&loaded);
	fuzz_files_reset();
	return 0;
}
