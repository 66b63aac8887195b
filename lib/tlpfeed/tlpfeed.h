/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_FEED_H
#define WCLAB_FEED_H

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

#define FEED_MAGIC 0x44454546434e4357ull /* "WCNCFEED" */
#define FEED_VERSION 1u
#define FEED_ENTRIES 65536u /* a power of two */

/* ---- layout, in the order of bytes of the machine that both run on --------------------------- */

/* One memory write of 1 to 64 bytes that does not cross a line. */
struct feed_tlp {
	uint64_t off; /* in the aperture */
	uint64_t ns;  /* model time */
	uint32_t bytes;
	uint32_t reserved;
};
static_assert(sizeof(struct feed_tlp) == 24, "layout");

struct feed_ring {
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
	struct feed_tlp tlps[FEED_ENTRIES];
};
static_assert(offsetof(struct feed_ring, head) == 64, "layout");
static_assert(offsetof(struct feed_ring, tail) == 128, "layout");
static_assert(offsetof(struct feed_ring, tlps) == 192, "layout");

/* ---- one end of it ------------------------------------------------------------------------- */

struct feed {
	struct feed_ring *ring; /* NULL: none */
	uint64_t idx;           /* of this end: head or tail */
	uint64_t lost;          /* consumer: so many have been told */
	bool producer;
	bool broken; /* consumer: the file is not a ring any more; atomic */
};

/*
 * Makes the file, or empties it, as the consumer. Returns 0 or -errno.
 */
__attribute__((warn_unused_result)) int feed_create(struct feed *feed, const char *path);

/* Opens the file as the producer. -EINVAL: it is no such ring. */
__attribute__((warn_unused_result)) int feed_open(struct feed *feed, const char *path);

void feed_fini(struct feed *feed);

/* Producer: false if the ring was full. */
bool feed_push(struct feed *feed, uint64_t off, uint32_t bytes, uint64_t ns);

/*
 * Consumer: the next TLP; false if there is none. `off`, `bytes` are within the aperture and one
 * line; what is not is dropped, and the feed is broken then, as it is by a head that cannot be.
 */
__attribute__((warn_unused_result)) bool
feed_pull(struct feed *feed, uint64_t aperture_bytes, struct feed_tlp *tlp);

/* Consumer: how many TLPs were lost since the last call. */
uint64_t feed_lost(struct feed *feed);

/* Consumer: whether there is a producer, of a ring that is not broken. */
bool feed_attached(const struct feed *feed);

/* Consumer: whether the file is not a ring any more. Nothing is pulled from it then. */
bool feed_broken(const struct feed *feed);

/* Consumer, at a SIGBUS: true if addr is in the ring; empty memory is there now. For handlers. */
bool feed_fault(struct feed *feed, const void *addr);

#endif /* WCLAB_FEED_H */
