/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: the way of a frame from the port to a queue. */

#include <errno.h>

#include "card_rx.h"
#include "card_rx_offload.h"

/* Counts a frame that is too short or too long for the port. */
static bool
length_refused(struct wcnic_card *card, const struct wcdev_frame *frame)
{
	if (frame->bytes < CARD_FRAME_MIN)
		card->stats.rx_runt++;
	else if (frame->bytes > card->port.mtu + WCNIC_L2_OVERHEAD)
		card->stats.rx_oversize++;
	else
		return false;
	return true;
}

static uint16_t
ptype_find(const struct wcdev_frame *frame)
{
	uint8_t buf[WCDEV_HEAD_BYTES];
	struct wcdev_parse parse;

	wcdev_parse(wcdev_frame_head(frame, buf), wcdev_frame_head_bytes(frame), &parse);
	return parse.ptype;
}

/* By the port's hash. */
static struct card_rxq *
queue_by_hash(struct wcnic_card *card, const struct wcdev_parse *parse,
	      struct card_rx_result *result)
{
	if (card->rss.hash.types == 0 || !wcdev_rss_hash(&card->rss.hash, parse, &result->hash))
		return card->rss.reta[0];
	result->flags |= WCNIC_RXF_HASH;
	return card->rss.reta[result->hash % WCNIC_RETA_ENTRIES];
}

/* As the flow rules say; NULL: they drop the frame, which is counted. */
static struct card_rxq *
queue_by_rules(struct wcnic_card *card, const uint8_t *head, const struct wcdev_frame *frame,
	       const struct wcdev_parse *parse, struct card_rx_result *result)
{
	const struct card_flow_verdict verdict = card_flow_judge(
		card, head, wcdev_frame_head_bytes(frame), parse,
		card->rx_again ? 0 : frame->bytes);
	bool hashed;
	uint16_t qid;

	result->flags |= verdict.rx_flags;
	result->mark = verdict.mark;
	if (verdict.rule == NULL) {
		if ((card->port.flags & WCNIC_PORTF_ISOLATED) == 0)
			return queue_by_hash(card, parse, result);
		card->stats.rx_filtered++;
		return NULL;
	}
	if ((verdict.rule->actions & WCNIC_FLOWA_DROP) != 0) {
		card->stats.flow_drops++;
		return NULL;
	}
	qid = card_flow_queue(verdict.rule, parse, &result->hash, &hashed);
	if (hashed)
		result->flags |= WCNIC_RXF_HASH;
	if (card->rxqs[qid].state != CARD_QUEUE_NONE)
		return &card->rxqs[qid];
	card->stats.rx_no_queue++;
	return NULL;
}

/*
 * Chooses the queue, and adds to `result`, which is all zeroes, what its completion and its extra
 * say. NULL: the frame is not taken, and counted.
 */
static struct card_rxq *
queue_choose(struct wcnic_card *card, const struct wcdev_frame *frame,
	     struct card_rx_result *result)
{
	uint8_t buf[WCDEV_HEAD_BYTES];
	const uint8_t *head = wcdev_frame_head(frame, buf);
	struct wcdev_parse parse;
	struct card_rxq *q;

	/* Of an isolated port rules alone decide. */
	if ((card->port.flags & WCNIC_PORTF_ISOLATED) == 0 &&
	    !card_filter_passes(card, head, wcdev_frame_head_bytes(frame))) {
		card->stats.rx_filtered++;
		return NULL;
	}
	wcdev_parse(head, wcdev_frame_head_bytes(frame), &parse);
	result->ptype = parse.ptype;
	if (card->flow.table.n_rules == 0 && (card->port.flags & WCNIC_PORTF_ISOLATED) == 0)
		q = queue_by_hash(card, &parse, result);
	else
		q = queue_by_rules(card, head, frame, &parse, result);
	if (q != NULL && q->offloads != 0)
		card_rx_offload(q, frame, head, &parse, result);
	if (q != NULL && (q->offloads & (WCNIC_RXQ_OFFLOAD_TIME | WCNIC_RXQ_OFFLOAD_PTP)) != 0)
		card_rx_time(card, q, &parse, result);
	return q;
}

/*
 * There are two ways for a frame. The fast one is for most: a frame in one piece that the port's
 * address or mode lets in, that fits one buffer, and whose buffer is in one piece here. The general
 * one is for any frame.
 */

/* What the frames of a burst are compared with: those that pass may take the fast way. */
struct fast_rule {
	uint32_t max; /* bytes */
	bool all;     /* of whatever address */
	uint64_t own;
	const struct card_filter *others; /* more addresses; NULL: none */
};

static struct fast_rule
fast_rule_make(const struct wcnic_card *card)
{
	const struct card_port *port = &card->port;

	return (struct fast_rule){
		.max = port->mtu + WCNIC_L2_OVERHEAD,
		.all = (port->flags & WCNIC_PORTF_PROMISC) != 0,
		.own = card_rx_addr(port->mac),
		.others = card->filter.n_macs != 0 ? &card->filter : NULL,
	};
}

static inline bool
fast_rule_allows(const struct fast_rule *rule, const struct wcdev_frame *frame)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint64_t to;

	if (frame->n_frags != 1 || frame->bytes - CARD_FRAME_MIN > rule->max - CARD_FRAME_MIN)
		return false;
	if (rule->all)
		return true;
	to = card_rx_destination(frame->frags[0].base);
	return to == rule->own || to == card_rx_addr(broadcast) ||
	       (rule->others != NULL && card_filter_has_mac(rule->others, to));
}

/*
 * The fast way into one queue, up to the first frame that may not take it or the end of the buffers
 * that are looked up. Returns how many frames.
 */
static unsigned int
fast_to_queue(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frames,
	      unsigned int n)
{
	struct fast_rule rule = fast_rule_make(card);
	const uint16_t end = q->ahead_end;
	uint16_t head = q->head;
	uint64_t bytes = 0;
	unsigned int i;

	if (rule.max > q->buf_bytes)
		rule.max = q->buf_bytes;
	for (i = 0; i < n && head != end; i++) {
		const struct wcdev_frame *frame = &frames[i];
		const uint8_t *src = frame->frags[0].base;
		uint16_t ptype;

		if (!fast_rule_allows(&rule, frame))
			break;
		bytes += frame->bytes;
		ptype = wcdev_ptype_of(src, frame->bytes);
		if (ptype == WCDEV_PTYPE_UNKNOWN)
			ptype = ptype_find(frame);
		head = card_rxq_put(q, head, src, frame->bytes, card_rx_kind_make(ptype, 0, 0));
		if (head % CARD_RX_LINE_CPLS == 0)
			card_rxq_publish_line(card, q, head);
	}
	card->stats.rx_frames += i;
	card->stats.rx_bytes += bytes;
	q->counts.frames += i;
	q->counts.bytes += bytes;
	return i;
}

/* Frames whose queues are chosen before the first of them is put. */
#define HASH_BURST CARD_RX_CPLS

struct hash_choice {
	struct card_rxq *q;
	struct card_rx_kind kind;
};

/* Chooses queues up to the first frame that may not take the fast way. Returns for how many. */
static unsigned int
hash_choose(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
	    struct hash_choice *choices)
{
	const struct fast_rule rule = fast_rule_make(card);
	unsigned int i;

	for (i = 0; i < n; i++) {
		const uint8_t *src = frames[i].frags[0].base;
		struct hash_choice *choice = &choices[i];
		uint32_t hash = 0;
		uint16_t ptype;

		if (!fast_rule_allows(&rule, &frames[i]))
			break;
		ptype = wcdev_ptype_of(src, frames[i].bytes);
		if (ptype == WCDEV_PTYPE_UNKNOWN)
			break;
		choice->kind = card_rx_kind_make(ptype, 0, 0);
		if (wcdev_rss_hash_ipv4(&card->rss.hash, ptype, src + WCDEV_IPV4_TUPLE_OFF, &hash))
			choice->kind = card_rx_kind_make(ptype, WCNIC_RXF_HASH, hash);
		choice->q = card->rss.reta[hash % WCNIC_RETA_ENTRIES];
	}
	return i;
}

/*
 * As fast_to_queue() where the hash chooses the queue, for at most HASH_BURST. Which queue is next
 * cannot be predicted, so there is no branch that asks whether a line of completions is full. A
 * queue without buffers that drops does so here: it is no reason to choose for the others anew.
 */
static unsigned int
fast_by_hash(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
	     uint64_t *queues)
{
	struct hash_choice choices[HASH_BURST];
	uint64_t bytes = 0, dropped = 0;
	unsigned int i;

	n = hash_choose(card, frames, n, choices);
	for (i = 0; i < n; i++) {
		struct card_rxq *q = choices[i].q;

		if (!card_rxq_has_ahead(card, q) && !card_rxq_look_ahead(card, q)) {
			if (card_rxq_has_buffers(card, q) || !card_rxq_drop(card, q))
				break;
			dropped++;
			continue;
		}
		if (frames[i].bytes > q->buf_bytes)
			break;
		if (card_rxq_is_full(q))
			card_rxq_publish(card, q);
		(void)card_rxq_put(q, q->head, frames[i].frags[0].base, frames[i].bytes,
				   choices[i].kind);
		*queues |= 1ull << q->qid;
		bytes += frames[i].bytes;
		q->counts.frames++;
		q->counts.bytes += frames[i].bytes;
	}
	card->stats.rx_frames += i - dropped;
	card->stats.rx_bytes += bytes;
	return i;
}

/* Whether there are rules to ask, tags to look at, or offloads: then all take the general way. */
static bool
all_general(const struct wcnic_card *card)
{
	return card->flow.table.n_rules != 0 || card->rxq_offload != 0 ||
	       (card->port.flags & (WCNIC_PORTF_VLAN_FILTER | WCNIC_PORTF_ISOLATED)) != 0;
}

/*
 * The fast way, up to the first frame that may not take it. Returns how many frames.
 * `queues`: gets a bit for each queue whose completions may be kept back.
 */
static unsigned int
fast_way(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n,
	 uint64_t *queues)
{
	struct card_rxq *first = card->rss.reta[0];
	unsigned int done = 0, put, most;

	if (all_general(card))
		return 0;
	if (card->rss.hash.types != 0) {
		do {
			most = n - done < HASH_BURST ? n - done : HASH_BURST;
			put = fast_by_hash(card, frames + done, most, queues);
			done += put;
		} while (put == most && done < n);
		return done;
	}
	*queues |= 1ull << first->qid;
	while (done < n && card_rxq_look_ahead(card, first)) {
		put = fast_to_queue(card, first, frames + done, n - done);
		if (put == 0)
			break;
		done += put;
	}
	return done;
}

/* The general way, for one frame. As card_rxq_deliver(). */
WC_MUST_CHECK static int
general_way(struct wcnic_card *card, const struct wcdev_frame *frame, uint64_t *queues)
{
	struct card_rx_result result = {0};
	struct card_rxq *q;

	if (length_refused(card, frame))
		return 0;
	q = queue_choose(card, frame, &result);
	if (q == NULL)
		return 0;
	*queues |= 1ull << q->qid;
	return card_rxq_deliver(card, q, frame, &result);
}

/* Frames by either way, and their completions. As wcdev_receive_burst(). */
static unsigned int
burst_deliver(struct wcnic_card *card, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	uint64_t queues = 0;
	unsigned int done = 0;

	card->rx_again = card->rx_blocked;
	while (done < n) {
		done += fast_way(card, frames + done, n - done, &queues);
		if (done == n)
			break;
		card->rx_again = card->rx_again && done == 0;
		*ret = general_way(card, &frames[done], &queues);
		if (*ret != 0)
			break;
		card->rx_again = false;
		done++;
	}
	for (; queues != 0; queues &= queues - 1)
		card_rxq_publish(card, &card->rxqs[__builtin_ctzll(queues)]);
	return done;
}

static unsigned int
receive_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct wcnic_card *card = card_of(dev);
	bool first = card->stats.rx_frames == 0;
	bool in_call = dev->in_call; /* of a poll of this card, whose port calls */
	unsigned int done;

	if (!card_port_is_open(&card->port) || card->rxq_live == 0 ||
	    (card->status & WCNIC_STATUS_ERROR) != 0) {
		card->stats.rx_down += n;
		*ret = -ENETDOWN;
		return 0;
	}
	if (!in_call)
		wcdev_enter(dev);
	done = burst_deliver(card, frames, n, ret);
	if (first && card->stats.rx_frames != 0)
		card->stats.first_rx_ns = wcdev_now_ns(dev);
	if (!in_call)
		wcdev_leave(dev);
	/* A frame that is offered again and again has waited once. */
	if (done != n && (done != 0 || !card->rx_blocked))
		card->stats.rx_held++;
	card->rx_blocked = done != n;
	return done;
}

static void
port_changed(struct wcdev *dev)
{
	card_port_changed(card_of(dev));
}

const struct wcdev_card_ops card_dev_ops = {
	.port_changed = port_changed,
	.receive_burst = receive_burst,
};
