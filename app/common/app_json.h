/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_JSON_H
#define APP_JSON_H

/*
 * JSON reports, on top of json-c. json-c drops a value that does not fit into memory; a report then
 * lacks it. Any thread, as long as each object belongs to one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <json.h>

#include <wcbase.h>

/* A text: a copy with '?' for each byte that is not UTF-8. NULL: no memory. */
struct json_object *app_json_text(const char *text);

/*
 * Each of these adds `key` to the object `to`. Texts are copied, as app_json_text() does.
 * app_json_add() takes `value` over; NULL is null.
 */
void app_json_add(struct json_object *to, const char *key, struct json_object *value);
void app_json_add_text(struct json_object *to, const char *key, const char *text);
void app_json_add_bool(struct json_object *to, const char *key, bool value);
void app_json_add_u64(struct json_object *to, const char *key, uint64_t value);

/* What a report begins with: which program wrote it, its version and commit, and the report's
 * schema. */
void app_json_add_head(struct json_object *to, const char *program, unsigned int schema);

/* As app_json_add_text(), but "" and NULL are null: not known, or not there. */
void app_json_add_text_or_null(struct json_object *to, const char *key, const char *text);

/* Adds a text that printf makes, of at most 63 bytes. */
WC_PRINTF(3, 4)
void app_json_add_format(struct json_object *to, const char *key, const char *format, ...);

/* Adds a number with three digits behind the point: no measurement here is worth more. */
void app_json_add_double(struct json_object *to, const char *key, double value);

/* Prints `root` on standard output and releases it. 0 or -ENOMEM, also if `root` is NULL. */
int app_json_print(struct json_object *root);

/*
 * Writes `root` to a file and releases it. The file is replaced in one step: who reads it finds all
 * of it or what was there before. 0 or -errno after app_error().
 */
WC_MUST_CHECK int app_json_write(struct json_object *root, const char *path);

/* Whether a report can be written there, to ask before a long run. 0 or -errno after app_error().
 */
WC_MUST_CHECK int app_json_check(const char *path);

/*
 * What a program that ends before it has a report says where its report was to be: if its arguments
 * have --json FILE, writes an object there with `program`, "ok": false, the last text of
 * app_error() as "error", and `status`. Not over a file that the arguments name twice: it may be
 * one to read. Looks no further than a "--".
 */
void app_json_give_up(int argc, char *const *argv, const char *program, int status);

#endif /* APP_JSON_H */
