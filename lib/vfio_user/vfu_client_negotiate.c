/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client: the version, and what regions and vectors the device has. */

#include <errno.h>
#include <string.h>

#include "vfu_client_internal.h"

#define CLIENT_CAPS                                                            \
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576," \
	"\"pgsizes\":4096,\"max_dma_maps\":65535,\"write_multiple\":false}}"

static void
step_error(const char *path, const char *step, int err, bool refused, char *why, size_t why_bytes)
{
	if (refused)
		vfu_why(why, why_bytes, "the server at %s refuses %s: %s", path, step,
			strerror(-err));
	else if (err == -ENOTCONN)
		vfu_why(why, why_bytes,
			"the server at %s closed the connection at %s: it has another client, or "
			"does not speak vfio-user",
			path, step);
	else if (err == -ETIMEDOUT)
		vfu_why(why, why_bytes, "the server at %s did not answer %s in time", path, step);
	else
		vfu_why(why, why_bytes,
			"the server at %s answered %s with what is not vfio-user 0.x: %s", path,
			step, strerror(-err));
}

static int
step_version(struct vfu_client *client, bool *refused)
{
	const struct vfu_version *theirs;
	struct vfu_version *ours;
	int ret;

	ret = vfu_client_request_begin(client, VFU_CMD_VERSION);
	if (ret < 0)
		goto out;
	ours = vfu_tx_put(&client->tx, sizeof(*ours));
	ours->major = VFU_MAJOR;
	ours->minor = VFU_MINOR;
	memcpy(vfu_tx_put(&client->tx, sizeof(CLIENT_CAPS)), CLIENT_CAPS, sizeof(CLIENT_CAPS));
	ret = vfu_client_request_exchange(client, sizeof(*theirs), refused);
	if (ret < 0)
		goto out;
	theirs = vfu_rx_payload(&client->rx);
	if (theirs->major != VFU_MAJOR)
		ret = vfu_client_fail(client, -EPROTO);
out:
	vfu_client_request_end(client);
	return ret;
}

static int
step_info(struct vfu_client *client, bool *refused)
{
	const struct vfu_info *info;
	struct vfu_info *ask;
	int ret;

	ret = vfu_client_request_begin(client, VFU_CMD_GET_INFO);
	if (ret < 0)
		goto out;
	ask = vfu_tx_put(&client->tx, sizeof(*ask));
	ask->argsz = sizeof(*ask);
	ret = vfu_client_request_exchange(client, sizeof(*info), refused);
	if (ret < 0)
		goto out;
	info = vfu_rx_payload(&client->rx);
	client->n_regions = info->num_regions < VFU_PCI_REGIONS ? info->num_regions
								: VFU_PCI_REGIONS;
	client->n_vectors = info->num_irqs > VFU_IRQ_MSIX;
	if ((info->flags & VFU_INFO_PCI) == 0)
		ret = vfu_client_fail(client, -EPROTO);
out:
	vfu_client_request_end(client);
	return ret;
}

static int
step_vectors(struct vfu_client *client, bool *refused)
{
	struct vfu_irq_info *ask;
	int ret;

	if (client->n_vectors == 0)
		return 0;
	ret = vfu_client_request_begin(client, VFU_CMD_GET_IRQ_INFO);
	if (ret < 0)
		goto out;
	ask = vfu_tx_put(&client->tx, sizeof(*ask));
	ask->argsz = sizeof(*ask);
	ask->index = VFU_IRQ_MSIX;
	ret = vfu_client_request_exchange(client, sizeof(*ask), refused);
	if (ret == 0)
		client->n_vectors = ((const struct vfu_irq_info *)vfu_rx_payload(&client->rx))
					    ->count;
out:
	vfu_client_request_end(client);
	return ret;
}

/* Copies the areas of the capability chain. A chain that leaves the reply is malformed. */
static int
region_areas(struct client_region *region, const uint8_t *reply, size_t reply_bytes,
	     uint32_t cap_off)
{
	struct vfu_cap_sparse cap;
	uint32_t next, hops = 0;

	for (; cap_off != 0; cap_off = next) {
		if (cap_off < sizeof(struct vfu_region_info) || cap_off > reply_bytes ||
		    reply_bytes - cap_off < 8 || ++hops > 16)
			return -EPROTO;
		memset(&cap, 0, sizeof(cap));
		memcpy(&cap, reply + cap_off, 8);
		next = cap.next;
		if (cap.id != VFU_CAP_SPARSE_MMAP)
			continue;
		if (reply_bytes - cap_off < sizeof(cap))
			return -EPROTO;
		memcpy(&cap, reply + cap_off, sizeof(cap));
		if (cap.n_areas > VFU_CLIENT_AREAS_MAX ||
		    (reply_bytes - cap_off - sizeof(cap)) / sizeof(struct vfu_area) < cap.n_areas)
			return -EPROTO;
		memcpy(region->areas, reply + cap_off + sizeof(cap),
		       cap.n_areas * sizeof(struct vfu_area));
		region->n_areas = cap.n_areas;
		if (cap.n_areas == 0) /* nothing can be mapped */
			region->info.flags &= ~VFU_REGION_FLAG_MMAP;
	}
	return 0;
}

/* Asks for a region. If the reply needs more than *argsz bytes, sets that and keeps nothing. */
static int
region_ask(struct vfu_client *client, unsigned int index, uint32_t *argsz, bool *refused)
{
	struct client_region *region = &client->regions[index];
	const struct vfu_region_info *info;
	struct vfu_region_info *ask;
	int ret;

	ret = vfu_client_request_begin(client, VFU_CMD_GET_REGION_INFO);
	if (ret < 0)
		goto out;
	ask = vfu_tx_put(&client->tx, sizeof(*ask));
	ask->argsz = *argsz;
	ask->index = index;
	ret = vfu_client_request_exchange(client, sizeof(*info), refused);
	if (ret < 0)
		goto out;
	info = vfu_rx_payload(&client->rx);
	if (info->argsz > *argsz) {
		*argsz = info->argsz;
		goto out;
	}
	region->info.bytes = info->bytes;
	region->info.flags = info->flags &
			     (VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE | VFU_REGION_FLAG_MMAP);
	region->fd_off = info->fd_off;
	if ((info->flags & VFU_REGION_FLAG_CAPS) != 0)
		ret = region_areas(region, vfu_rx_payload(&client->rx),
				   vfu_rx_payload_bytes(&client->rx), info->cap_off);
	if (ret == 0 && (region->info.flags & VFU_REGION_FLAG_MMAP) != 0)
		region->fd = vfu_rx_take_fd(&client->rx, 0);
	if (region->fd < 0)
		region->info.flags &= ~VFU_REGION_FLAG_MMAP;
	if (ret < 0)
		vfu_client_fail(client, ret);
out:
	vfu_client_request_end(client);
	return ret;
}

static int
step_regions(struct vfu_client *client, bool *refused)
{
	uint32_t argsz, asked;
	int ret;

	for (unsigned int i = 0; i < client->n_regions; i++) {
		/* The first answer may say that a longer one is due; the second is that. */
		asked = argsz = sizeof(struct vfu_region_info);
		for (unsigned int tries = 0; tries == 0 || (tries == 1 && argsz > asked); tries++) {
			asked = argsz;
			if (asked > VFU_CLIENT_MSG_BYTES)
				return vfu_client_fail(client, -EPROTO);
			ret = region_ask(client, i, &argsz, refused);
			if (ret < 0)
				return ret;
		}
		if (argsz > asked)
			return vfu_client_fail(client, -EPROTO);
	}
	return 0;
}

int
vfu_client_negotiate(struct vfu_client *client, const char *path, char *why, size_t why_bytes)
{
	static const struct {
		const char *name;
		int (*go)(struct vfu_client *client, bool *refused);
	} steps[] = {
		{"VERSION", step_version},
		{"GET_INFO", step_info},
		{"GET_REGION_INFO", step_regions},
		{"GET_IRQ_INFO", step_vectors},
	};
	bool refused = false;
	int ret;

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ret = steps[i].go(client, &refused);
		if (ret < 0) {
			step_error(path, steps[i].name, ret, refused, why, why_bytes);
			return ret == -ETIMEDOUT || ret == -ENOMEM ? ret : -EPROTO;
		}
	}
	return 0;
}
