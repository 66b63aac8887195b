/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The vfio-user server's checks of requests, of any bytes. */

#include "prove.h"
#include "vfu_server_cmd.c"

/* The longest payload, and what a reply may have. */
#define PAYLOAD_MAX 64u
#define REPLY_MAX 256u
#define VECTORS 3u

static struct vfu_server server;
static int irq_fds[VECTORS];
static uint8_t reply[REPLY_MAX];

/* What the handlers call is held to its contract. */

void
vfu_server_complain(struct vfu_server *s, const char *fmt, ...)
{
	(void)s;
	(void)fmt;
}

char *
strerror(int error)
{
	(void)error;
	return "";
}

/* What the kernel says of a descriptor: any text. */
int
snprintf(char *text, size_t bytes, const char *format, ...)
{
	(void)format;
	PROVE(bytes > 0, "there is space");
	text[0] = '\0';
	return 0;
}

ssize_t
readlink(const char *path, char *text, size_t bytes)
{
	ssize_t n;

	(void)path;
	ASSUME(n >= -1 && n <= (ssize_t)bytes);
	if (n > 0)
		text[n - 1] = 'x';
	return n;
}

void *
vfu_tx_put(struct vfu_tx *tx, size_t bytes)
{
	void *at = tx->buf + tx->bytes;

	PROVE(bytes <= tx->buf_bytes - tx->bytes, "the reply fits its buffer");
	tx->bytes += bytes;
	return at;
}

void
vfu_tx_start(struct vfu_tx *tx, uint16_t id, uint16_t cmd, uint32_t flags, uint32_t error)
{
	(void)id;
	(void)cmd;
	(void)flags;
	(void)error;
	tx->bytes = sizeof(struct vfu_hdr);
}

int
vfu_rx_take_fd(struct vfu_rx *rx, unsigned int i)
{
	PROVE(i < rx->n_fds, "a descriptor that came");
	return rx->fds[i];
}

bool
vfu_server_dma_complete(struct vfu_server *s)
{
	bool good;

	(void)s;
	return good;
}

void
vfu_server_irqs_clear(struct vfu_server *s, unsigned int start, unsigned int count)
{
	PROVE(start <= s->config.msix_vectors && count <= s->config.msix_vectors - start,
	      "vectors that exist are disarmed");
}

int
vfu_server_irq_trigger(struct vfu_server *s, unsigned int vector)
{
	PROVE(vector < s->config.msix_vectors, "a vector that exists is raised");
	return 0;
}

static int
map_any(uint64_t iova, uint64_t bytes, uint64_t off, unsigned int prot)
{
	int ret;

	PROVE(bytes != 0 && iova <= UINT64_MAX - (bytes - 1), "a range that does not wrap");
	PROVE(iova % 4096 == 0 && bytes % 4096 == 0 && off % 4096 == 0, "of whole pages");
	PROVE(prot >= 1 && prot <= 3, "with rights that there are");
	ASSUME(ret <= 0 && ret > -4096);
	return ret;
}

int
iova_map_add_remote(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	(void)map;
	return map_any(iova, bytes, 0, prot);
}

int
iova_map_add_fd(struct iova_map *map, uint64_t iova, uint64_t bytes, int fd, uint64_t off,
		unsigned int prot)
{
	(void)map;
	(void)fd;
	return map_any(iova, bytes, off, prot);
}

int
iova_map_remove(struct iova_map *map, uint64_t iova, uint64_t bytes)
{
	int ret;

	(void)map;
	(void)iova;
	(void)bytes;
	return ret;
}

void
iova_map_clear(struct iova_map *map)
{
	(void)map;
}

void
iova_map_use(const struct iova_map *map, struct iova_use *use)
{
	struct iova_use any;

	(void)map;
	*use = any;
}

/* A server of any state, and a message of `payload` bytes and of any kind. */
static void
set_up(size_t payload)
{
	struct vfu_server any;

	server = any;
	server.config.ops = NULL;
	server.config.msix_vectors = VECTORS;
	server.irq_fds = irq_fds;
	for (unsigned int i = 0; i < VFU_PCI_REGIONS; i++)
		server.config.regions[i].n_areas = 0;
	ASSUME(server.rx.n_fds <= VFU_MSG_FDS_MAX);
	/* No byte more than came, so that none is read that did not. */
	server.rx.buf = prove_memory(sizeof(struct vfu_hdr) + payload);
	server.rx.buf_bytes = sizeof(struct vfu_hdr) + PAYLOAD_MAX;
	server.rx.got_bytes = sizeof(struct vfu_hdr) + payload;
	server.tx.buf = reply;
	/* Enough for the longest access. */
	server.tx.buf_bytes = sizeof(reply);
	server.tx.bytes = sizeof(struct vfu_hdr);
}

void
prove_vfu_access(void)
{
	uint64_t off;
	uint32_t region, count, flag;
	bool fits;
	int ret;

	set_up(0);
	ASSUME(prove_power_of_2(flag));
	fits = region < VFU_PCI_REGIONS && count >= 1 && count <= VFU_XFER_BYTES_MAX;
	if (fits)
		fits = off <= server.config.regions[region].bytes &&
		       count <= server.config.regions[region].bytes - off &&
		       (server.config.regions[region].flags & flag) != 0;
	ret = access_check(&server, off, region, count, flag);
	PROVE((ret == 0) == fits, "an access is done if, and only if, it lies in its region");
}

void
prove_vfu_dma_map(void)
{
	size_t bytes;

	ASSUME(bytes >= sizeof(struct vfu_dma_map) && bytes <= PAYLOAD_MAX);
	set_up(bytes);
	(void)cmd_dma_map(&server, vfu_rx_payload(&server.rx), bytes);
}

void
prove_vfu_set_irqs(void)
{
	size_t bytes;

	ASSUME(bytes >= sizeof(struct vfu_irq_set) && bytes <= PAYLOAD_MAX);
	set_up(bytes);
	(void)cmd_set_irqs(&server, vfu_rx_payload(&server.rx), bytes);
}
