/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A port in a secondary process. Queues and rings are in shared memory, at the same address in all
 * processes; so must be BAR2, whose file the primary sends. Whatever else the port needs is asked
 * of the primary.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ethdev_driver.h>
#include <rte_alarm.h>

#include "wcnic_compat.h"
#include "wcnic_dump.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_mp.h"
#include "wcnic_queue.h"
#include "wcnic_queue_status.h"
#include "wcnic_secondary.h"

#define WATCH_US 1000000

struct secondary {
	struct rte_eth_dev *dev; /* NULL: the port is not this driver's */
	bool attached;           /* the primary has answered */
	bool missed;             /* it told something before */
	bool ended;              /* it has closed the port, or is no more */
	uint64_t seq;            /* of the newest that was told */
	void *bar;               /* NULL: not mapped */
	size_t bar_bytes;
};

/* Of what follows; never held while another process is waited for. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secondary ports[RTE_MAX_ETHPORTS];
static uint32_t number; /* of this process, by the primary; 0: none yet */
static uint32_t place;
static int life = -1; /* open until this process ends */

/* ---- bursts ---------------------------------------------------------------------------------- */

/* Of a port that has ended: the arrays of queues are gone, too. */
static void *no_queues[RTE_MAX_QUEUES_PER_PORT];

static void
bursts_set(struct secondary *s, bool on)
{
	struct rte_eth_dev *dev = s->dev;
	struct rte_eth_fp_ops *fast = &rte_eth_fp_ops[dev - rte_eth_devices];

	dev->rx_pkt_burst = on ? wcnic_rx_burst : rte_eth_pkt_burst_dummy;
	dev->tx_pkt_burst = on ? wcnic_tx_burst : rte_eth_pkt_burst_dummy;
	if (on) {
		/* the arrays may have been made after this process began */
		fast->rxq.data = dev->data->rx_queues;
		fast->txq.data = dev->data->tx_queues;
		rte_atomic_thread_fence(rte_memory_order_release);
	}
	fast->rx_pkt_burst = dev->rx_pkt_burst;
	fast->tx_pkt_burst = dev->tx_pkt_burst;
	rte_atomic_thread_fence(rte_memory_order_seq_cst);
}

/* ---- BAR2 ------------------------------------------------------------------------------------ */

static void
bar_unmap(struct secondary *s)
{
	if (s->bar != NULL)
		munmap(s->bar, s->bar_bytes);
	s->bar = NULL;
}

/* At the primary's address, in place of what was there of this port, and of nothing else. */
static int
bar_map(struct secondary *s, const struct wcnic_mp_state *state, int file)
{
	void *const want = (void *)(uintptr_t)state->addr;
	const bool again = s->bar == want && s->bar_bytes == state->bytes;
	void *at;

	if (!again)
		bar_unmap(s);
	at = mmap(want, state->bytes, PROT_READ | PROT_WRITE,
		  MAP_SHARED | (again ? MAP_FIXED : MAP_FIXED_NOREPLACE), file,
		  (off_t)state->file_off);
	if (at == MAP_FAILED)
		return -errno;
	if (at != want) { /* a kernel before 4.17 */
		munmap(at, state->bytes);
		return -EEXIST;
	}
	s->bar = at;
	s->bar_bytes = state->bytes;
	return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Nothing: the memory that they would look at is not the port's any more. */
static const struct eth_dev_ops ended_ops;

/* Functions, as not every release looks whether there are any. */
static wcnic_rx_count_t
no_count(void *queue __rte_unused)
{
	return -ENOTSUP;
}

static int
no_status(void *queue __rte_unused, uint16_t offset __rte_unused)
{
	return -ENOTSUP;
}

static uint16_t
no_prepare(void *queue __rte_unused, struct rte_mbuf **pkts __rte_unused, uint16_t n)
{
	return n;
}

/* In EAL's interrupt thread, where the application may do anything. */
static void
removed_tell(void *arg)
{
	(void)rte_eth_dev_callback_process(arg, RTE_ETH_EVENT_INTR_RMV, NULL);
}

/* With the lock. */
static void
end(struct secondary *s)
{
	struct rte_eth_fp_ops *fast = &rte_eth_fp_ops[s->dev - rte_eth_devices];

	if (s->ended)
		return;
	s->ended = true;
	bursts_set(s, false);
	s->dev->tx_pkt_prepare = no_prepare;
	s->dev->rx_queue_count = no_count;
	s->dev->rx_descriptor_status = no_status;
	s->dev->tx_descriptor_status = no_status;
	fast->tx_pkt_prepare = no_prepare;
	fast->rx_queue_count = no_count;
	fast->rx_descriptor_status = no_status;
	fast->tx_descriptor_status = no_status;
	fast->rxq.data = no_queues;
	fast->txq.data = no_queues;
	s->dev->dev_ops = &ended_ops;
	(void)rte_eal_alarm_set(1, removed_tell, s->dev);
}

/* The primary can open no gate any more, and bursts must not wait for it. */
static void
gates_shut(struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < WCNIC_QUEUES_MAX; i++) {
		if (hw->txq[i] != NULL)
			wcnic_store(&hw->txq[i]->gate.state, WCNIC_QUEUE_DOWN);
		if (hw->rxq[i] != NULL)
			wcnic_store(&hw->rxq[i]->gate.state, WCNIC_QUEUE_DOWN);
	}
}

/* Looks each second whether the primary is there. */
static void
watch(void *arg)
{
	struct secondary *s = arg;
	bool ended;

	pthread_mutex_lock(&lock);
	ended = s->dev == NULL || s->ended;
	if (!ended && rte_eal_primary_proc_alive(NULL) == 0) {
		WCNIC_LOG(ERR, wcnic_hw_get(s->dev->data),
			  "the primary process has ended: the port is no more");
		gates_shut(wcnic_hw_get(s->dev->data));
		end(s);
		ended = true;
	}
	pthread_mutex_unlock(&lock);
	if (!ended)
		(void)rte_eal_alarm_set(WATCH_US, watch, s);
}

/* ---- what the primary tells ------------------------------------------------------------------ */

/* With the lock. 0, or -errno of the mapping, after a log. */
static int
state_apply(struct secondary *s, const struct wcnic_mp_state *state, int file)
{
	struct wcnic_hw *hw = wcnic_hw_get(s->dev->data);
	int ret = 0;

	if (s->ended || state->seq <= s->seq)
		return 0;
	s->seq = state->seq;
	if (state->gone) {
		WCNIC_LOG(NOTICE, hw, "the primary process has closed the port");
		end(s);
	} else {
		if (file >= 0)
			ret = bar_map(s, state, file);
		if (ret != 0)
			WCNIC_LOG(ERR, hw,
				  "the card's windows cannot be mapped at 0x%" PRIx64
				  ", where the primary process has them: %s; this process sends "
				  "and receives nothing",
				  state->addr, strerror(-ret));
		bursts_set(s, ret == 0 && s->bar != NULL && state->bursts);
	}
	rte_atomic_store_explicit(&hw->peer_seq[place], state->seq, rte_memory_order_release);
	return ret;
}

/* The action of a secondary. */
static int
message(const struct rte_mp_msg *raw, const void *peer __rte_unused)
{
	struct wcnic_mp_msg msg;
	struct secondary *s;

	if (wcnic_mp_read(raw, &msg) && msg.what == WCNIC_MP_STATE) {
		s = &ports[msg.port_id];
		pthread_mutex_lock(&lock);
		if (s->dev != NULL && s->attached)
			(void)state_apply(s, &msg.state, raw->num_fds > 0 ? raw->fds[0] : -1);
		else
			s->missed = true;
		pthread_mutex_unlock(&lock);
	}
	for (int i = 0; i < raw->num_fds; i++)
		close(raw->fds[i]);
	return 0;
}

/* ---- to begin -------------------------------------------------------------------------------- */

/* The primary's barrier must reach this process. */
static int
barrier_register(void)
{
	return syscall(__NR_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0
		       ? 0
		       : -errno;
}

/* The answer to an attach. True: it is all; false: something was told meanwhile. */
static bool
answer_apply(struct secondary *s, const struct wcnic_mp_msg *msg, int file, int *error)
{
	bool all;

	pthread_mutex_lock(&lock);
	number = msg->number;
	place = msg->place;
	wcnic_gate_process_set(number);
	all = !s->missed;
	s->missed = false;
	if (all) {
		s->attached = true;
		*error = state_apply(s, &msg->state, file);
	}
	pthread_mutex_unlock(&lock);
	close(file);
	return all;
}

static int
attach(struct secondary *s)
{
	const uint16_t port_id = s->dev->data->port_id;
	struct wcnic_mp_msg msg;
	int ends[2] = {-1, -1};
	int file, ret, error = 0;

	for (;;) {
		msg = (struct wcnic_mp_msg){.what = WCNIC_MP_ATTACH,
					    .layout = wcnic_mp_layout(),
					    .number = number,
					    .port_id = port_id};
		/* the primary has one end; the other is closed when this process ends */
		if (number == 0 && pipe2(ends, O_CLOEXEC) != 0)
			return -errno;
		ret = wcnic_mp_ask(&msg, ends[0], &file);
		if (number == 0) {
			close(ends[0]);
			if (ret == 0)
				life = ends[1];
			else
				close(ends[1]);
			ends[0] = -1;
		}
		if (ret != 0 || file < 0)
			return ret != 0 ? ret : -EPROTO;
		if (answer_apply(s, &msg, file, &error))
			return error != 0 ? -ECANCELED : 0;
	}
}

static void
attach_log(const struct wcnic_hw *hw, int error)
{
	if (error == -ENOTSUP)
		WCNIC_LOG(NOTICE, hw,
			  "the card's windows are the primary process's alone: this process "
			  "looks, and sends and receives nothing");
	else if (error == -EPROTO)
		WCNIC_LOG(ERR, hw,
			  "the primary process has another version of the driver: this process "
			  "sends and receives nothing");
	else if (error != 0 && error != -ECANCELED) /* logged */
		WCNIC_LOG(ERR, hw,
			  "cannot share the port with the primary process: %s; this process sends "
			  "and receives nothing",
			  strerror(-error));
}

void
wcnic_secondary_start(struct rte_eth_dev *dev)
{
	struct secondary *s = &ports[dev->data->port_id];
	int ret;

	dev->tx_pkt_prepare = wcnic_tx_prepare;
	dev->rx_queue_count = wcnic_rx_queue_count;
	dev->rx_descriptor_status = wcnic_rx_descriptor_status;
	dev->tx_descriptor_status = wcnic_tx_descriptor_status;
	dev->rx_pkt_burst = rte_eth_pkt_burst_dummy;
	dev->tx_pkt_burst = rte_eth_pkt_burst_dummy;
	pthread_mutex_lock(&lock);
	bar_unmap(s); /* of a port that ended */
	memset(s, 0, sizeof(*s));
	s->dev = dev;
	pthread_mutex_unlock(&lock);
	ret = barrier_register();
	if (ret == 0)
		ret = wcnic_mp_listen(message);
	if (ret == 0)
		ret = attach(s);
	attach_log(wcnic_hw_get(dev->data), ret);
	(void)rte_eal_alarm_set(WATCH_US, watch, s);
}

void
wcnic_secondary_stop(struct rte_eth_dev *dev)
{
	struct wcnic_mp_msg msg = {.what = WCNIC_MP_DETACH,
				   .port_id = (uint16_t)(dev - rte_eth_devices)};
	struct secondary *s = &ports[msg.port_id];

	(void)rte_eal_alarm_cancel(watch, s);
	(void)rte_eal_alarm_cancel(removed_tell, dev);
	pthread_mutex_lock(&lock);
	msg.number = s->attached && !s->ended ? number : 0;
	if (s->dev != NULL)
		bursts_set(s, false);
	bar_unmap(s);
	s->dev = NULL;
	pthread_mutex_unlock(&lock);
	if (msg.number != 0)
		(void)wcnic_mp_send(&msg, -1);
}

/* ---- what the primary does ------------------------------------------------------------------- */

int
wcnic_secondary_stats_reset(struct rte_eth_dev *dev)
{
	struct wcnic_mp_msg msg = {.what = WCNIC_MP_STATS_RESET, .port_id = dev->data->port_id};

	return wcnic_mp_ask(&msg, -1, NULL);
}

int
wcnic_secondary_reg_dump(struct rte_eth_dev *dev, struct rte_dev_reg_info *info)
{
	int ret = wcnic_reg_info(dev, info);

	if (info->data == NULL)
		return ret;
	for (uint32_t done = 0, n; ret == 0 && done < info->length; done += n) {
		struct wcnic_mp_msg msg = {.what = WCNIC_MP_REGS_READ,
					   .port_id = dev->data->port_id,
					   .first = info->offset + done};

		n = RTE_MIN(info->length - done, (uint32_t)WCNIC_MP_REGS);
		msg.n = n;
		ret = wcnic_mp_ask(&msg, -1, NULL);
		if (ret == 0)
			memcpy((uint32_t *)info->data + done, msg.words, n * sizeof(uint32_t));
	}
	return ret;
}
