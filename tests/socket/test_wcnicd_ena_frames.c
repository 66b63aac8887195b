/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A driver of a few lines for the ENA card of wcnicd: commands, an LLQ in BAR 2, interrupts. */

#include <endian.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <ena_abi.h>
#include <ena_card.h>

#include "child.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Places in the memory of 16 KiB. */
#define AQ 0x0000u
#define ACQ 0x0400u
#define AENQ 0x0800u
#define TX_CQ 0x0c00u
#define RX_CQ 0x1000u
#define RX_RING 0x1400u
#define RX_BUFS 0x2000u
#define RING 16u  /* commands, events */
#define DEPTH 64u /* queues */
#define BUF_BYTES 128u
#define N_BUFS 64u
#define VECTOR 1u

struct driver {
	struct mini mini;
	uint16_t commands;
	uint16_t events;
	uint8_t *bar2; /* NULL: each store is a message */
	uint32_t llq_off;
	uint32_t tx_doorbell, rx_doorbell, unmask;
	uint16_t tx_tail, tx_head, rx_tail, rx_head;
	int irqs[2];
};

static struct child child;
static struct driver d;

static struct ena_addr
addr(uint32_t off)
{
	return (struct ena_addr){.lo = htole32(MINI_IOVA + off)};
}

static void
reg_set(uint32_t off, uint32_t value)
{
	mini_reg_set(&d.mini, off, value, 4);
}

static uint8_t
phase_of(uint16_t seq, uint16_t entries)
{
	return (seq / entries) % 2 == 0;
}

/* Waits until a byte of memory has this bit, as `value`. */
static void
byte_wait(const uint8_t *at, uint8_t bit, bool value)
{
	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if (((__atomic_load_n(at, __ATOMIC_ACQUIRE) & bit) != 0) == value)
			return;
		usleep(1000);
	}
	fail_msg("nothing has come to 0x%x", (unsigned int)(at - d.mini.memory));
}

/* A command; what is behind the first eight bytes of its answer. */
static void
command(union ena_cmd *cmd, void *answer, size_t bytes)
{
	const uint8_t phase = phase_of(d.commands, RING);
	const uint8_t *at = d.mini.memory + ACQ + d.commands % RING * 64;

	cmd->common.command_id = htole16(d.commands);
	cmd->common.flags |= phase;
	memcpy(d.mini.memory + AQ + d.commands % RING * 64, cmd, 64);
	d.commands++;
	reg_set(ENA_REG_AQ_DB, d.commands);
	byte_wait(at + 3, 1, phase);
	assert_int_equal(at[0] | at[1] << 8, d.commands - 1);
	assert_int_equal(at[2], ENA_ST_OK);
	if (answer != NULL)
		memcpy(answer, at + 8, bytes);
}

static void
feature_set(uint8_t feature, const void *data, size_t bytes)
{
	union ena_cmd cmd = {.feature = {.common.opcode = ENA_SET_FEATURE, .feature = feature}};

	memcpy(cmd.feature.data, data, bytes);
	command(&cmd, NULL, 0);
}

static void
rings_set(void)
{
	reg_set(ENA_REG_AQ_BASE_LO, MINI_IOVA + AQ);
	reg_set(ENA_REG_AQ_CAPS, RING | 64u << 16);
	reg_set(ENA_REG_ACQ_BASE_LO, MINI_IOVA + ACQ);
	reg_set(ENA_REG_ACQ_CAPS, RING | 64u << 16);
	reg_set(ENA_REG_AENQ_BASE_LO, MINI_IOVA + AENQ);
	reg_set(ENA_REG_AENQ_CAPS, RING | 64u << 16);
	reg_set(ENA_REG_AENQ_HEAD_DB, RING);
}

/* Returns the number of the completion queue; sets d.unmask. */
static uint16_t
cq_create(uint32_t ring, uint8_t words)
{
	union ena_cmd cmd = {.create_cq = {.common.opcode = ENA_CREATE_CQ,
					   .caps = ENA_CQ_INTERRUPTS,
					   .entry_words = words,
					   .depth = htole16(DEPTH),
					   .vector = htole32(VECTOR),
					   .base = addr(ring)}};
	struct ena_cpl_create_cq out;

	command(&cmd, &out, sizeof(out));
	d.unmask = le32toh(out.unmask_off);
	return out.cq_idx;
}

static struct ena_cpl_create_sq
sq_create(unsigned int direction, unsigned int placement, uint32_t ring, uint16_t cq_idx)
{
	union ena_cmd cmd = {
		.create_sq = {.common.opcode = ENA_CREATE_SQ,
			      .identity = (uint8_t)(direction << ENA_SQ_DIRECTION_SHIFT),
			      .caps = (uint8_t)placement,
			      .contiguous = 1,
			      .cq_idx = cq_idx,
			      .depth = htole16(DEPTH),
			      .base = addr(ring)}};
	struct ena_cpl_create_sq out;

	command(&cmd, &out, sizeof(out));
	return out;
}

static void
queues_open(void)
{
	const struct ena_llq llq = {
		.header_enabled = htole16(1),
		.entry_enabled = htole16(ENA_LLQ_SIZE_128),
		.before_header_enabled = htole16(2),
		.stride_enabled = htole16(ENA_LLQ_STRIDE_MULTIPLE),
		.accel_flags = htole16(ENA_LLQ_NO_META_CACHING),
	};
	struct ena_cpl_create_sq out;

	feature_set(ENA_F_LLQ, &llq, sizeof(llq));
	out = sq_create(ENA_SQ_TX, ENA_PLACEMENT_LLQ, 0, cq_create(TX_CQ, 2));
	d.tx_doorbell = le32toh(out.doorbell_off);
	d.llq_off = le32toh(out.llq_off);
	out = sq_create(ENA_SQ_RX, ENA_PLACEMENT_HOST, RX_RING, cq_create(RX_CQ, 4));
	d.rx_doorbell = le32toh(out.doorbell_off);
}

static void
driver_start(const char *const *args, const char *socket, bool mapped)
{
	void *at = NULL;

	memset(&d, 0, sizeof(d));
	child_start(&child, args);
	child_expect(&child, "listens");
	mini_connect(&d.mini, socket);
	if (mapped)
		assert_int_equal(
			vfu_client_region_mmap(d.mini.client, ENA_BAR_LLQ, 0, 1 << 20, &at), 0);
	d.bar2 = at;
	for (unsigned int i = 0; i < 2; i++) {
		d.irqs[i] = eventfd(0, EFD_NONBLOCK);
		assert_true(d.irqs[i] >= 0);
	}
	assert_int_equal(vfu_client_msix_set(d.mini.client, 0, 2, d.irqs), 0);
	rings_set();
}

static void
driver_stop(void)
{
	if (d.bar2 != NULL)
		munmap(d.bar2, 1 << 20);
	mini_close(&d.mini);
	close(d.irqs[0]);
	close(d.irqs[1]);
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

/* Waits for an interrupt, and takes all that have come. */
static void
irq_wait(unsigned int vector)
{
	struct pollfd fd = {.fd = d.irqs[vector], .events = POLLIN};
	uint64_t count;

	assert_int_equal(poll(&fd, 1, (int)PATIENCE_MS), 1);
	assert_int_equal(read(d.irqs[vector], &count, sizeof(count)), sizeof(count));
}

static void
rx_post(unsigned int n)
{
	for (; n > 0; n--, d.rx_tail++) {
		const struct ena_rx_desc desc = {
			.bytes = htole16(BUF_BYTES),
			.ctrl = 0x1c | phase_of(d.rx_tail, DEPTH),
			.req_id = htole16(d.rx_tail % DEPTH),
			.addr_lo = htole32(MINI_IOVA + RX_BUFS + d.rx_tail % N_BUFS * BUF_BYTES),
		};

		memcpy(d.mini.memory + RX_RING + d.rx_tail % DEPTH * 16, &desc, sizeof(desc));
	}
	reg_set(d.rx_doorbell, d.rx_tail);
}

/* Stores an entry with a frame of 90 bytes into BAR 2. */
static void
tx_push(uint8_t salt)
{
	const struct ena_tx_desc desc = {
		.ctrl = htole32(ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_COMPLETE |
				(phase_of(d.tx_tail, DEPTH) != 0 ? ENA_TXD_PHASE : 0)),
		.meta = htole32((uint32_t)(d.tx_tail % DEPTH) << 22),
		.addr_hi_header = htole32(90u << 24),
	};
	uint8_t entry[128] = {0};
	uint64_t off;

	memcpy(entry, &desc, sizeof(desc));
	for (unsigned int i = 0; i < 90; i++)
		entry[32 + i] = (uint8_t)(i * 3 + salt);
	entry[32] = 2;
	off = d.llq_off + d.tx_tail % DEPTH * sizeof(entry);
	if (d.bar2 != NULL)
		memcpy(d.bar2 + off, entry, sizeof(entry));
	for (unsigned int i = 0; i < sizeof(entry) && d.bar2 == NULL; i += 8)
		assert_int_equal(
			vfu_client_region_write(d.mini.client, ENA_BAR_LLQ, off + i, entry + i, 8),
			0);
	d.tx_tail++;
}

/* The next completions of both directions, and the frame. */
static void
frame_expect(uint8_t salt)
{
	const uint8_t *cpl = d.mini.memory + RX_CQ + d.rx_head % DEPTH * 16;
	const uint8_t *frame;

	byte_wait(d.mini.memory + TX_CQ + d.tx_head % DEPTH * 8 + 3, 1, phase_of(d.tx_head, DEPTH));
	byte_wait(cpl + 3, 1, phase_of(d.rx_head, DEPTH));
	assert_int_equal(cpl[4] | cpl[5] << 8, 90);
	assert_int_equal(cpl[6] | cpl[7] << 8, d.rx_head % DEPTH);
	frame = d.mini.memory + RX_BUFS + d.rx_head % N_BUFS * BUF_BYTES;
	for (unsigned int i = 1; i < 90; i++)
		assert_int_equal(frame[i], (uint8_t)(i * 3 + salt));
	d.tx_head++;
	d.rx_head++;
}

/* Pushed into BAR 2, looped, received: with interrupts, and a thread that sleeps in between. */
static void
llq__frames_come_back_with_interrupts(void **state)
{
	(void)state;
	driver_start(ARGS("--socket", in_folder("a.sock"), "--card", "ena"), in_folder("a.sock"),
		     true);
	queues_open();
	irq_wait(0); /* of commands */
	rx_post(N_BUFS);
	for (unsigned int i = 0; i < 10; i++) {
		/* The first vector is armed, the others are asked for. */
		if (i > 0)
			reg_set(d.unmask, ENA_INTR_UNMASK);
		tx_push((uint8_t)i);
		reg_set(d.tx_doorbell, d.tx_tail);
		irq_wait(VECTOR);
		frame_expect((uint8_t)i);
		child_expect_naps(&child, 2);
	}
	driver_stop();
}

static void
llq__many_laps__all_come_back(void **state)
{
	(void)state;
	driver_start(ARGS("--socket", in_folder("a.sock"), "--card", "ena", "--idle", "spin"),
		     in_folder("a.sock"), true);
	queues_open();
	rx_post(N_BUFS);
	for (unsigned int i = 0; i < 3 * DEPTH; i += 8) {
		for (unsigned int k = 0; k < 8; k++)
			tx_push((uint8_t)(i + k));
		reg_set(d.tx_doorbell, d.tx_tail);
		for (unsigned int k = 0; k < 8; k++)
			frame_expect((uint8_t)(i + k));
		rx_post(8);
	}
	driver_stop();
}

/* As behind QEMU, whose guest stores eight bytes at a time. */
static void
llq__trapped__frames_come_back(void **state)
{
	struct vfu_region info;

	(void)state;
	driver_start(ARGS("--socket", in_folder("a.sock"), "--card", "ena", "--bar2", "trapped"),
		     in_folder("a.sock"), false);
	assert_int_equal(vfu_client_region_info(d.mini.client, ENA_BAR_LLQ, &info), 0);
	assert_int_equal(info.flags & VFU_REGION_FLAG_MMAP, 0);
	queues_open();
	rx_post(N_BUFS);
	for (unsigned int i = 0; i < 70; i++) {
		tx_push((uint8_t)i);
		reg_set(d.tx_doorbell, d.tx_tail);
		frame_expect((uint8_t)i);
		rx_post(1);
	}
	driver_stop();
}

/* Each second, also while nothing else happens and the thread naps. */
static void
keep_alive__comes_to_an_idle_driver(void **state)
{
	const struct ena_aenq_groups groups = {.enabled = htole32(1u << ENA_AENQ_KEEP_ALIVE)};

	(void)state;
	driver_start(ARGS("--socket", in_folder("a.sock"), "--card", "ena"), in_folder("a.sock"),
		     true);
	feature_set(ENA_F_AENQ, &groups, sizeof(groups));
	irq_wait(0);
	for (; d.events < 2; d.events++) {
		const uint8_t *event = d.mini.memory + AENQ + d.events % RING * 64;

		byte_wait(event + 4, 1, phase_of(d.events, RING));
		assert_int_equal(event[0], ENA_AENQ_KEEP_ALIVE);
		irq_wait(0);
	}
	driver_stop();
}

/* A driver that is killed leaves a card that is as new for the next. */
static void
client_goes__card_is_reset(void **state)
{
	const char *path = in_folder("a.sock");

	(void)state;
	driver_start(ARGS("--socket", path, "--card", "ena"), path, true);
	queues_open();
	mini_close(&d.mini);
	child_expect(&child, "client dropped");
	mini_connect(&d.mini, path);
	assert_int_equal(mini_reg(&d.mini, ENA_REG_DEV_STS), ENA_DEV_STS_READY);
	assert_int_equal(mini_reg(&d.mini, ENA_REG_AQ_CAPS), 0);
	d.commands = 0;
	rings_set();
	queues_open();
	d.tx_tail = d.tx_head = d.rx_tail = d.rx_head = 0;
	rx_post(N_BUFS);
	tx_push(1);
	reg_set(d.tx_doorbell, d.tx_tail);
	frame_expect(1);
	driver_stop();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
		TEST(llq__frames_come_back_with_interrupts),
		TEST(llq__many_laps__all_come_back),
		TEST(llq__trapped__frames_come_back),
		TEST(keep_alive__comes_to_an_idle_driver),
		TEST(client_goes__card_is_reset),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
