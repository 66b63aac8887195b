/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The loops that send and receive. */

#include <patience.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ether.h>

#include "frame.h"
#include "pump.h"

#define LOOKS_EVERY 16u /* rounds between two looks at the clock */
#define INPUT_EVERY 4096u
#define QUIET_MS 2u

/* ---- frames -------------------------------------------------------------------------------- */

static uint32_t
size_of(const struct pump *p, uint32_t idx)
{
	static const uint16_t imix[] = {64, 570, 64, 64, 570, 64, 1518, 64, 570, 64, 570, 64};

	return (p->bytes != PUMP_IMIX ? p->bytes : imix[idx % RTE_DIM(imix)]) - PUMP_FCS_BYTES;
}

static void
buffer_fill(struct rte_mempool *pool, void *arg, void *object, unsigned int idx)
{
	struct rte_mbuf *m = object;

	(void)pool;
	(void)arg;
	perf_frame_fill(RTE_PTR_ADD(m->buf_addr, RTE_PKTMBUF_HEADROOM), idx,
			RTE_ETHER_MAX_LEN - PUMP_FCS_BYTES);
}

void
pump_pool_fill(struct rte_mempool *pool)
{
	rte_mempool_obj_iter(pool, buffer_fill, NULL);
}

static inline void
length_set(struct rte_mbuf *m, uint16_t bytes)
{
	m->data_len = bytes;
	m->pkt_len = bytes;
}

/* ---- calls, counted ------------------------------------------------------------------------ */

static inline uint16_t
receive(struct pump *p, uint16_t queue, struct rte_mbuf **m)
{
	uint16_t n = rte_eth_rx_burst(p->port, queue, m, p->burst);

	p->n.calls++;
	p->n.empty += n == 0;
	p->n.received += n;
	return n;
}

/* Sends what is pending; true if nothing is left. */
static inline bool
pending_send(struct pump *p, uint16_t queue)
{
	struct pump_pending *w = &p->pending[queue];
	uint16_t n = rte_eth_tx_burst(p->port, queue, w->m + w->at, w->n - w->at);

	p->n.calls++;
	p->n.empty += n == 0;
	p->n.sent += n;
	w->at += n;
	return w->at == w->n;
}

static inline bool
pending_any(const struct pump *p, uint16_t queue)
{
	return p->pending[queue].at != p->pending[queue].n;
}

/* ---- one round over the queues that are used ------------------------------------------------ */

static inline void
round_tx(struct pump *p)
{
	for (uint16_t q = 0; q < p->used; q++) {
		struct pump_pending *w = &p->pending[q];
		const uint16_t *length = &p->lengths[p->turn % PUMP_BURST_MAX];

		if (!pending_any(p, q)) {
			w->at = w->n = 0;
			if (unlikely(rte_pktmbuf_alloc_bulk(p->pool, w->m, p->burst) != 0)) {
				rte_eth_tx_burst(p->port, q, w->m, 0);
				continue;
			}
			w->n = p->burst;
			for (uint16_t i = 0; i < p->burst; i++)
				length_set(w->m[i], length[i]);
			p->turn += p->burst;
		}
		pending_send(p, q);
	}
}

static inline void
round_rx(struct pump *p)
{
	struct rte_mbuf *m[PUMP_BURST_MAX];
	uint16_t n;

	for (uint16_t q = 0; q < p->used; q++) {
		n = receive(p, q, m);
		if (n > 0)
			rte_pktmbuf_free_bulk(m, n);
	}
}

/* Sends on what was received: both ends of a loop. */
static inline void
round_forward(struct pump *p)
{
	for (uint16_t q = 0; q < p->used; q++) {
		struct pump_pending *w = &p->pending[q];

		if (!pending_any(p, q)) {
			w->at = 0;
			w->n = receive(p, q, w->m);
			if (w->n == 0)
				continue;
		}
		pending_send(p, q);
	}
}

/* A frame out and back. */
static void
trip(struct pump *p)
{
	const uint64_t limit = rte_get_tsc_hz() / 1000 * p->lost_after_ms;
	struct rte_mbuf *m = p->pending[0].m[0];
	uint64_t began, now;

	if (p->lost != 0)
		return; /* the one that comes next may be that one */
	began = rte_rdtsc_precise();
	while (rte_eth_tx_burst(p->port, 0, &m, 1) == 0)
		if (rte_rdtsc() - began > limit)
			return;
	p->n.sent++;
	while (rte_eth_rx_burst(p->port, 0, &m, 1) == 0) {
		if (rte_rdtsc() - began <= limit)
			continue;
		p->lost++;
		m = rte_pktmbuf_alloc(p->pool);
		length_set(m, p->lengths[0]);
		p->pending[0].m[0] = m;
		return;
	}
	now = rte_rdtsc_precise();
	p->n.received++;
	p->trips[p->n_trips++ % PUMP_TRIPS_MAX] = (uint32_t)((double)(now - began) * 1e9 /
							     rte_get_tsc_hz());
	p->pending[0].m[0] = m;
}

static inline void
round_any(struct pump *p, enum pump_mode mode)
{
	switch (mode) {
	case PUMP_TX:
		round_tx(p);
		break;
	case PUMP_RX:
		round_rx(p);
		break;
	case PUMP_LATENCY:
		trip(p);
		break;
	default:
		round_forward(p);
		break;
	}
}

/* ---- runs ---------------------------------------------------------------------------------- */

static bool
input_waits(void)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&fd, 1, 0) != 0;
}

/* A loop for each mode, so that none asks which it is. */
static __rte_always_inline void
run(struct pump *p, enum pump_mode mode, uint64_t until_tsc, bool until_input)
{
	const unsigned int looks_every = mode == PUMP_LATENCY ? 1 : LOOKS_EVERY;
	unsigned int looks = 0;

	do {
		for (unsigned int i = 0; i < looks_every; i++)
			round_any(p, mode);
		if (until_input && ++looks % (INPUT_EVERY / LOOKS_EVERY) == 0 && input_waits())
			return;
	} while (rte_rdtsc() < until_tsc);
}

void
pump_run(struct pump *p, enum pump_mode mode, uint64_t until_tsc, bool until_input)
{
	switch (mode) {
	case PUMP_TX:
		run(p, PUMP_TX, until_tsc, until_input);
		break;
	case PUMP_RX:
		run(p, PUMP_RX, until_tsc, until_input);
		break;
	case PUMP_LATENCY:
		run(p, PUMP_LATENCY, until_tsc, until_input);
		break;
	default:
		run(p, PUMP_FORWARD, until_tsc, until_input);
		break;
	}
}

/* The frames of a loop, handed to the queues in turn as far as these take them. */
static void
loop_seed(struct pump *p)
{
	const uint64_t until = rte_rdtsc() + rte_get_tsc_hz() / 1000 * PATIENCE_MS;
	struct rte_mbuf *m;
	uint32_t i = 0;

	while (i < PUMP_UNDER_WAY && rte_rdtsc() < until) {
		m = rte_pktmbuf_alloc(p->pool);
		if (m == NULL)
			return;
		length_set(m, (uint16_t)size_of(p, i));
		perf_frame_fill(rte_pktmbuf_mtod(m, uint8_t *), i, m->data_len);
		while (rte_eth_tx_burst(p->port, i / p->burst % p->used, &m, 1) == 0) {
			if (rte_rdtsc() < until)
				continue;
			rte_pktmbuf_free(m);
			return;
		}
		p->n.sent++;
		i++;
	}
}

/* What is still on its way from before, and would pass for an answer: received until none comes. */
static uint64_t
stale_take(struct pump *p)
{
	const uint64_t quiet = rte_get_tsc_hz() / 1000 * QUIET_MS;
	uint64_t n, total = 0;

	do {
		n = pump_drain(p, rte_rdtsc() + quiet);
		total += n;
	} while (n != 0);
	return total;
}

void
pump_begin(struct pump *p, enum pump_mode mode, uint32_t bytes, uint16_t burst, uint16_t used)
{
	p->bytes = bytes;
	p->burst = burst;
	p->used = used;
	p->turn = 0;
	p->n_trips = 0;
	p->lost = 0;
	p->n = (struct pump_counts){0};
	memset(p->pending, 0, sizeof(p->pending));
	for (uint32_t i = 0; i < RTE_DIM(p->lengths); i++)
		p->lengths[i] = (uint16_t)size_of(p, i);
	p->stale = mode == PUMP_LOOP || mode == PUMP_LATENCY ? stale_take(p) : 0;
	if (mode == PUMP_LOOP)
		loop_seed(p);
	if (mode == PUMP_LATENCY) {
		p->pending[0].m[0] = rte_pktmbuf_alloc(p->pool);
		length_set(p->pending[0].m[0], p->lengths[0]);
	}
}

/* Frees what was not sent; of a loop, and of round trips, what is still on its way back. */
void
pump_end(struct pump *p, enum pump_mode mode)
{
	const uint64_t until = rte_rdtsc() + rte_get_tsc_hz() / 1000 * p->lost_after_ms;
	struct rte_mbuf *m[PUMP_BURST_MAX];
	uint16_t n;

	if (mode == PUMP_LATENCY) {
		rte_pktmbuf_free(p->pending[0].m[0]);
		return;
	}
	for (uint16_t q = 0; q < p->used; q++) {
		struct pump_pending *w = &p->pending[q];

		rte_pktmbuf_free_bulk(w->m + w->at, w->n - w->at);
		w->at = w->n;
	}
	while (mode == PUMP_LOOP && p->n.received < p->n.sent && rte_rdtsc() < until) {
		for (uint16_t q = 0; q < p->queues; q++) {
			n = rte_eth_rx_burst(p->port, q, m, PUMP_BURST_MAX);
			p->n.received += n;
			rte_pktmbuf_free_bulk(m, n);
		}
	}
	if (mode == PUMP_LOOP)
		p->lost = p->n.sent - p->n.received;
}

uint64_t
pump_drain(struct pump *p, uint64_t until_tsc)
{
	/* of net_memif: later releases of DPDK look at the first frame of a burst that has none */
	struct rte_mbuf *m[PUMP_BURST_MAX], *first = rte_pktmbuf_alloc(p->pool);
	uint64_t got = 0;
	uint16_t n;

	do {
		for (uint16_t q = 0; q < p->queues; q++) {
			if (first != NULL)
				rte_eth_tx_burst(p->port, q, &first, 0);
			n = rte_eth_rx_burst(p->port, q, m, PUMP_BURST_MAX);
			got += n;
			rte_pktmbuf_free_bulk(m, n);
		}
	} while (rte_rdtsc() < until_tsc);
	rte_pktmbuf_free(first);
	return got;
}
