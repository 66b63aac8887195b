/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The thread of a client that sends and receives. */

#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "traffic.h"

#define IDLE_US 50u

static uint64_t
word_get(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void
word_set(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* ---- received ------------------------------------------------------------------------------ */

static void
frame_count(struct soak_traffic *t, struct soak_rx *rx, const struct rte_mbuf *m)
{
	struct soak_frame frame;
	const void *data;

	data = m->pkt_len <= sizeof(t->frame) ? rte_pktmbuf_read(m, 0, m->pkt_len, t->frame) : NULL;
	if (data != NULL && data != t->frame)
		memcpy(t->frame, data, m->pkt_len);
	if (data == NULL || !soak_frame_read(t->frame, m->pkt_len, &frame)) {
		word_set(&t->ledger->damaged, t->ledger->damaged + 1);
		return;
	}
	if (frame.sender != t->peer || frame.queue >= SOAK_QUEUES_MAX) {
		word_set(&t->ledger->foreign, t->ledger->foreign + 1);
		return;
	}
	rx += frame.queue;
	if (frame.seq < rx->next) {
		rx->twice++;
		return;
	}
	rx->gaps += frame.seq - rx->next;
	rx->next = frame.seq + 1;
	rx->received++;
}

/* One burst. It is counted as a whole or, if the client is killed, not at all. */
static uint16_t
burst_receive(struct soak_traffic *t, uint16_t queue)
{
	struct rte_mbuf *m[SOAK_BURST];
	struct soak_rx rx[SOAK_QUEUES_MAX];
	uint16_t n = rte_eth_rx_burst(t->port, queue, m, SOAK_BURST);

	if (n == 0)
		return 0;
	for (unsigned int i = 0; i < SOAK_QUEUES_MAX; i++)
		rx[i] = t->ledger->rx[i].at[t->ledger->rx[i].which];
	for (uint16_t i = 0; i < n; i++)
		frame_count(t, rx, m[i]);
	for (unsigned int i = 0; i < SOAK_QUEUES_MAX; i++) {
		struct soak_rx_slots *slots = &t->ledger->rx[i];

		slots->at[!slots->which] = rx[i];
		word_set(&slots->which, !slots->which);
	}
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

/* ---- sent ---------------------------------------------------------------------------------- */

static uint16_t
length_choose(struct soak_traffic *t)
{
	const uint64_t r = random_next(&t->seed);
	const uint16_t most = t->mtu + RTE_ETHER_HDR_LEN;
	const uint16_t limit = (r & 3) != 0 ? RTE_MIN(most, 256) : most;

	return SOAK_FRAME_MIN + (uint16_t)((r >> 8) % (limit - SOAK_FRAME_MIN + 1u));
}

/* A frame in as many buffers as it takes. NULL: there are none. */
static struct rte_mbuf *
frame_build(struct soak_traffic *t, uint16_t queue)
{
	struct soak_tx *tx = &t->ledger->tx[queue];
	const uint16_t bytes = length_choose(t);
	struct rte_mbuf *first = NULL, *m;
	uint16_t part;

	soak_frame_make(t->frame, bytes, t->sender, queue, tx->next_seq);
	for (uint16_t at = 0; at < bytes; at += part) {
		m = rte_pktmbuf_alloc(t->pool);
		if (m == NULL || (first != NULL && rte_pktmbuf_chain(first, m) != 0)) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(first);
			return NULL;
		}
		if (first == NULL)
			first = m;
		part = RTE_MIN((uint16_t)(bytes - at), rte_pktmbuf_tailroom(m));
		memcpy(rte_pktmbuf_mtod(m, void *), t->frame + at, part);
		m->data_len = part;
		first->pkt_len += part;
	}
	word_set(&tx->next_seq, tx->next_seq + 1);
	return first;
}

static void
burst_build(struct soak_traffic *t, uint16_t queue)
{
	const struct soak_tx *tx = &t->ledger->tx[queue];
	struct soak_pending *w = &t->pending[queue];
	const uint64_t goal = word_get(&tx->goal);
	const uint64_t left = goal > tx->accepted ? goal - tx->accepted : 0;

	while (w->n < SOAK_BURST && w->n < left) {
		w->m[w->n] = frame_build(t, queue);
		if (w->m[w->n] == NULL)
			return;
		w->n++;
	}
}

static uint16_t
burst_send(struct soak_traffic *t, uint16_t queue)
{
	struct soak_tx *tx = &t->ledger->tx[queue];
	struct soak_pending *w = &t->pending[queue];
	uint16_t sent;

	if (w->n == 0)
		burst_build(t, queue);
	if (w->n == 0)
		return 0;
	word_set(&tx->trying, w->n);
	sent = rte_eth_tx_burst(t->port, queue, w->m, w->n);
	word_set(&tx->accepted, tx->accepted + sent);
	word_set(&tx->trying, 0);
	w->n -= sent;
	memmove(w->m, w->m + sent, w->n * sizeof(w->m[0]));
	return sent;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void
pending_drop(struct soak_traffic *t)
{
	for (unsigned int q = 0; q < SOAK_QUEUES_MAX; q++) {
		rte_pktmbuf_free_bulk(t->pending[q].m, t->pending[q].n);
		t->pending[q].n = 0;
	}
}

static void *
traffic_run(void *arg)
{
	struct soak_traffic *t = arg;
	unsigned int received, sent;
	uint64_t drain;

	(void)rte_thread_register();
	while (!atomic_load(&t->stop)) {
		if (atomic_load(&t->pause)) {
			pending_drop(t); /* its queues may be gone when this goes on */
			atomic_store(&t->paused, true);
			while (atomic_load(&t->pause))
				usleep(IDLE_US);
			atomic_store(&t->paused, false);
			continue;
		}
		received = sent = 0;
		drain = atomic_load(&t->drain);
		for (uint16_t q = 0; q < t->queues; q++) {
			if (!atomic_load(&t->deaf))
				received += burst_receive(t, q);
			sent += burst_send(t, q);
		}
		if (received == 0)
			atomic_store(&t->dry, drain);
		word_set(&t->ledger->rounds, t->ledger->rounds + 1);
		if (received + sent == 0)
			usleep(IDLE_US);
	}
	pending_drop(t);
	rte_thread_unregister();
	return NULL;
}

int
soak_traffic_start(struct soak_traffic *t)
{
	atomic_store(&t->pause, true);
	return -pthread_create(&t->thread, NULL, traffic_run, t);
}

void
soak_traffic_stop(struct soak_traffic *t)
{
	atomic_store(&t->stop, true);
	atomic_store(&t->pause, false);
	pthread_join(t->thread, NULL);
}

void
soak_traffic_pause(struct soak_traffic *t)
{
	atomic_store(&t->pause, true);
	while (!atomic_load(&t->paused))
		usleep(IDLE_US);
}

void
soak_traffic_resume(struct soak_traffic *t)
{
	atomic_store(&t->pause, false);
	while (atomic_load(&t->paused))
		usleep(IDLE_US);
}

void
soak_traffic_go(struct soak_traffic *t, uint64_t frames)
{
	for (unsigned int q = 0; q < t->queues; q++) {
		struct soak_tx *tx = &t->ledger->tx[q];

		word_set(&tx->goal, word_get(&tx->accepted) + frames);
	}
}

void
soak_traffic_drain(struct soak_traffic *t)
{
	const uint64_t ticket = atomic_fetch_add(&t->drain, 1) + 1;

	while (atomic_load(&t->dry) < ticket)
		usleep(IDLE_US);
}
