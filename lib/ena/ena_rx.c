/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx: a frame from the port into the buffers of a queue. */

#include <errno.h>

#include <wcdev_verdict.h>

#include "ena.h"

/* ---- the frame --------------------------------------------------------------------------- */

static bool
length_refused(struct ena_card *card, const struct wcdev_frame *frame)
{
	if (frame->bytes < ENA_FRAME_MIN)
		card->stats.rx_runt++;
	else if (frame->bytes > ena_bytes_max(card))
		card->stats.rx_oversize++;
	else
		return false;
	return true;
}

/* What the last completion of an IP packet says of layer 4 and of checksums. */
static inline uint32_t
status_of(uint16_t ptype, uint32_t verdict)
{
	const uint16_t l4 = ptype & WCDEV_PTYPE_L4_MASK;
	uint32_t status = (verdict & WCDEV_VERDICT_IP_BAD) != 0 ? ENA_RXC_L3_BAD : 0;

	if (l4 == WCDEV_PTYPE_TCP)
		status |= ENA_L4_TCP << ENA_RXC_L4_SHIFT;
	else if (l4 == WCDEV_PTYPE_UDP)
		status |= ENA_L4_UDP << ENA_RXC_L4_SHIFT;
	else
		return status;
	if ((verdict & (WCDEV_VERDICT_L4_GOOD | WCDEV_VERDICT_L4_BAD)) != 0)
		status |= ENA_RXC_L4_CHECKED;
	if ((verdict & WCDEV_VERDICT_L4_BAD) != 0)
		status |= ENA_RXC_L4_BAD;
	return status;
}

/* What it says of any frame. */
static uint32_t
status_get(const struct wcdev_frame *frame, const uint8_t *head, const struct wcdev_parse *parse)
{
	const uint16_t l3 = parse->ptype & WCDEV_PTYPE_L3_MASK;
	uint32_t status = (uint32_t)parse->n_tags << ENA_RXC_TAGS_SHIFT;

	if (l3 != WCDEV_PTYPE_IPV4 && l3 != WCDEV_PTYPE_IPV6)
		return status;
	status |= l3 == WCDEV_PTYPE_IPV4 ? ENA_L3_IPV4 : ENA_L3_IPV6;
	if (l3 == WCDEV_PTYPE_IPV4 && (parse->ptype & WCDEV_PTYPE_L4_MASK) == WCDEV_PTYPE_FRAG)
		status |= ENA_RXC_FRAG;
	return status | status_of(parse->ptype, wcdev_verdict(frame, head, parse));
}

/* ---- its buffers ------------------------------------------------------------------------- */

struct rx_buffer {
	uint64_t iova;
	uint32_t bytes; /* of the frame */
	uint16_t req_id;
	uint8_t *at; /* NULL: it is not in one piece here */
};

struct rx_plan {
	unsigned int n;
	bool here; /* every buffer has an address */
	struct rx_buffer buffers[ENA_RX_DESCS_MAX];
};

/* What comes of looking for buffers. */
enum rx_verdict {
	RX_OK,
	RX_FEW,     /* the driver has not posted enough */
	RX_MANY,    /* more than a frame may have */
	RX_LATER,   /* they were asked for by message, and have not come */
	RX_BAD,     /* one is not mapped: those that the plan has are used up */
	RX_STOPPED, /* the queue has */
};

WC_MUST_CHECK static enum rx_verdict
desc_read(struct ena_card *card, struct ena_sq *sq, uint16_t seq, struct ena_rx_desc *desc)
{
	const int ret = wcdev_ring_read(&card->dev, &sq->ring, &sq->reader, seq, desc,
					sizeof(*desc));

	if (ret == -EAGAIN)
		return RX_LATER;
	if (ret != 0) {
		ena_sq_stop(card, sq, &card->stats.ring_unmapped, "its ring cannot be read");
		return RX_STOPPED;
	}
	if ((desc->ctrl & ENA_RXD_PHASE) != wcdev_ring_phase(seq, sq->depth)) {
		ena_sq_stop(card, sq, &card->stats.rx_bad_phase, "a descriptor is not of this lap");
		return RX_STOPPED;
	}
	if ((desc->ctrl & ENA_RXD_MBZ) != 0 || desc->mbz != 0 || desc->mbz2 != 0 ||
	    desc->mbz3 != 0 || le16toh(desc->req_id) >= sq->depth) {
		ena_sq_stop(card, sq, &card->stats.rx_bad_desc,
			    "a descriptor has bits that must be zero, or a request out of range");
		return RX_STOPPED;
	}
	return RX_OK;
}

/* Finds buffers for `left` bytes. */
WC_MUST_CHECK static enum rx_verdict
buffers_plan(struct ena_card *card, struct ena_sq *sq, uint32_t left, struct rx_plan *plan)
{
	struct ena_rx_desc desc;
	enum rx_verdict verdict;

	plan->n = 0;
	plan->here = true;
	wcdev_reader_begin(&card->dev, &sq->reader);
	while (left != 0) {
		struct rx_buffer *buffer = &plan->buffers[plan->n];
		uint32_t space;

		if (plan->n == ENA_RX_DESCS_MAX)
			return RX_MANY;
		if ((uint16_t)(sq->head + plan->n) == sq->tail)
			return RX_FEW;
		verdict = desc_read(card, sq, sq->head + plan->n, &desc);
		if (verdict != RX_OK)
			return verdict;
		plan->n++;
		space = desc.bytes == 0 ? 65536 : le16toh(desc.bytes);
		buffer->bytes = left < space ? left : space;
		buffer->req_id = desc.req_id;
		buffer->iova = (uint64_t)le16toh(desc.addr_hi) << 32 | le32toh(desc.addr_lo);
		buffer->at = wcdev_dma_find(&card->dev, &sq->bufs, buffer->iova, buffer->bytes,
					    WCDEV_DMA_WRITE);
		if (buffer->at == NULL) {
			plan->here = false;
			if (!wcdev_dma_reachable(&card->dev, buffer->iova, buffer->bytes,
						 WCDEV_DMA_WRITE))
				return RX_BAD;
		}
		left -= buffer->bytes;
	}
	return plan->here || wcdev_dma_quiet(&card->dev) ? RX_OK : RX_LATER;
}

/* Writes the frame into the buffers of the plan. Returns false if not all could be written. */
WC_MUST_CHECK static bool
frame_scatter(struct ena_card *card, const struct wcdev_frame *frame, const struct rx_plan *plan)
{
	const struct rx_buffer *buffer = plan->buffers;
	uint32_t used = 0; /* of the buffer */

	for (uint32_t i = 0; i < frame->n_frags; i++) {
		const uint8_t *src = frame->frags[i].base;
		uint32_t left = frame->frags[i].bytes;

		while (left != 0) {
			const uint32_t space = buffer->bytes - used;
			const uint32_t bytes = left < space ? left : space;

			if (buffer->at != NULL)
				memmove(buffer->at + used, src, bytes); /* both may be the host's */
			else if (wcdev_dma_write(&card->dev, buffer->iova + used, src, bytes) != 0)
				return false;
			src += bytes;
			left -= bytes;
			used += bytes;
			if (used != buffer->bytes)
				continue;
			buffer++;
			used = 0;
		}
	}
	return true;
}

/* A completion for each buffer; the last says what the frame is. */
static void
frame_complete(struct ena_card *card, struct ena_sq *sq, const struct rx_plan *plan,
	       uint32_t status, uint32_t hash)
{
	for (unsigned int i = 0; i < plan->n; i++) {
		struct ena_rx_cpl cpl = {
			.bytes = htole16((uint16_t)plan->buffers[i].bytes),
			.req_id = plan->buffers[i].req_id,
			.sub_qid = htole16(sq->idx),
		};
		uint32_t bits = ENA_RXC_BUFFER;

		if (i == 0)
			bits |= ENA_RXC_FIRST;
		if (i == plan->n - 1) {
			bits |= ENA_RXC_LAST | status;
			cpl.hash = htole32(hash);
		}
		cpl.status = htole32(bits);
		if (ena_cq_put_rx(card, sq->cq, &cpl))
			continue;
		ena_sq_stop(card, sq, &card->stats.ring_unmapped,
			    "its completions cannot be written");
		return;
	}
}

/* ---- a queue ----------------------------------------------------------------------------- */

/* There is no buffer. 0: the frame is dropped, or -EAGAIN: the port keeps it. */
static int
frame_missed(struct ena_card *card)
{
	struct wcdev_link link;

	wcdev_port_link(&card->dev, &link);
	if (link.waits)
		return -EAGAIN;
	card->stats.rx_missed++;
	return 0;
}

/* The frame cannot be delivered, and is dropped. */
static int
frame_drop(struct ena_sq *sq, uint64_t *counter, unsigned int used)
{
	++*counter;
	sq->head += used;
	return 0;
}

static int
queue_deliver(struct ena_card *card, struct ena_sq *sq, const struct wcdev_frame *frame,
	      uint32_t status, uint32_t hash)
{
	struct rx_plan plan;
	enum rx_verdict verdict;

	if (sq->state != ENA_SQ_RUN)
		return frame_drop(sq, &card->stats.rx_no_queue, 0);
	if (!ena_cq_ready(card, sq->cq)) {
		ena_sq_stop(card, sq, &card->stats.ring_unmapped,
			    "its completions cannot be written");
		return frame_drop(sq, &card->stats.rx_no_queue, 0);
	}
	verdict = buffers_plan(card, sq, frame->bytes, &plan);
	if (verdict == RX_LATER)
		return -EAGAIN;
	wcdev_reader_end(&card->dev, &sq->reader);
	switch (verdict) {
	case RX_FEW:
		return frame_missed(card);
	case RX_MANY:
		return frame_drop(sq, &card->stats.rx_oversize, 0);
	case RX_BAD:
		return frame_drop(sq, &card->stats.rx_bad_address, plan.n);
	case RX_STOPPED:
		return frame_drop(sq, &card->stats.rx_no_queue, 0);
	default:
		break;
	}
	if (!frame_scatter(card, frame, &plan)) {
		ena_sq_stop(card, sq, &card->stats.ring_unmapped, "its buffers cannot be written");
		return 0;
	}
	sq->head += plan.n;
	frame_complete(card, sq, &plan, status, hash);
	card->stats.rx_frames++;
	card->stats.rx_bytes += frame->bytes;
	return 0;
}

/* ---- most frames ------------------------------------------------------------------------- */

/* A queue while frames are put into it. `sq` NULL: none. */
struct plain_queue {
	struct ena_sq *sq;
	/* So many buffers and completions follow each other in memory, from these on. */
	unsigned int left;
	const uint8_t *desc;
	uint8_t *cpl;
};

/* Looks up what follows. Returns whether there is any. */
static bool
plain_look(struct ena_card *card, struct plain_queue *q)
{
	struct ena_sq *sq = q->sq;
	struct ena_cq *cq = sq->cq;
	unsigned int run;

	q->left = (uint16_t)(sq->tail - sq->head);
	q->desc = wcdev_ring_find(&card->dev, &sq->ring, sq->head);
	q->cpl = wcdev_ring_find(&card->dev, &cq->ring, cq->tail);
	if (q->desc == NULL || q->cpl == NULL)
		q->left = 0;
	if (q->left == 0)
		return false;
	run = wcdev_ring_run(&sq->ring, sq->head);
	q->left = q->left < run ? q->left : run;
	run = wcdev_ring_run(&cq->ring, cq->tail);
	q->left = q->left < run ? q->left : run;
	return true;
}

/* Turns to the queue for a hash. False: there is none that can take a frame so. */
static bool
plain_turn(struct ena_card *card, struct plain_queue *q, uint32_t hash, uint64_t *queues)
{
	struct ena_sq *sq = ena_rss_queue_of(card, hash);

	if (sq == q->sq)
		return sq != NULL;
	*q = (struct plain_queue){.sq = NULL};
	if (sq == NULL || sq->state != ENA_SQ_RUN ||
	    sq->cq->entry_bytes != sizeof(struct ena_rx_cpl))
		return false;
	q->sq = sq;
	*queues |= 1ull << sq->idx;
	return true;
}

/* Puts a frame into the next buffer. False: it may not go there so. */
static inline bool
plain_put(struct ena_card *card, struct plain_queue *q, const uint8_t *src, uint32_t bytes,
	  uint16_t ptype, uint32_t hash)
{
	struct ena_sq *sq = q->sq;
	struct ena_cq *cq = sq->cq;
	uint64_t low, high, word;
	uint32_t status;
	uint8_t *dst;

	if (q->left == 0 && !plain_look(card, q))
		return false;
	low = le64toh(wcdev_load64(q->desc));
	high = le64toh(wcdev_load64(q->desc + 8));
	if ((uint16_t)low < bytes || (uint16_t)(low >> 32) >= sq->depth || high >> 48 != 0 ||
	    (low & ENA_RXD_LOW_MASK) != (uint64_t)wcdev_ring_phase(sq->head, sq->depth) << 24)
		return false;
	dst = wcdev_dma_find(&card->dev, &sq->bufs, high, bytes, WCDEV_DMA_WRITE);
	if (dst == NULL)
		return false;
	memcpy(dst, src, bytes);
	status = status_of(ptype, wcdev_verdict_ipv4(src, bytes, ptype)) | ENA_L3_IPV4 |
		 ENA_RXC_BUFFER | ENA_RXC_FIRST | ENA_RXC_LAST |
		 (uint32_t)wcdev_ring_phase(cq->tail, cq->depth) << ENA_RXC_PHASE_SHIFT;
	word = htole64(hash | (uint64_t)sq->idx << 32);
	__atomic_store_n((uint64_t *)(void *)(q->cpl + 8), word, __ATOMIC_RELAXED);
	word = htole64(status | (uint64_t)bytes << 32 | (low >> 32) << 48);
	__atomic_store_n((uint64_t *)(void *)q->cpl, word, __ATOMIC_RELEASE);
	sq->head++;
	cq->tail++;
	q->left--;
	q->desc += ENA_DESC_BYTES;
	q->cpl += sizeof(struct ena_rx_cpl);
	return true;
}

/* A frame in one piece that nobody changes: itself, or a copy. NULL: it is in more, or too long. */
static inline const uint8_t *
plain_bytes(struct ena_card *card, const struct wcdev_frame *frame, uint32_t max)
{
	if (frame->n_frags != 1 || frame->bytes > max)
		return NULL;
	if ((frame->flags & WCDEV_FRAME_STABLE) != 0)
		return frame->frags[0].base;
	memcpy(card->rx_copy, frame->frags[0].base, frame->bytes);
	return card->rx_copy;
}

/*
 * Frames of IPv4 without options or tags, in one piece, into one buffer each that is in one piece,
 * too, up to the first that is not such. Returns how many; a bit of `queues` for each that got one.
 */
static unsigned int
plain_deliver(struct ena_card *card, const struct wcdev_frame *frames, unsigned int n,
	      uint64_t *queues)
{
	const uint32_t max = ena_bytes_max(card);
	struct plain_queue q = {0};
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const uint32_t bytes = frames[i].bytes;
		const uint8_t *src = plain_bytes(card, &frames[i], max);
		uint32_t hash = 0;
		uint16_t ptype;

		if (src == NULL)
			break;
		ptype = wcdev_ptype_of(src, bytes);
		if (ptype == WCDEV_PTYPE_UNKNOWN || ptype == WCDEV_PTYPE_L2)
			break;
		if (card->rss.hashes &&
		    wcdev_rss_hash_ipv4(&card->rss.hash, ptype, src + WCDEV_IPV4_TUPLE_OFF, &hash))
			hash ^= card->rss.init_value;
		if ((q.sq == NULL || card->rss.table_set) && !plain_turn(card, &q, hash, queues))
			break;
		if (!plain_put(card, &q, src, bytes, ptype, hash))
			break;
		sum += bytes;
	}
	card->stats.rx_frames += i;
	card->stats.rx_bytes += sum;
	return i;
}

/* ---- from the port ----------------------------------------------------------------------- */

/* Adds a bit to `queues` for the queue that the frame went to. As wcdev_receive(). */
static int
frame_deliver(struct ena_card *card, const struct wcdev_frame *frame, uint64_t *queues)
{
	uint8_t buf[WCDEV_HEAD_BYTES];
	struct wcdev_parse parse;
	const uint8_t *head;
	struct ena_sq *sq;
	uint32_t hash;

	if (length_refused(card, frame))
		return 0;
	head = wcdev_frame_head(frame, buf);
	wcdev_parse(head, wcdev_frame_head_bytes(frame), &parse);
	sq = ena_rss_queue(card, head, &parse, &hash);
	if (sq == NULL) {
		card->stats.rx_no_queue++;
		return 0;
	}
	*queues |= 1ull << sq->idx;
	return queue_deliver(card, sq, frame, status_get(frame, head, &parse), hash);
}

unsigned int
ena_rx_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct ena_card *card = ena_of(dev);
	const bool in_call = dev->in_call; /* of a poll of this card, whose port calls */
	uint64_t queues = 0;
	unsigned int done;

	if (card->rx_live == 0) {
		card->stats.rx_down += n;
		*ret = -ENETDOWN;
		return 0;
	}
	if (!in_call)
		wcdev_enter(dev);
	for (done = 0;; done++) {
		done += plain_deliver(card, frames + done, n - done, &queues);
		if (done == n)
			break;
		*ret = frame_deliver(card, &frames[done], &queues);
		if (*ret != 0)
			break;
	}
	for (; queues != 0; queues &= queues - 1) {
		const struct ena_sq *sq = &card->sqs[__builtin_ctzll(queues)];

		ena_cq_signal(card, sq->cq, false);
	}
	if (!in_call)
		wcdev_leave(dev);
	return done;
}
