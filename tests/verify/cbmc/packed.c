/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How long an entry of a packed push is, by a header of any bytes. */

#include "card_tx_packed.c"
#include "prove.h"

void
prove_packed_entry(void)
{
	struct wcnic_push_hdr hdr;
	struct card_txq q;
	uint8_t any;
	bool asks, kind, fits;
	uint32_t words, bytes;

	ASSUME(prove_power_of_2(q.slot_lines) && q.slot_lines <= WCNIC_SLOT_LINES_MAX);
	asks = (any & 1) != 0;
	words = entry_words(&q, &hdr, asks);
	kind = (hdr.inline_bytes == 0) != (hdr.n_segs == 0) && hdr.n_lines == 0;
	bytes = 8u + (asks ? 8u : 0) + (hdr.inline_bytes + 7u) / 8 * 8 + hdr.n_segs * 16u;
	fits = bytes <= WCNIC_SLOT_STREAM_BYTES(q.slot_lines);
	PROVE((words != 0) == (kind && fits),
	      "an entry has a length if, and only if, the datasheet allows its header");
	PROVE(words == 0 || words * 8 == bytes, "which is that of what it holds");
	PROVE(words <= CARD_SLOT_PAYLOAD_WORDS_MAX, "and not longer than a slot's");
}
