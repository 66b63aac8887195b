/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Frames between card and device. */

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "port_ethdev_internal.h"

/* How often a second the device is asked for its link. */
#define LINK_READS 50u
/* Fragments of a frame that the device may hand over in pieces. */
#define FRAGS_MAX 64u
#define STOP_MS 100u

static bool
is_usable(struct port_ethdev *pe)
{
	return pe->link_up && !__atomic_load_n(&pe->removed, __ATOMIC_ACQUIRE);
}

/* ---- Tx --------------------------------------------------------------------------------- */

/* Sends the frames that wait to the device. Returns whether another frame can wait. */
static bool
tx_push(struct port_ethdev *pe)
{
	uint16_t sent;

	if (pe->n_tx == 0 || !is_usable(pe))
		return pe->n_tx < PORT_ETHDEV_BURST;
	sent = rte_eth_tx_burst(pe->id, 0, pe->tx, pe->n_tx);
	pe->n_tx -= sent;
	if (unlikely(pe->n_tx != 0 && sent != 0))
		memmove(pe->tx, pe->tx + sent, pe->n_tx * sizeof(pe->tx[0]));
	return pe->n_tx < PORT_ETHDEV_BURST;
}

/* Makes sure that there are spare mbufs. Returns how many; 0: the device has them all. */
static unsigned int
mbufs_get(struct port_ethdev *pe)
{
	if (pe->n_spare == 0 && rte_pktmbuf_alloc_bulk(pe->pool, pe->spare, PORT_ETHDEV_BURST) == 0)
		pe->n_spare = PORT_ETHDEV_BURST;
	return pe->n_spare;
}

/* Appends a spare mbuf of `bytes` bytes to the frames that wait. Returns where its data go. */
static uint8_t *
mbuf_queue(struct port_ethdev *pe, uint32_t bytes)
{
	struct rte_mbuf *mbuf = pe->spare[--pe->n_spare];

	mbuf->data_len = (uint16_t)bytes;
	mbuf->pkt_len = bytes;
	pe->tx[pe->n_tx++] = mbuf;
	return rte_pktmbuf_mtod(mbuf, uint8_t *);
}

/* Copies 32 to 64 bytes, which most frames have, without a call. */
static inline void
bytes_copy(uint8_t *dst, const uint8_t *src, uint32_t bytes)
{
	if (likely(bytes - 32 <= 32)) {
		memcpy(dst, src, 32);
		memcpy(dst + bytes - 32, src + bytes - 32, 32);
	} else {
		memcpy(dst, src, bytes);
	}
}

static int
ethdev_send(void *ctx, const struct wcdev_frame *frame)
{
	struct port_ethdev *pe = ctx;
	uint8_t *at;

	if (unlikely(frame->bytes > pe->frame_max)) {
		wcnic_port_error_set(
			&pe->port,
			"%s: a frame of %u bytes was discarded: the device's MTU lets %u "
			"pass; set it with mtu=",
			pe->name, frame->bytes, pe->frame_max);
		return -EMSGSIZE;
	}
	if (pe->n_tx == PORT_ETHDEV_BURST && !tx_push(pe))
		return -EAGAIN;
	if (unlikely(!is_usable(pe)))
		return -EAGAIN;
	if (unlikely(mbufs_get(pe) == 0))
		return -EAGAIN;
	at = mbuf_queue(pe, frame->bytes);
	for (uint32_t i = 0; i < frame->n_frags; i++) {
		memcpy(at, frame->frags[i].base, frame->frags[i].bytes);
		at += frame->frags[i].bytes;
	}
	return 0;
}

/* Queues frames of one fragment, up to the first other one, as far as there are mbufs. */
static unsigned int
single_segment_send(struct port_ethdev *pe, const struct wcdev_frame *frames, unsigned int n)
{
	const unsigned int space = PORT_ETHDEV_BURST - pe->n_tx;
	unsigned int i;

	n = RTE_MIN(n, space);
	n = RTE_MIN(n, mbufs_get(pe));
	for (i = 0; i < n; i++) {
		const struct wcdev_frame *frame = &frames[i];

		if (unlikely(frame->n_frags != 1 || frame->bytes > pe->frame_max))
			break;
		bytes_copy(mbuf_queue(pe, frame->bytes), frame->frags[0].base, frame->bytes);
	}
	return i;
}

static unsigned int
ethdev_send_burst(void *ctx, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct port_ethdev *pe = ctx;
	unsigned int i = 0;

	while (i < n) {
		if (likely(is_usable(pe)))
			i += single_segment_send(pe, frames + i, n - i);
		if (i == n)
			break;
		*ret = ethdev_send(ctx,
				   &frames[i]); /* sends those that wait, if no more can wait */
		if (*ret != 0)
			break;
		i++;
	}
	return i;
}

static void
ethdev_flush(void *ctx)
{
	tx_push(ctx);
}

/* ---- Rx ---------------------------------------------------------------------------------- */

/* Gives the card a frame of any number of segments. As wcdev_receive(). */
static int
rx_offer(struct port_ethdev *pe, struct rte_mbuf *mbuf)
{
	struct wcdev_frag frags[FRAGS_MAX];
	struct wcdev_frame frame = {.frags = frags, .bytes = mbuf->pkt_len};

	if (unlikely(mbuf->nb_segs > FRAGS_MAX)) {
		wcnic_port_error_set(&pe->port,
				     "%s: a frame in %u pieces was discarded: at most %u", pe->name,
				     mbuf->nb_segs, FRAGS_MAX);
		return 0;
	}
	for (; mbuf != NULL; mbuf = mbuf->next) {
		frags[frame.n_frags].base = rte_pktmbuf_mtod(mbuf, const void *);
		frags[frame.n_frags++].bytes = mbuf->data_len;
	}
	return wcdev_receive(pe->port.dev, &frame);
}

/* Gives the card mbufs of one segment, up to the first other one. As wcdev_receive_burst(). */
static unsigned int
rx_offer_single_segment(struct port_ethdev *pe, struct rte_mbuf *const *mbufs, unsigned int n,
			int *ret)
{
	struct wcdev_frame frames[PORT_ETHDEV_BURST];
	struct wcdev_frag frags[PORT_ETHDEV_BURST];
	unsigned int i;

	for (i = 0; i < n && likely(mbufs[i]->nb_segs == 1); i++) {
		if (i + 4 < n)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + 4], const void *));
		frags[i] = (struct wcdev_frag){
			.base = rte_pktmbuf_mtod(mbufs[i], const void *),
			.bytes = mbufs[i]->data_len,
		};
		frames[i] = (struct wcdev_frame){
			.frags = &frags[i],
			.n_frags = 1,
			.bytes = mbufs[i]->data_len,
		};
	}
	return i == 0 ? 0 : wcdev_receive_burst(pe->port.dev, frames, i, ret);
}

/* Gives the card what was received, at most `budget` frames. The rest waits for the next call. */
static unsigned int
rx_deliver(struct port_ethdev *pe, unsigned int budget)
{
	struct rte_mbuf **const mbufs = pe->rx + pe->rx_next;
	const unsigned int n = RTE_MIN((unsigned int)(pe->n_rx - pe->rx_next), budget);
	unsigned int done = 0;
	int ret = 0;

	while (done < n && ret == 0) {
		done += rx_offer_single_segment(pe, mbufs + done, n - done, &ret);
		if (done < n && ret == 0 && mbufs[done]->nb_segs != 1) {
			ret = rx_offer(pe, mbufs[done]);
			done += ret == 0;
		}
	}
	rte_pktmbuf_free_bulk(mbufs, done);
	pe->rx_next += done;
	return done;
}

/* Registers the polling thread, so that it has a cache in DPDK's pools. */
static void
thread_register(struct port_ethdev *pe)
{
	pe->thread_registered = true;
	if (rte_lcore_id() == LCORE_ID_ANY)
		(void)rte_thread_register(); /* works without, but slower */
}

static unsigned int
ethdev_poll(void *ctx, unsigned int budget)
{
	struct port_ethdev *pe = ctx;

	if (unlikely(!pe->thread_registered))
		thread_register(pe);
	if (unlikely(pe->n_tx != 0))
		tx_push(pe);
	if (pe->rx_next == pe->n_rx && budget != 0 && is_usable(pe)) {
		pe->rx_next = 0;
		pe->n_rx = rte_eth_rx_burst(pe->id, 0, pe->rx, PORT_ETHDEV_BURST);
	}
	return pe->rx_next < pe->n_rx ? rx_deliver(pe, budget) : 0;
}

/* ---- both -------------------------------------------------------------------------------- */

static void
ethdev_link(void *ctx, struct wcdev_link *link)
{
	struct port_ethdev *pe = ctx;
	uint64_t now = rte_rdtsc();

	if (unlikely(__atomic_load_n(&pe->removed, __ATOMIC_ACQUIRE))) {
		wcnic_port_error_set(&pe->port, "%s was removed; frames of the card wait",
				     pe->name);
		link->up = false;
		return;
	}
	if (now >= pe->link_tsc) {
		pe->link_tsc = now + rte_get_tsc_hz() / LINK_READS;
		port_ethdev_link_read(pe);
	}
	link->speed_mbps = pe->link_mbps;
	link->up = pe->link_up;
}

WC_MUST_CHECK static int
ethdev_start(struct wcnic_port *port, const struct wcnic_port_args *args)
{
	return port_ethdev_start((struct port_ethdev *)port, args);
}

static void
ethdev_stop(struct wcnic_port *port)
{
	struct port_ethdev *pe = (struct port_ethdev *)port;

	for (unsigned int i = 0; i < STOP_MS && pe->started && pe->n_tx != 0; i++) {
		tx_push(pe);
		if (pe->n_tx != 0)
			rte_delay_us_sleep(1000);
	}
	port_ethdev_stop(pe);
}

const struct wcnic_port_kind port_ethdev_kind = {
	.ops = {.kind = "ethdev",
		.send = ethdev_send,
		.send_burst = ethdev_send_burst,
		.poll = ethdev_poll,
		.flush = ethdev_flush,
		.link = ethdev_link},
	.keys = "mtu",
	.first = "device",
	.bytes = sizeof(struct port_ethdev),
	.start = ethdev_start,
	.stop = ethdev_stop,
};
