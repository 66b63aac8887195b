/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver's checks of what firmware grants and of what the card says of itself. */

#include "wcadmin_window.c"
#undef FRAME_BYTES_MIN
#include "prove.h"
#include "wcadmin_card.c"

static const struct wcadmin_ops quiet;

int
wcadmin_run(struct wcadmin *a, const struct wcadmin_request *request)
{
	(void)a;
	(void)request;
	return -EIO;
}

static bool
apart(const struct wcadmin_window *a, const struct wcadmin_window *b)
{
	return a->off >= b->off + b->bytes || b->off >= a->off + a->bytes;
}

static bool
within(const struct wcadmin *a, const struct wcadmin_window *w)
{
	return w->bytes != 0 && w->off <= a->aperture_bytes &&
	       w->bytes <= a->aperture_bytes - w->off;
}

/* Datasheet section 4, where two windows are granted already. */
void
prove_grant(void)
{
	struct wcadmin_window w, old[2];
	struct wcadmin_window_spec spec;
	struct wcadmin a;
	bool fits, slots;
	int ret;

	a.config.ops = &quiet;
	/* By identity_check(). */
	ASSUME(prove_power_of_2(a.window_align) && a.window_align <= a.aperture_bytes);
	/* By this very check. */
	ASSUME(within(&a, &old[0]) && within(&a, &old[1]));
	a.windows = &old[0];
	old[0].next = &old[1];
	old[1].next = NULL;
	ASSUME(spec.type == WCNIC_WINDOW_DOORBELL || spec.type == WCNIC_WINDOW_PUSH);
	ret = grant_check(&a, &spec, &w);
	fits = within(&a, &w) && (w.off & (a.window_align - 1)) == 0 &&
	       (w.bytes & (a.window_align - 1)) == 0 && apart(&w, &old[0]) && apart(&w, &old[1]);
	slots = w.slot_lines == spec.slot_lines && prove_power_of_2(w.slots) && w.max_burst >= 1 &&
		(uint64_t)w.slots * w.slot_lines * 64 <= w.bytes;
	PROVE((ret == 0) == (w.type == spec.type && w.generation != 0 && fits &&
			     (spec.type == WCNIC_WINDOW_DOORBELL || slots)),
	      "a grant is taken if, and only if, the datasheet allows it");
}

/* Datasheet section 3, IDENTIFY. */
void
prove_identity(void)
{
	struct wcnic_identity id;
	struct wcadmin a;

	a.config.ops = &quiet;
	if (identity_check(&a, &id) != 0)
		return;
	PROVE(id.max_txq >= 1 && id.max_rxq >= 1, "there are queues");
	PROVE(prove_power_of_2(id.min_depth) && prove_power_of_2(id.max_depth) &&
		      id.min_depth <= id.max_depth,
	      "depths are powers of two");
	PROVE(prove_power_of_2(id.window_align) && id.window_align <= id.max_window_bytes &&
		      id.max_window_bytes <= a.aperture_bytes,
	      "windows fit the aperture");
	PROVE((id.caps & WCNIC_CAP_PUSH) == 0 || prove_power_of_2(id.max_slot_lines),
	      "slots are a power of two of lines");
	PROVE((id.mac[0] & 1) == 0, "the address is one of a card");
}
