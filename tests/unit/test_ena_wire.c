/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ENA card at a port that is shared with the other card: a wire between both, loopback. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wcnic_port.h>

#include "ena_rig.h"
#include "fake_host.h"

#define DEPTH 64u
#define FRAMES 1000u

struct pair {
	struct fake_ena e;
	struct fake_ena_txq tx;
	struct fake_ena_rxq rx;
	struct fake_host h;
	struct fake_txq h_tx;
	struct fake_rxq h_rx;
	struct wcnic_port *ports[2];
	uint8_t *frame; /* in the memory of both */
	uint8_t *h_frame;
};

static struct wcnic_port *
port_open(const char *spec, struct wcdev *dev)
{
	struct wcnic_port *port = NULL;
	char why[128];

	if (wcnic_port_create(spec, dev, &port, why, sizeof(why)) != 0)
		fail_msg("%s: %s", spec, why);
	return port;
}

static void
ena_open(struct fake_ena *e, struct fake_ena_txq *tx, struct fake_ena_rxq *rx)
{
	fake_ena_enable(e);
	assert_int_equal(fake_ena_mtu_set(e, 1500), ENA_ST_OK);
	assert_int_equal(fake_ena_llq_set(e, 128, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(e, tx, DEPTH, true, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_rxq_open(e, rx, DEPTH, 2048, 1), ENA_ST_OK);
}

static struct pair *
pair_open(const char *spec)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_int_equal(fake_ena_init(&p->e, NULL), 0);
	assert_int_equal(fake_host_init(&p->h, NULL), 0);
	p->ports[0] = port_open(spec, ena_card_dev(p->e.card));
	p->ports[1] = port_open(spec, wcnic_card_dev(p->h.card));
	assert_int_equal(wcnic_port_wire(p->ports[0], p->ports[1]), 0);
	ena_open(&p->e, &p->tx, &p->rx);
	fake_enable(&p->h);
	assert_int_equal(fake_port_set(&p->h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(&p->h, &p->h_tx, 0, DEPTH, WCNIC_PLACEMENT_FETCH, 0), 0);
	assert_int_equal(fake_rxq_open(&p->h, &p->h_rx, 0, DEPTH, 2048), 0);
	p->frame = fake_ena_alloc(&p->e, 4096, 64);
	p->h_frame = fake_alloc(&p->h, 4096, 64);
	return p;
}

static void
pair_close(struct pair *p)
{
	wcnic_port_destroy(p->ports[0]);
	wcnic_port_destroy(p->ports[1]);
	fake_ena_fini(&p->e);
	fake_host_fini(&p->h);
	free(p);
}

static void
pair_poll(struct pair *p)
{
	ena_card_poll(p->e.card);
	wcnic_card_poll(p->h.card);
}

static void
ena_send(struct pair *p, uint32_t bytes, uint32_t salt)
{
	struct fake_ena_frame frame = {.header = p->frame, .header_bytes = 60, .n_bufs = 1};

	fake_frame_fill(p->frame, bytes, salt);
	frame.bufs[0].iova = fake_ena_iova(&p->e, p->frame + 60);
	frame.bufs[0].bytes = (uint16_t)(bytes - 60);
	fake_ena_tx(&p->tx, &frame);
	fake_ena_tx_ring(&p->e, &p->tx);
}

/* Frames of many sizes both ways: each comes, as it was. */
static void
wire__to_the_other_card_and_back__as_they_were(void **state)
{
	struct pair *p = pair_open("wire");
	uint8_t expected[2048], got[2048];
	struct wcnic_stats stats;
	struct wcnic_tx_cpl h_cpl;
	struct ena_tx_cpl cpl;

	(void)state;
	fake_ena_rx_post(&p->e, &p->rx, DEPTH);
	fake_rx_post(&p->h, &p->h_rx, DEPTH);
	for (unsigned int i = 0; i < FRAMES; i++) {
		const uint32_t bytes = 61 + i * 7 % 1400;

		fake_frame_fill(expected, bytes, i);
		ena_send(p, bytes, i);
		fake_frame_fill(p->h_frame, bytes, i);
		fake_tx_fetch(&p->h, &p->h_tx, p->h_frame, (uint16_t)bytes);
		fake_tx_ring(&p->h_tx);
		pair_poll(p);
		pair_poll(p);
		assert_true(fake_ena_tx_reap(&p->tx, &cpl));
		assert_true(fake_tx_reap(&p->h_tx, &h_cpl));
		assert_int_equal(fake_rx_frame(&p->h_rx, got, NULL), bytes);
		assert_memory_equal(got, expected, bytes);
		memset(got, 0, sizeof(got));
		assert_int_equal(fake_ena_rx_frame(&p->rx, got, NULL, NULL), bytes);
		assert_memory_equal(got, expected, bytes);
		fake_ena_rx_post(&p->e, &p->rx, 1);
		fake_rx_post(&p->h, &p->h_rx, 1);
	}
	ENA_EXPECT_CLEAN(&p->e);
	fake_stats(&p->h, &stats);
	assert_int_equal(stats.rx_frames, FRAMES);
	assert_int_equal(stats.tx_frames, FRAMES);
	assert_int_equal(stats.rx_missed, 0);
	pair_close(p);
}

/* The far end has no buffers: it drops, or the sender waits until there are some. */
static void
wire__no_buffers__dropped_or_waited_for(void **state)
{
	for (unsigned int flow = 0; flow < 2; flow++) {
		struct pair *p = pair_open(flow == 1 ? "wire:flow_control=on" : "wire");
		struct wcnic_stats stats;
		uint8_t got[2048];

		(void)state;
		if (flow == 1)
			assert_int_equal(fake_port_set(&p->h, 1500,
						       WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC |
							       WCNIC_PORTF_PAUSE_TX |
							       WCNIC_PORTF_PAUSE_RX),
					 0);
		for (unsigned int i = 0; i < 10; i++)
			ena_send(p, 100, i);
		for (unsigned int i = 0; i < 10; i++) {
			fake_frame_fill(p->h_frame, 100, 0);
			fake_tx_fetch(&p->h, &p->h_tx, p->h_frame, 100);
		}
		fake_tx_ring(&p->h_tx);
		for (unsigned int i = 0; i < 5; i++)
			pair_poll(p);
		fake_ena_rx_post(&p->e, &p->rx, DEPTH);
		fake_rx_post(&p->h, &p->h_rx, DEPTH);
		for (unsigned int i = 0; i < 5; i++)
			pair_poll(p);
		fake_stats(&p->h, &stats);
		if (flow == 1) {
			for (unsigned int i = 0; i < 10; i++) {
				assert_int_equal(fake_rx_frame(&p->h_rx, got, NULL), 100);
				assert_int_equal(fake_ena_rx_frame(&p->rx, got, NULL, NULL), 100);
			}
			ENA_EXPECT_CLEAN(&p->e);
			assert_int_equal(stats.rx_missed, 0);
		} else {
			ENA_EXPECT(&p->e, rx_missed, 10);
			assert_int_equal(stats.rx_missed, 10);
		}
		pair_close(p);
	}
}

/* What one driver does to the link, the other learns of. */
static void
wire__link_of_the_other_card__is_told(void **state)
{
	struct pair *p = pair_open("wire");
	struct ena_aenq_event event;

	(void)state;
	assert_int_equal(fake_ena_aenq_set(&p->e, 1u << ENA_AENQ_LINK), ENA_ST_OK);
	pair_poll(p);
	assert_true(fake_ena_event(&p->e, &event));
	assert_int_equal(le32toh(event.data[0]), 1);
	for (unsigned int up = 0; up < 2; up++) {
		assert_int_equal(fake_port_set(&p->h, 1500,
					       WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC |
						       (up == 0 ? WCNIC_PORTF_LINK_DOWN : 0)),
				 0);
		pair_poll(p);
		assert_true(fake_ena_event(&p->e, &event));
		assert_int_equal(le16toh(event.group), ENA_AENQ_LINK);
		assert_int_equal(le32toh(event.data[0]), up);
		/* A frame waits where there is no link. */
		if (up == 0)
			ena_send(p, 100, 1);
		pair_poll(p);
		assert_int_equal(ena_card_waits(p->e.card), up == 1);
	}
	pair_close(p);
}

static void
loopback__no_buffers__dropped_or_waited_for(void **state)
{
	for (unsigned int flow = 0; flow < 2; flow++) {
		const char *spec = flow == 1 ? "loopback:flow_control=on" : "loopback";
		struct pair *p = calloc(1, sizeof(*p));
		uint8_t got[2048];

		(void)state;
		assert_non_null(p);
		assert_int_equal(fake_ena_init(&p->e, NULL), 0);
		p->ports[0] = port_open(spec, ena_card_dev(p->e.card));
		ena_open(&p->e, &p->tx, &p->rx);
		/* A reset leaves the wire as it is. */
		assert_true(fake_ena_reset(&p->e, 0));
		ena_open(&p->e, &p->tx, &p->rx);
		p->frame = fake_ena_alloc(&p->e, 4096, 64);
		for (unsigned int i = 0; i < 10; i++)
			ena_send(p, 100, 3);
		fake_ena_poll(&p->e, 3);
		fake_ena_rx_post(&p->e, &p->rx, DEPTH);
		fake_ena_poll(&p->e, 3);
		for (unsigned int i = 0; i < 10 * flow; i++)
			assert_int_equal(fake_ena_rx_frame(&p->rx, got, NULL, NULL), 100);
		assert_int_equal(fake_ena_rx_frame(&p->rx, got, NULL, NULL), 0);
		if (flow == 1)
			ENA_EXPECT_CLEAN(&p->e);
		else
			ENA_EXPECT(&p->e, rx_missed, 10);
		wcnic_port_destroy(p->ports[0]);
		fake_ena_fini(&p->e);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire__to_the_other_card_and_back__as_they_were),
		cmocka_unit_test(wire__no_buffers__dropped_or_waited_for),
		cmocka_unit_test(wire__link_of_the_other_card__is_told),
		cmocka_unit_test(loopback__no_buffers__dropped_or_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
