/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Link speed and width, and which BARs can be resized, from sysfs. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <app_number.h>
#include <wcfile.h>

#include "pci_link.h"

#define DEVICES "/sys/bus/pci/devices"

/* The first line of a file of a device; "": it cannot be read, or says that it does not know. */
static void
line_read(const char *root, const char *bdf, const char *name, char *text, size_t bytes)
{
	char path[PATH_MAX];
	FILE *f = NULL;

	text[0] = '\0';
	if (snprintf(path, sizeof(path), "%s" DEVICES "/%s/%s", root, bdf, name) <
	    (int)sizeof(path))
		f = wcfile_fopen(path);
	if (f == NULL)
		return;
	if (fgets(text, (int)bytes, f) == NULL)
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, "Unknown", 7) == 0)
		text[0] = '\0';
}

static unsigned int
width_read(const char *root, const char *bdf, const char *name)
{
	char text[32];
	uint64_t width;

	line_read(root, bdf, name, text, sizeof(text));
	return app_number(text, 1, 32, &width) ? (unsigned int)width : 0;
}

static void
end_read(const char *root, const char *bdf, struct pci_link_end *end)
{
	snprintf(end->bdf, sizeof(end->bdf), "%s", bdf);
	line_read(root, bdf, "current_link_speed", end->speed, sizeof(end->speed));
	line_read(root, bdf, "max_link_speed", end->max_speed, sizeof(end->max_speed));
	end->width = width_read(root, bdf, "current_link_width");
	end->max_width = width_read(root, bdf, "max_link_width");
}

double
pci_link_gbytes(const struct pci_link_end *end)
{
	const double gts = strtod(end->speed, NULL);
	/* 8b/10b up to 5 GT/s, 128b/130b up to 32, none above */
	const double coding = gts <= 5 ? 0.8 : gts <= 32 ? 128.0 / 130.0 : 1;

	return gts * coding * end->width / 8;
}

/* Follows the device's place in the tree of sysfs upwards. */
static void
narrowest_find(const char *root, struct pci_link *link)
{
	char path[PATH_MAX], real[PATH_MAX], bdf[APP_PCI_ADDRESS_BYTES], *base;
	double least = pci_link_gbytes(&link->device);

	if (least == 0 ||
	    snprintf(path, sizeof(path), "%s" DEVICES "/%s", root, link->device.bdf) >=
		    (int)sizeof(path) ||
	    realpath(path, real) == NULL)
		return;
	while ((base = strrchr(real, '/')) != NULL && app_pci_address(base + 1, bdf)) {
		struct pci_link_end end;
		double gbytes;

		end_read(root, bdf, &end);
		gbytes = pci_link_gbytes(&end);
		if (gbytes > 0 && gbytes < least) {
			least = gbytes;
			link->narrowest = end;
		}
		*base = '\0';
	}
}

void
pci_link_read(const char *root, const struct wcbar_pci_facts *facts, struct pci_link *link)
{
	char path[PATH_MAX];

	root = root != NULL ? root : "";
	*link = (struct pci_link){0};
	end_read(root, facts->bdf, &link->device);
	narrowest_find(root, link);
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		if (snprintf(path, sizeof(path), "%s" DEVICES "/%s/resource%u_resize", root,
			     facts->bdf, i) < (int)sizeof(path) &&
		    access(path, F_OK) == 0)
			link->resizable |= 1u << i;
	}
	line_read(root, facts->bdf, "driver/module/version", link->driver_version,
		  sizeof(link->driver_version));
}

bool
pci_of_device_file(const char *root, unsigned int dev_major, unsigned int dev_minor, char bdf[16])
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *base;

	bdf[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/sys/dev/char/%u:%u/device", root != NULL ? root : "",
		     dev_major, dev_minor) >= (int)sizeof(path) ||
	    realpath(path, real) == NULL)
		return false;
	base = strrchr(real, '/');
	if (base != NULL && app_pci_address(base + 1, bdf))
		return true;
	bdf[0] = '\0';
	return false;
}
