/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Registers, also read without a read, and doorbells. */

#include <inttypes.h>
#include <syslog.h>

#include "ena.h"

#define VERSION (2u << 8) /* 2.0, of the interface */
#define CONTROLLER_VERSION (1u << 24 | 0u << 16 | 1u << 8 | 1u)
/* Rings are contiguous; 1 s for a reset; 48 bits; commands: the driver's default. */
#define CAPS (1u | 10u << 1 | 48u << 8)

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
		if (wcdev_dma_post(&card->dev, iova, &answer, sizeof(answer)) != 0)
			card->stats.bad_reads++;
		return;
	}
	memcpy(&word, &answer, sizeof(word));
	__atomic_store_n((uint64_t *)at, word, __ATOMIC_RELEASE);
}

/* ---- writes that do something ------------------------------------------------------------ */

static bool
ring_ok(const struct ena_card *card, const char *name, uint32_t caps, uint64_t iova)
{
	const uint32_t depth = ENA_CAPS_DEPTH(caps);

	if (!wcdev_is_pow2(depth) || depth > ENA_DEPTH_ADMIN_MAX ||
	    ENA_CAPS_ENTRY_BYTES(caps) != ENA_ADMIN_BYTES) {
		wcdev_log(&card->dev, LOG_WARNING,
			  "%s: depth %u, entries of %u bytes; expected a power of two up to %u, "
			  "and 64",
			  name, depth, ENA_CAPS_ENTRY_BYTES(caps), ENA_DEPTH_ADMIN_MAX);
		return false;
	}
	if (iova % ENA_ADMIN_BYTES == 0 && iova <= UINT64_MAX - depth * ENA_ADMIN_BYTES)
		return true;
	wcdev_log(&card->dev, LOG_WARNING,
		  "%s: a ring at 0x%" PRIx64 "; expected a multiple of 64, and no wrap", name,
		  iova);
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
	if (!ring_ok(card, "AQ_CAPS", aq, aq_iova) || !ring_ok(card, "ACQ_CAPS", acq, acq_iova)) {
		card->stats.bad_writes++;
		return;
	}
	wcdev_reader_end(&card->dev, &card->admin.reader);
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
	if (!ring_ok(card, "AENQ_CAPS", caps, iova)) {
		card->stats.bad_writes++;
		return;
	}
	wcdev_ring_init(&card->aenq.ring, iova, ENA_CAPS_DEPTH(caps), ENA_ADMIN_BYTES,
			WCDEV_DMA_WRITE);
	card->aenq.tail = 0;
	card->aenq.credit = 0;
	card->aenq.on = true;
}

/* Returns whether a reset begins. */
static bool
dev_ctl(struct ena_card *card, uint32_t value)
{
	if ((value & ENA_DEV_CTL_RESET) != 0) {
		card->stats.resets++;
		card->stats.reset_reason = ENA_DEV_CTL_REASON(value);
		wcdev_log(&card->dev, LOG_INFO, "reset by the driver, reason %u",
			  ENA_DEV_CTL_REASON(value));
	} else if ((card->status & ENA_DEV_STS_RESET_IN_PROGRESS) != 0) {
		card->status = ENA_DEV_STS_READY | ENA_DEV_STS_RESET_FINISHED;
	}
	return (value & ENA_DEV_CTL_RESET) != 0;
}

/* As ena_regs_write(). */
static bool
reg_write(struct ena_card *card, uint32_t off, uint32_t value)
{
	switch (off) {
	case ENA_REG_AQ_BASE_LO:
	case ENA_REG_AQ_BASE_HI:
	case ENA_REG_ACQ_BASE_LO:
	case ENA_REG_ACQ_BASE_HI:
	case ENA_REG_AENQ_BASE_LO:
	case ENA_REG_AENQ_BASE_HI:
	case ENA_REG_MMIO_RESP_LO:
	case ENA_REG_MMIO_RESP_HI:
	case ENA_REG_MARK:
		*reg(card, off) = value;
		break;
	case ENA_REG_AQ_CAPS:
	case ENA_REG_ACQ_CAPS:
		*reg(card, off) = value;
		admin_caps(card);
		break;
	case ENA_REG_AENQ_CAPS:
		*reg(card, off) = value;
		aenq_caps(card);
		break;
	case ENA_REG_INTR_MASK:
		*reg(card, off) = value;
		if ((value & ENA_INTR_MASK_ADMIN) == 0)
			ena_aenq_unmask(card);
		break;
	case ENA_REG_AQ_DB:
		card->admin.db = (uint16_t)value;
		break;
	case ENA_REG_AENQ_HEAD_DB:
		card->aenq.credit = (uint16_t)value;
		break;
	case ENA_REG_DEV_CTL:
		return dev_ctl(card, value);
	case ENA_REG_MMIO_REG_READ:
		readless(card, value);
		break;
	default:
		card->stats.bad_writes++;
	}
	return false;
}

static bool
in_group(uint32_t off, uint32_t group)
{
	return off >= group && off < group + ENA_GROUP_BYTES;
}

/* A doorbell of a queue. False: it is of none. */
static bool
doorbell(struct ena_card *card, uint32_t off, uint32_t value)
{
	struct ena_sq *sq;
	struct ena_cq *cq;

	if (in_group(off, ENA_GROUP_SQ)) {
		sq = &card->sqs[ena_doorbell_idx(card, ENA_GROUP_SQ, off)];
		if (sq->state == ENA_SQ_NONE)
			return false;
		ena_sq_ring(card, sq, value);
		return true;
	}
	if (!in_group(off, ENA_GROUP_UNMASK))
		return false;
	cq = &card->cqs[ena_doorbell_idx(card, ENA_GROUP_UNMASK, off)];
	if (!cq->live)
		return false;
	ena_cq_unmask(card, cq, value);
	return true;
}

bool
ena_regs_write(struct ena_card *card, uint64_t off, const void *data, size_t bytes)
{
	uint32_t value;

	if (bytes != sizeof(value) || off % sizeof(value) != 0) {
		card->stats.bad_writes++;
		return false;
	}
	memcpy(&value, data, sizeof(value));
	value = le32toh(value);
	if (off < ENA_REGS_BYTES)
		return reg_write(card, (uint32_t)off, value);
	/* The MSI-X table is the embedder's. */
	if (off < ENA_MSIX_TABLE_OFF && !doorbell(card, (uint32_t)off, value))
		card->stats.bad_writes++;
	return false;
}
