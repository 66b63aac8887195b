/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Faults of cards, linked between wcnicd and the model: in each poll a card looks whether it is to
 * do something that drivers cannot ask of it.
 */

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcnic_card_test.h>

#include "card_faults.h"

#define WINDOWS_MAX 1024u

int __wrap_wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card);
int __real_wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card);
unsigned int __wrap_wcnic_card_poll(struct wcnic_card *card);
unsigned int __real_wcnic_card_poll(struct wcnic_card *card);

static struct soak_card_ask *asks; /* NULL: nobody asks */
static struct wcnic_card *cards[SOAK_CARDS_MAX];
static unsigned int n_cards;

static void
asks_map(void)
{
	const char *path = getenv("WCNIC_SOAK_FAULTS");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (path == NULL)
		return;
	at = fd < 0 ? MAP_FAILED
		    : mmap(NULL, SOAK_CARDS_MAX * sizeof(*asks), PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, 0);
	if (at == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	close(fd);
	asks = at;
}

int
__wrap_wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card)
{
	int ret = __real_wcnic_card_create(config, card);

	if (n_cards == 0)
		asks_map();
	if (ret == 0 && n_cards < SOAK_CARDS_MAX)
		cards[n_cards++] = *card;
	return ret;
}

static void
counters_keep(struct wcnic_card *card, struct soak_card_ask *ask)
{
	struct wcnic_stats stats;

	wcnic_card_stats(card, &stats);
	ask->tx_frames += stats.tx_frames;
	ask->tx_errors += stats.tx_errors;
	ask->rx_frames += stats.rx_frames;
	ask->rx_missed += stats.rx_missed;
	ask->rx_down += stats.rx_down;
	ask->rx_no_queue += stats.rx_no_queue;
	ask->rx_filtered += stats.rx_filtered;
	ask->rx_oversize += stats.rx_oversize;
	ask->rx_runt += stats.rx_runt;
	ask->rx_errors += stats.rx_errors;
	ask->flow_drops += stats.flow_drops;
}

static void
fault_do(struct wcnic_card *card, struct soak_card_ask *ask)
{
	switch (ask->what) {
	case SOAK_FAULT_REVOKE:
		for (unsigned int id = 0; id < WINDOWS_MAX; id++)
			ask->hits += wcnic_card_window_revoke(card, (uint16_t)id) == 0;
		break;
	case SOAK_FAULT_RESET:
		counters_keep(card, ask);
		wcnic_card_reset(card);
		break;
	case SOAK_FAULT_HANG:
		wcnic_card_test_hang(card);
		break;
	default:
		break;
	}
}

unsigned int
__wrap_wcnic_card_poll(struct wcnic_card *card)
{
	for (unsigned int i = 0; asks != NULL && i < n_cards; i++) {
		const uint64_t asked = __atomic_load_n(&asks[i].asked, __ATOMIC_ACQUIRE);

		if (cards[i] != card || asked == asks[i].done)
			continue;
		fault_do(card, &asks[i]);
		__atomic_store_n(&asks[i].done, asked, __ATOMIC_RELEASE);
	}
	return __real_wcnic_card_poll(card);
}
