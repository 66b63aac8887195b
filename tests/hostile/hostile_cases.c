/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The lies, one after the other, and what must become of each. */

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vfu_wire.h>

#include "hostile.h"

/* ---- the file behind BAR2, and what is said of regions ----------------------------------------
 */

#define BAR2 regions[WCNIC_BAR_WINDOWS]

/* One that can be cut short; with room for what else is said of it. */
static int
unsealed_file(void)
{
	const int fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (ftruncate(fd, HOSTILE_APERTURE) < 0)
		return -1;
	return fd;
}

static void
bar_unsealed(struct hostile_card *card, struct vfu_server_config *config)
{
	close(card->aperture_fd);
	card->aperture_fd = unsealed_file();
	mmap(card->aperture, HOSTILE_APERTURE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
	     card->aperture_fd, 0);
	config->BAR2.fd = card->aperture_fd;
}

/* Cut short under the driver's windows; the model's view is other memory by then. */
static void
bar_shrink(struct hostile_card *card)
{
	if (card->tx[0].depth == 0 || card->tx[0].seq < 8 || !hostile_tell(card))
		return;
	mmap(card->aperture, HOSTILE_APERTURE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	(void)!ftruncate(card->aperture_fd, 0);
}

static void
bar_pipe(struct hostile_card *card, struct vfu_server_config *config)
{
	static int fds[2];

	(void)card;
	(void)!pipe2(fds, O_CLOEXEC);
	config->BAR2.fd = fds[0];
}

static void
bar_eventfd(struct hostile_card *card, struct vfu_server_config *config)
{
	(void)card;
	config->BAR2.fd = eventfd(0, EFD_CLOEXEC);
}

static void
bar_device(struct hostile_card *card, struct vfu_server_config *config)
{
	(void)card;
	config->BAR2.fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
}

static void
bar_folder(struct hostile_card *card, struct vfu_server_config *config)
{
	(void)card;
	config->BAR2.fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
bar_read_only(struct hostile_card *card, struct vfu_server_config *config)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", card->aperture_fd);
	config->BAR2.fd = open(path, O_RDONLY | O_CLOEXEC);
}

#define BAR_LIE(fn, what)                                                           \
	static void fn(struct hostile_card *card, struct vfu_server_config *config) \
	{                                                                           \
		(void)card;                                                         \
		what;                                                               \
	}

static const struct vfu_server_area crossing[] = {
	{0, HOSTILE_APERTURE / 2}, {4096, HOSTILE_APERTURE / 2}, {8192, 8192}};
static const struct vfu_server_area odd[] = {{1, 4095}, {65537, 131071}};

BAR_LIE(bar_longer_than_file, config->BAR2.bytes = 2 * HOSTILE_APERTURE)
BAR_LIE(bar_behind_file, config->BAR2.fd_off = HOSTILE_APERTURE)
BAR_LIE(bar_wraps, config->BAR2.fd_off = UINT64_MAX - 4095)
BAR_LIE(bar_odd_offset, config->BAR2.fd_off = 100)
BAR_LIE(bar_none, config->BAR2.bytes = 0)
BAR_LIE(bar_huge, config->BAR2.bytes = UINT64_C(1) << 62)
BAR_LIE(bar_all_ones, config->BAR2.bytes = UINT64_MAX)
BAR_LIE(bar_unmapped, config->BAR2.flags &= ~VFU_REGION_FLAG_MMAP)
BAR_LIE(bar_small, config->BAR2.bytes = 8192)
BAR_LIE(bar_areas_cross, (config->BAR2.areas = crossing, config->BAR2.n_areas = 3))
BAR_LIE(bar_areas_odd, (config->BAR2.areas = odd, config->BAR2.n_areas = 2))
BAR_LIE(regs_small, config->regions[WCNIC_BAR_REGS].bytes = 4096)
BAR_LIE(regs_write_only, config->regions[WCNIC_BAR_REGS].flags = VFU_REGION_FLAG_WRITE)
BAR_LIE(vectors_none, config->msix_vectors = 0)

/* ---- registers --------------------------------------------------------------------------------
 */

static void
reg_set(struct hostile_card *card, uint64_t off, uint64_t at, void *data, size_t bytes,
	uint64_t value)
{
	if (off != at || !hostile_tell(card))
		return;
	value = htole64(value);
	memcpy(data, &value, bytes < sizeof(value) ? bytes : sizeof(value));
}

#define REG_LIE(fn, at, value)                                                            \
	static void fn(struct hostile_card *card, uint64_t off, void *data, size_t bytes) \
	{                                                                                 \
		reg_set(card, off, at, data, bytes, value);                               \
	}
REG_LIE(reg_magic, WCNIC_REG_MAGIC, 0x12345678)
REG_LIE(reg_version, WCNIC_REG_ABI_VERSION, 0x00070000)
REG_LIE(reg_minor, WCNIC_REG_ABI_VERSION, 0x0001ffff)
REG_LIE(reg_aperture_none, WCNIC_REG_APERTURE_BYTES, 0)
REG_LIE(reg_aperture_huge, WCNIC_REG_APERTURE_BYTES, UINT64_MAX)
REG_LIE(reg_status_gone, WCNIC_REG_STATUS, UINT32_MAX)
REG_LIE(reg_status_none, WCNIC_REG_STATUS, 0)
REG_LIE(reg_status_error, WCNIC_REG_STATUS,
	WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED | WCNIC_STATUS_ERROR)
REG_LIE(reg_status_dead, WCNIC_REG_STATUS,
	WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED | WCNIC_STATUS_FW_DEAD)
REG_LIE(reg_resets, WCNIC_REG_RESET_COUNT, hostile_random(card))
REG_LIE(reg_heartbeat, WCNIC_REG_HEARTBEAT, 7)
REG_LIE(reg_clock, WCNIC_REG_CLOCK, hostile_random(card))

static void
reg_any(struct hostile_card *card, uint64_t off, void *data, size_t bytes)
{
	reg_set(card, off, off, data, bytes, hostile_random(card));
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void
answer_never(struct hostile_answer *a)
{
	a->copies = 0;
}

static void
answer_late(struct hostile_answer *a)
{
	a->late_turns = 200;
}

static void
answer_twice(struct hostile_answer *a)
{
	a->copies = 2;
}

static void
answer_often(struct hostile_answer *a)
{
	a->copies = a->card->ring_entries;
}

static void
answer_other_id(struct hostile_answer *a)
{
	a->cpl.cmd_id ^= htole16(0x5555);
}

static void
answer_unknown(struct hostile_answer *a)
{
	a->cpl.status = htole16(99);
}

static void
answer_refused(struct hostile_answer *a)
{
	a->cpl.status = htole16(WCNIC_ST_NO_SPACE);
}

static void
answer_short(struct hostile_answer *a)
{
	a->cpl.data_bytes = htole32(3);
}

static void
answer_long(struct hostile_answer *a)
{
	a->cpl.data_bytes = htole32(UINT32_MAX);
}

static void
answer_head(struct hostile_answer *a)
{
	a->cpl.sq_head = htole16(0x7777);
}

static void
answer_noise(struct hostile_answer *a)
{
	const uint32_t bytes = le32toh(a->cmd.data_bytes);

	for (uint32_t i = 0; i < bytes; i++)
		a->data[i] = (uint8_t)hostile_random(a->card);
}

static void
answer_any(struct hostile_answer *a)
{
	uint8_t *bytes = (uint8_t *)&a->cpl;

	for (unsigned int i = 0; i < 15; i++)
		bytes[i] = (uint8_t)hostile_random(a->card);
}

#define IDENTITY(fn, field, value)                                           \
	static void fn(struct hostile_answer *a)                             \
	{                                                                    \
		((struct wcnic_identity *)(void *)a->data)->field = (value); \
	}
IDENTITY(id_txq_none, max_txq, 0)
IDENTITY(id_rxq_all, max_rxq, htole16(65535))
IDENTITY(id_windows_none, max_windows, 0)
IDENTITY(id_vectors_all, max_vectors, htole16(65535))
IDENTITY(id_depth_odd, max_depth, htole16(1000))
IDENTITY(id_caps_all, caps, UINT64_MAX)
IDENTITY(id_caps_none, caps, 0)
IDENTITY(id_depth_small, max_depth, htole16(8))
IDENTITY(id_depth_none, max_depth, 0)
IDENTITY(id_frame_small, max_frame_bytes, htole16(20))
IDENTITY(id_frame_all, max_frame_bytes, htole16(65535))
IDENTITY(id_align_one, window_align, htole32(1))
IDENTITY(id_align_all, window_align, htole32(UINT32_MAX))
IDENTITY(id_window_huge, max_window_bytes, htole32(UINT32_MAX))
IDENTITY(id_heartbeat_none, heartbeat_ns, 0)
IDENTITY(id_push_wait_all, push_wait_ns, htole32(UINT32_MAX))
IDENTITY(id_reta_odd, reta_entries, htole16(77))
IDENTITY(id_lines_many, max_slot_lines, htole16(0x8000))
IDENTITY(id_mac_group, mac[0], 0xff)
IDENTITY(id_segments_all, max_segments, htole16(65535))
IDENTITY(id_flows_all, max_flows, htole32(UINT32_MAX))
IDENTITY(id_macs_all, max_macs, htole16(65535))

static void
id_model_endless(struct hostile_answer *a)
{
	memset(((struct wcnic_identity *)(void *)a->data)->model, 'A', 24);
}

#define PORT_INFO(fn, field, value)                                           \
	static void fn(struct hostile_answer *a)                              \
	{                                                                     \
		((struct wcnic_port_info *)(void *)a->data)->field = (value); \
	}
PORT_INFO(port_mtu_none, mtu, 0)
PORT_INFO(port_mtu_all, mtu, htole16(65535))
PORT_INFO(port_speed_all, speed_mbps, htole32(UINT32_MAX))

#define GRANT(fn, field, value)                                                  \
	static void fn(struct hostile_answer *a)                                 \
	{                                                                        \
		((struct wcnic_window_grant *)(void *)a->data)->field = (value); \
	}
GRANT(grant_outside, offset, htole64(HOSTILE_APERTURE))
GRANT(grant_over_end, offset, htole64(HOSTILE_APERTURE - 4096))
GRANT(grant_far, offset, htole64(UINT64_MAX - 65535))
GRANT(grant_odd, offset, htole64(4096 + 64))
GRANT(grant_empty, bytes, 0)
GRANT(grant_long, bytes, htole32(UINT32_MAX - 65535))
GRANT(grant_overlaps, offset, 0)
GRANT(grant_type, type, 9)
GRANT(grant_slots, slots, htole16(12))
GRANT(grant_burst, max_burst, 0)
GRANT(grant_generation, generation, 0)

/* Other numbers each time that they could be read. */
static void
grant_flicker(struct hostile_card *card)
{
	struct wcnic_window_grant *g;

	if (card->answer.cmd.opcode != WCNIC_OP_WINDOW_ALLOC)
		return;
	g = hostile_memory(card, le64toh(card->answer.cmd.data_iova), sizeof(*g));
	for (unsigned int i = 0; g != NULL && i < 2000; i++) {
		__atomic_store_n(&g->offset, htole64(hostile_random(card)), __ATOMIC_RELAXED);
		__atomic_store_n(&g->bytes, htole32((uint32_t)hostile_random(card)),
				 __ATOMIC_RELAXED);
	}
	if (g != NULL)
		(void)hostile_tell(card);
}

/* Completions of commands that nobody gave, without end. */
static void
answer_storm(struct hostile_card *card)
{
	struct wcnic_admin_cpl cpl = {.cmd_id = htole16(0xabcd)}, *ring;

	if (card->ring_entries == 0)
		return;
	ring = hostile_memory(card, card->acq, card->ring_entries * sizeof(cpl));
	for (unsigned int lap = 0; ring != NULL && lap < 400; lap++) {
		cpl.phase = lap & 1;
		for (unsigned int i = 0; i < card->ring_entries; i++)
			ring[i] = cpl;
	}
	(void)hostile_tell(card);
}

/* ---- windows ----------------------------------------------------------------------------------
 */

/* Taken away and granted to nobody, without an event, under traffic. */
static void
windows_moved(struct hostile_card *card)
{
	if (card->tx[0].seq < 64 || !hostile_tell(card))
		return;
	for (uint16_t id = 0; id < 64; id++)
		(void)wcnic_card_window_revoke(card->model, id);
}

/* Other bytes where the driver writes lines and rings. */
static void
windows_noise(struct hostile_card *card)
{
	if (!hostile_tell(card))
		return;
	for (unsigned int i = 0; i < 64; i++)
		card->aperture[hostile_random(card) % HOSTILE_APERTURE] = (uint8_t)hostile_random(
			card);
}

/* ---- completions ------------------------------------------------------------------------------
 */

#define TX_LIE(fn, what)                                                     \
	static void fn(struct hostile_card *card, struct hostile_ring *ring, \
		       struct wcnic_tx_cpl *cpl)                             \
	{                                                                    \
		(void)card;                                                  \
		(void)cpl;                                                   \
		(void)ring;                                                  \
		what;                                                        \
	}
TX_LIE(tx_index, cpl->seq = htole16((uint16_t)(le16toh(cpl->seq) + 0x4000)))
TX_LIE(tx_future, cpl->seq = htole16((uint16_t)(le16toh(cpl->seq) + ring->depth)))
TX_LIE(tx_past, cpl->seq = htole16((uint16_t)(le16toh(cpl->seq) - 1)))
TX_LIE(tx_more, cpl->count = htole16(0x7fff))
TX_LIE(tx_none, cpl->count = 0)
TX_LIE(tx_kind, cpl->status = 77)
TX_LIE(tx_reason, (cpl->status = WCNIC_TX_ERROR, cpl->reason = 200))
TX_LIE(tx_epoch, cpl->epoch ^= 0x55)
TX_LIE(tx_frames, cpl->frames = htole16(0xffff))
TX_LIE(tx_phase, cpl->phase ^= WCNIC_PHASE_BIT)
TX_LIE(tx_twice, ring->again = true)
TX_LIE(tx_ahead, ring->ahead = true)
TX_LIE(tx_noise,
       for (unsigned int i = 0; i < 15; i++)((uint8_t *)cpl)[i] = (uint8_t)hostile_random(card))

#define RX_LIE(fn, what)                                                     \
	static void fn(struct hostile_card *card, struct hostile_ring *ring, \
		       struct wcnic_rx_cpl *cpl)                             \
	{                                                                    \
		(void)card;                                                  \
		(void)cpl;                                                   \
		(void)ring;                                                  \
		what;                                                        \
	}
RX_LIE(rx_index, cpl->seq = htole16((uint16_t)(le16toh(cpl->seq) + 0x4000)))
RX_LIE(rx_future, cpl->seq = htole16((uint16_t)(le16toh(cpl->seq) + ring->depth)))
RX_LIE(rx_past, cpl->seq = htole16((uint16_t)(le16toh(cpl->seq) - 1)))
RX_LIE(rx_long, cpl->bytes = cpl->frame_bytes = htole16(0xffff))
RX_LIE(rx_over, cpl->bytes = cpl->frame_bytes = htole16((uint16_t)(ring->buf_bytes + 1)))
RX_LIE(rx_empty, cpl->bytes = cpl->frame_bytes = 0)
RX_LIE(rx_frame, cpl->frame_bytes = htole16(9000))
RX_LIE(rx_flags, cpl->flags = htole16(0xffff))
RX_LIE(rx_no_sop, cpl->flags &= ~htole16(WCNIC_RXF_SOP))
RX_LIE(rx_segments, cpl->flags &= ~htole16(WCNIC_RXF_EOP))
RX_LIE(rx_ptype, cpl->ptype = htole16(0xffff))
RX_LIE(rx_phase, cpl->phase ^= WCNIC_PHASE_BIT)
RX_LIE(rx_twice, ring->again = true)
RX_LIE(rx_ahead, ring->ahead = true)
RX_LIE(rx_noise,
       for (unsigned int i = 0; i < 15; i++)((uint8_t *)cpl)[i] = (uint8_t)hostile_random(card))

/* A completion of the other direction's ring. */
static void
cpl_wrong_queue(struct hostile_card *card, struct hostile_ring *ring, struct wcnic_tx_cpl *cpl)
{
	const struct hostile_ring *rx = &card->rx[0];
	struct wcnic_tx_cpl *to;

	(void)ring;
	if (rx->depth == 0)
		return;
	to = hostile_memory(card, rx->cq_iova + (rx->seq & (rx->depth - 1)) * sizeof(*cpl),
			    sizeof(*cpl));
	cpl->phase = (rx->seq & rx->depth) == 0;
	if (to != NULL)
		*to = *cpl;
}

/* Any bytes anywhere in the rings, all the time. */
static void
rings_noise(struct hostile_card *card)
{
	const struct {
		uint64_t iova;
		size_t bytes;
	} rings[] = {
		{card->tx[0].cq_iova, card->tx[0].depth * sizeof(struct wcnic_tx_cpl)},
		{card->rx[0].cq_iova, card->rx[0].depth * sizeof(struct wcnic_rx_cpl)},
		{card->tx[0].ring_iova, card->tx[0].depth * sizeof(struct wcnic_tx_desc)},
		{card->rx[0].ring_iova, card->rx[0].depth * sizeof(struct wcnic_rx_desc)},
		{card->acq, card->ring_entries * sizeof(struct wcnic_admin_cpl)},
		{card->aeq, card->event_entries * sizeof(struct wcnic_event)},
	};
	uint8_t *at;

	for (unsigned int i = 0; i < 64; i++) {
		const size_t ring = hostile_random(card) % (sizeof(rings) / sizeof(rings[0]));

		at = rings[ring].bytes == 0
			     ? NULL
			     : hostile_memory(card, rings[ring].iova, rings[ring].bytes);
		if (at == NULL || !hostile_tell(card))
			continue;
		at[hostile_random(card) % rings[ring].bytes] = (uint8_t)hostile_random(card);
	}
}

/* ---- events and interrupts ----------------------------------------------------------------------
 */

/* The whole ring of events, again and again. */
static void
events_storm(struct hostile_card *card)
{
	struct wcnic_event *ring, event = {0};

	if (card->event_entries == 0)
		return;
	ring = hostile_memory(card, card->aeq, card->event_entries * sizeof(event));
	if (ring == NULL || !hostile_tell(card))
		return;
	for (unsigned int lap = 0; lap < 2; lap++) {
		for (unsigned int i = 0; i < card->event_entries; i++) {
			event.type = htole16((uint16_t)(hostile_random(card) % 9));
			event.arg0 = htole32((uint32_t)hostile_random(card));
			event.arg1 = htole32((uint32_t)hostile_random(card));
			event.phase = lap & 1;
			ring[i] = event;
		}
	}
}

static void
irq_storm(struct hostile_card *card)
{
	for (uint16_t i = 0; i < 2 * HOSTILE_QUEUES; i++)
		if (vfu_server_irq_trigger(card->server, i) == 0)
			(void)hostile_tell(card);
}

/* Their counters full, and whoever writes or reads them waits. */
static void
irq_full(struct hostile_card *card)
{
	const uint64_t most = UINT64_MAX - 1;
	uint64_t count;

	for (unsigned int i = 0; i < 4; i++) {
		const int fd = card->client_irq[i];

		if (fd < 0)
			continue;
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		(void)!read(fd, &count, sizeof(count));
		if (write(fd, &most, sizeof(most)) > 0)
			(void)hostile_tell(card);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	}
}

/* Raised, and taken back before anybody can read it; and who reads it waits. */
static void
irq_drain(struct hostile_card *card)
{
	uint64_t count = 1;

	for (unsigned int i = 0; i < 400; i++) {
		const int fd = card->client_irq[i % 4];

		if (fd < 0 || write(fd, &count, sizeof(count)) < 0)
			continue;
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		(void)!read(fd, &count, sizeof(count));
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		count = 1;
		(void)hostile_tell(card);
	}
}

/* ---- the table ----------------------------------------------------------------------------------
 */

#define LIE(n, text, what, ...)                                                \
	{                                                                      \
		.name = (n), .lie = (text), .end = HOSTILE_##what, __VA_ARGS__ \
	}
#define ANSWER(op, fn) .opcode = WCNIC_OP_##op, .answer = (fn)
#define QUICK .quick = true
#define RESETS .resets = true
#define ONCE .times = 1
#define SAYS(...) .says = {__VA_ARGS__}
#define SHORT_WAIT .args = "timeout_ms=300"
#define WIRE(what, cmd, how, n, text, ...)                                           \
	{                                                                            \
		.name = (n), .lie = (text), .end = HOSTILE_##what, .command = (cmd), \
		.deed = HOSTILE_##how, __VA_ARGS__                                   \
	}

/* Each step of the attach, and each way not to answer it. */
#define STEP(CMD, cmd)                                                                             \
	WIRE(REFUSED, VFU_CMD_##CMD, CLOSE, "close at " cmd, "closes the connection", SAYS(cmd)),  \
		WIRE(REFUSED, VFU_CMD_##CMD, SILENT, "silence at " cmd, "gives no answer",         \
		     SAYS(cmd), SHORT_WAIT),                                                       \
		WIRE(REFUSED, VFU_CMD_##CMD, HALF, "half at " cmd, "sends half an answer",         \
		     SAYS(cmd), SHORT_WAIT),                                                       \
		WIRE(REFUSED, VFU_CMD_##CMD, TWICE, "twice at " cmd, "answers twice"),             \
		WIRE(REFUSED, VFU_CMD_##CMD, OTHER, "other id at " cmd, "answers another message", \
		     SAYS(cmd)),                                                                   \
		WIRE(REFUSED, VFU_CMD_##CMD, REQUEST, "request at " cmd, "asks instead",           \
		     SAYS(cmd)),                                                                   \
		WIRE(REFUSED, VFU_CMD_##CMD, ERROR, "error at " cmd, "answers with an error",      \
		     SAYS(cmd)),                                                                   \
		WIRE(REFUSED, VFU_CMD_##CMD, SHORT, "header at " cmd, "answers with a header",     \
		     SAYS(cmd)),                                                                   \
		WIRE(REFUSED, VFU_CMD_##CMD, LONG, "4 GiB at " cmd, "tells of an answer of 4 GiB", \
		     SAYS(cmd)),                                                                   \
		WIRE(REFUSED, VFU_CMD_##CMD, TINY, "3 bytes at " cmd,                              \
		     "tells of an answer of 3 bytes", SAYS(cmd)),                                  \
		WIRE(REFUSED, VFU_CMD_##CMD, FILES, "files at " cmd, "sends 16 descriptors",       \
		     SAYS(cmd)),                                                                   \
		WIRE(SURVIVES, VFU_CMD_##CMD, NOISE, "noise at " cmd, "flips bits of the answer")

#include "hostile_table.h"

const unsigned int hostile_cases_n = sizeof(hostile_cases) / sizeof(hostile_cases[0]);
