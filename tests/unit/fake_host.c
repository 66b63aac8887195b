/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A host for the model: memory, admin rings, interrupts and log that a test can look at. */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"

static const struct {
	uint64_t iova;
	unsigned int prot;
} maps[] = {
	{FAKE_IOVA, WCDEV_DMA_READ | WCDEV_DMA_WRITE},
	{FAKE_IOVA_RO, WCDEV_DMA_READ},
	{FAKE_IOVA_WO, WCDEV_DMA_WRITE},
};

static void *
fake_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct fake_host *h = ctx;

	assert(prot == WCDEV_DMA_READ || prot == WCDEV_DMA_WRITE);
	h->lookups++;
	for (unsigned int i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		uint64_t off = iova - maps[i].iova;

		if (iova < maps[i].iova || off >= h->unmap_from || bytes > h->unmap_from - off)
			continue;
		return (maps[i].prot & prot) != 0 ? h->mem + off : NULL;
	}
	return NULL;
}

static bool
fake_span(void *ctx, uint64_t iova, unsigned int prot, struct wcdev_dma_span *span)
{
	struct fake_host *h = ctx;

	h->lookups++;
	for (unsigned int i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		if (iova - maps[i].iova >= h->unmap_from || (maps[i].prot & prot) == 0)
			continue;
		span->iova = maps[i].iova;
		span->bytes = h->unmap_from;
		span->at = h->mem;
		return true;
	}
	return false;
}

static uint64_t
fake_generation(void *ctx)
{
	return ((struct fake_host *)ctx)->generation;
}

static void
fake_irq(void *ctx, uint16_t vector)
{
	struct fake_host *h = ctx;

	assert(vector < 256);
	h->irqs[vector]++;
}

static uint64_t
fake_now(void *ctx)
{
	return ((struct fake_host *)ctx)->now_ns;
}

static void
fake_log(void *ctx, int level, const char *line)
{
	struct fake_host *h = ctx;

	(void)level;
	snprintf(h->log, sizeof(h->log), "%s", line);
}

static const struct wcdev_ops fake_ops = {
	.dma = fake_dma,
	.dma_span = fake_span,
	.irq = fake_irq,
	.now_ns = fake_now,
	.log = fake_log,
};

const struct wcdev_ops fake_generation_ops = {
	.dma = fake_dma,
	.dma_span = fake_span,
	.dma_generation = fake_generation,
	.now_ns = fake_now,
};

int
fake_host_init(struct fake_host *h, const struct wcnic_card_config *config)
{
	return fake_host_init_sized(h, config, FAKE_MEM_BYTES);
}

int
fake_host_init_sized(struct fake_host *h, const struct wcnic_card_config *config, size_t mem_bytes)
{
	struct wcnic_card_config c = {.seed = 1};
	int ret;

	if (config != NULL)
		c = *config;
	memset(h, 0, sizeof(*h));
	h->now_ns = 1000000000;
	h->push_bytes = 65536;
	h->polls = 1;
	h->mem_bytes = mem_bytes;
	h->unmap_from = mem_bytes;
	h->aperture_bytes = c.aperture_bytes != 0 ? c.aperture_bytes : FAKE_APERTURE_BYTES;
	h->mem = aligned_alloc(4096, mem_bytes);
	h->aperture = aligned_alloc(4096, h->aperture_bytes);
	if (h->mem == NULL || h->aperture == NULL) {
		fake_host_fini(h);
		return -ENOMEM;
	}
	memset(h->mem, 0, mem_bytes);
	memset(h->aperture, 0, h->aperture_bytes);
	if (c.ops == NULL)
		c.ops = &fake_ops;
	c.ctx = h;
	c.aperture = h->aperture;
	c.aperture_bytes = h->aperture_bytes;
	ret = wcnic_card_create(&c, &h->card);
	if (ret != 0)
		fake_host_fini(h);
	return ret;
}

void
fake_host_fini(struct fake_host *h)
{
	wcnic_card_destroy(h->card);
	free(h->aperture);
	free(h->mem);
	h->card = NULL;
	h->aperture = NULL;
	h->mem = NULL;
}

int
fake_setup_off(void **state)
{
	struct fake_host *h = malloc(sizeof(*h));

	*state = h;
	return h == NULL ? -1 : fake_host_init(h, NULL);
}

int
fake_setup(void **state)
{
	if (fake_setup_off(state) != 0)
		return -1;
	fake_enable(*state);
	return 0;
}

int
fake_setup_up(void **state)
{
	if (fake_setup(state) != 0)
		return -1;
	return fake_port_set(*state, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC);
}

int
fake_teardown(void **state)
{
	fake_host_fini(*state);
	free(*state);
	return 0;
}

void *
fake_alloc(struct fake_host *h, size_t bytes, size_t align)
{
	size_t off = (h->mem_used + align - 1) & ~(align - 1);

	assert(off + bytes <= h->mem_bytes);
	h->mem_used = off + bytes;
	memset(h->mem + off, 0, bytes);
	return h->mem + off;
}

uint64_t
fake_iova(const struct fake_host *h, const void *ptr)
{
	return FAKE_IOVA + (uint64_t)((const uint8_t *)ptr - h->mem);
}

uint32_t
fake_reg32(struct fake_host *h, uint64_t off)
{
	uint32_t value = 0xdeadbeef;

	(void)wcnic_card_bar_read(h->card, WCNIC_BAR_REGS, off, &value, sizeof(value));
	return le32toh(value);
}

uint64_t
fake_reg64(struct fake_host *h, uint64_t off)
{
	uint64_t value = 0xdeadbeef;

	(void)wcnic_card_bar_read(h->card, WCNIC_BAR_REGS, off, &value, sizeof(value));
	return le64toh(value);
}

void
fake_reg32_set(struct fake_host *h, uint64_t off, uint32_t value)
{
	value = htole32(value);
	(void)wcnic_card_bar_write(h->card, WCNIC_BAR_REGS, off, &value, sizeof(value));
}

void
fake_reg64_set(struct fake_host *h, uint64_t off, uint64_t value)
{
	value = htole64(value);
	(void)wcnic_card_bar_write(h->card, WCNIC_BAR_REGS, off, &value, sizeof(value));
}

void
fake_enable(struct fake_host *h)
{
	h->mem_used = 0;
	h->asq = fake_alloc(h, sizeof(*h->asq) << FAKE_ADMIN_LOG2, 64);
	h->acq = fake_alloc(h, sizeof(*h->acq) << FAKE_ADMIN_LOG2, 64);
	h->aeq = fake_alloc(h, sizeof(*h->aeq) << FAKE_AEQ_LOG2, 64);
	h->bounce = fake_alloc(h, 512, 64);
	h->asq_tail = 0;
	h->aeq_head = 0;
	fake_reg64_set(h, WCNIC_REG_ASQ_BASE, fake_iova(h, h->asq));
	fake_reg64_set(h, WCNIC_REG_ACQ_BASE, fake_iova(h, h->acq));
	fake_reg64_set(h, WCNIC_REG_AEQ_BASE, fake_iova(h, h->aeq));
	fake_reg32_set(h, WCNIC_REG_ADMIN_SIZE, FAKE_ADMIN_LOG2 | FAKE_AEQ_LOG2 << 8);
	fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE);
}

static uint8_t
phase_of(uint16_t seq, uint16_t entries)
{
	return (seq / entries) % 2 == 0;
}

bool
fake_submit(struct fake_host *h, const struct wcnic_admin_cmd *cmd, struct wcnic_admin_cpl *cpl)
{
	uint16_t entries = 1u << FAKE_ADMIN_LOG2;
	uint16_t idx = h->asq_tail % entries;
	uint8_t phase = phase_of(h->asq_tail, entries);

	h->asq[idx] = *cmd;
	h->asq_tail++;
	fake_reg32_set(h, WCNIC_REG_ASQ_TAIL, h->asq_tail);
	for (unsigned int i = 0; i < h->polls; i++) {
		wcnic_card_poll(h->card);
		if (h->between != NULL)
			h->between(h);
		*cpl = h->acq[idx];
		if ((cpl->phase & WCNIC_PHASE_BIT) == phase)
			return true;
	}
	return false;
}

int
fake_cmd(struct fake_host *h, uint8_t opcode, const void *params, void *data, size_t bytes,
	 uint32_t *result)
{
	struct wcnic_admin_cmd cmd = {.opcode = opcode, .cmd_id = htole16(h->asq_tail ^ 0x5a5a)};
	struct wcnic_admin_cpl cpl;

	assert(bytes <= 512);
	if (params != NULL)
		memcpy(cmd.params, params, sizeof(cmd.params));
	if (bytes != 0) {
		memcpy(h->bounce, data, bytes);
		cmd.data_bytes = htole32((uint32_t)bytes);
		cmd.data_iova = htole64(fake_iova(h, h->bounce));
	}
	if (!fake_submit(h, &cmd, &cpl) || cpl.cmd_id != cmd.cmd_id)
		return -1;
	if (result != NULL)
		*result = le32toh(cpl.result);
	if (bytes != 0)
		memcpy(data, h->bounce, bytes);
	return le16toh(cpl.status);
}

bool
fake_event(struct fake_host *h, struct wcnic_event *event)
{
	uint16_t entries = 1u << FAKE_AEQ_LOG2;

	*event = h->aeq[h->aeq_head % entries];
	if ((event->phase & WCNIC_PHASE_BIT) != phase_of(h->aeq_head, entries))
		return false;
	h->aeq_head++;
	fake_reg32_set(h, WCNIC_REG_AEQ_HEAD, h->aeq_head);
	return true;
}

bool
fake_event_find(struct fake_host *h, enum wcnic_event_type type, struct wcnic_event *event)
{
	while (fake_event(h, event))
		if (le16toh(event->type) == type)
			return true;
	return false;
}

int
fake_window(struct fake_host *h, enum wcnic_window_type type, uint8_t slot_lines, uint16_t qid,
	    uint32_t bytes, struct wcnic_window_grant *grant)
{
	struct wcnic_cmd_window_alloc p = {
		.type = type,
		.slot_lines = slot_lines,
		.qid = htole16(qid),
		.bytes = htole32(bytes),
	};

	return fake_cmd(h, WCNIC_OP_WINDOW_ALLOC, &p, grant, sizeof(*grant), NULL);
}

int
fake_window_free(struct fake_host *h, const struct wcnic_window_grant *grant)
{
	struct wcnic_cmd_window p = {.id = grant->id, .generation = grant->generation};

	return fake_cmd(h, WCNIC_OP_WINDOW_FREE, &p, NULL, 0, NULL);
}

int
fake_port_set(struct fake_host *h, uint16_t mtu, uint16_t flags)
{
	struct wcnic_cmd_port_set p = {
		.valid = htole16(WCNIC_PORT_SET_MTU | WCNIC_PORT_SET_FLAGS),
		.mtu = htole16(mtu),
		.flags = htole16(flags),
	};

	return fake_cmd(h, WCNIC_OP_PORT_SET, &p, NULL, 0, NULL);
}

void
fake_stats(struct fake_host *h, struct wcnic_stats *stats)
{
	wcnic_card_stats(h->card, stats);
}

void
fake_frame_fill(uint8_t *frame, uint32_t bytes, uint32_t salt)
{
	for (uint32_t i = 0; i < bytes; i++)
		frame[i] = (uint8_t)(i * 7 + (i >> 8) + salt);
	frame[0] = 2;
}
