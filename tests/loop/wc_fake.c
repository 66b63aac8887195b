/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A write-combining buffer that splits, merges, reorders and delays stores, by a seed. */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wc_fake.h"
#include "wcnic_tx.h"

#define LINE_WORDS (WCNIC_LINE_BYTES / 8)
#define PENDING_MAX 512
#define LINES_MAX 256 /* that one doorbell publishes */

/* An aligned piece of 8 to 64 bytes on its way. */
struct piece {
	uint64_t *dst;
	uint64_t word[LINE_WORDS];
	unsigned int words;
};

static struct {
	struct wc_fake_config config;
	uint64_t random;
	const struct wcnic_txq *txq;
	uint64_t slots_since_doorbell;               /* packed: lines */
	struct wcnic_push_line published[LINES_MAX]; /* packed: since the last doorbell */
	struct wc_fake_count count;
	struct piece pending[PENDING_MAX];
	unsigned int n_pending;
	uint8_t *written; /* by line of the window: it may be other than zero */
} fake;

static bool
one_in(unsigned int n)
{
	return loop_random(&fake.random) % n == 0;
}

static void
piece_arrive(const struct piece *p)
{
	/* of a whole line the tag comes last */
	for (unsigned int i = p->words; i-- > 0;)
		__atomic_store_n(&p->dst[i], p->word[i], __ATOMIC_RELEASE);
}

static void
pending_arrive(unsigned int i)
{
	piece_arrive(&fake.pending[i]);
	if (!one_in(16)) /* else it comes once more */
		fake.pending[i] = fake.pending[--fake.n_pending];
}

static void
pending_add(uint64_t *dst, const uint64_t *word, unsigned int words)
{
	struct piece *p;

	while (fake.n_pending == PENDING_MAX)
		pending_arrive(loop_random(&fake.random) % fake.n_pending);
	p = &fake.pending[fake.n_pending++];
	p->dst = dst;
	p->words = words;
	memcpy(p->word, word, words * sizeof(*word));
}

/* Which word of the line is to be lost: one whose loss the line's check shows; LINE_WORDS: none. */
static unsigned int
word_to_lose(const uint64_t *dst, const uint64_t *src)
{
	unsigned int i = loop_random(&fake.random) % LINE_WORDS;
	uint64_t x = dst[i] ^ src[i];

	x ^= x >> 32;
	x ^= x >> 16;
	return (uint16_t)x != 0 ? i : LINE_WORDS;
}

static void
line_buffer(uint64_t *dst, const uint64_t *src)
{
	const bool lose = fake.config.lose_in != 0 && one_in(fake.config.lose_in);
	unsigned int skip = lose ? word_to_lose(dst, src) : LINE_WORDS;
	unsigned int words = 1u << loop_random(&fake.random) % 4;

	/* Lines that are their own doorbells come whole, or not at all. */
	if (wcnic_tx_express(fake.txq)) {
		fake.count.lost += lose;
		if (!lose)
			pending_add(dst, src, LINE_WORDS);
		return;
	}
	fake.count.lost += lose && skip != LINE_WORDS;
	if (lose && one_in(2)) {
		fake.count.lost += skip == LINE_WORDS;
		return; /* nothing of it arrives */
	}
	if (skip != LINE_WORDS)
		words = 1;
	for (unsigned int i = 0; i < LINE_WORDS; i += words) {
		if (i != skip)
			pending_add(dst + i, src + i, words);
	}
}

/* The lines must be the first ones of the slot that their tag names, and say themselves so. */
static void
slot_check(const uint8_t *dst, const struct wcnic_push_line *line, size_t lines)
{
	const struct wcnic_txq *txq = fake.txq;
	const size_t stride = (size_t)txq->slot_lines * WCNIC_LINE_BYTES;
	const uint16_t seq = le16toh(line->seq);
	struct wcnic_push_hdr hdr;
	size_t used;

	memcpy(&hdr, line->payload, sizeof(hdr));
	assert_ptr_equal(dst, (uint8_t *)txq->slots + (seq & txq->slot_mask) * stride);
	assert_int_equal(lines, hdr.n_lines);
	assert_true(lines <= txq->slot_lines);
	assert_true((uint64_t)(dst - (uint8_t *)txq->ctrl.window.win.addr) +
			    lines * WCNIC_LINE_BYTES <=
		    txq->ctrl.window.win.bytes);
	used = sizeof(hdr) + le16toh(hdr.inline_bytes) + hdr.n_segs * sizeof(struct wcnic_push_seg);
	assert_int_equal(lines, (used + WCNIC_LINE_PAYLOAD_BYTES - 1) / WCNIC_LINE_PAYLOAD_BYTES);
	/* nothing of the stack leaves the host */
	for (size_t at = used; at < lines * WCNIC_LINE_PAYLOAD_BYTES; at++)
		assert_int_equal(
			line[at / WCNIC_LINE_PAYLOAD_BYTES].payload[at % WCNIC_LINE_PAYLOAD_BYTES],
			0);
	for (size_t i = 0; i < lines; i++) {
		assert_int_equal(le16toh(line[i].generation), txq->ctrl.window.grant.generation);
		fake.written[(dst - (uint8_t *)txq->ctrl.window.win.addr) / WCNIC_LINE_BYTES +
			     i] = 1;
	}
}

/* Each line is where its number says, and says what it is. */
static void
packed_check(const uint8_t *dst, const struct wcnic_push_line *line, size_t lines)
{
	const struct wcnic_txq *txq = fake.txq;

	for (size_t i = 0; i < lines; i++, line++, dst += WCNIC_LINE_BYTES) {
		const uint16_t seq = (uint16_t)(txq->line_tail + fake.slots_since_doorbell + i);
		const size_t at = seq & (txq->n_lines - 1);
		struct wcnic_push_line copy = *line;

		/* line_tail grows when a publication is stored, so a second piece of it is ahead */
		assert_true(fake.slots_since_doorbell + i < LINES_MAX);
		assert_int_equal(le16toh(line->seq), seq);
		assert_ptr_equal(dst, (uint8_t *)txq->slots + at * WCNIC_LINE_BYTES);
		assert_true(dst + WCNIC_LINE_BYTES <=
			    (uint8_t *)txq->ctrl.window.win.addr + txq->ctrl.window.win.bytes);
		assert_int_equal(le16toh(line->generation), txq->ctrl.window.grant.generation);
		assert_int_equal(line->line_idx, txq->epoch);
		assert_int_equal(line->flags, 0);
		copy.check = 0;
		assert_int_equal(le16toh(line->check), wcnic_line_check(&copy));
		fake.published[fake.slots_since_doorbell + i] = *line;
		fake.written[(dst - (uint8_t *)txq->ctrl.window.win.addr) / WCNIC_LINE_BYTES] = 1;
	}
}

static uint8_t
stream_byte(size_t at)
{
	return fake.published[at / WCNIC_LINE_PAYLOAD_BYTES].payload[at % WCNIC_LINE_PAYLOAD_BYTES];
}

/* What a doorbell publishes is whole entries, and zeroes behind each and up to the last line's end.
 */
static void
published_check(void)
{
	const size_t end = fake.slots_since_doorbell * WCNIC_LINE_PAYLOAD_BYTES;
	struct wcnic_push_hdr hdr;
	size_t at = 0, used;

	while (at < end) {
		assert_true(at + sizeof(hdr) <= end);
		for (size_t i = 0; i < sizeof(hdr); i++)
			((uint8_t *)&hdr)[i] = stream_byte(at + i);
		if (hdr.inline_bytes == 0 && hdr.n_segs == 0)
			break;
		assert_int_equal(hdr.n_lines, 0);
		assert_true((hdr.inline_bytes == 0) != (hdr.n_segs == 0));
		used = le16toh(hdr.inline_bytes) + hdr.n_segs * sizeof(struct wcnic_push_seg);
		assert_true(used + sizeof(hdr) <= WCNIC_SLOT_STREAM_BYTES(fake.txq->slot_lines));
		at += sizeof(hdr) + used;
		assert_true(at <= end);
		for (; at % WCNIC_PACKED_ALIGN != 0; at++)
			assert_int_equal(stream_byte(at), 0);
	}
	/* nothing of the staging memory leaves the host, and no line is only zeroes */
	assert_true(end - RTE_MIN(at, end) < WCNIC_LINE_PAYLOAD_BYTES);
	for (; at < end; at++)
		assert_int_equal(stream_byte(at), 0);
}

static void
lines_go(void *dst, const void *src, size_t lines)
{
	fake.count.lines += lines;
	for (size_t i = 0; i < lines; i++)
		line_buffer((uint64_t *)dst + i * LINE_WORDS,
			    (const uint64_t *)src + i * LINE_WORDS);
	while (fake.n_pending > 0 && one_in(3))
		pending_arrive(loop_random(&fake.random) % fake.n_pending);
}

static void
fake_lines(void *dst, const void *src, size_t lines)
{
	if (fake.txq->format == WCNIC_FORMAT_PACKED) {
		packed_check(dst, src, lines);
		fake.slots_since_doorbell += lines;
	} else {
		assert_true(lines <= WCNIC_SLOT_LINES_MAX);
		slot_check(dst, src, lines);
		fake.slots_since_doorbell++;
	}
	fake.count.burst_max = RTE_MAX(fake.count.burst_max, fake.slots_since_doorbell);
	lines_go(dst, src, lines);
}

static void
publication_end(void)
{
	if (fake.txq->format == WCNIC_FORMAT_PACKED)
		published_check();
	fake.slots_since_doorbell = 0;
}

static void
fake_drain(void)
{
	while (fake.n_pending > 0)
		pending_arrive(loop_random(&fake.random) % fake.n_pending);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (wcnic_tx_express(fake.txq))
		publication_end();
}

static void
fake_doorbell(void *dst, uint64_t value)
{
	publication_end();
	fake.count.doorbells++;
	__atomic_store_n((uint64_t *)dst, htole64(value), __ATOMIC_RELEASE);
}

static const struct wcbar_store wc_fake = {
	.name = "fake",
	.lines = fake_lines,
	.drain = fake_drain,
};

/* ---- numbers that lib/wcbar does not know ---------------------------------------------------- */

#define FAKE_NUMBER 200

uint8_t __real_wcbar_store_number(const struct wcbar_store *store);
uint8_t __wrap_wcbar_store_number(const struct wcbar_store *store);
const struct wcbar_store *__real_wcbar_store_at(uint8_t number);
const struct wcbar_store *__wrap_wcbar_store_at(uint8_t number);
wcbar_doorbell_fn __real_wcbar_doorbell_select(enum wcbar_type type);
wcbar_doorbell_fn __wrap_wcbar_doorbell_select(enum wcbar_type type);

uint8_t
__wrap_wcbar_store_number(const struct wcbar_store *store)
{
	return store == &wc_fake ? FAKE_NUMBER : __real_wcbar_store_number(store);
}

const struct wcbar_store *
__wrap_wcbar_store_at(uint8_t number)
{
	return number == FAKE_NUMBER ? &wc_fake : __real_wcbar_store_at(number);
}

wcbar_doorbell_fn
__wrap_wcbar_doorbell_select(enum wcbar_type type)
{
	return (unsigned int)type == FAKE_NUMBER ? fake_doorbell
						 : __real_wcbar_doorbell_select(type);
}

void
wc_fake_install(struct wcnic_txq *txq, const struct wc_fake_config *config)
{
	free(fake.written);
	memset(&fake, 0, sizeof(fake));
	fake.config = *config;
	fake.random = config->seed;
	fake.txq = txq;
	fake.written = calloc(txq->ctrl.window.win.bytes / WCNIC_LINE_BYTES, 1);
	assert_non_null(fake.written);
	wcnic_tx_store_set(txq, &wc_fake);
	txq->doorbell_type = FAKE_NUMBER;
}

const struct wc_fake_count *
wc_fake_count(void)
{
	return &fake.count;
}

static bool
line_may_be_written(const struct wcnic_hw *hw, uint64_t off)
{
	const struct wcnic_window *push = &fake.txq->ctrl.window, *db = &hw->doorbells;

	if (off >= push->grant.off && off < push->grant.off + push->win.bytes)
		return fake.written[(off - push->grant.off) / WCNIC_LINE_BYTES];
	/* records, one a queue */
	return off >= db->grant.off &&
	       off < db->grant.off + (hw->n_txq + hw->n_rxq) * (uint64_t)WCNIC_DOORBELL_STRIDE;
}

/*
 * Which pages of the aperture exist: nobody wrote to the others. One byte a page; all 1 if the
 * kernel does not say. By bits 63 and 62 of /proc/PID/pagemap. The aperture is a file in memory: a
 * page of it that the kernel has moved to swap meanwhile is not seen.
 */
static uint8_t *
pages_written(const uint8_t *aperture, size_t bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), n = bytes / page;
	uint64_t *entries = calloc(n, sizeof(*entries));
	uint8_t *written = malloc(n);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	assert_true(entries != NULL && written != NULL);
	if (fd >= 0)
		got = pread(fd, entries, n * sizeof(*entries),
			    (off_t)((uintptr_t)aperture / page * sizeof(*entries)));
	for (size_t i = 0; i < n; i++)
		written[i] = got != (ssize_t)(n * sizeof(*entries)) || entries[i] >> 62 != 0;
	if (fd >= 0)
		close(fd);
	free(entries);
	return written;
}

void
wc_fake_check_aperture(const struct wcnic_hw *hw)
{
	const struct wcnic_window *db = &hw->doorbells;
	const uint8_t *aperture = (const uint8_t *)db->win.addr - db->grant.off;
	static const uint8_t zero[WCNIC_LINE_BYTES];
	uint8_t *written = pages_written(aperture, hw->admin.client.aperture_bytes);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t free_from = 0;

	for (uint64_t off = 0; off < hw->admin.client.aperture_bytes; off += WCNIC_LINE_BYTES) {
		if (!written[off / page])
			continue;
		/* of a record, only the first word is anyone's */
		free_from = off >= db->grant.off && off < db->grant.off + db->win.bytes ? 8 : 0;
		if (free_from == 0 && line_may_be_written(hw, off))
			continue;
		if (!line_may_be_written(hw, off))
			free_from = 0;
		if (memcmp(aperture + off + free_from, zero, sizeof(zero) - free_from) != 0)
			fail_msg("the line at 0x%" PRIx64 " of the aperture was written to", off);
	}
	free(written);
}
