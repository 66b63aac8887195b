/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Registers, also read without a read, and doorbells. */

#include <syslog.h>

#include "ena.h"

/* Doorbells: groups of words, each rotated by the seed, so that a driver must use what it is given.
 */
#define GROUP_SQ 0x1000u
#define GROUP_UNMASK 0x1400u
#define GROUP_BYTES (4u * ENA_QUEUES_MAX)

#define VERSION (2u << 8) /* 2.0, of the interface */
#define CONTROLLER_VERSION (1u << 24 | 0u << 16 | 1u << 8 | 1u)
/* Rings are contiguous; 1 s for a reset; 48 bits; commands: the driver's default. */
#define CAPS (1u | 10u << 1 | 48u << 8)

static uint32_t
group_off(const struct ena_card *card, uint32_t group, unsigned int idx)
{
	return group + 4 * ((idx + (uint32_t)(card->config.seed % ENA_QUEUES_MAX)) % ENA_QUEUES_MAX);
}

uint32_t
ena_sq_doorbell_off(const struct ena_card *card, unsigned int idx)
{
	return group_off(card, GROUP_SQ, idx);
}

uint32_t
ena_cq_unmask_off(const struct ena_card *card, unsigned int idx)
{
	return group_off(card, GROUP_UNMASK, idx);
}

/* Which queue a doorbell of the group is of. */
static unsigned int
group_idx(const struct ena_card *card, uint32_t group, uint32_t off)
{
	return ((off - group) / 4 + ENA_QUEUES_MAX -
		(uint32_t)(card->config.seed % ENA_QUEUES_MAX)) %
	       ENA_QUEUES_MAX;
}

static uint32_t *
reg(struct ena_card *card, uint32_t off)
{
	return &card->regs[off / 4];
}

void
ena_regs_reset(struct ena_card *card)
{
	const uint32_t lo = *reg(card, ENA_REG_MMIO_RESP_LO);
	const uint32_t hi = *reg(card, ENA_REG_MMIO_RESP_HI);

	memset(card->regs, 0, sizeof(card->regs));
	*reg(card, ENA_REG_MMIO_RESP_LO) = lo;
	*reg(card, ENA_REG_MMIO_RESP_HI) = hi;
	card->status = ENA_DEV_STS_READY;
}

static uint64_t
reg64(struct ena_card *card, uint32_t lo)
{
	return (uint64_t)*reg(card, lo + 4) << 32 | *reg(card, lo);
}

static uint32_t
reg_value(struct ena_card *card, uint32_t off)
{
	switch (off) {
	case ENA_REG_VERSION:
		return VERSION;
	case ENA_REG_CONTROLLER_VERSION:
		return CONTROLLER_VERSION;
	case ENA_REG_CAPS:
		return CAPS;
	case ENA_REG_ACQ_TAIL:
		return card->admin.tail;
	case ENA_REG_AENQ_TAIL:
		return card->aenq.tail;
	case ENA_REG_DEV_STS:
		return card->status;
	default:
		return *reg(card, off);
	}
}

void
ena_regs_read(struct ena_card *card, uint64_t off, void *data, size_t bytes)
{
	uint32_t value;

	if (bytes != sizeof(value) || off % sizeof(value) != 0 || off >= ENA_REGS_BYTES)
		return;
	value = htole32(reg_value(card, (uint32_t)off));
	memcpy(data, &value, sizeof(value));
}

/* ---- a read by DMA ----------------------------------------------------------------------- */

/* The number of the request becomes visible last. */
static void
readless(struct ena_card *card, uint32_t value)
{
	const uint64_t iova = reg64(card, ENA_REG_MMIO_RESP_LO);
	const uint16_t off = ENA_REG_READ_OFF(value);
	struct ena_reg_read answer = {.req_id = htole16(ENA_REG_READ_ID(value)),
				      .off = htole16(off)};
	uint64_t word;
	void *at;

	if (off % 4 != 0 || off >= ENA_REGS_BYTES || iova % sizeof(answer) != 0 ||
	    !wcdev_dma_reachable(&card->dev, iova, sizeof(answer), WCDEV_DMA_WRITE)) {
		card->stats.bad_reads++;
		return;
	}
	answer.value = htole32(reg_value(card, off));
	at = wcdev_dma_ptr(&card->dev, iova, sizeof(answer), WCDEV_DMA_WRITE);
	if (at == NULL) {
		wcdev_dma_post(&card->dev, iova, &answer, sizeof(answer));
		return;
	}
	memcpy(&word, &answer, sizeof(word));
	__atomic_store_n((uint64_t *)at, word, __ATOMIC_RELEASE);
}

/* ---- writes that do something ------------------------------------------------------------ */

static bool
ring_ok(const struct ena_card *card, const char *name, uint32_t caps)
{
	const uint32_t depth = ENA_CAPS_DEPTH(caps);

	if (ena_is_pow2(depth) && depth <= ENA_DEPTH_ADMIN_MAX &&
	    ENA_CAPS_ENTRY_BYTES(caps) == ENA_ADMIN_BYTES)
		return true;
	wcdev_log(&card->dev, LOG_WARNING,
		  "%s: depth %u, entries of %u bytes; expected a power of two up to %u, and 64",
		  name, depth, ENA_CAPS_ENTRY_BYTES(caps), ENA_DEPTH_ADMIN_MAX);
	return false;
}

/* The second of the two capabilities that is written turns the admin queue on. */
static void
admin_caps(struct ena_card *card)
{
	const uint32_t aq = *reg(card, ENA_REG_AQ_CAPS), acq = *reg(card, ENA_REG_ACQ_CAPS);
	const uint64_t aq_iova = reg64(card, ENA_REG_AQ_BASE_LO);
	const uint64_t acq_iova = reg64(card, ENA_REG_ACQ_BASE_LO);

	card->admin.on = false;
	if (aq == 0 || acq == 0)
		return;
	if (!ring_ok(card, "AQ_CAPS", aq) || !ring_ok(card, "ACQ_CAPS", acq) ||
	    ((aq_iova | acq_iova) & (ENA_ADMIN_BYTES - 1)) != 0) {
		card->stats.bad_writes++;
		return;
	}
	memset(&card->admin, 0, sizeof(card->admin));
	wcdev_ring_init(&card->admin.aq, aq_iova, ENA_CAPS_DEPTH(aq), ENA_ADMIN_BYTES,
			WCDEV_DMA_READ);
	wcdev_ring_init(&card->admin.acq, acq_iova, ENA_CAPS_DEPTH(acq), ENA_ADMIN_BYTES,
			WCDEV_DMA_WRITE);
	card->admin.reader.lane = WCDEV_LANE_OUT;
	card->admin.on = true;
}

static void
aenq_caps(struct ena_card *card)
{
	const uint32_t caps = *reg(card, ENA_REG_AENQ_CAPS);
	const uint64_t iova = reg64(card, ENA_REG_AENQ_BASE_LO);

	card->aenq.on = false;
	if (caps == 0)
		return;
	if (!ring_ok(card, "AENQ_CAPS", caps) || iova % ENA_ADMIN_BYTES != 0) {
		card->stats.bad_writes++;
		return;
	}
	wcdev_ring_init(&card->aenq.ring, iova, ENA_CAPS_DEPTH(caps), ENA_ADMIN_BYTES,
			WCDEV_DMA_WRITE);
	card->aenq.tail = 0;
	card->aenq.credit = 0;
	card->aenq.on = true;
}

static void
dev_ctl(struct ena_card *card, uint32_t value)
{
	if ((value & ENA_DEV_CTL_RESET) != 0) {
		ena_device_reset(card);
		card->status |= ENA_DEV_STS_RESET_IN_PROGRESS;
		card->stats.resets++;
		card->stats.reset_reason = ENA_DEV_CTL_REASON(value);
		wcdev_log(&card->dev, LOG_INFO, "reset by the driver, reason %u",
			  ENA_DEV_CTL_REASON(value));
	} else if ((card->status & ENA_DEV_STS_RESET_IN_PROGRESS) != 0) {
		card->status = ENA_DEV_STS_READY | ENA_DEV_STS_RESET_FINISHED;
	}
}

static void
reg_write(struct ena_card *card, uint32_t off, uint32_t value)
{
	switch (off) {
	case ENA_REG_AQ_BASE_LO:
	case ENA_REG_AQ_BASE_HI:
	case ENA_REG_ACQ_BASE_LO:
	case ENA_REG_ACQ_BASE_HI:
	case ENA_REG_AENQ_BASE_LO:
	case ENA_REG_AENQ_BASE_HI:
	case ENA_REG_INTR_MASK:
	case ENA_REG_MMIO_RESP_LO:
	case ENA_REG_MMIO_RESP_HI:
	case ENA_REG_MARK:
		*reg(card, off) = value;
		return;
	case ENA_REG_AQ_CAPS:
	case ENA_REG_ACQ_CAPS:
		*reg(card, off) = value;
		admin_caps(card);
		return;
	case ENA_REG_AENQ_CAPS:
		*reg(card, off) = value;
		aenq_caps(card);
		return;
	case ENA_REG_AQ_DB:
		card->admin.db = (uint16_t)value;
		return;
	case ENA_REG_AENQ_HEAD_DB:
		card->aenq.credit = (uint16_t)value;
		return;
	case ENA_REG_DEV_CTL:
		dev_ctl(card, value);
		return;
	case ENA_REG_MMIO_REG_READ:
		readless(card, value);
		return;
	default:
		card->stats.bad_writes++;
	}
}

static bool
in_group(uint32_t off, uint32_t group)
{
	return off >= group && off < group + GROUP_BYTES;
}

/* A doorbell of a queue. False: it is of none. */
static bool
doorbell(struct ena_card *card, uint32_t off, uint32_t value)
{
	struct ena_sq *sq;
	struct ena_cq *cq;

	if (in_group(off, GROUP_SQ)) {
		sq = &card->sqs[group_idx(card, GROUP_SQ, off)];
		if (sq->state == ENA_SQ_NONE)
			return false;
		ena_sq_ring(card, sq, value);
		return true;
	}
	if (!in_group(off, GROUP_UNMASK))
		return false;
	cq = &card->cqs[group_idx(card, GROUP_UNMASK, off)];
	if (!cq->live)
		return false;
	ena_cq_unmask(card, cq, value);
	return true;
}

void
ena_regs_write(struct ena_card *card, uint64_t off, const void *data, size_t bytes)
{
	uint32_t value;

	if (bytes != sizeof(value) || off % sizeof(value) != 0) {
		card->stats.bad_writes++;
		return;
	}
	memcpy(&value, data, sizeof(value));
	value = le32toh(value);
	if (off < ENA_REGS_BYTES)
		reg_write(card, (uint32_t)off, value);
	else if (off >= ENA_MSIX_TABLE_OFF)
		return; /* the embedder's */
	else if (!doorbell(card, (uint32_t)off, value))
		card->stats.bad_writes++;
}
