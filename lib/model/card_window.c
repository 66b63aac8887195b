/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 4: pieces of the aperture, handed out at run time. */

#include <errno.h>

#include "card.h"

void
card_window_generation_next(struct wcnic_card *card)
{
	card->generation++;
	if (card->generation == 0)
		card->generation = 1;
}

/* xorshift64*: offsets must not be guessable from the last one by a rule such as first fit. */
static uint64_t
random_next(struct wcnic_card *card)
{
	uint64_t x = card->random | 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	card->random = x;
	return (x * 0x2545f4914f6cdd1dull) >> 16;
}

struct card_window *
card_window_find(struct wcnic_card *card, uint16_t id, enum wcnic_window_type type)
{
	struct card_window *w;

	if (id >= card->n_windows)
		return NULL;
	w = &card->windows[id];
	return w->used && w->type == type ? w : NULL;
}

static struct card_window *
window_find_generation(struct wcnic_card *card, uint16_t id, uint16_t generation)
{
	struct card_window *w;

	if (id >= card->n_windows)
		return NULL;
	w = &card->windows[id];
	return w->used && w->generation == generation ? w : NULL;
}

static bool
pages_free(const struct wcnic_card *card, uint32_t first, uint32_t pages)
{
	for (uint32_t i = 0; i < pages; i++)
		if (card->page_owner[first + i] != 0)
			return false;
	return true;
}

static void
pages_own(struct wcnic_card *card, const struct card_window *w, uint16_t owner)
{
	uint32_t first = (uint32_t)(w->off / WCNIC_WINDOW_ALIGN);
	uint32_t pages = w->bytes / WCNIC_WINDOW_ALIGN;

	for (uint32_t i = 0; i < pages; i++)
		card->page_owner[first + i] = owner;
}

/* Any of the free places, each as likely as the next. Returns false if there is none. */
static bool
place_pick(struct wcnic_card *card, uint32_t bytes, uint32_t align, uint64_t *off)
{
	uint32_t pages = bytes / WCNIC_WINDOW_ALIGN;
	uint32_t step = align / WCNIC_WINDOW_ALIGN;
	uint32_t places = 0;
	uint32_t first;
	uint64_t chosen;

	for (first = 0; first + pages <= card->n_pages; first += step)
		places += pages_free(card, first, pages);
	if (places == 0)
		return false;
	chosen = random_next(card) % places;
	for (first = 0; first + pages <= card->n_pages; first += step) {
		if (!pages_free(card, first, pages))
			continue;
		if (chosen-- == 0)
			break;
	}
	*off = (uint64_t)first * WCNIC_WINDOW_ALIGN;
	return true;
}

static void
grant_fill(struct wcnic_card *card, const struct card_window *w, struct wcnic_window_grant *grant)
{
	memset(grant, 0, sizeof(*grant));
	grant->id = htole16((uint16_t)(w - card->windows));
	grant->generation = htole16(w->generation);
	grant->type = w->type;
	grant->slot_lines = w->slot_lines;
	grant->qid = htole16(w->qid);
	grant->offset = htole64(w->off);
	grant->bytes = htole32(w->bytes);
	grant->slots = htole16(w->slots);
	grant->max_burst = htole16(w->slots);
}

WC_MUST_CHECK static enum wcnic_admin_status
alloc_check(struct wcnic_card *card, struct card_admin_call *call,
	    const struct wcnic_cmd_window_alloc *p)
{
	uint32_t align = le32toh(p->align);
	uint16_t qid = le16toh(p->qid);

	if (p->type != WCNIC_WINDOW_DOORBELL && p->type != WCNIC_WINDOW_PUSH)
		return CARD_BAD_FIELD(call, wcnic_cmd_window_alloc, type);
	if (p->type == WCNIC_WINDOW_PUSH && (card->features & WCNIC_CAP_PUSH) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if (p->type == WCNIC_WINDOW_PUSH
		    ? !wcdev_is_pow2(p->slot_lines) || p->slot_lines > WCNIC_SLOT_LINES_MAX
		    : p->slot_lines != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_window_alloc, slot_lines);
	if (p->type == WCNIC_WINDOW_DOORBELL && qid != WCNIC_QUEUE_NONE)
		return CARD_BAD_FIELD(call, wcnic_cmd_window_alloc, qid);
	if (p->type == WCNIC_WINDOW_PUSH && qid >= card->n_queues)
		return WCNIC_ST_INVALID_QUEUE;
	if (le32toh(p->bytes) == 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_window_alloc, bytes);
	if (align != 0 && !wcdev_is_pow2(align))
		return CARD_BAD_FIELD(call, wcnic_cmd_window_alloc, align);
	return WCNIC_ST_OK;
}

/* Finds a place for as much of `bytes` as there is. Returns what is to be granted, or 0. */
static uint32_t
place_find(struct wcnic_card *card, uint32_t bytes, uint32_t align, uint64_t *off)
{
	uint64_t want = ((uint64_t)bytes + align - 1) & ~((uint64_t)align - 1);
	uint64_t most = card->window_bytes_max > align ? card->window_bytes_max : align;

	if (align > card->aperture_bytes)
		return 0;
	if (want > most)
		want = most;
	while (!place_pick(card, (uint32_t)want, align, off)) {
		if (want == align)
			return 0;
		want = (want / 2 + align - 1) & ~((uint64_t)align - 1);
	}
	return (uint32_t)want;
}

static void
window_open(struct wcnic_card *card, struct card_window *w, const struct wcnic_cmd_window_alloc *p)
{
	uint32_t slots = 0;

	card_window_generation_next(card);
	w->used = true;
	w->type = p->type;
	w->slot_lines = p->slot_lines;
	w->qid = le16toh(p->qid);
	w->generation = card->generation;
	w->users = 0;
	if (w->type == WCNIC_WINDOW_PUSH)
		for (slots = CARD_DEPTH_MAX;
		     (uint64_t)slots * w->slot_lines * WCNIC_LINE_BYTES > w->bytes;)
			slots /= 2;
	w->slots = (uint16_t)slots;
	/* Doorbell records must read zero; old lines would only be refused one by one. */
	card_stray_scan(card, w->off, w->bytes);
	pages_own(card, w, (uint16_t)(w - card->windows + 1));
}

enum wcnic_admin_status
card_window_alloc(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_window_alloc *p = call->params;
	enum wcnic_admin_status status = alloc_check(card, call, p);
	uint32_t align = le32toh(p->align);
	struct card_window *w = NULL;

	if (status != WCNIC_ST_OK)
		return status;
	for (unsigned int i = 0; i < card->n_windows && w == NULL; i++)
		if (!card->windows[i].used)
			w = &card->windows[i];
	if (w == NULL)
		return WCNIC_ST_NO_SPACE;
	if (align < WCNIC_WINDOW_ALIGN)
		align = WCNIC_WINDOW_ALIGN;
	w->bytes = place_find(card, le32toh(p->bytes), align, &w->off);
	if (w->bytes == 0)
		return WCNIC_ST_NO_SPACE;
	window_open(card, w, p);
	grant_fill(card, w, &call->answer.grant);
	return WCNIC_ST_OK;
}

/* What is left in it must not be taken for stores that came after. */
void
card_window_close(struct wcnic_card *card, struct card_window *w)
{
	if (card->watch.window == w)
		card_watch_stop(card);
	memset(card->aperture + w->off, 0, w->bytes);
	pages_own(card, w, 0);
	w->used = false;
}

enum wcnic_admin_status
card_window_free(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_window *p = call->params;
	struct card_window *w = window_find_generation(card, le16toh(p->id),
						       le16toh(p->generation));

	if (w == NULL)
		return WCNIC_ST_INVALID_WINDOW;
	if (w->users != 0)
		return WCNIC_ST_BUSY;
	card_window_close(card, w);
	return WCNIC_ST_OK;
}

/* Section 10. Plain memory shows no single stores, whatever the driver asks for. */
enum wcnic_admin_status
card_window_test(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_window_test *p = call->params;
	struct card_window *w = window_find_generation(card, le16toh(p->id),
						       le16toh(p->generation));

	if (w == NULL || w->type != WCNIC_WINDOW_PUSH)
		return WCNIC_ST_INVALID_WINDOW;
	if (p->step != WCNIC_TEST_START && p->step != WCNIC_TEST_REPORT)
		return CARD_BAD_FIELD(call, wcnic_cmd_window_test, step);
	if (p->step == WCNIC_TEST_START &&
	    (p->lines == 0 || le32toh(p->lines) > w->bytes / WCNIC_LINE_BYTES))
		return CARD_BAD_FIELD(call, wcnic_cmd_window_test, lines);
	if (w->users != 0)
		return WCNIC_ST_BAD_STATE;
	if ((card->caps & WCNIC_CAP_WINDOW_TEST) == 0)
		return WCNIC_ST_NOT_OBSERVABLE;
	return card_watch_command(card, call, w);
}

static bool
record_taken(const struct wcnic_card *card, uint16_t id, uint32_t off)
{
	for (unsigned int i = 0; i < card->n_queues; i++) {
		const struct card_txq *tx = &card->txqs[i];
		const struct card_rxq *rx = &card->rxqs[i];

		if (tx->db != NULL && tx->db_window == id && tx->db_off == off)
			return true;
		if (rx->db != NULL && rx->db_window == id && rx->db_off == off)
			return true;
	}
	return false;
}

enum wcnic_admin_status
card_window_record(struct wcnic_card *card, uint16_t id, uint32_t off, uint64_t **record)
{
	struct card_window *w = card_window_find(card, id, WCNIC_WINDOW_DOORBELL);

	if (w == NULL)
		return WCNIC_ST_INVALID_WINDOW;
	if (off % WCNIC_DOORBELL_STRIDE != 0 || off >= w->bytes || record_taken(card, id, off))
		return WCNIC_ST_INVALID_FIELD;
	*record = (uint64_t *)(void *)(card->aperture + w->off + off);
	return WCNIC_ST_OK;
}

void
card_window_reset_all(struct wcnic_card *card)
{
	for (unsigned int i = 0; i < card->n_windows; i++)
		if (card->windows[i].used)
			card_window_close(card, &card->windows[i]);
}

WC_MUST_CHECK static int
access_check(struct wcnic_card *card, uint64_t off, size_t bytes)
{
	if (bytes >= 1 && bytes <= WCNIC_LINE_BYTES && off < card->aperture_bytes &&
	    bytes <= card->aperture_bytes - off)
		return 0;
	card_error_note(card, WCNIC_ERR_REGISTER, (uint32_t)off);
	return -EINVAL;
}

int
card_window_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes)
{
	int ret = access_check(card, off, bytes);

	memset(data, 0, bytes);
	if (ret != 0)
		return ret;
	for (size_t i = 0; i < bytes; i++)
		if (card->page_owner[(off + i) / WCNIC_WINDOW_ALIGN] != 0)
			((uint8_t *)data)[i] = card->aperture[off + i];
	return 0;
}

/* Stores one piece that lies within one line. */
static void
line_write(struct wcnic_card *card, uint64_t off, const uint8_t *data, size_t bytes)
{
	uint64_t word;

	card_watch_store(card, off, bytes);
	if (card->page_owner[off / WCNIC_WINDOW_ALIGN] == 0) {
		card_stray_found(card, off, 1);
	} else if (bytes == 8 && (off & 7) == 0) {
		/* A doorbell record is never seen by halves. */
		memcpy(&word, data, sizeof(word));
		__atomic_store_n((uint64_t *)(void *)(card->aperture + off), word,
				 __ATOMIC_RELEASE);
	} else {
		memcpy(card->aperture + off, data, bytes);
	}
}

int
card_window_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes)
{
	int ret = access_check(card, off, bytes);
	size_t first = WCNIC_LINE_BYTES - (size_t)(off % WCNIC_LINE_BYTES);

	if (ret != 0)
		return ret;
	if (first > bytes)
		first = bytes;
	line_write(card, off, data, first);
	if (first < bytes)
		line_write(card, off + first, (const uint8_t *)data + first, bytes - first);
	return 0;
}
