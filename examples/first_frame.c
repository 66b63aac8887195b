/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * One frame through the card, by hand: the smallest driver there can be. It makes a card in this
 * process, starts it as datasheet section 2 says, asks firmware for a doorbell and a push window,
 * pushes one frame, and receives it again from the card's loopback. No DPDK; public headers only.
 */

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wcbar.h>
#include <wcnic_abi.h>
#include <wcnic_card.h>
#include <wcnic_port.h>

#define DEPTH 8
#define APERTURE (1u << 20)
#define BUF_BYTES 2048

/* All of the host's memory that the card may reach. The IOVA is the offset in here. */
static struct {
	alignas(64) struct wcnic_admin_cmd asq[4];
	alignas(64) struct wcnic_admin_cpl acq[4];
	alignas(64) struct wcnic_event aeq[4];
	alignas(64) struct wcnic_tx_desc tx_ring[DEPTH];
	alignas(64) struct wcnic_tx_cpl tx_cq[DEPTH];
	alignas(64) struct wcnic_rx_desc rx_ring[DEPTH];
	alignas(64) struct wcnic_rx_cpl rx_cq[DEPTH];
	alignas(64) struct wcnic_window_grant grant;
	uint8_t buffer[BUF_BYTES];
} host;

static alignas(65536) uint8_t aperture[APERTURE];
static struct wcnic_card *card;
static uint16_t commands;

#define IOVA(field) ((uint64_t)((char *)&host.field - (char *)&host))

static void
give_up(const char *what)
{
	fprintf(stderr, "first_frame: %s\n", what);
	exit(1);
}

static void *
dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	(void)ctx;
	(void)prot;
	if (iova > sizeof(host) || bytes > sizeof(host) - iova)
		return NULL;
	return (char *)&host + iova;
}

static uint64_t
now_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

static void
reg_write(uint32_t off, uint64_t value, size_t bytes)
{
	uint64_t raw = htole64(value);

	if (wcnic_card_bar_write(card, WCNIC_BAR_REGS, off, &raw, bytes) != 0)
		give_up("a register cannot be written");
}

/* Section 3: one command, its parameters and its answer, if any, to host.grant. */
static void
command(uint8_t opcode, const void *params, size_t bytes)
{
	struct wcnic_admin_cmd *cmd = &host.asq[commands % 4];
	const struct wcnic_admin_cpl *cpl = &host.acq[commands % 4];

	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = opcode;
	cmd->cmd_id = htole16(commands);
	cmd->data_bytes = htole32(sizeof(host.grant));
	cmd->data_iova = htole64(IOVA(grant));
	memcpy(cmd->params, params, bytes);
	commands++;
	reg_write(WCNIC_REG_ASQ_TAIL, commands, 4);
	wcnic_card_poll(card);
	if (le16toh(cpl->cmd_id) != commands - 1 || cpl->status != WCNIC_ST_OK)
		give_up("a command failed");
}

static void
start(void)
{
	reg_write(WCNIC_REG_ASQ_BASE, IOVA(asq), 8);
	reg_write(WCNIC_REG_ACQ_BASE, IOVA(acq), 8);
	reg_write(WCNIC_REG_AEQ_BASE, IOVA(aeq), 8);
	reg_write(WCNIC_REG_ADMIN_SIZE, 2 | 2 << 8, 4);
	reg_write(WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE, 4);
}

/* Section 4: firmware says where; this is the model's memory, on a real card it is a BAR. */
static void *
window_get(enum wcnic_window_type type, uint16_t qid, uint8_t slot_lines)
{
	struct wcnic_cmd_window_alloc p = {
		.type = type,
		.slot_lines = slot_lines,
		.qid = htole16(qid),
		.bytes = htole32(WCNIC_WINDOW_ALIGN),
	};

	command(WCNIC_OP_WINDOW_ALLOC, &p, sizeof(p));
	if (le64toh(host.grant.offset) > APERTURE - WCNIC_WINDOW_ALIGN)
		give_up("firmware granted a window outside the aperture");
	printf("window %u, %s: at 0x%llx, generation %u\n", le16toh(host.grant.id),
	       type == WCNIC_WINDOW_PUSH ? "PUSH" : "DOORBELL",
	       (unsigned long long)le64toh(host.grant.offset), le16toh(host.grant.generation));
	return aperture + le64toh(host.grant.offset);
}

static void
queues_create(uint16_t db_window, uint16_t push_window)
{
	struct wcnic_cmd_rxq_create rx = {
		.depth = htole16(DEPTH),
		.db_window = htole16(db_window),
		.vector = htole16(WCNIC_VECTOR_NONE),
		.db_off = htole32(WCNIC_DOORBELL_STRIDE),
		.buf_bytes = htole32(BUF_BYTES),
		.ring_iova = htole64(IOVA(rx_ring)),
		.cq_iova = htole64(IOVA(rx_cq)),
		.cqe_log2 = 4,
	};
	struct wcnic_cmd_txq_create tx = {
		.placement = WCNIC_PLACEMENT_PUSH,
		.depth = htole16(DEPTH),
		.vector = htole16(WCNIC_VECTOR_NONE),
		.db_window = htole16(db_window),
		.push_window = htole16(push_window),
		.ring_iova = htole64(IOVA(tx_ring)),
		.cq_iova = htole64(IOVA(tx_cq)),
	};
	struct wcnic_cmd_port_set port = {
		.valid = htole16(WCNIC_PORT_SET_FLAGS),
		.flags = htole16(WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC),
	};

	command(WCNIC_OP_RXQ_CREATE, &rx, sizeof(rx));
	command(WCNIC_OP_TXQ_CREATE, &tx, sizeof(tx));
	command(WCNIC_OP_PORT_SET, &port, sizeof(port));
}

/* Section 6: a slot of one line: tag, header, the frame itself. */
static void
frame_push(const struct wcbar_store *store, void *slot, uint16_t generation, const char *text)
{
	const uint16_t bytes = 14 + strlen(text);
	alignas(64) struct wcnic_push_line line = {
		.generation = htole16(generation),
		.flags = WCNIC_LINEF_LAST,
	};
	struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(bytes),
		.inline_bytes = htole16(bytes),
		.flags = htole16(WCNIC_TXF_SOP | WCNIC_TXF_EOP),
		.n_lines = 1,
	};

	if (bytes > WCNIC_SLOT_INLINE_BYTES(1))
		give_up("the text is too long for one line");
	memcpy(line.payload, &hdr, sizeof(hdr));
	memset(line.payload + sizeof(hdr), 0xff, 6); /* broadcast; source and type stay zero */
	memcpy(line.payload + sizeof(hdr) + 14, text, strlen(text));
	line.check = wcnic_line_check(&line);
	store->lines(slot, &line, 1);
	store->drain();
}

int
main(void)
{
	static const struct wcdev_ops ops = {.dma = dma, .now_ns = now_ns};
	const struct wcnic_card_config config = {
		.ops = &ops, .aperture = aperture, .aperture_bytes = APERTURE, .queue_pairs = 1};
	const struct wcbar_store *store = wcbar_stores(WCBAR_TYPE_WB)[0];
	uint16_t db_window, push_window, generation;
	struct wcnic_port *port;
	char why[128];
	uint8_t *doorbells, *slots;

	if (wcnic_card_create(&config, &card) != 0)
		give_up("no card");
	if (wcnic_port_create("loopback", wcnic_card_dev(card), &port, why, sizeof(why)) != 0)
		give_up(why);
	start();
	doorbells = window_get(WCNIC_WINDOW_DOORBELL, WCNIC_QUEUE_NONE, 0);
	db_window = le16toh(host.grant.id);
	slots = window_get(WCNIC_WINDOW_PUSH, 0, 1);
	push_window = le16toh(host.grant.id);
	generation = le16toh(host.grant.generation);
	queues_create(db_window, push_window);

	host.rx_ring[0].iova = htole64(IOVA(buffer));
	wcbar_write64(doorbells + WCNIC_DOORBELL_STRIDE, WCNIC_RXDB_TAIL(1));
	frame_push(store, slots, generation, "hello through the window");
	wcbar_write64(doorbells, WCNIC_TXDB_TAIL(1) | WCNIC_TXDB_PLACEMENT(WCNIC_PLACEMENT_PUSH));
	wcnic_card_poll(card);

	if ((host.tx_cq[0].phase & WCNIC_PHASE_BIT) == 0 || host.tx_cq[0].status != WCNIC_TX_PUSHED)
		give_up("the frame was not sent");
	if ((host.rx_cq[0].phase & WCNIC_PHASE_BIT) == 0)
		give_up("the frame did not come back");
	printf("pushed with %s, received %u bytes: %.*s\n", store->name,
	       le16toh(host.rx_cq[0].bytes), le16toh(host.rx_cq[0].bytes) - 14, host.buffer + 14);
	wcnic_port_destroy(port);
	wcnic_card_destroy(card);
	return 0;
}
