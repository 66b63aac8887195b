/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Cards of kind ena from the other end of their sockets, alone and beside the other kind. */

#include <linux/pci_regs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <ena_card.h>

#include "child.h"

static struct child child;

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static uint32_t
config(struct mini *mini, uint64_t off, size_t bytes)
{
	uint32_t value = 0;

	assert_int_equal(
		vfu_client_region_read(mini->client, VFU_PCI_REGION_CONFIG, off, &value, bytes), 0);
	return value;
}

static void
config_set(struct mini *mini, uint64_t off, uint32_t value)
{
	assert_int_equal(
		vfu_client_region_write(mini->client, VFU_PCI_REGION_CONFIG, off, &value, 4), 0);
}

static uint32_t
msix_at(struct mini *mini)
{
	uint32_t at = config(mini, PCI_CAPABILITY_LIST, 1);

	while (at != 0 && config(mini, at, 1) != PCI_CAP_ID_MSIX)
		at = config(mini, at + PCI_CAP_LIST_NEXT, 1);
	assert_int_not_equal(at, 0);
	return at;
}

/* Type and size of each BAR, as system software finds them. */
static void
bars_expect(struct mini *mini, const struct vfu_region *regions, const uint32_t *types)
{
	struct vfu_region info;
	uint64_t mask;

	for (unsigned int i = 0; i < 6; i++) {
		const uint64_t at = PCI_BASE_ADDRESS_0 + 4 * i;
		const bool wide = (types[i] & PCI_BASE_ADDRESS_MEM_TYPE_64) != 0;

		if (i > 0 && (types[i - 1] & PCI_BASE_ADDRESS_MEM_TYPE_64) != 0)
			continue; /* the upper half of the one before */
		config_set(mini, at, UINT32_MAX);
		if (wide)
			config_set(mini, at + 4, UINT32_MAX);
		mask = config(mini, at, 4);
		mask |= (wide ? (uint64_t)config(mini, at + 4, 4) : UINT32_MAX) << 32;
		assert_int_equal(mask & 0xf, types[i]);
		if (regions[i].bytes == 0)
			assert_int_equal(mask & UINT32_MAX, 0);
		else
			assert_int_equal(~(mask & ~0xfull) + 1, regions[i].bytes);
		assert_int_equal(vfu_client_region_info(mini->client, i, &info), 0);
		assert_int_equal(info.bytes, regions[i].bytes);
		assert_int_equal(info.flags, regions[i].flags);
	}
}

#define RW (VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE)

static void
layout_vm__bars_of_32_bits(void **state)
{
	static const struct vfu_region regions[6] = {
		[0] = {.bytes = 0x4000, .flags = RW},
		[2] = {.bytes = 1 << 20, .flags = RW | VFU_REGION_FLAG_MMAP},
	};
	static const uint32_t types[6] = {[2] = PCI_BASE_ADDRESS_MEM_PREFETCH};
	struct mini mini;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--card", "ena"));
	child_expect(&child, "card ena");
	mini_connect(&mini, in_folder("a.sock"));
	assert_int_equal(config(&mini, PCI_VENDOR_ID, 4), 0xec201d0f);
	assert_int_equal(config(&mini, PCI_CLASS_REVISION, 4), 0x02000000);
	bars_expect(&mini, regions, types);
	assert_int_equal(config(&mini, msix_at(&mini) + PCI_MSIX_FLAGS, 2), 9 - 1);
	assert_int_equal(config(&mini, msix_at(&mini) + PCI_MSIX_TABLE, 4), 0x2000);
	assert_int_equal(config(&mini, msix_at(&mini) + PCI_MSIX_PBA, 4), 0x3000);
	mini_close(&mini);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

static void
layout_metal__bars_of_64_bits_and_bar_4_of_zeroes(void **state)
{
	static const struct vfu_region regions[6] = {
		[0] = {.bytes = 0x4000, .flags = RW},
		[2] = {.bytes = 4 << 20, .flags = RW | VFU_REGION_FLAG_MMAP},
		[4] = {.bytes = 4 << 20, .flags = RW},
	};
	const uint32_t wide = PCI_BASE_ADDRESS_MEM_TYPE_64;
	const uint32_t types[6] = {wide, 0, wide | PCI_BASE_ADDRESS_MEM_PREFETCH, 0,
				   wide | PCI_BASE_ADDRESS_MEM_PREFETCH};
	uint64_t value[2] = {1, 2};
	struct mini mini;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--aperture-mib", "4", "--card",
				 "ena:layout=metal,device=ec21", "--queues", "32"));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	assert_int_equal(config(&mini, PCI_VENDOR_ID, 4), 0xec211d0f);
	bars_expect(&mini, regions, types);
	assert_int_equal(config(&mini, msix_at(&mini) + PCI_MSIX_FLAGS, 2), 33 - 1);
	assert_int_equal(vfu_client_region_write(mini.client, 4, (4 << 20) - 16, value, 16), 0);
	assert_int_equal(vfu_client_region_read(mini.client, 4, (4 << 20) - 16, value, 16), 0);
	assert_int_equal(value[0] | value[1], 0);
	mini_close(&mini);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

/* The client has the table; an access of it is none of the card's. */
static void
msix_table__reads_zero_and_is_not_the_cards(void **state)
{
	uint64_t value = UINT64_MAX;
	struct mini mini;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--card", "ena"));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	for (uint64_t off = 0x2000; off < 0x4000; off += 0x7f8) {
		value = UINT64_MAX;
		assert_int_equal(vfu_client_region_write(mini.client, 0, off, &value, 8), 0);
		assert_int_equal(vfu_client_region_read(mini.client, 0, off, &value, 8), 0);
		assert_int_equal(value, 0);
	}
	mini_close(&mini);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

static struct json_object *
card_of(struct json_object *root, unsigned int i)
{
	struct json_object *at;

	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "cards", &at));
	at = json_object_array_get_idx(at, i);
	assert_non_null(at);
	return at;
}

static const char *
text_of(struct json_object *card, const char *key)
{
	struct json_object *at;

	assert_true(json_object_object_get_ex(card, key, &at));
	return json_object_get_string(at);
}

static uint64_t
counter(const char *file, const char *group, const char *name)
{
	struct json_object *root = json_object_from_file(file), *at;
	uint64_t value;

	assert_true(json_object_object_get_ex(card_of(root, 0), group, &at));
	assert_true(json_object_object_get_ex(at, name, &at));
	value = json_object_get_uint64(at);
	json_object_put(root);
	return value;
}

/* The counters as they are now. */
static void
stats_ask(const char *file)
{
	unlink(file);
	kill(child.pid, SIGUSR1);
	for (unsigned int i = 0; i < PATIENCE_MS && access(file, F_OK) != 0; i++)
		usleep(1000);
}

/* The driver's register keeps the counters, a function level reset begins anew. */
static void
stats_file__counts_over_resets(void **state)
{
	struct mini mini;
	char file[128];

	(void)state;
	snprintf(file, sizeof(file), "%s", in_folder("stats.json"));
	child_start(&child,
		    ARGS("--socket", in_folder("a.sock"), "--card", "ena", "--stats-file", file));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	mini_reg_set(&mini, 0x00, 1, 4); /* the version is read-only */
	mini_reg_set(&mini, 0x54, 1 | 2u << 28, 4);
	mini_reg_set(&mini, 0x54, 0, 4);
	mini_reg_set(&mini, 0x00, 1, 4);
	stats_ask(file);
	assert_int_equal(counter(file, "since_reset", "bad_writes"), 2);
	assert_int_equal(counter(file, "total", "bad_writes"), 2);
	assert_int_equal(counter(file, "since_reset", "resets"), 1);
	assert_int_equal(counter(file, "total", "resets"), 1);
	assert_int_equal(counter(file, "total", "reset_reason"), 2);
	assert_int_equal(vfu_client_reset(mini.client), 0);
	mini_reg_set(&mini, 0x00, 1, 4);
	mini_reg_set(&mini, 0x54, 1, 4);
	stats_ask(file);
	assert_int_equal(counter(file, "since_reset", "bad_writes"), 1);
	assert_int_equal(counter(file, "total", "bad_writes"), 3);
	assert_int_equal(counter(file, "since_reset", "resets"), 1);
	assert_int_equal(counter(file, "total", "resets"), 2);
	mini_close(&mini);
	child_expect(&child, "client dropped");
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_int_equal(counter(file, "since_reset", "bad_writes"), 0);
	assert_int_equal(counter(file, "total", "bad_writes"), 3);
	unlink(file);
}

static bool
counts(struct json_object *card, const char *name)
{
	struct json_object *now, *total;

	assert_true(json_object_object_get_ex(card, "since_reset", &now));
	assert_true(json_object_object_get_ex(card, "total", &total));
	return json_object_object_get_ex(now, name, NULL) &&
	       json_object_object_get_ex(total, name, NULL);
}

/* A wire between them, and one more of each: each has its own options and counters. */
static void
both_kinds__in_one_process_and_on_one_wire(void **state)
{
	static const char *const names[] = {"e", "w", "f", "x"};
	struct json_object *root, *card;
	struct mini minis[4];
	char path[16], file[128];

	(void)state;
	snprintf(file, sizeof(file), "%s", in_folder("stats.json"));
	child_start(&child,
		    ARGS("--stats-file", file, "--card", "ena:llq=128", "--socket",
			 in_folder("e.sock"), "--port", "wire", "--socket", in_folder("w.sock"),
			 "--port", "wire", "--card", "wcnic", "--socket", in_folder("f.sock"),
			 "--queues", "1", "--socket", in_folder("x.sock"), "--card", "wcnic"));
	child_expect(&child, "x: listens");
	child_expect(&child, "w: wired to e");
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s.sock", names[i]);
		mini_connect(&minis[i], in_folder(path));
		assert_int_equal(config(&minis[i], PCI_VENDOR_ID, 2),
				 i % 2 == 0 ? 0x1d0f : WCNIC_PCI_VENDOR_ID);
	}
	assert_int_equal(config(&minis[2], msix_at(&minis[2]) + PCI_MSIX_FLAGS, 2), 2 - 1);
	mini_enable(&minis[1]);
	assert_int_equal(mini_command(&minis[1], WCNIC_OP_PORT_QUERY), WCNIC_ST_OK);
	for (unsigned int i = 0; i < 4; i++)
		mini_close(&minis[i]);
	assert_int_equal(child_end(&child, SIGTERM), 0);

	root = json_object_from_file(file);
	for (unsigned int i = 0; i < 4; i++) {
		const bool ena = i % 2 == 0;

		card = card_of(root, i);
		assert_string_equal(text_of(card, "name"), names[i]);
		assert_string_equal(text_of(card, "card"), ena ? "ena" : "wcnic");
		assert_true(counts(card, "tx_frames"));
		assert_int_equal(counts(card, "tx_llq_torn"), ena);
		assert_int_equal(counts(card, "stray_writes"), !ena);
	}
	json_object_put(root);
	unlink(file);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
		TEST(layout_vm__bars_of_32_bits),
		TEST(layout_metal__bars_of_64_bits_and_bar_4_of_zeroes),
		TEST(msix_table__reads_zero_and_is_not_the_cards),
		TEST(stats_file__counts_over_resets),
		TEST(both_kinds__in_one_process_and_on_one_wire),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
