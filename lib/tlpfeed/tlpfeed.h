/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef TLPFEED_H
#define TLPFEED_H

/*
 * A ring in a file that tells the card which TLPs its link saw: from the plugin in QEMU, the one
 * producer, to wcnicd, the one consumer. wcnicd makes the file and the plugin opens it.
 *
 * Neither waits for the other: what finds the ring full is lost and counted. The consumer takes
 * every byte of the file as hostile, and survives that it is cut short; the producer trusts it.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLPFEED_MAGIC 0x44454546434e4357ull /* "WCNCFEED" */
#define TLPFEED_VERSION 1u
#define TLPFEED_ENTRIES 65536u /* a power of two */

/* ---- layout, in the order of bytes of the machine that both run on --------------------------- */

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
	uint64_t head; /* of the producer: TLPs ever written */
	uint64_t lost; /* of the producer: TLPs that found the ring full */
	uint8_t pad1[48];
	uint64_t tail; /* of the consumer: TLPs ever read */
	uint8_t pad2[56];
	struct tlpfeed_tlp tlps[TLPFEED_ENTRIES];
};
static_assert(offsetof(struct tlpfeed_ring, head) == 64, "layout");
static_assert(offsetof(struct tlpfeed_ring, tail) == 128, "layout");
static_assert(offsetof(struct tlpfeed_ring, tlps) == 192, "layout");

/* ---- one end of it ------------------------------------------------------------------------- */

struct tlpfeed {
	struct tlpfeed_ring *ring; /* NULL: none */
	uint64_t idx;              /* of this end: head or tail */
	uint64_t lost;             /* consumer: so many have been told */
	bool producer;
	bool broken; /* consumer: the file is not a ring any more; atomic */
};

/*
 * Makes the file, or empties it, as the consumer. Returns 0 or -errno.
 */
__attribute__((warn_unused_result)) int tlpfeed_create(struct tlpfeed *feed, const char *path);

/* Opens the file as the producer. -EINVAL: it is no such ring. */
__attribute__((warn_unused_result)) int tlpfeed_open(struct tlpfeed *feed, const char *path);

void tlpfeed_fini(struct tlpfeed *feed);

/* Producer: false if the ring was full. */
bool tlpfeed_push(struct tlpfeed *feed, uint64_t off, uint32_t bytes, uint64_t ns);

/*
 * Consumer: the next TLP; false if there is none. `off`, `bytes` are within the aperture and one
 * line; what is not is dropped, and the feed is broken then, as it is by a head that cannot be.
 */
__attribute__((warn_unused_result)) bool
tlpfeed_pull(struct tlpfeed *feed, uint64_t aperture_bytes, struct tlpfeed_tlp *tlp);

/* Consumer: how many TLPs were lost since the last call. */
uint64_t tlpfeed_lost(struct tlpfeed *feed);

/* Consumer: whether there is a producer, of a ring that is not broken. */
bool tlpfeed_attached(const struct tlpfeed *feed);

/* Consumer: whether the file is not a ring any more. Nothing is pulled from it then. */
bool tlpfeed_broken(const struct tlpfeed *feed);

/* Consumer, at a SIGBUS: true if addr is in the ring; empty memory is there now. For handlers. */
bool tlpfeed_fault(struct tlpfeed *feed, const void *addr);

#endif /* TLPFEED_H */
