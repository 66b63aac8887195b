/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Compares two captures frame by frame: lost, altered, duplicated, reordered. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include <wcbase.h>

#include "pcapcmp.h"

#define DETAILS_MAX 5u
#define NONE UINT32_MAX

struct frame {
	uint64_t hash;
	uint64_t flow;
	uint32_t next; /* the next frame with the same bytes */
	uint32_t bytes;
	uint32_t number; /* in the capture, from 1 */
	bool seen;       /* it came out */
};

/* Frames or flows by hash: open addressing, at most half full. */
struct slot {
	uint64_t key;
	uint32_t first; /* frames: the first that has not come out yet; flows: the latest seen */
	uint32_t last;
	bool used;
};

struct table {
	struct slot *slots;
	size_t mask;
};

struct compare {
	struct frame *frames; /* of the input, those that may come out */
	size_t n_frames;
	size_t capacity;
	struct table by_bytes;
	struct table by_flow;
	FILE *details;
	unsigned int n_details;
	struct pcapcmp_result *result;
};

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

static uint64_t
hash_bytes(const uint8_t *data, size_t bytes, uint64_t seed)
{
	uint64_t hash = mix(seed + bytes + 1);
	uint64_t word;

	for (; bytes >= sizeof(word); bytes -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		hash = mix(hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
	}
	word = 0;
	memcpy(&word, data, bytes);
	return mix(hash ^ word);
}

static uint16_t
be16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

/* Addresses, protocol and ports; a later fragment has no ports and goes by its datagram's id. */
static uint64_t
flow_ipv4(const uint8_t *ip, size_t bytes, uint64_t seed)
{
	size_t header_bytes = bytes > 0 ? (ip[0] & 0xfu) * 4u : 0;
	uint64_t flow;

	if (bytes < 20 || header_bytes < 20)
		return hash_bytes(ip, 0, seed);
	flow = hash_bytes(ip + 12, 8, seed ^ ip[9]);
	if ((be16(ip + 6) & 0x1fff) != 0)
		return hash_bytes(ip + 4, 2, flow);
	if ((ip[9] == 6 || ip[9] == 17) && bytes >= header_bytes + 4)
		return hash_bytes(ip + header_bytes, 4, flow);
	return flow;
}

static uint64_t
flow_ipv6(const uint8_t *ip, size_t bytes, uint64_t seed)
{
	const size_t header_bytes = 40;
	uint64_t flow;

	if (bytes < header_bytes + 8)
		return hash_bytes(ip, 0, seed);
	flow = hash_bytes(ip + 8, 32, seed ^ ip[6]);
	if (ip[6] == 44)
		return hash_bytes(ip + header_bytes + 4, 4, flow);
	if (ip[6] == 6 || ip[6] == 17)
		return hash_bytes(ip + header_bytes, 4, flow);
	return flow;
}

static uint64_t
frame_flow(const uint8_t *data, size_t bytes)
{
	uint64_t flow = 0;
	size_t off = 12;
	uint16_t type;

	if (bytes < PCAPCMP_MIN_FRAME_BYTES)
		return 0;
	type = be16(data + off);
	while ((type == 0x8100 || type == 0x88a8) && bytes >= off + 6) {
		flow = hash_bytes(data + off, 4, flow);
		off += 4;
		type = be16(data + off);
	}
	off += 2;
	flow = mix(flow + type);
	if (type == 0x0800)
		return flow_ipv4(data + off, bytes - off, flow);
	if (type == 0x86dd)
		return flow_ipv6(data + off, bytes - off, flow);
	return flow;
}

static int
table_create(struct table *table, size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	table->slots = calloc(size, sizeof(*table->slots));
	table->mask = size - 1;
	return table->slots != NULL ? 0 : -ENOMEM;
}

/* The key's slot, or the free one where it belongs. */
static struct slot *
table_slot(const struct table *table, uint64_t key)
{
	size_t idx = mix(key) & table->mask;

	while (table->slots[idx].used && table->slots[idx].key != key)
		idx = (idx + 1) & table->mask;
	return &table->slots[idx];
}

/* One whole frame: 1, the end: 0, a cut or damaged end: -1. */
static int
read_frame(pcap_t *pcap, struct pcap_pkthdr **header, const uint8_t **data)
{
	int rc = pcap_next_ex(pcap, header, data);

	return rc == 1 ? 1 : rc == PCAP_ERROR_BREAK ? 0 : -1;
}

static int
open_capture(const char *path, pcap_t **pcap, char *why, size_t why_bytes)
{
	char text[PCAP_ERRBUF_SIZE];

	if (access(path, R_OK) != 0) {
		int err = errno;

		snprintf(why, why_bytes, "%s: %s", path, strerror(err));
		return -err;
	}
	*pcap = pcap_open_offline(path, text);
	if (*pcap == NULL) {
		snprintf(why, why_bytes, "%s is not a capture (pcap or pcapng): %s", path, text);
		return -EINVAL;
	}
	if (pcap_datalink(*pcap) != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_name(pcap_datalink(*pcap));

		snprintf(why, why_bytes, "%s is a capture of link type %s, not of Ethernet", path,
			 name != NULL ? name : "unknown");
		pcap_close(*pcap);
		return -EINVAL;
	}
	return 0;
}

static int
add_frame(struct compare *cmp, const uint8_t *data, uint32_t bytes)
{
	struct frame *frame;

	if (cmp->n_frames == cmp->capacity) {
		size_t capacity = cmp->capacity != 0 ? 2 * cmp->capacity : 1024;
		struct frame *frames = realloc(cmp->frames, capacity * sizeof(*frames));

		if (frames == NULL || capacity >= NONE) {
			cmp->frames = frames != NULL ? frames : cmp->frames;
			return -ENOMEM;
		}
		cmp->frames = frames;
		cmp->capacity = capacity;
	}
	frame = &cmp->frames[cmp->n_frames++];
	*frame = (struct frame){.hash = hash_bytes(data, bytes, 0),
				.flow = frame_flow(data, bytes),
				.next = NONE,
				.bytes = bytes,
				.number = (uint32_t)cmp->result->packets_in};
	return 0;
}

static int
read_input(struct compare *cmp, const char *path, uint32_t max_frame_bytes, char *why,
	   size_t why_bytes)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	pcap_t *pcap;
	int rc, more;

	rc = open_capture(path, &pcap, why, why_bytes);
	if (rc != 0)
		return rc;
	while ((more = read_frame(pcap, &header, &data)) == 1) {
		cmp->result->packets_in++;
		if (header->caplen > max_frame_bytes)
			cmp->result->oversize++;
		else if (header->caplen < PCAPCMP_MIN_FRAME_BYTES)
			cmp->result->runts++;
		else if ((rc = add_frame(cmp, data, header->caplen)) != 0)
			break;
	}
	if (rc != 0)
		snprintf(why, why_bytes, "%s: out of memory after %zu frames", path, cmp->n_frames);
	cmp->result->truncated = more < 0;
	pcap_close(pcap);
	return rc;
}

/*
 * Built at the first frame that is not the next one of the input: until then no table is needed.
 * The first `seen` frames of the input have come out in order.
 */
static int
build_tables(struct compare *cmp, size_t seen)
{
	if (table_create(&cmp->by_bytes, cmp->n_frames) != 0 ||
	    table_create(&cmp->by_flow, cmp->n_frames) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < cmp->n_frames; i++) {
		struct frame *frame = &cmp->frames[i];
		struct slot *slot = table_slot(&cmp->by_bytes, frame->hash);

		if (!slot->used)
			*slot = (struct slot){.key = frame->hash, .first = NONE, .used = true};
		if (i < seen) {
			*table_slot(&cmp->by_flow, frame->flow) = (struct slot){
				.key = frame->flow, .last = i, .used = true};
			continue;
		}
		if (slot->first == NONE)
			slot->first = i;
		else
			cmp->frames[slot->last].next = i;
		slot->last = i;
	}
	return 0;
}

WC_PRINTF(2, 3) static void detail(struct compare *cmp, const char *format, ...)
{
	va_list args;

	if (cmp->details == NULL || cmp->n_details++ >= DETAILS_MAX)
		return;
	va_start(args, format);
	vfprintf(cmp->details, format, args);
	va_end(args);
}

static void
match_frame(struct compare *cmp, const uint8_t *data, uint32_t bytes)
{
	struct pcapcmp_result *result = cmp->result;
	struct slot *slot = table_slot(&cmp->by_bytes, hash_bytes(data, bytes, 0));
	struct frame *frame;
	struct slot *flow;
	uint32_t idx;

	if (!slot->used) {
		result->altered++;
		detail(cmp, "frame %" PRIu64 " of the output (%u bytes) was never in the input\n",
		       result->packets_out, bytes);
		return;
	}
	idx = slot->first;
	if (idx == NONE) {
		result->duplicated++;
		detail(cmp, "frame %" PRIu64 " of the output (%u bytes) came out before\n",
		       result->packets_out, bytes);
		return;
	}
	frame = &cmp->frames[idx];
	frame->seen = true;
	slot->first = frame->next;
	flow = table_slot(&cmp->by_flow, frame->flow);
	if (flow->used && flow->last > idx) {
		result->reordered++;
		detail(cmp,
		       "frame %" PRIu64 " of the output (%u bytes) was overtaken by its flow\n",
		       result->packets_out, bytes);
		return;
	}
	*flow = (struct slot){.key = frame->flow, .last = idx, .used = true};
}

static int
read_output(struct compare *cmp, const char *path, char *why, size_t why_bytes)
{
	struct pcapcmp_result *result = cmp->result;
	struct pcap_pkthdr *header;
	const uint8_t *data;
	size_t in_order = 0;
	pcap_t *pcap;
	int rc, more;

	rc = open_capture(path, &pcap, why, why_bytes);
	if (rc != 0)
		return rc;
	result->in_order = true;
	while ((more = read_frame(pcap, &header, &data)) == 1) {
		result->packets_out++;
		if (result->in_order && in_order < cmp->n_frames &&
		    cmp->frames[in_order].hash == hash_bytes(data, header->caplen, 0)) {
			cmp->frames[in_order++].seen = true;
			continue;
		}
		if (result->in_order && (rc = build_tables(cmp, in_order)) != 0) {
			snprintf(why, why_bytes, "%s: out of memory", path);
			break;
		}
		result->in_order = false;
		match_frame(cmp, data, header->caplen);
	}
	result->out_truncated = more < 0;
	pcap_close(pcap);
	return rc;
}

/* An altered frame is missing under its old bytes too: it is not counted as lost as well. */
static void
count_lost(struct compare *cmp)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < cmp->n_frames; i++) {
		if (cmp->frames[i].seen)
			continue;
		missing++;
		detail(cmp, "frame %u of the input (%u bytes) did not come out\n",
		       cmp->frames[i].number, cmp->frames[i].bytes);
	}
	cmp->result->lost = missing > cmp->result->altered ? missing - cmp->result->altered : 0;
}

int
pcapcmp_compare(const char *in_path, const char *out_path, uint32_t max_frame_bytes, FILE *details,
		struct pcapcmp_result *result, char *why, size_t why_bytes)
{
	struct compare cmp = {.details = details, .result = result};
	int rc;

	*result = (struct pcapcmp_result){0};
	rc = read_input(&cmp, in_path, max_frame_bytes, why, why_bytes);
	if (rc == 0 && out_path != NULL) {
		rc = read_output(&cmp, out_path, why, why_bytes);
		if (rc == 0)
			count_lost(&cmp);
	}
	free(cmp.by_bytes.slots);
	free(cmp.by_flow.slots);
	free(cmp.frames);
	return rc;
}

bool
pcapcmp_same(const struct pcapcmp_result *result)
{
	return result->lost == 0 && result->altered == 0 && result->duplicated == 0 &&
	       result->reordered == 0;
}
