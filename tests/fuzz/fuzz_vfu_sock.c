/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A vfio-user server and whatever a client may send. The input is a series of steps: a byte that
 * says what descriptors go along and whether the version is agreed on first, a byte that is the
 * length of what is sent in this step, and the bytes.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vfu_server.h>
#include <vfu_wire.h>

#define STEP_MEMFD 0x01u
#define STEP_EVENTFD 0x02u
#define STEP_PIPE 0x04u
#define STEP_MANY 0x08u
#define STEP_CUT 0x10u  /* the file shrinks after it was sent */
#define STEP_DMA 0x20u  /* the device reads and writes by message afterwards */
#define STEP_MAPS 0x40u /* many pages are mapped first, in an order of their own */

#define CLOSE_MS 60000u /* a thread closes: it may be late */
#define MAPS 96u
#define MAPS_IOVA 0x100000u
#define PAGE 0x1000u

#define REGS_BYTES 0x1000u
#define FILE_BYTES 0x10000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct device {
	uint8_t regs[REGS_BYTES];
	int window_fd;
	bool there;
};

static int
region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct device *device = ctx;

	/* Past the end is what the server must not let through. */
	if (region == 0)
		memcpy(data, device->regs + off, bytes);
	else
		memset(data, 0, bytes);
	return 0;
}

static int
region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct device *device = ctx;

	if (region == 0)
		memcpy(device->regs + off, data, bytes);
	return off == 0x800 ? -EIO : 0;
}

static int
device_reset(void *ctx)
{
	(void)ctx;
	return 0;
}

static void
connected(void *ctx)
{
	struct device *device = ctx;

	if (device->there)
		abort();
	device->there = true;
}

static void
disconnected(void *ctx)
{
	struct device *device = ctx;

	if (!device->there)
		abort();
	device->there = false;
}

static const struct vfu_server_ops ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = device_reset,
	.connected = connected,
	.disconnected = disconnected,
};

static const struct vfu_server_area areas[] = {{0, 0x1000}, {0x2000, 0x1000}};

static struct vfu_server *
server_make(struct device *device, int sock)
{
	const uint32_t rw = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	struct vfu_server_config config = {
		.ops = &ops,
		.ctx = device,
		.regions[0] = {.bytes = REGS_BYTES, .flags = rw},
		.regions[2] = {.bytes = FILE_BYTES,
			       .flags = rw | VFU_REGION_FLAG_MMAP,
			       .fd = device->window_fd},
		.regions[4] = {.bytes = 0x4000,
			       .flags = rw | VFU_REGION_FLAG_MMAP,
			       .fd = device->window_fd,
			       .areas = areas,
			       .n_areas = 2},
		.regions[VFU_PCI_REGION_CONFIG] = {.bytes = 0x100, .flags = VFU_REGION_FLAG_READ},
		.msix_vectors = 16,
	};
	struct vfu_server *server = NULL;

	if (vfu_server_adopt(sock, &config, &server) < 0)
		abort();
	return server;
}

/* Descriptors for one step; returns how many. The pipe's other end is closed: it would SIGPIPE. */
static unsigned int
fds_make(unsigned int step, int *fds)
{
	unsigned int n = 0, copies = (step & STEP_MANY) != 0 ? 6 : 1;
	int pair[2];

	for (unsigned int i = 0; i < copies; i++) {
		if ((step & STEP_MEMFD) != 0) {
			fds[n] = memfd_create("fuzz", MFD_CLOEXEC);
			if (fds[n] < 0 || ftruncate(fds[n], FILE_BYTES) < 0)
				abort();
			n++;
		}
		if ((step & STEP_EVENTFD) != 0)
			fds[n++] = eventfd(0, EFD_CLOEXEC);
	}
	if ((step & STEP_PIPE) != 0 && pipe(pair) == 0) {
		close(pair[0]);
		fds[n++] = pair[1];
	}
	return n;
}

static void
step_send(int sock, unsigned int step, const uint8_t *data, size_t bytes)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
	} control;
	struct iovec iov = {.iov_base = (void *)data, .iov_len = bytes};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;
	unsigned int n;
	int fds[16];

	n = fds_make(step, fds);
	if (n > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n);
	}
	(void)!sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	for (unsigned int i = 0; i < n; i++) {
		if ((step & STEP_CUT) != 0)
			(void)!ftruncate(fds[i], 0);
		close(fds[i]);
	}
}

/* Pages of one file, one map each; neither their order nor their places are those of the file. */
static void
maps_send(struct vfu_server *server, int sock, unsigned int step)
{
	struct {
		struct vfu_hdr hdr;
		struct vfu_dma_map map;
	} msg = {
		.hdr = {.cmd = VFU_CMD_DMA_MAP, .bytes = sizeof(msg), .flags = VFU_HDR_NO_REPLY},
		.map = {.argsz = sizeof(msg.map), .flags = 3, .bytes = PAGE},
	};

	for (unsigned int i = 0; i < MAPS; i++) {
		msg.map.iova = MAPS_IOVA + (i * 37 % MAPS) * PAGE;
		msg.map.fd_off = i * 5 % (FILE_BYTES / PAGE) * PAGE;
		step_send(sock, step & (STEP_MEMFD | STEP_CUT), (const void *)&msg, sizeof(msg));
		(void)vfu_server_poll(server);
	}
}

static void
device_dma(struct vfu_server *server)
{
	uint8_t data[64] = {0};

	(void)!vfu_server_dma_read(server, 0, 0x10000, data, 64);
	(void)!vfu_server_dma_read(server, 1, MAPS_IOVA + 0xfff, data, 1);
	(void)vfu_server_dma_write(server, 0x10040, data, 16);
	(void)vfu_server_poll(server);
}

/* What the device does between two messages. Where it may look must be there. */
static void
device_work(struct vfu_server *server)
{
	static const uint64_t iovas[] = {0,         0x1000,           0x10000,
					 MAPS_IOVA, MAPS_IOVA + PAGE, 0xfffffffffffff000};
	struct iova_map *map = vfu_server_iova(server);

	for (unsigned int i = 0; i < 16; i++)
		(void)vfu_server_irq_trigger(server, i);
	for (unsigned int i = 0; i < sizeof(iovas) / sizeof(iovas[0]); i++) {
		void *at = iova_map_find(map, iovas[i], 0x1000, IOVA_READ);
		unsigned char resident;

		/* Not read: the file may have been cut. But it must be a mapping. */
		if (at != NULL && mincore(at, 0x1000, &resident) < 0)
			abort();
		if (at != NULL && !iova_map_reaches(map, iovas[i], 0x1000, IOVA_READ))
			abort();
	}
}

static unsigned int
lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return (unsigned int)fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const uint8_t hello[] = {0, 0, 1, 0, 20, 0, 0, 0, 0, 0,
					0, 0, 0, 0, 0,  0, 0, 0, 0, 0};
	struct device device = {.there = false};
	unsigned int before = lowest_free_fd();
	struct vfu_server *server;
	static uint8_t sink[65536];
	unsigned int step;
	size_t n;
	int pair[2];

	if (bytes == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	device.window_fd = memfd_create("window", MFD_CLOEXEC);
	if (device.window_fd < 0 || ftruncate(device.window_fd, FILE_BYTES) < 0)
		abort();
	server = server_make(&device, pair[0]);
	if ((data[0] & 1) != 0)
		step_send(pair[1], 0, hello, sizeof(hello));
	data++;
	bytes--;
	while (bytes >= 2) {
		n = data[1] < bytes - 2 ? data[1] : bytes - 2;
		step = data[0];
		if ((step & STEP_MAPS) != 0)
			maps_send(server, pair[1], step);
		step_send(pair[1], step, data + 2, n);
		data += 2 + n;
		bytes -= 2 + n;
		(void)vfu_server_poll(server);
		device_work(server);
		if ((step & STEP_DMA) != 0)
			device_dma(server);
		(void)!recv(pair[1], sink, sizeof(sink), MSG_DONTWAIT);
	}
	close(pair[1]);
	while (vfu_server_poll(server) > 0)
		;
	if (device.there || !vfu_server_dma_quiet(server))
		abort();
	vfu_server_destroy(server);
	close(device.window_fd);
	/* A thread closes what clients gave, when it comes to it. */
	for (unsigned int ms = 0; lowest_free_fd() != before; ms++) {
		if (ms == CLOSE_MS)
			abort();
		usleep(1000);
	}
	return 0;
}
