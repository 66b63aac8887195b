/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The devices that the program has opened with VFIO, found again by their files. */

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "inter_device.h"

static struct inter_device devices[INTER_DEVICES];
static atomic_uint devices_n; /* entries in use */
static bool devices_ready;

bool
inter_device_any(void)
{
	return atomic_load_explicit(&devices_n, memory_order_relaxed) > 0;
}

void
inter_device_forget(struct inter_device *device)
{
	if (device->fd < 0)
		return;
	wcbar_pci_close(device->pci);
	*device = (struct inter_device){.fd = -1};
	atomic_fetch_sub_explicit(&devices_n, 1, memory_order_relaxed);
}

void
inter_device_forget_all(void)
{
	for (unsigned int i = 0; i < INTER_DEVICES && devices_ready; i++)
		inter_device_forget(&devices[i]);
}

/*
 * Whether `fd` may still be that device: the same inode, and it answers as a VFIO device. All VFIO
 * devices share one inode on kernels before 6.10.
 */
static bool
may_be(const struct inter_calls *calls, const struct inter_device *d, int fd)
{
	unsigned int bar;
	struct stat st;
	uint64_t off;
	int ret;

	if (calls->fstat(fd, &st) != 0 || st.st_ino != d->ino || st.st_dev != d->dev)
		return false;
	ret = wcbar_pci_bar_at(d->pci, 0, 1, &bar, &off);
	return ret == 0 || ret == -ENOENT;
}

/* An entry to fill: that of this number, a free one, or one whose program has closed the file. */
static struct inter_device *
entry_take(const struct inter_calls *calls, int fd)
{
	struct inter_device *free_one = NULL;

	for (unsigned int i = 0; i < INTER_DEVICES; i++) {
		struct inter_device *d = &devices[i];

		if (!devices_ready)
			d->fd = -1;
		if (d->fd == fd || (d->fd >= 0 && !may_be(calls, d, d->fd)))
			inter_device_forget(d);
		if (d->fd < 0 && free_one == NULL)
			free_one = d;
	}
	devices_ready = true;
	return free_one;
}

struct inter_device *
inter_device_add(const struct inter_calls *calls, int fd, const char *root, const char *bdf,
		 char *why, size_t why_bytes)
{
	const struct wcbar_pci_options options = {.root = root, .vfio_fd = fd, .hands_off = true};
	struct inter_device *d = entry_take(calls, fd);
	struct stat st;

	if (d == NULL) {
		snprintf(why, why_bytes, "more than %u devices are open", INTER_DEVICES);
		return NULL;
	}
	if (calls->fstat(fd, &st) != 0) {
		snprintf(why, why_bytes, "the VFIO device cannot be examined: %s", strerror(errno));
		return NULL;
	}
	if (wcbar_pci_open(bdf, &options, &d->pci, why, why_bytes) != 0)
		return NULL;
	d->fd = fd;
	d->dev = st.st_dev;
	d->ino = st.st_ino;
	atomic_fetch_add_explicit(&devices_n, 1, memory_order_relaxed);
	return d;
}

struct inter_device *
inter_device_find(const struct inter_calls *calls, int fd)
{
	struct inter_device *own = NULL, *twin = NULL;

	for (unsigned int i = 0; i < INTER_DEVICES && devices_ready; i++) {
		struct inter_device *d = &devices[i];

		if (d->fd < 0)
			continue;
		if (d->fd == fd)
			own = d;
		else if (may_be(calls, d, fd) && calls->same_file(fd, d->fd) == 0)
			twin = d;
	}
	if (own != NULL && (!may_be(calls, own, fd) || twin != NULL)) {
		/* Closed unseen, and its number is another file's: perhaps another device's. */
		inter_device_forget(own);
		own = NULL;
	}
	return own != NULL ? own : twin;
}
