/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card, its port and its queues of the tests of ports. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "port_rig.h"

void
end_open(struct end *e, const char *spec)
{
	char why[256] = "";

	assert_int_equal(fake_host_init(&e->h, NULL), 0);
	if (wcnic_port_create(spec, wcnic_card_dev(e->h.card), &e->port, why, sizeof(why)) != 0)
		fail_msg("%s: %s", spec, why);
	end_start(e);
}

void
end_start(struct end *e)
{
	struct wcnic_port_info info = {0};

	fake_enable(&e->h);
	/* Pauses as the wire does them by itself. */
	assert_int_equal(fake_cmd(&e->h, WCNIC_OP_PORT_QUERY, NULL, &info, sizeof(info), NULL), 0);
	assert_int_equal(fake_port_set(&e->h, 1500, PORT_UP | le16toh(info.flags)), 0);
	assert_int_equal(fake_txq_open(&e->h, &e->tx, 0, 256, WCNIC_PLACEMENT_PUSH, 4), 0);
	assert_int_equal(fake_rxq_open(&e->h, &e->rx, 0, 128, 512), 0);
	e->frame = fake_alloc(&e->h, 16384, 64);
}

void
end_close(struct end *e)
{
	wcnic_port_destroy(e->port);
	fake_host_fini(&e->h);
}

void
end_go(struct end *e)
{
	fake_tx_ring(&e->tx);
	wcnic_card_poll(e->h.card);
}

unsigned int
end_reap(struct end *e)
{
	enum wcnic_tx_status sent = e->tx.placement == WCNIC_PLACEMENT_PUSH ? WCNIC_TX_PUSHED
									    : WCNIC_TX_FETCHED;
	struct wcnic_tx_cpl cpl;
	unsigned int done = 0;

	while (fake_tx_reap(&e->tx, &cpl)) {
		assert_int_equal(cpl.status, sent);
		done += le16toh(cpl.frames);
	}
	return done;
}

void
specs_refused(const struct bad_spec *bad, size_t count)
{
	struct wcnic_port *port = NULL;
	struct fake_host h;
	char why[256];

	assert_int_equal(fake_host_init(&h, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		why[0] = '\0';
		assert_true(wcnic_port_create(bad[i].spec, wcnic_card_dev(h.card), &port, why,
					      sizeof(why)) < 0);
		assert_null(port);
		if (strstr(why, bad[i].culprit) == NULL || strstr(why, bad[i].remedy) == NULL)
			fail_msg("%s: '%s' should name %s and %s", bad[i].spec, why, bad[i].culprit,
				 bad[i].remedy);
	}
	fake_host_fini(&h);
}
