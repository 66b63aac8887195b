/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_H
#define WCBAR_H

/*
 * Stores into PCI BAR windows: the only room that stores to device memory, and that fences for it.
 *
 * What a store costs depends on the memory type that the CPU applies to the mapping:
 *   UC, Device  one TLP a store, in program order
 *   WC          stores gather in 64-byte buffers; a full aligned line normally leaves as one TLP;
 *               nothing is ordered before wcbar_drain(), and a line may be split
 *   WB          ordinary memory that a model polls: no TLP at all
 * Threads: a window is written by one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WCBAR_LINE_BYTES 64u
#define WCBAR_STORES_MAX 8 /* ways to store lines on one CPU */

enum wcbar_type {
	WCBAR_TYPE_UNKNOWN = 0,
	WCBAR_TYPE_UC, /* x86 UC, arm64 Device-nGnRnE or Device-nGnRE */
	WCBAR_TYPE_WC, /* x86 WC, arm64 Normal-NC */
	WCBAR_TYPE_WB, /* host memory */
};

/* How whole lines are stored; chosen at run time, never in the middle of a burst. */
struct wcbar_store {
	const char *name;
	/*
	 * Copies `lines` 64-byte lines. Both addresses are 64-byte aligned. Whole lines in
	 * ascending order; no other access to dst, never a read of it.
	 */
	void (*lines)(void *dst, const void *src, size_t lines);
	/*
	 * Drain: every line stored before is on its way to the device before any later store. On
	 * x86 sfence, on arm64 dgh and dmb oshst: about the time of one posted write, no TLP of
	 * its own. Host memory: whoever polls sees those lines before what is stored later.
	 */
	void (*drain)(void);
};

/* Stores every line of the mapping with eight 8-byte stores: safe in every mapping of every CPU. */
extern const struct wcbar_store wcbar_store_u64;

struct wcbar_window {
	void *addr; /* 64-byte aligned */
	size_t bytes;
	enum wcbar_type type; /* as intended by the mapping */
	/*
	 * Stores are known to reach the device, not a hypervisor that emulates them: only then is
	 * anything wider than 8 bytes safe. Memory always is; of a BAR wcbar_calibrate finds out.
	 */
	bool direct;
	const struct wcbar_store *store;
};

/* "UC", "WC", "WB" or "unknown". */
const char *wcbar_type_name(enum wcbar_type type);

/*
 * The ways to store lines on this CPU, the best guess for `type` first; NULL after the last one.
 * The array is static.
 */
const struct wcbar_store *const *wcbar_stores(enum wcbar_type type);

/*
 * The one of that name, or NULL: unknown, or not on this CPU. "st64b" is the last of its list and
 * is used only by name: it faults if the device's side does not take it.
 */
const struct wcbar_store *wcbar_store_by_name(enum wcbar_type type, const char *name);

/*
 * Whether it is made of ordinary stores, which in host memory differ in nothing but their width:
 * there wcbar_line.h may take the place of any of them.
 */
bool wcbar_store_is_plain(const struct wcbar_store *store);

/* The stores that are safe for this window, the best guess first; narrow unless it is direct. */
const struct wcbar_store *const *wcbar_window_stores(const struct wcbar_window *win);

/* ---- calibration --------------------------------------------------------------------------- */

struct wcbar_rank {
	const struct wcbar_store *store;
	double ns_per_line; /* stored and drained in bursts, median of interleaved rounds */
};

struct wcbar_calibration {
	bool direct;         /* as put into the window */
	double ns_per_store; /* one aligned 8-byte store and its share of a drain, median */
	double ns_per_read;  /* one aligned 8-byte read, median; 0: not read, it is host memory */
	size_t ranks;
	struct wcbar_rank rank[WCBAR_STORES_MAX]; /* the fastest first */
};

/*
 * A store or a read that takes longer is taken to be emulated: one exit to a hypervisor takes
 * microseconds. An emulator may post stores, so that they look fast, but a read has to wait for
 * whoever answers it. A device may be slow to answer too, so a window that is above the limits may
 * be direct all the same: when in doubt it is not. An emulator that translates the whole machine
 * and answers in its own process has no exits and may be below both; it also takes stores of any
 * width.
 */
#define WCBAR_TRAPPED_NS 2000.0
#define WCBAR_TRAPPED_READ_NS 2000.0

/*
 * Times reads of the window's first 8 bytes (not of host memory), then 8-byte stores of zeroes into
 * the first `lines` lines, and says whether they are direct; then, if so, ranks every store of this
 * CPU there. Sets win->direct and win->store. The window's first lines must be the caller's to
 * overwrite, and reading them must have no effect; what is read does not matter. Takes about 10 ms,
 * an emulated window up to a second. -EINVAL: not a window of so many whole lines.
 * "st64b" is not tried.
 */
int wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *result);

/* ---- order --------------------------------------------------------------------------------- */

/*
 * Lines stored before leave before lines stored after; unlike the drain it does not hurry them.
 * x86: sfence, which empties the buffers too. arm64: dmb oshst. No TLP.
 */
static inline void
wcbar_order_lines(void)
{
#if defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	__asm__ volatile("sfence" ::: "memory");
#endif
}

/* ---- single registers ---------------------------------------------------------------------- */

/*
 * Aligned accesses to a mapped register, little-endian on the device's side, in program order to
 * one device. A write is one posted TLP, a read waits for its answer. All ones: the device is gone.
 */
uint32_t wcbar_read32(const void *reg);
uint64_t wcbar_read64(const void *reg);
void wcbar_write32(void *reg, uint32_t value);
void wcbar_write64(void *reg, uint64_t value);
/*
 * The same into a WC mapping, where a store may wait in a buffer and overtake others: fenced on
 * both sides, so it is ordered after all stores before it, to host memory too, and leaves at once,
 * alone. x86: sfence, store, sfence. Costs one posted write as a UC store does, and two waits until
 * this CPU's earlier stores are out, where a UC store is posted behind them: so once a burst, not
 * once a line. arm64: dmb oshst, store, dgh and dmb oshst.
 */
void wcbar_write64_wc(void *reg, uint64_t value);

/* ---- doorbells ----------------------------------------------------------------------------- */

/* Rings the doorbell record at `doorbell`, 8-byte aligned: one 64-bit store, one TLP. */
typedef void (*wcbar_doorbell_fn)(void *doorbell, uint64_t value);

/*
 * The way to ring doorbells in a mapping of `type`: wcbar_write64_wc where it is WC, else
 * wcbar_write64. Chosen at setup: a burst does not ask.
 */
wcbar_doorbell_fn wcbar_doorbell_select(enum wcbar_type type);

/*
 * For doorbells: stores to host memory of this thread become visible before its next doorbell. x86:
 * nothing but the compiler's order. arm64: dmb oshst. No TLP. Lines in a window need the drain.
 */
static inline void
wcbar_before_doorbell(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
#if defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#endif
}

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_H */
