/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The plugin's arguments. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <app_number.h>
#include <wcnic_abi.h>

#include "arguments.h"

static int
range_parse(struct bar_range *range, const char *text)
{
	if (!app_number_pair(text, 0, &range->pa, &range->bytes))
		return -EINVAL;
	return range->bytes == 0 || range->pa % 64 != 0 || range->pa + range->bytes < range->pa
		       ? -EINVAL
		       : 0;
}

static int
device_parse(struct arguments *a, const char *text)
{
	uint64_t vendor, device;

	if (!app_number_pair(text, 16, &vendor, &device) || vendor > 0xffff || device > 0xffff)
		return -EINVAL;
	a->vendor = (uint16_t)vendor;
	a->device = (uint16_t)device;
	return 0;
}

static int
bar_parse(struct arguments *a, const char *text)
{
	uint64_t bar;

	if (!app_number(text, 1, 5, &bar))
		return -EINVAL;
	a->bar = (unsigned int)bar;
	return 0;
}

static int
mark_parse(struct arguments *a, const char *text)
{
	return app_number(text, 0, UINT64_MAX, &a->mark) && a->mark % 4 == 0 ? 0 : -EINVAL;
}

static int
override_parse(struct arguments *a, const char *text)
{
	const char *type;

	if (!app_number_colon(text, &a->override_at, &type))
		return -EINVAL;
	a->override = true;
	return memtype_parse(type, &a->override_type);
}

static int
aperture_parse(struct arguments *a, const char *text)
{
	return range_parse(&a->aperture, text);
}

static int
regs_parse(struct arguments *a, const char *text)
{
	return range_parse(&a->regs, text);
}

static int
link_parse(struct arguments *a, const char *text)
{
	a->link = text;
	/* Its name goes into JSON, which has no control characters in a string. */
	for (; *text != '\0'; text++)
		if (*text == '"' || *text == '\\' || (unsigned char)*text < ' ')
			return -EINVAL;
	return 0;
}

/* A file's name, which is not empty. */
static int
file_parse(const char **file, const char *text)
{
	*file = text;
	return text[0] == '\0' ? -EINVAL : 0;
}

static int
out_parse(struct arguments *a, const char *text)
{
	return file_parse(&a->out, text);
}

static int
trace_parse(struct arguments *a, const char *text)
{
	return file_parse(&a->trace, text);
}

static int
stream_parse(struct arguments *a, const char *text)
{
	return file_parse(&a->stream, text);
}

static int
feed_parse(struct arguments *a, const char *text)
{
	return file_parse(&a->feed, text);
}

static const struct {
	const char *name;
	int (*parse)(struct arguments *a, const char *text);
	const char *right;
} known[] = {
	{"aperture", aperture_parse, "aperture=ADDRESS:BYTES, the address a multiple of 64"},
	{"bar", bar_parse, "bar=NUMBER of the BAR of device= that is watched, 1 to 5"},
	{"device", device_parse, "device=VENDOR:DEVICE, hexadecimal as lspci -n prints them"},
	{"feed", feed_parse, "feed=FILE, the ring of wcnicd --tlp-feed FILE"},
	{"link", link_parse,
	 "link=FILE, a parameter set as in config/link, with no \", \\ or control character in its "
	 "name"},
	{"mark", mark_parse, "mark=OFFSET in BAR0, a multiple of 4"},
	{"out", out_parse, "out=FILE, for the summary"},
	{"override-s2", override_parse, "override-s2=STORE:TYPE, such as 1000:Device-nGnRE"},
	{"regs", regs_parse, "regs=ADDRESS:BYTES, BAR0 where aperture= is given"},
	{"stream", stream_parse, "stream=FILE, for the stores, to be replayed through other links"},
	{"trace", trace_parse, "trace=FILE"},
};

/* What is right for an argument of this name. */
static const char *
expected(const char *name)
{
	unsigned int i = 0;

	while (strcmp(known[i].name, name) != 0)
		i++;
	return known[i].right;
}

/* A message is one line. */
static void
controls_hide(char *why)
{
	for (; *why != '\0'; why++)
		if ((unsigned char)*why < ' ')
			*why = '?';
}

static int
argument_parse(struct arguments *a, const char *text, char *why)
{
	const char *value = strchr(text, '=');
	size_t len = value != NULL ? (size_t)(value - text) : strlen(text);

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != len || strncmp(known[i].name, text, len) != 0)
			continue;
		if (value != NULL && known[i].parse(a, value + 1) == 0)
			return 0;
		snprintf(why, ARGUMENTS_WHY_BYTES, "'%s': expected %s", text, known[i].right);
		controls_hide(why);
		return -EINVAL;
	}
	snprintf(why, ARGUMENTS_WHY_BYTES,
		 "unknown argument '%s'; there are aperture, bar, device, feed, link, mark, out, "
		 "override-s2, regs, stream, trace",
		 text);
	return -EINVAL;
}

int
arguments_parse(struct arguments *a, int argc, char **argv, char *why)
{
	int ret;

	memset(a, 0, sizeof(*a));
	a->vendor = WCNIC_PCI_VENDOR_ID;
	a->device = WCNIC_PCI_DEVICE_ID;
	a->bar = WCNIC_BAR_WINDOWS;
	a->mark = WCNIC_REG_MARK; /* in ivshmem's BAR0 it does nothing either */
	for (int i = 0; i < argc; i++) {
		ret = argument_parse(a, argv[i], why);
		if (ret != 0)
			return ret;
	}
	if (a->link == NULL || a->out == NULL) {
		snprintf(why, ARGUMENTS_WHY_BYTES, "%s is needed: expected %s",
			 a->link == NULL ? "link" : "out",
			 expected(a->link == NULL ? "link" : "out"));
		return -EINVAL;
	}
	if (a->regs.bytes != 0 && a->aperture.bytes == 0) {
		snprintf(why, ARGUMENTS_WHY_BYTES, "regs= is for a given aperture: add aperture=");
		return -EINVAL;
	}
	return 0;
}
