/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A dumb buffer of DRM: the memory that a program without a GPU's driver draws into. A driver maps
 * it write-combining. Whether it is the GPU's memory or RAM is the driver's choice, and the kernel
 * tells it at most by what it maps. Needs libdrm's headers, and no library.
 */

#include <drm.h>
#include <drm_mode.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <app_json.h>

#include "mapped.h"
#include "raw_target.h"

#define SIDE 1024u /* pixels: 4 MiB */
#define PIXEL_BITS 32u

struct dumb {
	int fd;
	uint32_t handle; /* 0: none */
	void *addr;
	uint64_t bytes;
	char driver[64], version[32], text[64];
};

static int
ask(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret != 0 && (errno == EINTR || errno == EAGAIN));
	return ret != 0 ? -errno : 0;
}

/* ---- the buffer ---------------------------------------------------------------------------- */

static void
dumb_close(struct raw_target *t)
{
	struct dumb *d = t->state;

	if (d == NULL)
		return;
	if (d->addr != NULL)
		munmap(d->addr, d->bytes);
	if (d->handle != 0) {
		struct drm_mode_destroy_dumb destroy = {.handle = d->handle};

		(void)ask(d->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	}
	if (d->fd >= 0)
		close(d->fd);
	free(d);
	t->state = NULL;
}

static int
card_open(struct dumb *d, const char *file, char *why, size_t why_bytes)
{
	struct drm_version v = {
		.name = d->driver,
		.name_len = sizeof(d->driver) - 1,
		.desc = d->text,
		.desc_len = sizeof(d->text) - 1,
	};
	int ret;

	d->fd = open(file, O_RDWR | O_CLOEXEC);
	if (d->fd < 0) {
		ret = -errno;
		snprintf(why, why_bytes, "%s cannot be opened: %s%s", file, strerror(-ret),
			 ret == -EACCES   ? "; be in its group (video), or root"
			 : ret == -ENOENT ? "; a machine with a display driver has /dev/dri/card0"
					  : "");
		return ret;
	}
	ret = ask(d->fd, DRM_IOCTL_VERSION, &v);
	if (ret != 0)
		snprintf(why, why_bytes, "%s is no device of DRM: expected /dev/dri/cardN", file);
	snprintf(d->version, sizeof(d->version), "%d.%d.%d", v.version_major, v.version_minor,
		 v.version_patchlevel);
	return ret;
}

static int
dumb_make(struct dumb *d, const char *file, char *why, size_t why_bytes)
{
	struct drm_mode_create_dumb create = {.width = SIDE, .height = SIDE, .bpp = PIXEL_BITS};
	struct drm_mode_map_dumb map = {0};
	struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER};
	void *addr;
	int ret;

	if (ask(d->fd, DRM_IOCTL_GET_CAP, &cap) != 0 || cap.value == 0) {
		snprintf(why, why_bytes,
			 "driver %s of %s has no dumb buffers: expected /dev/dri/cardN of a driver "
			 "that drives displays",
			 d->driver, file);
		return -ENOTSUP;
	}
	ret = ask(d->fd, DRM_IOCTL_MODE_CREATE_DUMB, &create);
	if (ret == 0) {
		d->handle = map.handle = create.handle;
		d->bytes = create.size;
		ret = ask(d->fd, DRM_IOCTL_MODE_MAP_DUMB, &map);
	}
	if (ret != 0) {
		snprintf(why, why_bytes, "driver %s of %s gives no dumb buffer: %s", d->driver,
			 file, strerror(-ret));
		return ret;
	}
	addr = mmap(NULL, d->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, (off_t)map.offset);
	if (addr != MAP_FAILED) {
		d->addr = addr;
		return 0;
	}
	ret = -errno;
	snprintf(why, why_bytes, "the dumb buffer of %s cannot be mapped: %s", file,
		 strerror(-ret));
	return ret;
}

/* ---- what it is ---------------------------------------------------------------------------- */

static void
judge(struct raw_target *t, const struct dumb *d, const struct mapped *m)
{
	if (m->ram == WCBAR_SETTING_YES || m->ordinary == WCBAR_SETTING_YES) {
		t->behind = RAW_BEHIND_RAM;
		snprintf(t->behind_why, sizeof(t->behind_why), "%s",
			 m->ram == WCBAR_SETTING_YES ? "its physical address is System RAM"
						     : "the mapping is of ordinary pages");
	} else if (m->ram == WCBAR_SETTING_NO) {
		t->behind = RAW_BEHIND_DEVICE;
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "its physical address is a device's, as /proc/iomem says");
	} else {
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "driver %s maps it, and some drivers take RAM for it and some the GPU's "
			 "memory",
			 d->driver);
	}
	t->types[0] = m->type;
	t->n_types = 1;
	if (m->type != WCBAR_TYPE_UNKNOWN)
		snprintf(t->type_why, sizeof(t->type_why),
			 "the kernel's list of memory types has its physical address");
	else
		snprintf(t->type_why, sizeof(t->type_why),
			 "drivers map dumb buffers WC as a rule, but %s",
			 m->physical != 0 ? "the kernel's list of memory types does not have it"
					  : "its physical address is not known");
}

static int
dumb_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes)
{
	struct dumb *d = calloc(1, sizeof(*d));
	enum wcbar_type stores;
	struct mapped m;
	char bdf[16] = "";
	struct stat st;
	int ret;

	if (d == NULL) {
		snprintf(why, why_bytes, "no memory");
		return -ENOMEM;
	}
	d->fd = -1;
	t->state = d;
	ret = card_open(d, o->file, why, why_bytes);
	if (ret == 0)
		ret = dumb_make(d, o->file, why, why_bytes);
	if (ret != 0)
		return ret;
	snprintf(t->name, sizeof(t->name), "dumb buffer of %.200s, driver %s", o->file, d->driver);
	if (fstat(d->fd, &st) == 0 &&
	    pci_of_device_file(o->root, major(st.st_rdev), minor(st.st_rdev), bdf))
		raw_target_pci(t, o, bdf);
	memset(d->addr, 0, WCBAR_LINE_BYTES); /* a page that nobody touched is nowhere */
	mapped_read(o->root, d->addr, &m);
	judge(t, d, &m);
	/* Any program draws there with any store, so what is not known takes those of WC. */
	stores = t->types[0] == WCBAR_TYPE_UNKNOWN ? WCBAR_TYPE_WC : t->types[0];
	return wcbar_window_over(d->addr, d->bytes, stores, &t->win);
}

static void
dumb_json(const struct raw_target *t, struct json_object *to)
{
	const struct dumb *d = t->state;
	struct json_object *o = json_object_new_object();

	app_json_add_text(o, "driver", d->driver);
	app_json_add_text(o, "version", d->version);
	app_json_add_text_or_null(o, "description", d->text);
	app_json_add(to, "drm", o);
}

static void
dumb_text(const struct raw_target *t, FILE *out)
{
	const struct dumb *d = t->state;

	fprintf(out, "  driver %s %s (%s)\n", d->driver, d->version, d->text);
}

const struct raw_source raw_source_drm = {
	.kind = "drm",
	.open = dumb_open,
	.measure = raw_target_measure,
	.close = dumb_close,
	.json = dumb_json,
	.text = dumb_text,
};
