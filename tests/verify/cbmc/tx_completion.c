/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver takes exactly the Tx completions that datasheet section 6 allows. */

#include "prove.h"
#include "wcnic_tx_reap.c"

/* As the datasheet has it: of `left` entries from `first` on, in a queue that is `q`. */
static bool
allowed(const struct wcnic_txq *q, const struct wcnic_tx_cpl *cpl, uint16_t first, uint16_t left)
{
	const uint16_t last = first + cpl->count - 1;

	if (cpl->seq != first || left == 0)
		return false;
	switch (cpl->status) {
	case WCNIC_TX_PUSHED:
	case WCNIC_TX_FETCHED:
	case WCNIC_TX_ERROR:
		/* Only whole frames are completed, and only the last entry of one has an mbuf. */
		return cpl->count >= 1 && cpl->count <= left && q->sw[last % q->depth] != NULL &&
		       (cpl->epoch == q->epoch || (uint8_t)(cpl->epoch + 1) == q->epoch);
	case WCNIC_TX_INCOMPLETE:
	case WCNIC_TX_DROPPED:
		return cpl->count == 0 && cpl->epoch == q->epoch && q->ctrl.window.granted &&
		       q->placement == WCNIC_PLACEMENT_PUSH;
	default:
		return false;
	}
}

void
prove_tx_completion(void)
{
	struct wcnic_txq q;
	struct wcnic_tx_cpl cpl;
	uint16_t done;
	bool ok;

	ASSUME(prove_power_of_2(q.depth) && q.depth >= 8 && q.mask == q.depth - 1);
	ASSUME((uint16_t)(q.tail - q.head) <= q.depth);
	ASSUME(done <= (uint16_t)(q.tail - q.head));
	q.sw = prove_memory(q.depth * sizeof(q.sw[0]));
	ok = completion_ok(&q, &cpl, done);
	PROVE(ok == allowed(&q, &cpl, (uint16_t)(q.head + done),
			    (uint16_t)(q.tail - q.head) - done),
	      "a completion is taken if, and only if, the datasheet allows it");
	PROVE(!ok || done + cpl.count <= (uint16_t)(q.tail - q.head),
	      "what it completes is in flight");
}
