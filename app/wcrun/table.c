/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The files that say which BARs want write combining. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wcfile.h>

#include "table.h"

#define LINE_BYTES 512u
#define BARS 6u
#define BLANKS " \t\r"

/* ---- one line ------------------------------------------------------------------------------ */

WC_PRINTF(3, 4)
static int
wrong(char *why, size_t why_bytes, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, why_bytes, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* The next word of *text, which then begins behind it; its length, 0 at the end. */
static size_t
word_next(const char **text, const char **word)
{
	size_t n;

	*text += strspn(*text, BLANKS);
	n = strcspn(*text, BLANKS);
	*word = *text;
	*text += n;
	return n;
}

static bool
hex4(const char *text, uint16_t *value)
{
	char digits[5], *end;

	memcpy(digits, text, 4);
	digits[4] = '\0';
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return false;
	*value = (uint16_t)strtoul(digits, &end, 16);
	return true;
}

/* "2" or "2,4" */
static bool
bars_parse(const char *word, size_t n, unsigned int *bars)
{
	*bars = 0;
	for (size_t i = 0; i < n; i++) {
		if (i % 2 == 1 && word[i] == ',')
			continue;
		if (i % 2 == 1 || word[i] < '0' || word[i] >= '0' + (int)BARS)
			return false;
		*bars |= 1u << (word[i] - '0');
	}
	return n % 2 == 1;
}

int
table_line(const char *line, struct table_rule *rule, char *why, size_t why_bytes)
{
	const char *word;
	size_t n;

	*rule = (struct table_rule){0};
	n = word_next(&line, &word);
	if (n == 0 || word[0] == '#')
		return 0;
	rule->never = n == 5 && strncmp(word, "never", n) == 0;
	if (!rule->never && (n != 2 || strncmp(word, "wc", n) != 0))
		return wrong(why, why_bytes, "'%.*s': expected wc or never", (int)(n < 32 ? n : 32),
			     word);
	n = word_next(&line, &word);
	if (n != 9 || word[4] != ':' || !hex4(word, &rule->vendor) ||
	    !hex4(word + 5, &rule->device))
		return wrong(why, why_bytes,
			     "'%.*s': expected VENDOR:DEVICE, four hexadecimal digits each, as "
			     "1d0f:ec20",
			     (int)(n < 32 ? n : 32), word);
	n = word_next(&line, &word);
	if (!bars_parse(word, n, &rule->bars))
		return wrong(why, why_bytes,
			     "'%.*s': expected numbers of BARs from 0 to 5, as 2 or 2,4",
			     (int)(n < 32 ? n : 32), word);
	line += strspn(line, BLANKS);
	n = strlen(line);
	while (n > 0 && strchr(BLANKS, line[n - 1]) != NULL)
		n--;
	if (n == 0 || n >= TABLE_NOTE_BYTES)
		return wrong(why, why_bytes,
			     "behind the BARs comes what they are, in at most %u characters",
			     TABLE_NOTE_BYTES - 1);
	memcpy(rule->note, line, n);
	return 1;
}

/* ---- files --------------------------------------------------------------------------------- */

const struct table_rule *
table_find(const struct table *table, uint16_t vendor, uint16_t device, unsigned int bar)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct table_rule *r = &table->rules[i];

		if (r->vendor == vendor && r->device == device && (r->bars & 1u << bar) != 0)
			return r;
	}
	return NULL;
}

static int
rule_add(struct table *table, const struct table_rule *rule, char *why, size_t why_bytes)
{
	struct table_rule *more;

	for (unsigned int bar = 0; bar < BARS; bar++) {
		const struct table_rule *old = table_find(table, rule->vendor, rule->device, bar);

		if ((rule->bars & 1u << bar) != 0 && old != NULL && old->never != rule->never)
			return wrong(why, why_bytes,
				     "BAR %u of %04x:%04x is %s here, and %s in a line before", bar,
				     rule->vendor, rule->device, rule->never ? "never" : "wc",
				     old->never ? "never" : "wc");
	}
	more = realloc(table->rules, (table->n + 1) * sizeof(*more));
	if (more == NULL) {
		snprintf(why, why_bytes, "no memory");
		return -ENOMEM;
	}
	table->rules = more;
	more[table->n++] = *rule;
	return 0;
}

static int
line_add(struct table *table, char *line, FILE *file, char *why, size_t why_bytes)
{
	const size_t n = strlen(line);
	struct table_rule rule;
	int ret;

	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	else if (!feof(file))
		return wrong(why, why_bytes, "it has more than %u characters", LINE_BYTES - 2);
	ret = table_line(line, &rule, why, why_bytes);
	return ret == 1 ? rule_add(table, &rule, why, why_bytes) : ret;
}

static int
file_read(struct table *table, const char *path, char *why, size_t why_bytes)
{
	char line[LINE_BYTES], what[LINE_BYTES / 2];
	unsigned int number = 0;
	FILE *file = wcfile_fopen(path);
	int ret = 0;

	if (file == NULL) {
		ret = -errno;
		snprintf(why, why_bytes, "%s: %s", path, wcfile_strerror(-ret));
		return ret;
	}
	while (ret == 0 && fgets(line, sizeof(line), file) != NULL) {
		number++;
		ret = line_add(table, line, file, what, sizeof(what));
	}
	if (ret == 0 && ferror(file) != 0) {
		ret = -EIO;
		snprintf(why, why_bytes, "%s cannot be read: is it a file?", path);
	} else if (ret != 0) {
		snprintf(why, why_bytes, "%s:%u: %s", path, number, what);
	}
	fclose(file);
	return ret;
}

static int
is_conf(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return n > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

int
table_read(struct table *table, const char *dir, char *why, size_t why_bytes)
{
	struct dirent **names;
	char path[PATH_MAX];
	int n = scandir(dir, &names, is_conf, alphasort), ret = 0;

	if (n < 0) {
		ret = -errno;
		snprintf(why, why_bytes, "the tables' folder %s: %s", dir, strerror(errno));
		return ret;
	}
	for (int i = 0; i < n; i++) {
		if (ret == 0) {
			snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
			ret = file_read(table, path, why, why_bytes);
		}
		free(names[i]);
	}
	free(names);
	return ret;
}

void
table_free(struct table *table)
{
	free(table->rules);
	*table = (struct table){0};
}
