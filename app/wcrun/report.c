/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What became of a BAR, as a datagram and as a sentence. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

const char *
report_source_name(enum report_source source)
{
	switch (source) {
	case REPORT_BY_LIST:
		return "list";
	case REPORT_BY_FILE:
		return "file";
	case REPORT_BY_FORECAST:
		return "forecast";
	case REPORT_BY_NOBODY:
		break;
	}
	return "nobody";
}

const char *
report_event_name(enum report_event event)
{
	switch (event) {
	case REPORT_REFUSED:
		return "refused";
	case REPORT_MAPPED:
		return "mapped";
	case REPORT_OPENED:
		break;
	}
	return "opened";
}

/* Numbers, then the reason to the end: it may hold blanks, and no line break. */
size_t
report_pack(const struct report *r, char *text, size_t bytes)
{
	int n = snprintf(text, bytes, "wcrun 1 %u %d %s %u 0x%" PRIx64 " 0x%" PRIx64 " %u %u %u %s",
			 r->event, r->pid, r->bdf[0] != '\0' ? r->bdf : "-", r->bar, r->off,
			 r->bytes, r->type, r->rung, r->source, r->why);

	return n < 0 ? 0 : (size_t)n < bytes ? (size_t)n : bytes - 1;
}

bool
report_unpack(const char *text, struct report *r)
{
	unsigned int event, type, rung, source;
	int end = -1;

	memset(r, 0, sizeof(*r));
	if (sscanf(text, "wcrun 1 %u %d %15s %u 0x%" SCNx64 " 0x%" SCNx64 " %u %u %u%n", &event,
		   &r->pid, r->bdf, &r->bar, &r->off, &r->bytes, &type, &rung, &source,
		   &end) != 9 ||
	    end < 0 || text[end] != ' ' || event > REPORT_MAPPED || type > WCBAR_TYPE_WB ||
	    rung > WCBAR_RUNGS || source > REPORT_BY_FORECAST || r->bar >= WCBAR_PCI_BARS)
		return false;
	r->event = (enum report_event)event;
	r->type = (enum wcbar_type)type;
	r->rung = (enum wcbar_rung)rung;
	r->source = (enum report_source)source;
	snprintf(r->why, sizeof(r->why), "%s", text + end + 1);
	return true;
}

void
report_text(const struct report *r, char *text, size_t bytes)
{
	static const char *const by[] = {
		[REPORT_BY_NOBODY] = "nobody can tell",
		[REPORT_BY_LIST] = "the kernel's list says so",
		[REPORT_BY_FILE] = "the file that it maps has that type",
		[REPORT_BY_FORECAST] = "predicted",
	};

	switch (r->event) {
	case REPORT_OPENED:
		snprintf(text, bytes, "%s: opened with VFIO", r->bdf);
		return;
	case REPORT_REFUSED:
		snprintf(text, bytes, "%s BAR %u: left alone: %s", r->bdf, r->bar, r->why);
		return;
	case REPORT_MAPPED:
		break;
	}
	snprintf(text, bytes, "%s BAR %u: %s%s by %s (%s)%s%s", r->bdf, r->bar,
		 r->type == WCBAR_TYPE_UNKNOWN ? "type " : "", wcbar_type_name(r->type),
		 wcbar_rung_name(r->rung), by[r->source], r->why[0] != '\0' ? ": " : "", r->why);
}
