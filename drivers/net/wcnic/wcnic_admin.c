/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Admin RPC (datasheet section 3), async events (9) and what is made of single commands. */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_queue.h"

#define POLL_US 20

int
wcnic_reg_read32(struct wcnic_hw *hw, uint32_t off, uint32_t *value)
{
	wcnic_le32 raw = 0;
	int ret = hw->attach->reg_read(hw, off, &raw, sizeof(raw));

	*value = le32toh(raw);
	return ret;
}

int
wcnic_reg_write32(struct wcnic_hw *hw, uint32_t off, uint32_t value)
{
	wcnic_le32 raw = htole32(value);

	return hw->attach->reg_write(hw, off, &raw, sizeof(raw));
}

static int
reg_read64(struct wcnic_hw *hw, uint32_t off, uint64_t *value)
{
	wcnic_le64 raw = 0;
	int ret = hw->attach->reg_read(hw, off, &raw, sizeof(raw));

	*value = le64toh(raw);
	return ret;
}

static int
reg_write64(struct wcnic_hw *hw, uint32_t off, uint64_t value)
{
	wcnic_le64 raw = htole64(value);

	return hw->attach->reg_write(hw, off, &raw, sizeof(raw));
}

static void
card_work(struct wcnic_hw *hw)
{
	if (hw->attach->poll != NULL)
		hw->attach->poll(hw);
}

static uint64_t
deadline(const struct wcnic_hw *hw)
{
	return rte_get_timer_cycles() + rte_get_timer_hz() * hw->args.timeout_ms / 1000;
}

/* Waits until the bits of `mask` in STATUS are set; a read that fails ends the wait. */
static int
status_wait(struct wcnic_hw *hw, uint32_t mask, uint32_t *status)
{
	uint64_t end = deadline(hw);
	int ret;

	for (;;) {
		ret = wcnic_reg_read32(hw, WCNIC_REG_STATUS, status);
		if (ret != 0)
			return ret;
		if ((*status & mask) != 0)
			return 0;
		if (rte_get_timer_cycles() > end)
			return -ETIMEDOUT;
		card_work(hw);
		rte_delay_us_sleep(POLL_US);
	}
}

static int
card_reset(struct wcnic_hw *hw)
{
	uint32_t status;
	int ret;

	ret = wcnic_reg_write32(hw, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	if (ret == 0)
		ret = status_wait(hw, WCNIC_STATUS_READY, &status);
	if (ret == 0)
		ret = wcnic_reg_read32(hw, WCNIC_REG_RESET_COUNT, &hw->reset_count);
	if (ret != 0)
		WCNIC_LOG(ERR, hw, "reset: the card is not ready after %u ms: %s",
			  hw->args.timeout_ms, strerror(-ret));
	return ret;
}

static int
card_bring_up(struct wcnic_hw *hw)
{
	uint32_t magic, version;
	int ret;

	ret = wcnic_reg_read32(hw, WCNIC_REG_MAGIC, &magic);
	if (ret == 0)
		ret = wcnic_reg_read32(hw, WCNIC_REG_ABI_VERSION, &version);
	if (ret == 0)
		ret = reg_read64(hw, WCNIC_REG_APERTURE_BYTES, &hw->aperture_bytes);
	if (ret != 0) {
		WCNIC_LOG(ERR, hw, "cannot read the card's registers: %s", strerror(-ret));
		return ret;
	}
	if (magic != WCNIC_MAGIC) {
		WCNIC_LOG(ERR, hw, "not a wcnic card: MAGIC is 0x%08x, expected 0x%08x", magic,
			  WCNIC_MAGIC);
		return -EPROTO;
	}
	if (version >> 16 != WCNIC_ABI_MAJOR) {
		WCNIC_LOG(ERR, hw, "the card has ABI version %u.%u, this driver needs %u.x",
			  version >> 16, version & 0xffff, WCNIC_ABI_MAJOR);
		return -EPROTO;
	}
	return card_reset(hw);
}

int
wcnic_iova_check(const struct wcnic_hw *hw, const char *what, rte_iova_t iova)
{
	if (iova != RTE_BAD_IOVA)
		return 0;
	WCNIC_LOG(
		ERR, hw,
		"%s: its memory has no address that the card could use. IOVA mode is %s; physical "
		"addresses need hugepages and root, virtual ones (--iova-mode=va) vfio-pci with an "
		"IOMMU, or a --vdev",
		what, rte_eal_iova_mode() == RTE_IOVA_PA ? "PA" : "VA");
	return -ENOTSUP;
}

int
wcnic_admin_init(struct wcnic_hw *hw)
{
	struct wcnic_admin *a = &hw->admin;
	const size_t sq = sizeof(*a->sq) << WCNIC_ADMIN_LOG2;
	const size_t cq = sizeof(*a->cq) << WCNIC_ADMIN_LOG2;
	const size_t aeq = sizeof(*a->aeq) << WCNIC_EVENTS_LOG2;
	const size_t all = sq + cq + aeq + WCNIC_ADMIN_DATA_BYTES + sizeof(*a->wake);
	char name[RTE_MEMZONE_NAMESIZE];
	int ret;

	snprintf(name, sizeof(name), "wcnic_%u_admin", hw->port_id);
	a->mz = rte_memzone_reserve_aligned(name, all, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG,
					    4096);
	if (a->mz == NULL) {
		WCNIC_LOG(ERR, hw, "no memory for the admin rings (%zu bytes of DPDK memory)", all);
		return -ENOMEM;
	}
	a->sq = a->mz->addr;
	a->cq = RTE_PTR_ADD(a->sq, sq);
	a->aeq = RTE_PTR_ADD(a->cq, cq);
	a->data = RTE_PTR_ADD(a->aeq, aeq);
	a->wake = RTE_PTR_ADD(a->data, WCNIC_ADMIN_DATA_BYTES);
	a->sq_iova = a->mz->iova;
	a->cq_iova = a->sq_iova + sq;
	a->aeq_iova = a->cq_iova + cq;
	a->data_iova = a->aeq_iova + aeq;
	a->wake_iova = a->data_iova + WCNIC_ADMIN_DATA_BYTES;
	ret = wcnic_iova_check(hw, "admin rings", a->mz->iova);
	if (ret != 0)
		wcnic_admin_fini(hw);
	return ret;
}

void
wcnic_admin_fini(struct wcnic_hw *hw)
{
	rte_memzone_free(hw->admin.mz);
	hw->admin.mz = NULL;
}

static void
identity_to_host(struct wcnic_identity *id)
{
	id->abi_version = le32toh(id->abi_version);
	id->fw_version = le32toh(id->fw_version);
	id->caps = le64toh(id->caps);
	id->max_txq = le16toh(id->max_txq);
	id->max_rxq = le16toh(id->max_rxq);
	id->max_windows = le16toh(id->max_windows);
	id->max_vectors = le16toh(id->max_vectors);
	id->min_depth = le16toh(id->min_depth);
	id->max_depth = le16toh(id->max_depth);
	id->max_frame_bytes = le16toh(id->max_frame_bytes);
	id->min_frame_bytes = le16toh(id->min_frame_bytes);
	id->window_align = le32toh(id->window_align);
	id->max_window_bytes = le32toh(id->max_window_bytes);
	id->push_wait_ns = le32toh(id->push_wait_ns);
	id->heartbeat_ns = le32toh(id->heartbeat_ns);
	id->reta_entries = le16toh(id->reta_entries);
	id->max_slot_lines = le16toh(id->max_slot_lines);
	id->model[sizeof(id->model) - 1] = '\0';
}

/* What firmware says of itself is used in sizes and loops: it must make sense. */
__rte_warn_unused_result static int
identity_check(const struct wcnic_hw *hw, const struct wcnic_identity *id)
{
	if (id->max_txq == 0 || id->max_rxq == 0 || id->min_depth == 0 ||
	    id->max_depth < id->min_depth || !rte_is_power_of_2(id->min_depth) ||
	    !rte_is_power_of_2(id->max_depth)) {
		WCNIC_LOG(ERR, hw,
			  "IDENTIFY: %u Tx and %u Rx queues of depth %u to %u make no sense",
			  id->max_txq, id->max_rxq, id->min_depth, id->max_depth);
		return -EPROTO;
	}
	if (id->max_frame_bytes < RTE_ETHER_MIN_LEN || !rte_is_power_of_2(id->window_align) ||
	    id->max_window_bytes < id->window_align || id->max_window_bytes > hw->aperture_bytes) {
		WCNIC_LOG(ERR, hw,
			  "IDENTIFY: frames of %u bytes, windows of %u to %u bytes in an "
			  "aperture of %" PRIu64 " make no sense",
			  id->max_frame_bytes, id->window_align, id->max_window_bytes,
			  hw->aperture_bytes);
		return -EPROTO;
	}
	if ((id->caps & WCNIC_CAP_PUSH) != 0 && !rte_is_power_of_2(id->max_slot_lines)) {
		WCNIC_LOG(ERR, hw, "IDENTIFY: slots of %u lines make no sense", id->max_slot_lines);
		return -EPROTO;
	}
	if (!rte_is_valid_assigned_ether_addr((const struct rte_ether_addr *)id->mac)) {
		WCNIC_LOG(ERR, hw, "IDENTIFY: the permanent MAC address is not a unicast address");
		return -EPROTO;
	}
	return 0;
}

static int
identify(struct wcnic_hw *hw)
{
	struct wcnic_identity id;
	int ret;

	memset(&id, 0, sizeof(id));
	ret = wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_IDENTIFY,
							     .out = &id,
							     .out_bytes = sizeof(id)});
	if (ret != 0)
		return ret;
	identity_to_host(&id);
	ret = identity_check(hw, &id);
	if (ret != 0)
		return ret;
	id.max_txq = RTE_MIN(id.max_txq, WCNIC_QUEUES_MAX);
	id.max_rxq = RTE_MIN(id.max_rxq, WCNIC_QUEUES_MAX);
	hw->id = id;
	return 0;
}

/* What is used of what the card has; from here on id.caps is that alone. */
static int
features_set(struct wcnic_hw *hw)
{
	const uint64_t packed = hw->args.packed != 0 ? WCNIC_CAP_PUSH_PACKED : 0;
	const uint64_t wake = hw->attach->wake != NULL ? WCNIC_CAP_WAKE : 0;
	const uint64_t known = WCNIC_CAP_PUSH | packed | WCNIC_CAP_RSS | WCNIC_CAP_WINDOW_TEST |
			       WCNIC_CAP_MSIX | wake;
	struct wcnic_cmd_features cmd = {.features = htole64(hw->id.caps & known)};

	hw->id.caps &= known;
	return wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_FEATURES_SET,
							      .params = &cmd,
							      .params_bytes = sizeof(cmd)});
}

/* A card that does not take the record looks at doorbells often: that is no reason to fail. */
static void
wake_set(struct wcnic_hw *hw)
{
	struct wcnic_cmd_wake_set cmd = {.iova = htole64(hw->admin.wake_iova)};

	if ((hw->id.caps & WCNIC_CAP_WAKE) == 0)
		return;
	if (wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_WAKE_SET,
							   .params = &cmd,
							   .params_bytes = sizeof(cmd)}) != 0)
		hw->id.caps &= ~WCNIC_CAP_WAKE;
}

int
wcnic_admin_start(struct wcnic_hw *hw)
{
	struct wcnic_admin *a = &hw->admin;
	uint32_t status, cause = 0, info = 0;
	int ret;

	memset(a->mz->addr, 0, a->mz->len);
	a->sq_tail = 0;
	a->cq_head = 0;
	a->aeq_head = 0;
	ret = reg_write64(hw, WCNIC_REG_ASQ_BASE, a->sq_iova);
	ret = ret != 0 ? ret : reg_write64(hw, WCNIC_REG_ACQ_BASE, a->cq_iova);
	ret = ret != 0 ? ret : reg_write64(hw, WCNIC_REG_AEQ_BASE, a->aeq_iova);
	ret = ret != 0 ? ret
		       : wcnic_reg_write32(hw, WCNIC_REG_ADMIN_SIZE,
					   WCNIC_ADMIN_LOG2 | WCNIC_EVENTS_LOG2 << 8);
	ret = ret != 0 ? ret : wcnic_reg_write32(hw, WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE);
	ret = ret != 0 ? ret : status_wait(hw, WCNIC_STATUS_ENABLED | WCNIC_STATUS_ERROR, &status);
	if (ret != 0) {
		WCNIC_LOG(ERR, hw, "the card does not enable its admin rings: %s", strerror(-ret));
		return ret;
	}
	if ((status & WCNIC_STATUS_ERROR) != 0) {
		(void)wcnic_reg_read32(hw, WCNIC_REG_ERROR_CAUSE, &cause);
		(void)wcnic_reg_read32(hw, WCNIC_REG_ERROR_INFO, &info);
		WCNIC_LOG(ERR, hw,
			  "the card refuses its admin rings: error %u, register 0x%x: is "
			  "DPDK's memory mapped for it?",
			  cause, info);
		return -EIO;
	}
	hw->heartbeat_tsc = rte_get_timer_cycles();
	a->up = true;
	ret = identify(hw);
	ret = ret != 0 ? ret : features_set(hw);
	if (ret == 0)
		wake_set(hw);
	return ret;
}

int
wcnic_admin_stop(struct wcnic_hw *hw)
{
	hw->admin.up = false;
	return card_reset(hw);
}

int
wcnic_card_open(struct wcnic_hw *hw)
{
	int ret = hw->attach->open(hw);

	if (ret != 0)
		return ret;
	ret = card_bring_up(hw);
	if (ret != 0)
		goto close; /* it may not be our card: nothing more is written to it */
	ret = wcnic_admin_start(hw);
	if (ret == 0)
		ret = wcnic_port_query(hw);
	if (ret == 0)
		return 0;
	(void)wcnic_admin_stop(hw);
close:
	hw->attach->close(hw);
	return ret;
}

static const char *
status_name(uint16_t status)
{
	static const char *const names[] = {
		[WCNIC_ST_OK] = "OK",
		[WCNIC_ST_UNSUPPORTED] = "UNSUPPORTED",
		[WCNIC_ST_INVALID_FIELD] = "INVALID_FIELD",
		[WCNIC_ST_INVALID_QUEUE] = "INVALID_QUEUE",
		[WCNIC_ST_INVALID_WINDOW] = "INVALID_WINDOW",
		[WCNIC_ST_NO_SPACE] = "NO_SPACE",
		[WCNIC_ST_BUSY] = "BUSY",
		[WCNIC_ST_BAD_ADDRESS] = "BAD_ADDRESS",
		[WCNIC_ST_BAD_STATE] = "BAD_STATE",
		[WCNIC_ST_NOT_OBSERVABLE] = "NOT_OBSERVABLE",
		[WCNIC_ST_INTERNAL] = "INTERNAL",
	};

	return status < RTE_DIM(names) ? names[status] : "a status that is not in the datasheet";
}

static int
status_errno(uint16_t status)
{
	switch (status) {
	case WCNIC_ST_OK:
		return 0;
	case WCNIC_ST_UNSUPPORTED:
		return -ENOTSUP;
	case WCNIC_ST_INVALID_FIELD:
	case WCNIC_ST_INVALID_QUEUE:
	case WCNIC_ST_INVALID_WINDOW:
		return -EINVAL;
	case WCNIC_ST_NO_SPACE:
		return -ENOSPC;
	case WCNIC_ST_BUSY:
	case WCNIC_ST_BAD_STATE:
		return -EBUSY;
	case WCNIC_ST_BAD_ADDRESS:
		return -EFAULT;
	default:
		return -EIO;
	}
}

static int
completion_wait(struct wcnic_hw *hw, uint16_t id, struct wcnic_admin_cpl *cpl)
{
	struct wcnic_admin *a = &hw->admin;
	uint64_t end = deadline(hw);

	for (;;) {
		card_work(hw);
		if (wcnic_completion_take(a->cq, a->cq_head, 1u << WCNIC_ADMIN_LOG2, cpl)) {
			a->cq_head++;
			if (le16toh(cpl->cmd_id) == id)
				return 0;
			hw->late_completions++;
			WCNIC_LOG(ERR, hw,
				  "admin completion for command %u, which is not in flight",
				  le16toh(cpl->cmd_id));
			continue;
		}
		if (hw->attach->alive != NULL && !hw->attach->alive(hw))
			return -ENODEV;
		if (rte_get_timer_cycles() > end)
			return -ETIMEDOUT;
		if (hw->attach->poll == NULL)
			rte_delay_us_sleep(POLL_US);
	}
}

static void
command_write(struct wcnic_admin *a, const struct wcnic_admin_req *req, uint16_t id)
{
	const uint16_t mask = (1u << WCNIC_ADMIN_LOG2) - 1;
	const size_t data = RTE_MAX(req->in_bytes, req->out_bytes);
	struct wcnic_admin_cmd cmd = {
		.opcode = req->opcode,
		.cmd_id = htole16(id),
		.data_bytes = htole32(data),
		.data_iova = htole64(data != 0 ? a->data_iova : 0),
	};

	if (req->params_bytes != 0)
		memcpy(cmd.params, req->params, req->params_bytes);
	if (req->in_bytes != 0)
		memcpy(a->data, req->in, req->in_bytes);
	a->sq[a->sq_tail++ & mask] = cmd;
	wcbar_before_doorbell();
}

static int
command_run(struct wcnic_hw *hw, const struct wcnic_admin_req *req)
{
	struct wcnic_admin *a = &hw->admin;
	struct wcnic_admin_cpl cpl;
	uint16_t id = a->next_id++;
	int ret;

	command_write(a, req, id);
	ret = wcnic_reg_write32(hw, WCNIC_REG_ASQ_TAIL, a->sq_tail);
	if (ret == 0)
		ret = completion_wait(hw, id, &cpl);
	if (ret != 0) {
		a->up = false; /* what comes later would belong to no one */
		atomic_store(&hw->failed, true);
		WCNIC_LOG(ERR, hw, "command 0x%02x was not answered within %u ms: %s", req->opcode,
			  hw->args.timeout_ms, strerror(-ret));
		return ret;
	}
	if (le16toh(cpl.status) == WCNIC_ST_NOT_OBSERVABLE)
		return -ENOTSUP; /* an answer, not a failure */
	if (cpl.status != WCNIC_ST_OK) {
		WCNIC_LOG(ERR, hw, "command 0x%02x failed: %s, result 0x%x", req->opcode,
			  status_name(le16toh(cpl.status)), le32toh(cpl.result));
		ret = status_errno(le16toh(cpl.status));
		if (ret == -EIO) /* what the card has done is anyone's guess */
			atomic_store(&hw->failed, true);
		return ret;
	}
	if (le32toh(cpl.data_bytes) < req->out_bytes) {
		WCNIC_LOG(ERR, hw, "command 0x%02x answered %u bytes, %zu expected", req->opcode,
			  le32toh(cpl.data_bytes), req->out_bytes);
		return -EPROTO;
	}
	if (req->out_bytes != 0)
		memcpy(req->out, a->data, req->out_bytes);
	return 0;
}

int
wcnic_admin_exec(struct wcnic_hw *hw, const struct wcnic_admin_req *req)
{
	struct wcnic_admin *a = &hw->admin;
	int ret;

	RTE_ASSERT(req->params_bytes <= sizeof(((struct wcnic_admin_cmd *)0)->params));
	RTE_ASSERT(RTE_MAX(req->in_bytes, req->out_bytes) <= WCNIC_ADMIN_DATA_BYTES);
	pthread_mutex_lock(&a->lock);
	ret = a->up ? command_run(hw, req) : -ENODEV;
	pthread_mutex_unlock(&a->lock);
	return ret;
}

bool
wcnic_admin_event(struct wcnic_hw *hw, struct wcnic_event *ev)
{
	struct wcnic_admin *a = &hw->admin;
	const uint16_t mask = (1u << WCNIC_EVENTS_LOG2) - 1;
	const uint64_t *words;
	uint64_t copy[4];
	uint8_t phase;
	bool got = false;

	pthread_mutex_lock(&a->lock);
	words = (const uint64_t *)&a->aeq[a->aeq_head & mask];
	phase = (a->aeq_head >> WCNIC_EVENTS_LOG2 & 1) ^ 1;
	copy[3] = __atomic_load_n(&words[3], __ATOMIC_ACQUIRE);
	memcpy(copy, words, 3 * sizeof(copy[0]));
	memcpy(ev, copy, sizeof(*ev));
	if (a->up && (ev->phase & WCNIC_PHASE_BIT) == phase) {
		a->aeq_head++;
		got = wcnic_reg_write32(hw, WCNIC_REG_AEQ_HEAD, a->aeq_head) == 0;
		ev->type = le16toh(ev->type);
		ev->arg0 = le32toh(ev->arg0);
		ev->arg1 = le32toh(ev->arg1);
		ev->arg64 = le64toh(ev->arg64);
	}
	pthread_mutex_unlock(&a->lock);
	return got;
}

int
wcnic_port_set(struct wcnic_hw *hw, uint16_t valid)
{
	struct wcnic_cmd_port_set cmd = {
		.valid = htole16(valid),
		.mtu = htole16(hw->mtu),
		.flags = htole16(hw->port_flags),
	};

	memcpy(cmd.mac, &hw->mac, sizeof(cmd.mac));
	return wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_PORT_SET,
							      .params = &cmd,
							      .params_bytes = sizeof(cmd)});
}

int
wcnic_port_query(struct wcnic_hw *hw)
{
	struct wcnic_port_info info;
	int ret;

	ret = wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_PORT_QUERY,
							     .out = &info,
							     .out_bytes = sizeof(info)});
	if (ret == 0) {
		hw->link_up = info.link_up != 0;
		hw->link_mbps = le32toh(info.speed_mbps);
	}
	return ret;
}

int
wcnic_stats_query(struct wcnic_hw *hw)
{
	wcnic_le64 raw[sizeof(struct wcnic_stats) / sizeof(wcnic_le64)];
	int ret;

	ret = wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_STATS_QUERY,
							     .out = raw,
							     .out_bytes = sizeof(raw)});
	if (ret != 0)
		return ret;
	for (size_t i = 0; i < RTE_DIM(raw); i++)
		raw[i] = le64toh(raw[i]);
	memcpy(&hw->card_stats, raw, sizeof(raw));
	return 0;
}

int
wcnic_rss_set(struct wcnic_hw *hw)
{
	struct wcnic_rss rss = hw->rss;

	rss.types = htole32(rss.types);
	for (size_t i = 0; i < RTE_DIM(rss.reta); i++)
		rss.reta[i] = htole16(rss.reta[i]);
	return wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_RSS_SET,
							      .in = &rss,
							      .in_bytes = sizeof(rss)});
}
