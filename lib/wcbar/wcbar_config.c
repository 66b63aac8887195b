/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How the kernel was built, as far as it matters for BARs: from its configuration as plain text. */

#include <stdio.h>
#include <string.h>

#include <wcfile.h>

#include "wcbar_internal.h"

/* One line: CONFIG_NAME=y. An option that is off has a comment, or no line at all. */
static bool
line_take(struct wcbar_kernel_config *config, const char *line)
{
	static const char strict[] = "CONFIG_IO_STRICT_DEVMEM=y";
	static const char noiommu[] = "CONFIG_VFIO_NOIOMMU=y";

	if (strncmp(line, strict, sizeof(strict) - 1) == 0)
		config->io_strict_devmem = WCBAR_SETTING_YES;
	else if (strncmp(line, noiommu, sizeof(noiommu) - 1) == 0)
		config->vfio_noiommu = WCBAR_SETTING_YES;
	return strncmp(line, "CONFIG_", 7) == 0;
}

static void
all_off(struct wcbar_kernel_config *config, const char *file)
{
	*config = (struct wcbar_kernel_config){
		.io_strict_devmem = WCBAR_SETTING_NO,
		.vfio_noiommu = WCBAR_SETTING_NO,
	};
	snprintf(config->file, sizeof(config->file), "%s", file);
}

bool
wcbar_kernel_config_take(struct wcbar_kernel_config *config, const char *text, size_t bytes,
			 const char *file)
{
	bool any = false;

	all_off(config, file);
	while (bytes > 0) {
		const char *end = memchr(text, '\n', bytes);
		size_t n = end != NULL ? (size_t)(end - text) + 1 : bytes;
		char line[64];

		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line) - 1),
			 text);
		any |= line_take(config, line);
		text += n;
		bytes -= n;
	}
	if (!any)
		*config = (struct wcbar_kernel_config){0};
	return any;
}

static bool
file_take(struct wcbar_kernel_config *config, const char *root, const char *file)
{
	char path[PATH_MAX], line[64];
	bool any = false, begins = true;
	FILE *in;

	if (!wcbar_path(path, root, "%s", file))
		return false;
	in = wcfile_fopen(path);
	if (in == NULL)
		return false;
	all_off(config, file);
	while (fgets(line, sizeof(line), in) != NULL) {
		if (begins)
			any |= line_take(config, line);
		begins = strchr(line, '\n') != NULL;
	}
	fclose(in);
	if (!any)
		*config = (struct wcbar_kernel_config){0};
	return any;
}

void
wcbar_kernel_config_read(struct wcbar_kernel_config *config, const char *root, const char *release)
{
	static const char *const places[] = {"/boot/config-%s", "/usr/lib/modules/%s/config",
					     "/lib/modules/%s/config"};
	char file[sizeof(config->file)];

	*config = (struct wcbar_kernel_config){0};
	if (release[0] == '\0' || strchr(release, '/') != NULL)
		return;
	for (size_t i = 0; i < WC_DIM(places); i++) {
		const char *hole = strstr(places[i], "%s");
		int n = snprintf(file, sizeof(file), "%.*s%s%s", (int)(hole - places[i]), places[i],
				 release, hole + 2);

		if (n > 0 && n < (int)sizeof(file) && file_take(config, root, file))
			return;
	}
}

/* ---- what follows from it ------------------------------------------------------------------ */

bool
wcbar_sysfs_maps_claimed(const struct wcbar_pci_facts *facts)
{
	return facts->iomem_relaxed || facts->config.io_strict_devmem == WCBAR_SETTING_NO;
}

void
wcbar_sysfs_maps_claimed_why(const struct wcbar_pci_facts *facts, char *text, size_t bytes)
{
	if (facts->iomem_relaxed)
		snprintf(text, bytes, "was booted with iomem=relaxed");
	else if (facts->config.io_strict_devmem == WCBAR_SETTING_NO)
		snprintf(text, bytes, "was built without CONFIG_IO_STRICT_DEVMEM (%s)",
			 facts->config.file);
	else
		snprintf(text, bytes, "was booted without iomem=relaxed");
}
