/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Opens and starts a card, and gives lib/wcadmin what it asks for: registers, memory, time, a log.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include <wcbar.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_link.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_time.h"

#define POLL_US 20
#define SECOND_US UINT64_C(1000000)
#define SECOND_NS UINT64_C(1000000000)

/* ---- registers ----------------------------------------------------------------------------- */

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

/* ---- what lib/wcadmin asks for ------------------------------------------------------------- */

static int
reg_read(void *ctx, uint32_t off, unsigned int bytes, uint64_t *value)
{
	struct wcnic_hw *hw = ctx;
	wcnic_le64 raw = 0;
	int ret = hw->attach->reg_read(hw, off, &raw, bytes);

	*value = le64toh(raw);
	return ret;
}

static int
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	struct wcnic_hw *hw = ctx;
	wcnic_le64 raw = htole64(value);

	return hw->attach->reg_write(hw, off, &raw, bytes);
}

static void
before_doorbell(void *ctx __rte_unused)
{
	wcbar_before_doorbell();
}

/* In steps of a microsecond: no product overflows, whatever the clock's frequency. */
static uint64_t
now_ns(void *ctx __rte_unused)
{
	const uint64_t cycles = rte_get_timer_cycles(), hz = rte_get_timer_hz();

	return cycles / hz * SECOND_NS + cycles % hz * SECOND_US / hz * (SECOND_NS / SECOND_US);
}

/* A card that bursts poll has no time of its own but this. */
static int
relax(void *ctx)
{
	struct wcnic_hw *hw = ctx;

	if (hw->attach->poll != NULL) {
		hw->attach->poll(hw);
		return 0;
	}
	if (hw->attach->alive != NULL && !hw->attach->alive(hw))
		return -ENODEV;
	rte_delay_us_sleep(POLL_US);
	return 0;
}

__rte_format_printf(2, 3) static void error(void *ctx, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	WCNIC_LOG(ERR, (const struct wcnic_hw *)ctx, "%s", line);
}

static void
fault(void *ctx)
{
	struct wcnic_hw *hw = ctx;

	wcnic_store(&hw->failed, true);
}

static void
lock(void *ctx)
{
	struct wcnic_hw *hw = ctx;

	pthread_mutex_lock(&hw->admin.lock);
}

static void
unlock(void *ctx)
{
	struct wcnic_hw *hw = ctx;

	pthread_mutex_unlock(&hw->admin.lock);
}

static const struct wcadmin_ops client_ops = {
	.reg_read = reg_read,
	.reg_write = reg_write,
	.before_doorbell = before_doorbell,
	.now_ns = now_ns,
	.relax = relax,
	.error = error,
	.fault = fault,
	.lock = lock,
	.unlock = unlock,
};

/* ---- memory -------------------------------------------------------------------------------- */

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
	const size_t rings = WCADMIN_MEMORY_BYTES(WCNIC_ADMIN_LOG2, WCNIC_EVENTS_LOG2);
	struct wcnic_admin *a = &hw->admin;
	const size_t all = rings + sizeof(*a->wake);
	char name[RTE_MEMZONE_NAMESIZE];
	int ret;

	snprintf(name, sizeof(name), "wcnic_%u_admin", hw->port_id);
	a->mz = rte_memzone_reserve_aligned(name, all, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG,
					    4096);
	if (a->mz == NULL) {
		WCNIC_LOG(ERR, hw, "no memory for the admin rings (%zu bytes of DPDK memory)", all);
		return -ENOMEM;
	}
	a->wake = RTE_PTR_ADD(a->mz->addr, rings);
	a->wake_iova = a->mz->iova + rings;
	ret = wcnic_iova_check(hw, "admin rings", a->mz->iova);
	if (ret == 0)
		ret = wcadmin_init(&a->client, &(const struct wcadmin_config){
						       .ops = &client_ops,
						       .ctx = hw,
						       .memory = a->mz->addr,
						       .iova = a->mz->iova,
						       .ring_log2 = WCNIC_ADMIN_LOG2,
						       .event_log2 = WCNIC_EVENTS_LOG2,
						       .timeout_ms = hw->args.timeout_ms,
					       });
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

/* ---- start and stop ------------------------------------------------------------------------ */

static int
identify(struct wcnic_hw *hw)
{
	struct wcnic_identity id;
	int ret = wcadmin_identify(&hw->admin.client, &id);

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
	const uint64_t express = hw->args.express != 0
					 ? WCNIC_CAP_PUSH_EXPRESS | WCNIC_CAP_FETCH_EXPRESS
					 : 0;
	const uint64_t wake = hw->attach->wake != NULL ? WCNIC_CAP_WAKE : 0;

	hw->id.caps &= WCNIC_CAP_PUSH | packed | WCNIC_CAP_RSS | WCNIC_CAP_WINDOW_TEST |
		       WCNIC_CAP_MSIX | WCNIC_CAP_TX_OFFLOAD | WCNIC_CAP_TX_SEGMENT |
		       WCNIC_CAP_CLOCK | WCNIC_CAP_FILTER | WCNIC_CAP_FLOW | WCNIC_CAP_RX_EXTRA |
		       WCNIC_CAP_RX_CHECKSUM | express | wake;
	return wcadmin_features_set(&hw->admin.client, hw->id.caps);
}

/* A card that does not take the record looks at doorbells often: that is no reason to fail. */
static void
wake_set(struct wcnic_hw *hw)
{
	if ((hw->id.caps & WCNIC_CAP_WAKE) == 0)
		return;
	if (wcadmin_wake_set(&hw->admin.client, hw->admin.wake_iova) != 0)
		hw->id.caps &= ~WCNIC_CAP_WAKE;
}

int
wcnic_admin_start(struct wcnic_hw *hw)
{
	int ret;

	memset(hw->admin.wake, 0, sizeof(*hw->admin.wake));
	ret = wcadmin_enable(&hw->admin.client);
	if (ret != 0)
		return ret;
	hw->heartbeat_tsc = rte_get_timer_cycles();
	hw->heartbeat_looks = 0;
	ret = identify(hw);
	if (ret == 0)
		ret = features_set(hw);
	if (ret == 0)
		wake_set(hw);
	if (ret == 0)
		ret = wcnic_time_restore(hw);
	return ret;
}

int
wcnic_admin_stop(struct wcnic_hw *hw)
{
	int ret = wcadmin_reset(&hw->admin.client);

	if (ret != 0)
		return ret;
	ret = wcnic_reg_read32(hw, WCNIC_REG_RESET_COUNT, &hw->reset_count);
	if (ret != 0)
		WCNIC_LOG(ERR, hw, "reset: the count of resets cannot be read: %s", strerror(-ret));
	return ret;
}

/* Grants are checked against what the card says of its aperture. */
static int
aperture_check(struct wcnic_hw *hw)
{
	const uint64_t said = hw->admin.client.aperture_bytes;
	uint64_t there;

	if (hw->attach->aperture_bytes == NULL)
		return 0;
	there = hw->attach->aperture_bytes(hw);
	if (said <= there)
		return 0;
	WCNIC_LOG(ERR, hw,
		  "the card says that its aperture has 0x%" PRIx64
		  " bytes, but its BAR2 has 0x%" PRIx64,
		  said, there);
	return -EPROTO;
}

int
wcnic_card_open(struct wcnic_hw *hw)
{
	int ret = hw->attach->open(hw);

	if (ret != 0)
		return ret;
	ret = wcadmin_probe(&hw->admin.client);
	if (ret == 0)
		ret = aperture_check(hw);
	if (ret == 0)
		ret = wcnic_admin_stop(hw);
	if (ret == 0 && hw->attach->dma_start != NULL)
		ret = hw->attach->dma_start(hw);
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
