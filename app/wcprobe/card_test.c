/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* WINDOW_TEST of one PUSH window, with every store that is safe there. */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "card_test.h"

#define TIMEOUT_MS 5000u
#define LINES_MAX 1024u
#define CALIBRATE_LINES 64u

static_assert(sizeof(struct card_memory) == WCADMIN_MEMORY_BYTES(CARD_RING_LOG2, CARD_RING_LOG2),
	      "the memory is lib/wcadmin's");

struct card {
	struct wcadmin admin;
	const struct card_io *io;
	struct wcadmin_window window;
	char *why;
	size_t why_bytes;
};

WC_PRINTF(3, 4) static int fail(const struct card *c, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->why, c->why_bytes, format, ap);
	va_end(ap);
	return error;
}

/* ---- what lib/wcadmin asks for --------------------------------------------------------------- */

static int
reg_read(void *ctx, uint32_t off, unsigned int bytes, uint64_t *value)
{
	const struct card *c = ctx;

	*value = c->io->reg_read(c->io->ctx, off, bytes);
	return 0;
}

static int
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	const struct card *c = ctx;

	c->io->reg_write(c->io->ctx, off, bytes, value);
	return 0;
}

static void
before_doorbell(void *ctx)
{
	(void)ctx;
	wcbar_before_doorbell();
}

static uint64_t
clock_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

static int
relax(void *ctx)
{
	const struct card *c = ctx;

	c->io->pause(c->io->ctx);
	return 0;
}

WC_PRINTF(2, 3) static void error(void *ctx, const char *format, ...)
{
	const struct card *c = ctx;
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->why, c->why_bytes, format, ap);
	va_end(ap);
}

static const struct wcadmin_ops admin_ops = {
	.reg_read = reg_read,
	.reg_write = reg_write,
	.before_doorbell = before_doorbell,
	.now_ns = clock_ns,
	.relax = relax,
	.error = error,
};

/* ---- section 10: the test -------------------------------------------------------------------- */

/* One way to store: START, tagged lines in ascending order, drain, REPORT. */
static int
store_test(struct card *c, const struct wcbar_window *win, const struct wcbar_store *store,
	   struct card_result *r)
{
	static alignas(WCBAR_LINE_BYTES) struct wcnic_push_line lines[LINES_MAX];
	struct card_store *s = &r->store[r->stores];
	struct wcnic_window_test_report report;
	int ret;

	s->name = store->name;
	s->lines = win->bytes / WCBAR_LINE_BYTES;
	if (s->lines > LINES_MAX)
		s->lines = LINES_MAX;
	for (uint32_t i = 0; i < s->lines; i++)
		wcadmin_window_test_line(&c->window, i, &lines[i]);
	ret = wcadmin_window_test_observe(&c->admin, &c->window, s->lines);
	if (ret != 0)
		return ret;
	store->lines(win->addr, lines, s->lines);
	store->drain();
	ret = wcadmin_window_test_report(&c->admin, &c->window, s->lines, &report);
	if (ret != 0)
		return ret;
	memcpy(s->arrivals, report.arrivals, sizeof(s->arrivals));
	s->whole = report.lines_whole;
	s->partial = report.lines_partial;
	s->lost = report.lines_lost;
	s->reordered = report.lines_reordered;
	s->ns = report.last_ns - report.first_ns;
	r->stores++;
	return 0;
}

/* Every store that calibration found safe here: in an emulated window the narrow one. */
static int
window_test(struct card *c, struct card_result *r)
{
	struct wcbar_window win;
	int ret;

	ret = c->io->window_map(c->io->ctx, r->window_off, r->window_bytes, &win, &r->rung);
	if (ret != 0)
		return fail(c, ret, "the window at 0x%" PRIx64 " cannot be mapped: %s",
			    r->window_off, strerror(-ret));
	r->type = win.type;
	ret = wcbar_calibrate(&win, CALIBRATE_LINES, &r->cal);
	if (ret != 0) {
		fail(c, ret, "stores into the window cannot be timed: %s", strerror(-ret));
		goto out;
	}
	for (size_t i = 0; i < r->cal.ranks && ret == 0; i++)
		ret = store_test(c, &win, r->cal.rank[i].store, r);
	r->observable = ret == 0;
	if (ret == -ENODATA)
		ret = 0; /* the card cannot see single stores */
out:
	c->io->window_unmap(c->io->ctx, &win);
	return ret;
}

static int
test_all(struct card *c, struct card_result *r)
{
	const struct wcadmin_window_spec spec = {
		.type = WCNIC_WINDOW_PUSH,
		.slot_lines = 1,
		.bytes = WCNIC_WINDOW_ALIGN,
	};
	struct wcnic_identity id;
	int ret;

	ret = wcadmin_identify(&c->admin, &id);
	if (ret != 0)
		return ret;
	snprintf(r->model, sizeof(r->model), "%s", id.model);
	ret = wcadmin_window_alloc(&c->admin, &spec, &c->window);
	if (ret != 0)
		return ret;
	r->window_off = c->window.off;
	r->window_bytes = c->window.bytes;
	ret = window_test(c, r);
	if (ret == 0)
		ret = wcadmin_window_free(&c->admin, &c->window);
	return ret;
}

int
card_test_run(const struct card_io *io, struct card_result *r, char *why, size_t why_bytes)
{
	struct card c = {.io = io, .why = why, .why_bytes = why_bytes};
	const struct wcadmin_config config = {
		.ops = &admin_ops,
		.ctx = &c,
		.memory = io->memory,
		.iova = io->iova,
		.ring_log2 = CARD_RING_LOG2,
		.event_log2 = CARD_RING_LOG2,
		.timeout_ms = TIMEOUT_MS,
	};
	int ret, end;

	memset(r, 0, sizeof(*r));
	ret = wcadmin_init(&c.admin, &config);
	if (ret == 0)
		ret = wcadmin_probe(&c.admin);
	if (ret != 0)
		return ret;
	ret = wcadmin_reset(&c.admin);
	if (ret == 0)
		ret = wcadmin_enable(&c.admin);
	if (ret == 0)
		ret = test_all(&c, r);
	if (ret == -ENODEV)
		return ret;
	/* Only after READY is the memory the host's own again (section 2). */
	if (ret == 0) {
		ret = wcadmin_reset(&c.admin);
	} else {
		c.why_bytes = 0; /* why it failed is known already */
		end = wcadmin_reset(&c.admin);
		ret = end == -ENODEV ? end : ret;
	}
	r->done = ret == 0;
	return ret;
}
