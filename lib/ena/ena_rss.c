/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* RSS: the key, what is hashed of which frames, the table of queues. */

#include "ena.h"

#define ENTRIES (1u << ENA_RSS_TABLE_LOG2)
#define NONE 0xffffu

/*
 * A driver chooses addresses, or addresses and ports, or nothing; of frames that are not IP the
 * Ethernet addresses. Stock drivers also ask for IP addresses of what is not IP: they add nothing.
 */
static const uint16_t supported[ENA_RSS_PROTOS] = {
	[ENA_RSS_TCP4] = ENA_RSS_L3 | ENA_RSS_L4,
	[ENA_RSS_UDP4] = ENA_RSS_L3 | ENA_RSS_L4,
	[ENA_RSS_TCP6] = ENA_RSS_L3 | ENA_RSS_L4,
	[ENA_RSS_UDP6] = ENA_RSS_L3 | ENA_RSS_L4,
	[ENA_RSS_IP4] = ENA_RSS_L3,
	[ENA_RSS_IP6] = ENA_RSS_L3,
	[ENA_RSS_IP4_FRAG] = ENA_RSS_L3,
	[ENA_RSS_NOT_IP] = ENA_RSS_L2 | ENA_RSS_L3,
	[ENA_RSS_TCP6_EX] = ENA_RSS_L3 | ENA_RSS_L4,
	[ENA_RSS_IP6_EX] = ENA_RSS_L3,
};

static bool
fields_ok(unsigned int proto, uint16_t fields)
{
	if ((fields & ~supported[proto]) != 0)
		return false;
	if (proto == ENA_RSS_NOT_IP)
		return (fields & ENA_RSS_L2) == 0 || (fields & ENA_RSS_L2) == ENA_RSS_L2;
	return fields == 0 || fields == ENA_RSS_L3 || fields == (ENA_RSS_L3 | ENA_RSS_L4);
}

/* How many bytes are hashed. */
static uint8_t
input_bytes(uint16_t fields, uint8_t addrs)
{
	if ((fields & ENA_RSS_L3) == 0)
		return 0;
	return (fields & ENA_RSS_L4) != 0 ? addrs + 4 : addrs;
}

/* From key and fields to what the hash is made with. */
static void
hash_make(struct ena_rss *rss)
{
	const uint8_t ip4 = input_bytes(rss->fields[ENA_RSS_IP4], 8);
	const uint8_t ip6 = input_bytes(rss->fields[ENA_RSS_IP6], 32);

	wcdev_rss_set(&rss->hash, WCDEV_RSS_IPV4 | WCDEV_RSS_IPV6, false, rss->key);
	for (unsigned int l4 = 0; l4 < 8; l4++) {
		rss->hash.ipv4_bytes[l4] = ip4;
		rss->hash.ipv6_bytes[l4] = ip6;
	}
	rss->hash.ipv4_bytes[WCDEV_PTYPE_TCP >> 8] = input_bytes(rss->fields[ENA_RSS_TCP4], 8);
	rss->hash.ipv4_bytes[WCDEV_PTYPE_UDP >> 8] = input_bytes(rss->fields[ENA_RSS_UDP4], 8);
	rss->hash.ipv4_bytes[WCDEV_PTYPE_FRAG >> 8] = input_bytes(rss->fields[ENA_RSS_IP4_FRAG], 8);
	rss->hash.ipv6_bytes[WCDEV_PTYPE_TCP >> 8] = input_bytes(rss->fields[ENA_RSS_TCP6], 32);
	rss->hash.ipv6_bytes[WCDEV_PTYPE_UDP >> 8] = input_bytes(rss->fields[ENA_RSS_UDP6], 32);
}

void
ena_rss_reset(struct ena_card *card)
{
	struct ena_rss *rss = &card->rss;

	rss->hashes = false;
	rss->table_set = false;
	rss->init_value = 0;
	for (unsigned int i = 0; i < ENTRIES; i++)
		rss->table[i] = NONE;
	memcpy(rss->fields, supported, sizeof(rss->fields));
	rss->fields[ENA_RSS_NOT_IP] = 0;
	memcpy(rss->key, rss->key_at_first, sizeof(rss->key));
	hash_make(rss);
}

/* ---- function and key -------------------------------------------------------------------- */

enum ena_admin_status
ena_rss_function_get(struct ena_card *card, struct ena_call *call)
{
	struct ena_rss_function *out = ena_call_answer(call);
	struct ena_rss_key key = {.words = htole32(ENA_RSS_KEY_WORDS)};

	out->supported = htole32(ENA_RSS_TOEPLITZ);
	out->selected = htole32(ENA_RSS_TOEPLITZ);
	out->init_value = htole32(card->rss.init_value);
	for (unsigned int i = 0; i < sizeof(key.key); i++)
		key.key[i] = card->rss.key[sizeof(key.key) - 1 - i];
	return ena_call_buffer_write(card, call, &key, sizeof(key));
}

enum ena_admin_status
ena_rss_function_set(struct ena_card *card, struct ena_call *call)
{
	const struct ena_rss_function *in = (const void *)call->cmd.feature.data;
	struct ena_rss_key key;
	enum ena_admin_status status;

	if (le32toh(in->selected) != ENA_RSS_TOEPLITZ)
		return ENA_ST_ILLEGAL;
	status = ena_call_buffer_read(card, call, &key, sizeof(key));
	if (status != ENA_ST_OK || call->later)
		return status;
	if (le32toh(key.words) != ENA_RSS_KEY_WORDS)
		return ENA_ST_ILLEGAL;
	card->rss.init_value = le32toh(in->init_value);
	for (unsigned int i = 0; i < sizeof(key.key); i++)
		card->rss.key[i] = key.key[sizeof(key.key) - 1 - i];
	card->rss.hashes = true;
	hash_make(&card->rss);
	return ENA_ST_OK;
}

/* ---- input ------------------------------------------------------------------------------- */

enum ena_admin_status
ena_rss_input_get(struct ena_card *card, struct ena_call *call)
{
	struct ena_rss_input input = {0};

	for (unsigned int i = 0; i < ENA_RSS_PROTOS; i++) {
		input.supported[i].fields = htole16(supported[i]);
		input.selected[i].fields = htole16(card->rss.fields[i]);
	}
	return ena_call_buffer_write(card, call, &input, sizeof(input));
}

enum ena_admin_status
ena_rss_input_set(struct ena_card *card, struct ena_call *call)
{
	enum ena_admin_status status;
	struct ena_rss_input input;

	status = ena_call_buffer_read(card, call, &input, sizeof(input));
	if (status != ENA_ST_OK || call->later)
		return status;
	for (unsigned int i = 0; i < ENA_RSS_PROTOS; i++)
		if (!fields_ok(i, le16toh(input.selected[i].fields)))
			return ENA_ST_ILLEGAL;
	for (unsigned int i = 0; i < ENA_RSS_PROTOS; i++)
		card->rss.fields[i] = le16toh(input.selected[i].fields);
	card->rss.hashes = true;
	hash_make(&card->rss);
	return ENA_ST_OK;
}

/* ---- table ------------------------------------------------------------------------------- */

enum ena_admin_status
ena_rss_table_get(struct ena_card *card, struct ena_call *call)
{
	struct ena_rss_table *out = ena_call_answer(call);
	struct ena_rss_entry entries[ENTRIES];

	out->min_log2 = htole16(ENA_RSS_TABLE_LOG2);
	out->max_log2 = htole16(ENA_RSS_TABLE_LOG2);
	out->log2 = htole16(ENA_RSS_TABLE_LOG2);
	for (unsigned int i = 0; i < ENTRIES; i++)
		entries[i] = (struct ena_rss_entry){.queue = htole16(card->rss.table[i])};
	return ena_call_buffer_write(card, call, entries, sizeof(entries));
}

static bool
queue_ok(const struct ena_card *card, uint16_t idx)
{
	return idx < ENA_QUEUES_MAX && (card->rx_live & 1ull << idx) != 0;
}

enum ena_admin_status
ena_rss_table_set(struct ena_card *card, struct ena_call *call)
{
	const struct ena_rss_table *in = (const void *)call->cmd.feature.data;
	struct ena_rss_entry entries[ENTRIES];
	enum ena_admin_status status;

	if (le16toh(in->log2) != ENA_RSS_TABLE_LOG2 || le32toh(in->inline_idx) != ENA_RSS_NO_INLINE)
		return ENA_ST_ILLEGAL;
	status = ena_call_buffer_read(card, call, entries, sizeof(entries));
	if (status != ENA_ST_OK || call->later)
		return status;
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (!queue_ok(card, le16toh(entries[i].queue)))
			return ENA_ST_ILLEGAL;
	for (unsigned int i = 0; i < ENTRIES; i++)
		card->rss.table[i] = le16toh(entries[i].queue);
	card->rss.table_set = true;
	card->rss.hashes = true;
	return ENA_ST_OK;
}

/* ---- frames ------------------------------------------------------------------------------ */

static uint32_t
hash_get(const struct ena_rss *rss, const uint8_t *head, const struct wcdev_parse *parse)
{
	const uint32_t(*table)[256] = rss->hash.ipv4_table;
	uint32_t hash;

	if (!rss->hashes)
		return 0;
	if (wcdev_rss_hash(&rss->hash, parse, &hash))
		return hash ^ rss->init_value;
	if (parse->addr_bytes != 0 || (rss->fields[ENA_RSS_NOT_IP] & ENA_RSS_L2) == 0)
		return 0;
	/* The Ethernet addresses, as they are in the frame. */
	hash = wcdev_rss_sum(table, head) ^ wcdev_rss_sum(table + 4, head + 4) ^
	       wcdev_rss_sum(table + 8, head + 8);
	return hash ^ rss->init_value;
}

struct ena_sq *
ena_rss_queue_of(struct ena_card *card, uint32_t hash)
{
	uint16_t idx;

	if (!card->rss.table_set)
		return card->rx_live != 0 ? &card->sqs[__builtin_ctzll(card->rx_live)] : NULL;
	idx = card->rss.table[hash % ENTRIES];
	return queue_ok(card, idx) ? &card->sqs[idx] : NULL;
}

struct ena_sq *
ena_rss_queue(struct ena_card *card, const uint8_t *head, const struct wcdev_parse *parse,
	      uint32_t *hash)
{
	*hash = hash_get(&card->rss, head, parse);
	return ena_rss_queue_of(card, *hash);
}
