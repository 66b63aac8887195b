/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The card on the PCI bus, bound to vfio-pci or uio_pci_generic.
 *
 * EAL opens the VFIO device and keeps the mappings of DPDK's memory, but maps no BAR: a mapping of
 * the window BAR through VFIO would take write combining away from it. lib/wcbar maps the registers
 * at open, and windows one by one when firmware grants them. Where that gives no write combining,
 * the device is opened once more while the window BAR is held write-combining.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bus_pci_driver.h>
#include <ethdev_driver.h>
#include <rte_vfio.h>

#include "wcnic_attach.h"
#include "wcnic_compat.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_txq.h"

#define ALL_ONES 0xffffffffu

struct pci {
	struct wcnic_hw *hw;
	char bdf[PCI_PRI_STR_SIZE];
	bool vfio;
	int device_fd; /* of VFIO, or of UIO: the kernel ends DMA when it is closed */
	int req_fd;    /* the kernel wants the device back */
	struct wcbar_pci *pci;
	struct wcbar_bar *regs, *windows; /* NULL between close and open */
	struct wcbar_window reg_win;
	bool unreachable_logged;
};

/* ---- VFIO and UIO ---------------------------------------------------------------------------- */

static int
irqs_set(const struct pci *p, uint32_t index, unsigned int n, const int *fds)
{
	union {
		struct vfio_irq_set set;
		uint8_t bytes[sizeof(struct vfio_irq_set) + WCNIC_QUEUES_MAX * sizeof(int)];
	} u;

	if (n > WCNIC_QUEUES_MAX)
		return -EINVAL;
	memset(&u, 0, sizeof(u));
	u.set.argsz = sizeof(u.set) + n * sizeof(int);
	u.set.flags = VFIO_IRQ_SET_ACTION_TRIGGER |
		      (n != 0 ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
	u.set.index = index;
	u.set.count = n;
	if (n != 0)
		memcpy(u.set.data, fds, n * sizeof(int));
	return ioctl(p->device_fd, VFIO_DEVICE_SET_IRQS, &u.set) != 0 ? -errno : 0;
}

/* Without it a removal is noticed when the card stops to answer. */
static void
request_watch(struct pci *p)
{
	int ret;

	p->req_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ret = p->req_fd < 0 ? -errno : irqs_set(p, VFIO_PCI_REQ_IRQ_INDEX, 1, &p->req_fd);
	if (ret != 0)
		WCNIC_LOG(NOTICE, p->hw, "the kernel will not say when it wants the card back: %s",
			  strerror(-ret));
}

static int
vfio_open(struct pci *p)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	int ret = rte_vfio_setup_device(rte_pci_get_sysfs_path(), p->bdf, &p->device_fd, &info);

	if (ret == 0) {
		p->vfio = true;
		return 0;
	}
	p->device_fd = -1;
	WCNIC_LOG(ERR, p->hw,
		  "VFIO does not hand the card out, see EAL's messages; it needs the modules "
		  "vfio-pci "
		  "and vfio_iommu_type1, an IOMMU, and a group whose devices are all bound to "
		  "vfio-pci or to nothing");
	return -ENODEV;
}

/* The kernel ends DMA when the file is closed, also by a crash; nothing else is done with it. */
static int
uio_open(struct pci *p)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int error;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s/uio", rte_pci_get_sysfs_path(), p->bdf);
	dir = opendir(path);
	error = dir == NULL ? errno : ENOENT; /* the folder is there, and has no uio in it */
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "uio", 3) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/%.32s", entry->d_name);
		p->device_fd = open(path, O_RDWR | O_CLOEXEC);
		error = errno;
		break;
	}
	if (dir != NULL)
		closedir(dir);
	if (p->device_fd >= 0)
		return 0;
	WCNIC_LOG(ERR, p->hw,
		  "cannot open %s: %s; bind the card to uio_pci_generic, and run as root or with "
		  "permission for that file",
		  path, strerror(error));
	return -ENODEV;
}

/* The BARs' side of a device that is open. */
static int
bars_adopt(struct pci *p)
{
	struct wcbar_pci_options options = WCBAR_PCI_OPTIONS_DEFAULT;
	char why[WCBAR_WHY_BYTES];
	int ret;

	if (p->vfio)
		options.vfio_fd = p->device_fd;
	ret = wcbar_pci_open(p->bdf, &options, &p->pci, why, sizeof(why));
	if (ret != 0)
		WCNIC_LOG(ERR, p->hw, "cannot open the card: %s", why);
	return ret;
}

/* ---- the last resort for write combining ----------------------------------------------------- */

static bool
hold_would_help(const struct pci *p)
{
	struct wcbar_answer answers[WCBAR_RUNGS];
	char why[WCBAR_WHY_BYTES];
	struct wcbar_bar *bar;
	int ret;

	if (!p->vfio || !wcnic_devargs_may_push(&p->hw->args))
		return false;
	/* no such BAR: whoever opens it to use it says so */
	if (wcbar_bar_open(p->pci, WCNIC_BAR_WINDOWS, &bar, why, sizeof(why)) != 0)
		return false;
	ret = wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers);
	wcbar_bar_close(bar);
	return ret == 0 && wcbar_wc_bars_would_help(answers);
}

/*
 * All of the window BAR becomes write-combining, doorbells too. What came of it the ladder says
 * when windows are mapped; if it was in vain they are uncached.
 */
static int
device_reopen_wc(struct pci *p)
{
	const struct wcbar_pci_options hold = {
		.vfio_fd = WCBAR_VFIO_CLOSED,
		.wc_bars = 1u << WCNIC_BAR_WINDOWS,
	};
	char why[WCBAR_WHY_BYTES];
	struct wcbar_pci *holder;
	int ret;

	WCNIC_LOG(NOTICE, p->hw,
		  "VFIO made BAR %d UC and no other way gives write combining: the card is opened "
		  "again while that BAR is held WC",
		  WCNIC_BAR_WINDOWS);
	wcbar_pci_close(p->pci);
	p->pci = NULL;
	ret = rte_vfio_release_device(rte_pci_get_sysfs_path(), p->bdf, p->device_fd);
	if (ret != 0) {
		WCNIC_LOG(ERR, p->hw, "VFIO does not take the card back, see EAL's messages");
		return -ENODEV;
	}
	p->vfio = false;
	p->device_fd = -1;
	if (wcbar_pci_open(p->bdf, &hold, &holder, why, sizeof(why)) != 0)
		WCNIC_LOG(WARNING, p->hw, "cannot hold the BAR: %s", why);
	ret = vfio_open(p);
	if (ret == 0)
		ret = bars_adopt(p);
	wcbar_pci_close(holder);
	return ret;
}

/* ---- open and close -------------------------------------------------------------------------- */

static void
device_close(struct pci *p)
{
	wcbar_pci_close(p->pci);
	if (p->req_fd >= 0)
		close(p->req_fd);
	if (p->vfio)
		(void)rte_vfio_release_device(rte_pci_get_sysfs_path(), p->bdf, p->device_fd);
	else if (p->device_fd >= 0)
		close(p->device_fd);
	free(p);
}

static int
device_open(struct wcnic_hw *hw)
{
	const struct rte_pci_device *dev = WCNIC_PCI_DEVICE(&rte_eth_devices[hw->port_id]);
	struct pci *p = calloc(1, sizeof(*p));
	int ret;

	if (p == NULL)
		return -ENOMEM;
	p->hw = hw;
	p->device_fd = -1;
	p->req_fd = -1;
	rte_pci_device_name(&dev->addr, p->bdf, sizeof(p->bdf));
	ret = dev->kdrv == RTE_PCI_KDRV_VFIO ? vfio_open(p) : uio_open(p);
	if (ret == 0)
		ret = bars_adopt(p);
	if (ret == 0 && hold_would_help(p))
		ret = device_reopen_wc(p);
	if (ret != 0)
		goto fail;
	if (p->vfio)
		request_watch(p);
	ret = wcbar_sigbus_install();
	if (ret != 0)
		WCNIC_LOG(WARNING, hw, "a mapping that the kernel takes away will be fatal: %s",
			  strerror(-ret));
	hw->ctx = p;
	return 0;
fail:
	device_close(p);
	return ret;
}

/* ---- attach ---------------------------------------------------------------------------------- */

static int
pci_dma_start(struct wcnic_hw *hw)
{
	struct pci *p = hw->ctx;
	int ret = wcbar_pci_bus_master(p->pci, true);

	if (ret != 0)
		WCNIC_LOG(ERR, hw, "cannot switch the card's DMA on: %s", strerror(-ret));
	return ret;
}

static void
pci_dma_stop(struct wcnic_hw *hw)
{
	struct pci *p = hw->ctx;

	(void)wcbar_pci_bus_master(p->pci, false);
}

static void
pci_close(struct wcnic_hw *hw)
{
	struct pci *p = hw->ctx;

	pci_dma_stop(hw);
	wcbar_bar_close(p->windows);
	wcbar_bar_close(p->regs);
	p->windows = NULL;
	p->regs = NULL;
}

static bool
pci_alive(struct wcnic_hw *hw)
{
	const struct pci *p = hw->ctx;

	return !wcbar_bar_revoked(p->regs, NULL) &&
	       wcbar_read32(RTE_PTR_ADD(p->reg_win.addr, WCNIC_REG_MAGIC)) != ALL_ONES;
}

static int
bars_open(struct pci *p, char *why, size_t why_bytes)
{
	const struct wcbar_bar_facts *bars = wcbar_pci_facts(p->pci)->bars;
	int ret;

	if (bars[WCNIC_BAR_REGS].bytes < WCNIC_BAR_REGS_BYTES) {
		snprintf(why, why_bytes, "not a wcnic card: BAR0 of 0x%" PRIx64 " bytes, not 0x%x",
			 bars[WCNIC_BAR_REGS].bytes, WCNIC_BAR_REGS_BYTES);
		return -EPROTO;
	}
	ret = wcbar_bar_open(p->pci, WCNIC_BAR_REGS, &p->regs, why, why_bytes);
	if (ret == 0)
		ret = wcbar_bar_open(p->pci, WCNIC_BAR_WINDOWS, &p->windows, why, why_bytes);
	if (ret != 0)
		return ret;
	ret = wcbar_bar_map(p->regs, 0, WCNIC_BAR_REGS_BYTES, WCBAR_TYPE_UC, WCBAR_MAP_EXACT,
			    &p->reg_win);
	if (ret != 0) {
		snprintf(why, why_bytes, "cannot map its registers: %s", strerror(-ret));
		return ret;
	}
	if (pci_alive(p->hw))
		return 0;
	snprintf(why, why_bytes, "its registers read all ones: it is not there, or under reset");
	return -ENODEV;
}

/* The device stays open from the first time on, so that nobody else gets it meanwhile. */
static int
pci_open(struct wcnic_hw *hw)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct pci *p;
	int ret = hw->ctx == NULL ? device_open(hw) : 0;

	if (ret != 0)
		return ret;
	p = hw->ctx;
	ret = bars_open(p, why, sizeof(why));
	if (ret != 0) {
		if (!p->unreachable_logged)
			WCNIC_LOG(ERR, hw, "cannot reach the card: %s", why);
		pci_close(hw);
	}
	p->unreachable_logged = ret != 0;
	return ret;
}

static void
pci_free(struct wcnic_hw *hw)
{
	struct pci *p = hw->ctx;

	hw->ctx = NULL;
	if (p != NULL)
		device_close(p);
}

static int
pci_reg_read(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes)
{
	const struct pci *p = hw->ctx;
	const void *reg = RTE_PTR_ADD(p->reg_win.addr, off);
	wcnic_le64 raw64;
	wcnic_le32 raw32;
	bool ones;

	if (bytes == sizeof(raw64)) {
		raw64 = htole64(wcbar_read64(reg));
		ones = raw64 == UINT64_MAX;
		memcpy(value, &raw64, sizeof(raw64));
	} else {
		raw32 = htole32(wcbar_read32(reg));
		ones = raw32 == ALL_ONES;
		memcpy(value, &raw32, sizeof(raw32));
	}
	/* a counter may be all ones, the whole card never is */
	return ones && !pci_alive(hw) ? -ENODEV : 0;
}

static int
pci_reg_write(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes)
{
	const struct pci *p = hw->ctx;
	void *reg = RTE_PTR_ADD(p->reg_win.addr, off);
	wcnic_le64 raw64;
	wcnic_le32 raw32;

	if (bytes == sizeof(raw64)) {
		memcpy(&raw64, value, sizeof(raw64));
		wcbar_write64(reg, le64toh(raw64));
	} else {
		memcpy(&raw32, value, sizeof(raw32));
		wcbar_write32(reg, le32toh(raw32));
	}
	return 0;
}

static int
pci_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
	       struct wcbar_window *win)
{
	struct pci *p = hw->ctx;
	/* a doorbell that combines would come late; lines that do not combine come all the same */
	const unsigned int flags = intended == WCBAR_TYPE_UC ? WCBAR_MAP_EXACT : 0;

	return wcbar_bar_map(p->windows, off, bytes, intended, flags, win);
}

static void
pci_window_unmap(struct wcnic_hw *hw, struct wcbar_window *win)
{
	struct pci *p = hw->ctx;

	wcbar_bar_unmap(p->windows, win);
}

static enum wcbar_rung
pci_window_rung(struct wcnic_hw *hw, uint64_t off, struct wcbar_answer *answers)
{
	const struct pci *p = hw->ctx;

	memcpy(answers, wcbar_bar_answers(p->windows), WCBAR_RUNGS * sizeof(*answers));
	return wcbar_bar_rung(p->windows, off);
}

static bool
pci_window_revoked(struct wcnic_hw *hw, uint64_t *off)
{
	const struct pci *p = hw->ctx;

	return wcbar_bar_revoked(p->windows, off);
}

static int
pci_irq_bind(struct wcnic_hw *hw, unsigned int n, const int *fds)
{
	const struct pci *p = hw->ctx;

	if (p->vfio)
		return irqs_set(p, VFIO_PCI_MSIX_IRQ_INDEX, n, fds);
	if (n != 0)
		WCNIC_LOG(ERR, hw,
			  "no Rx interrupts: uio_pci_generic has no MSI-X; bind the card to "
			  "vfio-pci");
	return -ENOTSUP;
}

static int
pci_wake(struct wcnic_hw *hw)
{
	const struct pci *p = hw->ctx;

	wcbar_write32(RTE_PTR_ADD(p->reg_win.addr, WCNIC_REG_WAKE), 1);
	return 0;
}

static bool
pci_wanted_back(struct wcnic_hw *hw)
{
	const struct pci *p = hw->ctx;
	uint64_t requests;

	return p->req_fd >= 0 && read(p->req_fd, &requests, sizeof(requests)) == sizeof(requests);
}

const struct wcnic_attach_ops wcnic_attach_pci = {
	.name = "PCI",
	.open = pci_open,
	.close = pci_close,
	.free = pci_free,
	.reg_read = pci_reg_read,
	.reg_write = pci_reg_write,
	.window_map = pci_window_map,
	.window_unmap = pci_window_unmap,
	.window_rung = pci_window_rung,
	.window_revoked = pci_window_revoked,
	.irq_bind = pci_irq_bind,
	.alive = pci_alive,
	.wanted_back = pci_wanted_back,
	.wake = pci_wake,
	.dma_start = pci_dma_start,
	.dma_stop = pci_dma_stop,
};
