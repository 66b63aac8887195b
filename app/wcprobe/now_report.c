/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What is mapped now, as text and as JSON. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <app_json.h>

#include "now_report.h"
#include "words.h"

/* The file as users know it: resource2_wc. */
static void
file_text(const struct now_mapping *m, unsigned int bar, char *text, size_t bytes)
{
	static const char *const names[] = {
		[NOW_FILE_VFIO] = "VFIO",    [NOW_FILE_VFIO_CDEV] = "/dev/vfio/devices",
		[NOW_FILE_MEM] = "/dev/mem", [NOW_FILE_BUS_PCI] = "/proc/bus/pci",
		[NOW_FILE_UIO] = "/dev/uio",
	};

	if (m->file == NOW_FILE_RESOURCE || m->file == NOW_FILE_RESOURCE_WC)
		snprintf(text, bytes, "resource%u%s", bar,
			 m->file == NOW_FILE_RESOURCE_WC ? "_wc" : "");
	else
		snprintf(text, bytes, "%s", names[m->file]);
}

static void
hidden_text(const struct now *now, char *text, size_t bytes)
{
	if (now->all_hidden)
		snprintf(text, bytes,
			 "/proc shows this user no processes of others (hidepid): run as root");
	else if (now->hidden > 0)
		snprintf(text, bytes,
			 "%u process%s could not be looked at: that takes root's rights (ptrace)",
			 now->hidden, now->hidden == 1 ? "" : "es");
	else
		text[0] = '\0';
}

void
now_text(FILE *out, const char *label, const struct wcbar_pci_facts *f, unsigned int bar,
	 const struct now *now)
{
	char size[32], file[32], hidden[128];

	fprintf(out, "%s%s: %s\n", label, now_state_name(now->state), now->why);
	for (size_t i = 0; i < now->n_mappings; i++) {
		const struct now_mapping *m = &now->mappings[i];

		report_size(m->bytes, size, sizeof(size));
		file_text(m, bar, file, sizeof(file));
		fprintf(out, "%*s  pid %d (%s): %s, %s%s", (int)strlen(label), "", m->pid,
			m->program, file, m->bytes == f->bars[bar].bytes ? "all " : "", size);
		if (m->off != 0)
			fprintf(out, " from 0x%" PRIx64, m->off);
		if (m->perhaps)
			fprintf(out, ", perhaps: %s", m->why);
		fputc('\n', out);
	}
	for (size_t i = 0; i < now->n_ranges; i++)
		fprintf(out, "%*s  0x%" PRIx64 "-0x%" PRIx64 " %s in the kernel's list\n",
			(int)strlen(label), "", now->ranges[i].from, now->ranges[i].to,
			wcbar_type_name(now->ranges[i].type));
	if (now->cut)
		fprintf(out, "%*s  and more\n", (int)strlen(label), "");
	hidden_text(now, hidden, sizeof(hidden));
	if (hidden[0] != '\0')
		fprintf(out, "%*s  %s\n", (int)strlen(label), "", hidden);
}

static struct json_object *
mappings(const struct now *now, unsigned int bar)
{
	struct json_object *array = json_object_new_array();
	char file[32];

	for (size_t i = 0; i < now->n_mappings; i++) {
		const struct now_mapping *m = &now->mappings[i];
		struct json_object *o = json_object_new_object();

		file_text(m, bar, file, sizeof(file));
		app_json_add_u64(o, "pid", (uint64_t)m->pid);
		app_json_add_text(o, "program", m->program);
		app_json_add_text(o, "way", now_file_name(m->file));
		app_json_add_text(o, "file", file);
		app_json_add_u64(o, "offset", m->off);
		app_json_add_u64(o, "bytes", m->bytes);
		app_json_add_bool(o, "perhaps", m->perhaps);
		app_json_add_text_or_null(o, "why", m->perhaps ? m->why : "");
		json_object_array_add(array, o);
	}
	return array;
}

struct json_object *
now_json(const struct now *now, unsigned int bar)
{
	struct json_object *root = json_object_new_object(), *ranges = json_object_new_array();
	char hidden[128];

	app_json_add_text(root, "type", now_state_name(now->state));
	app_json_add_text(root, "source", now->by_list ? "list" : "files");
	app_json_add_text(root, "why", now->why);
	app_json_add(root, "mappings", mappings(now, bar));
	for (size_t i = 0; i < now->n_ranges; i++) {
		struct json_object *o = json_object_new_object();

		app_json_add_format(o, "from", "0x%" PRIx64, now->ranges[i].from);
		app_json_add_format(o, "to", "0x%" PRIx64, now->ranges[i].to);
		app_json_add_text(o, "type", wcbar_type_name(now->ranges[i].type));
		json_object_array_add(ranges, o);
	}
	app_json_add_bool(root, "list_read", now->list_error == 0);
	app_json_add(root, "ranges", ranges);
	app_json_add_bool(root, "cut", now->cut);
	app_json_add_u64(root, "hidden", now->hidden);
	hidden_text(now, hidden, sizeof(hidden));
	app_json_add_text_or_null(root, "hidden_why", hidden);
	return root;
}
