/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which BARs hold the MSI-X table and its pending bits, from configuration space. Reads only. */

#include <fcntl.h>
#include <unistd.h>

#include "wcbar_internal.h"

/* PCI Local Bus Specification 3.0: 6.7 (the list of capabilities) and 6.8.2 (MSI-X). */
#define STATUS_OFF 0x06u
#define STATUS_CAPS 0x10u
#define CAPS_OFF 0x34u
#define CAP_MSIX 0x11u
#define MSIX_TABLE_OFF 4u
#define MSIX_PBA_OFF 8u
#define MSIX_BYTES 12u
#define MSIX_BAR_MASK 0x7u
#define CAPS_MAX 48u /* as many as fit; a list that is longer runs in a circle */

void
wcbar_msix_parse(const uint8_t *config, size_t bytes, struct wcbar_pci_facts *f)
{
	unsigned int at, n;

	f->caps_known = false;
	f->msix_table_bar = -1;
	f->msix_pba_bar = -1;
	if (bytes < CAPS_OFF + 1)
		return;
	f->caps_known = true;
	if ((config[STATUS_OFF] & STATUS_CAPS) == 0)
		return;
	at = config[CAPS_OFF] & 0xfcu;
	for (n = 0; at != 0 && n < CAPS_MAX; n++) {
		/* Every capability has two bytes at least; it may be the last of the space. */
		if (at + 2 > bytes || (config[at] == CAP_MSIX && at + MSIX_BYTES > bytes)) {
			/* Users that are not root see the first 64 bytes alone. */
			f->caps_known = bytes >= WCBAR_CONFIG_BYTES;
			return;
		}
		if (config[at] == CAP_MSIX) {
			f->msix_table_bar = config[at + MSIX_TABLE_OFF] & MSIX_BAR_MASK;
			f->msix_pba_bar = config[at + MSIX_PBA_OFF] & MSIX_BAR_MASK;
			return;
		}
		at = config[at + 1] & 0xfcu;
	}
}

void
wcbar_msix_read(const char *root, struct wcbar_pci_facts *f)
{
	uint8_t config[WCBAR_CONFIG_BYTES];
	int fd = wcbar_sysfs_open(root, f->bdf, "config", O_RDONLY);
	ssize_t n = -1;

	if (fd >= 0) {
		n = pread(fd, config, sizeof(config), 0);
		close(fd);
	}
	wcbar_msix_parse(config, n > 0 ? (size_t)n : 0, f);
}
