/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Counters of cards: their names, their sums, the file of JSON. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <app_file.h>
#include <app_json.h>

#include "stats.h"

struct field {
	const char *name;
	size_t off;
	bool newest; /* a time or a state: it has no sum */
};

#define SUM(name)                                                \
	{                                                        \
#name, offsetof(struct wcnic_stats, name), false \
	}
#define NEWEST(name)                                            \
	{                                                       \
#name, offsetof(struct wcnic_stats, name), true \
	}

static const struct field fields[] = {
	SUM(tx_frames),         SUM(tx_bytes),        SUM(tx_pushed),      SUM(tx_fetched),
	SUM(tx_incomplete),     SUM(tx_dropped),      SUM(tx_errors),      SUM(tx_oversize),
	SUM(tx_held),           SUM(rx_frames),       SUM(rx_bytes),       SUM(rx_oversize),
	SUM(rx_runt),           SUM(rx_filtered),     SUM(rx_down),        SUM(rx_held),
	SUM(rx_errors),         SUM(stray_writes),    SUM(stale_lines),    SUM(events_lost),
	NEWEST(port_in_frames), NEWEST(port_in_done), NEWEST(first_rx_ns), NEWEST(last_tx_ns),
	NEWEST(first_tx_ns),    SUM(sleeps),          SUM(wakes),          SUM(rx_missed),
	SUM(rx_no_queue),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static_assert(sizeof(struct wcnic_stats) == (N_FIELDS + 3) * sizeof(uint64_t),
	      "every counter is listed");

static uint64_t *
field_at(struct wcnic_stats *stats, size_t i)
{
	return (uint64_t *)((uint8_t *)stats + fields[i].off);
}

static uint64_t
field_get(const struct wcnic_stats *stats, size_t i)
{
	return *(const uint64_t *)((const uint8_t *)stats + fields[i].off);
}

void
stats_add(struct wcnic_stats *sum, const struct wcnic_stats *stats)
{
	uint64_t value;

	for (size_t i = 0; i < N_FIELDS; i++) {
		value = field_get(stats, i);
		if (!fields[i].newest)
			*field_at(sum, i) += value;
		else if (value != 0)
			*field_at(sum, i) = value;
	}
}

static struct json_object *
counters_json(const struct wcnic_stats *stats)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; object != NULL && i < N_FIELDS; i++)
		app_json_add(object, fields[i].name, json_object_new_uint64(field_get(stats, i)));
	return object;
}

static struct json_object *
records_json(const struct stats_record *records, unsigned int n)
{
	struct json_object *root = json_object_new_object();
	struct json_object *cards = json_object_new_array();
	struct json_object *card;

	if (root == NULL || cards == NULL) {
		json_object_put(root);
		json_object_put(cards);
		return NULL;
	}
	app_json_add(root, "cards", cards);
	for (unsigned int i = 0; i < n; i++) {
		card = json_object_new_object();
		json_object_array_add(cards, card);
		app_json_add_text(card, "name", records[i].name);
		app_json_add_text(card, "socket", records[i].socket);
		app_json_add_text(card, "port", records[i].port);
		app_json_add(card, "since_reset", counters_json(&records[i].since_reset));
		app_json_add(card, "total", counters_json(&records[i].total));
	}
	return root;
}

int
stats_write(const char *path, const struct stats_record *records, unsigned int n)
{
	struct json_object *root = records_json(records, n);
	const char *text = NULL;
	struct app_file file;
	int ret = -ENOMEM;

	if (root != NULL)
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text != NULL)
		ret = app_file_begin(&file, path);
	if (ret == 0) {
		if (fputs(text, file.out) == EOF)
			file.error = -errno;
		ret = app_file_end(&file);
	}
	json_object_put(root);
	return ret;
}
