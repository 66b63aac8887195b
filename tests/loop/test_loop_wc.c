/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Pushes through write combining that does all it is allowed to, and worse. */

#include <stdlib.h>

#include "loop.h"
#include "wc_fake.h"
#include "wcnic_tx.h"

#define SEEDS 220

static uint64_t seed_now;

static int
wc_teardown(void **state)
{
	if (loop_is_open())
		fprintf(stderr, "failed with WCNIC_SEED=%" PRIu64 "\n", seed_now);
	return loop_teardown(state);
}

/* Runs `one` for every seed, or for the one that the environment names. */
static void
for_seeds(void (*one)(uint64_t seed, const char *devargs), const char *devargs)
{
	/* a card with a thread of its own takes longer to give up on a slot */
	const unsigned int step = strstr(devargs, "thread=1") != NULL ? 5 : 1;
	const char *only = getenv("WCNIC_SEED");

	if (only != NULL) {
		seed_now = strtoull(only, NULL, 0);
		one(seed_now, devargs);
		return;
	}
	for (seed_now = 1; seed_now <= SEEDS; seed_now += step)
		one(seed_now, devargs);
}

static void
wc_open(struct loop *l, uint64_t seed, const char *devargs, unsigned int lose_in)
{
	char text[256];
	struct wc_fake_config fake = {.seed = seed, .lose_in = lose_in};
	struct loop_config config = {
		.devargs = text,
		.tx_depth = 16 << seed % 4,
		.mtu = 3000,
	};

	/* each width of a slot in both formats, by both rules */
	snprintf(text, sizeof(text),
		 "placement=push,seed=%" PRIu64 ",slot_lines=%u,packed=%u,express=%u%s", seed,
		 1u << seed % 5, (unsigned int)(seed / 5 % 2), (unsigned int)(seed / 10 % 2),
		 devargs);
	loop_open(l, &config);
	wc_fake_install(loop_txq(l, 0), &fake);
}

static struct loop_stream
wc_stream(uint64_t seed, uint32_t count)
{
	return (struct loop_stream){
		.seed = seed << 32,
		.count = count,
		.bytes = loop_bytes_random,
		.arg = seed % 3 == 0 ? 3000 : 300,
		.segs = 1 + seed % 7,
		.burst = 1 + seed % 40,
	};
}

/* ---- combining that keeps its word ------------------------------------------------------- */

static void
reordered_one(uint64_t seed, const char *devargs)
{
	struct loop_stream s = wc_stream(seed, 250);
	struct loop l;

	wc_open(&l, seed, devargs, 0);
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), s.count);
	assert_int_equal(loop_xstat(&l, "tx_incomplete"), 0);
	assert_int_equal(loop_xstat(&l, "card_stale_lines"), 0);
	assert_int_equal(loop_xstat(&l, "card_stray_writes"), 0);
	/* packed, the shortest frames share a line */
	assert_true(wc_fake_count()->lines * 3 >= s.count);
	wc_fake_check_aperture(loop_hw(&l));
	loop_close(&l);
}

static void
push__lines_in_pieces_and_any_order_all_arrive(void **state)
{
	for_seeds(reordered_one, *state);
}

/* ---- combining that loses ---------------------------------------------------------------- */

/* Push is tried again at once, not a while after each loss: more losses in less time. */
static void
hold_off_end(struct loop *l, uint32_t sent)
{
	(void)sent;
	loop_txq(l, 0)->push_again_tsc = 0;
}

static void
lossy_one(uint64_t seed, const char *devargs)
{
	struct loop_stream s = wc_stream(seed, 400);
	uint64_t incomplete, pushed;
	struct loop l;

	wc_open(&l, seed, devargs, 10 + seed % 90);
	s.between = hold_off_end;
	loop_stream_run(&l, &s);
	incomplete = loop_xstat(&l, "tx_incomplete");
	pushed = loop_xstat(&l, "tx_pushed");
	assert_int_equal(pushed + loop_xstat(&l, "tx_fetched"), s.count);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), s.count);
	assert_int_equal(loop_xstat(&l, "tx_errors"), 0);
	assert_int_equal(loop_xstat(&l, "card_tx_incomplete"), incomplete);
	assert_int_equal(incomplete != 0, wc_fake_count()->lost != 0);
	assert_true(loop_xstat(&l, "tx_resent") >= incomplete);
	assert_true(wc_fake_count()->lost == 0 || pushed != 0);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	wc_fake_check_aperture(loop_hw(&l));
	loop_close(&l);
}

static void
push__lost_lines_are_fetched_once_in_order(void **state)
{
	for_seeds(lossy_one, *state);
}

static void
push__resumes_after_a_loss(void **state)
{
	struct loop_stream s = wc_stream(1, 200);
	const struct wc_fake_config faithful = {.seed = 1};
	uint64_t fetched, pushed;
	struct loop l;

	(void)state;
	wc_open(&l, 1, ",push_wait_us=50", 20);
	loop_stream_run(&l, &s);
	assert_true(loop_xstat(&l, "tx_incomplete") > 0);
	wc_fake_install(loop_txq(&l, 0), &faithful);
	hold_off_end(&l, 0);
	loop_stream_run(&l, &s);
	fetched = loop_xstat(&l, "tx_fetched");
	pushed = loop_xstat(&l, "tx_pushed");
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), fetched);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), pushed + s.count);
	loop_close(&l);
}

/* ---- limits of the window ---------------------------------------------------------------- */

static void
push__no_more_than_max_burst_between_doorbells(void **state)
{
	struct loop_stream s = {.count = 500, .bytes = loop_bytes_fixed, .arg = 64, .burst = 16};
	struct wcnic_txq *txq;
	struct loop l;

	(void)state;
	wc_open(&l, 2, "", 0);
	txq = loop_txq(&l, 0);
	assert_int_equal(txq->format, WCNIC_FORMAT_SLOTS);
	txq->burst_max = 3;
	txq->burst_left = 3;
	loop_stream_run(&l, &s);
	assert_int_equal(wc_fake_count()->burst_max, 3);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), s.count);
	loop_close(&l);
}

/* 3 lines hold two frames of 64 bytes, 4 lines three. */
static void
push__packed_no_more_than_publish_lines_between_doorbells(void **state)
{
	struct loop_stream s = {.count = 500, .bytes = loop_bytes_fixed, .arg = 64, .burst = 16};
	struct loop l;

	(void)state;
	for (uint16_t lines = 3; lines <= 4; lines++) {
		wc_open(&l, 7, "", 0);
		assert_int_equal(loop_txq(&l, 0)->format, WCNIC_FORMAT_PACKED);
		loop_txq(&l, 0)->publish_lines = lines;
		loop_stream_run(&l, &s);
		assert_int_equal(wc_fake_count()->burst_max, lines);
		assert_int_equal(loop_xstat(&l, "tx_pushed"), s.count);
		loop_close(&l);
	}
}

/* A burst of 32 frames of 64 bytes is 42 lines. */
static void
push__packed_burst_lies_back_to_back(void **state)
{
	struct loop_stream s = {.count = 32, .bytes = loop_bytes_fixed, .arg = 64, .burst = 32};
	struct loop l;

	(void)state;
	wc_open(&l, 7, "", 0);
	loop_stream_run(&l, &s);
	assert_int_equal(wc_fake_count()->lines, 42);
	assert_int_equal(wc_fake_count()->doorbells, 1);
	loop_close(&l);
}

/* Each line is its own doorbell: there is no other. */
static void
push__express_burst_has_no_doorbell(void **state)
{
	struct loop_stream s = {.count = 32, .bytes = loop_bytes_fixed, .arg = 64, .burst = 32};
	struct loop l;

	(void)state;
	wc_open(&l, 17, "", 0);
	assert_true(wcnic_tx_express(loop_txq(&l, 0)));
	loop_stream_run(&l, &s);
	assert_int_equal(wc_fake_count()->lines, 42);
	assert_int_equal(wc_fake_count()->doorbells, 0);
	assert_int_equal(loop_xstat(&l, "tx_rung_again"), 0);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), 32);
	loop_close(&l);
}

/* The lost frame ends where the doorbell was rung last, 65536 entries ago. */
static void
push__express_loss_is_seen_whatever_its_number(void **state)
{
	struct loop_stream s = {.count = 65535, .bytes = loop_bytes_fixed, .arg = 64, .burst = 15};
	const struct wc_fake_config lossy = {.seed = 1, .lose_in = 1};
	struct loop l;

	(void)state;
	wc_open(&l, 19, "", 0);
	assert_true(wcnic_tx_express(loop_txq(&l, 0)));
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), s.count);
	wc_fake_install(loop_txq(&l, 0), &lossy);
	s.count = 1;
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_incomplete"), 1);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), 1);
	loop_close(&l);
}

/* A frame now and then, each before the service looks again: the queue is neither idle nor full. */
static void
push__express_loss_is_seen_though_others_follow(void **state)
{
	const struct wc_fake_config lossy = {.seed = 1, .lose_in = 1}, faithful = {.seed = 1};
	struct rte_mbuf *frame;
	struct wcnic_hw *hw;
	struct loop l;

	(void)state;
	loop_service_hold(true);
	wc_open(&l, 19, "", 0);
	hw = loop_hw(&l);
	assert_true(wcnic_tx_express(loop_txq(&l, 0)));
	wc_fake_install(loop_txq(&l, 0), &lossy);
	for (unsigned int i = 0; i < 20; i++) {
		frame = loop_frame(&l, i, 64, 1);
		loop_send(&l, 0, &frame, 1);
		wc_fake_install(loop_txq(&l, 0), &faithful);
		loop_run_ms(&l, 1);
		pthread_mutex_lock(&hw->lock);
		wcnic_queues_kick(hw, false);
		pthread_mutex_unlock(&hw->lock);
	}
	assert_int_equal(loop_txq(&l, 0)->stats.incomplete, 1);
	assert_int_equal(loop_drop_received(&l), 20);
	loop_service_hold(false);
	loop_close(&l);
}

/* The card, or who sends, may have had no CPU: one look that finds nothing done says little. */
static void
push__express_queue_is_rung_after_three_idle_looks(void **state)
{
	const struct wc_fake_config lossy = {.seed = 1, .lose_in = 1};
	struct rte_mbuf *frame;
	struct wcnic_txq *txq;
	struct loop l;

	(void)state;
	loop_service_hold(true);
	wc_open(&l, 19, "", 0);
	txq = loop_txq(&l, 0);
	assert_true(wcnic_tx_express(txq));
	wc_fake_install(txq, &lossy);
	frame = loop_frame(&l, 0, 64, 1);
	loop_send(&l, 0, &frame, 1);
	pthread_mutex_lock(&loop_hw(&l)->lock);
	txq->ctrl.idle_tail = txq->tail;
	for (unsigned int looks = 1; looks <= 3; looks++) {
		assert_int_not_equal(txq->rung_tail, txq->tail);
		wcnic_queues_kick(loop_hw(&l), false);
	}
	assert_int_equal(txq->rung_tail, txq->tail);
	assert_int_equal(wc_fake_count()->doorbells, 1);
	assert_int_equal(txq->stats.rung_again, 1);
	pthread_mutex_unlock(&loop_hw(&l)->lock);
	loop_service_hold(false);
	loop_wait_u64(&l, &txq->stats.incomplete, 1);
	loop_wait_u64(&l, &txq->stats.fetched, 1);
	assert_int_equal(loop_drop_received(&l), 1);
	loop_close(&l);
}

/* ---- a window taken away ----------------------------------------------------------------- */

struct revocation {
	uint16_t id;
	int ret;
};

static void
window_revoke(struct wcnic_card *card, void *arg)
{
	struct revocation *r = arg;

	r->ret = wcnic_card_window_revoke(card, r->id);
}

static void
queue_window_revoke(struct loop *l)
{
	struct revocation r = {.id = loop_txq(l, 0)->ctrl.window.grant.id};

	loop_card_do(l, window_revoke, &r);
	assert_int_equal(r.ret, 0);
}

static bool revoked;

static void
revoke_in_the_middle(struct loop *l, uint32_t sent)
{
	struct wcnic_txq *txq = loop_txq(l, 0);

	if (txq->push_state != WCNIC_PUSH_ALLOWED)
		txq->push_again_tsc = 0; /* it must not be tried again all the same */
	else if (txq->push_again_tsc != 0)
		txq->push_again_tsc = UINT64_MAX; /* the event came: hold off for good */
	if (sent < 300 || revoked)
		return;
	revoked = true;
	queue_window_revoke(l);
}

static void
revoked_one(uint64_t seed, const char *devargs)
{
	struct loop_stream s = wc_stream(seed, 900);
	uint64_t lines, pushed;
	struct loop l;

	if (seed % 10 != 1)
		return;
	wc_open(&l, seed, devargs, 0);
	revoked = false;
	s.between = revoke_in_the_middle;
	loop_stream_run(&l, &s);
	/* None if nothing was in flight: then only the event tells. */
	assert_uint_in_range(loop_xstat(&l, "tx_dropped"), 0, 1);
	pushed = loop_xstat(&l, "tx_pushed");
	assert_true(pushed > 0 && pushed < s.count);
	assert_int_equal(pushed + loop_xstat(&l, "tx_fetched"), s.count);
	loop_wait_u64(&l, &loop_hw(&l)->events, 1);
	loop_log_has("firmware took window", "Tx queue 0", NULL);
	lines = wc_fake_count()->lines;
	loop_stream_run(&l, &s);
	assert_int_equal(wc_fake_count()->lines, lines);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);

	/* the next start asks for another */
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	s.between = NULL;
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), pushed + s.count);
	loop_log_clear();
	loop_close(&l);
}

static void
window__revoked_in_traffic_goes_on_by_fetch(void **state)
{
	for_seeds(revoked_one, *state);
}

/* With nothing in flight no completion reports DROPPED: only the event comes. */
static void
window__revoked_when_idle_is_not_written_any_more(void **state)
{
	struct loop_stream s = wc_stream(4, 100);
	uint64_t lines;
	struct loop l;

	(void)state;
	wc_open(&l, 4, "", 0);
	loop_stream_run(&l, &s);
	lines = wc_fake_count()->lines;
	queue_window_revoke(&l);
	loop_wait_u64(&l, &loop_hw(&l)->events, 1);
	loop_stream_run(&l, &s);
	assert_int_equal(wc_fake_count()->lines, lines);
	assert_int_equal(loop_xstat(&l, "card_stray_writes"), 0);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), s.count);
	assert_int_equal(loop_xstat(&l, "tx_dropped"), 0);
	loop_log_clear();
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_string_equal(loop_log(), ""); /* there was no window to give back */
	loop_close(&l);
}

/* A burst went back to push, but none of its frames could be sent: the card knows of no change. */
static void
revoked_before_the_first_push(uint64_t seed)
{
	const struct wc_fake_config lossy = {.seed = 1, .lose_in = 1}, faithful = {.seed = 1};
	struct loop_stream s = {.count = 1, .bytes = loop_bytes_fixed, .arg = 64};
	struct rte_mbuf *frame;
	struct wcnic_txq *txq;
	uint64_t lines;
	struct loop l;

	wc_open(&l, seed, ",push_wait_us=5", 0);
	txq = loop_txq(&l, 0);
	wc_fake_install(txq, &lossy);
	loop_stream_run(&l, &s);
	assert_int_equal(txq->placement, WCNIC_PLACEMENT_FETCH);
	wc_fake_install(txq, &faithful);
	txq->push_again_tsc = 0;
	frame = loop_frame(&l, 1, 64, 1);
	frame->pkt_len++; /* more than its segment has */
	assert_int_equal(rte_eth_tx_burst(l.port_id, 0, &frame, 1), 1);
	assert_int_equal(txq->placement, WCNIC_PLACEMENT_PUSH);
	queue_window_revoke(&l);
	loop_wait_u64(&l, &loop_hw(&l)->events, 1);
	lines = wc_fake_count()->lines;
	s.count = 100;
	loop_stream_run(&l, &s);
	assert_int_equal(wc_fake_count()->lines, lines);
	assert_int_equal(loop_xstat(&l, "card_stray_writes"), 0);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), 1 + s.count);
	assert_int_equal(loop_xstat(&l, "tx_dropped"), 0);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	loop_log_clear();
	loop_close(&l);
}

static void
window__revoked_before_the_first_push_is_not_written(void **state)
{
	(void)state;
	for (uint64_t seed = 4; seed < 20; seed += 5) /* both formats, both rules */
		revoked_before_the_first_push(seed);
}

#define WC_TEST(fn, args)                                                    \
	{                                                                    \
#fn " " args, fn, NULL, wc_teardown, (void *)(uintptr_t)args \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WC_TEST(push__lines_in_pieces_and_any_order_all_arrive, ",push_wait_us=1000000"),
		WC_TEST(push__lines_in_pieces_and_any_order_all_arrive,
			",push_wait_us=1000000,thread=1"),
		WC_TEST(push__lost_lines_are_fetched_once_in_order, ",push_wait_us=5"),
		WC_TEST(push__lost_lines_are_fetched_once_in_order, ",push_wait_us=5,thread=1"),
		WC_TEST(push__resumes_after_a_loss, ""),
		WC_TEST(push__no_more_than_max_burst_between_doorbells, ""),
		WC_TEST(push__packed_no_more_than_publish_lines_between_doorbells, ""),
		WC_TEST(push__packed_burst_lies_back_to_back, ""),
		WC_TEST(push__express_burst_has_no_doorbell, ""),
		WC_TEST(push__express_loss_is_seen_whatever_its_number, ""),
		WC_TEST(push__express_loss_is_seen_though_others_follow, ""),
		WC_TEST(push__express_queue_is_rung_after_three_idle_looks, ""),
		WC_TEST(window__revoked_in_traffic_goes_on_by_fetch, ""),
		WC_TEST(window__revoked_in_traffic_goes_on_by_fetch, ",thread=1"),
		WC_TEST(window__revoked_when_idle_is_not_written_any_more, ""),
		WC_TEST(window__revoked_before_the_first_push_is_not_written, ""),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
