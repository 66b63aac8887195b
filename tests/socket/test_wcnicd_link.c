/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card of wcnicd from the other end of its socket. */

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vfu_server.h>

#include "child.h"

static struct child child;
static struct mini mini;

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int
setup(void **state)
{
	if (folder_setup(state) != 0)
		return -1;
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	return 0;
}

static int
teardown(void **state)
{
	int status;

	mini_close(&mini);
	status = child_end(&child, SIGTERM);
	if (status != 0)
		print_error("wcnicd ended with %d:\n%s\n", status, child.text);
	return folder_teardown(state) != 0 || status != 0;
}

static int
setup_no_msix(void **state)
{
	if (folder_setup(state) != 0)
		return -1;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--msix", "off"));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	return 0;
}

static void
identify__over_the_socket(void **state)
{
	struct wcnic_identity id;

	(void)state;
	assert_int_equal(mini_reg(&mini, WCNIC_REG_MAGIC), WCNIC_MAGIC);
	mini_enable(&mini);
	/* More often than the ring is long. */
	for (unsigned int i = 0; i < 40; i++) {
		memset(mini.memory + MINI_ANSWER, 0xff, sizeof(id));
		assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
		memcpy(&id, mini.memory + MINI_ANSWER, sizeof(id));
		assert_int_equal(le32toh(id.abi_version), WCNIC_ABI_VERSION);
		assert_int_equal(le16toh(id.max_txq), 8);
		assert_int_equal(le16toh(id.max_vectors), 16);
		assert_true(le64toh(id.caps) & WCNIC_CAP_MSIX);
	}
}

static void
aperture__client_maps_it(void **state)
{
	struct vfu_region info;
	void *at;

	(void)state;
	assert_int_equal(vfu_client_region_info(mini.client, WCNIC_BAR_WINDOWS, &info), 0);
	assert_int_equal(info.bytes, 16 << 20);
	assert_true(info.flags & VFU_REGION_FLAG_MMAP);
	assert_int_equal(vfu_client_region_mmap(mini.client, WCNIC_BAR_WINDOWS, 0, info.bytes, &at),
			 0);
	/* A store that the card finds by itself, outside all windows. */
	mini_enable(&mini);
	__atomic_store_n((uint64_t *)at, 1, __ATOMIC_RELEASE);
	munmap(at, info.bytes);
	assert_int_equal(vfu_client_region_info(mini.client, WCNIC_BAR_REGS, &info), 0);
	assert_int_equal(info.flags, VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
}

static uint32_t
config(uint64_t off, size_t bytes)
{
	uint32_t value = 0;

	assert_int_equal(
		vfu_client_region_read(mini.client, VFU_PCI_REGION_CONFIG, off, &value, bytes), 0);
	return value;
}

static void
config_set(uint64_t off, uint32_t value, size_t bytes)
{
	assert_int_equal(
		vfu_client_region_write(mini.client, VFU_PCI_REGION_CONFIG, off, &value, bytes), 0);
}

static uint32_t
config_capability(uint32_t id)
{
	uint32_t at = config(PCI_CAPABILITY_LIST, 1);

	for (unsigned int hops = 0; at != 0 && hops < 48;
	     hops++, at = config(at + PCI_CAP_LIST_NEXT, 1)) {
		assert_true(at >= 0x40 && at % 4 == 0);
		if (config(at, 1) == id)
			return at;
	}
	fail_msg("no capability 0x%x", id);
	return 0;
}

static void
config_space__a_pci_express_endpoint(void **state)
{
	uint32_t msix = config_capability(PCI_CAP_ID_MSIX);
	uint32_t exp = config_capability(PCI_CAP_ID_EXP);

	(void)state;
	assert_int_equal(config(PCI_VENDOR_ID, 2), WCNIC_PCI_VENDOR_ID);
	assert_int_equal(config(PCI_DEVICE_ID, 2), WCNIC_PCI_DEVICE_ID);
	assert_int_equal(config(PCI_CLASS_REVISION, 4) >> 8, WCNIC_PCI_CLASS);
	assert_int_equal(config(PCI_HEADER_TYPE, 1), 0);
	assert_true(config(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	assert_int_equal(config(exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_VERS, 2);
	assert_true(config(exp + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	assert_int_equal(config(msix + PCI_MSIX_FLAGS, 2), 16 - 1);
	assert_int_equal(config(msix + PCI_MSIX_TABLE, 4), WCNIC_BAR_MSIX | WCNIC_MSIX_TABLE_OFF);
	assert_int_equal(config(msix + PCI_MSIX_PBA, 4), WCNIC_BAR_MSIX | WCNIC_MSIX_PBA_OFF);
}

/* What QEMU can unplug. */
static void
config_space__msix_off_has_none(void **state)
{
	const int eventfd = -1;
	struct wcnic_identity id;
	uint32_t exp = config_capability(PCI_CAP_ID_EXP);

	(void)state;
	assert_int_equal(config(PCI_CAPABILITY_LIST, 1), exp);
	assert_int_equal(config(exp + PCI_CAP_LIST_NEXT, 1), 0);
	assert_int_equal(vfu_client_msix_set(mini.client, 0, 1, &eventfd), -EINVAL);
	mini_enable(&mini);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	memcpy(&id, mini.memory + MINI_ANSWER, sizeof(id));
	assert_int_equal(id.max_vectors, 0);
	assert_int_equal(le64toh(id.caps) & WCNIC_CAP_MSIX, 0);
}

/* How system software finds the size of a BAR. */
static void
config_space__bars_tell_type_and_size(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t bytes;
	} bars[6] = {
		[0] = {PCI_BASE_ADDRESS_MEM_TYPE_64, WCNIC_BAR_REGS_BYTES},
		[2] = {PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH, 16 << 20},
		[4] = {PCI_BASE_ADDRESS_MEM_TYPE_64, WCNIC_BAR_MSIX_BYTES},
	};
	uint64_t mask;

	(void)state;
	for (unsigned int i = 0; i < 6; i += 2) {
		config_set(PCI_BASE_ADDRESS_0 + 4 * i, UINT32_MAX, 4);
		config_set(PCI_BASE_ADDRESS_0 + 4 * i + 4, UINT32_MAX, 4);
		mask = (uint64_t)config(PCI_BASE_ADDRESS_0 + 4 * i + 4, 4) << 32 |
		       config(PCI_BASE_ADDRESS_0 + 4 * i, 4);
		assert_int_equal(mask & 0xf, bars[i].type);
		assert_int_equal(~(mask & ~0xfull) + 1, bars[i].bytes);
	}
	config_set(PCI_VENDOR_ID, 0, 4); /* read-only */
	assert_int_equal(config(PCI_VENDOR_ID, 2), WCNIC_PCI_VENDOR_ID);
}

static void
config_space__function_level_reset_resets(void **state)
{
	uint32_t exp = config_capability(PCI_CAP_ID_EXP), resets;

	(void)state;
	mini_enable(&mini);
	resets = mini_reg(&mini, WCNIC_REG_RESET_COUNT);
	config_set(PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	config_set(exp + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2);
	mini_reg_wait(&mini, WCNIC_REG_STATUS, WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED,
		      WCNIC_STATUS_READY);
	assert_int_equal(mini_reg(&mini, WCNIC_REG_RESET_COUNT), resets + 1);
	assert_int_equal(config(PCI_COMMAND, 2), 0);
	assert_int_equal(config(exp + PCI_EXP_DEVCTL, 2), 0);
	assert_int_equal(vfu_client_reset(mini.client), 0);
	assert_int_equal(mini_reg(&mini, WCNIC_REG_RESET_COUNT), resets + 2);
}

static void
second_client__turned_away_first_undisturbed(void **state)
{
	struct vfu_client *second = NULL;
	char why[256];

	(void)state;
	mini_enable(&mini);
	assert_int_equal(
		vfu_client_connect(in_folder("a.sock"), PATIENCE_MS, &second, why, sizeof(why)),
		-EPROTO);
	assert_non_null(strstr(why, "another client"));
	child_expect(&child, "second client was turned away");
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
}

static void
killed_client__card_reset_for_the_next(void **state)
{
	uint32_t resets = mini_reg(&mini, WCNIC_REG_RESET_COUNT);
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	for (unsigned int life = 0; life < 5; life++) {
		mini_close(&mini);
		assert_int_equal(pipe(ready), 0);
		pid = fork();
		if (pid == 0) {
			mini_connect(&mini, in_folder("a.sock"));
			mini_enable(&mini);
			byte = (char)mini_command(&mini, WCNIC_OP_IDENTIFY);
			_exit(write(ready[1], &byte, 1) == 1 ? pause() : 1);
		}
		assert_int_equal(read(ready[0], &byte, 1), 1);
		assert_int_equal(byte, WCNIC_ST_OK);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(ready[0]);
		close(ready[1]);

		mini_connect(&mini, in_folder("a.sock"));
		assert_int_equal(mini_reg(&mini, WCNIC_REG_STATUS) & WCNIC_STATUS_ENABLED, 0);
		mini_enable(&mini);
		assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	}
	/* Each client that left was one reset. */
	assert_int_equal(mini_reg(&mini, WCNIC_REG_RESET_COUNT), resets + 10);
}

/* The file behind DMA memory shrinks under the card: that client is dropped, the others stay. */
static void
memory_cut_short__client_dropped_daemon_lives(void **state)
{
	(void)state;
	mini_enable(&mini);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	assert_int_equal(ftruncate(mini.fd, 0), 0);
	mini_reg_set(&mini, WCNIC_REG_ASQ_TAIL, 2, 4);
	child_expect(&child, "cut short");
	for (unsigned int i = 0; i < PATIENCE_MS && vfu_client_alive(mini.client); i++)
		usleep(1000);
	assert_false(vfu_client_alive(mini.client));

	mini_close(&mini);
	mini_connect(&mini, in_folder("a.sock"));
	mini_enable(&mini);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
}

static void
unmapped_ring__card_says_so(void **state)
{
	(void)state;
	mini_enable(&mini);
	assert_int_equal(vfu_client_dma_unmap(mini.client, MINI_IOVA, MINI_BYTES), 0);
	mini_reg_set(&mini, WCNIC_REG_ASQ_TAIL, 1, 4);
	mini_reg_wait(&mini, WCNIC_REG_STATUS, WCNIC_STATUS_ERROR, WCNIC_STATUS_ERROR);
	assert_true(vfu_client_alive(mini.client));
}

static void
two_cards__each_its_own_client(void **state)
{
	struct wcnic_identity ids[2];
	struct mini minis[2];
	struct child pair;

	(void)state;
	child_start(&pair, ARGS("--port", "wire", "--socket", in_folder("l.sock"), "--queues", "2",
				"--socket", in_folder("r.sock"), "--queues", "4"));
	child_expect(&pair, "wired to l");
	for (unsigned int i = 0; i < 2; i++) {
		mini_connect(&minis[i], in_folder(i == 0 ? "l.sock" : "r.sock"));
		mini_enable(&minis[i]);
		assert_int_equal(mini_command(&minis[i], WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
		memcpy(&ids[i], minis[i].memory + MINI_ANSWER, sizeof(ids[i]));
	}
	assert_int_equal(le16toh(ids[0].max_txq), 2);
	assert_int_equal(le16toh(ids[1].max_txq), 4);
	assert_memory_not_equal(ids[0].mac, ids[1].mac, 6);
	mini_close(&minis[0]);
	child_expect(&pair, "l: client dropped");
	assert_int_equal(mini_command(&minis[1], WCNIC_OP_PORT_QUERY), WCNIC_ST_OK);
	assert_string_equal(((struct wcnic_port_info *)(minis[1].memory + MINI_ANSWER))->kind,
			    "wire");
	mini_close(&minis[1]);
	assert_int_equal(child_end(&pair, SIGTERM), 0);
}

/* ---- sleep ----------------------------------------------------------------------------------- */

#define RECORD_OFF 0x3800u /* of the driver's memory: nothing else is there */

static uint32_t
record_get(void)
{
	const struct wcnic_wake_record *record = (const void *)(mini.memory + RECORD_OFF);

	return le32toh(__atomic_load_n(&record->sleep, __ATOMIC_ACQUIRE));
}

/* Waits until the card says that it sleeps, by another number than that. */
static uint32_t
record_wait(uint32_t other)
{
	uint32_t sleep;

	for (unsigned int i = 0; i < PATIENCE_MS * 10; i++) {
		sleep = record_get();
		if (sleep != 0 && sleep != other)
			return sleep;
		usleep(100);
	}
	fail_msg("the record stays at %u", record_get());
	return 0;
}

static void
stats_get(struct wcnic_stats *stats)
{
	assert_int_equal(mini_command(&mini, WCNIC_OP_STATS_QUERY), WCNIC_ST_OK);
	memcpy(stats, mini.memory + MINI_ANSWER, sizeof(*stats));
}

static unsigned int
wake_set(uint64_t iova)
{
	struct wcnic_cmd_wake_set p = {.iova = htole64(iova)};

	return mini_command_with(&mini, WCNIC_OP_WAKE_SET, &p);
}

/* For a driver that did not ask for the feature the card does not write the record. */
static void
sleep__without_the_feature__record_is_untouched(void **state)
{
	struct wcnic_stats stats;

	(void)state;
	mini_enable(&mini);
	assert_int_equal(wake_set(MINI_IOVA + RECORD_OFF), WCNIC_ST_UNSUPPORTED);
	usleep(100000);
	stats_get(&stats);
	assert_int_equal(le64toh(stats.sleeps), 0);
	assert_int_equal(record_get(), 0);
}

static void
sleep__record_given__tells_and_is_woken(void **state)
{
	struct wcnic_cmd_features features = {.features = htole64(WCNIC_CAP_WAKE)};
	struct wcnic_stats stats;
	uint32_t first, second;

	(void)state;
	mini_enable(&mini);
	assert_int_equal(mini_command_with(&mini, WCNIC_OP_FEATURES_SET, &features), WCNIC_ST_OK);
	assert_int_equal(wake_set(MINI_IOVA + MINI_BYTES), WCNIC_ST_BAD_ADDRESS);
	assert_int_equal(wake_set(MINI_IOVA + RECORD_OFF), WCNIC_ST_OK);
	first = record_wait(0);
	mini_reg_set(&mini, WCNIC_REG_WAKE, 1, 4);
	second = record_wait(first);
	record_wait(second); /* it looks by itself, now and then */
	stats_get(&stats);
	assert_int_equal(le64toh(stats.wakes), 1);
	assert_true(le64toh(stats.sleeps) >= 3);
	/* Without a record the card writes nothing there. */
	assert_int_equal(wake_set(0), WCNIC_ST_OK);
	assert_int_equal(record_get(), 0);
	usleep(50000);
	assert_int_equal(record_get(), 0);
}

static void
sleep__reset_or_memory_taken_away__is_over(void **state)
{
	struct wcnic_cmd_features features = {.features = htole64(WCNIC_CAP_WAKE)};

	(void)state;
	mini_enable(&mini);
	assert_int_equal(mini_command_with(&mini, WCNIC_OP_FEATURES_SET, &features), WCNIC_ST_OK);
	assert_int_equal(wake_set(MINI_IOVA + RECORD_OFF), WCNIC_ST_OK);
	record_wait(0);
	assert_int_equal(vfu_client_dma_unmap(mini.client, MINI_IOVA, MINI_BYTES), 0);
	usleep(50000);
	assert_int_equal(vfu_client_dma_map(mini.client, MINI_IOVA, MINI_BYTES, mini.fd, 0,
					    IOVA_READ | IOVA_WRITE),
			 0);
	record_wait(0);
	mini_reg_set(&mini, WCNIC_REG_CTRL, WCNIC_CTRL_RESET, 4);
	mini_reg_wait(&mini, WCNIC_REG_STATUS, WCNIC_STATUS_READY, WCNIC_STATUS_READY);
	memset(mini.memory, 0, MINI_BYTES);
	mini.commands = 0;
	mini_enable(&mini);
	usleep(50000);
	assert_int_equal(record_get(), 0);
	assert_int_equal(wake_set(MINI_IOVA + RECORD_OFF), WCNIC_ST_UNSUPPORTED);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(identify__over_the_socket),
		TEST(aperture__client_maps_it),
		TEST(config_space__a_pci_express_endpoint),
		cmocka_unit_test_setup_teardown(config_space__msix_off_has_none, setup_no_msix,
						teardown),
		TEST(config_space__bars_tell_type_and_size),
		TEST(config_space__function_level_reset_resets),
		TEST(second_client__turned_away_first_undisturbed),
		TEST(killed_client__card_reset_for_the_next),
		TEST(memory_cut_short__client_dropped_daemon_lives),
		TEST(unmapped_ring__card_says_so),
		TEST(two_cards__each_its_own_client),
		TEST(sleep__without_the_feature__record_is_untouched),
		TEST(sleep__record_given__tells_and_is_woken),
		TEST(sleep__reset_or_memory_taken_away__is_over),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
