/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Kinds of cards on the command line. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <app_error.h>
#include <app_number.h>
#include <ena_card.h>

#include "options_card.h"

#define ARG_BYTES_MAX 64u /* of one argument with its value */

#define WCNIC_QUEUES 8u
#define WCNIC_APERTURE_MIB 16u
#define ENA_QUEUES 8u
#define ENA_APERTURE_MIB 1u
#define ENA_QUEUE_DEPTH 1024u /* of a card that is not told */
#define ENA_LLQ_LINE_BYTES 128u

#define DEPTHS "a power of two, 64 to 4096"

/* A word, and what it stands for. */
struct word {
	const char *text;
	unsigned int value;
};

/* An argument of a card of kind ena: a number or one of some words. */
struct arg {
	const char *name;
	size_t off; /* in struct ena_options: an unsigned int */
	const struct word *words;
	unsigned int min, max;
	bool power;  /* the number is a power of two */
	bool adds;   /* each time one more bit */
	bool of_llq; /* without an LLQ it means nothing */
	const char *right;
};

static const struct word layout_words[] = {{"vm", 0}, {"metal", 1}, {0}};
static const struct word device_words[] = {{"ec20", 0}, {"ec21", 1}, {0}};
static const struct word llq_words[] = {{"both", ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256},
					{"128", ENA_LLQ_ENTRY_128},
					{"256", ENA_LLQ_ENTRY_256},
					{"off", 0},
					{0}};
static const struct word recommend_words[] = {
	{"none", 0}, {"128", ENA_LLQ_ENTRY_128}, {"256", ENA_LLQ_ENTRY_256}, {0}};
static const struct word switch_words[] = {{"off", 0}, {"on", 1}, {0}};
static const struct word torn_words[] = {{"drop", 0}, {"wait", 1}, {0}};
static const struct word fault_words[] = {{"keep_alive", ENA_FAULT_KEEP_ALIVE},
					  {"tx_completions", ENA_FAULT_TX_COMPLETIONS},
					  {"admin", ENA_FAULT_ADMIN},
					  {"interrupts", ENA_FAULT_INTERRUPTS},
					  {0}};

#define OFF(member) offsetof(struct ena_options, member)

static const struct arg args[] = {
	{"layout", OFF(metal), layout_words, .right = "vm or metal"},
	{"device", OFF(ec21), device_words, .right = "ec20 or ec21"},
	{"llq", OFF(llq_entries), llq_words, .right = "both, 128, 256 or off"},
	{"llq_recommend", OFF(llq_recommended), recommend_words, .of_llq = true,
	 .right = "none, 128 or 256"},
	{"llq_depth", OFF(llq_depth), .min = ENA_QUEUE_DEPTH_MIN, .max = ENA_QUEUE_DEPTH_MAX,
	 .power = true, .of_llq = true, .right = DEPTHS},
	{"depth", OFF(depth), .min = ENA_QUEUE_DEPTH_MIN, .max = ENA_QUEUE_DEPTH_MAX, .power = true,
	 .right = DEPTHS},
	{"meta_cache", OFF(meta_caching), switch_words, .of_llq = true, .right = "on or off"},
	{"burst", OFF(burst_bytes), .min = 256, .max = UINT16_MAX, .of_llq = true,
	 .right = "bytes, 256 to 65535"},
	{"torn", OFF(llq_wait), torn_words, .of_llq = true, .right = "drop or wait"},
	{"patience", OFF(patience_ms), .min = 1, .max = 65534, .right = "ms, 1 to 65534"},
	{"fault", OFF(faults), fault_words, .adds = true,
	 .right = "keep_alive, tx_completions, admin or interrupts"},
};
#define N_ARGS (sizeof(args) / sizeof(args[0]))
#define ARG_NAMES                                                                         \
	"layout, device, llq, llq_recommend, llq_depth, depth, meta_cache, burst, torn, " \
	"patience and fault"

static unsigned int *
arg_at(struct ena_options *ena, const struct arg *arg)
{
	return (unsigned int *)((char *)ena + arg->off);
}

static bool
value_take(const struct arg *arg, const char *text, unsigned int *value)
{
	uint64_t number;

	if (arg->words == NULL) {
		if (!app_number(text, arg->min, arg->max, &number) ||
		    (arg->power && (number & (number - 1)) != 0))
			return false;
		*value = (unsigned int)number;
		return true;
	}
	for (const struct word *word = arg->words; word->text != NULL; word++) {
		if (strcmp(word->text, text) != 0)
			continue;
		*value = arg->adds ? *value | word->value : word->value;
		return true;
	}
	return false;
}

/* One argument, NAME=VALUE. */
static int
arg_take(struct card_options *card, char *text)
{
	const char *value = "";
	char *equals = strchr(text, '=');

	if (equals != NULL) {
		*equals = '\0';
		value = equals + 1;
	}
	for (size_t i = 0; i < N_ARGS; i++) {
		if (strcmp(args[i].name, text) != 0)
			continue;
		if (value_take(&args[i], value, arg_at(&card->ena, &args[i]))) {
			card->ena.given |= 1u << i;
			return 0;
		}
		app_error("--card ena: %s=%s: expected %s", text, value, args[i].right);
		return -EINVAL;
	}
	app_error("--card ena: there is no argument '%s'; it has " ARG_NAMES, text);
	return -EINVAL;
}

static int
ena_args_take(struct card_options *card, const char *text)
{
	char arg[ARG_BYTES_MAX];
	size_t bytes;
	int ret = 0;

	card->ena = (struct ena_options){.llq_entries = ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256};
	while (ret == 0 && *text != '\0') {
		bytes = strcspn(text, ",");
		snprintf(arg, sizeof(arg), "%.*s", (int)(bytes < sizeof(arg) ? bytes : sizeof(arg)),
			 text);
		ret = arg_take(card, arg);
		text += bytes + (text[bytes] == ',');
	}
	return ret;
}

int
options_card_take(struct card_options *card, const char *text)
{
	const char *colon = strchr(text, ':');
	const size_t bytes = colon != NULL ? (size_t)(colon - text) : strlen(text);

	if (bytes == 5 && memcmp(text, "wcnic", 5) == 0) {
		if (colon != NULL) {
			app_error("--card '%s': wcnic has no arguments; ena has " ARG_NAMES, text);
			return -EINVAL;
		}
		card->kind = CARD_WCNIC;
		return 0;
	}
	if (bytes == 3 && memcmp(text, "ena", 3) == 0) {
		card->kind = CARD_ENA;
		return ena_args_take(card, colon != NULL ? colon + 1 : "");
	}
	app_error("--card '%s': expected wcnic or ena[:ARGS]", text);
	return -EINVAL;
}

/* ---- what depends on the kind ---------------------------------------------------------------- */

/* A driver asks for as many queues as there are, each as deep as the card says. */
static int
llq_fit(const struct card_options *card)
{
	const uint64_t have = (uint64_t)card->aperture_mib << 20;
	const uint64_t line = (uint64_t)card->queues * ENA_LLQ_LINE_BYTES;
	unsigned int fits = ENA_QUEUE_DEPTH_MAX, mib = card->aperture_mib;

	if (card->ena.llq_depth * line <= have)
		return 0;
	while (fits * line > have)
		fits /= 2;
	while (((uint64_t)mib << 20) < card->ena.llq_depth * line)
		mib *= 2;
	app_error("--aperture-mib %u holds no LLQ of depth %u for each of %u queues of %s; give "
		  "--aperture-mib %u, or --card ena:llq_depth=%u",
		  card->aperture_mib, card->ena.llq_depth, card->queues, card->socket, mib, fits);
	return -EINVAL;
}

/* Entries of 256 bytes halve the depth, and it must be one of a queue all the same. */
static int
wide_check(const struct ena_options *ena, unsigned int depth)
{
	const char *name = ena->llq_depth != 0 ? "llq_depth" : "depth";
	const unsigned int given = ena->llq_depth != 0 ? ena->llq_depth : depth;

	if ((ena->llq_entries & ENA_LLQ_ENTRY_256) == 0 || given >= 2 * ENA_QUEUE_DEPTH_MIN)
		return 0;
	app_error("--card ena: %s=%u is too small for entries of 256 bytes, which halve it; give "
		  "%s=%u at least, or llq=128 or off",
		  name, given, name, 2 * ENA_QUEUE_DEPTH_MIN);
	return -EINVAL;
}

static int
llq_check(const struct card_options *card)
{
	const struct ena_options *ena = &card->ena;
	const unsigned int depth = ena->depth != 0 ? ena->depth : ENA_QUEUE_DEPTH;

	for (size_t i = 0; i < N_ARGS && ena->llq_entries == 0; i++) {
		if (!args[i].of_llq || (ena->given & 1u << i) == 0)
			continue;
		app_error("--card ena: %s needs llq=both, 128 or 256, and llq=off is given",
			  args[i].name);
		return -EINVAL;
	}
	if ((ena->llq_recommended & ~ena->llq_entries) != 0) {
		app_error("--card ena: llq_recommend=%u is not among the entries of llq=%u; "
			  "expected none or %u",
			  ena->llq_recommended == ENA_LLQ_ENTRY_128 ? 128 : 256,
			  ena->llq_entries == ENA_LLQ_ENTRY_128 ? 128 : 256,
			  ena->llq_entries == ENA_LLQ_ENTRY_128 ? 128 : 256);
		return -EINVAL;
	}
	if (ena->llq_depth > depth) {
		app_error("--card ena: llq_depth=%u is deeper than any queue; expected at most "
			  "depth=%u",
			  ena->llq_depth, depth);
		return -EINVAL;
	}
	if (wide_check(ena, depth) != 0)
		return -EINVAL;
	return llq_fit(card);
}

int
options_card_finish(struct card_options *card)
{
	const bool is_ena = card->kind == CARD_ENA;

	if (card->queues == 0)
		card->queues = is_ena ? ENA_QUEUES : WCNIC_QUEUES;
	if (card->aperture_mib == 0)
		card->aperture_mib = is_ena ? ENA_APERTURE_MIB : WCNIC_APERTURE_MIB;
	if (!is_ena)
		return 0;
	if (card->queues > ENA_QUEUE_PAIRS_MAX) {
		app_error("--queues %u of %s: expected 1 to %u with --card ena", card->queues,
			  card->socket, ENA_QUEUE_PAIRS_MAX);
		return -EINVAL;
	}
	if (card->tlp_feed != NULL) {
		app_error("--tlp-feed %s needs --card wcnic: an ena card has no self test",
			  card->tlp_feed);
		return -EINVAL;
	}
	return llq_check(card);
}
