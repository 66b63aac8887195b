/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <stdio.h>

#include "pcielink.h"

const struct pcielink_key_info *
pcielink_key_info(enum pcielink_key key)
{
	(void)key;
	return NULL;
}

static int
refuse(char *why, size_t why_bytes)
{
	if (why != NULL)
		snprintf(why, why_bytes, "parameter sets are not read yet");
	return -ENOSYS;
}

int
pcielink_config_parse(struct pcielink_config *config, const char *name, const char *text,
		      size_t bytes, char *why, size_t why_bytes)
{
	(void)config, (void)name, (void)text, (void)bytes;
	return refuse(why, why_bytes);
}

int
pcielink_config_load(struct pcielink_config *config, const char *path, char *why, size_t why_bytes)
{
	(void)config, (void)path;
	return refuse(why, why_bytes);
}

int
pcielink_config_check(const struct pcielink_config *config, char *why, size_t why_bytes)
{
	(void)config;
	return refuse(why, why_bytes);
}

uint64_t
pcielink_config_bytes_per_s(const struct pcielink_config *config)
{
	(void)config;
	return 0;
}
