/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Reports as JSON. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <app_json.h>

#include "now_report.h"
#include "predict.h"
#include "report.h"
#include "verdict.h"

static void
add_rung(struct json_object *to, const char *key, enum wcbar_rung rung)
{
	app_json_add_text_or_null(to, key, rung < WCBAR_RUNGS ? wcbar_rung_name(rung) : "");
}

/* "" for success, the symbol where it is one of those that the ladder knows, else the text. */
static const char *
error_name(int error)
{
	switch (-error) {
	case 0:
		return "";
	case EACCES:
		return "EACCES";
	case EBUSY:
		return "EBUSY";
	case EINVAL:
		return "EINVAL";
	case ECANCELED:
		return "ECANCELED";
	case EIO:
		return "EIO";
	case ENODATA:
		return "ENODATA";
	case ENODEV:
		return "ENODEV";
	case ENOENT:
		return "ENOENT";
	case ENOMEM:
		return "ENOMEM";
	case ENOSYS:
		return "ENOSYS";
	case ENOTSUP:
		return "ENOTSUP";
	case ENOTTY:
		return "ENOTTY";
	case ENXIO:
		return "ENXIO";
	case EPERM:
		return "EPERM";
	case EPROTO:
		return "EPROTO";
	case ETIMEDOUT:
		return "ETIMEDOUT";
	default:
		return strerror(-error);
	}
}

struct json_object *
report_head(int exit_status)
{
	struct json_object *root = json_object_new_object();

	app_json_add_head(root, "wcprobe", REPORT_SCHEMA);
	app_json_add_u64(root, "exit_status", exit_status);
	return root;
}

struct json_object *
json_error(int error, const char *why, int exit_status)
{
	struct json_object *root = report_head(exit_status), *e = json_object_new_object();

	app_json_add_text(e, "error", error_name(error));
	app_json_add_text(e, "why", why);
	app_json_add(root, "error", e);
	return root;
}

static struct json_object *
bars(const struct wcbar_pci_facts *f)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		const struct wcbar_bar_facts *b = &f->bars[i];
		struct json_object *o;

		if (b->bytes == 0)
			continue;
		o = json_object_new_object();
		app_json_add_u64(o, "number", i);
		app_json_add_format(o, "address", "0x%" PRIx64, b->address);
		app_json_add_u64(o, "bytes", b->bytes);
		app_json_add_bool(o, "io", b->io);
		app_json_add_bool(o, "prefetchable", b->prefetchable);
		app_json_add_bool(o, "wide", b->wide);
		app_json_add_bool(o, "sysfs", b->has_sysfs);
		app_json_add_bool(o, "sysfs_wc", b->has_sysfs_wc);
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *
device(const struct wcbar_pci_facts *f)
{
	struct json_object *o = json_object_new_object(), *iommu = NULL;

	app_json_add_text(o, "bdf", f->bdf);
	app_json_add_format(o, "vendor", "0x%04x", f->vendor);
	app_json_add_format(o, "device", "0x%04x", f->device);
	app_json_add_format(o, "subvendor", "0x%04x", f->subvendor);
	app_json_add_format(o, "subdevice", "0x%04x", f->subdevice);
	app_json_add_format(o, "class", "0x%06x", f->class_code);
	app_json_add_text(o, "class_name", report_class(f->class_code));
	app_json_add(o, "numa_node", f->numa_node >= 0 ? json_object_new_int(f->numa_node) : NULL);
	app_json_add_text_or_null(o, "driver", f->driver);
	app_json_add_text(o, "access", access_name(f->access));
	app_json_add_bool(o, "memory_enabled", f->memory_enabled);
	if (f->iommu_group >= 0) {
		iommu = json_object_new_object();
		app_json_add_u64(iommu, "group", f->iommu_group);
		app_json_add_text_or_null(iommu, "type", f->iommu_type);
		app_json_add_u64(iommu, "devices", f->group_devices);
		app_json_add_text_or_null(iommu, "peer_in_use", f->group_peer);
		app_json_add_bool(iommu, "noiommu", f->noiommu);
	}
	app_json_add(o, "iommu", iommu);
	app_json_add(o, "bars", bars(f));
	return o;
}

/* true, false, or null if it is not known. */
static void
add_setting(struct json_object *to, const char *key, enum wcbar_setting setting)
{
	app_json_add(to, key,
		     setting == WCBAR_SETTING_UNKNOWN
			     ? NULL
			     : json_object_new_boolean(setting == WCBAR_SETTING_YES));
}

static struct json_object *
machine(const struct wcbar_pci_facts *f, const char *arch)
{
	struct json_object *o = json_object_new_object(), *config = NULL;

	app_json_add_text(o, "kernel", f->kernel);
	app_json_add_text_or_null(o, "arch", arch);
	app_json_add_u64(o, "page_bytes", f->page_bytes);
	app_json_add_bool(o, "hypervisor", f->hypervisor);
	app_json_add_text_or_null(o, "lockdown", f->lockdown);
	app_json_add_bool(o, "iomem_relaxed", f->iomem_relaxed);
	app_json_add_bool(o, "vfio", f->vfio);
	add_setting(o, "noiommu_mode", f->noiommu_mode);
	if (f->config.file[0] != '\0') {
		config = json_object_new_object();
		app_json_add_text(config, "file", f->config.file);
		add_setting(config, "io_strict_devmem", f->config.io_strict_devmem);
		add_setting(config, "vfio_noiommu", f->config.vfio_noiommu);
	}
	app_json_add(o, "config", config);
	return o;
}

static struct json_object *
rungs(const struct probe *p)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		const struct wcbar_answer *a = &p->answers[i];
		struct json_object *o = json_object_new_object();

		app_json_add_text(o, "name", wcbar_rung_name(i));
		app_json_add_text(o, "type", wcbar_type_name(a->type));
		app_json_add_bool(o, "works", a->error == 0);
		app_json_add_text_or_null(o, "error", error_name(a->error));
		app_json_add_bool(o, "predicted", !p->answered);
		app_json_add_bool(o, "tried", a->tried);
		app_json_add_bool(o, "sure", p->sure[i]);
		app_json_add_text_or_null(o, "why", a->why);
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *
ranks(const struct wcbar_calibration *cal)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < cal->ranks; i++) {
		struct json_object *o = json_object_new_object();

		app_json_add_text(o, "name", cal->rank[i].store->name);
		app_json_add_double(o, "ns_per_line", cal->rank[i].ns_per_line);
		json_object_array_add(array, o);
	}
	return array;
}

static void
add_calibration(struct json_object *o, const struct wcbar_calibration *cal)
{
	app_json_add_bool(o, "direct", cal->direct);
	app_json_add_double(o, "ns_per_store", cal->ns_per_store);
	app_json_add(o, "stores", ranks(cal));
	if (timing_ratio(cal) > 0)
		app_json_add_double(o, "narrow_to_wide", timing_ratio(cal));
	else
		app_json_add(o, "narrow_to_wide", NULL);
}

static struct json_object *
timing(const struct timing *t)
{
	struct json_object *o = json_object_new_object();

	app_json_add_u64(o, "offset", t->off);
	app_json_add_u64(o, "bytes", t->bytes);
	app_json_add_text(o, "type", wcbar_type_name(t->type));
	add_rung(o, "rung", t->rung);
	add_calibration(o, &t->cal);
	app_json_add_double(o, "memory_ns_per_line", t->memory_ns_per_line);
	return o;
}

static struct json_object *
card_store(const struct card_store *s)
{
	static const char *const sizes[] = {"1", "2", "4", "8", "16", "32", "64", "other"};
	struct json_object *o = json_object_new_object(), *arrivals = json_object_new_object();

	app_json_add_text(o, "name", s->name);
	app_json_add_u64(o, "lines", s->lines);
	app_json_add_u64(o, "whole", s->whole);
	app_json_add_u64(o, "partial", s->partial);
	app_json_add_u64(o, "lost", s->lost);
	app_json_add_u64(o, "reordered", s->reordered);
	app_json_add_double(o, "whole_rate", s->lines > 0 ? (double)s->whole / s->lines : 0);
	app_json_add_u64(o, "card_ns", s->ns);
	for (unsigned int i = 0; i < 8; i++)
		app_json_add_u64(arrivals, sizes[i], s->arrivals[i]);
	app_json_add(o, "arrivals", arrivals);
	return o;
}

static struct json_object *
card(const struct card_result *c)
{
	struct json_object *o = json_object_new_object(), *stores = json_object_new_array();

	app_json_add_text(o, "model", c->model);
	app_json_add_bool(o, "observable", c->observable);
	app_json_add_u64(o, "window_offset", c->window_off);
	app_json_add_u64(o, "window_bytes", c->window_bytes);
	app_json_add_text(o, "type", wcbar_type_name(c->type));
	add_rung(o, "rung", c->rung);
	for (size_t i = 0; i < c->stores; i++)
		json_object_array_add(stores, card_store(&c->store[i]));
	app_json_add(o, "tests", stores);
	app_json_add(o, "timing", json_object_new_object());
	add_calibration(json_object_object_get(o, "timing"), &c->cal);
	return o;
}

static struct json_object *
advice(const struct probe *p)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < p->n_advice; i++) {
		struct json_object *o = json_object_new_object();

		app_json_add_text(o, "effort", effort_name(p->advice[i].effort));
		app_json_add_text(o, "text", p->advice[i].text);
		add_rung(o, "gives", p->advice[i].gives);
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *
opened(const struct probe *p)
{
	struct json_object *o = json_object_new_object();

	app_json_add_bool(o, "asked", p->open_asked);
	app_json_add_text_or_null(o, "error", error_name(p->open_error));
	app_json_add_text_or_null(o, "why", p->open_error != 0 ? p->open_why : "");
	return o;
}

struct json_object *
json_probe(const struct probe *p, int exit_status)
{
	struct json_object *root = report_head(exit_status), *intended = json_object_new_object();
	struct json_object *effective = json_object_new_object(),
			   *verdict = json_object_new_object();

	app_json_add(root, "device", device(&p->facts));
	app_json_add(root, "machine", machine(&p->facts, p->arch));
	app_json_add_u64(root, "bar", p->bar);
	app_json_add(root, "now", now_json(&p->now, p->bar));
	app_json_add(root, "open", opened(p));
	app_json_add(root, "rungs", rungs(p));
	app_json_add(root, "timing", p->timing.done ? timing(&p->timing) : NULL);
	app_json_add(root, "card", p->card.done ? card(&p->card) : NULL);
	app_json_add_text(intended, "type", wcbar_type_name(probe_intended(p->answers)));
	add_rung(intended, "rung", probe_rung(p->answers));
	app_json_add_bool(intended, "predicted", !p->answered);
	app_json_add(root, "intended", intended);
	app_json_add_text(effective, "state", effective_state_name(p->effective.state));
	app_json_add_text(effective, "source", effective_source_name(p->effective.source));
	app_json_add_text(effective, "confidence", confidence_name(p->effective.confidence));
	app_json_add_text(effective, "why", p->effective.why);
	app_json_add(root, "effective", effective);
	app_json_add_text(verdict, "name", verdict_name(p->verdict.id));
	app_json_add_text(verdict, "text", verdict_text(p->verdict.id));
	app_json_add_text(verdict, "confidence", confidence_name(p->verdict.confidence));
	app_json_add_text(verdict, "why", p->verdict.why);
	app_json_add(root, "verdict", verdict);
	app_json_add(root, "advice", advice(p));
	return root;
}

struct json_object *
json_list(const struct list *list)
{
	struct json_object *root = report_head(0), *devices = json_object_new_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct list_entry *e = &list->entries[i];
		struct json_object *o = device(&e->facts);

		app_json_add_u64(o, "bar", e->bar);
		app_json_add_text(o, "wc",
				  predict_driver_stays(&e->facts) ? "kernel"
				  : !e->possible                  ? "no"
				  : e->least.text[0] == '\0'      ? "yes"
								  : "could");
		add_rung(o, "rung", e->possible ? e->least.gives : WCBAR_RUNGS);
		app_json_add_text_or_null(o, "change", e->possible ? e->least.text : "");
		json_object_array_add(devices, o);
	}
	app_json_add(root, "devices", devices);
	return root;
}
