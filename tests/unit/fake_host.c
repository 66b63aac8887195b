/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A host for the model: memory, admin rings, interrupts and log that a test can look at. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"

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
	h->push_bytes = 65536;
	h->polls = 1;
	h->aperture_bytes = c.aperture_bytes != 0 ? c.aperture_bytes : FAKE_APERTURE_BYTES;
	h->aperture = aligned_alloc(4096, h->aperture_bytes);
	if (fake_mem_init(&h->m, mem_bytes) != 0 || h->aperture == NULL) {
		fake_host_fini(h);
		return -ENOMEM;
	}
	memset(h->aperture, 0, h->aperture_bytes);
	if (c.ops == NULL)
		c.ops = &fake_mem_ops;
	c.ctx = &h->m;
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
	fake_mem_fini(&h->m);
	h->card = NULL;
	h->aperture = NULL;
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
	return fake_mem_alloc(&h->m, bytes, align);
}

uint64_t
fake_iova(const struct fake_host *h, const void *ptr)
{
	return fake_mem_iova(&h->m, ptr);
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
	h->m.used = 0;
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
