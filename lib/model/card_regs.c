/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 2: the register file. */

#include <errno.h>

#include "card.h"

static bool
reg_is_64(uint64_t off)
{
	switch (off) {
	case WCNIC_REG_CAPS:
	case WCNIC_REG_APERTURE_BYTES:
	case WCNIC_REG_ASQ_BASE:
	case WCNIC_REG_ACQ_BASE:
	case WCNIC_REG_AEQ_BASE:
	case WCNIC_REG_CLOCK:
	case WCNIC_REG_TX_TIME:
		return true;
	default:
		return false;
	}
}

WC_MUST_CHECK static int
access_check(struct wcnic_card *card, uint64_t off, size_t bytes)
{
	bool in_bar = off < WCNIC_BAR_REGS_BYTES;

	if (in_bar && bytes == 4 && (off & 3) == 0)
		return 0;
	if (in_bar && bytes == 8 && reg_is_64(off))
		return 0;
	card_error_note(card, WCNIC_ERR_REGISTER, (uint32_t)off);
	return -EINVAL;
}

/* The register at `off`, or the half of one of 64 bits, in the low bits. */
static uint64_t
reg_value(struct wcnic_card *card, uint64_t off)
{
	switch (off) {
	case WCNIC_REG_MAGIC:
		return WCNIC_MAGIC;
	case WCNIC_REG_ABI_VERSION:
		return WCNIC_ABI_VERSION;
	case WCNIC_REG_CAPS:
		return card->caps;
	case WCNIC_REG_LIMITS:
		return card->n_queues | ((uint32_t)card->n_windows << 16);
	case WCNIC_REG_FW_VERSION:
		return CARD_FW_VERSION;
	case WCNIC_REG_APERTURE_BYTES:
		return card->aperture_bytes;
	case WCNIC_REG_CTRL:
		return card->ctrl;
	case WCNIC_REG_STATUS:
		card->settling = card->settling && !wcdev_dma_quiet(&card->dev);
		return card->status & ~(card->settling ? WCNIC_STATUS_READY : 0);
	case WCNIC_REG_ERROR_CAUSE:
		return card->error_cause;
	case WCNIC_REG_ERROR_INFO:
		return card->error_info;
	case WCNIC_REG_HEARTBEAT:
		card_beat(card);
		return card->heartbeat;
	case WCNIC_REG_RESET_COUNT:
		return card->reset_count;
	case WCNIC_REG_ASQ_BASE:
		return card->admin.asq_base;
	case WCNIC_REG_ACQ_BASE:
		return card->admin.acq_base;
	case WCNIC_REG_AEQ_BASE:
		return card->admin.aeq_base;
	case WCNIC_REG_ADMIN_SIZE:
		return card->admin.size;
	case WCNIC_REG_CLOCK:
		return card_clock_now(card);
	case WCNIC_REG_TX_TIME:
		return card->clock.tx_sent_ns;
	default:
		return reg_is_64(off - 4) ? reg_value(card, off - 4) >> 32 : 0;
	}
}

int
card_regs_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes)
{
	int ret = access_check(card, off, bytes);
	uint64_t value = 0;

	memset(data, 0, bytes);
	if (ret != 0)
		return ret;
	value = htole64(reg_value(card, off));
	memcpy(data, &value, bytes);
	return 0;
}

/* The offset of the register that cannot be used, or 0. */
static uint32_t
enable_fault(struct wcnic_card *card)
{
	struct card_admin *admin = &card->admin;
	unsigned int sq_log2 = admin->size & 0xff;
	unsigned int ev_log2 = (admin->size >> 8) & 0xff;

	if (sq_log2 < WCNIC_ADMIN_LOG2_MIN || sq_log2 > WCNIC_ADMIN_LOG2_MAX ||
	    ev_log2 < WCNIC_ADMIN_LOG2_MIN || ev_log2 > WCNIC_ADMIN_LOG2_MAX)
		return WCNIC_REG_ADMIN_SIZE;
	wcdev_ring_init(&admin->asq, admin->asq_base, 1u << sq_log2, sizeof(struct wcnic_admin_cmd),
			WCDEV_DMA_READ);
	wcdev_ring_init(&admin->acq, admin->acq_base, 1u << sq_log2, sizeof(struct wcnic_admin_cpl),
			WCDEV_DMA_WRITE);
	wcdev_ring_init(&admin->aeq, admin->aeq_base, 1u << ev_log2, sizeof(struct wcnic_event),
			WCDEV_DMA_WRITE);
	if ((admin->asq_base & 63) != 0 || !wcdev_ring_reachable(&card->dev, &admin->asq))
		return WCNIC_REG_ASQ_BASE;
	if ((admin->acq_base & 63) != 0 || !wcdev_ring_reachable(&card->dev, &admin->acq))
		return WCNIC_REG_ACQ_BASE;
	if ((admin->aeq_base & 63) != 0 || !wcdev_ring_reachable(&card->dev, &admin->aeq))
		return WCNIC_REG_AEQ_BASE;
	return 0;
}

static void
ctrl_write(struct wcnic_card *card, uint32_t value, bool *reset)
{
	bool was_on = card->ctrl & WCNIC_CTRL_ENABLE;
	bool on = value & WCNIC_CTRL_ENABLE;
	uint32_t fault;

	if ((value & WCNIC_CTRL_RESET) != 0 || (was_on && !on)) {
		*reset = true;
		return;
	}
	if (was_on || !on || card->fw_hung)
		return;
	card->ctrl |= WCNIC_CTRL_ENABLE;
	fault = enable_fault(card);
	if (fault != 0)
		card_fatal(card, WCNIC_ERR_ADMIN_CONFIG, fault);
	else
		card->status |= WCNIC_STATUS_ENABLED;
}

static void
base_write(struct wcnic_card *card, uint64_t *base, uint64_t off, uint64_t value, size_t bytes)
{
	if ((card->status & WCNIC_STATUS_ENABLED) != 0)
		return;
	if (bytes == 8)
		*base = value;
	else if ((off & 4) != 0)
		*base = (*base & 0xffffffffull) | (value << 32);
	else
		*base = (*base & ~0xffffffffull) | value;
}

static void
asq_tail_write(struct wcnic_card *card, uint16_t tail)
{
	struct card_admin *admin = &card->admin;

	if ((card->status & WCNIC_STATUS_ENABLED) == 0)
		return;
	if ((uint16_t)(tail - admin->asq_head) > admin->asq.entries)
		card_fatal(card, WCNIC_ERR_DOORBELL, WCNIC_REG_ASQ_TAIL);
	else
		admin->asq_tail = tail;
}

static void
aeq_head_write(struct wcnic_card *card, uint16_t head)
{
	struct card_admin *admin = &card->admin;

	if ((card->status & WCNIC_STATUS_ENABLED) == 0)
		return;
	if ((uint16_t)(admin->aeq_tail - head) > admin->aeq.entries)
		card_fatal(card, WCNIC_ERR_DOORBELL, WCNIC_REG_AEQ_HEAD);
	else
		admin->aeq_head = head;
}

int
card_regs_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes, bool *reset)
{
	int ret = access_check(card, off, bytes);
	uint64_t value = 0;

	if (ret != 0)
		return ret;
	memcpy(&value, data, bytes);
	value = le64toh(value);
	switch (off & ~4ull) {
	case WCNIC_REG_ASQ_BASE:
		base_write(card, &card->admin.asq_base, off, value, bytes);
		return 0;
	case WCNIC_REG_ACQ_BASE:
		base_write(card, &card->admin.acq_base, off, value, bytes);
		return 0;
	case WCNIC_REG_AEQ_BASE:
		base_write(card, &card->admin.aeq_base, off, value, bytes);
		return 0;
	case WCNIC_REG_TX_TIME: /* the host has it: the next may come */
		card->clock.tx_sent_ns = 0;
		return 0;
	}
	switch (off) {
	case WCNIC_REG_CTRL:
		ctrl_write(card, (uint32_t)value, reset);
		break;
	case WCNIC_REG_ADMIN_SIZE:
		if ((card->status & WCNIC_STATUS_ENABLED) == 0)
			card->admin.size = (uint32_t)value & 0xffff;
		break;
	case WCNIC_REG_ASQ_TAIL:
		asq_tail_write(card, (uint16_t)value);
		break;
	case WCNIC_REG_AEQ_HEAD:
		aeq_head_write(card, (uint16_t)value);
		break;
	case WCNIC_REG_WAKE: /* doorbells are looked at by the poll that follows */
		card->stats.wakes++;
		wcdev_turn_all_next(&card->tx_turns);
		break;
	}
	return 0;
}
