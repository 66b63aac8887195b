/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What a card on a bus does and an embedded one does not: it is taken away, its windows come by
 * rungs, their mapping is revoked, it sees single stores. An attach that does so stands before the
 * embedded one.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop.h"

static const struct wcnic_attach_ops *real;
static bool card_sees_stores;

static struct {
	_Atomic bool gone;
	_Atomic bool wanted;
	_Atomic bool revoked;
	enum wcbar_type push_type;
	bool no_uc; /* one memory type for the whole BAR, and it is not UC */
	unsigned int wc_maps;
	enum wcbar_rung rung;
	_Atomic unsigned int dma_stops;
	_Atomic unsigned int opens;
	_Atomic bool reset;             /* since it was opened */
	_Atomic bool deaf;              /* resets are not answered */
	_Atomic bool dma;               /* the bus lets it through */
	_Atomic unsigned int dma_early; /* ... to a card that had not been reset */
	_Atomic unsigned int missed;    /* searches that found no card */
} bus;

/* ---- the attach -------------------------------------------------------------------------- */

static int
bus_open(struct wcnic_hw *hw)
{
	bus.opens++;
	bus.reset = false;
	if (!bus.gone)
		return real->open(hw);
	bus.missed++;
	return -ENODEV;
}

static int
bus_reg_read(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes)
{
	if (!bus.gone && bus.deaf && off == WCNIC_REG_STATUS) {
		memset(value, 0, bytes); /* not READY */
		return 0;
	}
	if (!bus.gone)
		return real->reg_read(hw, off, value, bytes);
	memset(value, 0xff, bytes);
	return -ENODEV;
}

static int
bus_reg_write(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes)
{
	wcnic_le32 word;

	if (bus.gone)
		return 0;
	memcpy(&word, value, sizeof(word));
	if (off == WCNIC_REG_CTRL && (le32toh(word) & WCNIC_CTRL_RESET) != 0) {
		if (bus.deaf)
			return 0;
		bus.reset = true;
	}
	return real->reg_write(hw, off, value, bytes);
}

static int
bus_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
	       struct wcbar_window *win)
{
	int ret;

	if (intended == WCBAR_TYPE_UC && bus.no_uc) {
		memset(win, 0, sizeof(*win)); /* as wcbar_bar_map() leaves it */
		return -ENOTSUP;
	}
	bus.wc_maps += intended == WCBAR_TYPE_WC;
	ret = real->window_map(hw, off, bytes, intended, win);
	win->type = intended == WCBAR_TYPE_WC ? bus.push_type : intended;
	win->direct = false;
	return ret;
}

static enum wcbar_rung
bus_window_rung(struct wcnic_hw *hw, uint64_t off, struct wcbar_answer *answers)
{
	(void)hw;
	(void)off;
	memset(answers, 0, WCBAR_RUNGS * sizeof(*answers));
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		answers[i].rung = i;
		answers[i].type = i < WCBAR_RUNG_VFIO ? WCBAR_TYPE_WC : WCBAR_TYPE_UC;
		answers[i].tried = i <= bus.rung;
		answers[i].error = i == bus.rung ? 0 : -EINVAL;
		snprintf(answers[i].why, sizeof(answers[i].why), "reason number %u", i);
	}
	return bus.rung;
}

static bool
bus_window_revoked(struct wcnic_hw *hw, uint64_t *off)
{
	(void)hw;
	*off = 0x123000;
	return atomic_exchange(&bus.revoked, false);
}

static bool
bus_alive(struct wcnic_hw *hw)
{
	(void)hw;
	return !bus.gone;
}

static bool
bus_wanted_back(struct wcnic_hw *hw)
{
	(void)hw;
	return atomic_exchange(&bus.wanted, false);
}

static int
bus_dma_start(struct wcnic_hw *hw)
{
	(void)hw;
	bus.dma_early += !bus.reset;
	bus.dma = true;
	return 0;
}

static void
bus_dma_stop(struct wcnic_hw *hw)
{
	(void)hw;
	bus.dma = false;
	bus.dma_stops++;
}

/* A card that is gone does not work. */
static void
bus_poll(struct wcnic_hw *hw)
{
	if (!bus.gone)
		real->poll(hw);
}

static struct wcnic_attach_ops bus_ops;

/* ---- events ------------------------------------------------------------------------------ */

static _Atomic unsigned int removals;

static int
on_removal(uint16_t port_id, enum rte_eth_event_type type, void *arg, void *ret)
{
	(void)port_id;
	(void)type;
	(void)arg;
	(void)ret;
	removals++;
	return 0;
}

static void
bus_loop_open(struct loop *l, const char *devargs)
{
	struct loop_config config = {.devargs = devargs, .not_started = true};
	struct wcnic_hw *hw;

	loop_open(l, &config);
	hw = loop_hw(l);
	real = hw->attach;
	bus_ops = *real;
	bus_ops.name = "bus";
	bus_ops.open = bus_open;
	bus_ops.reg_read = bus_reg_read;
	bus_ops.reg_write = bus_reg_write;
	bus_ops.window_map = bus_window_map;
	bus_ops.window_rung = bus_window_rung;
	bus_ops.window_revoked = bus_window_revoked;
	bus_ops.alive = bus_alive;
	bus_ops.wanted_back = bus_wanted_back;
	bus_ops.dma_start = bus_dma_start;
	bus_ops.dma_stop = bus_dma_stop;
	bus_ops.poll = bus_poll;
	memset(&bus, 0, sizeof(bus));
	bus.push_type = WCBAR_TYPE_WC;
	bus.rung = WCBAR_RUNG_SYSFS_VFIO;
	removals = 0;
	pthread_mutex_lock(&hw->lock);
	hw->attach = &bus_ops;
	pthread_mutex_unlock(&hw->lock);
	assert_int_equal(
		rte_eth_dev_callback_register(l->port_id, RTE_ETH_EVENT_INTR_RMV, on_removal, NULL),
		0);
}

static void
bus_start(struct loop *l)
{
	assert_int_equal(rte_eth_dev_start(l->port_id), 0);
}

static const struct loop_stream some = {
	.count = 200, .bytes = loop_bytes_random, .arg = 1400, .segs = 3};

static void
removal_wait(void)
{
	for (unsigned int ms = 0; removals == 0 && ms < PATIENCE_MS; ms += 5)
		usleep(5000);
	assert_int_equal(removals, 1);
}

/* ---- removal ----------------------------------------------------------------------------- */

static void
removal__registers_stay_all_ones_event_comes_once(void **state)
{
	struct rte_mbuf *frames[20], *m;
	struct loop l;

	(void)state;
	bus_loop_open(&l, "placement=fetch");
	bus_start(&l);
	loop_stream_run(&l, &some);
	for (unsigned int i = 0; i < RTE_DIM(frames); i++)
		frames[i] = loop_frame(&l, i, 64, 1);
	bus.gone = true; /* the frames go into a ring that nobody looks at */
	loop_send(&l, 0, frames, RTE_DIM(frames));
	loop_time_is_over_in_service(true);
	removal_wait();
	loop_time_is_over_in_service(false);
	loop_log_has("the card is gone", "has not come back within", "it was removed", NULL);
	assert_int_equal(bus.dma_stops, 1);
	m = loop_frame(&l, 1, 64, 1);
	assert_int_equal(rte_eth_tx_burst(l.port_id, 0, &m, 1), 0);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_eth_rx_burst(l.port_id, 0, &m, 1), 0);
	assert_int_equal(loop_xstat(&l, "tx_lost"), RTE_DIM(frames));
	bus.gone = false; /* too late */
	usleep(300000);
	assert_int_equal(removals, 1);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), -EIO);
	loop_log_has("close the port", NULL);
	loop_close(&l);
}

/* As a card under reset does. */
static void
removal__registers_all_ones_for_a_while_is_recovered(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	bus_start(&l);
	loop_stream_run(&l, &some);
	bus.gone = true;
	for (unsigned int ms = 0; bus.missed < 5 && ms < PATIENCE_MS; ms++)
		usleep(1000);
	bus.gone = false;
	loop_recovered(&l, 1);
	assert_int_equal(removals, 0);
	loop_close(&l);
}

/* A card that does not answer a reset may still use the memory that it had. */
static void
loss__without_a_reset_has_no_dma_until_there_is_one(void **state)
{
	struct wcnic_hw *hw;
	struct loop l;

	(void)state;
	bus_loop_open(&l, "timeout_ms=10");
	bus_start(&l);
	loop_stream_run(&l, &some);
	hw = loop_hw(&l);
	bus.deaf = true;
	bus.opens = 0;
	wcnic_store(&hw->failed, true);
	for (unsigned int ms = 0; bus.opens < 1 && ms < PATIENCE_MS; ms += 5)
		usleep(5000);
	assert_true(bus.opens >= 1);
	assert_int_equal(bus.dma_stops, 1);
	assert_false(bus.dma);
	bus.deaf = false;
	loop_recovered(&l, 1);
	assert_true(bus.dma);
	assert_int_equal(bus.dma_early, 0);
	loop_log_has("the card is not ready", NULL);
	loop_log_clear();
	loop_close(&l);
}

static void
removal__card_is_wanted_back_event_comes_once(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	bus_start(&l);
	loop_stream_run(&l, &some);
	bus.wanted = true;
	removal_wait();
	loop_log_has("it is given back", "the card was reset", NULL);
	usleep(100000);
	assert_int_equal(removals, 1);
	loop_close(&l);
}

/* ---- windows ----------------------------------------------------------------------------- */

static unsigned int fenced; /* doorbells */
static uint64_t fenced_last;

void __wrap_wcbar_write64_wc(void *reg, uint64_t value);
void __real_wcbar_write64_wc(void *reg, uint64_t value);

void
__wrap_wcbar_write64_wc(void *reg, uint64_t value)
{
	fenced++;
	fenced_last = value;
	__real_wcbar_write64_wc(reg, value);
}

static void
window__write_combining_is_timed_and_pushed_into(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	bus_start(&l);
	loop_log_has("push windows are WC, rung sysfs-wc-vfio", "the fastest store is", NULL);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), some.count);
	assert_int_equal(loop_xstat(&l, "window_memory_type"), WCBAR_TYPE_WC);
	assert_int_equal(loop_xstat(&l, "window_rung"), WCBAR_RUNG_SYSFS_VFIO + 1);
	assert_int_equal(loop_xstat(&l, "window_direct"), 1);
	assert_int_equal(loop_xstat(&l, "doorbell_memory_type"), WCBAR_TYPE_UC);
	assert_int_equal(fenced, 0);
	assert_int_equal(loop_xstat(&l, "card_stale_lines"), 0);
	assert_int_equal(loop_xstat(&l, "card_stray_writes"), 0);
	loop_close(&l);
}

static void
window__uncached_is_reported_with_reasons_and_fetched(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	bus.push_type = WCBAR_TYPE_UC;
	bus.rung = WCBAR_RUNG_VFIO;
	bus_start(&l);
	loop_log_has("push windows are UC, rung vfio", "no write combining",
		     "sysfs-wc-vfio: reason number 1", "sysfs-wc-relaxed: reason number 2", NULL);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), some.count);
	assert_int_equal(loop_xstat(&l, "window_rung"), WCBAR_RUNG_VFIO + 1);
	loop_close(&l);
}

static void
doorbells__uncached_is_refused_beside_combining_windows_each_is_fenced(void **state)
{
	unsigned int before;
	struct loop l;

	(void)state;
	fenced = 0;
	bus_loop_open(&l, "");
	bus.rung = WCBAR_RUNG_VFIO_PAT;
	bus.no_uc = true;
	bus_start(&l);
	loop_log_has("push windows are WC, rung vfio-pat", "doorbells are WC", "fenced", NULL);
	assert_int_equal(loop_xstat(&l, "doorbell_memory_type"), WCBAR_TYPE_WC);
	assert_int_equal(fenced, 1); /* the first buffers */
	assert_ptr_equal(wcbar_store_at(loop_txq(&l, 0)->store)->lines,
			 loop_txq(&l, 0)->ctrl.window.win.store->lines);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), some.count);
	assert_true(fenced >= 1 + some.count / 32);
	assert_int_equal(loop_xstat(&l, "card_stray_writes"), 0);

	before = fenced;
	wcnic_rx_arm(loop_rxq(&l, 0));
	assert_int_equal(fenced, before + 1);
	assert_true((fenced_last & WCNIC_RXDB_ARM) != 0);
	wcnic_rx_disarm(loop_rxq(&l, 0));
	loop_stream_run(&l, &some);
	assert_true(fenced > before + 1);
	assert_true((fenced_last & WCNIC_RXDB_ARM) == 0);
	loop_close(&l);
}

static void
doorbells__all_of_the_bar_combines_and_nobody_pushes_each_is_fenced(void **state)
{
	struct loop l;

	(void)state;
	fenced = 0;
	bus_loop_open(&l, "placement=fetch");
	bus.no_uc = true;
	bus_start(&l);
	loop_log_has("doorbells are WC", NULL);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), some.count);
	assert_true(fenced >= 1 + some.count / 32);
	loop_close(&l);
}

static void
doorbells__uncached_is_refused_beside_uncached_windows_start_fails(void **state)
{
	struct loop l;

	(void)state;
	fenced = 0;
	bus_loop_open(&l, "");
	bus.push_type = WCBAR_TYPE_UC;
	bus.rung = WCBAR_RUNG_VFIO;
	bus.no_uc = true;
	assert_int_equal(rte_eth_dev_start(l.port_id), -ENOTSUP);
	loop_log_has("cannot map window", NULL);
	assert_int_equal(bus.wc_maps, 2); /* to be measured, and of the queue */
	assert_int_equal(fenced, 0);
	bus.no_uc = false;
	bus_start(&l);
	assert_int_equal(loop_xstat(&l, "doorbell_memory_type"), WCBAR_TYPE_UC);
	loop_stream_run(&l, &some);
	assert_int_equal(fenced, 0);
	loop_log_clear();
	loop_close(&l);
}

static void
window__store_asked_for_is_not_safe_another_is_used(void **state)
{
	const char *wide = wcbar_stores(WCBAR_TYPE_WC)[0]->name;
	char devargs[64];
	struct loop l;

	(void)state;
	if (strcmp(wide, "u64") == 0)
		skip();
	snprintf(devargs, sizeof(devargs), "placement=push,store=%s", wide);
	bus_loop_open(&l, devargs);
	bus.push_type = WCBAR_TYPE_UC; /* known to be direct, but it combines nothing */
	bus.rung = WCBAR_RUNG_VFIO;
	bus_start(&l);
	loop_log_has("is not safe for a window that is UC", "u64 is used", NULL);
	assert_string_equal(wcbar_store_at(loop_txq(&l, 0)->store)->name, "u64");
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), some.count);
	loop_close(&l);
}

/* What a hypervisor that emulates the window looks like to the calibration. */
static bool trapped;

int __wrap_wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *c);
int __real_wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *c);

/* As the real one does it, but memory is direct, and each store as fast as on a quiet machine. */
static int
calibrated_by_no_clock(struct wcbar_window *win, size_t lines, struct wcbar_calibration *c)
{
	int ret = __real_wcbar_calibrate(win, lines, c);
	const struct wcbar_store *const *stores;

	if (ret != 0)
		return ret;
	win->direct = true;
	stores = wcbar_window_stores(win);
	memset(c, 0, sizeof(*c));
	c->ns_per_store = 1;
	c->ns_per_read = 10;
	c->direct = true;
	for (; stores[c->ranks] != NULL; c->ranks++) {
		c->rank[c->ranks].store = stores[c->ranks];
		c->rank[c->ranks].ns_per_line = (double)(1 + c->ranks);
	}
	win->store = c->rank[0].store;
	return 0;
}

int
__wrap_wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *c)
{
	if (!trapped)
		return calibrated_by_no_clock(win, lines, c);
	memset(c, 0, sizeof(*c));
	c->ns_per_store = 5000;
	c->ns_per_read = 30000;
	win->direct = false;
	return 0;
}

static void
window__trapped_gets_narrow_stores_and_is_fetched(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	trapped = true;
	bus_start(&l);
	trapped = false;
	loop_log_has("push windows are trapped: 5000 ns for 8 bytes, 30000 ns to read", NULL);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), some.count);
	assert_int_equal(loop_xstat(&l, "window_direct"), 0);
	assert_int_equal(loop_xstat(&l, "window_memory_type"), WCBAR_TYPE_WC);
	assert_string_equal(wcbar_store_at(loop_txq(&l, 0)->store)->name, "u64");
	loop_close(&l);
}

static void
window__mapping_revoked_goes_on_by_fetch_until_start(void **state)
{
	uint64_t fetched;
	struct loop l;

	(void)state;
	bus_loop_open(&l, "placement=push");
	bus_start(&l);
	loop_stream_run(&l, &some);
	bus.revoked = true;
	loop_recovered(&l, 1);
	loop_log_has("the mapping of the windows was taken away", "0x123000", NULL);
	fetched = loop_xstat(&l, "tx_fetched");
	assert_true(fetched > 0);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), some.count);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	bus_start(&l);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), fetched);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), 2 * some.count);
	loop_close(&l);
}

/* ---- WINDOW_TEST ------------------------------------------------------------------------- */

int __wrap_wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card);
int __real_wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card);

int
__wrap_wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card)
{
	struct wcnic_card_config seeing = *config;

	seeing.sees_stores = card_sees_stores;
	return __real_wcnic_card_create(&seeing, card);
}

/* Stores that arrive as the card's bus would bring them, under its lock. */
struct arrival {
	uint64_t off;
	const uint8_t *src;
	size_t bytes;
};

static struct loop *arrivals_at;
static const uint8_t *test_window;
static uint64_t test_window_off;

static void
store_arrive(struct wcnic_card *card, void *arg)
{
	struct arrival *a = arg;

	(void)wcnic_card_bar_write(card, WCNIC_BAR_WINDOWS, a->off, a->src, a->bytes);
}

static void
piece_store(uint8_t *dst, const uint8_t *src, size_t bytes)
{
	struct arrival a = {test_window_off + (uint64_t)(dst - test_window), src, bytes};

	loop_card_do(arrivals_at, store_arrive, &a);
}

static void
whole_lines(void *dst, const void *src, size_t lines)
{
	for (size_t i = 0; i < lines; i++)
		piece_store((uint8_t *)dst + i * 64, (const uint8_t *)src + i * 64, 64);
}

static void
pieces_lines(void *dst, const void *src, size_t lines)
{
	for (size_t i = 0; i < lines * 8; i++)
		piece_store((uint8_t *)dst + i * 8, (const uint8_t *)src + i * 8, 8);
}

/* The last piece of every other line is left out. */
static void
leaky_lines(void *dst, const void *src, size_t lines)
{
	static unsigned int n;

	for (size_t i = 0; i < lines; i++, n++)
		piece_store((uint8_t *)dst + i * 64, (const uint8_t *)src + i * 64,
			    n % 2 == 0 ? 64 : 32);
}

static void
no_drain(void)
{
}

static const struct wcbar_store whole = {"whole", whole_lines, no_drain};
static const struct wcbar_store pieces = {"pieces", pieces_lines, no_drain};
static const struct wcbar_store leaky = {"leaky", leaky_lines, no_drain};
/* What the driver takes for the stores of this CPU; NULL: the real ones. */
static const struct wcbar_store *const *fake_stores;

const struct wcbar_store *const *__wrap_wcbar_window_stores(const struct wcbar_window *win);
const struct wcbar_store *const *__real_wcbar_window_stores(const struct wcbar_window *win);

const struct wcbar_store *const *
__wrap_wcbar_window_stores(const struct wcbar_window *win)
{
	if (fake_stores == NULL)
		return __real_wcbar_window_stores(win);
	test_window = win->addr;
	return fake_stores;
}

/* Where the window lies in BAR2: the embedded attach knows. */
static int
seeing_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
		  struct wcbar_window *win)
{
	test_window_off = off;
	return real->window_map(hw, off, bytes, intended, win);
}

static void
window_test__card_sees_stores_each_way_is_reported(void **state)
{
	static const struct wcbar_store *const stores[] = {&whole, &pieces, &leaky, NULL};
	const struct wcnic_window_caps *caps;
	const struct wcnic_test_result *r;
	struct loop l;

	(void)state;
	card_sees_stores = true;
	bus_loop_open(&l, "placement=fetch");
	bus_ops = *real;
	bus_ops.window_map = seeing_window_map;
	loop_txq(&l, 0)->wanted = WCNIC_PLACEMENT_AUTO; /* else nothing is measured */
	arrivals_at = &l;
	fake_stores = stores;
	bus_start(&l);
	fake_stores = NULL;
	card_sees_stores = false;
	caps = &loop_hw(&l)->window_caps;
	assert_int_equal(caps->test, WCNIC_TEST_DONE);
	assert_int_equal(caps->n_results, 3);
	r = wcnic_window_test_find(loop_hw(&l), "whole");
	assert_int_equal(r->report.lines_whole, r->lines);
	assert_int_equal(r->report.arrivals[6], r->lines);
	r = wcnic_window_test_find(loop_hw(&l), "pieces");
	assert_int_equal(r->report.lines_partial, r->lines);
	assert_int_equal(r->report.arrivals[3], 8 * r->lines);
	assert_int_equal(r->report.lines_whole, 0);
	r = wcnic_window_test_find(loop_hw(&l), "leaky");
	assert_int_equal(r->report.lines_lost, r->lines / 2);
	assert_int_equal(r->report.lines_whole, r->lines / 2);
	loop_log_has("window test, whole: of 256 lines 256 arrived whole", NULL);
	/* the store in use is the first */
	assert_int_equal(loop_xstat(&l, "window_test_lines"), 256);
	assert_int_equal(loop_xstat(&l, "window_test_whole"), 256);
	loop_close(&l);
}

/* A mapping that promises to combine, whatever then becomes of its stores. */
static int
promising_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
		     struct wcbar_window *win)
{
	int ret = seeing_window_map(hw, off, bytes, intended, win);

	if (intended == WCBAR_TYPE_WC)
		win->type = WCBAR_TYPE_WC;
	return ret;
}

static void
auto_placement__follows_what_the_card_saw(void **state)
{
	static const struct wcbar_store *const gathering[] = {&whole, NULL};
	static const struct wcbar_store *const scattering[] = {&pieces, NULL};
	static const struct wcbar_store *const both[] = {&pieces, &whole, NULL};
	static const struct {
		const struct wcbar_store *const *stores;
		uint8_t placement;
	} cases[] = {
		{gathering, WCNIC_PLACEMENT_PUSH},
		{scattering, WCNIC_PLACEMENT_FETCH},
		{both, WCNIC_PLACEMENT_PUSH},
	};
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		card_sees_stores = true;
		bus_loop_open(&l, "placement=fetch");
		bus_ops = *real;
		bus_ops.window_map = promising_window_map;
		loop_txq(&l, 0)->wanted = WCNIC_PLACEMENT_AUTO;
		arrivals_at = &l;
		fake_stores = cases[i].stores;
		bus_start(&l);
		fake_stores = NULL;
		card_sees_stores = false;
		assert_int_equal(loop_hw(&l)->window_caps.test, WCNIC_TEST_DONE);
		assert_int_equal(loop_txq(&l, 0)->placement, cases[i].placement);
		loop_close(&l);
	}
}

/* A slow machine: the clock takes a window for trapped, but the card has the last word. */
static void
auto_placement__slow_clock_does_not_outweigh_what_the_card_saw(void **state)
{
	static const struct wcbar_store *const gathering[] = {&whole, NULL};
	static const struct wcbar_store *const scattering[] = {&pieces, NULL};
	static const struct {
		const struct wcbar_store *const *stores;
		uint8_t placement;
		bool direct;
		uint32_t lines; /* tested at last */
		const char *says;
	} cases[] = {
		{gathering, WCNIC_PLACEMENT_PUSH, true, 256, "the window is direct"},
		{scattering, WCNIC_PLACEMENT_FETCH, false, 16, "trapped, or Device on a slow"},
	};
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		card_sees_stores = true;
		bus_loop_open(&l, "placement=fetch");
		bus_ops = *real;
		bus_ops.window_map = promising_window_map;
		loop_txq(&l, 0)->wanted = WCNIC_PLACEMENT_AUTO;
		arrivals_at = &l;
		fake_stores = cases[i].stores;
		trapped = true;
		bus_start(&l);
		trapped = false;
		fake_stores = NULL;
		card_sees_stores = false;
		assert_int_equal(loop_hw(&l)->window_caps.test, WCNIC_TEST_DONE);
		assert_int_equal(loop_hw(&l)->window_caps.calibration.direct, cases[i].direct);
		assert_int_equal(loop_hw(&l)->window_caps.n_results, 1);
		assert_int_equal(loop_hw(&l)->window_caps.results[0].lines, cases[i].lines);
		assert_int_equal(loop_txq(&l, 0)->placement, cases[i].placement);
		assert_null(strstr(loop_log(), "are trapped:"));
		loop_log_has(cases[i].says, NULL);
		loop_log_clear();
		loop_close(&l);
	}
}

static void
window_test__not_observable_is_said_so(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	loop_hw(&l)->id.caps |= WCNIC_CAP_WINDOW_TEST; /* the card will deny it */
	bus_start(&l);
	assert_int_equal(loop_hw(&l)->window_caps.test, WCNIC_TEST_NOT_OBSERVABLE);
	assert_int_equal(loop_hw(&l)->window_caps.n_results, 0);
	loop_log_has("the card cannot see single stores", "is not known", NULL);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "window_test_lines"), 0);
	loop_close(&l);
}

static void
window_test__switched_off_is_not_run(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "self_test=0");
	loop_hw(&l)->id.caps |= WCNIC_CAP_WINDOW_TEST;
	bus_start(&l);
	assert_int_equal(loop_hw(&l)->window_caps.test, WCNIC_TEST_NOT_RUN);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

/* ---- arguments and addresses --------------------------------------------------------------- */

static void
devargs__of_another_way_refused_on_pci(void **state)
{
	struct wcnic_devargs args;

	(void)state;
	assert_int_equal(wcnic_devargs_parse("x", "socket=y", true, &args), -EINVAL);
	loop_log_has("socket= is for --vdev", NULL);
	assert_int_equal(wcnic_devargs_parse("x", "thread=1", true, &args), -EINVAL);
	loop_log_has("thread= is for --vdev", NULL);
	assert_int_equal(wcnic_devargs_parse("x", "placement=push,self_test=0", true, &args), 0);
	assert_int_equal(args.self_test, 0);
}

static void
iova__bad_is_refused_with_what_helps(void **state)
{
	struct loop l;

	(void)state;
	bus_loop_open(&l, "");
	assert_int_equal(wcnic_iova_check(loop_hw(&l), "some ring", 0x1000), 0);
	assert_int_equal(wcnic_iova_check(loop_hw(&l), "some ring", RTE_BAD_IOVA), -ENOTSUP);
	loop_log_has("some ring", "hugepages", "--iova-mode=va", NULL);
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(removal__registers_stay_all_ones_event_comes_once),
		LOOP_TEST(removal__registers_all_ones_for_a_while_is_recovered),
		LOOP_TEST(loss__without_a_reset_has_no_dma_until_there_is_one),
		LOOP_TEST(removal__card_is_wanted_back_event_comes_once),
		LOOP_TEST(window__write_combining_is_timed_and_pushed_into),
		LOOP_TEST(window__uncached_is_reported_with_reasons_and_fetched),
		LOOP_TEST(doorbells__uncached_is_refused_beside_combining_windows_each_is_fenced),
		LOOP_TEST(doorbells__all_of_the_bar_combines_and_nobody_pushes_each_is_fenced),
		LOOP_TEST(doorbells__uncached_is_refused_beside_uncached_windows_start_fails),
		LOOP_TEST(window__store_asked_for_is_not_safe_another_is_used),
		LOOP_TEST(window__trapped_gets_narrow_stores_and_is_fetched),
		LOOP_TEST(window__mapping_revoked_goes_on_by_fetch_until_start),
		LOOP_TEST(window_test__card_sees_stores_each_way_is_reported),
		LOOP_TEST(auto_placement__follows_what_the_card_saw),
		LOOP_TEST(auto_placement__slow_clock_does_not_outweigh_what_the_card_saw),
		LOOP_TEST(window_test__not_observable_is_said_so),
		LOOP_TEST(window_test__switched_off_is_not_run),
		LOOP_TEST(devargs__of_another_way_refused_on_pci),
		LOOP_TEST(iova__bad_is_refused_with_what_helps),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
