/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Parameter sets: their keys, the text format of config/link, and the checks of values. */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <wcfile.h>

#include "pcielink.h"

#define FILE_BYTES_MAX 65536u
#define LINE_CHARS_MAX 512u
#define DIGITS_MAX 12u /* what a whole number may have, so that no unit overflows */

static const struct pcielink_key_info keys[PCIELINK_KEYS] = {
	[PCIELINK_GENERATION] = {"generation", PCIELINK_COUNT, 1, 5},
	[PCIELINK_LANES] = {"lanes", PCIELINK_COUNT, 1, 16},
	[PCIELINK_EFFICIENCY] = {"efficiency", PCIELINK_RATIO, 100000, 1000000},
	[PCIELINK_OVERHEAD_32_BYTES] = {"overhead_32_bytes", PCIELINK_COUNT, 16, 64},
	[PCIELINK_OVERHEAD_64_BYTES] = {"overhead_64_bytes", PCIELINK_COUNT, 16, 64},
	[PCIELINK_HEADER_CREDITS] = {"header_credits", PCIELINK_COUNT, 0, 2032},
	[PCIELINK_DATA_CREDITS] = {"data_credits", PCIELINK_COUNT, 0, 8188},
	[PCIELINK_CREDIT_RETURN_NS] = {"credit_return_ns", PCIELINK_NS, 0, 100000000},
	[PCIELINK_QUEUE_TLPS] = {"queue_tlps", PCIELINK_COUNT, 1, 256},
	[PCIELINK_WC_BUFFERS] = {"wc_buffers", PCIELINK_COUNT, 1, 64},
	[PCIELINK_WC_RELEASE_NS] = {"wc_release_ns", PCIELINK_NS, 0, 10000000},
	[PCIELINK_WC_SPACING_NS] = {"wc_spacing_ns", PCIELINK_NS, 0, 10000000},
	[PCIELINK_PARTIAL_MAX_BYTES] = {"partial_max_bytes", PCIELINK_COUNT, 1, 32},
	[PCIELINK_GATHER] = {"gather", PCIELINK_RATIO, 0, 1000000},
	[PCIELINK_STORE_NS] = {"store_ns", PCIELINK_NS, 0, 1000000},
	[PCIELINK_ORDER_NS] = {"order_ns", PCIELINK_NS, 0, 100000000},
	[PCIELINK_DRAIN_NS] = {"drain_ns", PCIELINK_NS, 0, 100000000},
	[PCIELINK_READ_NS] = {"read_ns", PCIELINK_NS, 0, 100000000},
	[PCIELINK_UC_WAIT_NS] = {"uc_wait_ns", PCIELINK_NS, 0, 10000000},
	[PCIELINK_NGNRE_SPACING_NS] = {"ngnre_spacing_ns", PCIELINK_NS, 0, 10000000},
	[PCIELINK_NGNRE_OUTSTANDING] = {"ngnre_outstanding", PCIELINK_COUNT, 1, 64},
	[PCIELINK_UC_EVICTS_WC] = {"uc_evicts_wc", PCIELINK_COUNT, 0, 1},
};

/* By unit: how many decimals the files may have. */
static const unsigned int decimals[] = {
	[PCIELINK_COUNT] = 0,
	[PCIELINK_RATIO] = 6,
	[PCIELINK_NS] = 3,
};

struct parse {
	struct pcielink_config *config;
	bool seen[PCIELINK_KEYS];
	unsigned int line; /* 0: not about one line */
	char *why;
	size_t why_bytes;
};

const struct pcielink_key_info *
pcielink_key_info(enum pcielink_key key)
{
	return key < PCIELINK_KEYS ? &keys[key] : NULL;
}

WC_PRINTF(2, 3) static int refuse(const struct parse *p, const char *fmt, ...)
{
	va_list ap;
	int used = 0;

	if (p->why == NULL || p->why_bytes == 0)
		return -EINVAL;
	if (p->line > 0)
		used = snprintf(p->why, p->why_bytes, "line %u: ", p->line);
	if ((size_t)used >= p->why_bytes)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(p->why + used, p->why_bytes - (size_t)used, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static uint64_t
scale_of(enum pcielink_unit unit)
{
	uint64_t scale = 1;

	for (unsigned int i = 0; i < decimals[unit]; i++)
		scale *= 10;
	return scale;
}

/* As the files write it: 5, 0.9, 1.25. */
static const char *
number_text(char *text, size_t bytes, enum pcielink_unit unit, uint64_t value)
{
	uint64_t scale = scale_of(unit);
	int at = snprintf(text, bytes, "%" PRIu64, value / scale);

	if (value % scale == 0)
		return text;
	at += snprintf(text + at, bytes - (size_t)at, ".%0*" PRIu64, (int)decimals[unit],
		       value % scale);
	while (text[at - 1] == '0')
		text[--at] = '\0';
	return text;
}

const char *
pcielink_value_text(enum pcielink_key key, uint64_t value, char *text, size_t bytes)
{
	char whole[32];

	snprintf(text, bytes, "%s", number_text(whole, sizeof(whole), keys[key].unit, value));
	return text;
}

/* ---- what a value may be ------------------------------------------------------------------- */

/* NULL, or what a value in its range must be besides. */
static const char *
value_objection(enum pcielink_key key, uint64_t value)
{
	if ((key == PCIELINK_LANES || key == PCIELINK_PARTIAL_MAX_BYTES) &&
	    (value & (value - 1)) != 0)
		return "a power of two";
	if (key == PCIELINK_DATA_CREDITS && value > 0 && value < PCIELINK_LINE_BYTES / 16)
		return "0 (infinite) or at least 4, or no full line could ever leave";
	return NULL;
}

static int
value_check(const struct parse *p, enum pcielink_key key, uint64_t value)
{
	const struct pcielink_key_info *info = &keys[key];
	const char *objection;
	char is[32], min[32], max[32];

	number_text(is, sizeof(is), info->unit, value);
	if (value < info->min || value > info->max)
		return refuse(p, "%s = %s is out of range: %s to %s", info->name, is,
			      number_text(min, sizeof(min), info->unit, info->min),
			      number_text(max, sizeof(max), info->unit, info->max));
	objection = value_objection(key, value);
	if (objection != NULL)
		return refuse(p, "%s = %s: must be %s", info->name, is, objection);
	return 0;
}

static int
param_check(const struct parse *p, enum pcielink_key key, const struct pcielink_param *param)
{
	int ret = value_check(p, key, param->value);

	if (ret == 0)
		ret = value_check(p, key, param->low);
	if (ret == 0)
		ret = value_check(p, key, param->high);
	if (ret == 0 && (param->value < param->low || param->value > param->high))
		ret = refuse(p, "%s: the value is not within its own bounds", keys[key].name);
	return ret;
}

int
pcielink_config_check(const struct pcielink_config *config, char *why, size_t why_bytes)
{
	struct parse p = {.why = why, .why_bytes = why_bytes};
	int ret = 0;

	for (unsigned int key = 0; key < PCIELINK_KEYS && ret == 0; key++)
		ret = param_check(&p, key, &config->param[key]);
	return ret;
}

/* ---- one line ------------------------------------------------------------------------------ */

static char *
skip_blanks(char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static char *
trim(char *s)
{
	size_t n;

	s = skip_blanks(s);
	n = strlen(s);
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		s[--n] = '\0';
	return s;
}

/* A decimal number at *s, which moves behind it. */
static bool
number_read(char **s, enum pcielink_unit unit, uint64_t *value)
{
	char *at = *s;
	unsigned int whole = 0, behind = 0;
	uint64_t v = 0;

	for (; isdigit((unsigned char)*at); at++, whole++) {
		if (whole == DIGITS_MAX)
			return false;
		v = v * 10 + (uint64_t)(*at - '0');
	}
	if (whole == 0)
		return false;
	if (at[0] == '.' && at[1] != '.') {
		for (at++; isdigit((unsigned char)*at); at++, behind++) {
			if (behind == decimals[unit])
				return false;
			v = v * 10 + (uint64_t)(*at - '0');
		}
		if (behind == 0)
			return false;
	}
	for (; behind < decimals[unit]; behind++)
		v *= 10;
	*value = v;
	*s = skip_blanks(at);
	return true;
}

/* `value` or `value [low .. high]`. */
static bool
values_read(char *s, enum pcielink_unit unit, struct pcielink_param *param)
{
	if (!number_read(&s, unit, &param->value))
		return false;
	param->low = param->high = param->value;
	if (*s == '\0')
		return true;
	if (*s != '[')
		return false;
	s = skip_blanks(s + 1);
	if (!number_read(&s, unit, &param->low) || strncmp(s, "..", 2) != 0)
		return false;
	s = skip_blanks(s + 2);
	if (!number_read(&s, unit, &param->high) || *s != ']')
		return false;
	return *skip_blanks(s + 1) == '\0';
}

static int
origin_read(const struct parse *p, const char *name, char *comment, struct pcielink_param *param)
{
	char *text = comment == NULL ? NULL : trim(comment);

	if (text != NULL && strncmp(text, "source:", 7) == 0 && *skip_blanks(text + 7) != '\0') {
		text = skip_blanks(text + 7);
	} else if (text != NULL && strncmp(text, "assumed", 7) == 0 &&
		   (text[7] == ':' || text[7] == '\0')) {
		param->assumed = true;
		text = skip_blanks(text + 7 + (text[7] == ':'));
	} else {
		return refuse(p,
			      "%s says not where it is from: end it with '# source: WHERE' or "
			      "'# assumed: WHY'",
			      name);
	}
	if (strlen(text) >= sizeof(param->origin))
		return refuse(p, "%s: its origin is longer than %zu characters", name,
			      sizeof(param->origin) - 1);
	strcpy(param->origin, text);
	return 0;
}

/* The key, or -EINVAL. */
static int
key_find(const struct parse *p, const char *name)
{
	for (int key = 0; key < PCIELINK_KEYS; key++) {
		if (strcmp(keys[key].name, name) == 0)
			return key;
	}
	return refuse(p, "no parameter is called '%s'; doc/link-model.md lists them", name);
}

static int
line_parse(struct parse *p, char *line)
{
	char *comment, *equals, *name;
	struct pcielink_param *param;
	int key, ret;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	comment = strchr(line, '#');
	if (comment != NULL)
		*comment++ = '\0';
	equals = strchr(line, '=');
	if (equals == NULL)
		return refuse(p, "'%s' is not 'key = value # source: WHERE'", trim(line));
	*equals = '\0';
	name = trim(line);
	key = key_find(p, name);
	if (key < 0)
		return key;
	if (p->seen[key])
		return refuse(p, "%s is there a second time", name);
	p->seen[key] = true;
	param = &p->config->param[key];
	if (!values_read(trim(equals + 1), keys[key].unit, param))
		return refuse(p,
			      "%s = '%s': want a number with at most %u decimals, or "
			      "'number [low .. high]'",
			      name, trim(equals + 1), decimals[keys[key].unit]);
	ret = param_check(p, key, param);
	return ret != 0 ? ret : origin_read(p, name, comment, param);
}

/* ---- a parameter set ----------------------------------------------------------------------- */

static int
lines_parse(struct parse *p, const char *text, size_t bytes)
{
	const char *end = text + bytes;
	char line[LINE_CHARS_MAX + 1];
	const char *next;
	size_t chars;
	int ret = 0;

	for (; text < end && ret == 0; text = next) {
		p->line++;
		next = memchr(text, '\n', (size_t)(end - text));
		chars = (size_t)((next == NULL ? end : next) - text);
		next = next == NULL ? end : next + 1;
		if (chars > LINE_CHARS_MAX)
			return refuse(p, "longer than %u characters", LINE_CHARS_MAX);
		if (memchr(text, '\0', chars) != NULL)
			return refuse(p, "a zero byte: this is not text");
		memcpy(line, text, chars);
		line[chars] = '\0';
		ret = line_parse(p, line);
	}
	return ret;
}

int
pcielink_config_parse(struct pcielink_config *config, const char *name, const char *text,
		      size_t bytes, char *why, size_t why_bytes)
{
	struct parse p = {.config = config, .why = why, .why_bytes = why_bytes};
	int ret;

	memset(config, 0, sizeof(*config));
	if (strlen(name) >= sizeof(config->name))
		return refuse(&p, "'%s': a name has at most %zu characters", name,
			      sizeof(config->name) - 1);
	strcpy(config->name, name);
	ret = lines_parse(&p, text, bytes);
	p.line = 0;
	for (unsigned int key = 0; key < PCIELINK_KEYS && ret == 0; key++) {
		if (!p.seen[key])
			ret = refuse(&p, "%s is missing", keys[key].name);
	}
	return ret;
}

static int
file_read(const char *path, char *text, size_t max_bytes, size_t *bytes)
{
	FILE *f = wcfile_fopen(path);
	int ret = 0;

	if (f == NULL)
		return -errno;
	errno = 0;
	*bytes = fread(text, 1, max_bytes, f);
	if (ferror(f))
		ret = errno != 0 ? -errno : -EIO;
	fclose(f);
	return ret;
}

int
pcielink_config_load(struct pcielink_config *config, const char *path, char *why, size_t why_bytes)
{
	const char *base = strrchr(path, '/');
	size_t chars, bytes = 0;
	char text[FILE_BYTES_MAX + 1];
	char name[PCIELINK_NAME_BYTES] = "";
	int ret = file_read(path, text, sizeof(text), &bytes);

	if (ret == 0 && bytes > FILE_BYTES_MAX)
		ret = -EFBIG;
	if (ret != 0) {
		if (why != NULL)
			snprintf(why, why_bytes, "%s: %s", path, wcfile_strerror(-ret));
		return ret;
	}
	base = base == NULL ? path : base + 1;
	chars = strlen(base);
	if (chars > 5 && strcmp(base + chars - 5, ".conf") == 0)
		chars -= 5;
	snprintf(name, sizeof(name), "%.*s", (int)chars, base);
	return pcielink_config_parse(config, name, text, bytes, why, why_bytes);
}

uint64_t
pcielink_config_bytes_per_s(const struct pcielink_config *config)
{
	/* PCI Express Base Specification: 8b/10b up to 5 GT/s, 128b/130b above. */
	static const struct {
		uint64_t transfers_per_s, bits, of;
	} rates[] = {
		{0, 0, 1},
		{UINT64_C(2500000000), 8, 10},
		{UINT64_C(5000000000), 8, 10},
		{UINT64_C(8000000000), 128, 130},
		{UINT64_C(16000000000), 128, 130},
		{UINT64_C(32000000000), 128, 130},
	};
	uint64_t generation = config->param[PCIELINK_GENERATION].value;
	uint64_t raw;

	if (generation >= sizeof(rates) / sizeof(rates[0]))
		return 0;
	raw = rates[generation].transfers_per_s * config->param[PCIELINK_LANES].value *
	      rates[generation].bits / rates[generation].of / 8;
	return raw * config->param[PCIELINK_EFFICIENCY].value / 1000000;
}
