/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The requests. Each handler gets a payload of at least the size in the table below and appends to
 * the reply in server->tx, or returns a negative errno, and then only the error is sent.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfu_server_internal.h"

/* The reply to VERSION must not be longer than the request: clients have no larger buffer. */
static const char *const caps_texts[] = {
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
	"\"write_multiple\":true}}",
	"{\"capabilities\":{}}",
};

static int
refuse(struct vfu_server *server, int err, const char *what)
{
	vfu_server_complain(server, "command %u refused: %s (%s)", vfu_rx_hdr(&server->rx)->cmd,
			    what, strerror(err));
	return -err;
}

static int
cmd_version(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_version *theirs = payload;
	struct vfu_version *ours;
	size_t text_bytes;

	if (server->state != VFU_SERVER_NEGOTIATING)
		return refuse(server, EINVAL, "the version was agreed on before");
	server->drop_after_reply = true;
	if (theirs->major != VFU_MAJOR)
		return refuse(server, EPROTONOSUPPORT, "the major version must be 0");
	if (bytes > sizeof(*theirs) && ((const char *)payload)[bytes - 1] != '\0')
		return refuse(server, EINVAL, "the capabilities do not end in NUL");
	server->drop_after_reply = false;
	server->state = VFU_SERVER_SERVING;
	ours = vfu_tx_put(&server->tx, sizeof(*ours));
	ours->major = VFU_MAJOR;
	ours->minor = VFU_MINOR;
	for (size_t i = 0; i < sizeof(caps_texts) / sizeof(caps_texts[0]); i++) {
		text_bytes = strlen(caps_texts[i]) + 1;
		if (text_bytes > bytes - sizeof(*ours))
			continue;
		memcpy(vfu_tx_put(&server->tx, text_bytes), caps_texts[i], text_bytes);
		break;
	}
	return 0;
}

/* Why a range cannot be mapped, in words. */
static void
map_why(const struct vfu_server *server, int err, char *why, size_t why_bytes)
{
	const struct vfu_server_limits *limits = &server->config.limits;

	switch (err) {
	case EEXIST:
		snprintf(why, why_bytes, "the range overlaps one that is mapped");
		break;
	case ERANGE:
		snprintf(why, why_bytes, "the file ends before it");
		break;
	case EOPNOTSUPP:
		snprintf(why, why_bytes,
			 "the descriptor is no memfd and no file of tmpfs or hugetlbfs; wcnicd "
			 "--any-file takes any regular file");
		break;
	case ENOSPC:
		snprintf(why, why_bytes, "%u ranges are mapped (--max-ranges)",
			 limits->ranges != 0 ? limits->ranges : IOVA_ENTRIES_MAX);
		break;
	case EMFILE:
		snprintf(why, why_bytes, "%u files are mapped (--max-files)", limits->files);
		break;
	case EDQUOT:
		snprintf(why, why_bytes, "files would take more than %llu MiB (--max-mib)",
			 (unsigned long long)(limits->bytes >> 20));
		break;
	default:
		snprintf(why, why_bytes, "%s", strerror(err));
		break;
	}
}

static unsigned int
ranges_now(const struct vfu_server *server)
{
	struct iova_use use;

	iova_map_use(server->iova, &use);
	return use.ranges;
}

static int
range_map(struct vfu_server *server, const struct vfu_dma_map *map)
{
	int ret;

	/* Without a descriptor (a ROM, a BAR of another device) the range is reached by messages.
	 */
	if (server->rx.n_fds == 0)
		return iova_map_add_remote(server->iova, map->iova, map->bytes, map->flags);
	ret = iova_map_add_fd(server->iova, map->iova, map->bytes, server->rx.fds[0], map->fd_off,
			      map->flags);
	/* It is memory, and mapped: it takes no time to close the descriptor. */
	if (ret == 0 && !server->config.limits.any_file)
		close(vfu_rx_take_fd(&server->rx, 0));
	return ret;
}

static int
cmd_dma_map(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_dma_map *map = payload;
	char why[128];
	int ret;

	if (bytes != sizeof(*map) || map->argsz < sizeof(*map))
		return refuse(server, EINVAL, "DMA_MAP is 32 bytes");
	if ((map->flags & ~VFU_DMA_FLAGS_ACCESS) != 0 || map->flags == 0)
		return refuse(server, EINVAL, "DMA_MAP takes the flags 1 (read) and 2 (write)");
	if (map->bytes == 0 || map->iova + (map->bytes - 1) < map->iova ||
	    ((map->iova | map->bytes | map->fd_off) & (VFU_PAGE_BYTES - 1)) != 0)
		return refuse(server, EINVAL, "a DMA range is whole pages and does not wrap");
	if (server->rx.n_fds > 1)
		return refuse(server, EINVAL, "DMA_MAP takes one descriptor");
	server->cost += ranges_now(server) / VFU_COST_RANGES;
	ret = range_map(server, map);
	if (ret < 0) {
		map_why(server, -ret, why, sizeof(why));
		vfu_server_complain(server, "cannot map 0x%llx bytes at IOVA 0x%llx: %s",
				    (unsigned long long)map->bytes, (unsigned long long)map->iova,
				    why);
	}
	return ret;
}

static int
cmd_dma_unmap(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_dma_unmap *unmap = payload;
	const unsigned int ranges = ranges_now(server);
	struct vfu_dma_unmap *echo;

	if (bytes != sizeof(*unmap) || unmap->argsz < sizeof(*unmap))
		return refuse(server, EINVAL, "DMA_UNMAP is 24 bytes");
	if ((unmap->flags & ~VFU_DMA_UNMAP_ALL) != 0)
		return refuse(server, EOPNOTSUPP, "DMA_UNMAP takes the flag 2 (all) alone");
	if ((unmap->flags & VFU_DMA_UNMAP_ALL) != 0)
		iova_map_clear(server->iova);
	else if (iova_map_remove(server->iova, unmap->iova, unmap->bytes) < 0)
		return refuse(server, EINVAL, "a range that was mapped as one would be cut");
	server->cost += ranges / VFU_COST_RANGES + (ranges - ranges_now(server)) / VFU_COST_FEW;
	echo = vfu_tx_put(&server->tx, sizeof(*echo));
	*echo = *unmap;
	return 0;
}

static int
cmd_get_info(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_info *ask = payload;
	struct vfu_info *info;

	if (bytes != sizeof(*ask) || ask->argsz < sizeof(*ask))
		return refuse(server, EINVAL, "GET_INFO is 16 bytes");
	info = vfu_tx_put(&server->tx, sizeof(*info));
	info->argsz = sizeof(*info);
	info->flags = VFU_INFO_RESET | VFU_INFO_PCI;
	info->num_regions = VFU_PCI_REGIONS;
	info->num_irqs = VFU_IRQS_MAX;
	return 0;
}

static void
put_areas(struct vfu_server *server, const struct vfu_server_region *region)
{
	struct vfu_cap_sparse *cap = vfu_tx_put(&server->tx, sizeof(*cap));
	struct vfu_area *area;

	cap->id = VFU_CAP_SPARSE_MMAP;
	cap->version = 1;
	cap->n_areas = region->n_areas;
	for (unsigned int i = 0; i < region->n_areas; i++) {
		area = vfu_tx_put(&server->tx, sizeof(*area));
		area->off = region->areas[i].off;
		area->bytes = region->areas[i].bytes;
	}
}

static int
cmd_get_region_info(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_region_info *ask = payload;
	const struct vfu_server_region *region;
	struct vfu_region_info *info;
	bool mmap, caps;
	uint32_t need;

	if (bytes < sizeof(*ask) || ask->argsz < sizeof(*ask))
		return refuse(server, EINVAL, "GET_REGION_INFO is at least 32 bytes");
	if (ask->index >= VFU_PCI_REGIONS)
		return refuse(server, EINVAL, "regions are numbered 0 to 8");
	region = &server->config.regions[ask->index];
	mmap = region->flags & VFU_REGION_FLAG_MMAP;
	caps = mmap && region->n_areas > 0;
	need = sizeof(*info);
	if (caps)
		need += sizeof(struct vfu_cap_sparse) + region->n_areas * sizeof(struct vfu_area);

	info = vfu_tx_put(&server->tx, sizeof(*info));
	info->argsz = need;
	info->flags = region->flags | (caps ? VFU_REGION_FLAG_CAPS : 0);
	info->index = ask->index;
	info->cap_off = caps ? sizeof(*info) : 0;
	info->bytes = region->bytes;
	info->fd_off = region->fd_off;
	/* If the reply does not fit, the client repeats the request with a larger argsz. */
	if (need > ask->argsz)
		return 0;
	if (caps)
		put_areas(server, region);
	if (mmap) {
		server->tx.fds[0] = region->fd;
		server->tx.n_fds = 1;
	}
	return 0;
}

static unsigned int
irq_count(const struct vfu_server *server, uint32_t index)
{
	/* There is one error interrupt, never raised: clients warn if there is none. */
	return index == VFU_IRQ_MSIX ? server->config.msix_vectors : index == VFU_IRQ_ERR;
}

static int
cmd_get_irq_info(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_irq_info *ask = payload;
	struct vfu_irq_info *info;

	if (bytes != sizeof(*ask) || ask->argsz < sizeof(*ask))
		return refuse(server, EINVAL, "GET_IRQ_INFO is 16 bytes");
	if (ask->index >= VFU_IRQS_MAX)
		return refuse(server, EINVAL, "interrupts are numbered 0 to 4");
	info = vfu_tx_put(&server->tx, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = ask->index;
	info->count = irq_count(server, ask->index);
	info->flags = info->count > 0 ? VFU_IRQ_INFO_EVENTFD : 0;
	return 0;
}

/* Other kinds of descriptors could block a write, or raise SIGPIPE. */
static bool
is_eventfd(int fd)
{
	static const char expected[] = "anon_inode:[eventfd]";
	char path[40], target[sizeof(expected)];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target));
	return n == sizeof(expected) - 1 && memcmp(target, expected, sizeof(expected) - 1) == 0;
}

static int
irqs_bind(struct vfu_server *server, const struct vfu_irq_set *set)
{
	unsigned int n_fds = server->rx.n_fds;

	if (n_fds != 0 && n_fds != set->count)
		return refuse(server, EINVAL, "SET_IRQS takes an eventfd a vector, or none");
	for (unsigned int i = 0; i < n_fds; i++)
		if (!is_eventfd(server->rx.fds[i]))
			return refuse(server, EINVAL, "a descriptor is not an eventfd");
	if (set->index != VFU_IRQ_MSIX)
		return 0;
	if (n_fds > 0 && server->aio == 0)
		return refuse(server, EOPNOTSUPP, "this kernel gives no way to raise interrupts");
	vfu_server_irqs_clear(server, set->start, set->count);
	for (unsigned int i = 0; i < n_fds; i++)
		server->irq_fds[set->start + i] = vfu_rx_take_fd(&server->rx, i);
	return 0;
}

/* Raises vectors as if the device did, so that a client can test its eventfds. */
static void
irqs_trigger(struct vfu_server *server, const struct vfu_irq_set *set, const uint8_t *which)
{
	if (set->index != VFU_IRQ_MSIX)
		return;
	server->cost += set->count / VFU_COST_FEW;
	for (unsigned int i = 0; i < set->count; i++)
		if (which == NULL || which[i] != 0)
			vfu_server_irq_trigger(server, set->start + i);
}

static int
cmd_set_irqs(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_irq_set *set = payload;
	unsigned int vectors;

	if (set->argsz < sizeof(*set))
		return refuse(server, EINVAL, "SET_IRQS is at least 20 bytes");
	if (set->index >= VFU_IRQS_MAX)
		return refuse(server, EINVAL, "interrupts are numbered 0 to 4");
	vectors = irq_count(server, set->index);
	if (set->start > vectors || set->count > vectors - set->start)
		return refuse(server, EINVAL, "SET_IRQS names vectors that do not exist");
	switch (set->flags) {
	case VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER:
		return irqs_bind(server, set);
	case VFU_IRQ_DATA_NONE | VFU_IRQ_ACTION_TRIGGER:
		if (set->count > 0)
			irqs_trigger(server, set, NULL);
		else if (set->index == VFU_IRQ_MSIX)
			vfu_server_irqs_clear(server, 0, vectors);
		return 0;
	case VFU_IRQ_DATA_BOOL | VFU_IRQ_ACTION_TRIGGER:
		if (bytes - sizeof(*set) != set->count)
			return refuse(server, EINVAL, "SET_IRQS takes one byte a vector");
		irqs_trigger(server, set, (const uint8_t *)payload + sizeof(*set));
		return 0;
	default:
		return refuse(server, EINVAL, "SET_IRQS can only set or pull triggers");
	}
}

/* Checks an access of a region. 0 or -errno. */
static int
access_check(struct vfu_server *server, uint64_t off, uint32_t region_idx, uint32_t count,
	     uint32_t flag)
{
	const struct vfu_server_region *region;

	if (region_idx >= VFU_PCI_REGIONS)
		return refuse(server, EINVAL, "regions are numbered 0 to 8");
	region = &server->config.regions[region_idx];
	if (count == 0 || count > VFU_XFER_BYTES_MAX)
		return refuse(server, EINVAL, "an access is 1 to 1048576 bytes");
	if (off > region->bytes || count > region->bytes - off)
		return refuse(server, EINVAL, "an access leaves its region");
	if ((region->flags & flag) == 0)
		return refuse(server, EPERM, "the region is not for that access");
	return 0;
}

static int
cmd_region_read(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_access *ask = payload;
	struct vfu_access *echo;
	int ret;

	if (bytes != sizeof(*ask))
		return refuse(server, EINVAL, "REGION_READ is 16 bytes");
	ret = access_check(server, ask->off, ask->region, ask->count, VFU_REGION_FLAG_READ);
	if (ret < 0)
		return ret;
	server->cost += ask->count / VFU_COST_BYTES;
	echo = vfu_tx_put(&server->tx, sizeof(*echo));
	*echo = *ask;
	ret = server->config.ops->region_read(server->config.ctx, ask->region, ask->off,
					      vfu_tx_put(&server->tx, ask->count), ask->count);
	return ret < 0 ? refuse(server, -ret, "the device refuses the read") : 0;
}

static int
region_write(struct vfu_server *server, uint64_t off, uint32_t region, const void *data,
	     uint32_t count)
{
	int ret;

	ret = access_check(server, off, region, count, VFU_REGION_FLAG_WRITE);
	if (ret < 0)
		return ret;
	server->cost += count / VFU_COST_BYTES;
	ret = server->config.ops->region_write(server->config.ctx, region, off, data, count);
	return ret < 0 ? refuse(server, -ret, "the device refuses the write") : 0;
}

static int
cmd_region_write(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_access *ask = payload;
	struct vfu_access *echo;
	int ret;

	if (bytes - sizeof(*ask) != ask->count)
		return refuse(server, EINVAL, "REGION_WRITE has other data than its count says");
	ret = region_write(server, ask->off, ask->region, ask + 1, ask->count);
	if (ret < 0)
		return ret;
	echo = vfu_tx_put(&server->tx, sizeof(*echo));
	*echo = *ask;
	return 0;
}

static int
cmd_write_multi(struct vfu_server *server, const void *payload, size_t bytes)
{
	const struct vfu_write *writes = (const void *)((const uint8_t *)payload + 8);
	uint64_t n;
	int ret;

	memcpy(&n, payload, sizeof(n));
	if (n > VFU_WRITE_MULTI_MAX || bytes - sizeof(n) != n * sizeof(*writes))
		return refuse(server, EINVAL, "WRITE_MULTI is a count up to 200 and its writes");
	server->cost += (unsigned int)n / VFU_COST_FEW;
	for (uint64_t i = 0; i < n; i++) {
		if (writes[i].count > sizeof(writes[i].data))
			return refuse(server, EINVAL, "a write of WRITE_MULTI is up to 8 bytes");
		ret = region_write(server, writes[i].off, writes[i].region, writes[i].data,
				   writes[i].count);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int
cmd_reset(struct vfu_server *server, const void *payload, size_t bytes)
{
	int ret;

	(void)payload;
	if (bytes != 0)
		return refuse(server, EINVAL, "RESET has no payload");
	server->cost += VFU_COST_RESET;
	ret = server->config.ops->reset(server->config.ctx);
	return ret < 0 ? refuse(server, -ret, "the device refuses to reset") : 0;
}

static const struct {
	int (*handle)(struct vfu_server *server, const void *payload, size_t bytes);
	size_t least;
} commands[] = {
	[VFU_CMD_VERSION] = {cmd_version, sizeof(struct vfu_version)},
	[VFU_CMD_DMA_MAP] = {cmd_dma_map, sizeof(struct vfu_dma_map)},
	[VFU_CMD_DMA_UNMAP] = {cmd_dma_unmap, sizeof(struct vfu_dma_unmap)},
	[VFU_CMD_GET_INFO] = {cmd_get_info, sizeof(struct vfu_info)},
	[VFU_CMD_GET_REGION_INFO] = {cmd_get_region_info, sizeof(struct vfu_region_info)},
	[VFU_CMD_GET_IRQ_INFO] = {cmd_get_irq_info, sizeof(struct vfu_irq_info)},
	[VFU_CMD_SET_IRQS] = {cmd_set_irqs, sizeof(struct vfu_irq_set)},
	[VFU_CMD_REGION_READ] = {cmd_region_read, sizeof(struct vfu_access)},
	[VFU_CMD_REGION_WRITE] = {cmd_region_write, sizeof(struct vfu_access)},
	[VFU_CMD_RESET] = {cmd_reset, 0},
	[VFU_CMD_WRITE_MULTI] = {cmd_write_multi, 8},
};

static int
request_do(struct vfu_server *server, uint16_t cmd)
{
	size_t bytes = vfu_rx_payload_bytes(&server->rx);

	if (server->state == VFU_SERVER_NEGOTIATING && cmd != VFU_CMD_VERSION) {
		server->drop_after_reply = true;
		return refuse(server, EPROTO, "the first request must be VERSION");
	}
	if (server->rx.fds_lost)
		return refuse(server, EMFILE, "more descriptors than a message may have");
	if (cmd >= sizeof(commands) / sizeof(commands[0]) || commands[cmd].handle == NULL)
		return refuse(server, EOPNOTSUPP, "no such command here");
	if (bytes < commands[cmd].least)
		return refuse(server, EINVAL, "the message is too short");
	return commands[cmd].handle(server, vfu_rx_payload(&server->rx), bytes);
}

bool
vfu_server_request(struct vfu_server *server)
{
	const struct vfu_hdr *hdr = vfu_rx_hdr(&server->rx);
	int ret;

	server->cost = 1;
	if ((hdr->flags & VFU_HDR_TYPE_MASK) == VFU_HDR_REPLY &&
	    server->state == VFU_SERVER_SERVING && vfu_server_dma_complete(server))
		return false;
	if ((hdr->flags & VFU_HDR_TYPE_MASK) != VFU_HDR_REQUEST) {
		/* No error reply: two ends that answer replies would never stop. */
		vfu_server_complain(server, "a reply came that nobody had asked for (flags 0x%x)",
				    hdr->flags);
		server->drop_after_reply = true;
		return false;
	}
	vfu_tx_start(&server->tx, hdr->id, hdr->cmd, VFU_HDR_REPLY, 0);
	ret = request_do(server, hdr->cmd);
	if (ret < 0)
		vfu_tx_start(&server->tx, hdr->id, hdr->cmd, VFU_HDR_REPLY | VFU_HDR_ERROR,
			     (uint32_t)-ret);
	return (hdr->flags & VFU_HDR_NO_REPLY) == 0;
}
