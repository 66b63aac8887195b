/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PCIELINK_H
#define PCIELINK_H

/*
 * The posted-write model: what a CPU's stores into a BAR become on a PCIe link.
 *
 *   config  a parameter set (config/link); each value has an origin and may have bounds
 *   link    the model: stores and order points go in, TLPs come out, totals are kept
 *
 * Everything that comes out is modelled, never measured. The same configuration, seed and calls
 * give the same figures to the last digit: integers only, no clock of the machine is read.
 *
 * Units: times are picoseconds of model time, from 0 at creation up to 2^63. Sizes are bytes.
 * Threads: one at a time for each link. Memory: one allocation at creation, none later.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PCIELINK_LINE_BYTES 64u
#define PCIELINK_CPUS_MAX 64u

/* ---- configuration ------------------------------------------------------------------------- */

enum pcielink_unit {
	PCIELINK_COUNT = 0, /* as written */
	PCIELINK_RATIO,     /* 0 to 1, kept in millionths */
	PCIELINK_NS,        /* written in ns, up to three decimals, kept in ps */
};

enum pcielink_key {
	/* the wire */
	PCIELINK_GENERATION = 0,    /* 1 to 5: signalling rate and encoding */
	PCIELINK_LANES,             /* 1, 2, 4, 8, 16 */
	PCIELINK_EFFICIENCY,        /* what ACK, flow control and SKIP leave of the raw rate */
	PCIELINK_OVERHEAD_32_BYTES, /* framing, sequence, header, LCRC; address below 4 GiB */
	PCIELINK_OVERHEAD_64_BYTES,
	PCIELINK_HEADER_CREDITS,   /* posted; 0: infinite */
	PCIELINK_DATA_CREDITS,     /* posted, 16 bytes each; 0: infinite */
	PCIELINK_CREDIT_RETURN_NS, /* from the end of a TLP until its credits are back */
	PCIELINK_QUEUE_TLPS,       /* accepted by the root complex, not yet on the wire */
	/* the write-combining buffers of each CPU */
	PCIELINK_WC_BUFFERS,
	PCIELINK_WC_RELEASE_NS, /* a buffer stays taken so long after its last TLP's acceptance */
	PCIELINK_WC_SPACING_NS, /* at least so long between two TLPs from one CPU's buffers */
	PCIELINK_PARTIAL_MAX_BYTES, /* the largest piece of a line that is not full */
	PCIELINK_GATHER, /* probability that a Normal-NC store joins its open line; x86 WC: 1 */
	/* the CPU */
	PCIELINK_STORE_NS,          /* to issue one store of any kind */
	PCIELINK_ORDER_NS,          /* an order point that waits for nothing */
	PCIELINK_DRAIN_NS,          /* dsb, sfence: after the last TLP's acceptance */
	PCIELINK_READ_NS,           /* a load: after everything before it has left */
	PCIELINK_UC_WAIT_NS,        /* a UC, Device-nGnRnE store: after its TLP's acceptance */
	PCIELINK_NGNRE_SPACING_NS,  /* at least so long between two Device-nGnRE TLPs of one CPU */
	PCIELINK_NGNRE_OUTSTANDING, /* such stores not yet accepted before the CPU waits */
	PCIELINK_UC_EVICTS_WC,      /* 1: UC and Device stores empty the buffers first, as on x86 */
	PCIELINK_KEYS,
};

struct pcielink_key_info {
	const char *name; /* as in the files */
	enum pcielink_unit unit;
	uint64_t min, max; /* in the unit it is kept in */
};

#define PCIELINK_ORIGIN_BYTES 160u
#define PCIELINK_NAME_BYTES 64u
#define PCIELINK_WHY_BYTES 256u

struct pcielink_param {
	uint64_t value;     /* in the unit it is kept in */
	uint64_t low, high; /* bounds for sensitivity bands; equal to value if none are given */
	bool assumed;       /* no source gives it */
	char origin[PCIELINK_ORIGIN_BYTES]; /* the source, or why it was assumed */
};

/* Plain data: for a sensitivity band copy it and replace a value by one of its bounds. */
struct pcielink_config {
	char name[PCIELINK_NAME_BYTES]; /* of the file, without folder and .conf */
	struct pcielink_param param[PCIELINK_KEYS];
};

/* What is known of a key: a constant, valid for ever. NULL: there is no such key. */
WC_PUBLIC const struct pcielink_key_info *pcielink_key_info(enum pcielink_key key);

/*
 * One parameter set as text: lines of `key = value` or `key = value [low .. high]`, each followed
 * by `# source: WHERE` or `# assumed: WHY`; lines that start with # are comments. Every key exactly
 * once. -EINVAL: `why` (may be NULL) names the line, what is wrong and what would be right.
 */
WC_PUBLIC WC_MUST_CHECK int
pcielink_config_parse(struct pcielink_config *config, const char *name, const char *text,
		      size_t bytes, char *why, size_t why_bytes);

/* The same from a file; also what open and read return. */
WC_PUBLIC WC_MUST_CHECK int
pcielink_config_load(struct pcielink_config *config, const char *path, char *why, size_t why_bytes);

/* Whether every value is in its range; parse and load have checked it, a changed copy may not be.
 */
WC_PUBLIC WC_MUST_CHECK int
pcielink_config_check(const struct pcielink_config *config, char *why, size_t why_bytes);

/*
 * A value of a key as the files write it: 5, 0.9, 1.25. `text` gets it, cut to `bytes`; 32 are
 * always enough. Returns `text`.
 */
WC_PUBLIC const char *
pcielink_value_text(enum pcielink_key key, uint64_t value, char *text, size_t bytes);

/* What the wire carries after encoding and efficiency, in bytes/s. */
WC_PUBLIC uint64_t pcielink_config_bytes_per_s(const struct pcielink_config *config);

/* ---- what goes in -------------------------------------------------------------------------- */

/* Effective memory types: what stage 1 and stage 2 combine to. */
enum pcielink_type {
	PCIELINK_UC = 0, /* x86 UC, arm64 Device-nGnRnE: one TLP a store, the CPU waits for each */
	PCIELINK_NGNRE,  /* Device-nGnRE: one TLP a store, posted back to back */
	PCIELINK_NC,     /* Normal-NC: gathers with a probability */
	PCIELINK_WC,     /* x86 WC: gathers */
	PCIELINK_WB,     /* memory: only counted */
	PCIELINK_TYPES,
};

/* Every one closes the CPU's open lines: no byte stored before leaves after one stored later. */
enum pcielink_order {
	PCIELINK_DGH = 0,  /* nothing more joins the open lines; the CPU goes on */
	PCIELINK_DMB,      /* the same */
	PCIELINK_DSB,      /* the CPU waits until the root complex has everything */
	PCIELINK_SFENCE,   /* the same */
	PCIELINK_DOORBELL, /* as DMB: a doorbell follows, as a store of its own */
	PCIELINK_LOAD,     /* the CPU waits until everything has left, and for the answer */
	PCIELINK_ORDERS,
};

#define PCIELINK_NOW UINT64_MAX /* when the CPU is done with what it did before */

/* ---- what comes out ------------------------------------------------------------------------ */

enum pcielink_cause {
	PCIELINK_BY_STORE = 0, /* UC, Device: the store itself */
	PCIELINK_BY_FILL,      /* the line was full */
	PCIELINK_BY_PRESSURE,  /* another line needed the buffer */
	PCIELINK_BY_ORDER,     /* an order point, or a UC store */
	PCIELINK_BY_NO_GATHER, /* a Normal-NC store to the same line did not join it */
	PCIELINK_BY_END,       /* pcielink_flush */
	PCIELINK_CAUSES,
};

/* One memory write; all its bytes are enabled. */
struct pcielink_tlp {
	uint64_t addr;
	uint32_t bytes;
	uint32_t wire_bytes; /* payload in whole dwords, and the overhead */
	uint32_t cpu;
	enum pcielink_type type;
	enum pcielink_cause cause;
	uint64_t accept_ps; /* the root complex has it */
	uint64_t start_ps;  /* on the wire */
	uint64_t end_ps;
};

/* Called for each TLP in the order in which they leave; must not call the link. */
typedef void (*pcielink_tlp_fn)(void *ctx, const struct pcielink_tlp *tlp);

/* All uint64_t: see pcielink_totals_sub. */
struct pcielink_totals {
	uint64_t stores[PCIELINK_TYPES];
	uint64_t store_bytes[PCIELINK_TYPES];
	uint64_t overwritten_bytes; /* stored again before they left */
	uint64_t orders[PCIELINK_ORDERS];
	uint64_t tlps;
	uint64_t tlps_by_bytes[PCIELINK_LINE_BYTES + 1]; /* by payload */
	uint64_t tlps_by_cause[PCIELINK_CAUSES];
	uint64_t lines_whole;   /* left as one TLP of 64 bytes */
	uint64_t lines_partial; /* evictions of lines that were not full */
	uint64_t payload_bytes; /* store_bytes without WB and what was overwritten or is open */
	uint64_t wire_bytes;
	uint64_t link_busy_ps;      /* the wire carried TLPs */
	uint64_t cpu_issue_ps;      /* stores and order points, without what follows */
	uint64_t stall_pressure_ps; /* CPUs waited for a buffer */
	uint64_t stall_device_ps;   /* for UC and Device stores */
	uint64_t stall_order_ps;    /* at order points */
	uint64_t credit_wait_ps;    /* TLPs waited for credits on an idle wire; no CPU time */
	uint64_t credit_waits;      /* such TLPs */
};

/* ---- the model ----------------------------------------------------------------------------- */

struct pcielink;

/*
 * Keeps a copy of the configuration. `seed` starts the random numbers of the gathering; `fn` may be
 * NULL. -EINVAL: cpus is 0 or above PCIELINK_CPUS_MAX, or the configuration has a value out of
 * range; -ENOMEM.
 */
WC_PUBLIC WC_MUST_CHECK int
pcielink_create(const struct pcielink_config *config, unsigned int cpus, uint64_t seed,
		pcielink_tlp_fn fn, void *ctx, struct pcielink **link);
/* Frees the link. Open lines are lost: flush first. NULL is allowed. */
WC_PUBLIC void pcielink_destroy(struct pcielink *link);

/* Makes the link as new: time 0, no open lines, totals 0, the seed of its creation. */
WC_PUBLIC void pcielink_reset(struct pcielink *link);

/*
 * One store of 1 to 64 bytes at a physical address; what crosses a line is two. It happens at
 * `at_ps`, or later if the CPU was still busy. PCIELINK_NOW of a CPU's first call is the latest
 * time that any CPU has reached. -EINVAL: no such CPU, size or type; nothing has happened then.
 * Cost: a few dozen compares, no allocation, no system call.
 */
WC_PUBLIC int pcielink_store(struct pcielink *link, unsigned int cpu, uint64_t addr,
			     unsigned int bytes, enum pcielink_type type, uint64_t at_ps);

/*
 * One order point of a CPU, at `at_ps` as for a store. It closes the CPU's open lines; what else it
 * does is at enum pcielink_order. -EINVAL: no such CPU or order; nothing has happened then.
 */
WC_PUBLIC int
pcielink_order(struct pcielink *link, unsigned int cpu, enum pcielink_order order, uint64_t at_ps);

/* Evicts the open lines of every CPU, at no CPU time: the end of a stream. */
WC_PUBLIC void pcielink_flush(struct pcielink *link);

/* When that CPU can do its next store. Add the time that it computes to get an at_ps. */
WC_PUBLIC uint64_t pcielink_now(const struct pcielink *link, unsigned int cpu);

/* When the last TLP so far has left. */
WC_PUBLIC uint64_t pcielink_end(const struct pcielink *link);

/* Copies the totals since creation or the last reset. */
WC_PUBLIC void pcielink_totals_get(const struct pcielink *link, struct pcielink_totals *totals);

/* totals -= before: what happened between two calls of pcielink_totals_get(). */
WC_PUBLIC void
pcielink_totals_sub(struct pcielink_totals *totals, const struct pcielink_totals *before);

/* "UC", "Device-nGnRE", "Normal-NC", "WC", "WB"; "unknown". A constant. */
WC_PUBLIC const char *pcielink_type_name(enum pcielink_type type);

/* "store", "fill", "pressure", "order", "no-gather", "end"; "unknown". A constant. */
WC_PUBLIC const char *pcielink_cause_name(enum pcielink_cause cause);

#ifdef __cplusplus
}
#endif

#endif /* PCIELINK_H */
