/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A card that lies in the completions of its queues and in its events (datasheet section 12): the
 * queue stops by name, every frame and buffer is accounted for, and the port recovers.
 */

#include <endian.h>

#include <rte_vect.h>

#include "loop.h"

/* ---- Tx ---------------------------------------------------------------------------------- */

struct tx_lie {
	const char *name;
	const char *devargs;
	/* changes the completion at the queue's cq_head, which the card has just written */
	void (*apply)(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl);
	unsigned int segs;
};

static void
tx_seq_next(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	cpl->seq = htole16(txq->head + 1);
}

static void
tx_seq_before(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	cpl->seq = htole16(txq->head - 1);
}

static void
tx_count_past_tail(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	cpl->count = htole16(txq->tail - txq->head + 1);
}

static void
tx_count_huge(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	(void)txq;
	cpl->count = htole16(0xffff);
}

/* Ends at an entry that is in flight, one lap later. */
static void
tx_count_lap(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	cpl->count = htole16(1 + txq->depth);
}

static void
tx_count_none(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	(void)txq;
	cpl->count = 0;
}

/* Ends in the middle of a frame of several entries. */
static void
tx_count_splits_frame(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	uint16_t count = 0;

	while (txq->sw[(txq->head + count) & txq->mask] != NULL)
		count++;
	cpl->count = htole16(count + 1);
}

static void
tx_status_none(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	(void)txq;
	cpl->status = 0;
}

static void
tx_status_unknown(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	(void)txq;
	cpl->status = 6;
}

static void
tx_epoch_ahead(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	cpl->epoch = txq->epoch + 1;
}

static void
tx_epoch_long_ago(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	cpl->epoch = txq->epoch - 2;
}

static void
tx_incomplete(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	(void)txq;
	cpl->status = WCNIC_TX_INCOMPLETE;
	cpl->count = 0;
}

static void
tx_dropped(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	tx_incomplete(txq, cpl);
	cpl->status = WCNIC_TX_DROPPED;
}

static void
tx_incomplete_with_count(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	(void)txq;
	cpl->status = WCNIC_TX_INCOMPLETE;
}

/* The same completion once more behind itself. */
static void
tx_repeated(struct wcnic_txq *txq, struct wcnic_tx_cpl *cpl)
{
	struct wcnic_tx_cpl *next = &txq->cq[(txq->cq_head + 1) & txq->mask];

	*next = *cpl;
}

#define PUSH "placement=push"
#define FETCH "placement=fetch"
#define TX_LIE(fn, args)                  \
	{                                 \
#fn " " args, args, fn, 1 \
	}
#define TX_LIES(fn) TX_LIE(fn, PUSH), TX_LIE(fn, FETCH)

static const struct tx_lie tx_lies[] = {
	TX_LIES(tx_seq_next),
	TX_LIES(tx_seq_before),
	TX_LIES(tx_count_past_tail),
	TX_LIES(tx_count_huge),
	TX_LIES(tx_count_lap),
	TX_LIES(tx_count_none),
	{"tx_count_splits_frame", FETCH, tx_count_splits_frame, 6},
	TX_LIES(tx_status_none),
	TX_LIES(tx_status_unknown),
	TX_LIES(tx_epoch_ahead),
	TX_LIES(tx_epoch_long_ago),
	TX_LIE(tx_incomplete, FETCH),
	TX_LIE(tx_dropped, FETCH),
	TX_LIE(tx_incomplete_with_count, PUSH),
	TX_LIES(tx_repeated),
	TX_LIE(tx_seq_next, PUSH ",thread=1"),
	TX_LIE(tx_count_huge, FETCH ",thread=1"),
};

/* One wrong completion, written once. */
static struct {
	struct wcnic_txq *txq;
	struct wcnic_rxq *rxq;
	const struct tx_lie *tx;
	const struct rx_lie *rx;
	uint16_t at; /* which completion of a line */
	_Atomic unsigned int applied;
	struct wcnic_tx_cpl lie; /* as it was written last */
	char words[64];          /* how the log names it */
} liar;

static void
tx_lie_hook(struct wcnic_card *card, void *arg)
{
	struct wcnic_txq *txq = liar.txq;
	struct wcnic_tx_cpl *cpl = &txq->cq[txq->cq_head & txq->mask];
	const uint8_t phase = (txq->cq_head & txq->depth) == 0;

	(void)card;
	(void)arg;
	/* again for the next: a card with a thread may be late, the completion read already */
	if (txq->stats.bad_completions != 0 || (cpl->phase & WCNIC_PHASE_BIT) != phase ||
	    (liar.applied != 0 && memcmp(cpl, &liar.lie, sizeof(*cpl)) == 0))
		return;
	liar.tx->apply(txq, cpl);
	liar.lie = *cpl;
	liar.applied++;
	snprintf(liar.words, sizeof(liar.words), "completion: entries %u + %u ", le16toh(cpl->seq),
		 le16toh(cpl->count));
}

/* Waits until the hook has changed one more completion that nobody has read yet. */
static void
lie_wait(struct loop *l, unsigned int before, uint64_t end)
{
	while (liar.applied == before && loop_txq(l, 0)->stats.bad_completions == 0) {
		assert_true(rte_get_timer_cycles() < end);
		rte_delay_us_sleep(200);
	}
}

/* Sends until the lie is seen; returns how many frames were accepted. */
static uint64_t
send_until_seen(struct loop *l, uint64_t seed, unsigned int segs)
{
	uint64_t sent = 0, end = loop_patience_end();
	struct rte_mbuf *m;

	while (loop_txq(l, 0)->stats.bad_completions == 0) {
		const unsigned int before = liar.applied;

		assert_true(rte_get_timer_cycles() < end);
		m = loop_frame(l, seed + sent, 400, segs);
		if (rte_eth_tx_burst(l->port_id, 0, &m, 1) == 1)
			sent++;
		else
			rte_pktmbuf_free(m);
		/* a card with a thread takes its time */
		if (loop_hw(l)->args.thread != 0)
			lie_wait(l, before, end);
		rte_eth_tx_burst(l->port_id, 0, NULL, 0);
	}
	return sent;
}

static void
tx__completion_is_a_lie_queue_stops_and_recovers(void **state)
{
	uint64_t sent, done;
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(tx_lies); i++) {
		const struct tx_lie *lie = &tx_lies[i];
		struct loop_config config = {.devargs = lie->devargs};

		print_message("             %s\n", lie->name);
		loop_open(&l, &config);
		liar.txq = loop_txq(&l, 0);
		liar.tx = lie;
		liar.applied = 0;
		loop_hook_set(&l, NULL, tx_lie_hook, NULL);
		sent = send_until_seen(&l, i * 1000, lie->segs);
		loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
		loop_log_has("Tx queue 0: impossible completion", "the card is back", NULL);
		if (strstr(lie->devargs, "thread") == NULL) /* else perhaps a later one */
			loop_log_has(liar.words, NULL);
		loop_log_clear();
		loop_hook_set(&l, NULL, NULL, NULL);
		assert_int_equal(loop_xstat(&l, "tx_bad_completions"), 1);
		done = loop_xstat(&l, "tx_good_packets") + loop_xstat(&l, "tx_errors");
		assert_int_equal(done, sent);
		loop_recovered(&l, 1);
		loop_close(&l);
	}
}

/* ---- Rx ---------------------------------------------------------------------------------- */

struct rx_lie {
	const char *name;
	void (*apply)(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl);
	bool scatter; /* applied to a frame in several buffers */
	bool second;  /* ... of its second one */
};

static void
rx_seq(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->seq ^= htole16(1);
}

static void
rx_seq_lap(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	cpl->seq = htole16(le16toh(cpl->seq) - rxq->depth);
}

static void
rx_bytes_over_buffer(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	cpl->bytes = htole16(rxq->buf_bytes + 1);
	cpl->frame_bytes = cpl->bytes;
}

static void
rx_bytes_none(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->bytes = 0;
}

static void
rx_frame_none(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->bytes = 0;
	cpl->frame_bytes = 0;
}

static void
rx_bytes_over_frame(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->bytes = htole16(le16toh(cpl->bytes) + 1);
}

static void
rx_bytes_under_frame(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->bytes = htole16(le16toh(cpl->bytes) - 1);
}

static void
rx_no_sop(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->flags &= ~htole16(WCNIC_RXF_SOP);
}

static void
rx_no_eop(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->flags &= ~htole16(WCNIC_RXF_EOP);
}

static void
rx_early_eop(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->flags |= htole16(WCNIC_RXF_EOP);
}

static void
rx_second_sop(struct wcnic_rxq *rxq, struct wcnic_rx_cpl *cpl)
{
	(void)rxq;
	cpl->flags |= htole16(WCNIC_RXF_SOP);
	cpl->frame_bytes = cpl->bytes;
}

#define RX_LIE(fn)                    \
	{                             \
#fn, fn, false, false \
	}
#define RX_LIE_FIRST(fn)                      \
	{                                     \
#fn " first", fn, true, false \
	}
#define RX_LIE_SECOND(fn)                     \
	{                                     \
#fn " second", fn, true, true \
	}

static const struct rx_lie rx_lies[] = {
	RX_LIE(rx_seq),
	RX_LIE(rx_seq_lap),
	RX_LIE(rx_bytes_over_buffer),
	RX_LIE(rx_bytes_none),
	RX_LIE(rx_frame_none),
	RX_LIE(rx_bytes_over_frame),
	RX_LIE(rx_bytes_under_frame),
	RX_LIE(rx_no_sop),
	RX_LIE(rx_no_eop),
	RX_LIE_FIRST(rx_early_eop),
	RX_LIE_FIRST(rx_no_sop),
	RX_LIE_SECOND(rx_seq),
	RX_LIE_SECOND(rx_second_sop),
	RX_LIE_SECOND(rx_early_eop),
	RX_LIE_SECOND(rx_bytes_over_buffer),
	RX_LIE_SECOND(rx_bytes_none),
};

static void
rx_lie_hook(struct wcnic_card *card, void *arg)
{
	struct wcnic_rxq *rxq = liar.rxq;
	const uint16_t seq = rxq->head + liar.rx->second;
	struct wcnic_rx_cpl *cpl = &rxq->cq[seq & rxq->mask];
	const uint8_t phase = (seq & rxq->depth) == 0;

	(void)card;
	(void)arg;
	if (liar.applied != 0 || rxq->head == rxq->posted || rxq->first != NULL ||
	    (cpl->phase & WCNIC_PHASE_BIT) != phase)
		return;
	liar.rx->apply(rxq, cpl);
	liar.applied = 1;
}

static void
rx__completion_is_a_lie_queue_stops_and_recovers(void **state)
{
	struct rte_mbuf *m;
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rx_lies); i++) {
		const struct rx_lie *lie = &rx_lies[i];
		struct loop_config config = {.scatter = true, .buf_bytes = 512};

		print_message("             %s\n", lie->name);
		loop_open(&l, &config);
		liar.rxq = loop_rxq(&l, 0);
		liar.rx = lie;
		liar.applied = 0;
		loop_hook_set(&l, NULL, rx_lie_hook, NULL);
		m = loop_frame(&l, i, lie->scatter ? 1500 : 400, 2);
		loop_send(&l, 0, &m, 1);
		while (liar.applied == 0)
			loop_run_ms(&l, 1);
		assert_int_equal(rte_eth_rx_burst(l.port_id, 0, &m, 1), 0);
		loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
		loop_hook_set(&l, NULL, NULL, NULL);
		loop_log_has("Rx queue 0: impossible completion", "the card is back", NULL);
		loop_log_clear();
		assert_int_equal(loop_xstat(&l, "rx_bad_completions"), 1);
		assert_int_equal(loop_xstat(&l, "rx_errors"), 1);
		loop_recovered(&l, 1);
		loop_close(&l);
	}
}

/* Waits for the second line of completions: the driver reads the packet type in the first. */
static void
rx_line_lie_hook(struct wcnic_card *card, void *arg)
{
	struct wcnic_rxq *rxq = liar.rxq;

	(void)card;
	(void)arg;
	if (liar.applied != 0 || (rxq->cq[7].phase & WCNIC_PHASE_BIT) == 0)
		return;
	liar.rx->apply(rxq, &rxq->cq[4 + liar.at]);
	liar.applied = 1;
}

static void
rx_line_send(struct loop *l)
{
	struct rte_mbuf *m[4];

	for (uint16_t i = 0; i < RTE_DIM(m); i++)
		m[i] = loop_frame(l, i, 400, 1);
	loop_send(l, 0, m, RTE_DIM(m));
}

static void
rx_line_lie_run(const struct rx_lie *lie, uint16_t at)
{
	struct loop_config config = {.scatter = true, .buf_bytes = 512};
	struct rte_mbuf *m[8];
	struct loop l;

	loop_open(&l, &config);
	liar.rxq = loop_rxq(&l, 0);
	liar.rx = lie;
	liar.at = at;
	liar.applied = 0;
	loop_hook_set(&l, NULL, rx_line_lie_hook, NULL);
	rx_line_send(&l);
	loop_receive(&l, 0, m, 4);
	rte_pktmbuf_free_bulk(m, 4);
	rx_line_send(&l);
	while (liar.applied == 0)
		loop_run_ms(&l, 1);
	assert_int_equal(rte_eth_rx_burst(l.port_id, 0, m, RTE_DIM(m)), at);
	for (uint16_t i = 0; i < at; i++)
		loop_frame_check(m[i], i, 400);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	loop_hook_set(&l, NULL, NULL, NULL);
	loop_log_has("Rx queue 0: impossible completion", "the card is back", NULL);
	loop_log_clear();
	assert_int_equal(loop_xstat(&l, "rx_bad_completions"), 1);
	assert_int_equal(loop_xstat(&l, "rx_good_packets"), 4 + at);
	loop_recovered(&l, 1);
	loop_close(&l);
}

/* Completions are taken one by one, or a line at once by vectors: what is before the lie is good.
 */
static void
rx__lie_within_a_line_frames_before_it_are_received(void **state)
{
	static const uint16_t widths[] = {RTE_VECT_SIMD_DISABLED, RTE_VECT_SIMD_128,
					  RTE_VECT_SIMD_256};
	const uint16_t most = rte_vect_get_max_simd_bitwidth();

	(void)state;
	for (size_t w = 0; w < RTE_DIM(widths); w++) {
		assert_int_equal(rte_vect_set_max_simd_bitwidth(widths[w]), 0);
		for (size_t i = 0; i < RTE_DIM(rx_lies); i++) {
			if (!rx_lies[i].scatter)
				rx_line_lie_run(&rx_lies[i], (i + w) % 4);
		}
	}
	rte_vect_set_max_simd_bitwidth(most);
}

/* ---- events ------------------------------------------------------------------------------ */

/* The hook changes the next event into this one. */
static struct {
	struct wcnic_hw *hw;
	struct wcnic_event event;
	_Atomic bool applied;
} forged;

static void
event_hook(struct wcnic_card *card, void *arg)
{
	struct wcadmin *a = &forged.hw->admin.client;
	struct wcnic_event *ev = &a->aeq[a->aeq_head & ((1u << WCNIC_EVENTS_LOG2) - 1)];
	const uint8_t phase = (a->aeq_head >> WCNIC_EVENTS_LOG2 & 1) ^ 1;

	(void)card;
	(void)arg;
	if (forged.applied || (ev->phase & WCNIC_PHASE_BIT) != phase)
		return;
	ev->type = htole16(forged.event.type);
	ev->arg0 = htole32(forged.event.arg0);
	ev->arg1 = htole32(forged.event.arg1);
	ev->arg64 = htole64(forged.event.arg64);
	forged.applied = true;
}

static void
port_unplug(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcdev_port_set(wcnic_card_dev(card), NULL, NULL);
}

/* Unplugging makes an event, which becomes another before the driver sees it. */
static void
event_send(struct loop *l, const struct wcnic_event *event)
{
	forged.hw = loop_hw(l);
	forged.event = *event;
	forged.applied = false;
	loop_hook_set(l, port_unplug, event_hook, NULL);
	loop_wait_u64(l, &forged.hw->events, 1);
	assert_true(forged.applied);
	loop_hook_set(l, NULL, NULL, NULL);
}

static void
event__harmless_nonsense_is_named(void **state)
{
	static const struct {
		struct wcnic_event event;
		const char *named;
	} cases[] = {
		{{.type = 99}, "event of unknown type 99"},
		{{.type = 0}, "event of unknown type 0"},
		{{.type = WCNIC_EV_WINDOW_REVOKED, .arg0 = 0xffff}, "firmware took window 65535"},
		{{.type = WCNIC_EV_QUEUE_ERROR, .arg0 = 9999, .arg1 = 77},
		 "the card stopped Rx queue 9999: error 77; that queue is not there any more"},
		{{.type = WCNIC_EV_STRAY_WRITE, .arg0 = 3, .arg64 = 0x4040},
		 "3 lines were written outside any window, the first at 0x4040"},
	};
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		loop_open(&l, &(struct loop_config){.devargs = PUSH});
		event_send(&l, &cases[i].event);
		loop_log_has(cases[i].named, NULL);
		loop_run_ms(&l, 20);
		assert_int_equal(loop_xstat(&l, "recoveries"), 0);
		loop_log_clear();
		loop_close(&l);
	}
}

static void
event__queue_or_card_failed_is_recovered(void **state)
{
	static const struct {
		struct wcnic_event event;
		const char *named;
	} cases[] = {
		{{.type = WCNIC_EV_QUEUE_ERROR, .arg0 = WCNIC_EV_QUEUE_TX, .arg1 = 3},
		 "the card stopped Tx queue 0: error 3"},
		{{.type = WCNIC_EV_FATAL, .arg1 = WCNIC_ERR_FIRMWARE}, "fatal error: 7"},
		/* what was lost may have been either */
		{{.type = WCNIC_EV_LOST, .arg0 = 7}, "7 events did not fit"},
	};
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		loop_open(&l, &(struct loop_config){.devargs = PUSH});
		event_send(&l, &cases[i].event);
		loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
		loop_log_has(cases[i].named, "the card is back", NULL);
		loop_log_clear();
		loop_close(&l);
	}
}

/* ---- queues and windows that the card loses ---------------------------------------------- */

static void
window_revoke(struct wcnic_card *card, void *arg)
{
	(void)wcnic_card_window_revoke(card, *(uint16_t *)arg);
}

static void
doorbells__revoked_port_recovers(void **state)
{
	struct loop_stream s = {.count = 100, .bytes = loop_bytes_random, .arg = 600};
	struct loop_config config = {.devargs = *state};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &s);
	loop_card_do(&l, window_revoke, &loop_hw(&l)->doorbells.grant.id);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	loop_log_has("firmware took window", "the card stopped Tx queue 0", NULL);
	loop_recovered(&l, 1);
	loop_log_clear();
	loop_close(&l);
}

static void
card_reset(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcnic_card_reset(card);
}

/* Many times over, with frames under way: each was delivered or is counted. */
static void
card__reset_in_traffic_every_frame_accounted_for(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = 64, .rx_depth = 64};
	uint64_t sent = 0, got = 0;
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	for (uint64_t round = 1; round <= 20; round++) {
		for (unsigned int i = 0; i < 150; i++) {
			m = loop_frame(&l, i, 300, 3);
			if (rte_eth_tx_burst(l.port_id, 0, &m, 1) == 1)
				sent++;
			else
				rte_pktmbuf_free(m);
			if (round % 2 == 0 || i < 60)
				got += loop_drop_received(&l);
		}
		loop_card_do(&l, card_reset, NULL);
		loop_wait_u64(&l, &loop_hw(&l)->recoveries, round);
		got += loop_drop_received(&l);
	}
	loop_log_has("the card was reset behind the driver's back", NULL);
	loop_log_clear();
	got += loop_drop_received(&l);
	assert_int_equal(sent, loop_xstat(&l, "tx_good_packets") + loop_xstat(&l, "tx_lost"));
	got += loop_xstat(&l, "rx_discarded");
	assert_true(loop_xstat(&l, "tx_lost") > 0);
	if (loop_hw(&l)->attach->poll != NULL) {
		assert_int_equal(loop_xstat(&l, "tx_good_packets"), got);
		assert_true(loop_xstat(&l, "rx_discarded") > 0);
	} else {
		/* a card on its own thread may not have delivered the frames before the stop, and
		 * holds completions back of some that it has delivered */
		assert_uint_in_range(got, loop_xstat(&l, "tx_good_packets"), sent);
	}
	loop_recovered(&l, 20);
	loop_close(&l);
}

#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(tx__completion_is_a_lie_queue_stops_and_recovers),
		LOOP_TEST(rx__completion_is_a_lie_queue_stops_and_recovers),
		LOOP_TEST(rx__lie_within_a_line_frames_before_it_are_received),
		LOOP_TEST(event__harmless_nonsense_is_named),
		LOOP_TEST(event__queue_or_card_failed_is_recovered),
		ARGS(doorbells__revoked_port_recovers, PUSH),
		ARGS(doorbells__revoked_port_recovers, FETCH ",thread=1"),
		ARGS(card__reset_in_traffic_every_frame_accounted_for, PUSH),
		ARGS(card__reset_in_traffic_every_frame_accounted_for, FETCH),
		ARGS(card__reset_in_traffic_every_frame_accounted_for, PUSH ",thread=1"),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
