/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Receive side scaling (datasheet section 7): ethdev's view of the card's key and table. */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_compat.h"
#include "wcnic_hold.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_rss.h"

/* The key that Microsoft published for verifying RSS; most drivers' default. */
static const uint8_t default_key[WCNIC_RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static const struct {
	uint64_t rte;
	uint32_t card;
	bool since_1_1;
} types[] = {
	{RTE_ETH_RSS_IPV4, WCNIC_RSS_IPV4},
	{RTE_ETH_RSS_NONFRAG_IPV4_TCP, WCNIC_RSS_IPV4_TCP},
	{RTE_ETH_RSS_NONFRAG_IPV4_UDP, WCNIC_RSS_IPV4_UDP},
	{RTE_ETH_RSS_IPV6, WCNIC_RSS_IPV6},
	{RTE_ETH_RSS_NONFRAG_IPV6_TCP, WCNIC_RSS_IPV6_TCP},
	{RTE_ETH_RSS_NONFRAG_IPV6_UDP, WCNIC_RSS_IPV6_UDP},
	{RTE_ETH_RSS_NONFRAG_IPV4_SCTP, WCNIC_RSS_IPV4_SCTP, true},
	{RTE_ETH_RSS_NONFRAG_IPV6_SCTP, WCNIC_RSS_IPV6_SCTP, true},
	{RTE_ETH_RSS_FRAG_IPV4, WCNIC_RSS_IPV4_FRAG, true},
	{RTE_ETH_RSS_FRAG_IPV6, WCNIC_RSS_IPV6_FRAG, true},
	{RTE_ETH_RSS_NONFRAG_IPV4_OTHER, WCNIC_RSS_IPV4_OTHER, true},
	{RTE_ETH_RSS_NONFRAG_IPV6_OTHER, WCNIC_RSS_IPV6_OTHER, true},
};

uint64_t
wcnic_rss_offloads(const struct wcnic_hw *hw)
{
	uint64_t rte = 0;

	for (size_t i = 0; i < RTE_DIM(types); i++)
		rte |= !types[i].since_1_1 || hw->id.abi_version >= WCNIC_ABI_VERSION ? types[i].rte
										      : 0;
	return rte;
}

uint32_t
wcnic_rss_types_to_card(uint64_t rte)
{
	uint32_t card = 0;

	for (size_t i = 0; i < RTE_DIM(types); i++)
		card |= (rte & types[i].rte) != 0 ? types[i].card : 0;
	return card;
}

static uint64_t
types_from_card(uint32_t card)
{
	uint64_t rte = 0;

	for (size_t i = 0; i < RTE_DIM(types); i++)
		rte |= (card & types[i].card) != 0 ? types[i].rte : 0;
	return rte;
}

int
wcnic_rss_function(enum rte_eth_hash_function rte)
{
	switch (rte) {
	case RTE_ETH_HASH_FUNCTION_DEFAULT:
	case RTE_ETH_HASH_FUNCTION_TOEPLITZ:
		return WCNIC_RSS_TOEPLITZ;
	case RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ:
		return WCNIC_RSS_SYMMETRIC;
	default:
		return -ENOTSUP;
	}
}

__rte_warn_unused_result static int
key_check(const struct wcnic_hw *hw, const struct rte_eth_rss_conf *conf)
{
	if (wcnic_rss_function(WCNIC_RSS_ALGORITHM(conf)) < 0) {
		WCNIC_LOG(ERR, hw, "RSS: the hash is Toeplitz or symmetric Toeplitz");
		return -ENOTSUP;
	}
	if (conf->rss_key == NULL || conf->rss_key_len == 0 ||
	    conf->rss_key_len == WCNIC_RSS_KEY_BYTES)
		return 0;
	WCNIC_LOG(ERR, hw, "an RSS key of %u bytes; %u are needed", conf->rss_key_len,
		  WCNIC_RSS_KEY_BYTES);
	return -EINVAL;
}

int
wcnic_rss_configure(struct wcnic_hw *hw, const struct rte_eth_rss_conf *conf, uint16_t n_rxq)
{
	int ret = key_check(hw, conf);

	if (ret != 0)
		return ret;
	hw->rss.types = wcnic_rss_types_to_card(conf->rss_hf);
	hw->rss.function = (uint8_t)wcnic_rss_function(WCNIC_RSS_ALGORITHM(conf));
	memcpy(hw->rss.key, conf->rss_key != NULL ? conf->rss_key : default_key,
	       WCNIC_RSS_KEY_BYTES);
	for (uint16_t i = 0; i < WCNIC_RETA_ENTRIES; i++)
		hw->rss.reta[i] = n_rxq != 0 ? i % n_rxq : 0;
	return 0;
}

/* Sends the new settings, or keeps the old ones if the card refuses. Holds hw->lock. */
static int
rss_change(struct wcnic_hw *hw, const struct wcnic_rss *wanted)
{
	struct wcnic_rss old = hw->rss;
	int ret = 0;

	if ((hw->id.caps & WCNIC_CAP_RSS) == 0)
		return -ENOTSUP;
	hw->rss = *wanted;
	if (hw->running && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT)
		ret = wcadmin_rss_set(&hw->admin.client, &hw->rss);
	if (ret != 0)
		hw->rss = old;
	return ret;
}

/* Reads the entries that are named, each a queue of ours, into `rss`. */
__rte_warn_unused_result static int
reta_read(const struct wcnic_hw *hw, const struct rte_eth_rss_reta_entry64 *reta,
	  struct wcnic_rss *rss)
{
	for (uint16_t i = 0; i < WCNIC_RETA_ENTRIES; i++) {
		const struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];
		const uint16_t at = i % RTE_ETH_RETA_GROUP_SIZE;

		if ((group->mask >> at & 1) == 0)
			continue;
		if (group->reta[at] >= hw->n_rxq) {
			WCNIC_LOG(ERR, hw, "RSS table entry %u: queue %u of %u", i, group->reta[at],
				  hw->n_rxq);
			return -EINVAL;
		}
		rss->reta[i] = group->reta[at];
	}
	return 0;
}

int
wcnic_reta_update(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_rss rss;
	int ret;

	if (size != WCNIC_RETA_ENTRIES) {
		WCNIC_LOG(ERR, hw, "an RSS table of %u entries; %u are needed", size,
			  WCNIC_RETA_ENTRIES);
		return -EINVAL;
	}
	pthread_mutex_lock(&hw->lock);
	rss = hw->rss;
	ret = reta_read(hw, reta, &rss);
	if (ret == 0)
		ret = rss_change(hw, &rss);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_reta_query(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size)
{
	struct wcnic_hw *hw;

	if (size != WCNIC_RETA_ENTRIES)
		return -EINVAL;
	hw = wcnic_hold_locked(dev);
	if (hw == NULL)
		return -ENODEV;
	for (uint16_t i = 0; i < size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];

		if ((group->mask >> (i % RTE_ETH_RETA_GROUP_SIZE) & 1) != 0)
			group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = hw->rss.reta[i];
	}
	wcnic_unlock_release(hw);
	return 0;
}

int
wcnic_rss_hash_update(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_rss rss;
	int ret = key_check(hw, conf);

	if (ret != 0)
		return ret;
	pthread_mutex_lock(&hw->lock);
	rss = hw->rss;
	rss.types = wcnic_rss_types_to_card(conf->rss_hf);
	rss.function = (uint8_t)wcnic_rss_function(WCNIC_RSS_ALGORITHM(conf));
	if (conf->rss_key != NULL)
		memcpy(rss.key, conf->rss_key, WCNIC_RSS_KEY_BYTES);
	ret = rss_change(hw, &rss);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_rss_hash_conf_get(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf)
{
	struct wcnic_hw *hw = wcnic_hold_locked(dev);

	if (hw == NULL)
		return -ENODEV;
	conf->rss_hf = types_from_card(hw->rss.types);
	WCNIC_RSS_ALGORITHM_SET(conf, hw->rss.function == WCNIC_RSS_SYMMETRIC
					      ? RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ
					      : RTE_ETH_HASH_FUNCTION_TOEPLITZ);
	if (conf->rss_key != NULL && conf->rss_key_len >= WCNIC_RSS_KEY_BYTES)
		memcpy(conf->rss_key, hw->rss.key, WCNIC_RSS_KEY_BYTES);
	conf->rss_key_len = WCNIC_RSS_KEY_BYTES;
	wcnic_unlock_release(hw);
	return 0;
}
