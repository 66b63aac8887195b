/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_OPTIONS_H
#define WCNICD_OPTIONS_H

/* What the command line asks for. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <app_options.h>
#include <vfu_server.h>
#include <wcbase.h>

#include "idle.h"
#include "privilege.h"
#include "sandbox.h"

#define CARDS_MAX 16u

enum card_kind {
	CARD_WCNIC,
	CARD_ENA,
};

/* The arguments of --card ena; 0 leaves it to the card. As struct ena_card_config has them. */
struct ena_options {
	unsigned int metal; /* BARs as a metal instance has them */
	unsigned int ec21;  /* the other device ID */
	unsigned int llq_entries;
	unsigned int llq_recommended;
	unsigned int llq_depth;
	unsigned int depth;
	unsigned int meta_caching;
	unsigned int burst_bytes;
	unsigned int llq_wait;
	unsigned int patience_ms;
	unsigned int faults;
	uint32_t given; /* which were: bits of the table of arguments */
};

struct card_options {
	const char *socket; /* of argv */
	const char *port;   /* of argv */
	enum card_kind kind;
	struct ena_options ena; /* with CARD_ENA */
	unsigned int queues;
	unsigned int aperture_mib;
	const struct vfu_server_access *access; /* to the socket; NULL: as umask(2) has it */
	const char *tlp_feed;                   /* of argv; NULL: none */
	bool bar2_trapped; /* the aperture cannot be mapped: the card sees each store */
	bool msix_off;     /* a PCI device without interrupts */
	uint64_t seed;
	bool seed_given;
	int cpu;    /* -1: any */
	int thread; /* cards with the same number share a thread; -1: its own, or its wire's */
	enum idle_policy idle;
	/* What a client may take: struct vfu_server_limits. 0: derived, when options are finished.
	 */
	unsigned int max_ranges;
	unsigned int max_files;
	unsigned int max_mib;
	unsigned int greet_ms;
	unsigned int message_ms;
	bool any_file;
};

/* Whether the card is at one end of a wire. */
static inline bool
card_options_wired(const struct card_options *card)
{
	return strcmp(card->port, "wire") == 0 || strncmp(card->port, "wire:", 5) == 0;
}

/* What is asked for the process. */
struct process_options {
	struct privilege_user user;
	struct privilege_group group;    /* of the sockets */
	struct vfu_server_access access; /* to the sockets */
	bool mode_given;
	enum sandbox_mode sandbox;
};

struct options {
	struct card_options cards[CARDS_MAX];
	unsigned int n_cards;
	const char *stats_file; /* NULL: none */
	const char *eal;        /* what DPDK is started with; NULL: the plugin's defaults */
	struct process_options process;
};

/*
 * Takes the command line into `options`, whose texts point into argv. APP_OPTIONS_BAD: app_error()
 * has said which option is wrong, or which options do not go together.
 */
WC_MUST_CHECK enum app_options_verdict
options_parse(int argc, char **argv, struct options *options);

#endif /* WCNICD_OPTIONS_H */
