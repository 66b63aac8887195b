/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx of frames in one buffer: one is taken iff each field of its completion is right. */

#include "prove.h"
#include "wcnic_rx_plain.c"

/* DPDK's headers declare it by the type of the CPU. */
uint16_t
rte_vect_get_max_simd_bitwidth(void)
{
	return 128;
}

uint32_t
wcnic_rx_ptype(uint16_t ptype)
{
	return ptype;
}

/* As the datasheet has it: a whole frame in buffer `seq`, which has `buf_bytes`. */
static bool
whole(const struct wcnic_rx_cpl *cpl, uint16_t seq, uint32_t buf_bytes)
{
	return cpl->seq == seq && cpl->bytes >= 1 && cpl->bytes <= buf_bytes &&
	       cpl->frame_bytes == cpl->bytes &&
	       (cpl->flags & (uint16_t)~WCNIC_RXF_OL_FLAGS) == (WCNIC_RXF_SOP | WCNIC_RXF_EOP);
}

void
prove_rx_scalar(void)
{
	struct rte_mbuf next, *pkts[1];
	struct wcnic_rx_cpl cpl;
	struct wcnic_rxq q;
	uint16_t head, taken;
	bool may;

	ASSUME(prove_power_of_2(q.depth) && q.depth >= 8 && q.mask == q.depth - 1);
	ASSUME((uint16_t)(q.posted - q.head) <= q.depth);
	ASSUME(q.buf_bytes >= 64 && q.buf_bytes <= UINT16_MAX);
	head = q.head;
	q.sw = prove_memory(q.depth * sizeof(q.sw[0]));
	q.sw[head % q.depth] = &next;
	q.cq = prove_memory(q.depth * sizeof(q.cq[0]));
	q.cq[head % q.depth] = cpl;
	may = (cpl.phase & WCNIC_PHASE_BIT) == ((head & q.depth) == 0) && head != q.posted &&
	      whole(&cpl, head, q.buf_bytes);
	taken = wcnic_rx_take_scalar(&q, pkts, 1);
	PROVE(taken == may, "one is taken if, and only if, it is a whole frame in a posted buffer");
	PROVE(q.head == (uint16_t)(head + taken), "head goes on by what was taken");
	PROVE(!may || (pkts[0] == &next && next.data_len == cpl.bytes && next.pkt_len == cpl.bytes),
	      "the frame has the bytes of its completion");
}
