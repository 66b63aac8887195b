/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver takes exactly the Rx completions of any kind that datasheet section 7 allows. */

#include "prove.h"
#include "wcnic_rx.c"

int
rte_log(uint32_t level, uint32_t type, const char *format, ...)
{
	(void)level;
	(void)type;
	(void)format;
	return 0;
}

void
wcnic_time_ptp_note(struct wcnic_hw *hw, const struct rte_mbuf *m, uint64_t ns)
{
	(void)hw;
	(void)m;
	(void)ns;
}

/* As the datasheet has it, where `left` bytes of the frame under way are to come; 0: there is none.
 */
static bool
allowed(const struct wcnic_rxq *q, const struct wcnic_rx_cpl *cpl, uint32_t left)
{
	const bool sop = (cpl->flags & WCNIC_RXF_SOP) != 0, eop = (cpl->flags & WCNIC_RXF_EOP) != 0;

	if (cpl->seq != q->head || q->head == q->posted || sop != (left == 0))
		return false;
	if (sop && (cpl->flags & WCNIC_RXF_EXTRA) != 0 && q->extra == NULL)
		return false;
	if (sop)
		left = cpl->frame_bytes;
	if (cpl->bytes == 0 || cpl->bytes > q->buf_bytes || cpl->bytes > left)
		return false;
	return eop == (cpl->bytes == left);
}

/* One completion of any bytes, in a queue of any state. */
void
prove_rx_completion(void)
{
	struct rte_mbuf next, first, last, *frame = NULL;
	struct wcnic_rx_cpl cpl;
	struct wcnic_hw hw;
	struct wcnic_rxq q;
	bool under_way, extras, may, taken;
	uint32_t left;
	uint16_t head;

	ASSUME(prove_power_of_2(q.depth) && q.depth >= 8 && q.mask == q.depth - 1);
	ASSUME((uint16_t)(q.posted - q.head) <= q.depth);
	ASSUME(q.buf_bytes >= 64 && q.buf_bytes <= UINT16_MAX);
	head = q.head;
	q.hw = &hw;
	q.sw = prove_memory(q.depth * sizeof(q.sw[0]));
	q.sw[head % q.depth] = &next;
	q.cq = prove_memory(q.depth * sizeof(q.cq[0]));
	q.cq[head % q.depth] = cpl;
	q.extra = extras ? prove_memory(q.depth * sizeof(q.extra[0])) : NULL;
	q.time_flag = 0;
	/* The frame under way lacks bytes. */
	q.first = under_way ? &first : NULL;
	q.last = under_way ? &last : NULL;
	ASSUME(!under_way || (q.left > 0 && q.left < UINT16_MAX));
	left = under_way ? q.left : 0;
	may = (cpl.phase & WCNIC_PHASE_BIT) == ((head & q.depth) == 0) && allowed(&q, &cpl, left);
	taken = any_take(&q, &frame);
	PROVE(taken == may, "a completion is taken if, and only if, the datasheet allows it");
	if (!taken) {
		PROVE(q.head == head, "what is not taken changes nothing");
		return;
	}
	left = under_way ? left : cpl.frame_bytes;
	PROVE(q.head == (uint16_t)(head + 1) && next.data_len == cpl.bytes,
	      "the next buffer has the bytes of its completion");
	PROVE(next.data_len <= q.buf_bytes, "which are not more than it has");
	PROVE(q.left == left - cpl.bytes, "the frame lacks so many less");
	PROVE((frame != NULL) == (q.left == 0) && (frame != NULL) == (q.first == NULL),
	      "it is handed out when it lacks none, and only then");
}
