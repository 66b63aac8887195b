/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Memory of a GPU, as its own driver maps it, and what that is. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_json.h>

#include "mapped.h"
#include "raw_target.h"

#define BYTES (4u << 20) /* of the buffer: room for lines of many threads */

struct gpu {
	struct vulkan *vulkan;
	struct vulkan_buffer buffer;
	char type_why[RAW_TEXT_BYTES]; /* of the choice */
};

/* ---- what it is ---------------------------------------------------------------------------- */

static void
behind_judge(struct raw_target *t, const struct vulkan_device *d, const struct mapped *m)
{
	t->behind = RAW_BEHIND_UNKNOWN;
	t->software = d->kind == VULKAN_KIND_CPU;
	if (t->software || d->kind == VULKAN_KIND_INTEGRATED || m->ram == WCBAR_SETTING_YES) {
		t->behind = RAW_BEHIND_RAM;
		snprintf(t->behind_why, sizeof(t->behind_why), "%s",
			 t->software ? "a software renderer has no other memory"
			 : m->ram == WCBAR_SETTING_YES
				 ? "its physical address is System RAM"
				 : "an integrated GPU has no memory of its own");
	} else if (d->kind != VULKAN_KIND_DISCRETE) {
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "it calls itself a %s, which may have any memory",
			 vulkan_kind_name(d->kind));
	} else if (!t->has_pci) {
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "it calls itself a discrete GPU, but no PCI device is known behind it");
	} else if (m->ordinary == WCBAR_SETTING_YES) {
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "it calls itself a discrete GPU, but the mapping is of ordinary pages");
	} else if (m->ordinary != WCBAR_SETTING_NO && m->ram != WCBAR_SETTING_NO) {
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "it calls itself a discrete GPU, but nothing tells what it has mapped: "
			 "/proc/self/smaps would");
	} else {
		t->behind = RAW_BEHIND_DEVICE;
		snprintf(t->behind_why, sizeof(t->behind_why),
			 "a DEVICE_LOCAL type of a discrete GPU, %s", t->pci.bdf);
	}
}

/* The type that the driver promises; the kernel's list of types knows better. */
static enum wcbar_type
type_judge(struct raw_target *t, uint32_t flags, const struct mapped *m)
{
	const bool cached = (flags & VULKAN_TYPE_HOST_CACHED) != 0;
	const enum wcbar_type promised = cached ? WCBAR_TYPE_WB : WCBAR_TYPE_WC;

	if (m->type != WCBAR_TYPE_UNKNOWN) {
		snprintf(t->type_why, sizeof(t->type_why),
			 "the kernel's list of memory types has its physical address");
		return m->type;
	}
	if (t->behind == RAW_BEHIND_UNKNOWN) {
		snprintf(t->type_why, sizeof(t->type_why),
			 "its driver calls it %s, but nobody knows what it is",
			 cached ? "HOST_CACHED" : "not HOST_CACHED");
		return WCBAR_TYPE_UNKNOWN;
	}
	snprintf(t->type_why, sizeof(t->type_why), "its driver calls it %s",
		 cached ? "HOST_CACHED" : "not HOST_CACHED");
	if (cached || t->behind != RAW_BEHIND_DEVICE || t->n_now == 0)
		return promised;
	if (raw_target_now(t, WCBAR_TYPE_WC)) {
		snprintf(t->type_why, sizeof(t->type_why),
			 "its driver calls it not HOST_CACHED, and the kernel's list of memory "
			 "types has a WC range in its BAR");
		return WCBAR_TYPE_WC;
	}
	if (raw_target_now(t, WCBAR_TYPE_UC)) {
		snprintf(t->type_why, sizeof(t->type_why),
			 "the kernel's list of memory types has UC ranges alone in its BAR");
		return WCBAR_TYPE_UC;
	}
	return promised;
}

static void
judge(struct raw_target *t, const struct raw_options *o, const struct vulkan_facts *f,
      const struct vulkan_buffer *b)
{
	const struct vulkan_device *d = &f->devices[f->device];
	struct mapped m;

	snprintf(t->name, sizeof(t->name), "%.255s", d->name);
	raw_target_pci(t, o, d->bdf);
	mapped_read(o->root, b->addr, &m);
	behind_judge(t, d, &m);
	t->types[0] = type_judge(t, f->types[b->type].flags, &m);
	t->n_types = 1;
}

/* ---- open, measure, close ------------------------------------------------------------------ */

static void
gpu_close(struct raw_target *t)
{
	struct gpu *g = t->state;

	if (g == NULL)
		return;
	if (g->vulkan != NULL)
		vulkan_buffer_destroy(g->vulkan, &g->buffer);
	vulkan_close(g->vulkan);
	free(g);
	t->state = NULL;
}

static int
gpu_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes)
{
	struct gpu *g = calloc(1, sizeof(*g));
	enum wcbar_type stores;
	int ret;

	if (g == NULL) {
		snprintf(why, why_bytes, "no memory");
		return -ENOMEM;
	}
	t->state = g;
	ret = vulkan_open(&o->vulkan, &g->vulkan, why, why_bytes);
	if (ret == 0)
		ret = vulkan_start(g->vulkan, o->far_end ? far_end_start(g->vulkan) : NULL, why,
				   why_bytes);
	if (ret == 0)
		ret = vulkan_buffer_create(g->vulkan, VULKAN_USE_PUSH, BYTES, &g->buffer, why,
					   why_bytes);
	if (ret != 0)
		return ret;
	snprintf(g->type_why, sizeof(g->type_why), "%.*s", (int)sizeof(g->type_why) - 1, why);
	memset(g->buffer.addr, 0, WCBAR_LINE_BYTES); /* a page that nobody touched is nowhere */
	judge(t, o, vulkan_facts(g->vulkan), &g->buffer);
	/* The driver made it for any store of a CPU, so what is not known takes those of WC. */
	stores = t->types[0] == WCBAR_TYPE_UNKNOWN ? WCBAR_TYPE_WC : t->types[0];
	return wcbar_window_over(g->buffer.addr, BYTES, stores, &t->win);
}

static void
gpu_measure(struct raw_target *t, const struct raw_options *o, enum wcbar_type type,
	    unsigned int marks_before, struct raw_mapping *out)
{
	raw_target_measure(t, o, type, marks_before, out);
	if (out->error == 0 && wcbar_read64(t->win.addr) == UINT64_MAX) {
		out->error = -ENODEV;
		snprintf(out->why, sizeof(out->why),
			 "%.100s has vanished: its memory reads all ones", t->name);
	}
}

/* What a shader saw in RAM that this CPU caches is nobody's measurement. */
static void
gpu_far_end(struct raw_target *t, const struct raw_options *o, const struct machine *machine,
	    struct far_end *out)
{
	const struct far_end_options options = {
		.rounds = o->common.rounds,
		.seconds = o->common.seconds,
		.type = t->win.type,
		.store = o->store,
	};
	struct gpu *g = t->state;

	far_end_measure(g->vulkan, &options, out);
	if (t->software)
		snprintf(out->basis, sizeof(out->basis),
			 "write-back RAM, observed by a software renderer on the same CPUs");
	else
		snprintf(out->basis, sizeof(out->basis), "%s, observed by the device",
			 raw_basis(t, machine));
}

/* ---- reports ------------------------------------------------------------------------------- */

static struct json_object *
device_json(const struct vulkan_device *d)
{
	struct json_object *o = json_object_new_object();

	app_json_add_u64(o, "index", d->index);
	app_json_add_text(o, "name", d->name);
	app_json_add_text(o, "kind", vulkan_kind_name(d->kind));
	app_json_add_format(o, "id", "%04x:%04x", d->vendor, d->id);
	app_json_add_text(o, "vulkan", d->api);
	app_json_add_text_or_null(o, "driver", d->driver);
	app_json_add_text_or_null(o, "bdf", d->bdf);
	return o;
}

static struct json_object *
type_json(const struct vulkan_type *type, unsigned int index, const struct gpu *g)
{
	struct json_object *o = json_object_new_object();
	char flags[256];

	app_json_add_u64(o, "index", index);
	app_json_add_text(o, "flags", vulkan_type_flags(type->flags, flags, sizeof(flags)));
	app_json_add_u64(o, "heap", type->heap);
	app_json_add_u64(o, "heap_bytes", type->heap_bytes);
	app_json_add_bool(o, "chosen", index == g->buffer.type);
	return o;
}

static void
gpu_json(const struct raw_target *t, struct json_object *to)
{
	const struct gpu *g = t->state;
	const struct vulkan_facts *f = vulkan_facts(g->vulkan);
	struct json_object *o = json_object_new_object(), *devices = json_object_new_array();
	struct json_object *types = json_object_new_array();

	app_json_add_u64(o, "device", f->device);
	for (size_t i = 0; i < f->n_devices; i++)
		json_object_array_add(devices, device_json(&f->devices[i]));
	for (unsigned int i = 0; i < f->n_types; i++)
		json_object_array_add(types, type_json(&f->types[i], i, g));
	app_json_add(o, "devices", devices);
	app_json_add(o, "types", types);
	app_json_add_text(o, "chosen_because", g->type_why);
	app_json_add(to, "vulkan", o);
}

static void
gpu_text(const struct raw_target *t, FILE *out)
{
	const struct gpu *g = t->state;
	const struct vulkan_facts *f = vulkan_facts(g->vulkan);
	char flags[256];

	for (size_t i = 0; i < f->n_devices; i++) {
		const struct vulkan_device *d = &f->devices[i];

		fprintf(out, "  %s device %u: %s, %s, Vulkan %s%s%s%s%s\n",
			d->index == f->device ? "->" : "  ", d->index, d->name,
			vulkan_kind_name(d->kind), d->api, d->driver[0] != '\0' ? ", " : "",
			d->driver, d->bdf[0] != '\0' ? ", " : "", d->bdf);
	}
	for (unsigned int i = 0; i < f->n_types; i++)
		fprintf(out, "  %s memory type %u: %s, of a heap of %" PRIu64 " MiB\n",
			i == g->buffer.type ? "->" : "  ", i,
			vulkan_type_flags(f->types[i].flags, flags, sizeof(flags)),
			f->types[i].heap_bytes >> 20);
	fprintf(out, "  type %u because: %s\n", g->buffer.type, g->type_why);
}

const struct raw_source raw_source_vulkan = {
	.kind = "vulkan",
	.open = gpu_open,
	.measure = gpu_measure,
	.far_end = gpu_far_end,
	.close = gpu_close,
	.json = gpu_json,
	.text = gpu_text,
};
