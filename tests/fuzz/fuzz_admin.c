/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Registers, commands and accesses to BAR2, whatever their bytes, to a card that may be asleep. */

#include <string.h>

#include "fuzz_rig.h"
#include "fuzz_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Lines that may be written, lines that may not, and what is no line. */
static void
wake_record_choose(struct fuzz_rig *r, struct wcnic_admin_cmd *cmd)
{
	struct wcnic_cmd_wake_set p;

	memcpy(&p, cmd->params, sizeof(p));
	p.iova = htole64(fuzz_rig_iova(r, (uint32_t)le64toh(p.iova)) & ~(p.rsvd[0] & 63ull));
	memcpy(cmd->params, &p, sizeof(p));
}

static void
command_submit(struct fuzz_rig *r, struct fuzz_input *in, bool tame)
{
	struct wcnic_admin_cmd cmd;
	struct wcnic_admin_cpl cpl;

	fuzz_take(in, &cmd, sizeof(cmd));
	if (tame) {
		/* Most commands should get past the first check. */
		cmd.flags = 0;
		cmd.data_bytes = htole32(512);
		cmd.data_iova = htole64(fake_iova(&r->h, r->h.bounce));
		if (cmd.opcode == WCNIC_OP_WAKE_SET)
			wake_record_choose(r, &cmd);
		if (cmd.opcode >= WCNIC_OP_MAC_LIST_SET)
			fuzz_take(in, r->h.bounce, 320); /* input: most of these take some */
	}
	(void)fake_submit(&r->h, &cmd, &cpl);
}

static void
bar_access(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint8_t buf[64];
	unsigned int bar = fuzz_take8(in) % 5;
	uint64_t off = fuzz_take64(in);
	size_t bytes = fuzz_take8(in) % 65;

	if (bar == WCNIC_BAR_WINDOWS) {
		off %= r->h.aperture_bytes + 64;
		fuzz_state_touch(r->h.aperture + off, bytes);
	} else if (bar == WCNIC_BAR_REGS && bytes != 0) {
		/* Most are of a register, of its size. */
		off %= 0x100;
		if (bytes < 60) {
			bytes = bytes % 2 == 0 ? 4 : 8;
			off &= ~(uint64_t)(bytes - 1);
		}
	}
	fuzz_take(in, buf, bytes);
	(void)wcnic_card_bar_write(r->h.card, bar, off, buf, bytes);
	(void)wcnic_card_bar_read(r->h.card, bar, off, buf, bytes);
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct wcnic_event event;

	uint8_t what = fuzz_take8(in);

	/* The embedder may sleep before any of them. */
	if (what >= 216)
		(void)wcnic_card_sleep(r->h.card);
	else if (what >= 207)
		wcnic_card_awake(r->h.card);
	(void)wcnic_card_waits(r->h.card);
	switch (what % 9) {
	case 0:
		command_submit(r, in, false);
		break;
	case 1:
	case 2:
		command_submit(r, in, true);
		break;
	case 3:
		fake_reg32_set(&r->h, fuzz_take8(in) & ~3u, (uint32_t)fuzz_take64(in));
		break;
	case 4:
		bar_access(r, in);
		break;
	case 5:
		(void)wcnic_card_window_revoke(r->h.card, fuzz_take8(in) % 17);
		break;
	case 6:
		r->h.m.now_ns += fuzz_take16(in) * 10000ull;
		wcnic_card_poll(r->h.card);
		break;
	case 7:
		if (fuzz_take8(in) % 8 == 0)
			wcnic_card_reset(r->h.card);
		fake_enable(&r->h);
		break;
	default:
		while (fake_event(&r->h, &event))
			;
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_rig *r;

	if (r == NULL) {
		r = fuzz_rig_new(NULL);
		fuzz_rig_keep(r);
	}
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	wcnic_card_poll(r->h.card);
	return 0;
}
