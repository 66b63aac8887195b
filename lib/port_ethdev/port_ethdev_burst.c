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

/*
 * Takes mbufs of the pool, for `n` more frames that wait: all, or one, or none if the device has
 * them. They come as the pool keeps them, with one reference and no next segment; the rest of them
 * may be of a former use.
 */
static unsigned int
mbufs_get(struct port_ethdev *pe, unsigned int n)
{
	void **const at = (void **)&pe->tx[pe->n_tx];

	if (likely(rte_mempool_get_bulk(pe->pool, at, n) == 0))
		return n;
	return rte_mempool_get_bulk(pe->pool, at, 1) == 0 ? 1 : 0;
}

/* Makes an mbuf one of `bytes` bytes that asks for nothing. Returns where its data go. */
static inline uint8_t *
mbuf_fill(struct rte_mbuf *mbuf, uint32_t bytes)
{
	mbuf->data_off = RTE_PKTMBUF_HEADROOM;
	mbuf->nb_segs = 1;
	mbuf->port = RTE_MBUF_PORT_INVALID;
	mbuf->ol_flags = 0;
	mbuf->packet_type = 0;
	mbuf->pkt_len = bytes;
	mbuf->data_len = (uint16_t)bytes;
	mbuf->vlan_tci = 0;
	mbuf->vlan_tci_outer = 0;
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

static inline void
frame_copy(uint8_t *dst, const struct wcdev_frame *frame)
{
	if (likely(frame->n_frags == 1)) {
		bytes_copy(dst, frame->frags[0].base, frame->bytes);
		return;
	}
	for (uint32_t i = 0; i < frame->n_frags; i++) {
		memcpy(dst, frame->frags[i].base, frame->frags[i].bytes);
		dst += frame->frags[i].bytes;
	}
}

/* Copies frames to those that wait, up to one that is too long, as far as there are mbufs. */
static unsigned int
frames_queue(struct port_ethdev *pe, const struct wcdev_frame *frames, unsigned int n)
{
	struct rte_mbuf **const mbufs = pe->tx + pe->n_tx;
	unsigned int i;

	n = mbufs_get(pe, RTE_MIN(n, PORT_ETHDEV_BURST - pe->n_tx));
	for (i = 0; i < n && likely(frames[i].bytes <= pe->frame_max); i++)
		frame_copy(mbuf_fill(mbufs[i], frames[i].bytes), &frames[i]);
	if (unlikely(i < n))
		rte_mempool_put_bulk(pe->pool, (void **)&mbufs[i], n - i);
	pe->n_tx += i;
	return i;
}

static int
frame_refuse(struct port_ethdev *pe, const struct wcdev_frame *frame)
{
	wcnic_port_error_set(&pe->port,
			     "%s: a frame of %u bytes was discarded: the device's MTU lets %u "
			     "pass; set it with mtu=",
			     pe->name, frame->bytes, pe->frame_max);
	return -EMSGSIZE;
}

static unsigned int
ethdev_send_burst(void *ctx, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct port_ethdev *pe = ctx;
	unsigned int i, queued;

	for (i = 0; i < n; i += queued) {
		if (unlikely(frames[i].bytes > pe->frame_max)) {
			*ret = frame_refuse(pe, &frames[i]);
			break;
		}
		*ret = -EAGAIN;
		if (pe->n_tx == PORT_ETHDEV_BURST && !tx_push(pe))
			break;
		if (unlikely(!is_usable(pe)))
			break;
		queued = frames_queue(pe, &frames[i], n - i);
		if (unlikely(queued == 0))
			break;
	}
	return i;
}

static int
ethdev_send(void *ctx, const struct wcdev_frame *frame)
{
	int ret = 0;

	return ethdev_send_burst(ctx, frame, 1, &ret) == 1 ? 0 : ret;
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

/*
 * Whether an mbuf of one segment can go back to the pool as it is: one of it, with its own buffer,
 * that nobody else has.
 */
static inline bool
is_own(const struct port_ethdev *pe, const struct rte_mbuf *mbuf)
{
	return mbuf->pool == pe->pool && rte_mbuf_refcnt_read(mbuf) == 1 && RTE_MBUF_DIRECT(mbuf);
}

/*
 * Gives the card mbufs of one segment, up to the first other one. As wcdev_receive_burst(). Sets
 * *own to false if one of them is not is_own().
 */
static unsigned int
rx_offer_single_segment(struct port_ethdev *pe, struct rte_mbuf *const *mbufs, unsigned int n,
			bool *own, int *ret)
{
	struct wcdev_frame frames[PORT_ETHDEV_BURST];
	struct wcdev_frag frags[PORT_ETHDEV_BURST];
	unsigned int i, n_own = 0;

	for (i = 0; i < n && likely(mbufs[i]->nb_segs == 1); i++) {
		frags[i] = (struct wcdev_frag){
			.base = rte_pktmbuf_mtod(mbufs[i], const void *),
			.bytes = mbufs[i]->data_len,
		};
		rte_prefetch0(frags[i].base);
		frames[i] = (struct wcdev_frame){
			.frags = &frags[i],
			.n_frags = 1,
			.bytes = mbufs[i]->data_len,
		};
		n_own += is_own(pe, mbufs[i]);
	}
	*own = *own && n_own == i;
	return i == 0 ? 0 : wcdev_receive_burst(pe->port.dev, frames, i, ret);
}

/* Gives the card what was received, at most `budget` frames. The rest waits for the next call. */
static unsigned int
rx_deliver(struct port_ethdev *pe, unsigned int budget)
{
	struct rte_mbuf **const mbufs = pe->rx + pe->rx_next;
	const unsigned int n = RTE_MIN((unsigned int)(pe->n_rx - pe->rx_next), budget);
	unsigned int done = 0;
	bool own = true;
	int ret = 0;

	while (done < n && ret == 0) {
		done += rx_offer_single_segment(pe, mbufs + done, n - done, &own, &ret);
		if (done < n && ret == 0 && mbufs[done]->nb_segs != 1) {
			own = false;
			ret = rx_offer(pe, mbufs[done]);
			done += ret == 0;
		}
	}
	if (unlikely(ret == -ENETDOWN)) { /* the card has counted them */
		done = n;
		own = false;
	}
	if (likely(own))
		rte_mempool_put_bulk(pe->pool, (void **)mbufs, done);
	else
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

/* Gives the card what the device has, as far as the card may take it. Returns how many frames. */
static unsigned int
rx_take(struct port_ethdev *pe)
{
	if (pe->rx_next == pe->n_rx && pe->budget != 0 && is_usable(pe)) {
		pe->rx_next = 0;
		pe->n_rx = rte_eth_rx_burst(pe->id, 0, pe->rx, PORT_ETHDEV_BURST);
	}
	return pe->rx_next < pe->n_rx ? rx_deliver(pe, pe->budget) : 0;
}

static unsigned int
ethdev_poll(void *ctx, unsigned int budget)
{
	struct port_ethdev *pe = ctx;

	if (unlikely(!pe->thread_registered))
		thread_register(pe);
	if (unlikely(pe->n_tx != 0))
		tx_push(pe);
	pe->budget = budget;
	return rx_take(pe);
}

/*
 * What the device has for the card by now is delivered before the card writes the completions of
 * what was sent: these would make it wait, as their lines are with the host's CPU.
 */
static void
ethdev_flush(void *ctx)
{
	struct port_ethdev *pe = ctx;

	tx_push(pe);
	(void)rx_take(pe);
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
