/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "card_test.h"

#define TIMEOUT_NS 5000000000ull
#define RING_ENTRIES (1u << CARD_RING_LOG2)
#define LINES_MAX 1024u
#define CALIBRATE_LINES 64u

struct card {
	const struct card_io *io;
	uint16_t commands; /* free-running */
	uint64_t aperture_bytes;
	struct wcnic_window_grant grant; /* as the card wrote it */
	char *why;
	size_t why_bytes;
};

__attribute__((format(printf, 3, 4))) static int
fail(const struct card *c, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->why, c->why_bytes, format, ap);
	va_end(ap);
	return error;
}

static uint64_t
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

static uint64_t
iova_of(const struct card *c, const void *field)
{
	return c->io->iova + (uint64_t)((const char *)field - (const char *)c->io->memory);
}

/* ---- section 2: start and reset -------------------------------------------------------------- */

static int
status_wait(const struct card *c, uint32_t mask, const char *what)
{
	const uint64_t end = clock_ns() + TIMEOUT_NS;
	uint32_t status;

	for (;;) {
		status = c->io->read32(c->io->ctx, WCNIC_REG_STATUS);
		if (status == UINT32_MAX)
			return fail(c, -ENODEV, "the card has vanished: STATUS reads all ones");
		if ((status & mask) != 0)
			return 0;
		if ((status & (WCNIC_STATUS_ERROR | WCNIC_STATUS_FW_DEAD)) != 0)
			return fail(c, -EIO, "%s: STATUS is 0x%x, ERROR_CAUSE %u", what, status,
				    c->io->read32(c->io->ctx, WCNIC_REG_ERROR_CAUSE));
		if (clock_ns() > end)
			return fail(c, -ETIMEDOUT, "%s: nothing within %llu s", what,
				    TIMEOUT_NS / 1000000000u);
		c->io->pause(c->io->ctx);
	}
}

static int
card_identify_itself(struct card *c)
{
	uint32_t magic = c->io->read32(c->io->ctx, WCNIC_REG_MAGIC);
	uint32_t version = c->io->read32(c->io->ctx, WCNIC_REG_ABI_VERSION);

	if (magic != WCNIC_MAGIC)
		return fail(c, -EPROTO, "not a wcnic card: MAGIC is 0x%08x, expected 0x%08x", magic,
			    WCNIC_MAGIC);
	if (version >> 16 != WCNIC_ABI_MAJOR)
		return fail(c, -EPROTO, "the card has ABI version %u.%u, wcprobe needs %u.x",
			    version >> 16, version & 0xffff, WCNIC_ABI_MAJOR);
	c->aperture_bytes = c->io->read64(c->io->ctx, WCNIC_REG_APERTURE_BYTES);
	return 0;
}

static int
card_reset(const struct card *c)
{
	c->io->write32(c->io->ctx, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	return status_wait(c, WCNIC_STATUS_READY, "reset");
}

static int
card_start(struct card *c)
{
	const struct card_io *io = c->io;
	int ret;

	memset(io->memory, 0, sizeof(*io->memory));
	ret = card_reset(c);
	if (ret != 0)
		return ret;
	io->write64(io->ctx, WCNIC_REG_ASQ_BASE, iova_of(c, io->memory->asq));
	io->write64(io->ctx, WCNIC_REG_ACQ_BASE, iova_of(c, io->memory->acq));
	io->write64(io->ctx, WCNIC_REG_AEQ_BASE, iova_of(c, io->memory->aeq));
	io->write32(io->ctx, WCNIC_REG_ADMIN_SIZE, CARD_RING_LOG2 | CARD_RING_LOG2 << 8);
	io->write32(io->ctx, WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE);
	return status_wait(c, WCNIC_STATUS_ENABLED, "enable");
}

/* ---- section 3: commands --------------------------------------------------------------------- */

static const char *
status_name(uint16_t status)
{
	static const char *const names[] = {
		[WCNIC_ST_OK] = "OK",
		[WCNIC_ST_UNSUPPORTED] = "UNSUPPORTED",
		[WCNIC_ST_INVALID_FIELD] = "INVALID_FIELD",
		[WCNIC_ST_INVALID_QUEUE] = "INVALID_QUEUE",
		[WCNIC_ST_INVALID_WINDOW] = "INVALID_WINDOW",
		[WCNIC_ST_NO_SPACE] = "NO_SPACE",
		[WCNIC_ST_BUSY] = "BUSY",
		[WCNIC_ST_BAD_ADDRESS] = "BAD_ADDRESS",
		[WCNIC_ST_BAD_STATE] = "BAD_STATE",
		[WCNIC_ST_NOT_OBSERVABLE] = "NOT_OBSERVABLE",
		[WCNIC_ST_INTERNAL] = "INTERNAL",
	};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "an unknown status";
}

/* Waits for the completion of the last command. Its status, or -errno. */
static int
completion_wait(const struct card *c, const char *name)
{
	const uint16_t id = c->commands - 1;
	const struct wcnic_admin_cpl *slot = &c->io->memory->acq[id % RING_ENTRIES];
	const uint8_t phase = (id / RING_ENTRIES) % 2 == 0 ? WCNIC_PHASE_BIT : 0;
	const uint64_t end = clock_ns() + TIMEOUT_NS;
	struct wcnic_admin_cpl cpl;

	while ((__atomic_load_n(&slot->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) != phase) {
		if (clock_ns() > end)
			return fail(c, -ETIMEDOUT, "%s: no completion within %llu s", name,
				    TIMEOUT_NS / 1000000000u);
		c->io->pause(c->io->ctx);
	}
	memcpy(&cpl, slot, sizeof(cpl));
	if (le16toh(cpl.cmd_id) != id)
		return fail(c, -EPROTO, "%s: completion of command %u, expected %u", name,
			    le16toh(cpl.cmd_id), id);
	return le16toh(cpl.status);
}

/* The card's status of the command, or -errno. Its answer is in io->memory->answer. */
static int
command_try(struct card *c, const char *name, uint8_t opcode, const void *params, size_t bytes)
{
	const uint16_t id = c->commands++;
	struct card_memory *m = c->io->memory;
	struct wcnic_admin_cmd cmd = {
		.opcode = opcode,
		.cmd_id = htole16(id),
		.data_bytes = htole32(sizeof(m->answer)),
		.data_iova = htole64(iova_of(c, m->answer)),
	};

	if (bytes > 0)
		memcpy(cmd.params, params, bytes);
	memset(m->answer, 0, sizeof(m->answer));
	m->asq[id % RING_ENTRIES] = cmd;
	wcbar_before_doorbell();
	c->io->write32(c->io->ctx, WCNIC_REG_ASQ_TAIL, c->commands);
	return completion_wait(c, name);
}

static int
command(struct card *c, const char *name, uint8_t opcode, const void *params, size_t bytes)
{
	int ret = command_try(c, name, opcode, params, bytes);

	if (ret > WCNIC_ST_OK)
		return fail(c, -EIO, "%s: the card answers %s", name, status_name(ret));
	return ret;
}

/* ---- section 4: the window ------------------------------------------------------------------- */

/* What firmware grants is input. */
__attribute__((warn_unused_result)) static int
grant_check(const struct card *c)
{
	const uint64_t off = le64toh(c->grant.offset), bytes = le32toh(c->grant.bytes);

	if (c->grant.type != WCNIC_WINDOW_PUSH || c->grant.generation == 0 ||
	    bytes < WCNIC_WINDOW_ALIGN || off % WCNIC_WINDOW_ALIGN != 0 ||
	    bytes % WCNIC_WINDOW_ALIGN != 0 || off > c->aperture_bytes ||
	    bytes > c->aperture_bytes - off)
		return fail(c, -EPROTO,
			    "WINDOW_ALLOC: a grant of type %u, generation %u, %" PRIu64
			    " bytes at 0x%" PRIx64 " in an aperture of %" PRIu64
			    " bytes makes no sense",
			    c->grant.type, le16toh(c->grant.generation), bytes, off,
			    c->aperture_bytes);
	return 0;
}

static int
window_alloc(struct card *c, struct card_result *r)
{
	const struct wcnic_cmd_window_alloc p = {
		.type = WCNIC_WINDOW_PUSH,
		.slot_lines = 1,
		.bytes = htole32(WCNIC_WINDOW_ALIGN),
	};
	int ret;

	ret = command(c, "WINDOW_ALLOC", WCNIC_OP_WINDOW_ALLOC, &p, sizeof(p));
	if (ret != 0)
		return ret;
	memcpy(&c->grant, c->io->memory->answer, sizeof(c->grant));
	ret = grant_check(c);
	if (ret != 0)
		return ret;
	r->window_off = le64toh(c->grant.offset);
	r->window_bytes = le32toh(c->grant.bytes);
	return 0;
}

static int
window_free(struct card *c)
{
	const struct wcnic_cmd_window p = {.id = c->grant.id, .generation = c->grant.generation};

	return command(c, "WINDOW_FREE", WCNIC_OP_WINDOW_FREE, &p, sizeof(p));
}

/* ---- section 10: the test -------------------------------------------------------------------- */

static int
test_step(struct card *c, enum wcnic_window_test_step step, uint32_t lines)
{
	const struct wcnic_cmd_window_test p = {
		.id = c->grant.id,
		.generation = c->grant.generation,
		.step = step,
		.lines = htole32(lines),
	};
	const char *name = step == WCNIC_TEST_START ? "WINDOW_TEST START" : "WINDOW_TEST REPORT";
	int ret = command_try(c, name, WCNIC_OP_WINDOW_TEST, &p, sizeof(p));

	if (ret > WCNIC_ST_OK && ret != WCNIC_ST_NOT_OBSERVABLE)
		return fail(c, -EIO, "%s: the card answers %s", name, status_name(ret));
	return ret;
}

static int
report_take(const struct card *c, struct card_store *s)
{
	struct wcnic_window_test_report raw;

	memcpy(&raw, c->io->memory->answer, sizeof(raw));
	for (unsigned int i = 0; i < 8; i++)
		s->arrivals[i] = le32toh(raw.arrivals[i]);
	s->whole = le32toh(raw.lines_whole);
	s->partial = le32toh(raw.lines_partial);
	s->lost = le32toh(raw.lines_lost);
	s->reordered = le32toh(raw.lines_reordered);
	s->ns = le64toh(raw.last_ns) - le64toh(raw.first_ns);
	if ((uint64_t)s->whole + s->partial + s->lost != s->lines || s->reordered > s->lines)
		return fail(c, -EPROTO,
			    "WINDOW_TEST REPORT: %u whole, %u partial and %u lost are not the %u "
			    "lines that were written",
			    s->whole, s->partial, s->lost, s->lines);
	return 0;
}

/* One way to store: START, tagged lines in ascending order, drain, REPORT. */
static int
store_test(struct card *c, const struct wcbar_window *win, const struct wcbar_store *store,
	   struct card_result *r)
{
	static alignas(WCBAR_LINE_BYTES) struct wcnic_push_line lines[LINES_MAX];
	struct card_store *s = &r->store[r->stores];
	int ret;

	s->name = store->name;
	s->lines = win->bytes / WCBAR_LINE_BYTES;
	if (s->lines > LINES_MAX)
		s->lines = LINES_MAX;
	memset(lines, 0, sizeof(lines));
	for (uint32_t i = 0; i < s->lines; i++) {
		lines[i].seq = htole16(i);
		lines[i].generation = c->grant.generation;
		lines[i].flags = WCNIC_LINEF_LAST;
		lines[i].check = htole16(wcnic_line_check(&lines[i]));
	}
	ret = test_step(c, WCNIC_TEST_START, s->lines);
	if (ret != 0)
		return ret;
	store->lines(win->addr, lines, s->lines);
	store->drain();
	ret = test_step(c, WCNIC_TEST_REPORT, 0);
	if (ret == 0)
		ret = report_take(c, s);
	if (ret == 0)
		r->stores++;
	return ret;
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
	if (ret == WCNIC_ST_NOT_OBSERVABLE)
		ret = 0;
out:
	c->io->window_unmap(c->io->ctx, &win);
	return ret;
}

static int
test_all(struct card *c, struct card_result *r)
{
	struct wcnic_identity id;
	int ret;

	ret = command(c, "IDENTIFY", WCNIC_OP_IDENTIFY, NULL, 0);
	if (ret != 0)
		return ret;
	memcpy(&id, c->io->memory->answer, sizeof(id));
	snprintf(r->model, sizeof(r->model), "%.*s", (int)sizeof(id.model), id.model);
	ret = window_alloc(c, r);
	if (ret != 0)
		return ret;
	ret = window_test(c, r);
	if (ret == 0)
		ret = window_free(c);
	return ret;
}

int
card_test_run(const struct card_io *io, struct card_result *r, char *why, size_t why_bytes)
{
	struct card c = {.io = io, .why = why, .why_bytes = why_bytes};
	int ret, end;

	memset(r, 0, sizeof(*r));
	ret = card_identify_itself(&c);
	if (ret != 0)
		return ret;
	ret = card_start(&c);
	if (ret == 0)
		ret = test_all(&c, r);
	if (ret == -ENODEV)
		return ret;
	/* Only after READY is the memory the host's own again (section 2). */
	if (ret == 0) {
		ret = card_reset(&c);
	} else {
		c.why_bytes = 0;
		end = card_reset(&c);
		ret = end == -ENODEV ? end : ret;
	}
	r->done = ret == 0;
	return ret;
}
