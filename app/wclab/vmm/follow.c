/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "follow.h"

#define TIMEOUT_S 10
#define POLL_US 50

/* What the guest calls IOVA is its own physical address; a virtual IOMMU would come in between. */
static void *
guest_memory(const struct follow *f, uint64_t iova, size_t bytes)
{
	if (iova < GUEST_RAM_IPA || iova - GUEST_RAM_IPA > GUEST_RAM_BYTES - bytes)
		return NULL;
	return f->e->ram + (iova - GUEST_RAM_IPA);
}

/* A window becomes what it needs; what was one becomes Device again. */
static int
window_set(struct follow *f, uint16_t id, uint64_t off, uint64_t bytes)
{
	uint64_t old_off = f->windows[id].off, old_bytes = f->windows[id].bytes;
	int ret = 0;

	f->windows[id].off = off;
	f->windows[id].bytes = bytes;
	if (old_bytes != 0)
		ret = bar_replace(&f->e->bar, old_off, old_bytes, SOURCE_UC);
	if (ret == 0 && bytes != 0)
		ret = bar_replace(&f->e->bar, off, bytes, SOURCE_VFIO);
	return ret;
}

static int
windows_forget(struct follow *f)
{
	uint16_t id;
	int ret = 0;

	for (id = 0; id < FOLLOW_WINDOWS && ret == 0; id++)
		ret = window_set(f, id, 0, 0);
	return ret;
}

/* The card must have answered before the guest sees the answer: it is kept waiting. */
static int
completion_wait(const struct follow *f, uint16_t id, struct wcnic_admin_cpl *cpl)
{
	const unsigned int log2 = f->admin_size & 0xff;
	const uint8_t phase = (id >> log2) % 2 == 0 ? WCNIC_PHASE_BIT : 0;
	const uint64_t at = f->acq + (id & ((1u << log2) - 1)) * sizeof(*cpl);
	struct wcnic_admin_cpl *slot = guest_memory(f, at, sizeof(*cpl));
	const time_t end = time(NULL) + TIMEOUT_S;

	if (slot == NULL)
		return -EFAULT;
	while ((__atomic_load_n(&slot->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) != phase) {
		if (time(NULL) > end)
			return -ETIMEDOUT;
		usleep(POLL_US);
	}
	memcpy(cpl, slot, sizeof(*cpl));
	return 0;
}

static int
command_follow(struct follow *f, uint16_t id)
{
	const unsigned int log2 = f->admin_size & 0xff;
	const struct wcnic_admin_cmd *at, *cmd;
	struct wcnic_window_grant *grant;
	struct wcnic_admin_cpl cpl;
	struct wcnic_cmd_window p;
	struct wcnic_admin_cmd copy;
	int ret;

	at = guest_memory(f, f->asq + (id & ((1u << log2) - 1)) * sizeof(*at), sizeof(*at));
	if (at == NULL)
		return -EFAULT;
	copy = *at;
	cmd = &copy;
	ret = completion_wait(f, id, &cpl);
	if (ret != 0 || le16toh(cpl.status) != WCNIC_ST_OK)
		return ret;
	if (cmd->opcode == WCNIC_OP_WINDOW_ALLOC) {
		grant = guest_memory(f, le64toh(cmd->data_iova), sizeof(*grant));
		if (grant == NULL || le16toh(grant->id) >= FOLLOW_WINDOWS)
			return -EFAULT;
		if (grant->type == WCNIC_WINDOW_PUSH)
			return window_set(f, le16toh(grant->id), le64toh(grant->offset),
					  le32toh(grant->bytes));
	} else if (cmd->opcode == WCNIC_OP_WINDOW_FREE) {
		memcpy(&p, cmd->params, sizeof(p));
		if (le16toh(p.id) >= FOLLOW_WINDOWS)
			return -EFAULT;
		return window_set(f, le16toh(p.id), 0, 0);
	}
	return 0;
}

static int
doorbell_follow(struct follow *f, uint16_t tail)
{
	int ret = 0;

	while (f->tail != tail && ret == 0)
		ret = command_follow(f, f->tail++);
	if (ret != 0)
		fprintf(stderr, "wcvmm: the guest's admin queue cannot be followed: %s\n",
			strerror(-ret));
	return ret;
}

static int
register_follow(struct follow *f, uint64_t off, uint64_t value)
{
	switch (off) {
	case WCNIC_REG_ASQ_BASE:
		f->asq = value;
		return 0;
	case WCNIC_REG_ACQ_BASE:
		f->acq = value;
		return 0;
	case WCNIC_REG_ADMIN_SIZE:
		f->admin_size = (uint32_t)value;
		return 0;
	case WCNIC_REG_CTRL:
		if ((value & WCNIC_CTRL_RESET) == 0)
			return 0;
		f->tail = 0;
		return windows_forget(f);
	case WCNIC_REG_ASQ_TAIL:
		return doorbell_follow(f, (uint16_t)value);
	default:
		return 0;
	}
}

int
follow_mmio(void *ctx, uint64_t ipa, void *data, size_t bytes, bool write)
{
	struct follow *f = ctx;
	const uint64_t off = ipa - GUEST_REGS_IPA;
	void *reg = (char *)f->e->regs.addr + off;
	uint64_t value = 0;

	if (off > f->e->regs.bytes - bytes || (bytes != 4 && bytes != 8) || off % bytes != 0) {
		fprintf(stderr, "wcvmm: the guest reached 0x%llx with %zu bytes\n",
			(unsigned long long)ipa, bytes);
		return -EFAULT;
	}
	if (!write) {
		value = bytes == 4 ? wcbar_read32(reg) : wcbar_read64(reg);
		memcpy(data, &value, bytes);
		return 0;
	}
	memcpy(&value, data, bytes);
	wcbar_before_doorbell();
	if (bytes == 4)
		wcbar_write32(reg, (uint32_t)value);
	else
		wcbar_write64(reg, value);
	return register_follow(f, off, value);
}
