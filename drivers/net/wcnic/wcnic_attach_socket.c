/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The card in another process of this host, over vfio-user: registers by message, windows and host
 * memory shared.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ethdev_driver.h>
#include <rte_eal.h>

#include <vfu_client.h>

#include "wcnic_attach.h"
#include "wcnic_dma.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_share.h"

struct sock {
	struct wcnic_hw *hw;
	struct vfu_client *client; /* NULL while there is no card */
	pthread_mutex_t lock;      /* client against memory events */
	struct wcnic_dma dma;
	bool unreachable_logged;
	/* Where BAR2 is, whatever card is there: the same address in secondary processes. */
	void *aperture;
	size_t aperture_bytes;
};

static int
range_map(struct sock *s, const struct wcnic_dma_range *range)
{
	int ret = vfu_client_dma_map(s->client, (uintptr_t)range->addr, range->bytes, range->fd,
				     range->fd_off, IOVA_READ | IOVA_WRITE);

	if (ret != 0 && ret != -EEXIST)
		WCNIC_LOG(ERR, s->hw, "the card does not map %zu bytes of memory at %p: %s",
			  range->bytes, range->addr, strerror(-ret));
	return ret;
}

static int
dma_map(void *ctx, const struct wcnic_dma_range *range)
{
	struct sock *s = ctx;
	int ret = 0;

	pthread_mutex_lock(&s->lock);
	if (s->client != NULL)
		ret = range_map(s, range);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

static void
dma_unmap(void *ctx, void *addr, size_t bytes)
{
	struct sock *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (s->client != NULL)
		(void)vfu_client_dma_unmap(s->client, (uintptr_t)addr, bytes);
	pthread_mutex_unlock(&s->lock);
}

static const struct wcnic_dma_ops dma_ops = {
	.needs_file = true,
	.map = dma_map,
	.unmap = dma_unmap,
};

static int
aperture_check(struct wcnic_hw *hw, struct vfu_client *client)
{
	struct vfu_region regs, windows;
	int ret;

	ret = vfu_client_region_info(client, WCNIC_BAR_REGS, &regs);
	if (ret == 0)
		ret = vfu_client_region_info(client, WCNIC_BAR_WINDOWS, &windows);
	if (ret != 0)
		return ret;
	if (regs.bytes >= WCNIC_BAR_REGS_BYTES && windows.bytes != 0 &&
	    (windows.flags & VFU_REGION_FLAG_MMAP) != 0)
		return 0;
	WCNIC_LOG(ERR, hw,
		  "socket=%s: not a wcnic card: BAR0 of 0x%" PRIx64 " bytes, BAR2 of 0x%" PRIx64
		  "%s; 0x%x and a mappable BAR2 are needed",
		  hw->args.socket, regs.bytes, windows.bytes,
		  (windows.flags & VFU_REGION_FLAG_MMAP) != 0 ? "" : ", not mappable",
		  WCNIC_BAR_REGS_BYTES);
	return -EPROTO;
}

/* What is wrong with the file behind BAR2; NULL: nothing. */
static const char *
file_fault(int file, uint64_t off, uint64_t bytes)
{
	const uint64_t page = (uint64_t)getpagesize();
	struct stat st;
	int seals;

	seals = fcntl(file, F_GET_SEALS);
	/* A store beyond its end is a SIGBUS, which is the whole process's. */
	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
		return "could be cut short under this process, which would end it; a server seals "
		       "it with F_SEAL_SHRINK";
	if ((fcntl(file, F_GETFL) & O_ACCMODE) != O_RDWR)
		return "cannot be written; a server opens it O_RDWR";
	if (off % page != 0 || bytes % page != 0)
		return "does not hold it in whole pages";
	if (fstat(file, &st) != 0 || off > (uint64_t)st.st_size || bytes > st.st_size - off)
		return "ends before BAR2 does";
	return NULL;
}

/* Keeps an address range for BAR2, in which windows are mapped. */
static int
aperture_reserve(struct sock *s, size_t bytes)
{
	void *at;

	if (s->aperture != NULL && s->aperture_bytes == bytes)
		return 0;
	if (s->aperture != NULL)
		munmap(s->aperture, s->aperture_bytes);
	s->aperture = NULL;
	at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	s->aperture = at;
	s->aperture_bytes = bytes;
	return 0;
}

/* Secondary processes are to map what this card has. */
static int
aperture_share(struct sock *s, struct vfu_client *client)
{
	struct vfu_region windows;
	const char *fault;
	uint64_t off;
	int file, ret;

	ret = vfu_client_region_info(client, WCNIC_BAR_WINDOWS, &windows);
	if (ret == 0)
		ret = vfu_client_region_file(client, WCNIC_BAR_WINDOWS, &file, &off);
	if (ret != 0)
		return ret;
	fault = file_fault(file, off, windows.bytes);
	if (fault != NULL) {
		WCNIC_LOG(ERR, s->hw,
			  "socket=%s: BAR2 has 0x%" PRIx64 " bytes from 0x%" PRIx64
			  " on of a file that %s",
			  s->hw->args.socket, windows.bytes, off, fault);
		return -EPROTO;
	}
	ret = aperture_reserve(s, windows.bytes);
	if (ret == 0)
		ret = wcnic_share_bar(s->hw, s->aperture, windows.bytes, file, off);
	if (ret != 0)
		WCNIC_LOG(ERR, s->hw, "socket=%s: no room for a BAR2 of 0x%" PRIx64 " bytes: %s",
			  s->hw->args.socket, windows.bytes, strerror(-ret));
	return ret;
}

static void
socket_close(struct wcnic_hw *hw)
{
	struct sock *s = hw->ctx;
	struct vfu_client *client;

	wcnic_dma_stop(&s->dma);
	pthread_mutex_lock(&s->lock);
	client = s->client;
	s->client = NULL;
	pthread_mutex_unlock(&s->lock);
	vfu_client_close(client);
}

static int
ctx_make(struct wcnic_hw *hw)
{
	struct sock *s;

	if (hw->ctx != NULL)
		return 0;
	if (rte_eal_iova_mode() != RTE_IOVA_VA) {
		WCNIC_LOG(ERR, hw,
			  "socket=: the card needs virtual addresses; start with "
			  "--iova-mode=va");
		return -ENOTSUP;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	s->hw = hw;
	pthread_mutex_init(&s->lock, NULL);
	wcnic_dma_init(&s->dma, hw, &dma_ops, s);
	hw->ctx = s;
	return 0;
}

static int
socket_open(struct wcnic_hw *hw)
{
	struct vfu_client *client;
	struct sock *s;
	char why[256];
	int ret = ctx_make(hw);

	if (ret != 0)
		return ret;
	s = hw->ctx;
	ret = vfu_client_connect(hw->args.socket, hw->args.timeout_ms, &client, why, sizeof(why));
	if (ret != 0) {
		if (!s->unreachable_logged)
			WCNIC_LOG(ERR, hw, "socket=%s: %s", hw->args.socket, why);
		s->unreachable_logged = true;
		return ret;
	}
	s->unreachable_logged = false;
	ret = aperture_check(hw, client);
	if (ret == 0)
		ret = aperture_share(s, client);
	if (ret != 0) {
		vfu_client_close(client);
		return ret;
	}
	s->client = client;
	ret = wcnic_dma_start(&s->dma);
	if (ret != 0)
		socket_close(hw);
	return ret;
}

static void
socket_free(struct wcnic_hw *hw)
{
	struct sock *s = hw->ctx;

	if (s == NULL)
		return;
	wcnic_dma_fini(&s->dma);
	pthread_mutex_destroy(&s->lock);
	if (s->aperture != NULL)
		munmap(s->aperture, s->aperture_bytes);
	free(s);
	hw->ctx = NULL;
}

static int
socket_reg_read(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes)
{
	struct sock *s = hw->ctx;

	return vfu_client_region_read(s->client, WCNIC_BAR_REGS, off, value, bytes);
}

static int
socket_reg_write(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes)
{
	struct sock *s = hw->ctx;

	return vfu_client_region_write(s->client, WCNIC_BAR_REGS, off, value, bytes);
}

/* The other process's memory: cacheable, whatever was intended. */
static int
socket_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes,
		  enum wcbar_type intended __rte_unused, struct wcbar_window *win)
{
	struct sock *s = hw->ctx;
	void *const at = RTE_PTR_ADD(s->aperture, off);
	int ret;

	if (off > s->aperture_bytes || bytes > s->aperture_bytes - off)
		return -EINVAL;
	ret = vfu_client_region_mmap_at(s->client, WCNIC_BAR_WINDOWS, off, bytes, at);
	win->addr = at;
	win->bytes = bytes;
	win->type = WCBAR_TYPE_WB;
	win->direct = true;
	return ret;
}

static void
socket_window_unmap(struct wcnic_hw *hw __rte_unused, struct wcbar_window *win)
{
	/* the range stays the port's */
	(void)mmap(win->addr, win->bytes, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	win->addr = NULL;
}

static uint64_t
socket_aperture_bytes(struct wcnic_hw *hw)
{
	const struct sock *s = hw->ctx;

	return s->aperture_bytes;
}

static int
socket_irq_bind(struct wcnic_hw *hw, unsigned int n, const int *fds)
{
	struct sock *s = hw->ctx;

	return vfu_client_msix_set(s->client, 0, n, fds);
}

static int
socket_dma_map(struct wcnic_hw *hw, void *addr, uint64_t iova, size_t bytes)
{
	struct sock *s = hw->ctx;

	return wcnic_dma_map(&s->dma, addr, iova, bytes);
}

static int
socket_dma_unmap(struct wcnic_hw *hw, void *addr, uint64_t iova, size_t bytes)
{
	struct sock *s = hw->ctx;

	return wcnic_dma_unmap(&s->dma, addr, iova, bytes);
}

static bool
socket_dma_reaches(struct wcnic_hw *hw, uint64_t iova, size_t bytes)
{
	struct sock *s = hw->ctx;

	return wcnic_dma_reaches(&s->dma, iova, bytes);
}

/* Nothing is sent if the socket is full: the messages in it wake the card as well. */
static int
socket_wake(struct wcnic_hw *hw)
{
	const wcnic_le32 any = htole32(1);
	struct sock *s = hw->ctx;

	return vfu_client_region_post(s->client, WCNIC_BAR_REGS, WCNIC_REG_WAKE, &any, sizeof(any));
}

static bool
socket_alive(struct wcnic_hw *hw)
{
	struct sock *s = hw->ctx;

	return vfu_client_alive(s->client);
}

const struct wcnic_attach_ops wcnic_attach_socket = {
	.name = "socket",
	.open = socket_open,
	.close = socket_close,
	.free = socket_free,
	.reg_read = socket_reg_read,
	.reg_write = socket_reg_write,
	.window_map = socket_window_map,
	.window_unmap = socket_window_unmap,
	.aperture_bytes = socket_aperture_bytes,
	.irq_bind = socket_irq_bind,
	.irqs_shared = true,
	.dma_map = socket_dma_map,
	.dma_unmap = socket_dma_unmap,
	.dma_reaches = socket_dma_reaches,
	.alive = socket_alive,
	.wake = socket_wake,
};
