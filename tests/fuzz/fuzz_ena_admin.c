/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Registers, commands and doorbells of the ENA card, whatever their bytes. */

#include <string.h>

#include "fuzz_ena_rig.h"
#include "fuzz_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* What is in a buffer of RSS, if it is to be right. */
static void
rss_fill(struct fuzz_ena *r, uint8_t feature, uint8_t how)
{
	struct ena_rss_input *input = (void *)r->e.bounce;

	if (feature == ENA_F_RSS_FUNCTION)
		memcpy(r->e.bounce, "\x0a\0\0\0", 4);
	if (feature == ENA_F_RSS_TABLE)
		memset(r->e.bounce, 0, 512); /* queue 0, if it is one for Rx */
	for (unsigned int i = 0; i < 10 && feature == ENA_F_RSS_INPUT; i++)
		input->selected[i].fields = htole16(i == ENA_RSS_NOT_IP ? 3 : how % 2 * 0x0c);
}

/* Most commands should get past the first check. */
static void
command_tame(struct fuzz_ena *r, struct fuzz_input *in, union ena_cmd *cmd)
{
	static const uint8_t opcodes[] = {1, 2, 3, 4, 8, 9, 11, 9};
	static const uint8_t features[] = {1, 2, 3, 4, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28, 9, 5};
	const uint8_t how = fuzz_take8(in);
	const uint64_t bounce = fake_ena_iova(&r->e, r->e.bounce);
	const uint64_t data = fake_ena_iova(&r->e, r->data);

	cmd->common.opcode = opcodes[how % 8];
	cmd->common.flags &= 0x06;
	switch (cmd->common.opcode) {
	case ENA_CREATE_SQ:
		cmd->create_sq.identity = (uint8_t)((1 + how / 8 % 2) << ENA_SQ_DIRECTION_SHIFT);
		cmd->create_sq.caps = (uint8_t)(how / 16 % 4 == 3 ? 3 : 1);
		cmd->create_sq.cq_idx &= htole16(3);
		cmd->create_sq.depth = htole16((uint16_t)(1u << how % 8));
		cmd->create_sq.base.lo = htole32((uint32_t)data);
		cmd->create_sq.base.hi = htole16((uint16_t)(data >> 32));
		break;
	case ENA_DESTROY_SQ:
		cmd->destroy_sq.sq_idx &= htole16(3);
		cmd->destroy_sq.identity = (uint8_t)((1 + how / 8 % 2) << ENA_SQ_DIRECTION_SHIFT);
		break;
	case ENA_CREATE_CQ:
		cmd->create_cq.entry_words = (uint8_t)(2u << how / 8 % 3);
		cmd->create_cq.depth = htole16((uint16_t)(1u << how % 8));
		cmd->create_cq.vector &= htole32(3);
		cmd->create_cq.base.lo = htole32((uint32_t)data + 32768);
		cmd->create_cq.base.hi = htole16((uint16_t)(data >> 32));
		break;
	case ENA_DESTROY_CQ:
		cmd->destroy_cq.cq_idx &= htole16(3);
		break;
	default:
		cmd->feature.feature = features[how / 8 % 16];
		cmd->feature.buffer.bytes = htole32(how / 128 == 0 ? 512 : how);
		cmd->feature.buffer.addr.lo = htole32((uint32_t)bounce);
		cmd->feature.buffer.addr.hi = htole16((uint16_t)(bounce >> 32));
		if (cmd->feature.feature == ENA_F_RSS_FUNCTION)
			cmd->feature.data[1] = htole32(2);
		if (cmd->feature.feature == ENA_F_RSS_TABLE)
			memcpy(cmd->feature.data, "\0\0\0\0\7\0\0\0\xff\xff\xff\xff", 12);
		rss_fill(r, cmd->feature.feature, how);
		break;
	}
}

static void
command_submit(struct fuzz_ena *r, struct fuzz_input *in, bool tame)
{
	union ena_cmd cmd;
	uint8_t answer[ENA_ADMIN_BYTES];

	fuzz_take(in, &cmd, sizeof(cmd));
	if (tame) {
		fuzz_take(in, r->e.bounce, 64);
		command_tame(r, in, &cmd);
	}
	fake_ena_submit(&r->e, &cmd);
	ena_card_poll(r->e.card);
	(void)fake_ena_answer(&r->e, answer);
}

static void
bar_access(struct fuzz_ena *r, struct fuzz_input *in)
{
	uint8_t buf[64];
	unsigned int bar = fuzz_take8(in) % 5;
	uint64_t off = fuzz_take64(in);
	size_t bytes = fuzz_take8(in) % 65;

	if (bar == ENA_BAR_LLQ)
		off %= r->e.llq_bytes + 64;
	if (bar == ENA_BAR_REGS)
		off %= ENA_BAR_REGS_BYTES;
	fuzz_take(in, buf, bytes);
	ena_card_bar_write(r->e.card, bar, off, buf, bytes);
	ena_card_bar_read(r->e.card, bar, off, buf, bytes);
}

static void
frame_offer(struct fuzz_ena *r, struct fuzz_input *in)
{
	const uint32_t bytes = 14 + fuzz_take8(in);
	uint8_t frame[300];

	fuzz_take(in, frame, bytes);
	if (fuzz_take8(in) % 2 == 0)
		memcpy(frame + 12, "\x08\0\x45", 3);
	(void)fake_ena_receive(&r->e, frame, bytes, 100);
}

static void
step(struct fuzz_ena *r, struct fuzz_input *in)
{
	struct ena_aenq_event event;

	switch (fuzz_take8(in) % 10) {
	case 0:
		command_submit(r, in, false);
		break;
	case 1:
	case 2:
	case 3:
		command_submit(r, in, true);
		break;
	case 4:
		fake_ena_reg_set(&r->e, fuzz_take8(in) & ~3u, (uint32_t)fuzz_take64(in));
		break;
	case 5:
		/* Doorbells of queues. */
		fake_ena_reg_set(&r->e, 0x1000u + (fuzz_take16(in) & 0xffcu), fuzz_take16(in));
		break;
	case 6:
		bar_access(r, in);
		break;
	case 7:
		r->e.m.now_ns += fuzz_take16(in) * 100000ull;
		ena_card_warn(r->e.card, 1);
		ena_card_poll(r->e.card);
		(void)ena_card_waits(r->e.card);
		while (fake_ena_event(&r->e, &event))
			;
		break;
	case 8:
		if (fuzz_take8(in) % 8 == 0 && r->resets != 0) {
			ena_card_reset(r->e.card);
			r->resets--;
		}
		fuzz_ena_enable(r);
		break;
	default:
		frame_offer(r, in);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_ena *r;

	if (r == NULL) {
		r = fuzz_ena_new(false);
		fuzz_ena_keep(r);
	}
	fuzz_state_restore();
	while (in.left != 0)
		step(r, &in);
	ena_card_poll(r->e.card);
	return 0;
}
