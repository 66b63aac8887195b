/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A ring of TLPs whose producer writes what it likes, also while the consumer reads. */

#include <string.h>

#include <tlpfeed.h>

#include "fuzz_input.h"

#define APERTURE_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct tlpfeed_ring ring;

/* Everything that may have been written, without a look at all of it. */
static void
ring_reset(void)
{
	memset(&ring, 0, offsetof(struct tlpfeed_ring, tlps) + 64 * sizeof(ring.tlps[0]));
	memset(&ring.tlps[TLPFEED_ENTRIES - 64], 0, 64 * sizeof(ring.tlps[0]));
	ring.magic = TLPFEED_MAGIC;
	ring.version = TLPFEED_VERSION;
	ring.entries = TLPFEED_ENTRIES;
}

static void
produce(struct fuzz_input *in, const struct tlpfeed *feed, uint8_t how)
{
	const uint64_t at = (feed->seq + how / 8) % TLPFEED_ENTRIES;
	struct tlpfeed_tlp *tlp = &ring.tlps[at];

	switch (how % 8) {
	case 0:
		ring.head = fuzz_take64(in);
		break;
	case 1:
		ring.lost = fuzz_take64(in);
		break;
	case 2:
		ring.tail = fuzz_take64(in);
		break;
	case 3:
		ring.attached = fuzz_take8(in);
		break;
	case 4:
		if (at < 64 || at >= TLPFEED_ENTRIES - 64)
			fuzz_take(in, tlp, sizeof(*tlp));
		break;
	default: /* one that fits */
		if (at < 64 || at >= TLPFEED_ENTRIES - 64)
			*tlp = (struct tlpfeed_tlp){.off = fuzz_take16(in) * 8u,
						    .bytes = fuzz_take8(in) % 66,
						    .ns = how};
		ring.head = feed->seq + 1 + how / 64;
		break;
	}
}

static void
consume(struct tlpfeed *feed)
{
	struct tlpfeed_tlp tlp;

	for (unsigned int i = 0; i < 8 && tlpfeed_pull(feed, APERTURE_BYTES, &tlp); i++) {
		MUST(!tlpfeed_broken(feed));
		MUST(tlp.bytes >= 1 && tlp.bytes <= 64 && tlp.off < APERTURE_BYTES);
		MUST(tlp.off / 64 == (tlp.off + tlp.bytes - 1) / 64);
	}
	(void)tlpfeed_lost(feed);
	MUST(!tlpfeed_broken(feed) || !tlpfeed_attached(feed));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	struct tlpfeed feed = {.ring = &ring};

	ring_reset();
	feed.seq = (fuzz_take8(&in) & 1) != 0 ? TLPFEED_ENTRIES - 32 : 0;
	ring.head = ring.tail = feed.seq;
	for (unsigned int i = 0; i < 48 && in.left != 0; i++) {
		produce(&in, &feed, fuzz_take8(&in));
		consume(&feed);
	}
	return 0;
}
