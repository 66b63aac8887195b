/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A card that answers lib/wcadmin as a test tells it to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wcadmin_rig.h"

static void
completion_put(struct wcadmin_rig *rig)
{
	const uint8_t phase = (rig->acq_tail >> WCADMIN_RIG_RING_LOG2 & 1) ^ 1;
	struct wcnic_admin_cpl cpl = {0};

	cpl.cmd_id = rig->cmd.cmd_id ^ htole16(rig->id_xor);
	cpl.status = htole16(rig->status_code);
	cpl.data_bytes = rig->data_bytes != 0 ? htole32(rig->data_bytes) : rig->cmd.data_bytes;
	cpl.phase = rig->phase_wrong ? phase ^ 1 : phase;
	rig->admin.cq[rig->acq_tail++ % WCADMIN_RIG_ENTRIES] = cpl;
}

static void
answer(struct wcadmin_rig *rig)
{
	rig->cmd = rig->admin.sq[(rig->admin.sq_tail - 1) % WCADMIN_RIG_ENTRIES];
	if (rig->cmd.data_iova != 0) {
		assert_int_equal(le64toh(rig->cmd.data_iova),
				 WCADMIN_RIG_IOVA + (rig->admin.data - rig->memory));
		memcpy(rig->in, rig->admin.data, le32toh(rig->cmd.data_bytes));
		memcpy(rig->admin.data, rig->out, le32toh(rig->cmd.data_bytes));
	}
	if (!rig->silent)
		completion_put(rig);
}

static int
reg_read(void *ctx, uint32_t off, unsigned int bytes, uint64_t *value)
{
	struct wcadmin_rig *rig = ctx;

	assert_int_equal(bytes, off == WCNIC_REG_APERTURE_BYTES ? 8 : 4);
	if (rig->read_error != 0)
		return rig->read_error;
	*value = rig->gone ? UINT64_MAX : 0;
	if (rig->gone)
		return 0;
	if (off == WCNIC_REG_MAGIC)
		*value = rig->magic;
	if (off == WCNIC_REG_ABI_VERSION)
		*value = rig->version;
	if (off == WCNIC_REG_APERTURE_BYTES)
		*value = WCADMIN_RIG_APERTURE;
	if (off == WCNIC_REG_STATUS && rig->ready_after > 0 && --rig->ready_after == 0)
		rig->status = WCNIC_STATUS_READY;
	if (off == WCNIC_REG_STATUS)
		*value = rig->status;
	if (off == WCNIC_REG_ERROR_CAUSE)
		*value = WCNIC_ERR_ADMIN_CONFIG;
	if (off == WCNIC_REG_RESET_COUNT)
		*value = rig->resets;
	return 0;
}

static int
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	struct wcadmin_rig *rig = ctx;

	assert_int_equal(bytes, off >= WCNIC_REG_ASQ_BASE && off <= WCNIC_REG_AEQ_BASE ? 8 : 4);
	rig->last_write[off / 4] = value;
	rig->writes++;
	if (off == WCNIC_REG_CTRL && value == WCNIC_CTRL_RESET && !rig->deaf) {
		rig->status = 0;
		rig->resets++;
	}
	if (off == WCNIC_REG_CTRL && value == WCNIC_CTRL_ENABLE)
		rig->status = rig->status_enabled;
	if (off == WCNIC_REG_ASQ_TAIL) {
		assert_int_equal(value, rig->admin.sq_tail);
		assert_int_equal(rig->fences, rig->writes - 1); /* one before each doorbell */
		answer(rig);
	}
	return 0;
}

static void
before_doorbell(void *ctx)
{
	struct wcadmin_rig *rig = ctx;

	rig->fences = rig->writes;
}

static uint64_t
now_ns(void *ctx)
{
	return ((struct wcadmin_rig *)ctx)->now_ns;
}

static int
relax(void *ctx)
{
	struct wcadmin_rig *rig = ctx;

	rig->relaxes++;
	rig->now_ns += WCADMIN_RIG_RELAX_NS;
	return rig->relax_error;
}

static void
error(void *ctx, const char *format, ...)
{
	struct wcadmin_rig *rig = ctx;
	const size_t used = strlen(rig->log);
	va_list ap;

	va_start(ap, format);
	vsnprintf(rig->log + used, sizeof(rig->log) - used, format, ap);
	va_end(ap);
	rig->lines++;
	if (rig->storm == 0)
		return;
	rig->storm--;
	completion_put(rig);
}

static void
fault(void *ctx)
{
	struct wcadmin_rig *rig = ctx;

	assert_int_equal(rig->locks, rig->unlocks + 1);
	rig->faults++;
}

static void
lock(void *ctx)
{
	((struct wcadmin_rig *)ctx)->locks++;
}

static void
unlock(void *ctx)
{
	((struct wcadmin_rig *)ctx)->unlocks++;
}

const struct wcadmin_ops wcadmin_rig_ops = {
	.reg_read = reg_read,
	.reg_write = reg_write,
	.before_doorbell = before_doorbell,
	.now_ns = now_ns,
	.relax = relax,
	.error = error,
	.fault = fault,
	.lock = lock,
	.unlock = unlock,
};

struct wcadmin_config
wcadmin_rig_config(struct wcadmin_rig *rig)
{
	return (struct wcadmin_config){
		.ops = &wcadmin_rig_ops,
		.ctx = rig,
		.memory = rig->memory,
		.iova = WCADMIN_RIG_IOVA,
		.ring_log2 = WCADMIN_RIG_RING_LOG2,
		.event_log2 = WCADMIN_RIG_EVENT_LOG2,
		.timeout_ms = WCADMIN_RIG_TIMEOUT_MS,
	};
}

static struct wcadmin_rig the_rig;

int
wcadmin_rig_setup(void **state)
{
	struct wcadmin_rig *rig = &the_rig;
	struct wcadmin_config config = wcadmin_rig_config(rig);

	memset(rig, 0, sizeof(*rig));
	rig->magic = WCNIC_MAGIC;
	rig->version = WCNIC_ABI_VERSION;
	rig->status_enabled = WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED;
	rig->ready_after = 3;
	rig->now_ns = 12345;
	*state = rig;
	return wcadmin_init(&rig->admin, &config);
}

int
wcadmin_rig_setup_enabled(void **state)
{
	struct wcadmin_rig *rig;

	if (wcadmin_rig_setup(state) != 0)
		return -1;
	rig = *state;
	if (wcadmin_probe(&rig->admin) != 0 || wcadmin_reset(&rig->admin) != 0 ||
	    wcadmin_enable(&rig->admin) != 0)
		return -1;
	rig->relaxes = 0;
	rig->now_ns = 0;
	return 0;
}

void
wcadmin_rig_logged(const struct wcadmin_rig *rig, const char *words)
{
	if (strstr(rig->log, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, rig->log);
	assert_int_equal(rig->lines, 1);
}
