/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rounds of frames through a port, with every frame accounted for. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include <app_clock.h>

#include "packets.h"

#define STALL_NS 2e9      /* nothing moved for so long: nothing will */
#define ETHER_TYPE 0x88b5 /* IEEE: local experiments */

/* 7:4:1, spread. */
static const uint32_t imix[] = {64, 570, 64, 64, 570, 64, 1518, 64, 570, 64, 570, 64};

/* To nobody: locally administered, not multicast. */
static const struct rte_ether_addr nobody = {{0x02, 0x77, 0x63, 0x00, 0x00, 0x01}};

/* In front of every frame of ours. */
struct header {
	struct rte_ether_hdr ether;
	uint8_t seq[8];
};

/* The frames of one round: what was sent, received and is still under way. */
struct traffic {
	struct packets_port *port;
	const struct packets_options *o;
	enum packets_mode mode;
	uint32_t size;
	struct rte_eth_stats before;
	uint64_t sent, sent_bytes, received, received_bytes;
	uint64_t seq;  /* of the last one received */
	uint64_t lost; /* once it is accounted for */
	double moved;  /* when something was last sent or received */
};

/* ---- frames -------------------------------------------------------------------------------- */

static void
frame_write(const struct traffic *f, struct rte_mbuf *m, uint64_t seq)
{
	const uint32_t size = f->size != PACKETS_IMIX ? f->size : imix[seq % RTE_DIM(imix)];
	struct header *h = rte_pktmbuf_mtod(m, struct header *);

	h->ether.dst_addr = f->mode == PACKETS_LOOP ? f->port->mac : nobody;
	h->ether.src_addr = f->port->mac;
	h->ether.ether_type = rte_cpu_to_be_16(ETHER_TYPE);
	memcpy(h->seq, &seq, sizeof(seq));
	m->data_len = (uint16_t)(size - PACKETS_FCS_BYTES);
	m->pkt_len = m->data_len;
}

static void
frames_send(struct traffic *f, uint16_t n)
{
	struct rte_mbuf *m[PACKETS_BURST_MAX];
	uint64_t bytes = 0, unsent = 0;
	uint16_t sent;

	/* the pool is empty: all mbufs are in the queue, and an empty burst reaps them */
	if (rte_pktmbuf_alloc_bulk(f->port->pool, m, n) != 0) {
		rte_eth_tx_burst(f->port->id, 0, m, 0);
		return;
	}
	for (uint16_t i = 0; i < n; i++) {
		frame_write(f, m[i], f->sent + i);
		bytes += m[i]->pkt_len;
	}
	sent = rte_eth_tx_burst(f->port->id, 0, m, n);
	for (uint16_t i = sent; i < n; i++) {
		unsent += m[i]->pkt_len;
		rte_pktmbuf_free(m[i]);
	}
	f->sent += sent;
	f->sent_bytes += bytes - unsent;
}

static void
frames_receive(struct traffic *f)
{
	struct rte_mbuf *m[PACKETS_BURST_MAX];
	const uint16_t n = rte_eth_rx_burst(f->port->id, 0, m, (uint16_t)f->o->burst);

	for (uint16_t i = 0; i < n; i++) {
		const struct header *h = rte_pktmbuf_mtod(m[i], const struct header *);

		/* only frames of this program count */
		if (m[i]->pkt_len >= sizeof(*h) &&
		    h->ether.ether_type == rte_cpu_to_be_16(ETHER_TYPE) &&
		    rte_is_same_ether_addr(&h->ether.src_addr, &f->port->mac)) {
			f->received++;
			f->received_bytes += m[i]->pkt_len;
			memcpy(&f->seq, h->seq, sizeof(f->seq));
		}
		rte_pktmbuf_free(m[i]);
	}
}

/* ---- where they all went --------------------------------------------------------------------- */

/* Tx: the device counted each frame as sent or failed. Loop: each came back or was counted as lost.
 */
static bool
accounted(struct traffic *f)
{
	struct rte_eth_stats s;
	uint64_t out, out_errors, missed;

	if (rte_eth_stats_get(f->port->id, &s) != 0)
		return false;
	out = s.opackets - f->before.opackets;
	out_errors = s.oerrors - f->before.oerrors;
	missed = s.imissed - f->before.imissed + s.ierrors - f->before.ierrors;
	f->lost = out_errors + (f->mode == PACKETS_LOOP ? missed : 0);
	if (f->sent != out + out_errors)
		return false;
	return f->mode == PACKETS_TX || f->sent == f->received + f->lost;
}

static int
traffic_check(struct traffic *f, char *why, size_t why_bytes)
{
	char size[16];

	if (!accounted(f)) {
		snprintf(why, why_bytes,
			 "%s, %s, size %s: %" PRIu64 " frames handed over, %" PRIu64
			 " came back, %" PRIu64 " counted as lost, the device %s",
			 f->port->name, packets_mode_name(f->mode),
			 packets_size_name(f->size, size), f->sent, f->received, f->lost,
			 f->mode == PACKETS_TX ? "does not say of each that it was sent"
					       : "knows nothing of the rest (or of so many)");
		return -EBADMSG;
	}
	if (f->mode == PACKETS_LOOP && f->lost == 0 && f->received_bytes != f->sent_bytes) {
		snprintf(why, why_bytes,
			 "%s, size %s: %" PRIu64 " bytes handed over, %" PRIu64 " came back",
			 f->port->name, packets_size_name(f->size, size), f->sent_bytes,
			 f->received_bytes);
		return -EBADMSG;
	}
	return 0;
}

/* Waits for what is under way: until all is accounted for, or nothing moves any more. */
static double
traffic_settle(struct traffic *f)
{
	double now;
	uint64_t before;

	while (f->mode == PACKETS_LOOP && f->received < f->sent) {
		before = f->received;
		frames_receive(f);
		now = app_now_ns();
		if (f->received != before)
			f->moved = now;
		else if (now - f->moved > STALL_NS / 2)
			break;
	}
	now = app_now_ns();
	while (!accounted(f)) {
		struct rte_mbuf *none[1];

		/* drivers look for completions when they are asked to send, even nothing */
		rte_eth_tx_burst(f->port->id, 0, none, 0);
		if (f->mode == PACKETS_LOOP)
			frames_receive(f);
		if (app_now_ns() - now > STALL_NS)
			break;
	}
	return f->mode == PACKETS_LOOP ? f->moved : app_now_ns();
}

static int
traffic_begin(struct traffic *f, struct packets_port *p, const struct packets_options *o,
	      uint32_t size, enum packets_mode mode)
{
	*f = (struct traffic){.port = p, .o = o, .mode = mode, .size = size};
	/* what an earlier mode left behind, and its last completions */
	frames_receive(f);
	f->received = f->received_bytes = 0;
	f->moved = app_now_ns();
	return rte_eth_stats_get(p->id, &f->before);
}

/* ---- rounds -------------------------------------------------------------------------------- */

/* Sends so many frames, or for so long, taking back what comes; -EIO: nothing moves. */
static int
traffic_run(struct traffic *f, double end)
{
	const uint64_t limit = f->mode == PACKETS_LOOP ? f->o->depth / 2 : UINT64_MAX;
	const uint64_t frames = f->o->frames;

	for (;;) {
		const uint64_t before = f->sent + f->received;
		const double now = app_now_ns();
		uint64_t n = f->o->burst;

		if (frames != 0 ? f->sent >= frames : now >= end && f->sent > 0)
			return 0;
		if (frames != 0)
			n = RTE_MIN(n, frames - f->sent);
		if (f->sent - f->received + n <= limit || f->mode == PACKETS_TX)
			frames_send(f, (uint16_t)n);
		if (f->mode == PACKETS_LOOP)
			frames_receive(f);
		if (f->sent + f->received != before)
			f->moved = now;
		else if (now - f->moved > STALL_NS)
			return -EIO;
	}
}

int
packets_round(struct packets_port *p, const struct packets_options *o, unsigned int size_idx,
	      enum packets_mode mode, double round_ns, char *why, size_t why_bytes)
{
	struct packets_cell *c = &p->cells[size_idx][mode];
	uint64_t pushed = packets_xstat(p, "tx_pushed", NULL);
	uint64_t fetched = packets_xstat(p, "tx_fetched", NULL);
	uint64_t rung_again = packets_xstat(p, "tx_rung_again", NULL);
	struct traffic f;
	double start, end;
	int ret;

	ret = traffic_begin(&f, p, o, o->size[size_idx], mode);
	if (ret != 0) {
		snprintf(why, why_bytes, "%s has no statistics", p->name);
		return ret;
	}
	start = app_now_ns();
	ret = traffic_run(&f, start + round_ns);
	end = traffic_settle(&f);
	if (traffic_check(&f, why, why_bytes) != 0)
		return -EBADMSG;
	if (ret != 0) {
		snprintf(why, why_bytes, "%s takes no frames any more", p->name);
		return ret;
	}
	c->sent += f.sent;
	c->bytes += f.sent_bytes;
	c->received += f.received;
	c->lost += f.lost;
	c->pushed += packets_xstat(p, "tx_pushed", NULL) - pushed;
	c->fetched += packets_xstat(p, "tx_fetched", NULL) - fetched;
	c->rung_again += packets_xstat(p, "tx_rung_again", NULL) - rung_again;
	samples_add(&c->rate,
		    (double)(mode == PACKETS_TX ? f.sent : f.received) / (end - start) * 1e9);
	return 0;
}

/* ---- one frame at a time ------------------------------------------------------------------- */

/* From the call that sends it to the call that returns it; false: it did not come back. */
static bool
round_trip(struct traffic *f, double *ns)
{
	const uint64_t sent = f->sent;
	const double start = app_now_ns();
	double now = start;

	while (f->sent == sent && now - start < STALL_NS) {
		frames_send(f, 1);
		now = app_now_ns();
	}
	f->seq = UINT64_MAX;
	while (f->seq != sent && now - start < STALL_NS) {
		frames_receive(f);
		now = app_now_ns();
	}
	*ns = now - start;
	return f->seq == sent;
}

int
packets_latency(struct packets_port *p, const struct packets_options *o, double ns, char *why,
		size_t why_bytes)
{
	const double start = app_now_ns();
	struct traffic f;
	double trip;

	if (traffic_begin(&f, p, o, o->latency_size, PACKETS_LOOP) != 0) {
		snprintf(why, why_bytes, "%s has no statistics", p->name);
		return -EIO;
	}
	for (uint64_t i = 0; i < o->latency; i++) {
		if (round_trip(&f, &trip))
			samples_add(&p->latency, trip);
		/* with a number of frames the run is to send the same however long it takes */
		if (o->frames == 0 && app_now_ns() - start > ns)
			break;
	}
	traffic_settle(&f);
	p->latency_lost = f.lost;
	return traffic_check(&f, why, why_bytes);
}
