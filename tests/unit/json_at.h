/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef JSON_AT_H
#define JSON_AT_H

/* Values of a JSON text under test, by their paths; the test fails if there is none. */

#include <json.h>

#include <wcbase.h>

/* The value at a JSON pointer that printf makes, such as "/ports/%u/name"; NULL is null. */
WC_PRINTF(2, 3) struct json_object *json_at(struct json_object *root, const char *format, ...);

/* The same as a text, which belongs to the root. */
#define json_text_at(...) json_object_get_string(json_at(__VA_ARGS__))

#endif /* JSON_AT_H */
