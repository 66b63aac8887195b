/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Reset, rings and commands (datasheet sections 2 and 3). */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "wcadmin_internal.h"

/* ---- registers ----------------------------------------------------------------------------- */

static int
reg_read32(const struct wcadmin *a, uint32_t off, uint32_t *value)
{
	uint64_t wide = 0;
	int ret = a->config.ops->reg_read(a->config.ctx, off, sizeof(*value), &wide);

	*value = (uint32_t)wide;
	return ret;
}

static int
reg_write32(const struct wcadmin *a, uint32_t off, uint32_t value)
{
	return a->config.ops->reg_write(a->config.ctx, off, sizeof(value), value);
}

/* ---- waits --------------------------------------------------------------------------------- */

struct deadline {
	uint64_t end_ns;
	bool over; /* at the last look */
};

static uint64_t
now_ns(const struct wcadmin *a)
{
	return a->config.ops->now_ns(a->config.ctx);
}

static struct deadline
deadline_set(const struct wcadmin *a)
{
	return (struct deadline){.end_ns = now_ns(a) + a->config.timeout_ms * UINT64_C(1000000)};
}

/*
 * Comes before each look at the card. So there is one more look after the end: a process that was
 * not scheduled meanwhile takes what has come.
 */
static void
deadline_look(const struct wcadmin *a, struct deadline *deadline)
{
	deadline->over = now_ns(a) > deadline->end_ns;
}

/* After a look that found nothing: 0 if there will be another. */
static int
deadline_pause(const struct wcadmin *a, const struct deadline *deadline)
{
	if (deadline->over)
		return -ETIMEDOUT;
	return a->config.ops->relax != NULL ? a->config.ops->relax(a->config.ctx) : 0;
}

/* Waits until one of the bits of `mask` is set in STATUS. */
static int
status_wait(const struct wcadmin *a, uint32_t mask, uint32_t *status)
{
	struct deadline deadline = deadline_set(a);
	int ret;

	for (;;) {
		deadline_look(a, &deadline);
		ret = reg_read32(a, WCNIC_REG_STATUS, status);
		if (ret != 0)
			return ret;
		if (*status == UINT32_MAX)
			return -ENODEV; /* reads of a device that is not there */
		if ((*status & mask) != 0)
			return 0;
		ret = deadline_pause(a, &deadline);
		if (ret != 0)
			return ret;
	}
}

/* Why a wait has failed, if not because its time was over. */
static const char *
wait_error(int ret)
{
	switch (ret) {
	case -ENODEV:
		return "the card has vanished";
	case -EPROTO:
		return "it answers commands that nobody gave";
	default:
		return "its registers cannot be reached";
	}
}

static void
wait_failed(const struct wcadmin *a, const char *what, int ret)
{
	if (ret == -ETIMEDOUT)
		wcadmin_error(a, "%s: timed out after %u ms", what, a->config.timeout_ms);
	else
		wcadmin_error(a, "%s: %s", what, wait_error(ret));
}

/* ---- start and reset ----------------------------------------------------------------------- */

int
wcadmin_init(struct wcadmin *a, const struct wcadmin_config *config)
{
	const uint8_t ring = config->ring_log2, events = config->event_log2;

	if (ring < WCNIC_ADMIN_LOG2_MIN || ring > WCNIC_ADMIN_LOG2_MAX ||
	    events < WCNIC_ADMIN_LOG2_MIN || events > WCNIC_ADMIN_LOG2_MAX)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	a->config = *config;
	a->window_align = WCNIC_WINDOW_ALIGN;
	a->sq = (struct wcnic_admin_cmd *)config->memory;
	a->cq = (struct wcnic_admin_cpl *)(a->sq + ((size_t)1 << ring));
	a->aeq = (struct wcnic_event *)(a->cq + ((size_t)1 << ring));
	a->data = (uint8_t *)(a->aeq + ((size_t)1 << events));
	a->sq_iova = config->iova;
	a->cq_iova = a->sq_iova + (sizeof(*a->sq) << ring);
	a->aeq_iova = a->cq_iova + (sizeof(*a->cq) << ring);
	a->data_iova = a->aeq_iova + (sizeof(*a->aeq) << events);
	return 0;
}

int
wcadmin_probe(struct wcadmin *a)
{
	uint32_t magic, version = 0;
	int ret;

	ret = reg_read32(a, WCNIC_REG_MAGIC, &magic);
	if (ret == 0)
		ret = reg_read32(a, WCNIC_REG_ABI_VERSION, &version);
	if (ret == 0)
		ret = a->config.ops->reg_read(a->config.ctx, WCNIC_REG_APERTURE_BYTES,
					      sizeof(a->aperture_bytes), &a->aperture_bytes);
	if (ret != 0) {
		wcadmin_error(a, "cannot read the card's registers: error %d", ret);
		return ret;
	}
	if (magic != WCNIC_MAGIC) {
		wcadmin_error(a, "not a wcnic card: MAGIC is 0x%08x, expected 0x%08x", magic,
			      WCNIC_MAGIC);
		return -EPROTO;
	}
	if (version >> 16 != WCNIC_ABI_MAJOR) {
		wcadmin_error(a, "the card has ABI version %u.%u, this program needs %u.x",
			      version >> 16, version & 0xffff, WCNIC_ABI_MAJOR);
		return -EPROTO;
	}
	return 0;
}

void
wcadmin_shut(struct wcadmin *a)
{
	wcadmin_lock(a);
	a->up = false;
	wcadmin_unlock(a);
}

/*
 * Waits until the card has been reset: `before` is RESET_COUNT as it was. READY alone may be from
 * before the reset, which the card has yet to see.
 */
static int
reset_wait(const struct wcadmin *a, uint32_t before)
{
	struct deadline deadline = deadline_set(a);
	uint32_t resets, status = 0;
	int ret;

	for (;;) {
		deadline_look(a, &deadline);
		ret = reg_read32(a, WCNIC_REG_RESET_COUNT, &resets);
		if (ret == 0)
			ret = reg_read32(a, WCNIC_REG_STATUS, &status);
		if (ret != 0)
			return ret;
		if (status == UINT32_MAX)
			return -ENODEV;
		if (resets != before && (status & WCNIC_STATUS_READY) != 0)
			return 0;
		ret = deadline_pause(a, &deadline);
		if (ret != 0)
			return ret;
	}
}

static int
reset_locked(struct wcadmin *a)
{
	uint32_t before;
	int ret;

	a->up = false;
	ret = reg_read32(a, WCNIC_REG_RESET_COUNT, &before);
	if (ret == 0)
		ret = reg_write32(a, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	if (ret == 0)
		ret = reset_wait(a, before);
	if (ret != 0) {
		wait_failed(a, "reset: the card is not ready", ret);
		return ret;
	}
	a->windows = NULL;
	return 0;
}

int
wcadmin_reset(struct wcadmin *a)
{
	int ret;

	wcadmin_lock(a);
	ret = reset_locked(a);
	wcadmin_unlock(a);
	return ret;
}

static int
rings_write(const struct wcadmin *a)
{
	const struct {
		uint32_t off;
		unsigned int bytes;
		uint64_t value;
	} regs[] = {
		{WCNIC_REG_ASQ_BASE, 8, a->sq_iova},
		{WCNIC_REG_ACQ_BASE, 8, a->cq_iova},
		{WCNIC_REG_AEQ_BASE, 8, a->aeq_iova},
		{WCNIC_REG_ADMIN_SIZE, 4,
		 a->config.ring_log2 | (uint32_t)a->config.event_log2 << 8},
		{WCNIC_REG_CTRL, 4, WCNIC_CTRL_ENABLE},
	};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < WC_DIM(regs); i++)
		ret = a->config.ops->reg_write(a->config.ctx, regs[i].off, regs[i].bytes,
					       regs[i].value);
	return ret;
}

static int
enable_locked(struct wcadmin *a)
{
	const uint32_t bad = WCNIC_STATUS_ERROR | WCNIC_STATUS_FW_DEAD;
	uint32_t status = 0, cause = 0, info = 0;
	int ret;

	memset(a->config.memory, 0,
	       WCADMIN_MEMORY_BYTES(a->config.ring_log2, a->config.event_log2));
	a->sq_tail = 0;
	a->cq_head = 0;
	a->aeq_head = 0;
	a->config.ops->before_doorbell(a->config.ctx);
	ret = rings_write(a);
	if (ret == 0)
		ret = status_wait(a, WCNIC_STATUS_ENABLED | bad, &status);
	if (ret != 0) {
		wait_failed(a, "the card does not enable its admin rings", ret);
		return ret;
	}
	if ((status & bad) != 0) {
		(void)reg_read32(a, WCNIC_REG_ERROR_CAUSE, &cause);
		(void)reg_read32(a, WCNIC_REG_ERROR_INFO, &info);
		wcadmin_error(a,
			      "the card refuses its admin rings: STATUS 0x%x, error %u, register "
			      "0x%x: is host memory mapped for it?",
			      status, cause, info);
		return -EIO;
	}
	a->up = true;
	return 0;
}

int
wcadmin_enable(struct wcadmin *a)
{
	int ret;

	wcadmin_lock(a);
	ret = enable_locked(a);
	wcadmin_unlock(a);
	return ret;
}

/* ---- commands ------------------------------------------------------------------------------ */

static const char *
op_name(uint8_t opcode)
{
	static const char *const names[] = {
		[WCNIC_OP_IDENTIFY] = "IDENTIFY",
		[WCNIC_OP_FEATURES_SET] = "FEATURES_SET",
		[WCNIC_OP_WAKE_SET] = "WAKE_SET",
		[WCNIC_OP_WINDOW_ALLOC] = "WINDOW_ALLOC",
		[WCNIC_OP_WINDOW_FREE] = "WINDOW_FREE",
		[WCNIC_OP_WINDOW_TEST] = "WINDOW_TEST",
		[WCNIC_OP_TXQ_CREATE] = "TXQ_CREATE",
		[WCNIC_OP_TXQ_DESTROY] = "TXQ_DESTROY",
		[WCNIC_OP_RXQ_CREATE] = "RXQ_CREATE",
		[WCNIC_OP_RXQ_DESTROY] = "RXQ_DESTROY",
		[WCNIC_OP_RXQ_SET] = "RXQ_SET",
		[WCNIC_OP_PORT_QUERY] = "PORT_QUERY",
		[WCNIC_OP_PORT_SET] = "PORT_SET",
		[WCNIC_OP_STATS_QUERY] = "STATS_QUERY",
		[WCNIC_OP_RSS_SET] = "RSS_SET",
		[WCNIC_OP_MAC_LIST_SET] = "MAC_LIST_SET",
		[WCNIC_OP_VLAN_FILTER_SET] = "VLAN_FILTER_SET",
		[WCNIC_OP_FLOW_CREATE] = "FLOW_CREATE",
		[WCNIC_OP_FLOW_DESTROY] = "FLOW_DESTROY",
		[WCNIC_OP_FLOW_QUERY] = "FLOW_QUERY",
		[WCNIC_OP_FLOW_FLUSH] = "FLOW_FLUSH",
		[WCNIC_OP_CLOCK_SET] = "CLOCK_SET",
		[WCNIC_OP_RXQ_STATS_QUERY] = "RXQ_STATS_QUERY",
	};

	return names[opcode]; /* this module sends no others */
}

const char *
wcadmin_status_name(uint16_t status)
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

	if (status < WC_DIM(names))
		return names[status];
	return "a status that is not in the datasheet";
}

static int
status_errno(uint16_t status)
{
	switch (status) {
	case WCNIC_ST_OK:
		return 0;
	case WCNIC_ST_UNSUPPORTED:
		return -ENOTSUP;
	case WCNIC_ST_INVALID_FIELD:
	case WCNIC_ST_INVALID_QUEUE:
	case WCNIC_ST_INVALID_WINDOW:
		return -EINVAL;
	case WCNIC_ST_NO_SPACE:
		return -ENOSPC;
	case WCNIC_ST_BUSY:
	case WCNIC_ST_BAD_STATE:
		return -EBUSY;
	case WCNIC_ST_BAD_ADDRESS:
		return -EFAULT;
	case WCNIC_ST_NOT_OBSERVABLE:
		return -ENODATA;
	default:
		return -EIO;
	}
}

static void
command_write(struct wcadmin *a, const struct wcadmin_request *r, uint16_t id)
{
	const size_t data = r->in_bytes > r->out_bytes ? r->in_bytes : r->out_bytes;
	struct wcnic_admin_cmd cmd = {
		.opcode = r->opcode,
		.cmd_id = htole16(id),
		.data_bytes = htole32((uint32_t)data),
		.data_iova = htole64(data != 0 ? a->data_iova : 0),
	};

	if (r->params_bytes != 0)
		memcpy(cmd.params, r->params, r->params_bytes);
	if (r->in_bytes != 0)
		memcpy(a->data, r->in, r->in_bytes);
	a->sq[a->sq_tail++ & ((1u << a->config.ring_log2) - 1)] = cmd;
	a->config.ops->before_doorbell(a->config.ctx);
}

/*
 * Takes the next completion if it is there. Its last word, which the card writes last and which
 * holds the phase, is read first, and everything once.
 */
static bool
completion_take(struct wcadmin *a, struct wcnic_admin_cpl *cpl)
{
	const uint32_t entries = 1u << a->config.ring_log2;
	const uint64_t *words = (const uint64_t *)&a->cq[a->cq_head & (entries - 1)];
	const uint8_t phase = (a->cq_head & entries) == 0;
	uint64_t copy[2];

	copy[1] = WC_LOAD_ACQUIRE(uint64_t, &words[1]);
	if ((le64toh(copy[1]) >> 56 & WCNIC_PHASE_BIT) != phase)
		return false;
	copy[0] = WC_LOAD_RELAXED(uint64_t, &words[0]);
	memcpy(cpl, copy, sizeof(copy));
	a->cq_head++;
	return true;
}

static int
completion_wait(struct wcadmin *a, uint16_t id, struct wcnic_admin_cpl *cpl)
{
	struct deadline deadline = deadline_set(a);
	unsigned int others = 0;
	int ret;

	for (;;) {
		deadline_look(a, &deadline);
		while (completion_take(a, cpl)) {
			if (le16toh(cpl->cmd_id) == id)
				return 0;
			a->late_completions++;
			wcadmin_error(a, "admin completion for command %u, which is not in flight",
				      le16toh(cpl->cmd_id));
			/* A card that goes on with them must not keep the caller for ever. */
			if (++others == 1u << a->config.ring_log2)
				return -EPROTO;
		}
		ret = deadline_pause(a, &deadline);
		if (ret != 0)
			return ret;
	}
}

static void
fault(const struct wcadmin *a)
{
	if (a->config.ops->fault != NULL)
		a->config.ops->fault(a->config.ctx);
}

/* The command is in the ring: rings the doorbell and waits. */
static int
command_finish(struct wcadmin *a, const struct wcadmin_request *r, uint16_t id,
	       struct wcnic_admin_cpl *cpl)
{
	int ret = reg_write32(a, WCNIC_REG_ASQ_TAIL, a->sq_tail);

	if (ret == 0)
		ret = completion_wait(a, id, cpl);
	if (ret == 0)
		return 0;
	a->up = false; /* what comes later would belong to no one */
	if (ret == -ETIMEDOUT)
		wcadmin_error(a, "%s: command 0x%02x was not answered: timed out after %u ms",
			      op_name(r->opcode), r->opcode, a->config.timeout_ms);
	else
		wcadmin_error(a, "%s: command 0x%02x was not answered: %s", op_name(r->opcode),
			      r->opcode, wait_error(ret));
	fault(a);
	return ret;
}

static int
command_run(struct wcadmin *a, const struct wcadmin_request *r)
{
	const uint16_t id = a->next_id++;
	struct wcnic_admin_cpl cpl;
	int ret;

	command_write(a, r, id);
	ret = command_finish(a, r, id, &cpl);
	if (ret != 0)
		return ret;
	a->status = le16toh(cpl.status);
	ret = status_errno(a->status);
	if (ret == -ENODATA)
		return ret;
	if (ret != 0) {
		wcadmin_error(a, "%s: command 0x%02x failed: %s, result 0x%x", op_name(r->opcode),
			      r->opcode, wcadmin_status_name(a->status), le32toh(cpl.result));
		if (ret == -EIO)
			fault(a);
		return ret;
	}
	if (le32toh(cpl.data_bytes) < r->out_bytes) {
		wcadmin_error(a, "%s: command 0x%02x answered %u bytes, %zu expected",
			      op_name(r->opcode), r->opcode, le32toh(cpl.data_bytes), r->out_bytes);
		return -EPROTO;
	}
	if (r->out_bytes != 0)
		memcpy(r->out, a->data, r->out_bytes);
	return 0;
}

int
wcadmin_run(struct wcadmin *a, const struct wcadmin_request *request)
{
	int ret;

	wcadmin_lock(a);
	ret = a->up ? command_run(a, request) : -ENODEV;
	wcadmin_unlock(a);
	return ret;
}
