/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

#include <wcbar.h>

#include "guest.h"
#include "guest_driver.h"

#define RING_LOG2 2
#define RING_ENTRIES (1u << RING_LOG2)
#define TIMEOUT_S 10

/* The guest's physical addresses are the card's: the VMM maps its memory so. */
static struct {
	alignas(64) struct wcnic_admin_cmd asq[RING_ENTRIES];
	alignas(64) struct wcnic_admin_cpl acq[RING_ENTRIES];
	alignas(64) struct wcnic_event aeq[RING_ENTRIES];
	alignas(64) struct wcnic_window_grant answer;
	uint16_t commands; /* free-running */
} driver;

static void *
reg(uint32_t off)
{
	return (void *)(uintptr_t)(GUEST_REGS_IPA + off);
}

static uint64_t
counter(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks;
}

static uint64_t
deadline(void)
{
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return counter() + TIMEOUT_S * hz;
}

static uint32_t
status_wait(uint32_t mask, uint32_t *detail)
{
	const uint64_t end = deadline();

	do {
		*detail = wcbar_read32(reg(WCNIC_REG_STATUS));
		if ((*detail & mask) != 0)
			return GUEST_OK;
	} while (counter() < end);
	return GUEST_TIMEOUT;
}

uint32_t
driver_start(uint32_t *detail)
{
	uint32_t error;

	wcbar_write32(reg(WCNIC_REG_CTRL), WCNIC_CTRL_RESET);
	error = status_wait(WCNIC_STATUS_READY, detail);
	if (error != GUEST_OK)
		return error;
	memset(&driver, 0, sizeof(driver));
	wcbar_write64(reg(WCNIC_REG_ASQ_BASE), (uintptr_t)driver.asq);
	wcbar_write64(reg(WCNIC_REG_ACQ_BASE), (uintptr_t)driver.acq);
	wcbar_write64(reg(WCNIC_REG_AEQ_BASE), (uintptr_t)driver.aeq);
	wcbar_write32(reg(WCNIC_REG_ADMIN_SIZE), RING_LOG2 | RING_LOG2 << 8);
	wcbar_before_doorbell();
	wcbar_write32(reg(WCNIC_REG_CTRL), WCNIC_CTRL_ENABLE);
	return status_wait(WCNIC_STATUS_ENABLED, detail);
}

static uint32_t
completion_wait(uint32_t *detail)
{
	const uint16_t id = driver.commands - 1;
	const struct wcnic_admin_cpl *cpl = &driver.acq[id % RING_ENTRIES];
	const uint8_t phase = (id / RING_ENTRIES) % 2 == 0 ? WCNIC_PHASE_BIT : 0;
	const uint64_t end = deadline();

	while ((__atomic_load_n(&cpl->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) != phase) {
		if (counter() < end)
			continue;
		*detail = wcbar_read32(reg(WCNIC_REG_STATUS));
		return GUEST_TIMEOUT;
	}
	*detail = cpl->cmd_id;
	if (*detail != id)
		return GUEST_CONFUSED;
	*detail = cpl->status;
	return *detail == WCNIC_ST_OK ? GUEST_OK : GUEST_REFUSED;
}

static uint32_t
command(uint8_t opcode, const void *params, size_t bytes, uint32_t *detail)
{
	const uint16_t id = driver.commands++;
	struct wcnic_admin_cmd *cmd = &driver.asq[id % RING_ENTRIES];

	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = opcode;
	cmd->cmd_id = id;
	cmd->data_bytes = sizeof(driver.answer);
	cmd->data_iova = (uintptr_t)&driver.answer;
	memcpy(cmd->params, params, bytes);
	wcbar_before_doorbell();
	wcbar_write32(reg(WCNIC_REG_ASQ_TAIL), driver.commands);
	return completion_wait(detail);
}

uint32_t
driver_window_alloc(uint32_t bytes, struct wcnic_window_grant *grant, uint32_t *detail)
{
	const struct wcnic_cmd_window_alloc p = {
		.type = WCNIC_WINDOW_PUSH, .slot_lines = 1, .bytes = bytes};
	uint32_t error = command(WCNIC_OP_WINDOW_ALLOC, &p, sizeof(p), detail);

	*grant = driver.answer;
	return error;
}

uint32_t
driver_window_free(const struct wcnic_window_grant *grant, uint32_t *detail)
{
	const struct wcnic_cmd_window p = {.id = grant->id, .generation = grant->generation};

	return command(WCNIC_OP_WINDOW_FREE, &p, sizeof(p), detail);
}
