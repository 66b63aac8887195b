/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* RSS of the ENA card, against a Toeplitz hash made bit by bit. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"
#include "ip_frame.h"

#define DEPTH 64u
#define QUEUES 4u
#define TABLE 128u

/* The key and two of the vectors of Microsoft's "Verifying the RSS Hash Calculation". */
static const uint8_t known_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
				      0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
				      0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
				      0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct rss_rig {
	struct ena_rig *r;
	struct fake_ena_rxq qs[QUEUES];
	uint16_t table[TABLE]; /* the place of the queue in `qs` */
	uint8_t key[40];
};

static int
setup(void **state)
{
	struct rss_rig *s = calloc(1, sizeof(*s));
	void *rig;

	assert_non_null(s);
	ena_rig_setup(&rig);
	s->r = rig;
	for (unsigned int i = 0; i < QUEUES; i++) {
		assert_int_equal(
			fake_ena_rxq_open(&s->r->e, &s->qs[i], DEPTH, 2048, FAKE_NO_VECTOR),
			ENA_ST_OK);
		fake_ena_rx_post(&s->r->e, &s->qs[i], DEPTH);
	}
	assert_int_equal(fake_ena_rss_table(&s->r->e, s->qs, QUEUES), ENA_ST_OK);
	for (unsigned int i = 0; i < TABLE; i++)
		s->table[i] = i % QUEUES;
	memcpy(s->key, known_key, 40);
	assert_int_equal(fake_ena_rss_key(&s->r->e, s->key, 0), ENA_ST_OK);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct rss_rig *s = *state;
	void *rig = s->r;

	ena_rig_teardown(&rig);
	free(s);
	return 0;
}

/* A frame comes to one queue alone; which, and its hash. */
static unsigned int
queue_of(struct rss_rig *s, const uint8_t *frame, uint32_t bytes, uint32_t *hash)
{
	unsigned int found = QUEUES;
	struct ena_rx_cpl cpl;

	assert_int_equal(fake_ena_receive(&s->r->e, frame, bytes, bytes), 0);
	for (unsigned int i = 0; i < QUEUES; i++) {
		if (!fake_ena_rx_reap(&s->qs[i], &cpl))
			continue;
		assert_int_equal(found, QUEUES);
		found = i;
		*hash = le32toh(cpl.hash);
		fake_ena_rx_post(&s->r->e, &s->qs[i], 1);
	}
	return found;
}

static void
expect_hash(struct rss_rig *s, const uint8_t *frame, uint32_t bytes, uint32_t expected)
{
	uint32_t hash;

	assert_int_equal(queue_of(s, frame, bytes, &hash), s->table[expected % TABLE]);
	assert_int_equal(hash, expected);
}

/* Addresses, and ports if `ports`, as they are hashed. */
static uint32_t
hash_of(const struct rss_rig *s, const struct ip_frame *f, bool ports)
{
	const size_t addr = f->v6 ? 16 : 4;
	uint8_t data[36];
	size_t n = 2 * addr;

	memcpy(data, f->src, addr);
	memcpy(data + addr, f->dst, addr);
	if (ports) {
		data[n++] = (uint8_t)(f->sport >> 8);
		data[n++] = (uint8_t)f->sport;
		data[n++] = (uint8_t)(f->dport >> 8);
		data[n++] = (uint8_t)f->dport;
	}
	return toeplitz(s->key, data, n);
}

/* That the test's own hash is right. */
static void
toeplitz__published_vectors__as_published(void **state)
{
	static const uint8_t v4[] = {66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6};

	(void)state;
	assert_int_equal(toeplitz(known_key, v4, 12), 0x51ccc178);
	assert_int_equal(toeplitz(known_key, v4, 8), 0x323e8fc2);
}

static void
frames__of_many_flows__hash_and_queue(void **state)
{
	struct rss_rig *s = *state;
	unsigned int seen[QUEUES] = {0};
	uint8_t frame[512];
	uint32_t hash;

	for (unsigned int i = 0; i < 4000; i++) {
		struct ip_frame f = {.v6 = i % 2 == 1,
				     .proto = i % 3 == 0   ? IP_TCP
					      : i % 3 == 1 ? IP_UDP
							   : 47,
				     .tags = i % 5 == 0,
				     .options = i % 7 == 0 ? 8 : 0,
				     .payload_bytes = 30};
		const bool ports = f.proto != 47;

		ip_frame_tuple(&f, i);
		ip_frame_make(&f, frame, 0);
		expect_hash(s, frame, f.bytes, hash_of(s, &f, ports));
		seen[queue_of(s, frame, f.bytes, &hash)]++;
	}
	for (unsigned int i = 0; i < QUEUES; i++)
		assert_true(seen[i] > 800);
	ENA_EXPECT_CLEAN(&s->r->e);
}

/* All parts of a packet must come to one queue: ports are in the first alone. */
static void
fragments__by_addresses(void **state)
{
	static const uint16_t fragments[] = {0x2000, 0x2010, 0x0010};
	struct rss_rig *s = *state;
	uint8_t frame[512];

	for (unsigned int i = 0; i < 300; i++) {
		struct ip_frame f = {.proto = i % 2 == 0 ? IP_TCP : IP_UDP,
				     .fragment = fragments[i % 3],
				     .payload_bytes = 64};

		ip_frame_tuple(&f, i);
		ip_frame_make(&f, frame, 0);
		expect_hash(s, frame, f.bytes, hash_of(s, &f, false));
	}
}

static void
not_ip__no_hash_and_the_first_entry(void **state)
{
	struct rss_rig *s = *state;
	uint8_t frame[100];

	for (unsigned int i = 0; i < 50; i++) {
		fake_frame_fill(frame, sizeof(frame), i);
		frame[12] = 0x88;
		frame[13] = 0xb5;
		expect_hash(s, frame, sizeof(frame), 0);
	}
}

/* ---- the key ----------------------------------------------------------------------------- */

static void
key__any__is_used_and_read_back(void **state)
{
	struct rss_rig *s = *state;
	struct ena_rss_function out;
	struct ena_rss_key buffer;
	uint8_t frame[512];

	for (unsigned int turn = 0; turn < 20; turn++) {
		const uint32_t init_value = turn % 3 == 0 ? 0 : 0x9e3779b9u * turn;

		for (unsigned int i = 0; i < 40; i++)
			s->key[i] = (uint8_t)(turn * 37 + i * i + 1);
		assert_int_equal(fake_ena_rss_key(&s->r->e, s->key, init_value), ENA_ST_OK);
		assert_int_equal(fake_ena_get(&s->r->e, ENA_F_RSS_FUNCTION, &out, sizeof(out),
					      &buffer, sizeof(buffer)),
				 ENA_ST_OK);
		assert_int_equal(le32toh(out.supported), 2); /* Toeplitz alone */
		assert_int_equal(le32toh(out.selected), 2);
		assert_int_equal(le32toh(out.init_value), init_value);
		assert_int_equal(le32toh(buffer.words), 10);
		for (unsigned int i = 0; i < 40; i++)
			assert_int_equal(buffer.key[i], s->key[39 - i]);
		for (unsigned int i = 0; i < 50; i++) {
			struct ip_frame f = {.v6 = i % 2 == 1, .proto = IP_UDP};

			ip_frame_tuple(&f, i * 1000 + turn);
			ip_frame_make(&f, frame, 0);
			expect_hash(s, frame, f.bytes, hash_of(s, &f, true) ^ init_value);
		}
	}
	ENA_EXPECT_CLEAN(&s->r->e);
}

static void
key__wrong__refused_and_the_old_stays(void **state)
{
	struct rss_rig *s = *state;
	struct ena_rss_key key = {.words = htole32(10)};
	struct ena_rss_function function = {.selected = htole32(2)};
	struct ip_frame f = {.proto = IP_TCP};
	uint8_t frame[512];

	memset(key.key, 0x5a, sizeof(key.key));
	for (uint32_t words = 0; words <= 20; words++) {
		if (words == 10)
			continue;
		key.words = htole32(words);
		assert_int_equal(fake_ena_set(&s->r->e, ENA_F_RSS_FUNCTION, &function,
					      sizeof(function), &key, sizeof(key)),
				 ENA_ST_ILLEGAL);
	}
	key.words = htole32(10);
	for (uint32_t selected = 0; selected < 8; selected++) {
		if (selected == 2)
			continue;
		function.selected = htole32(selected);
		assert_int_equal(fake_ena_set(&s->r->e, ENA_F_RSS_FUNCTION, &function,
					      sizeof(function), &key, sizeof(key)),
				 ENA_ST_ILLEGAL);
	}
	function.selected = htole32(2);
	assert_int_equal(fake_ena_set(&s->r->e, ENA_F_RSS_FUNCTION, &function, sizeof(function),
				      &key, sizeof(key) - 1),
			 ENA_ST_MALFORMED);
	ip_frame_tuple(&f, 1);
	ip_frame_make(&f, frame, 0);
	expect_hash(s, frame, f.bytes, hash_of(s, &f, true));
}

/* ---- what is hashed ---------------------------------------------------------------------- */

static int
input_set(struct rss_rig *s, const uint16_t fields[16])
{
	struct ena_rss_input input = {0};

	for (unsigned int i = 0; i < 16; i++)
		input.selected[i].fields = htole16(fields[i]);
	return fake_ena_set(&s->r->e, ENA_F_RSS_INPUT, NULL, 0, &input, sizeof(input));
}

/* Of each kind of packet: nothing, addresses, or addresses and ports. */
static void
input__of_each_protocol__is_what_is_hashed(void **state)
{
	static const struct {
		bool v6;
		uint8_t proto;
		uint16_t fragment;
		unsigned int id; /* enum ena_rss_proto */
		bool ports;
	} kinds[] = {
		{false, IP_TCP, 0, 0, true},       {false, IP_UDP, 0, 1, true},
		{true, IP_TCP, 0, 2, true},        {true, IP_UDP, 0, 3, true},
		{false, 47, 0, 4, false},          {true, 47, 0, 5, false},
		{false, IP_UDP, 0x2000, 6, false},
	};
	static const uint16_t choices[] = {0, ENA_RSS_L3, ENA_RSS_L3 | ENA_RSS_L4};
	struct rss_rig *s = *state;
	uint8_t frame[512];

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (unsigned int c = 0; c < (kinds[k].ports ? 3u : 2u); c++) {
			/* The others are set to something else. */
			uint16_t fields[16] = {3u << 2 | 3u << 4,
					       3u << 2 | 3u << 4,
					       3u << 2 | 3u << 4,
					       3u << 2 | 3u << 4,
					       3u << 2,
					       3u << 2,
					       3u << 2};

			for (unsigned int i = 0; i < 7; i++)
				if (i != kinds[k].id && choices[c] != 0)
					fields[i] = 0;
			fields[kinds[k].id] = choices[c];
			assert_int_equal(input_set(s, fields), ENA_ST_OK);
			for (unsigned int i = 0; i < 20; i++) {
				struct ip_frame f = {.v6 = kinds[k].v6,
						     .proto = kinds[k].proto,
						     .fragment = kinds[k].fragment,
						     .payload_bytes = 24};

				ip_frame_tuple(&f, i + 100 * k);
				ip_frame_make(&f, frame, 0);
				expect_hash(s, frame, f.bytes, c == 0 ? 0 : hash_of(s, &f, c == 2));
			}
		}
	}
	ENA_EXPECT_CLEAN(&s->r->e);
}

static void
input__not_ip__by_ethernet_addresses(void **state)
{
	struct rss_rig *s = *state;
	uint16_t fields[16] = {[ENA_RSS_NOT_IP] = ENA_RSS_L2_DA | ENA_RSS_L2_SA};
	uint8_t frame[100];

	assert_int_equal(input_set(s, fields), ENA_ST_OK);
	for (unsigned int i = 0; i < 100; i++) {
		fake_frame_fill(frame, sizeof(frame), i * 3);
		frame[12] = 0x88;
		frame[13] = 0xb5;
		expect_hash(s, frame, sizeof(frame), toeplitz(s->key, frame, 12));
	}
	ENA_EXPECT_CLEAN(&s->r->e);
}

static void
input__get__supported_and_selected(void **state)
{
	struct rss_rig *s = *state;
	struct ena_rss_input input;
	uint16_t fields[16] = {0};

	assert_int_equal(fake_ena_get(&s->r->e, ENA_F_RSS_INPUT, NULL, 0, &input, sizeof(input)),
			 ENA_ST_OK);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(le16toh(input.supported[i].fields), 0x3c);
		assert_int_equal(le16toh(input.selected[i].fields), 0x3c);
	}
	for (unsigned int i = 4; i < 7; i++)
		assert_int_equal(le16toh(input.selected[i].fields), 0x0c);
	fields[ENA_RSS_UDP4] = ENA_RSS_L3;
	assert_int_equal(input_set(s, fields), ENA_ST_OK);
	assert_int_equal(fake_ena_get(&s->r->e, ENA_F_RSS_INPUT, NULL, 0, &input, sizeof(input)),
			 ENA_ST_OK);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(le16toh(input.selected[i].fields), i == ENA_RSS_UDP4 ? 0x0c : 0);
}

static void
input__wrong__refused_and_the_old_stays(void **state)
{
	static const struct {
		unsigned int proto;
		uint16_t fields;
	} cases[] = {
		{0, 0x04}, {0, 0x08}, {0, 0x30},   {0, 0x1c},  {0, 0x2c}, /* halves */
		{0, 0x03}, {0, 0x40}, {0, 0x8000},                        /* not of TCP, none */
		{4, 0x3c}, {6, 0x3c}, {5, 0x3c}, /* ports without TCP, UDP */
		{7, 0x01}, {7, 0x02}, {7, 0x30},   {10, 0x0c}, {15, 0x01}, /* no protocol */
	};
	struct rss_rig *s = *state;
	struct ip_frame f = {.proto = IP_TCP};
	uint8_t frame[512] = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t fields[16] = {0};

		fields[cases[i].proto] = cases[i].fields;
		if (input_set(s, fields) != ENA_ST_ILLEGAL)
			fail_msg("case %zu", i);
	}
	ENA_EXPECT(&s->r->e, admin_illegal, sizeof(cases) / sizeof(cases[0]));
	assert_int_equal(fake_ena_set(&s->r->e, ENA_F_RSS_INPUT, NULL, 0, frame, 255),
			 ENA_ST_MALFORMED);
	ip_frame_tuple(&f, 1);
	ip_frame_make(&f, frame, 0);
	expect_hash(s, frame, f.bytes, hash_of(s, &f, true));
}

/* ---- the table --------------------------------------------------------------------------- */

static int
table_set(struct rss_rig *s, const struct ena_rss_table *table, const uint16_t *queues,
	  unsigned int n)
{
	struct ena_rss_entry entries[TABLE] = {0};

	for (unsigned int i = 0; i < n; i++)
		entries[i].queue = htole16(queues[i]);
	return fake_ena_set(&s->r->e, ENA_F_RSS_TABLE, table, sizeof(*table), entries,
			    n * sizeof(entries[0]));
}

static void
table__any__is_used_and_read_back(void **state)
{
	const struct ena_rss_table table = {.log2 = htole16(7), .inline_idx = htole32(0xffffffff)};
	struct rss_rig *s = *state;
	struct ena_rss_entry entries[TABLE];
	struct ena_rss_table out;
	uint16_t queues[TABLE];
	uint8_t frame[512];

	for (unsigned int turn = 0; turn < 10; turn++) {
		for (unsigned int i = 0; i < TABLE; i++) {
			s->table[i] = (uint16_t)(i * (turn + 3) / 7 % QUEUES);
			queues[i] = s->qs[s->table[i]].idx;
		}
		assert_int_equal(table_set(s, &table, queues, TABLE), ENA_ST_OK);
		assert_int_equal(fake_ena_get(&s->r->e, ENA_F_RSS_TABLE, &out, sizeof(out), entries,
					      sizeof(entries)),
				 ENA_ST_OK);
		assert_int_equal(le16toh(out.log2), 7);
		assert_true(le16toh(out.min_log2) <= 7 && le16toh(out.max_log2) >= 7);
		for (unsigned int i = 0; i < TABLE; i++)
			assert_int_equal(le16toh(entries[i].queue), queues[i]);
		for (unsigned int i = 0; i < 300; i++) {
			struct ip_frame f = {.proto = IP_UDP};

			ip_frame_tuple(&f, i + turn * 1000);
			ip_frame_make(&f, frame, 0);
			expect_hash(s, frame, f.bytes, hash_of(s, &f, true));
		}
	}
	ENA_EXPECT_CLEAN(&s->r->e);
}

static void
table__wrong__refused_and_the_old_stays(void **state)
{
	struct rss_rig *s = *state;
	struct ena_rss_table table = {.log2 = htole16(7), .inline_idx = htole32(0xffffffff)};
	struct ip_frame f = {.proto = IP_TCP};
	uint16_t queues[TABLE];
	uint8_t frame[512];
	unsigned int refused = 0;

	ena_rig_tx_host(s->r, DEPTH);
	for (unsigned int i = 0; i < TABLE; i++)
		queues[i] = s->qs[0].idx;
	for (unsigned int i = 0; i < 4; i++, refused++) { /* no Rx queue, in one entry */
		static const uint16_t none[] = {40, 64, 0xffff};

		queues[127] = i == 3 ? s->r->tx.idx : none[i];
		assert_int_equal(table_set(s, &table, queues, TABLE), ENA_ST_ILLEGAL);
	}
	queues[127] = s->qs[0].idx;
	for (unsigned int log2 = 0; log2 < 20; log2++) {
		table.log2 = htole16((uint16_t)log2);
		if (log2 == 7)
			continue;
		assert_int_equal(table_set(s, &table, queues, TABLE), ENA_ST_ILLEGAL);
		refused++;
	}
	table.log2 = htole16(7);
	table.inline_idx = htole32(3); /* single entries */
	assert_int_equal(table_set(s, &table, queues, TABLE), ENA_ST_ILLEGAL);
	ENA_EXPECT(&s->r->e, admin_illegal, refused + 1);
	table.inline_idx = htole32(0xffffffff);
	assert_int_equal(table_set(s, &table, queues, TABLE - 1), ENA_ST_MALFORMED);
	for (unsigned int i = 0; i < 100; i++) {
		ip_frame_tuple(&f, i);
		ip_frame_make(&f, frame, 0);
		expect_hash(s, frame, f.bytes, hash_of(s, &f, true));
	}
}

static void
table__queue_that_went__frames_have_none(void **state)
{
	struct rss_rig *s = *state;
	uint8_t frame[512];
	uint32_t hash;
	unsigned int lost = 0;

	assert_int_equal(fake_ena_rxq_close(&s->r->e, &s->qs[2]), ENA_ST_OK);
	for (unsigned int i = 0; i < 200; i++) {
		struct ip_frame f = {.proto = IP_TCP};
		unsigned int place;

		ip_frame_tuple(&f, i);
		ip_frame_make(&f, frame, 0);
		place = s->table[hash_of(s, &f, true) % TABLE];
		assert_int_equal(queue_of(s, frame, f.bytes, &hash), place == 2 ? QUEUES : place);
		lost += place == 2;
	}
	assert_true(lost > 20);
	ENA_EXPECT(&s->r->e, rx_no_queue, lost);
}

static void
no_table__all_to_the_first_queue(void **state)
{
	struct rss_rig *s = *state;
	struct ena_rig *r = s->r;
	uint8_t frame[512];
	uint32_t hash;

	assert_true(fake_ena_reset(&r->e, 0));
	fake_ena_enable(&r->e);
	for (unsigned int i = 0; i < QUEUES; i++) {
		assert_int_equal(fake_ena_rxq_open(&r->e, &s->qs[i], DEPTH, 2048, FAKE_NO_VECTOR),
				 ENA_ST_OK);
		fake_ena_rx_post(&r->e, &s->qs[i], DEPTH);
	}
	for (unsigned int i = 0; i < 100; i++) {
		struct ip_frame f = {.proto = IP_TCP};

		ip_frame_tuple(&f, i);
		ip_frame_make(&f, frame, 0);
		assert_int_equal(queue_of(s, frame, f.bytes, &hash), 0);
	}
}

/* What one driver chose, the next does not have. */
static void
reset__key_fields_and_table__as_at_power_on(void **state)
{
	struct rss_rig *s = *state;
	uint16_t fields[16] = {0};
	struct ena_rss_key first, again;
	struct ena_rss_input input;
	struct ena_rss_function function;
	struct fake_ena other;

	assert_int_equal(input_set(s, fields), ENA_ST_OK);
	assert_int_equal(fake_ena_rss_key(&s->r->e, s->key, 77), ENA_ST_OK);
	assert_true(fake_ena_reset(&s->r->e, 0));
	fake_ena_enable(&s->r->e);
	assert_int_equal(fake_ena_init(&other, &(struct ena_card_config){.seed = 7}), 0);
	fake_ena_enable(&other);
	assert_int_equal(fake_ena_get(&other, ENA_F_RSS_FUNCTION, NULL, 0, &first, sizeof(first)),
			 ENA_ST_OK);
	assert_int_equal(fake_ena_get(&s->r->e, ENA_F_RSS_FUNCTION, &function, sizeof(function),
				      &again, sizeof(again)),
			 ENA_ST_OK);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(function.init_value, 0);
	assert_int_equal(fake_ena_get(&s->r->e, ENA_F_RSS_INPUT, NULL, 0, &input, sizeof(input)),
			 ENA_ST_OK);
	assert_int_equal(le16toh(input.selected[0].fields), 0x3c);
	fake_ena_fini(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		cmocka_unit_test(toeplitz__published_vectors__as_published),
		TEST(frames__of_many_flows__hash_and_queue),
		TEST(fragments__by_addresses),
		TEST(not_ip__no_hash_and_the_first_entry),
		TEST(key__any__is_used_and_read_back),
		TEST(key__wrong__refused_and_the_old_stays),
		TEST(input__of_each_protocol__is_what_is_hashed),
		TEST(input__not_ip__by_ethernet_addresses),
		TEST(input__get__supported_and_selected),
		TEST(input__wrong__refused_and_the_old_stays),
		TEST(table__any__is_used_and_read_back),
		TEST(table__wrong__refused_and_the_old_stays),
		TEST(table__queue_that_went__frames_have_none),
		TEST(no_table__all_to_the_first_queue),
		TEST(reset__key_fields_and_table__as_at_power_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
