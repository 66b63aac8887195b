/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Facts in the words of the reports. */

#include <inttypes.h>
#include <stdio.h>

#include "words.h"

void
report_bar_kind(const struct wcbar_bar_facts *b, char *text, size_t bytes)
{
	if (b->io)
		snprintf(text, bytes, "I/O ports");
	else
		snprintf(text, bytes, "%s, %sprefetchable", b->wide ? "64-bit" : "32-bit",
			 b->prefetchable ? "" : "not ");
}

void
report_size(uint64_t size, char *text, size_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned int i = 0;

	while (i < 4 && size >= 1024 && size % 1024 == 0) {
		size /= 1024;
		i++;
	}
	snprintf(text, bytes, "%" PRIu64 " %s", size, units[i]);
}

const char *
report_setting(enum wcbar_setting setting)
{
	return setting == WCBAR_SETTING_YES  ? "yes"
	       : setting == WCBAR_SETTING_NO ? "no"
					     : "unknown";
}

const char *
report_noiommu_mode(const struct wcbar_pci_facts *f)
{
	if (f->noiommu_mode == WCBAR_SETTING_YES)
		return "on (/sys/module/vfio/parameters/enable_unsafe_noiommu_mode)";
	if (f->noiommu_mode == WCBAR_SETTING_NO)
		return "off (/sys/module/vfio/parameters/enable_unsafe_noiommu_mode)";
	return f->config.vfio_noiommu == WCBAR_SETTING_NO
		       ? "not in this kernel (no CONFIG_VFIO_NOIOMMU)"
		       : "unknown: /sys/module/vfio/parameters/enable_unsafe_noiommu_mode is not "
			 "there";
}

const char *
report_class(uint32_t class_code)
{
	static const char *const names[] = {
		"unclassified", "storage",    "network",           "display",     "multimedia",
		"memory",       "bridge",     "communication",     "system",      "input",
		"docking",      "processor",  "serial bus",        "wireless",    "intelligent I/O",
		"satellite",    "encryption", "signal processing", "accelerator",
	};
	uint32_t base = class_code >> 16;

	return base < sizeof(names) / sizeof(names[0]) ? names[base] : "other";
}
