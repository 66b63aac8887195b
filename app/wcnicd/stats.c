/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Counters of cards: their sums, the file of JSON. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <app_file.h>
#include <app_json.h>

#include "stats.h"

static uint64_t *
value_at(union stats_values *values, const struct stats_field *field)
{
	return (uint64_t *)((uint8_t *)values + field->off);
}

static uint64_t
value_get(const union stats_values *values, const struct stats_field *field)
{
	return *(const uint64_t *)((const uint8_t *)values + field->off);
}

void
stats_add(const struct stats_fields *fields, union stats_values *sum,
	  const union stats_values *values)
{
	uint64_t value;

	for (size_t i = 0; i < fields->n; i++) {
		value = value_get(values, &fields->at[i]);
		if (!fields->at[i].newest)
			*value_at(sum, &fields->at[i]) += value;
		else if (value != 0)
			*value_at(sum, &fields->at[i]) = value;
	}
}

static struct json_object *
values_json(const struct stats_fields *fields, const union stats_values *values)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; object != NULL && i < fields->n; i++)
		app_json_add(object, fields->at[i].name,
			     json_object_new_uint64(value_get(values, &fields->at[i])));
	return object;
}

static struct json_object *
records_json(const struct stats_record *records, unsigned int n)
{
	struct json_object *root = json_object_new_object();
	struct json_object *cards = json_object_new_array();
	const struct stats_record *record;
	struct json_object *card;

	if (root == NULL || cards == NULL) {
		json_object_put(root);
		json_object_put(cards);
		return NULL;
	}
	app_json_add(root, "cards", cards);
	for (unsigned int i = 0; i < n; i++) {
		record = &records[i];
		card = json_object_new_object();
		json_object_array_add(cards, card);
		app_json_add_text(card, "name", record->name);
		app_json_add_text(card, "card", record->card);
		app_json_add_text(card, "socket", record->socket);
		app_json_add_text(card, "port", record->port);
		app_json_add(card, "since_reset",
			     values_json(record->fields, &record->since_reset));
		app_json_add(card, "total", values_json(record->fields, &record->total));
	}
	return root;
}

/* A reader of a pipe that takes nothing for so long is given up. */
#define PATIENCE_MS 250

/* Into a device or a pipe, whose reader may have stopped. 0 or -errno. */
static int
text_pass(int fd, const char *text)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	size_t left = strlen(text);
	ssize_t n;

	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -errno;
	while (left > 0) {
		n = write(fd, text, left);
		if (n >= 0) {
			text += n;
			left -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		} else if (poll(&room, 1, PATIENCE_MS) == 0) {
			return -ETIMEDOUT;
		}
	}
	return 0;
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
		file.hasty = true;
		if (file.part[0] == '\0')
			file.error = text_pass(fileno(file.out), text);
		else if (fputs(text, file.out) == EOF)
			file.error = -errno;
		ret = app_file_end(&file);
	}
	json_object_put(root);
	return ret;
}
