/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card takes a slot of a push window only whole, and copies no more than a slot has. */

#include "card_tx_slots.c"
#include "prove.h"

#define LINES_MAX 2u
#define WORDS (LINES_MAX * CARD_LINE_PAYLOAD_WORDS)

/* As the datasheet has it: the right tag and check. */
static bool
line_whole(const uint8_t *line, uint16_t seq, uint16_t generation, unsigned int idx)
{
	struct wcnic_push_line copy;
	uint16_t check;

	memcpy(&copy, line, sizeof(copy));
	check = copy.check;
	copy.check = 0;
	return copy.seq == seq && copy.generation == generation && copy.line_idx == idx &&
	       check == wcnic_line_check(&copy);
}

static bool
slot_whole(const uint8_t *slot, const struct card_txq *q, uint16_t seq)
{
	const unsigned int n = slot[8 + offsetof(struct wcnic_push_hdr, n_lines)];

	if (n < 1 || n > q->slot_lines)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *line = slot + i * WCNIC_LINE_BYTES;
		const bool last = (line[7] & WCNIC_LINEF_LAST) != 0;

		if (!line_whole(line, seq, q->generation, i) || last != (i == n - 1))
			return false;
	}
	return true;
}

void
prove_slot(void)
{
	uint8_t window[2 * LINES_MAX * WCNIC_LINE_BYTES] WC_ALIGNED(64);
	uint64_t stream[WORDS + 1], behind;
	struct wcnic_push_hdr hdr;
	enum card_tx_verdict verdict;
	struct card_txq q;
	uint16_t seq;

	ASSUME(prove_power_of_2(q.slot_lines) && q.slot_lines <= LINES_MAX);
	q.n_slots = 2;
	q.slots = window;
	stream[q.slot_lines * CARD_LINE_PAYLOAD_WORDS] = behind;
	verdict = slot_take(&q, seq, stream, &hdr);
	PROVE((verdict == CARD_TX_READY) == slot_whole(slot_at(&q, seq), &q, seq),
	      "a slot is taken if, and only if, it is whole");
	PROVE(stream[q.slot_lines * CARD_LINE_PAYLOAD_WORDS] == behind,
	      "nothing is written behind what a slot has");
	PROVE(verdict == CARD_TX_WAIT ||
		      (hdr.n_lines <= q.slot_lines) == (verdict == CARD_TX_READY) ||
		      hdr.n_lines == 0,
	      "more lines than a slot has never become one");
}
