/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A driver for the ENA card: registers, commands, events. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ena.h"

int
fake_ena_init(struct fake_ena *e, const struct ena_card_config *config)
{
	return fake_ena_init_sized(e, config, FAKE_MEM_BYTES);
}

int
fake_ena_init_sized(struct fake_ena *e, const struct ena_card_config *config, size_t mem_bytes)
{
	struct ena_card_config c = {.seed = 1,
				    .llq_entries = ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256};
	int ret;

	if (config != NULL)
		c = *config;
	memset(e, 0, sizeof(*e));
	e->polls = 1;
	e->llq_bytes = c.llq_bytes != 0 ? c.llq_bytes : FAKE_LLQ_BYTES;
	e->llq = aligned_alloc(4096, e->llq_bytes);
	if (fake_mem_init(&e->m, mem_bytes) != 0 || e->llq == NULL) {
		fake_ena_fini(e);
		return -ENOMEM;
	}
	memset(e->llq, 0, e->llq_bytes);
	if (c.ops == NULL)
		c.ops = &fake_mem_ops;
	c.ctx = &e->m;
	c.llq = e->llq;
	c.llq_bytes = e->llq_bytes;
	ret = ena_card_create(&c, &e->card);
	if (ret != 0)
		fake_ena_fini(e);
	return ret;
}

void
fake_ena_fini(struct fake_ena *e)
{
	ena_card_destroy(e->card);
	free(e->llq);
	fake_mem_fini(&e->m);
	e->card = NULL;
	e->llq = NULL;
}

int
fake_ena_setup_off(void **state)
{
	struct fake_ena *e = malloc(sizeof(*e));

	*state = e;
	return e == NULL ? -1 : fake_ena_init(e, NULL);
}

int
fake_ena_setup(void **state)
{
	if (fake_ena_setup_off(state) != 0)
		return -1;
	fake_ena_enable(*state);
	return 0;
}

int
fake_ena_teardown(void **state)
{
	fake_ena_fini(*state);
	free(*state);
	return 0;
}

void *
fake_ena_alloc(struct fake_ena *e, size_t bytes, size_t align)
{
	return fake_mem_alloc(&e->m, bytes, align);
}

uint64_t
fake_ena_iova(const struct fake_ena *e, const void *ptr)
{
	return fake_mem_iova(&e->m, ptr);
}

void
fake_ena_poll(struct fake_ena *e, unsigned int polls)
{
	for (; polls > 0; polls--)
		ena_card_poll(e->card);
}

void
fake_ena_stats(struct fake_ena *e, struct ena_card_stats *stats)
{
	ena_card_stats(e->card, stats);
}

/* ---- registers --------------------------------------------------------------------------- */

uint32_t
fake_ena_reg(struct fake_ena *e, uint32_t off)
{
	uint32_t value = 0xdeadbeef;

	ena_card_bar_read(e->card, ENA_BAR_REGS, off, &value, sizeof(value));
	return le32toh(value);
}

void
fake_ena_reg_set(struct fake_ena *e, uint32_t off, uint32_t value)
{
	value = htole32(value);
	ena_card_bar_write(e->card, ENA_BAR_REGS, off, &value, sizeof(value));
}

void
fake_ena_reg_set64(struct fake_ena *e, uint32_t lo, uint64_t value)
{
	fake_ena_reg_set(e, lo, (uint32_t)value);
	fake_ena_reg_set(e, lo + 4, (uint32_t)(value >> 32));
}

bool
fake_ena_readless(struct fake_ena *e, uint32_t off, uint32_t *value)
{
	struct ena_reg_read answer;

	e->readless_id++;
	e->readless->req_id = htole16((uint16_t)(e->readless_id + 0xdead));
	fake_ena_reg_set64(e, ENA_REG_MMIO_RESP_LO, fake_ena_iova(e, e->readless));
	fake_ena_reg_set(e, ENA_REG_MMIO_REG_READ, off << 16 | e->readless_id);
	answer = *e->readless;
	*value = le32toh(answer.value);
	return le16toh(answer.req_id) == e->readless_id && le16toh(answer.off) == off;
}

static uint32_t
caps(uint32_t depth)
{
	return depth | ENA_ADMIN_BYTES << 16;
}

void
fake_ena_enable(struct fake_ena *e)
{
	e->m.used = 0;
	e->aq = fake_ena_alloc(e, FAKE_AQ_DEPTH * sizeof(*e->aq), 64);
	e->acq = fake_ena_alloc(e, FAKE_AQ_DEPTH * sizeof(*e->acq), 4096);
	e->aenq = fake_ena_alloc(e, FAKE_AENQ_DEPTH * sizeof(*e->aenq), 4096);
	e->readless = fake_ena_alloc(e, sizeof(*e->readless), 64);
	e->bounce = fake_ena_alloc(e, FAKE_BOUNCE_BYTES, 64);
	e->aq_tail = 0;
	e->acq_head = 0;
	e->aenq_head = 0;
	e->llq_set = (struct ena_llq){0};
	fake_ena_reg_set64(e, ENA_REG_AQ_BASE_LO, fake_ena_iova(e, e->aq));
	fake_ena_reg_set64(e, ENA_REG_ACQ_BASE_LO, fake_ena_iova(e, e->acq));
	fake_ena_reg_set(e, ENA_REG_AQ_CAPS, caps(FAKE_AQ_DEPTH));
	fake_ena_reg_set(e, ENA_REG_ACQ_CAPS, caps(FAKE_AQ_DEPTH));
	fake_ena_reg_set64(e, ENA_REG_AENQ_BASE_LO, fake_ena_iova(e, e->aenq));
	fake_ena_reg_set(e, ENA_REG_AENQ_CAPS, caps(FAKE_AENQ_DEPTH));
	/* So many events may be written before the driver has seen any. */
	fake_ena_reg_set(e, ENA_REG_AENQ_HEAD_DB, FAKE_AENQ_DEPTH);
}

bool
fake_ena_reset(struct fake_ena *e, unsigned int reason)
{
	bool begun;

	fake_ena_reg_set(e, ENA_REG_DEV_CTL,
			 ENA_DEV_CTL_RESET | (reason & 0xf) << 28 | reason >> 4 << 24);
	begun = (fake_ena_reg(e, ENA_REG_DEV_STS) & ENA_DEV_STS_RESET_IN_PROGRESS) != 0;
	fake_ena_reg_set(e, ENA_REG_DEV_CTL, 0);
	return begun && (fake_ena_reg(e, ENA_REG_DEV_STS) & ENA_DEV_STS_RESET_IN_PROGRESS) == 0;
}

/* ---- commands ---------------------------------------------------------------------------- */

static uint8_t
phase_of(uint16_t seq, uint16_t entries)
{
	return (seq / entries) % 2 == 0;
}

void
fake_ena_submit(struct fake_ena *e, const union ena_cmd *cmd)
{
	union ena_cmd *at = &e->aq[e->aq_tail % FAKE_AQ_DEPTH];

	*at = *cmd;
	at->common.command_id = htole16((e->aq_tail ^ 0x5a5a) & ENA_AQ_ID_MASK);
	at->common.flags |= phase_of(e->aq_tail, FAKE_AQ_DEPTH);
	e->aq_tail++;
	fake_ena_reg_set(e, ENA_REG_AQ_DB, e->aq_tail);
}

bool
fake_ena_answer(struct fake_ena *e, uint8_t answer[ENA_ADMIN_BYTES])
{
	struct ena_acq_common common;

	memcpy(answer, e->acq[e->acq_head % FAKE_AQ_DEPTH], ENA_ADMIN_BYTES);
	memcpy(&common, answer, sizeof(common));
	if ((common.flags & ENA_AQ_PHASE) != phase_of(e->acq_head, FAKE_AQ_DEPTH))
		return false;
	e->acq_head++;
	return true;
}

int
fake_ena_cmd(struct fake_ena *e, union ena_cmd *cmd, void *answer, size_t bytes)
{
	const uint16_t id = (e->aq_tail ^ 0x5a5a) & ENA_AQ_ID_MASK;
	struct ena_acq_common common;
	uint8_t all[ENA_ADMIN_BYTES];

	fake_ena_submit(e, cmd);
	for (unsigned int i = 0; i < e->polls; i++) {
		ena_card_poll(e->card);
		if (e->between != NULL)
			e->between(e);
		if (!fake_ena_answer(e, all))
			continue;
		memcpy(&common, all, sizeof(common));
		if (le16toh(common.command_id) != id || le16toh(common.sq_head) != e->aq_tail)
			return -1;
		if (answer != NULL)
			memcpy(answer, all + sizeof(common), bytes);
		e->status = common.status;
		return common.status;
	}
	return -1;
}

static void
buffer_give(struct fake_ena *e, union ena_cmd *cmd, size_t bytes)
{
	const uint64_t iova = fake_ena_iova(e, e->bounce);

	assert(bytes <= FAKE_BOUNCE_BYTES);
	if (bytes == 0)
		return;
	cmd->common.flags = ENA_AQ_BUFFER_INDIRECT;
	cmd->feature.buffer.bytes = htole32((uint32_t)bytes);
	cmd->feature.buffer.addr.lo = htole32((uint32_t)iova);
	cmd->feature.buffer.addr.hi = htole16((uint16_t)(iova >> 32));
}

int
fake_ena_get(struct fake_ena *e, uint8_t feature, void *answer, size_t bytes, void *buffer,
	     size_t buffer_bytes)
{
	union ena_cmd cmd = {.feature = {.common.opcode = ENA_GET_FEATURE, .feature = feature}};
	int status;

	if (buffer_bytes != 0)
		memset(e->bounce, 0xee, buffer_bytes);
	buffer_give(e, &cmd, buffer_bytes);
	status = fake_ena_cmd(e, &cmd, answer, bytes);
	if (buffer_bytes != 0)
		memcpy(buffer, e->bounce, buffer_bytes);
	return status;
}

int
fake_ena_set(struct fake_ena *e, uint8_t feature, const void *data, size_t bytes,
	     const void *buffer, size_t buffer_bytes)
{
	union ena_cmd cmd = {.feature = {.common.opcode = ENA_SET_FEATURE, .feature = feature}};

	assert(bytes <= sizeof(cmd.feature.data));
	if (bytes != 0)
		memcpy(cmd.feature.data, data, bytes);
	if (buffer_bytes != 0)
		memcpy(e->bounce, buffer, buffer_bytes);
	buffer_give(e, &cmd, buffer_bytes);
	return fake_ena_cmd(e, &cmd, NULL, 0);
}

int
fake_ena_llq_set(struct fake_ena *e, uint16_t entry_bytes, uint16_t accel_flags)
{
	struct ena_llq llq = {
		.header_enabled = htole16(ENA_LLQ_HEADER_INLINE),
		.entry_enabled = htole16(entry_bytes == 256 ? ENA_LLQ_SIZE_256 : ENA_LLQ_SIZE_128),
		.before_header_enabled = htole16(2),
		.stride_enabled = htole16(ENA_LLQ_STRIDE_MULTIPLE),
		.accel_flags = htole16(accel_flags),
	};

	e->llq_set = llq;
	return fake_ena_set(e, ENA_F_LLQ, &llq, sizeof(llq), NULL, 0);
}

int
fake_ena_mtu_set(struct fake_ena *e, uint32_t mtu)
{
	mtu = htole32(mtu);
	return fake_ena_set(e, ENA_F_MTU, &mtu, sizeof(mtu), NULL, 0);
}

int
fake_ena_aenq_set(struct fake_ena *e, uint32_t groups)
{
	const struct ena_aenq_groups data = {.enabled = htole32(groups)};

	return fake_ena_set(e, ENA_F_AENQ, &data, sizeof(data), NULL, 0);
}

bool
fake_ena_event(struct fake_ena *e, struct ena_aenq_event *event)
{
	*event = e->aenq[e->aenq_head % FAKE_AENQ_DEPTH];
	if ((event->flags & ENA_AQ_PHASE) != phase_of(e->aenq_head, FAKE_AENQ_DEPTH))
		return false;
	e->aenq_head++;
	fake_ena_reg_set(e, ENA_REG_AENQ_HEAD_DB, (uint16_t)(e->aenq_head + FAKE_AENQ_DEPTH));
	return true;
}

/* ---- RSS --------------------------------------------------------------------------------- */

int
fake_ena_rss_table(struct fake_ena *e, const struct fake_ena_rxq *queues, unsigned int n)
{
	const struct ena_rss_table table = {.log2 = htole16(ENA_RSS_TABLE_LOG2),
					    .inline_idx = htole32(ENA_RSS_NO_INLINE)};
	struct ena_rss_entry entries[1u << ENA_RSS_TABLE_LOG2] = {0};

	for (unsigned int i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		entries[i].queue = htole16(queues[i % n].idx);
	return fake_ena_set(e, ENA_F_RSS_TABLE, &table, sizeof(table), entries, sizeof(entries));
}

int
fake_ena_rss_key(struct fake_ena *e, const uint8_t key[4 * ENA_RSS_KEY_WORDS], uint32_t init_value)
{
	const struct ena_rss_function function = {.selected = htole32(ENA_RSS_TOEPLITZ),
						  .init_value = htole32(init_value)};
	struct ena_rss_key buffer = {.words = htole32(ENA_RSS_KEY_WORDS)};

	for (unsigned int i = 0; i < sizeof(buffer.key); i++)
		buffer.key[i] = key[sizeof(buffer.key) - 1 - i];
	return fake_ena_set(e, ENA_F_RSS_FUNCTION, &function, sizeof(function), &buffer,
			    sizeof(buffer));
}
