/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* IP frames, their checksums and hashes, by the book. */

#include <string.h>

#include "ip_frame.h"

static void
put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

uint16_t
ip_sum(const uint8_t *data, size_t bytes, uint32_t before)
{
	uint64_t sum = before;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += (unsigned int)data[i] << 8 | data[i + 1];
	if (bytes % 2 != 0)
		sum += (unsigned int)data[bytes - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t
ip_frame_pseudo_sum(const struct ip_frame *f, uint32_t l4_bytes)
{
	uint8_t pseudo[40] = {0};
	size_t n;

	if (f->v6) {
		memcpy(pseudo, f->src, 16);
		memcpy(pseudo + 16, f->dst, 16);
		put16(pseudo + 32, l4_bytes >> 16);
		put16(pseudo + 34, l4_bytes);
		pseudo[39] = f->proto;
		n = 40;
	} else {
		memcpy(pseudo, f->src, 4);
		memcpy(pseudo + 4, f->dst, 4);
		pseudo[9] = f->proto;
		put16(pseudo + 10, l4_bytes);
		n = 12;
	}
	return (uint16_t)~ip_sum(pseudo, n, 0);
}

static uint32_t
l4_header_bytes(const struct ip_frame *f)
{
	return f->proto == IP_TCP ? 20u + 4u * f->tcp_words : f->proto == IP_UDP ? 8 : 0;
}

uint32_t
ip_frame_l4_sum_off(const struct ip_frame *f)
{
	return f->l4_off + (f->proto == IP_TCP ? 16 : 6);
}

static void
l3_make(const struct ip_frame *f, uint8_t *at, uint32_t l4_bytes)
{
	if (f->v6) {
		at[0] = 0x60;
		put16(at + 4, l4_bytes + (f->extension ? 8 : 0));
		at[6] = f->extension ? 60 : f->proto;
		at[7] = 64;
		memcpy(at + 8, f->src, 16);
		memcpy(at + 24, f->dst, 16);
		if (f->extension) {
			at[40] = f->proto;
			at[42] = 1; /* padding of 4 bytes */
			at[43] = 4;
		}
		return;
	}
	at[0] = (uint8_t)(0x45 + f->options / 4);
	put16(at + 2, 20u + f->options + l4_bytes);
	put16(at + 4, 0x1234);
	put16(at + 6, f->fragment);
	at[8] = 64;
	at[9] = f->proto;
	memcpy(at + 12, f->src, 4);
	memcpy(at + 16, f->dst, 4);
	memset(at + 20, 1, f->options);
	put16(at + 10, ip_sum(at, 20u + f->options, 0));
}

static void
l4_make(const struct ip_frame *f, uint8_t *at, uint32_t l4_bytes)
{
	uint16_t sum;

	if (l4_header_bytes(f) == 0)
		return;
	put16(at, f->sport);
	put16(at + 2, f->dport);
	if (f->proto == IP_UDP) {
		put16(at + 4, l4_bytes);
	} else {
		put16(at + 4, 0x0102);
		put16(at + 6, 0x0304);
		at[12] = (uint8_t)((5 + f->tcp_words) << 4);
		at[13] = 0x18;
		put16(at + 14, 500);
		memset(at + 20, 1, 4u * f->tcp_words);
	}
	sum = ip_sum(at, l4_bytes, ip_frame_pseudo_sum(f, l4_bytes));
	put16(at + (f->proto == IP_TCP ? 16 : 6), sum == 0 && f->proto == IP_UDP ? 0xffff : sum);
}

uint32_t
ip_frame_make(struct ip_frame *f, uint8_t *out, uint8_t salt)
{
	uint32_t at = 12;

	f->l3_off = 14 + 4 * f->tags;
	f->l4_off = f->l3_off + (f->v6 ? 40 + (f->extension ? 8u : 0) : 20u + f->options);
	f->payload_off = f->l4_off + l4_header_bytes(f);
	f->bytes = f->payload_off + f->payload_bytes;
	memset(out, 0, f->payload_off);
	memcpy(out, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	for (unsigned int i = 0; i < f->tags; i++, at += 4) {
		put16(out + at, i + 1 < f->tags ? 0x88a8 : 0x8100);
		put16(out + at + 2, 100 + i);
	}
	put16(out + at, f->v6 ? 0x86dd : 0x0800);
	for (uint32_t i = 0; i < f->payload_bytes; i++)
		out[f->payload_off + i] = (uint8_t)(i * 11 + (i >> 8) + salt);
	l3_make(f, out + f->l3_off, f->bytes - f->l4_off);
	l4_make(f, out + f->l4_off, f->bytes - f->l4_off);
	return f->bytes;
}

void
ip_frame_tuple(struct ip_frame *f, uint64_t seed)
{
	for (unsigned int i = 0; i < 16; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		f->src[i] = (uint8_t)(seed >> 33);
		f->dst[i] = (uint8_t)(seed >> 41);
	}
	f->sport = (uint16_t)(seed >> 20);
	f->dport = (uint16_t)(seed >> 48);
}

bool
ip_frame_l3_ok(const struct ip_frame *f, const uint8_t *frame)
{
	return f->v6 || ip_sum(frame + f->l3_off, 20u + f->options, 0) == 0;
}

bool
ip_frame_l4_ok(const struct ip_frame *f, const uint8_t *frame)
{
	const uint32_t bytes = f->bytes - f->l4_off;

	return ip_sum(frame + f->l4_off, bytes, ip_frame_pseudo_sum(f, bytes)) == 0;
}

uint32_t
toeplitz(const uint8_t *key, const uint8_t *data, size_t bytes)
{
	uint32_t hash = 0, window;

	window = (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
	for (size_t bit = 0; bit < bytes * 8; bit++) {
		const size_t next = bit + 32;

		if ((data[bit / 8] & 0x80u >> bit % 8) != 0)
			hash ^= window;
		window <<= 1;
		if (next / 8 < 40)
			window |= key[next / 8] >> (7 - next % 8) & 1u;
	}
	return hash;
}
