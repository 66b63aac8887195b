/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card's registers (datasheet section 2), for people. */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_version.h>

#include "wcnic_admin.h"
#include "wcnic_dump.h"
#include "wcnic_hw.h"

#define WORDS 64

/* By word; NULL: reserved, or written only. */
static const char *const names[WORDS] = {
	[WCNIC_REG_MAGIC / 4] = "MAGIC",
	[WCNIC_REG_ABI_VERSION / 4] = "ABI_VERSION",
	[WCNIC_REG_CAPS / 4] = "CAPS",
	[WCNIC_REG_CAPS / 4 + 1] = "CAPS_HIGH",
	[WCNIC_REG_LIMITS / 4] = "LIMITS",
	[WCNIC_REG_FW_VERSION / 4] = "FW_VERSION",
	[WCNIC_REG_APERTURE_BYTES / 4] = "APERTURE_BYTES",
	[WCNIC_REG_APERTURE_BYTES / 4 + 1] = "APERTURE_BYTES_HIGH",
	[WCNIC_REG_CTRL / 4] = "CTRL",
	[WCNIC_REG_STATUS / 4] = "STATUS",
	[WCNIC_REG_ERROR_CAUSE / 4] = "ERROR_CAUSE",
	[WCNIC_REG_ERROR_INFO / 4] = "ERROR_INFO",
	[WCNIC_REG_HEARTBEAT / 4] = "HEARTBEAT",
	[WCNIC_REG_RESET_COUNT / 4] = "RESET_COUNT",
	[WCNIC_REG_ASQ_BASE / 4] = "ASQ_BASE",
	[WCNIC_REG_ASQ_BASE / 4 + 1] = "ASQ_BASE_HIGH",
	[WCNIC_REG_ACQ_BASE / 4] = "ACQ_BASE",
	[WCNIC_REG_ACQ_BASE / 4 + 1] = "ACQ_BASE_HIGH",
	[WCNIC_REG_AEQ_BASE / 4] = "AEQ_BASE",
	[WCNIC_REG_AEQ_BASE / 4 + 1] = "AEQ_BASE_HIGH",
	[WCNIC_REG_ADMIN_SIZE / 4] = "ADMIN_SIZE",
	[WCNIC_REG_CLOCK / 4] = "CLOCK",
	[WCNIC_REG_CLOCK / 4 + 1] = "CLOCK_HIGH",
	[WCNIC_REG_TX_TIME / 4] = "TX_TIME",
	[WCNIC_REG_TX_TIME / 4 + 1] = "TX_TIME_HIGH",
};

int
wcnic_reg_words(struct wcnic_hw *hw, uint32_t first, uint32_t n, uint32_t *data)
{
	int ret = 0;

	if (first >= WORDS || n > WORDS - first)
		return -EINVAL;
	pthread_mutex_lock(&hw->lock);
	if (wcnic_load(&hw->card) != WCNIC_CARD_PRESENT)
		ret = -EIO;
	for (uint32_t i = 0; ret == 0 && i < n; i++) {
		data[i] = 0;
		if (names[first + i] != NULL)
			ret = wcnic_reg_read32(hw, (first + i) * 4, &data[i]);
	}
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

/* Names are there for whoever's ethdev has room for them. */
static void
names_fill(struct rte_dev_reg_info *info, uint32_t n)
{
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
	for (uint32_t i = 0; info->names != NULL && i < n; i++)
		snprintf(info->names[i].name, sizeof(info->names[i].name), "%s",
			 names[info->offset + i] != NULL ? names[info->offset + i] : "reserved");
#else
	(void)info;
	(void)n;
#endif
}

int
wcnic_reg_info(struct rte_eth_dev *dev, struct rte_dev_reg_info *info)
{
	const struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint32_t n;

	info->version = hw->id.abi_version;
	info->width = sizeof(uint32_t);
	if (info->offset >= WORDS || info->length > WORDS - info->offset)
		return -EINVAL;
	n = info->length != 0 ? info->length : WORDS - info->offset;
	info->length = n;
	names_fill(info, n);
	return 0;
}

int
wcnic_reg_dump(struct rte_eth_dev *dev, struct rte_dev_reg_info *info)
{
	int ret = wcnic_reg_info(dev, info);

	if (ret != 0 || info->data == NULL)
		return ret;
	return wcnic_reg_words(wcnic_hw_get(dev->data), info->offset, info->length, info->data);
}
