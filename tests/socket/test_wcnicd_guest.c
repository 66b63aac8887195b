/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd with clients that behave, and misbehave, as virtual machines do. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vfu_wire.h>

#include "child.h"
#include "hand.h"

#define PAGE 4096u

static struct child child;
static struct mini mini;

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int
teardown(void **state)
{
	int status = child_end(&child, SIGTERM);

	if (status != 0)
		print_error("wcnicd ended with %d:\n%s\n", status, child.text);
	return folder_teardown(state) != 0 || status != 0;
}

static void
card_start(const char *bar2)
{
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--bar2", bar2));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
}

static uint64_t
caps(void)
{
	return mini_reg(&mini, WCNIC_REG_CAPS) | (uint64_t)mini_reg(&mini, WCNIC_REG_CAPS + 4)
							 << 32;
}

/* ---- the aperture ------------------------------------------------------------------------ */

static struct wcnic_window_grant
window_get(void)
{
	struct wcnic_cmd_window_alloc p = {
		.type = WCNIC_WINDOW_PUSH, .slot_lines = 2, .bytes = htole32(65536)};
	struct wcnic_window_grant grant;

	assert_int_equal(mini_command_with(&mini, WCNIC_OP_WINDOW_ALLOC, &p), WCNIC_ST_OK);
	memcpy(&grant, mini.memory + mini.answer, sizeof(grant));
	return grant;
}

static unsigned int
window_test(const struct wcnic_window_grant *grant, uint8_t step, uint32_t lines)
{
	struct wcnic_cmd_window_test p = {
		.id = grant->id,
		.generation = grant->generation,
		.step = step,
		.lines = htole32(lines),
	};

	return mini_command_with(&mini, WCNIC_OP_WINDOW_TEST, &p);
}

static void
aperture_trapped__each_store_is_reported(void **state)
{
	struct wcnic_window_test_report report;
	struct wcnic_window_grant grant;
	struct vfu_region info;
	uint64_t word = 0x1122334455667788;

	(void)state;
	card_start("trapped");
	assert_int_equal(vfu_client_region_info(mini.client, WCNIC_BAR_WINDOWS, &info), 0);
	assert_int_equal(info.flags, VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE);
	assert_true(caps() & WCNIC_CAP_WINDOW_TEST);
	mini_enable(&mini);
	grant = window_get();
	assert_int_equal(window_test(&grant, WCNIC_TEST_START, 8), WCNIC_ST_OK);
	for (unsigned int off = 0; off < 4 * 64; off += 8)
		assert_int_equal(vfu_client_region_write(mini.client, WCNIC_BAR_WINDOWS,
							 le64toh(grant.offset) + off, &word, 8),
				 0);
	assert_int_equal(window_test(&grant, WCNIC_TEST_REPORT, 0), WCNIC_ST_OK);
	memcpy(&report, mini.memory + mini.answer, sizeof(report));
	assert_int_equal(le32toh(report.arrivals[3]), 32);
	assert_int_equal(le32toh(report.lines_partial), 4);
	assert_int_equal(le32toh(report.lines_lost), 4);
	assert_true(le64toh(report.last_ns) > le64toh(report.first_ns));
	mini_close(&mini);
}

static void
aperture_mapped__not_observable(void **state)
{
	struct wcnic_window_grant grant;

	(void)state;
	card_start("mapped");
	assert_false(caps() & WCNIC_CAP_WINDOW_TEST);
	mini_enable(&mini);
	grant = window_get();
	assert_int_equal(window_test(&grant, WCNIC_TEST_START, 8), WCNIC_ST_NOT_OBSERVABLE);
	mini_close(&mini);
}

/* Writes to the aperture, and waits until the search for stray writes has cleared it. */
static void
stray_put(uint8_t *at)
{
	*at = 1;
	for (unsigned int i = 0; i < PATIENCE_MS && __atomic_load_n(at, __ATOMIC_ACQUIRE) != 0; i++)
		usleep(1000);
	assert_int_equal(*at, 0);
}

/* Of the aperture only what was written to takes memory, also when all of it was searched. */
static void
aperture_mapped__searched_and_takes_no_memory(void **state)
{
	struct vfu_region info;
	void *aperture = NULL;
	unsigned int before;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--idle", "spin"));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	mini_enable(&mini);
	assert_int_equal(vfu_client_region_info(mini.client, WCNIC_BAR_WINDOWS, &info), 0);
	assert_int_equal(
		vfu_client_region_mmap(mini.client, WCNIC_BAR_WINDOWS, 0, info.bytes, &aperture),
		0);
	before = child_rss_kib(&child);
	/* Twice round at least. */
	for (unsigned int i = 0; i < 2; i++) {
		stray_put((uint8_t *)aperture + info.bytes - 1);
		stray_put((uint8_t *)aperture + 8);
		stray_put((uint8_t *)aperture + info.bytes / 2);
	}
	assert_true(child_rss_kib(&child) < before + info.bytes / 1024 / 4);
	munmap(aperture, info.bytes);
	mini_close(&mini);
}

/* ---- memory in pages --------------------------------------------------------------------- */

/* Each page of the driver's memory on its own, the last of the file first. */
static void
mini_scatter(void)
{
	const unsigned int pages = MINI_BYTES / PAGE;

	assert_int_equal(vfu_client_dma_unmap(mini.client, MINI_IOVA, MINI_BYTES), 0);
	for (unsigned int i = 0; i < pages; i++) {
		uint64_t off = (pages - 1 - i) * PAGE;

		assert_int_equal(vfu_client_dma_map(mini.client, MINI_IOVA + i * PAGE, PAGE,
						    mini.fd, off, IOVA_READ | IOVA_WRITE),
				 0);
		assert_true(mmap(mini.memory + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, mini.fd, (off_t)off) != MAP_FAILED);
	}
}

static void
memory_in_thousands_of_pages__answers_across_them(void **state)
{
	const unsigned int pages = 4000;
	int fd = memfd_create("pages", MFD_CLOEXEC);
	struct wcnic_identity id;

	(void)state;
	card_start("mapped");
	if (getpagesize() > (int)PAGE)
		skip(); /* what has no page of its own cannot be put in another order */
	assert_int_equal(ftruncate(fd, pages * PAGE), 0);
	for (unsigned int i = 0; i < pages; i++)
		assert_int_equal(vfu_client_dma_map(mini.client, 0x10000000 + i * PAGE, PAGE, fd,
						    (uint64_t)(i * 1237 % pages) * PAGE,
						    IOVA_READ | IOVA_WRITE),
				 0);
	mini_scatter();
	mini_enable(&mini);
	mini.answer = 0x3000 - 40;
	for (unsigned int i = 0; i < 40; i++) {
		memset(mini.memory + mini.answer, 0, sizeof(id));
		assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
		memcpy(&id, mini.memory + mini.answer, sizeof(id));
		assert_string_equal(id.model, "wcnic model");
	}
	/* One mapping for the file, not one a page: the card's process stays small in maps. */
	assert_int_equal(vfu_client_dma_unmap(mini.client, 0x10000000, pages * PAGE), 0);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	close(fd);
	mini_close(&mini);
}

static void
maps__overlapping_or_absurd__refused_and_the_client_stays(void **state)
{
	const unsigned int rw = IOVA_READ | IOVA_WRITE;

	(void)state;
	card_start("mapped");
	mini_enable(&mini);
	assert_int_equal(vfu_client_dma_map(mini.client, MINI_IOVA + PAGE, PAGE, mini.fd, 0, rw),
			 -EEXIST);
	child_expect(&child, "cannot map 0x1000 bytes at IOVA 0x101000: the range overlaps");
	assert_int_equal(vfu_client_dma_map(mini.client, 0, 0x8000000000000000, mini.fd, 0, rw),
			 -EEXIST);
	assert_int_equal(vfu_client_dma_map(mini.client, 0x8000000000000000, 0x8000000000000000,
					    mini.fd, 0, rw),
			 -ERANGE);
	child_expect(&child, "the file ends before it");
	assert_int_equal(
		vfu_client_dma_map(mini.client, UINT64_MAX - PAGE + 1, 2 * PAGE, mini.fd, 0, rw),
		-EINVAL);
	assert_int_equal(vfu_client_dma_map(mini.client, 0x900000, PAGE, mini.fd, 12, rw), -EINVAL);
	assert_int_equal(vfu_client_dma_map(mini.client, 0x900000, 0, mini.fd, 0, rw), -EINVAL);
	assert_int_equal(vfu_client_dma_unmap(mini.client, MINI_IOVA + PAGE, PAGE), -EINVAL);
	assert_int_equal(vfu_client_dma_unmap(mini.client, 0x40000000, 0x10000000), 0);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	mini_close(&mini);
}

static void
maps__read_only_ring__card_refuses_to_start(void **state)
{
	(void)state;
	card_start("mapped");
	assert_int_equal(vfu_client_dma_unmap(mini.client, MINI_IOVA, MINI_BYTES), 0);
	assert_int_equal(
		vfu_client_dma_map(mini.client, MINI_IOVA, MINI_BYTES, mini.fd, 0, IOVA_READ), 0);
	mini_reg_set(&mini, WCNIC_REG_ASQ_BASE, MINI_IOVA, 8);
	mini_reg_set(&mini, WCNIC_REG_ACQ_BASE, MINI_IOVA + 0x1000, 8);
	mini_reg_set(&mini, WCNIC_REG_AEQ_BASE, MINI_IOVA + 0x2000, 8);
	mini_reg_set(&mini, WCNIC_REG_ADMIN_SIZE, 4 | 4 << 8, 4);
	mini_reg_set(&mini, WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE, 4);
	assert_int_equal(mini_reg(&mini, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_ADMIN_CONFIG);
	assert_int_equal(mini_reg(&mini, WCNIC_REG_ERROR_INFO), WCNIC_REG_ACQ_BASE);
	mini_close(&mini);
}

/* ---- memory without a descriptor -------------------------------------------------------- */

static void
memory_by_message__commands_are_done(void **state)
{
	struct wcnic_admin_cmd cmd = {
		.opcode = WCNIC_OP_IDENTIFY,
		.data_bytes = htole32(128),
		.data_iova = htole64(MINI_IOVA + 0x3000 - 40),
	};
	struct wcnic_admin_cpl *cpl = (void *)(hand.memory + 0x1000);
	struct wcnic_identity id;
	struct hand_msg msg;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	hand_connect(&child, in_folder("a.sock"));
	hand_enable();
	for (unsigned int i = 0; i < 4; i++) {
		memcpy(hand.memory + i * sizeof(cmd), &cmd, sizeof(cmd));
		hand_reg_set(WCNIC_REG_ASQ_TAIL, i + 1);
		/* Registers are answered while messages are under way. */
		assert_int_equal(hand_reg(WCNIC_REG_MAGIC), WCNIC_MAGIC);
		while ((cpl[i].phase & WCNIC_PHASE_BIT) == 0) {
			if (!hand_receive(&msg))
				fail_msg("no DMA for command %u", i);
			hand_serve(&msg);
		}
		assert_int_equal(le16toh(cpl[i].status), WCNIC_ST_OK);
		memcpy(&id, hand.memory + 0x3000 - 40, sizeof(id));
		assert_string_equal(id.model, "wcnic model");
	}
	assert_int_equal(hand.reads, 4);
	assert_int_equal(hand.writes, 12); /* an answer in two pages and a completion */
	close(hand.sock);
}

static void
memory_by_message__denied__card_says_so_and_resets(void **state)
{
	struct hand_msg msg;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock")));
	child_expect(&child, "listens");
	hand_connect(&child, in_folder("a.sock"));
	hand_enable();
	hand.deny = true;
	hand_reg_set(WCNIC_REG_ASQ_TAIL, 1);
	while ((hand_reg(WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR) == 0) {
		if (!hand_receive(&msg))
			fail_msg("no DMA came");
		hand_serve(&msg);
	}
	assert_int_equal(hand_reg(WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_ADMIN_CONFIG);
	child_expect(&child, "denies DMA to 64 bytes at 0x100000");
	hand_reg_set(WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	while ((hand_reg(WCNIC_REG_STATUS) & WCNIC_STATUS_READY) == 0)
		;
	hand.deny = false;
	hand_enable();
	close(hand.sock);
}

/* ---- several guests ---------------------------------------------------------------------- */

static int
raw_connect(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

static void
neighbours__garbage_death_and_silence__harm_nobody(void **state)
{
	struct vfu_hdr half = {.cmd = VFU_CMD_REGION_WRITE, .bytes = 4096};
	uint8_t garbage[4096];
	unsigned int seed = 9;
	pid_t pid;
	int sock;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--socket", in_folder("b.sock"),
				 "--socket", in_folder("c.sock"), "--bar2", "trapped"));
	child_expect(&child, "c: listens");
	mini_connect(&mini, in_folder("a.sock"));
	mini_enable(&mini);
	for (unsigned int i = 0; i < 12; i++) {
		/* One sends garbage. */
		sock = raw_connect(in_folder("b.sock"));
		for (unsigned int k = 0; k < sizeof(garbage); k++)
			garbage[k] = (uint8_t)rand_r(&seed);
		(void)!send(sock, garbage, sizeof(garbage), MSG_NOSIGNAL);
		assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
		close(sock);
		/* One leaves in mid-message, and in mid-work. */
		pid = fork();
		if (pid == 0) {
			struct mini other;

			mini_connect(&other, in_folder("c.sock"));
			mini_enable(&other);
			mini_command(&other, WCNIC_OP_IDENTIFY);
			mini_reg_set(&other, WCNIC_REG_ASQ_TAIL, 9, 4);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		sock = raw_connect(in_folder("c.sock"));
		(void)!send(sock, &half, sizeof(half), MSG_NOSIGNAL);
		assert_int_equal(mini_command(&mini, WCNIC_OP_PORT_QUERY), WCNIC_ST_OK);
		close(sock);
	}
	/* One shares memory, says nothing, and answers nothing. */
	hand_connect(&child, in_folder("b.sock"));
	hand_enable();
	hand_reg_set(WCNIC_REG_ASQ_TAIL, 1);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	close(hand.sock);
	assert_true(vfu_client_alive(mini.client));
	mini_close(&mini);
}

/* One client maps a file a page, until it may not. The other is served meanwhile and afterwards. */
static void
neighbours__one_maps_all_it_may__the_other_is_served(void **state)
{
	const unsigned int rw = IOVA_READ | IOVA_WRITE, most = 300;
	static struct mini greedy;
	unsigned int mapped = 1; /* its rings */
	int ret = 0, fd;

	(void)state;
	child_start(&child, ARGS("--max-files", "300", "--thread", "0", "--socket",
				 in_folder("a.sock"), "--socket", in_folder("b.sock")));
	child_expect(&child, "b.sock, card");
	mini_connect(&greedy, in_folder("b.sock"));
	for (unsigned int i = 0; i < most + 10 && ret == 0; i++) {
		fd = memfd_create("page", MFD_CLOEXEC);
		assert_int_equal(ftruncate(fd, PAGE), 0);
		ret = vfu_client_dma_map(greedy.client, 0x40000000 + i * PAGE, PAGE, fd, 0, rw);
		mapped += ret == 0;
		close(fd);
	}
	assert_int_equal(ret, -EMFILE);
	assert_int_equal(mapped, most);
	child_expect(&child, "300 files are mapped (--max-files)");
	/* It stays a client, and the other one has all that is its own. */
	mini_enable(&greedy);
	mini_connect(&mini, in_folder("a.sock"));
	mini_enable(&mini);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	mini_close(&mini);
	mini_close(&greedy);
}

/* A connection that says nothing holds no card, and is closed in the end. */
static void
neighbours__silent_connection__card_is_served(void **state)
{
	int silent;

	(void)state;
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--greet-ms", "2147483647",
				 "--socket", in_folder("b.sock"), "--greet-ms", "1"));
	child_expect(&child, "b.sock, card");
	silent = raw_connect(in_folder("a.sock"));
	mini_connect(&mini, in_folder("a.sock"));
	mini_enable(&mini);
	close(silent);
	silent = raw_connect(in_folder("b.sock"));
	child_expect(&child, "it did not greet in time");
	close(silent);
	mini_close(&mini);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, teardown)
		TEST(aperture_trapped__each_store_is_reported),
		TEST(aperture_mapped__not_observable),
		TEST(aperture_mapped__searched_and_takes_no_memory),
		TEST(memory_in_thousands_of_pages__answers_across_them),
		TEST(maps__overlapping_or_absurd__refused_and_the_client_stays),
		TEST(maps__read_only_ring__card_refuses_to_start),
		TEST(memory_by_message__commands_are_done),
		TEST(memory_by_message__denied__card_says_so_and_resets),
		TEST(neighbours__garbage_death_and_silence__harm_nobody),
		TEST(neighbours__one_maps_all_it_may__the_other_is_served),
		TEST(neighbours__silent_connection__card_is_served),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
