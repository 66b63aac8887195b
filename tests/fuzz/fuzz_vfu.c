/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A vfio-user server and whatever clients may send, over sockets in memory. The input is a series
 * of steps: a byte that says what descriptors go along and whether the device does something
 * afterwards, a byte that is the length of what is sent in this step, and the bytes. If the highest
 * bit of the first byte is set, the step is another: see act().
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vfu_server.h>
#include <vfu_wire.h>

#include "fuzz_input.h"
#include "fuzz_kernel.h"

#define STEP_FILE 0x01u
#define STEP_EVENT 0x02u
#define STEP_PIPE 0x04u
#define STEP_MANY 0x08u
#define STEP_CUT 0x10u  /* the file shrinks after it was sent */
#define STEP_DMA 0x20u  /* the device reads and writes by message afterwards */
#define STEP_MAPS 0x40u /* many pages are mapped first, in an order of their own */
#define STEP_ACT 0x80u

#define MAPS 96u
#define MAPS_IOVA 0x100000u
#define PAGE 0x1000u
#define REGS_BYTES 0x1000u
#define CLIENTS 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* All of an input. */
struct rig {
	struct fuzz_input in;
	struct vfu_server *server;
	int clients[CLIENTS]; /* -1: none; the first is mostly the one that is served */
	unsigned int at;      /* the client that the steps are of */
	bool there;           /* as the server's callbacks say */
	bool maps_sent;
	uint8_t regs[REGS_BYTES];
	uint8_t got[8192]; /* what the server sent last */
	size_t got_bytes;
};

static int
region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct rig *r = ctx;

	/* Past the end is what the server must not let through. */
	if (region == 0)
		memcpy(data, r->regs + off, bytes);
	else
		memset(data, 0, bytes);
	return off == 0x700 ? -EIO : 0;
}

static int
region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct rig *r = ctx;

	if (region == 0)
		memcpy(r->regs + off, data, bytes);
	return off == 0x800 ? -EIO : 0;
}

static int
device_reset(void *ctx)
{
	struct rig *r = ctx;

	return r->regs[0] == 0xff ? -EBUSY : 0;
}

static void
connected(void *ctx)
{
	struct rig *r = ctx;

	MUST(!r->there);
	r->there = true;
}

static void
disconnected(void *ctx)
{
	struct rig *r = ctx;

	MUST(r->there);
	r->there = false;
}

static void
line_log(void *ctx, int level, const char *line)
{
	(void)ctx;
	MUST(level >= 3 && level <= 7 && strchr(line, '\n') == NULL);
}

static const struct vfu_server_ops ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = device_reset,
	.connected = connected,
	.disconnected = disconnected,
	.log = line_log,
};

static const struct vfu_server_area areas[] = {{0, 0x1000}, {0x2000, 0x1000}};

/* The first byte says what is at the path: whether there will be a server. */
static bool
server_make(struct rig *r, int window)
{
	const uint32_t rw = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	const uint8_t how = fuzz_take8(&r->in);
	struct vfu_server_config config = {
		.ops = &ops,
		.ctx = r,
		.regions[0] = {.bytes = REGS_BYTES, .flags = rw},
		.regions[2] = {.bytes = FUZZ_FILE_BYTES,
			       .flags = rw | VFU_REGION_FLAG_MMAP,
			       .fd = window},
		.regions[4] = {.bytes = 0x4000,
			       .flags = rw | VFU_REGION_FLAG_MMAP,
			       .fd = window,
			       .areas = areas,
			       .n_areas = 2},
		.regions[VFU_PCI_REGION_CONFIG] = {.bytes = 0x100, .flags = VFU_REGION_FLAG_READ},
		.msix_vectors = how == 0xf0 ? 4096 : 16,
	};
	char why[200];
	int ret;

	fuzz_path = how < 0xe0 ? FUZZ_PATH_NONE : how % (FUZZ_PATH_FILE + 1);
	if (how == 0xf1)
		config.regions[4].bytes = 0x2800;
	ret = vfu_server_listen(how == 0xf2 ? "" : FUZZ_PATH, &config, &r->server, why,
				sizeof(why));
	MUST(ret == 0 || strlen(why) != 0);
	return ret == 0;
}

/* Descriptors for one step; returns how many. */
static unsigned int
fds_make(unsigned int step, int *fds)
{
	unsigned int n = 0, copies = (step & STEP_MANY) != 0 ? 6 : 1;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < copies; i++) {
		if ((step & STEP_FILE) != 0)
			fds[n++] = fuzz_kernel_file();
		if ((step & STEP_EVENT) != 0)
			fds[n++] = fuzz_kernel_event();
	}
	if ((step & STEP_PIPE) != 0)
		fds[n++] = fuzz_kernel_pipe();
	for (unsigned int i = 0; i < n; i++)
		if (fds[i] >= 0)
			fds[kept++] = fds[i];
	return kept;
}

static void
client_send(struct rig *r, unsigned int step, const void *data, size_t bytes)
{
	int fds[16];
	unsigned int n = fds_make(step, fds);

	if ((step & 0x0f) == (STEP_FILE | STEP_PIPE) && n != 0)
		fuzz_kernel_seal(fds[0]);
	if (r->clients[r->at] >= 0)
		fuzz_kernel_send(r->clients[r->at], data, bytes, fds, n);
	for (unsigned int i = 0; i < n; i++) {
		if ((step & STEP_CUT) != 0)
			fuzz_kernel_truncate(fds[i], 0);
		fuzz_kernel_close(fds[i]);
	}
}

/* Pages of one file, one map each; neither their order nor their places are those of the file. */
static void
maps_send(struct rig *r)
{
	struct {
		struct vfu_hdr hdr;
		struct vfu_dma_map map;
	} msg = {
		.hdr = {.cmd = VFU_CMD_DMA_MAP, .bytes = sizeof(msg), .flags = VFU_HDR_NO_REPLY},
		.map = {.argsz = sizeof(msg.map), .flags = 3, .bytes = PAGE},
	};
	int file = fuzz_kernel_file();

	if (r->maps_sent || file < 0 || r->clients[r->at] < 0)
		goto out;
	r->maps_sent = true;
	for (unsigned int i = 0; i < MAPS; i++) {
		msg.map.iova = MAPS_IOVA + (i * 37 % MAPS) * PAGE;
		msg.map.fd_off = i * 5 % (FUZZ_FILE_BYTES / PAGE) * PAGE;
		fuzz_kernel_send(r->clients[r->at], &msg, sizeof(msg), &file, i % 8 != 7);
		if (i % 32 == 31)
			(void)vfu_server_poll(r->server);
	}
out:
	if (file >= 0)
		fuzz_kernel_close(file);
}

/* A message that has a chance: what is right, changed in some places. */
static void
message_send(struct rig *r)
{
	static const struct {
		uint16_t cmd;
		uint16_t bytes;
		uint64_t words[4];
	} kinds[] = {
		{VFU_CMD_VERSION, 4, {0}},
		{VFU_CMD_DMA_MAP, 32, {32 | 3ull << 32, 0, 0x10000, 0x1000}},
		{VFU_CMD_DMA_UNMAP, 24, {24, 0x10000, 0x1000}},
		{VFU_CMD_GET_INFO, 16, {16}},
		{VFU_CMD_GET_REGION_INFO, 32, {256, 4}},
		{VFU_CMD_GET_IRQ_INFO, 16, {16, 2}},
		{VFU_CMD_SET_IRQS, 20, {20 | 0x24ull << 32, 2, 1}},
		{VFU_CMD_REGION_READ, 16, {0, 4ull << 32}},
		{VFU_CMD_REGION_WRITE, 24, {0, 8ull << 32, 1}},
		{VFU_CMD_RESET, 0, {0}},
		{VFU_CMD_WRITE_MULTI, 32, {1, 8, 4ull << 32, 1}},
		{VFU_CMD_DMA_READ, 0, {0}},
	};
	const uint8_t how = fuzz_take8(&r->in);
	const unsigned int kind = how % (sizeof(kinds) / sizeof(kinds[0]));
	uint8_t msg[sizeof(struct vfu_hdr) + 64] = {0};
	struct vfu_hdr hdr = {.cmd = kinds[kind].cmd};
	uint8_t at, changes;

	hdr.bytes = (uint32_t)sizeof(hdr) + kinds[kind].bytes;
	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), kinds[kind].words, sizeof(kinds[kind].words));
	for (changes = fuzz_take8(&r->in) % 8; changes != 0; changes--) {
		at = fuzz_take8(&r->in);
		msg[at % hdr.bytes] ^= fuzz_take8(&r->in);
	}
	client_send(r, fuzz_take8(&r->in) & 0x1f, msg, hdr.bytes);
}

/* Answers the message that the server sent last, or does something near it. */
static void
dma_answer(struct rig *r)
{
	const uint8_t how = fuzz_take8(&r->in);
	struct vfu_hdr hdr;

	if (r->got_bytes < sizeof(hdr) || r->got_bytes + 4096 > sizeof(r->got))
		return;
	memcpy(&hdr, r->got, sizeof(hdr));
	if (hdr.cmd == VFU_CMD_DMA_READ && hdr.bytes == 32)
		hdr.bytes += r->got[24] + 256u * r->got[25];
	hdr.flags |= VFU_HDR_REPLY | ((how & 1) != 0 ? VFU_HDR_ERROR : 0);
	hdr.error = (how & 1) != 0 ? how : 0;
	hdr.id += how >> 1 & 1;
	if (hdr.bytes > sizeof(r->got))
		return;
	memcpy(r->got, &hdr, sizeof(hdr));
	client_send(r, 0, r->got, (how & 4) != 0 ? hdr.bytes / 2 : hdr.bytes);
}

/* What is neither a message nor of the device. */
static void
act(struct rig *r)
{
	const uint8_t what = fuzz_take8(&r->in);
	int *client = &r->clients[r->at];
	void *at;

	switch (what % 11) {
	case 0:
		dma_answer(r);
		break;
	case 1:
		r->at = what / 11 % CLIENTS;
		if (r->clients[r->at] < 0)
			r->clients[r->at] = fuzz_kernel_connect();
		break;
	case 2:
		if (*client >= 0)
			fuzz_kernel_room(*client, fuzz_take8(&r->in));
		break;
	case 3:
		if (*client >= 0)
			fuzz_kernel_room(*client, 32768);
		break;
	case 4:
		fuzz_kernel_pass(fuzz_take8(&r->in) * 100000000ull);
		break;
	case 5:
		if (*client >= 0)
			fuzz_kernel_close(*client);
		*client = -1;
		break;
	case 6:
		at = iova_map_find(vfu_server_iova(r->server), MAPS_IOVA, PAGE, IOVA_READ);
		(void)iova_map_fault(vfu_server_iova(r->server), at != NULL ? at : r);
		if (iova_map_broken(vfu_server_iova(r->server)))
			vfu_server_drop(r->server, "its memory is gone");
		break;
	case 7:
		vfu_server_dma_cancel(r->server, what / 11 % VFU_DMA_LANES);
		break;
	default:
		message_send(r);
		break;
	}
}

static void
device_dma(struct rig *r)
{
	uint8_t data[VFU_DMA_BYTES_MAX + 1] = {0};

	(void)!vfu_server_dma_read(r->server, 0, 0x10000, data, 64);
	(void)!vfu_server_dma_read(r->server, 1, MAPS_IOVA + 0xfff, data, 1);
	(void)!vfu_server_dma_read(r->server, 1, 0, data, sizeof(data));
	(void)vfu_server_dma_write(r->server, 0x10040, data, r->regs[1] * 16);
}

/* What the device does between two messages. Where it may look must be there. */
static void
device_work(struct rig *r)
{
	static const uint64_t iovas[] = {0, 0x10000, MAPS_IOVA, MAPS_IOVA + PAGE,
					 0xfffffffffffff000};
	struct iova_map *map = vfu_server_iova(r->server);
	uint64_t first, bytes;
	void *at;

	for (unsigned int i = 0; i < 17; i += 4)
		(void)vfu_server_irq_trigger(r->server, i);
	for (unsigned int i = 0; i < sizeof(iovas) / sizeof(iovas[0]); i++) {
		at = iova_map_find(map, iovas[i], PAGE, IOVA_READ);
		MUST(at == NULL || fuzz_kernel_mapped(at, PAGE));
		MUST(at == NULL || iova_map_reaches(map, iovas[i], PAGE, IOVA_READ));
		if (!iova_map_span(map, iovas[i], IOVA_WRITE, &first, &bytes, &at))
			continue;
		MUST(first <= iovas[i] && iovas[i] - first < bytes);
		MUST(fuzz_kernel_mapped(at, bytes));
	}
}

static void
step(struct rig *r)
{
	const uint8_t how = fuzz_take8(&r->in);
	uint8_t msg[255];
	size_t n;

	if ((how & STEP_ACT) != 0) {
		act(r);
	} else {
		n = fuzz_take8(&r->in);
		if (n > r->in.left)
			n = r->in.left;
		fuzz_take(&r->in, msg, n);
		if ((how & STEP_MAPS) != 0)
			maps_send(r);
		client_send(r, how, msg, n);
	}
	(void)vfu_server_poll(r->server);
	device_work(r);
	if ((how & (STEP_DMA | STEP_ACT)) == STEP_DMA)
		device_dma(r);
	if (r->clients[r->at] < 0)
		return;
	n = fuzz_kernel_recv(r->clients[r->at], r->got, sizeof(r->got));
	r->got_bytes = n != 0 ? n : r->got_bytes;
}

static void
version_send(struct rig *r)
{
	const struct {
		struct vfu_hdr hdr;
		struct vfu_version version;
	} hello = {.hdr = {.cmd = VFU_CMD_VERSION, .bytes = sizeof(hello)}};

	client_send(r, 0, &hello, sizeof(hello));
	(void)vfu_server_poll(r->server);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct rig r = {.in = {.data = data, .left = bytes}, .clients = {-1, -1, -1}};
	int window;

	fuzz_kernel_reset();
	window = fuzz_kernel_file();
	if (!server_make(&r, window))
		goto out;
	r.clients[0] = fuzz_kernel_connect();
	MUST(r.clients[0] >= 0 && vfu_server_poll(r.server) == 1);
	MUST(vfu_server_poll_fd(r.server) >= 0);
	if (bytes != 0 && (data[0] & 1) != 0)
		version_send(&r);
	while (r.in.left != 0)
		step(&r);
	for (unsigned int i = 0; i < CLIENTS; i++)
		if (r.clients[i] >= 0)
			fuzz_kernel_close(r.clients[i]);
	/* Sockets that can be written wait for that alone. */
	for (unsigned int i = 0; i < 2 * CLIENTS + 2; i++)
		(void)vfu_server_poll(r.server);
	MUST(!r.there && !vfu_server_connected(r.server) && vfu_server_dma_quiet(r.server));
	vfu_server_destroy(r.server);
out:
	fuzz_kernel_close(window);
	MUST(fuzz_kernel_fds() == 0);
	return 0;
}
