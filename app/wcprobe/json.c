/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <json.h>

#include "report.h"
#include "verdict.h"

typedef struct json_object json;

/* json-c drops what does not fit into memory; then the report lacks it, and main says so. */
static void
add(json *to, const char *key, json *value)
{
	json_object_object_add(to, key, value);
}

static void
add_str(json *to, const char *key, const char *text)
{
	add(to, key, json_object_new_string(text));
}

/* "" is null: not known, or not there. */
static void
add_str_or_null(json *to, const char *key, const char *text)
{
	add(to, key, text[0] != '\0' ? json_object_new_string(text) : NULL);
}

static void
add_bool(json *to, const char *key, bool value)
{
	add(to, key, json_object_new_boolean(value));
}

static void
add_u64(json *to, const char *key, uint64_t value)
{
	add(to, key, json_object_new_int64((int64_t)value));
}

__attribute__((format(printf, 3, 4))) static void
add_text(json *to, const char *key, const char *format, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	add_str(to, key, text);
}

/* Three digits are more than any of these measurements is worth. */
static void
add_double(json *to, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", value);
	add(to, key, json_object_new_double_s(value, text));
}

static void
add_rung(json *to, const char *key, enum wcbar_rung rung)
{
	add_str_or_null(to, key, rung < WCBAR_RUNGS ? wcbar_rung_name(rung) : "");
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

static json *
head(int exit_status)
{
	json *root = json_object_new_object();

	add_str(root, "program", "wcprobe");
	add_str(root, "version", WCNIC_VERSION);
	add_u64(root, "schema", REPORT_SCHEMA);
	add_u64(root, "exit_status", exit_status);
	return root;
}

json *
json_error(int error, const char *why, int exit_status)
{
	json *root = head(exit_status), *e = json_object_new_object();

	add_str(e, "error", error_name(error));
	add_str(e, "why", why);
	add(root, "error", e);
	return root;
}

static json *
bars(const struct wcbar_pci_facts *f)
{
	json *array = json_object_new_array();

	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		const struct wcbar_bar_facts *b = &f->bars[i];
		json *o;

		if (b->bytes == 0)
			continue;
		o = json_object_new_object();
		add_u64(o, "number", i);
		add_text(o, "address", "0x%" PRIx64, b->address);
		add_u64(o, "bytes", b->bytes);
		add_bool(o, "io", b->io);
		add_bool(o, "prefetchable", b->prefetchable);
		add_bool(o, "wide", b->wide);
		add_bool(o, "sysfs", b->has_sysfs);
		add_bool(o, "sysfs_wc", b->has_sysfs_wc);
		json_object_array_add(array, o);
	}
	return array;
}

static json *
device(const struct wcbar_pci_facts *f)
{
	json *o = json_object_new_object(), *iommu = NULL;

	add_str(o, "bdf", f->bdf);
	add_text(o, "vendor", "0x%04x", f->vendor);
	add_text(o, "device", "0x%04x", f->device);
	add_text(o, "subvendor", "0x%04x", f->subvendor);
	add_text(o, "subdevice", "0x%04x", f->subdevice);
	add_text(o, "class", "0x%06x", f->class_code);
	add_str(o, "class_name", report_class(f->class_code));
	add(o, "numa_node", f->numa_node >= 0 ? json_object_new_int(f->numa_node) : NULL);
	add_str_or_null(o, "driver", f->driver);
	add_str(o, "access", access_name(f->access));
	add_bool(o, "memory_enabled", f->memory_enabled);
	if (f->iommu_group >= 0) {
		iommu = json_object_new_object();
		add_u64(iommu, "group", f->iommu_group);
		add_str_or_null(iommu, "type", f->iommu_type);
		add_u64(iommu, "devices", f->group_devices);
		add_str_or_null(iommu, "peer_in_use", f->group_peer);
	}
	add(o, "iommu", iommu);
	add(o, "bars", bars(f));
	return o;
}

static json *
machine(const struct wcbar_pci_facts *f, const char *arch)
{
	json *o = json_object_new_object();

	add_str(o, "kernel", f->kernel);
	add_str_or_null(o, "arch", arch);
	add_u64(o, "page_bytes", f->page_bytes);
	add_bool(o, "hypervisor", f->hypervisor);
	add_str_or_null(o, "lockdown", f->lockdown);
	add_bool(o, "iomem_relaxed", f->iomem_relaxed);
	add_bool(o, "vfio", f->vfio);
	return o;
}

static json *
rungs(const struct probe *p)
{
	json *array = json_object_new_array();

	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		const struct wcbar_answer *a = &p->answers[i];
		json *o = json_object_new_object();

		add_str(o, "name", wcbar_rung_name(i));
		add_str(o, "type", wcbar_type_name(a->type));
		add_bool(o, "works", a->error == 0);
		add_str_or_null(o, "error", error_name(a->error));
		add_bool(o, "predicted", !p->answered);
		add_bool(o, "tried", a->tried);
		add_bool(o, "sure", p->sure[i]);
		add_str_or_null(o, "why", a->why);
		json_object_array_add(array, o);
	}
	return array;
}

static json *
ranks(const struct wcbar_calibration *cal)
{
	json *array = json_object_new_array();

	for (size_t i = 0; i < cal->ranks; i++) {
		json *o = json_object_new_object();

		add_str(o, "name", cal->rank[i].store->name);
		add_double(o, "ns_per_line", cal->rank[i].ns_per_line);
		json_object_array_add(array, o);
	}
	return array;
}

static void
add_calibration(json *o, const struct wcbar_calibration *cal)
{
	add_bool(o, "direct", cal->direct);
	add_double(o, "ns_per_store", cal->ns_per_store);
	add(o, "stores", ranks(cal));
	if (timing_ratio(cal) > 0)
		add_double(o, "narrow_to_wide", timing_ratio(cal));
	else
		add(o, "narrow_to_wide", NULL);
}

static json *
timing(const struct timing *t)
{
	json *o = json_object_new_object();

	add_u64(o, "offset", t->off);
	add_u64(o, "bytes", t->bytes);
	add_str(o, "type", wcbar_type_name(t->type));
	add_rung(o, "rung", t->rung);
	add_calibration(o, &t->cal);
	add_double(o, "memory_ns_per_line", t->memory_ns_per_line);
	return o;
}

static json *
card_store(const struct card_store *s)
{
	static const char *const sizes[] = {"1", "2", "4", "8", "16", "32", "64", "other"};
	json *o = json_object_new_object(), *arrivals = json_object_new_object();

	add_str(o, "name", s->name);
	add_u64(o, "lines", s->lines);
	add_u64(o, "whole", s->whole);
	add_u64(o, "partial", s->partial);
	add_u64(o, "lost", s->lost);
	add_u64(o, "reordered", s->reordered);
	add_double(o, "whole_rate", s->lines > 0 ? (double)s->whole / s->lines : 0);
	add_u64(o, "card_ns", s->ns);
	for (unsigned int i = 0; i < 8; i++)
		add_u64(arrivals, sizes[i], s->arrivals[i]);
	add(o, "arrivals", arrivals);
	return o;
}

static json *
card(const struct card_result *c)
{
	json *o = json_object_new_object(), *stores = json_object_new_array();

	add_str(o, "model", c->model);
	add_bool(o, "observable", c->observable);
	add_u64(o, "window_offset", c->window_off);
	add_u64(o, "window_bytes", c->window_bytes);
	add_str(o, "type", wcbar_type_name(c->type));
	add_rung(o, "rung", c->rung);
	for (size_t i = 0; i < c->stores; i++)
		json_object_array_add(stores, card_store(&c->store[i]));
	add(o, "tests", stores);
	add(o, "timing", json_object_new_object());
	add_calibration(json_object_object_get(o, "timing"), &c->cal);
	return o;
}

static json *
advice(const struct probe *p)
{
	json *array = json_object_new_array();

	for (size_t i = 0; i < p->n_advice; i++) {
		json *o = json_object_new_object();

		add_str(o, "effort", effort_name(p->advice[i].effort));
		add_str(o, "text", p->advice[i].text);
		add_rung(o, "gives", p->advice[i].gives);
		json_object_array_add(array, o);
	}
	return array;
}

static json *
opened(const struct probe *p)
{
	json *o = json_object_new_object();

	add_bool(o, "asked", p->open_asked);
	add_str_or_null(o, "error", error_name(p->open_error));
	add_str_or_null(o, "why", p->open_error != 0 ? p->open_why : "");
	return o;
}

json *
json_probe(const struct probe *p, int exit_status)
{
	json *root = head(exit_status), *intended = json_object_new_object();
	json *effective = json_object_new_object(), *verdict = json_object_new_object();

	add(root, "device", device(&p->facts));
	add(root, "machine", machine(&p->facts, p->arch));
	add_u64(root, "bar", p->bar);
	add(root, "open", opened(p));
	add(root, "rungs", rungs(p));
	add(root, "timing", p->timing.done ? timing(&p->timing) : NULL);
	add(root, "card", p->card.done ? card(&p->card) : NULL);
	add_str(intended, "type", wcbar_type_name(probe_intended(p->answers)));
	add_rung(intended, "rung", probe_rung(p->answers));
	add_bool(intended, "predicted", !p->answered);
	add(root, "intended", intended);
	add_str(effective, "state", effective_state_name(p->effective.state));
	add_str(effective, "source", effective_source_name(p->effective.source));
	add_str(effective, "confidence", confidence_name(p->effective.confidence));
	add_str(effective, "why", p->effective.why);
	add(root, "effective", effective);
	add_str(verdict, "name", verdict_name(p->verdict.id));
	add_str(verdict, "text", verdict_text(p->verdict.id));
	add_str(verdict, "confidence", confidence_name(p->verdict.confidence));
	add_str(verdict, "why", p->verdict.why);
	add(root, "verdict", verdict);
	add(root, "advice", advice(p));
	return root;
}

json *
json_list(const struct list *list)
{
	json *root = head(0), *devices = json_object_new_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct list_entry *e = &list->entries[i];
		json *o = device(&e->facts);

		add_u64(o, "bar", e->bar);
		add_str(o, "wc", !e->possible ? "no" : e->least.text[0] == '\0' ? "yes" : "could");
		add_rung(o, "rung", e->possible ? e->least.gives : WCBAR_RUNGS);
		add_str_or_null(o, "change", e->possible ? e->least.text : "");
		json_object_array_add(devices, o);
	}
	add(root, "devices", devices);
	return root;
}
