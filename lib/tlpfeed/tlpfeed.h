/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef TLPFEED_H
#define TLPFEED_H

/*
 * A ring in a shared file by which a card learns which TLPs its link carried. The one producer is
 * the plugin in QEMU, the one consumer is wcnicd. The consumer creates the file, the producer opens
 * it.
 *
 * Neither waits for the other: TLPs that find the ring full are lost and counted. The consumer
 * treats every byte of the file as hostile, and survives that it is truncated; the producer trusts
 * it.
 *
 * Threads: one at a time for each end. Indices are atomic.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#define TLPFEED_MAGIC 0x44454546434e4357ull /* "WCNCFEED" */
#define TLPFEED_VERSION 1u
#define TLPFEED_ENTRIES 65536u /* a power of two */

/* ---- the file, in the byte order of the machine on which both run ------------------------------
 */

/* One memory write of 1 to 64 bytes that does not cross a line. */
struct tlpfeed_tlp {
	uint64_t off; /* in the aperture */
	uint64_t ns;  /* model time */
	uint32_t bytes;
	uint32_t reserved;
};
static_assert(sizeof(struct tlpfeed_tlp) == 24, "layout");

struct tlpfeed_ring {
	uint64_t magic;
	uint32_t version;
	uint32_t entries;
	uint32_t attached; /* there is a producer */
	uint8_t pad0[44];
	uint64_t head; /* of the producer: TLPs written so far */
	uint64_t lost; /* of the producer: TLPs that found the ring full, so far */
	uint8_t pad1[48];
	uint64_t tail; /* of the consumer: TLPs read so far */
	uint8_t pad2[56];
	struct tlpfeed_tlp tlps[TLPFEED_ENTRIES];
};
static_assert(offsetof(struct tlpfeed_ring, head) == 64, "layout");
static_assert(offsetof(struct tlpfeed_ring, tail) == 128, "layout");
static_assert(offsetof(struct tlpfeed_ring, tlps) == 192, "layout");

/* ---- one end --------------------------------------------------------------------------------- */

struct tlpfeed {
	struct tlpfeed_ring *ring; /* NULL: not open */
	uint64_t seq;              /* of this end: head or tail */
	uint64_t lost;             /* consumer: so many has tlpfeed_lost() returned */
	bool producer;
	bool broken; /* consumer: the file has been found to be no ring; atomic */
};

/*
 * Creates the file, or empties it, and maps it as the consumer. Returns 0, -EINVAL (what has this
 * name is no regular file, and is left as it is) or -errno.
 */
WC_PUBLIC WC_MUST_CHECK int tlpfeed_create(struct tlpfeed *feed, const char *path);

/* Opens the file as the producer. Returns 0, -EINVAL (no ring of this version) or -errno. */
WC_PUBLIC WC_MUST_CHECK int tlpfeed_open(struct tlpfeed *feed, const char *path);

/* Unmaps the ring; the file stays. Either end, and one that is not open. */
WC_PUBLIC void tlpfeed_fini(struct tlpfeed *feed);

/*
 * Producer: adds a TLP of `bytes` bytes at offset `off` of the aperture, at `ns` of model time.
 * False: the ring was full, and the TLP is counted as lost.
 */
WC_PUBLIC bool tlpfeed_push(struct tlpfeed *feed, uint64_t off, uint32_t bytes, uint64_t ns);

/*
 * Consumer: takes the next TLP; false: there is none. Its bytes lie in the aperture and in one
 * line. Any other TLP, and an impossible head, make the feed broken.
 */
WC_PUBLIC WC_MUST_CHECK bool
tlpfeed_pull(struct tlpfeed *feed, uint64_t aperture_bytes, struct tlpfeed_tlp *tlp);

/* Consumer: how many TLPs were lost since the last call. */
WC_PUBLIC uint64_t tlpfeed_lost(struct tlpfeed *feed);

/* Consumer: whether a producer has the ring open, and the ring is not broken. */
WC_PUBLIC bool tlpfeed_attached(const struct tlpfeed *feed);

/* Consumer: whether the feed is broken. It then gives no TLPs any more. */
WC_PUBLIC bool tlpfeed_broken(const struct tlpfeed *feed);

/*
 * Consumer: handles SIGBUS at `addr`: the file was truncated. If `addr` lies in the ring, zeroed
 * private memory replaces it, the feed is broken, and true is returned: the access can be repeated.
 * Async-signal-safe.
 */
WC_PUBLIC bool tlpfeed_fault(struct tlpfeed *feed, const void *addr);

#endif /* TLPFEED_H */
