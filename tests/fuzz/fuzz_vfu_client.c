/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A vfio-user client and whatever a server may answer. The input says what the program asks for,
 * and how each answer differs from the right one: an answer that the input does not reach is right.
 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>

#include <vfu_client.h>
#include <vfu_wire.h>

#include "fuzz_input.h"
#include "fuzz_kernel.h"

#define ANSWER_BYTES 10000u
#define TIMEOUT_MS 1000u
#define PAGE 0x1000u

#define HOW_RAW 0x01u /* nothing of it is right */
#define HOW_CHANGED 0x02u
#define HOW_FDS 0x04u /* other descriptors */
#define HOW_ERROR 0x08u
#define HOW_LENGTH 0x10u
#define HOW_PIECES 0x20u /* it comes in two pieces */
#define HOW_LEAVES 0x40u /* and the server goes */
#define HOW_SILENT 0x80u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Whoever is at the other end of the socket. */
static struct {
	struct fuzz_input in;
	int sock; /* -1: it is gone */
	int file; /* behind its regions */
	bool may_serve;
	uint8_t rest[ANSWER_BYTES]; /* of the answer that comes in pieces */
	size_t rest_bytes;
	uint8_t asked[ANSWER_BYTES];
} server;

static int
server_start(void)
{
	int pair[2];

	if (!server.may_serve) {
		server.may_serve = true;
		return -1; /* its queue is full at first */
	}
	if (!fuzz_kernel_pair(pair))
		return -1;
	/* The pair's other end is in the place of the client's own socket, which has connected. */
	fuzz_kernel_close(pair[1]);
	server.sock = pair[0];
	return pair[0];
}

/* ---- the right answer -------------------------------------------------------------------- */

static size_t
region_answer(uint8_t *out, const uint8_t *asked)
{
	static const struct vfu_area areas[] = {{0, PAGE}, {2 * PAGE, PAGE}};
	const struct vfu_cap_sparse cap = {.id = VFU_CAP_SPARSE_MMAP, .version = 1, .n_areas = 2};
	struct vfu_region_info ask, info = {.argsz = sizeof(info), .bytes = FUZZ_FILE_BYTES};

	memcpy(&ask, asked + sizeof(struct vfu_hdr), sizeof(ask));
	info.index = ask.index;
	info.flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	if (ask.index % 2 == 0)
		info.flags |= VFU_REGION_FLAG_MMAP;
	if (ask.index == 2) {
		info.flags |= VFU_REGION_FLAG_CAPS;
		info.argsz += (uint32_t)(sizeof(cap) + sizeof(areas));
		info.cap_off = sizeof(info);
		memcpy(out + sizeof(info), &cap, sizeof(cap));
		memcpy(out + sizeof(info) + sizeof(cap), areas, sizeof(areas));
	}
	memcpy(out, &info, sizeof(info));
	return info.argsz <= ask.argsz ? info.argsz : sizeof(info);
}

/* The payload of the answer to what was asked; returns how long it is. */
static size_t
payload_make(uint8_t *out, const struct vfu_hdr *hdr, const uint8_t *asked)
{
	static const char caps[] = "{\"capabilities\":{\"max_msg_fds\":8}}";
	const struct vfu_info info = {.argsz = sizeof(info),
				      .flags = VFU_INFO_PCI | VFU_INFO_RESET,
				      .num_regions = VFU_PCI_REGIONS,
				      .num_irqs = VFU_IRQS_MAX};
	const struct vfu_irq_info irq = {.argsz = sizeof(irq), .index = VFU_IRQ_MSIX, .count = 16};
	struct vfu_access access;

	memcpy(&access, asked + sizeof(*hdr), sizeof(access));
	switch (hdr->cmd) {
	case VFU_CMD_VERSION:
		memcpy(out + sizeof(struct vfu_version), caps, sizeof(caps));
		return sizeof(struct vfu_version) + sizeof(caps);
	case VFU_CMD_GET_INFO:
		memcpy(out, &info, sizeof(info));
		return sizeof(info);
	case VFU_CMD_GET_REGION_INFO:
		return region_answer(out, asked);
	case VFU_CMD_GET_IRQ_INFO:
		memcpy(out, &irq, sizeof(irq));
		return sizeof(irq);
	case VFU_CMD_REGION_READ:
		memcpy(out, &access, sizeof(access));
		return sizeof(access) + (access.count <= 4096 ? access.count : 0);
	case VFU_CMD_REGION_WRITE:
		memcpy(out, &access, sizeof(access));
		return sizeof(access);
	case VFU_CMD_DMA_UNMAP:
		memcpy(out, asked + sizeof(*hdr), sizeof(struct vfu_dma_unmap));
		return sizeof(struct vfu_dma_unmap);
	default:
		return 0;
	}
}

/* ---- the answer that is given ------------------------------------------------------------ */

static void
answer_change(uint8_t *msg, size_t bytes)
{
	for (uint8_t changes = 1 + fuzz_take8(&server.in) % 8; changes != 0; changes--) {
		size_t at = fuzz_take8(&server.in);

		if ((changes & 1) == 0)
			at += fuzz_take8(&server.in) * 16u;
		msg[at % bytes] ^= fuzz_take8(&server.in);
	}
}

/* Descriptors of an answer: one where it is right, or any. */
static unsigned int
fds_make(const struct vfu_hdr *hdr, uint8_t how, int *fds)
{
	unsigned int n = hdr->cmd == VFU_CMD_GET_REGION_INFO;
	uint8_t kinds = 0;

	if ((how & HOW_FDS) != 0) {
		kinds = fuzz_take8(&server.in);
		n = kinds % 10;
	}
	for (unsigned int i = 0; i < n; i++) {
		fds[i] = (kinds & 0x10) == 0 ? server.file : fuzz_kernel_event();
		if (fds[i] < 0)
			return i;
	}
	return n;
}

static void
answer_send(const uint8_t *msg, size_t bytes, const struct vfu_hdr *hdr, uint8_t how)
{
	size_t first = (how & HOW_PIECES) != 0 ? fuzz_take8(&server.in) : bytes;
	unsigned int n;
	int fds[10];

	if (first > bytes)
		first = bytes;
	n = fds_make(hdr, how, fds);
	fuzz_kernel_send(server.sock, msg, first, fds, n);
	for (unsigned int i = 0; i < n; i++)
		if (fds[i] != server.file)
			fuzz_kernel_close(fds[i]);
	server.rest_bytes = bytes - first;
	memcpy(server.rest, msg + first, server.rest_bytes);
	if ((how & HOW_LEAVES) == 0)
		return;
	fuzz_kernel_close(server.sock);
	server.sock = -1;
}

static void
answer(const struct vfu_hdr *asked)
{
	static uint8_t msg[ANSWER_BYTES];
	struct vfu_hdr hdr = *asked;
	uint8_t how = fuzz_take8(&server.in);
	size_t bytes;

	if ((how & HOW_SILENT) != 0) {
		fuzz_kernel_pass(fuzz_take8(&server.in) * 10000000ull);
		return;
	}
	memset(msg, 0, sizeof(msg));
	bytes = sizeof(hdr) + payload_make(msg + sizeof(hdr), asked, server.asked);
	hdr.flags = VFU_HDR_REPLY;
	if ((how & HOW_ERROR) != 0) {
		hdr.flags |= VFU_HDR_ERROR;
		hdr.error = fuzz_take16(&server.in);
		bytes = sizeof(hdr);
	}
	if ((how & HOW_LENGTH) != 0)
		bytes = sizeof(hdr) + fuzz_take16(&server.in) % 9000u;
	hdr.bytes = (uint32_t)bytes;
	memcpy(msg, &hdr, sizeof(hdr));
	if ((how & HOW_RAW) != 0) {
		bytes = 1u + fuzz_take8(&server.in);
		fuzz_take(&server.in, msg, bytes);
	}
	if ((how & HOW_CHANGED) != 0)
		answer_change(msg, bytes);
	answer_send(msg, bytes, asked, how);
}

/* The client waits for an answer, or for room for what it asks. */
static void
client_waits(int fd, short events)
{
	struct vfu_hdr hdr;
	size_t n;

	(void)fd;
	if (server.sock < 0 || (events & POLLOUT) != 0) {
		if (server.sock >= 0)
			fuzz_kernel_room(server.sock, 32768);
		fuzz_kernel_pass(TIMEOUT_MS * 100000ull);
		return;
	}
	if (server.rest_bytes != 0) {
		fuzz_kernel_send(server.sock, server.rest, server.rest_bytes, NULL, 0);
		server.rest_bytes = 0;
		return;
	}
	n = fuzz_kernel_recv(server.sock, server.asked, sizeof(hdr));
	if (n == sizeof(hdr)) {
		memcpy(&hdr, server.asked, sizeof(hdr));
		MUST(hdr.bytes >= sizeof(hdr) && hdr.bytes <= sizeof(server.asked));
		n = fuzz_kernel_recv(server.sock, server.asked + n, hdr.bytes - sizeof(hdr));
		MUST(n == hdr.bytes - sizeof(hdr));
		if ((hdr.flags & VFU_HDR_NO_REPLY) == 0)
			answer(&hdr);
		return;
	}
	fuzz_kernel_pass(TIMEOUT_MS * 1000000ull);
}

/* ---- what the program asks for ----------------------------------------------------------- */

static void
region_map(struct vfu_client *c, unsigned int region, uint64_t off, size_t bytes, bool fixed)
{
	static uint8_t place[FUZZ_FILE_BYTES] WC_ALIGNED(4096);
	void *at = NULL;

	if (fixed) {
		if (bytes <= sizeof(place))
			(void)!vfu_client_region_mmap_at(c, region, off, bytes, place);
		return;
	}
	if (vfu_client_region_mmap(c, region, off, bytes, &at) != 0)
		return;
	MUST(fuzz_kernel_mapped(at, bytes));
	munmap(at, bytes);
}

static void
vectors_set(struct vfu_client *c, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);
	const unsigned int start = how % 24, count = fuzz_take8(in) % 24;
	const int event = fuzz_kernel_event();
	int fds[24];

	for (unsigned int i = 0; i < 24; i++)
		fds[i] = (fuzz_take8(in) & 1) == 0 ? event : -1;
	(void)vfu_client_msix_set(c, start, count, fds);
	if (event >= 0)
		fuzz_kernel_close(event);
}

static void
memory_map(struct vfu_client *c, struct fuzz_input *in)
{
	const uint64_t iova = fuzz_take16(in) * 256ull;
	const uint64_t bytes = fuzz_take8(in) * 2048ull;
	const uint8_t how = fuzz_take8(in);

	if ((how & 1) == 0)
		(void)vfu_client_dma_unmap(c, iova, bytes);
	else
		(void)!vfu_client_dma_map(c, iova, bytes, (how & 2) != 0 ? -1 : server.file,
					  (how >> 4) * 2048ull, how >> 2 & 3);
}

static void
step(struct vfu_client *c, struct fuzz_input *in)
{
	const uint8_t what = fuzz_take8(in);
	const unsigned int region = fuzz_take8(in) % 10;
	const uint64_t off = fuzz_take16(in);
	uint8_t data[6000] = {0};
	struct vfu_region info;
	size_t bytes;
	uint64_t at;
	int file;

	switch (what % 12) {
	case 0:
		bytes = fuzz_take16(in) % sizeof(data);
		(void)!vfu_client_region_read(c, region, off, data, bytes);
		break;
	case 1:
		bytes = fuzz_take16(in) % sizeof(data);
		(void)!vfu_client_region_write(c, region, off, data, bytes);
		break;
	case 2:
		(void)vfu_client_region_post(c, region, off, data, fuzz_take8(in) % 10);
		break;
	case 3:
	case 4:
		region_map(c, region, off / 256 * PAGE, fuzz_take8(in) * 1024ul, what % 12 == 4);
		break;
	case 5:
		if (vfu_client_region_file(c, region, &file, &at) == 0)
			MUST(file >= FUZZ_FD_FIRST);
		break;
	case 6:
		memory_map(c, in);
		break;
	case 7:
		vectors_set(c, in);
		break;
	case 8:
		(void)vfu_client_reset(c);
		break;
	case 9:
		(void)vfu_client_alive(c);
		break;
	case 10:
		if (server.sock >= 0)
			fuzz_kernel_room(server.sock, fuzz_take8(in));
		break;
	default:
		if (vfu_client_region_info(c, region, &info) == 0)
			MUST((info.flags & ~(VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE |
					     VFU_REGION_FLAG_MMAP)) == 0);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct vfu_client *client = NULL;
	char why[300] = "";
	uint8_t how;
	int ret;

	fuzz_kernel_reset();
	fuzz_kernel_waits = client_waits;
	fuzz_kernel_serves = server_start;
	server.in = (struct fuzz_input){.data = data, .left = bytes};
	server.sock = -1;
	server.rest_bytes = 0;
	how = fuzz_take8(&server.in);
	server.may_serve = (how & 0x80) == 0;
	server.file = fuzz_kernel_file();
	fuzz_path = how % 16 < 12 ? FUZZ_PATH_BUSY : how % 16 - 12;
	if ((how & 0x20) != 0)
		fuzz_kernel_truncate(server.file, fuzz_take16(&server.in));
	ret = vfu_client_connect(how == 0x4f ? "" : FUZZ_PATH, TIMEOUT_MS, &client, why,
				 sizeof(why));
	MUST((ret == 0) == (client != NULL) && (ret == 0) == (why[0] == '\0'));
	while (client != NULL && server.in.left != 0)
		step(client, &server.in);
	vfu_client_close(client);
	if (server.sock >= 0)
		fuzz_kernel_close(server.sock);
	fuzz_kernel_close(server.file);
	MUST(fuzz_kernel_fds() == 0);
	return 0;
}
