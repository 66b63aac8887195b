/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Bursts of whole lines: the stores, loads and hints of each variant, by what the CPU has. */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lines_ring.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))
#define EVICTS __attribute__((target("clflushopt")))
#define ASKS __attribute__((target("prfchw")))
#define CLFLUSHOPT (1u << 23) /* cpuid 7, ebx */
#else
#define ASKS
#endif

#define HUGE_BYTES (2u << 20)

/* A small ring fits the first cache. A large one fits neither that nor the second. */
#define RING_SMALL 1024u
#define RING_LARGE RING_LINES_MAX

const struct variant variants[] = {
	{"line", POLL_LINE, 0, RING_SMALL, 0},
	{"line-ask", POLL_LINE, HOW_ASK_WRITE, RING_SMALL, 0},
	{"line-touch", POLL_LINE, HOW_TOUCH, RING_SMALL, 0},
	{"line-evict", POLL_LINE, HOW_EVICT, RING_SMALL, 0},
	{"last", POLL_LAST, 0, RING_SMALL, 0},
	{"last-gather4", POLL_LAST, 0, RING_SMALL, 4},
	{"last-gather4-ask", POLL_LAST, HOW_ASK_READ, RING_SMALL, 4},
	{"last-gather4-large", POLL_LAST, 0, RING_LARGE, 4},
	{"last-gather4-touch", POLL_LAST, HOW_TOUCH, RING_SMALL, 4},
	{"last-gather4-evict", POLL_LAST, HOW_EVICT, RING_SMALL, 4},
	{"count", POLL_COUNT, 0, RING_SMALL, 0},
	{"count-gather4", POLL_COUNT, 0, RING_SMALL, 4},
	{"count-gather4-ask", POLL_COUNT, HOW_ASK_READ, RING_SMALL, 4},
	{"count-gather4-large", POLL_COUNT, 0, RING_LARGE, 4},
	{"count-gather4-evict", POLL_COUNT, HOW_ASK_READ | HOW_EVICT, RING_SMALL, 4},
	{"count-gather2-evict", POLL_COUNT, HOW_ASK_READ | HOW_EVICT, RING_SMALL, 2},
	{"count-stream", POLL_COUNT, HOW_STREAM, RING_SMALL, 0},
	{"count-gather4-stream", POLL_COUNT, HOW_STREAM, RING_SMALL, 4},
	{"count-gather4-stream-large", POLL_COUNT, HOW_STREAM | HOW_ASK_READ, RING_LARGE, 4},
	{"count-gather4-stream-evict", POLL_COUNT, HOW_STREAM | HOW_ASK_READ | HOW_EVICT,
	 RING_SMALL, 4},
};
const unsigned int n_variants = sizeof(variants) / sizeof(variants[0]);

const struct variant *
variant_find(const char *name)
{
	for (unsigned int i = 0; i < n_variants; i++)
		if (strcmp(variants[i].name, name) == 0)
			return &variants[i];
	return NULL;
}

struct line *
ring_alloc(void)
{
	void *lines;

	if (posix_memalign(&lines, HUGE_BYTES, RING_LINES_MAX * sizeof(struct line)) != 0)
		return NULL;
	(void)madvise(lines, RING_LINES_MAX * sizeof(struct line), MADV_HUGEPAGE);
	memset(lines, 0, RING_LINES_MAX * sizeof(struct line));
	return lines;
}

void
ring_end_init(struct ring_end *end, struct ring *ring, const struct variant *variant,
	      uint32_t lines, uint32_t under_way)
{
	uint32_t ring_lines = variant->ring_lines, bursts = 0;

	if (variant->gather != 0)
		bursts = under_way / variant->gather;
	while (ring_lines < lines * under_way)
		ring_lines *= 2;
	*end = (struct ring_end){.ring = ring,
				 .variant = variant,
				 .mask = ring_lines - 1,
				 .gather = bursts == 0 ? lines : lines * bursts};
}

static inline struct line *
line_at(const struct ring_end *end, uint64_t at)
{
	return &end->ring->lines[at & end->mask];
}

/* ---- stores and loads of a burst ----------------------------------------------------------- */

/* The number last, so that a reader who sees the last word sees the others too. */
static void
write_words(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++) {
		struct line *line = line_at(end, at);

		for (unsigned int i = 0; i < LINE_WORDS - 1; i++)
			line->word[i] = at + 1;
		__atomic_store_n(&line->word[LINE_WORDS - 1], at + 1, __ATOMIC_RELEASE);
	}
}

static uint64_t
read_words(const struct ring_end *end, unsigned int lines)
{
	uint64_t differs = 0;

	for (uint64_t at = end->at, last = at + lines; at < last; at++)
		for (unsigned int i = 0; i < LINE_WORDS; i++)
			differs |= line_at(end, at)->word[i] ^ (at + 1);
	return differs;
}

static void
write_touch(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++)
		__atomic_store_n(&line_at(end, at)->word[LINE_WORDS - 1], at + 1, __ATOMIC_RELEASE);
}

static uint64_t
read_touch(const struct ring_end *end, unsigned int lines)
{
	uint64_t differs = 0;

	for (uint64_t at = end->at, last = at + lines; at < last; at++)
		differs |= line_at(end, at)->word[LINE_WORDS - 1] ^ (at + 1);
	return differs;
}

#if defined(__x86_64__)
AVX2 static void
write_avx2(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++) {
		volatile __m256i *to = (volatile __m256i *)line_at(end, at);
		const __m256i value = _mm256_set1_epi64x((long long)at + 1);

		to[0] = value;
		to[1] = value;
	}
}

AVX2 static void
stream_avx2(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++) {
		__m256i *to = (__m256i *)line_at(end, at);
		const __m256i value = _mm256_set1_epi64x((long long)at + 1);

		_mm256_stream_si256(to, value);
		_mm256_stream_si256(to + 1, value);
	}
	_mm_sfence();
}

AVX2 static uint64_t
read_avx2(const struct ring_end *end, unsigned int lines)
{
	__m256i differs = _mm256_setzero_si256();

	for (uint64_t at = end->at, last = at + lines; at < last; at++) {
		const __m256i *from = (const __m256i *)line_at(end, at);
		const __m256i value = _mm256_set1_epi64x((long long)at + 1);

		differs = _mm256_or_si256(differs, _mm256_xor_si256(from[0], value));
		differs = _mm256_or_si256(differs, _mm256_xor_si256(from[1], value));
	}
	return !_mm256_testz_si256(differs, differs);
}

AVX512 static void
write_avx512(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++)
		*(volatile __m512i *)line_at(end, at) = _mm512_set1_epi64((long long)at + 1);
}

AVX512 static void
stream_avx512(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++)
		_mm512_stream_si512((__m512i *)line_at(end, at),
				    _mm512_set1_epi64((long long)at + 1));
	_mm_sfence();
}

AVX512 static uint64_t
read_avx512(const struct ring_end *end, unsigned int lines)
{
	__m512i differs = _mm512_setzero_si512();

	for (uint64_t at = end->at, last = at + lines; at < last; at++) {
		const __m512i *from = (const __m512i *)line_at(end, at);

		differs = _mm512_or_si512(
			differs, _mm512_xor_si512(*from, _mm512_set1_epi64((long long)at + 1)));
	}
	return _mm512_test_epi64_mask(differs, differs);
}

/* Not all compilers' __builtin_cpu_supports() know it. */
static bool
has_clflushopt(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & CLFLUSHOPT) != 0;
}

EVICTS static void
evict(const struct ring_end *end, unsigned int lines)
{
	for (uint64_t at = end->at, last = at + lines; at < last; at++)
		_mm_clflushopt(line_at(end, at));
}
#endif

static struct {
	void (*write)(const struct ring_end *, unsigned int);
	void (*stream)(const struct ring_end *, unsigned int); /* NULL: none */
	uint64_t (*read)(const struct ring_end *, unsigned int);
	void (*evict)(const struct ring_end *, unsigned int); /* NULL: none */
} cpu = {.write = write_words, .read = read_words};

void
ring_init(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f")) {
		cpu.write = write_avx512;
		cpu.stream = stream_avx512;
		cpu.read = read_avx512;
	} else if (__builtin_cpu_supports("avx2")) {
		cpu.write = write_avx2;
		cpu.stream = stream_avx2;
		cpu.read = read_avx2;
	}
	if (has_clflushopt())
		cpu.evict = evict;
#endif
}

bool
variant_runs(const struct variant *variant)
{
	return ((variant->how & HOW_STREAM) == 0 || cpu.stream != NULL) &&
	       ((variant->how & HOW_EVICT) == 0 || cpu.evict != NULL);
}

/* ---- bursts -------------------------------------------------------------------------------- */

ASKS static void
ask(const struct ring_end *end, uint64_t first, unsigned int lines, bool to_write)
{
	for (uint64_t at = first; at < first + lines; at++)
		if (to_write)
			__builtin_prefetch(line_at(end, at), 1, 3);
		else
			__builtin_prefetch(line_at(end, at), 0, 3);
}

void
ring_write(struct ring_end *end, unsigned int lines)
{
	const unsigned int how = end->variant->how;

	if ((how & HOW_ASK_WRITE) != 0)
		ask(end, end->at + ASK_AHEAD, lines, true);
	if ((how & HOW_STREAM) != 0)
		cpu.stream(end, lines);
	else if ((how & HOW_TOUCH) != 0)
		write_touch(end, lines);
	else
		cpu.write(end, lines);
	end->at += lines;
	if (end->variant->poll == POLL_COUNT)
		atomic_store_explicit(&end->ring->tail, end->at, memory_order_release);
}

static inline bool
line_is_there(const struct ring_end *end, uint64_t at)
{
	return __atomic_load_n(&line_at(end, at)->word[LINE_WORDS - 1], __ATOMIC_ACQUIRE) == at + 1;
}

/* Whether as many lines are there as it waits for. */
static void
look(struct ring_end *end)
{
	uint64_t tail;

	if (end->variant->poll == POLL_COUNT) {
		tail = atomic_load_explicit(&end->ring->tail, memory_order_acquire);
		if (tail - end->at >= end->gather)
			end->seen = tail;
	} else if (line_is_there(end, end->at + end->gather - 1)) {
		end->seen = end->at + end->gather;
	}
}

unsigned int
ring_poll(struct ring_end *end, unsigned int lines, unsigned int bursts)
{
	const uint64_t most = end->at + (uint64_t)lines * bursts;

	if (end->variant->poll == POLL_LINE)
		while (end->seen < most && line_is_there(end, end->seen))
			end->seen++;
	else if (end->seen - end->at < lines)
		look(end);
	return (unsigned int)((end->seen < most ? end->seen : most) - end->at) / lines;
}

void
ring_read(struct ring_end *end, unsigned int lines)
{
	const unsigned int how = end->variant->how;

	if ((how & HOW_ASK_READ) != 0)
		ask(end, end->at, lines, false);
	end->differs |= (how & HOW_TOUCH) != 0 ? read_touch(end, lines) : cpu.read(end, lines);
	if ((how & HOW_EVICT) != 0)
		cpu.evict(end, lines);
	end->at += lines;
}
