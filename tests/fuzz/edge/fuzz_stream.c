/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A stream that the plugin in QEMU recorded, read and replayed through a link. */

#include <band.h>
#include <string.h>

#include "fuzz_files.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const struct pcielink_config *
config_get(void)
{
	static struct pcielink_config config;
	char why[PCIELINK_WHY_BYTES];

	if (config.name[0] == '\0')
		MUST(pcielink_config_load(&config, LINK_CONFIG_DIR "/gen4-x16.conf", why,
					  sizeof(why)) == 0);
	return &config;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char why[STREAM_WHY_BYTES] = "";
	struct stream_data stream;
	static struct tally tally;

	fuzz_files_put("/stream", data, bytes);
	if (stream_load(&stream, FUZZ_FILES_ROOT "/stream", why) == 0) {
		MUST(tally_init(&tally, config_get(), stream.cpus, NULL, NULL) == 0);
		stream_replay(&stream, &tally);
		tally_fini(&tally);
	} else {
		MUST(why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why));
	}
	stream_unload(&stream);
	fuzz_files_reset();
	return 0;
}
