/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Windows (datasheet section 4) and their self test (section 10). */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "wcadmin_internal.h"

/* ---- which windows are granted -------------------------------------------------------------- */

/* The granted window that has bytes in [off, off + bytes), or NULL. */
static const struct wcadmin_window *
overlap_find(const struct wcadmin *a, uint64_t off, uint64_t bytes)
{
	for (const struct wcadmin_window *w = a->windows; w != NULL; w = w->next) {
		if (off < w->off + w->bytes && w->off < off + bytes)
			return w;
	}
	return NULL;
}

/* Takes the window off the list; false: it was not there. */
static bool
window_unlink(struct wcadmin *a, const struct wcadmin_window *win)
{
	for (struct wcadmin_window **at = &a->windows; *at != NULL; at = &(*at)->next) {
		if (*at == win) {
			*at = win->next;
			return true;
		}
	}
	return false;
}

void
wcadmin_window_move(struct wcadmin *a, struct wcadmin_window *from, struct wcadmin_window *to)
{
	struct wcadmin_window **at = &a->windows;

	while (*at != NULL && *at != from)
		at = &(*at)->next;
	*to = *from;
	if (*at != NULL)
		*at = to;
}

/* ---- grants -------------------------------------------------------------------------------- */

/* Becomes an address range that the CPU writes to. */
static struct wcadmin_window
grant_to_host(const struct wcnic_window_grant *g)
{
	return (struct wcadmin_window){
		.id = le16toh(g->id),
		.generation = le16toh(g->generation),
		.type = g->type,
		.slot_lines = g->slot_lines,
		.slots = le16toh(g->slots),
		.max_burst = le16toh(g->max_burst),
		.bytes = le32toh(g->bytes),
		.off = le64toh(g->offset),
	};
}

WC_MUST_CHECK static int
range_check(const struct wcadmin *a, const struct wcadmin_window *w)
{
	const struct wcadmin_window *other;

	if (w->bytes == 0 || w->off > a->aperture_bytes || w->bytes > a->aperture_bytes - w->off ||
	    w->off % a->window_align != 0 || w->bytes % a->window_align != 0) {
		wcadmin_error(a,
			      "WINDOW_ALLOC: a grant makes no sense: 0x%x bytes at 0x%" PRIx64
			      " are not a multiple of 0x%x within the aperture of 0x%" PRIx64,
			      w->bytes, w->off, a->window_align, a->aperture_bytes);
		return -EPROTO;
	}
	other = overlap_find(a, w->off, w->bytes);
	if (other != NULL) {
		wcadmin_error(a,
			      "WINDOW_ALLOC: a grant makes no sense: 0x%x bytes at 0x%" PRIx64
			      " overlaps window %u",
			      w->bytes, w->off, other->id);
		return -EPROTO;
	}
	return 0;
}

WC_MUST_CHECK static int
grant_check(const struct wcadmin *a, const struct wcadmin_window_spec *spec,
	    const struct wcadmin_window *w)
{
	int ret;

	if (w->type != spec->type || w->generation == 0) {
		wcadmin_error(a,
			      "WINDOW_ALLOC: a grant makes no sense: firmware granted a window of "
			      "type %u, generation %u; type %d was asked for",
			      w->type, w->generation, (int)spec->type);
		return -EPROTO;
	}
	ret = range_check(a, w);
	if (ret != 0 || spec->type != WCNIC_WINDOW_PUSH)
		return ret;
	if (w->slot_lines != spec->slot_lines || w->slots == 0 ||
	    (w->slots & (w->slots - 1)) != 0 || w->max_burst == 0 ||
	    (uint64_t)w->slots * w->slot_lines * WCNIC_LINE_BYTES > w->bytes) {
		wcadmin_error(a,
			      "WINDOW_ALLOC: a grant makes no sense: firmware granted %u slots of "
			      "%u lines, bursts of %u, in 0x%x bytes; slots of %u lines were asked "
			      "for",
			      w->slots, w->slot_lines, w->max_burst, w->bytes, spec->slot_lines);
		return -EPROTO;
	}
	return 0;
}

static int
free_run(struct wcadmin *a, const struct wcadmin_window *win)
{
	const struct wcnic_cmd_window cmd = {
		.id = htole16(win->id),
		.generation = htole16(win->generation),
	};

	return wcadmin_run_params(a, WCNIC_OP_WINDOW_FREE, &cmd);
}

int
wcadmin_window_alloc(struct wcadmin *a, const struct wcadmin_window_spec *spec,
		     struct wcadmin_window *win)
{
	const struct wcnic_cmd_window_alloc cmd = {
		.type = (uint8_t)spec->type,
		.slot_lines = spec->slot_lines,
		.qid = htole16(spec->qid),
		.bytes = htole32(spec->bytes),
		.align = htole32(spec->align),
	};
	struct wcnic_window_grant grant;
	int ret;

	ret = wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_WINDOW_ALLOC,
							     .params = &cmd,
							     .params_bytes = sizeof(cmd),
							     .out = &grant,
							     .out_bytes = sizeof(grant)});
	if (ret != 0)
		return ret;
	*win = grant_to_host(&grant);
	ret = grant_check(a, spec, win);
	if (ret != 0) {
		(void)free_run(a, win);
		return ret;
	}
	win->next = a->windows;
	a->windows = win;
	return 0;
}

int
wcadmin_window_free(struct wcadmin *a, struct wcadmin_window *win)
{
	return window_unlink(a, win) ? free_run(a, win) : 0;
}

void
wcadmin_window_forget(struct wcadmin *a, struct wcadmin_window *win)
{
	(void)window_unlink(a, win);
}

/* ---- WINDOW_TEST --------------------------------------------------------------------------- */

static struct wcnic_cmd_window_test
test_command(const struct wcadmin_window *win, enum wcnic_window_test_step step, uint32_t lines)
{
	return (struct wcnic_cmd_window_test){
		.id = htole16(win->id),
		.generation = htole16(win->generation),
		.step = (uint8_t)step,
		.lines = htole32(lines),
	};
}

int
wcadmin_window_test_observe(struct wcadmin *a, const struct wcadmin_window *win, uint32_t lines)
{
	const struct wcnic_cmd_window_test cmd = test_command(win, WCNIC_TEST_START, lines);

	return wcadmin_run_params(a, WCNIC_OP_WINDOW_TEST, &cmd);
}

void
wcadmin_window_test_line(const struct wcadmin_window *win, uint32_t i, struct wcnic_push_line *line)
{
	memset(line, 0, sizeof(*line));
	line->seq = htole16((uint16_t)i);
	line->generation = htole16(win->generation);
	line->flags = WCNIC_LINEF_LAST;
	line->check = htole16(wcnic_line_check(line));
}

static void
report_to_host(struct wcnic_window_test_report *r)
{
	for (size_t i = 0; i < WC_DIM(r->arrivals); i++)
		r->arrivals[i] = le32toh(r->arrivals[i]);
	r->lines_whole = le32toh(r->lines_whole);
	r->lines_partial = le32toh(r->lines_partial);
	r->lines_lost = le32toh(r->lines_lost);
	r->lines_reordered = le32toh(r->lines_reordered);
	r->first_ns = le64toh(r->first_ns);
	r->last_ns = le64toh(r->last_ns);
}

int
wcadmin_window_test_report(struct wcadmin *a, const struct wcadmin_window *win, uint32_t lines,
			   struct wcnic_window_test_report *report)
{
	const struct wcnic_cmd_window_test cmd = test_command(win, WCNIC_TEST_REPORT, 0);
	uint64_t sum;
	int ret;

	ret = wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_WINDOW_TEST,
							     .params = &cmd,
							     .params_bytes = sizeof(cmd),
							     .out = report,
							     .out_bytes = sizeof(*report)});
	if (ret != 0)
		return ret;
	report_to_host(report);
	sum = (uint64_t)report->lines_whole + report->lines_partial + report->lines_lost;
	if (sum != lines || report->lines_reordered > lines) {
		wcadmin_error(a,
			      "WINDOW_TEST REPORT: %u whole, %u partial and %u lost, %u of them "
			      "reordered, are not the %u lines that were written",
			      report->lines_whole, report->lines_partial, report->lines_lost,
			      report->lines_reordered, lines);
		return -EPROTO;
	}
	return 0;
}
