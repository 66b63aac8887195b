/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_H
#define WCBAR_H

/*
 * Stores into PCI BAR windows. No other module stores to device memory, or fences for it.
 *
 * What a store costs depends on the memory type that the CPU applies to the mapping:
 *   UC, Device  one TLP a store, in program order
 *   WC          stores gather in 64-byte buffers. A full aligned line normally leaves as one TLP.
 *               Nothing is ordered before a drain, and a line may be split.
 *   WB          host memory that a model polls: no TLP at all
 * (x86: Intel SDM volume 3, 12.3; arm64: Arm ARM, B2.10.)
 *
 * Threads: any thread may call any function. Only one thread at a time writes to a window, or rings
 * a doorbell. Errors: a function that can fail returns -errno. Pointers that are returned point to
 * static data, and the caller frees nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

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

/* ---- lines --------------------------------------------------------------------------------- */

/* One way to store whole lines. It is chosen at run time, and never changes within a burst. */
struct wcbar_store {
	const char *name;
	/*
	 * Copies `lines` 64-byte lines in ascending order. Both addresses are 64-byte aligned. Does
	 * not access dst in any other way, and never reads it. WC: one TLP a line if the CPU
	 * gathers. UC: one TLP a store, so 64 / width a line. No fence.
	 */
	void (*lines)(void *dst, const void *src, size_t lines);
	/*
	 * Drain: all lines stored before are on their way to the device before any later store.
	 * x86: sfence. arm64: dgh and dmb oshst. Takes about as long as one posted write. No TLP of
	 * its own. Host memory: whoever polls sees those lines before what is stored later.
	 */
	void (*drain)(void);
};

/* Eight 8-byte stores a line: safe on every CPU and in every mapping. Needs no C library. */
extern WC_PUBLIC const struct wcbar_store wcbar_store_u64;

/* A mapped piece of a BAR, or host memory. The caller owns the struct and the mapping. */
struct wcbar_window {
	void *addr; /* 64-byte aligned */
	size_t bytes;
	enum wcbar_type type; /* as intended by the mapping */
	/*
	 * Stores are known to reach the device, and no hypervisor emulates them: only then is
	 * anything wider than 8 bytes safe. Memory is always direct. For a BAR wcbar_calibrate()
	 * finds out.
	 */
	bool direct;
	const struct wcbar_store *store;
};

/*
 * A window over memory that somebody else has mapped, of a type that the caller has found out:
 * [addr, addr + bytes) for as long as that mapping lives. Fills `win`: WB is direct, anything else
 * is not known to be before wcbar_calibrate(); the store is one that is safe there. -EINVAL: `addr`
 * is not 64-byte aligned, or there is no whole line.
 */
WC_PUBLIC WC_MUST_CHECK int
wcbar_window_over(void *addr, size_t bytes, enum wcbar_type type, struct wcbar_window *win);

/* "UC", "WC", "WB" or "unknown". */
WC_PUBLIC const char *wcbar_type_name(enum wcbar_type type);

/*
 * The ways to store lines on this CPU, the best guess for `type` first; NULL after the last one.
 * Types other than WC and WB get wcbar_store_u64 alone. Control path: asks the CPU at first use.
 */
WC_PUBLIC const struct wcbar_store *const *wcbar_stores(enum wcbar_type type);

/*
 * The entry of wcbar_stores(type) with that name. NULL: unknown, or this CPU does not have it.
 * "st64b" comes last in its list and is used only by name: it faults if the device's side does not
 * accept it.
 */
WC_PUBLIC const struct wcbar_store *wcbar_store_by_name(enum wcbar_type type, const char *name);

/*
 * Whether it is made of ordinary stores. In host memory those differ in nothing but their width, so
 * there wcbar_line.h may replace any of them.
 */
WC_PUBLIC bool wcbar_store_is_plain(const struct wcbar_store *store);

/*
 * A number for a store, the same in every process that runs this library on this machine, where a
 * pointer holds in one process alone; and the store of that number. A number that no store has gets
 * wcbar_store_u64. Cost of the latter: a table's entry. Any thread.
 */
WC_PUBLIC uint8_t wcbar_store_number(const struct wcbar_store *store);
WC_PUBLIC const struct wcbar_store *wcbar_store_at(uint8_t number);

/*
 * The stores that are safe for this window, the best guess first; NULL after the last one. An
 * emulated or unknown window (`direct` is false) gets wcbar_store_u64 alone.
 */
WC_PUBLIC const struct wcbar_store *const *wcbar_window_stores(const struct wcbar_window *win);

/* ---- calibration --------------------------------------------------------------------------- */

struct wcbar_rank {
	const struct wcbar_store *store;
	double ns_per_line; /* stored and drained in bursts, median of interleaved rounds */
};

struct wcbar_calibration {
	bool direct;         /* as written to the window */
	double ns_per_store; /* one aligned 8-byte store and its share of a drain, median */
	double ns_per_read;  /* one aligned 8-byte read, median; 0: not read, it is host memory */
	size_t ranks;
	struct wcbar_rank rank[WCBAR_STORES_MAX]; /* the fastest first */
};

/*
 * A store or read that takes longer than this counts as emulated: one exit to a hypervisor takes
 * microseconds. An emulator may post stores, so that they look fast, but a read waits for whoever
 * answers it. A device may answer slowly too, so a window above the limits may still be direct: in
 * doubt it counts as emulated. An emulator that translates the whole machine in its own process
 * (QEMU TCG) has no exits and may stay below both limits. It takes stores of any width.
 */
#define WCBAR_TRAPPED_NS 2000.0
#define WCBAR_TRAPPED_READ_NS 2000.0

/*
 * Measures whether accesses to the window are direct, and which store is the fastest there. Sets
 * win->direct and win->store, and fills `result`.
 * Reads the window's first 8 bytes (not of host memory) and stores zeroes to its first `lines`
 * lines: the caller must own these lines, and reading them must have no effect. Nothing wider than
 * 8 bytes is tried unless the window turned out to be direct, and "st64b" is never tried. Takes
 * about 10 ms; an emulated window up to a second. -EINVAL: `addr` is not aligned, or the window
 * does not have `lines` lines (at least one).
 */
WC_PUBLIC int
wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *result);

/*
 * The same for a window that is known to be direct, whatever its stores cost: the device has seen
 * lines of 8-byte stores arrive whole, and a hypervisor that emulates stores hands on each alone.
 */
WC_PUBLIC int
wcbar_calibrate_direct(struct wcbar_window *win, size_t lines, struct wcbar_calibration *result);

/* ---- order --------------------------------------------------------------------------------- */

/*
 * Lines stored before leave before lines stored after. Unlike the drain it does not hurry them.
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
 * Aligned accesses to a mapped register that is little-endian on the device's side, in program
 * order to one device. A write is one posted TLP; a read is a TLP that waits for its answer. No
 * fence. A read of all ones means that the device is gone. Need no C library.
 */
WC_PUBLIC uint32_t wcbar_read32(const void *reg);
WC_PUBLIC uint64_t wcbar_read64(const void *reg);
WC_PUBLIC void wcbar_write32(void *reg, uint32_t value);
WC_PUBLIC void wcbar_write64(void *reg, uint64_t value);

/*
 * wcbar_write64() for a WC mapping, where a store may wait in a buffer and overtake others. It is
 * fenced on both sides: ordered after all stores before it, also those to host memory, and it
 * leaves at once and alone, as one TLP. x86: sfence, store, sfence. arm64: dmb oshst, store, dgh
 * and dmb oshst. Both fences wait until this CPU's earlier stores are out, where a UC store is
 * posted behind them. So call it once a burst, not once a line.
 */
WC_PUBLIC void wcbar_write64_wc(void *reg, uint64_t value);

/* ---- doorbells ----------------------------------------------------------------------------- */

/* Rings the doorbell at `doorbell`, 8-byte aligned: one 64-bit store, one TLP. */
typedef void (*wcbar_doorbell_fn)(void *doorbell, uint64_t value);

/*
 * How to ring doorbells in a mapping of `type`: wcbar_write64_wc() where it is WC, else
 * wcbar_write64(). Control path: a burst calls the function that setup has chosen.
 */
WC_PUBLIC wcbar_doorbell_fn wcbar_doorbell_select(enum wcbar_type type);

/*
 * Call before a doorbell: this thread's stores to host memory become visible before it. x86: no
 * instruction, only the compiler's order. arm64: dmb oshst. No TLP. Lines in a window need the
 * drain instead.
 */
static inline void
wcbar_before_doorbell(void)
{
	WC_FENCE_RELEASE();
#if defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#endif
}

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_H */
