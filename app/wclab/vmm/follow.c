/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What a VMM would have to do to follow windows: it keeps the registers from the guest, so that
 * each access comes to it, knows the card's admin queue, reads the guest's commands and the card's
 * answers out of the guest's memory, and remaps before the guest goes on.
 */

#include <endian.h>
#include <string.h>
#include <unistd.h>

#include <wcnic_abi.h>

#include "vmm.h"

/* What the guest calls IOVA is its own physical address; a virtual IOMMU would come in between. */
static void *
guest_memory(const struct follow *f, uint64_t iova, size_t bytes)
{
	if (iova < GUEST_RAM_IPA || iova - GUEST_RAM_IPA > GUEST_RAM_BYTES - bytes)
		vmm_fail(0, "the guest's admin queue is at 0x%llx, outside its memory",
			 (unsigned long long)iova);
	return f->v->ram + (iova - GUEST_RAM_IPA);
}

/* A window becomes what it needs; what was one becomes Device again. */
static void
window_set(struct follow *f, uint16_t id, uint64_t off, uint64_t bytes)
{
	if (id >= FOLLOW_WINDOWS)
		vmm_fail(0, "window %u cannot be followed: too many", id);
	if (f->windows[id].bytes != 0)
		bar_map(&f->v->bar, f->windows[id].off, f->windows[id].bytes, SOURCE_UC);
	if (bytes != 0)
		bar_map(&f->v->bar, off, bytes, SOURCE_VFIO);
	f->windows[id].off = off;
	f->windows[id].bytes = bytes;
}

/* The card must have answered before the guest sees the answer: it is kept waiting. */
static uint16_t
status_wait(const struct follow *f, uint16_t id)
{
	const unsigned int log2 = f->admin_size & 0xff;
	const uint8_t phase = (id >> log2) % 2 == 0 ? WCNIC_PHASE_BIT : 0;
	const struct wcnic_admin_cpl *cpl;

	cpl = guest_memory(f, f->acq + (id & ((1u << log2) - 1)) * sizeof(*cpl), sizeof(*cpl));
	while ((__atomic_load_n(&cpl->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) != phase)
		usleep(50);
	return le16toh(cpl->status);
}

static void
command_follow(struct follow *f, uint16_t id)
{
	const unsigned int log2 = f->admin_size & 0xff;
	const struct wcnic_window_grant *grant;
	struct wcnic_admin_cmd cmd;
	struct wcnic_cmd_window p;

	memcpy(&cmd, guest_memory(f, f->asq + (id & ((1u << log2) - 1)) * sizeof(cmd), sizeof(cmd)),
	       sizeof(cmd));
	if (status_wait(f, id) != WCNIC_ST_OK)
		return;
	if (cmd.opcode == WCNIC_OP_WINDOW_ALLOC) {
		grant = guest_memory(f, le64toh(cmd.data_iova), sizeof(*grant));
		if (grant->type == WCNIC_WINDOW_PUSH)
			window_set(f, le16toh(grant->id), le64toh(grant->offset),
				   le32toh(grant->bytes));
	} else if (cmd.opcode == WCNIC_OP_WINDOW_FREE) {
		memcpy(&p, cmd.params, sizeof(p));
		window_set(f, le16toh(p.id), 0, 0);
	}
}

static void
register_follow(struct follow *f, uint64_t off, uint64_t value)
{
	switch (off) {
	case WCNIC_REG_ASQ_BASE:
		f->asq = value;
		break;
	case WCNIC_REG_ACQ_BASE:
		f->acq = value;
		break;
	case WCNIC_REG_ADMIN_SIZE:
		f->admin_size = (uint32_t)value;
		break;
	case WCNIC_REG_CTRL:
		if ((value & WCNIC_CTRL_RESET) == 0)
			break;
		f->tail = 0;
		for (uint16_t id = 0; id < FOLLOW_WINDOWS; id++)
			window_set(f, id, 0, 0);
		break;
	case WCNIC_REG_ASQ_TAIL:
		while (f->tail != (uint16_t)value)
			command_follow(f, f->tail++);
		break;
	}
}

void
follow_mmio(void *ctx, uint64_t ipa, void *data, size_t bytes, bool write)
{
	struct follow *f = ctx;
	const uint64_t off = ipa - GUEST_REGS_IPA;
	void *reg = (char *)f->v->regs.addr + off;
	uint64_t value = 0;

	if (off > f->v->regs.bytes - bytes || (bytes != 4 && bytes != 8) || off % bytes != 0)
		vmm_fail(0, "the guest reached 0x%llx with %zu bytes", (unsigned long long)ipa,
			 bytes);
	if (!write) {
		value = bytes == 4 ? wcbar_read32(reg) : wcbar_read64(reg);
		memcpy(data, &value, bytes);
		return;
	}
	memcpy(&value, data, bytes);
	wcbar_before_doorbell();
	if (bytes == 4)
		wcbar_write32(reg, (uint32_t)value);
	else
		wcbar_write64(reg, value);
	register_follow(f, off, value);
}
