/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcprobe --now: what is mapped at this moment, and nothing else. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <app_error.h>
#include <app_json.h>

#include "judge.h"
#include "list.h"
#include "now_report.h"
#include "predict.h"
#include "report.h"

static struct json_object *
entry_json(const struct wcbar_pci_facts *f, unsigned int bar, const struct now *now)
{
	struct json_object *o = json_object_new_object();

	app_json_add_text(o, "bdf", f->bdf);
	app_json_add_u64(o, "bar", bar);
	app_json_add_bool(o, "prefetchable", f->bars[bar].prefetchable);
	app_json_add(o, "now", now_json(now, bar));
	return o;
}

static void
entry_text(const struct wcbar_pci_facts *f, unsigned int bar, const struct now *now)
{
	char label[64];

	snprintf(label, sizeof(label), "%s BAR %u  ", f->bdf, bar);
	now_text(stdout, label, f, bar, now);
}

static int
give_up(const struct options *o, int error, const char *why)
{
	app_error("%s", why);
	if (o->json)
		app_json_print(json_error(error, why, STATUS_BAD));
	return STATUS_BAD;
}

static int
one_main(const struct options *o)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct json_object *root;
	struct probe *p = calloc(1, sizeof(*p));
	enum status status;
	int ret;

	if (p == NULL)
		return give_up(o, -ENOMEM, "no memory");
	ret = judge_facts(p, o, why, sizeof(why));
	if (ret != 0) {
		free(p);
		return give_up(o, ret, why);
	}
	status = p->now.state == NOW_WC ? STATUS_WC : STATUS_NO_WC;
	if (o->json) {
		root = report_head(status);
		app_json_add(root, "mapped", json_object_new_array());
		json_object_array_add(json_object_object_get(root, "mapped"),
				      entry_json(&p->facts, p->bar, &p->now));
		ret = app_json_print(root);
	} else {
		entry_text(&p->facts, p->bar, &p->now);
	}
	free(p);
	return ret == 0 && fflush(stdout) == 0 ? (int)status : STATUS_FAILED;
}

/* Every memory BAR of every device that is mapped. WC counts where a BAR can be that at all. */
static enum status
all_judge(const struct list *list, const char *root, const struct now_scan *scan,
	  struct json_object *mapped, bool *any)
{
	unsigned int wc = 0, other = 0;
	char arch[66];
	struct now now;

	*any = false;
	predict_arch(root, arch, sizeof(arch));
	for (size_t i = 0; i < list->n; i++) {
		const struct wcbar_pci_facts *f = &list->entries[i].facts;

		for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++) {
			if (f->bars[bar].bytes == 0 || f->bars[bar].io)
				continue;
			now_judge(scan, f, arch, bar, &now);
			if (now.state == NOW_NONE)
				continue;
			*any = true;
			if (f->bars[bar].prefetchable)
				*(now.state == NOW_WC ? &wc : &other) += 1;
			if (mapped != NULL)
				json_object_array_add(mapped, entry_json(f, bar, &now));
			else
				entry_text(f, bar, &now);
		}
	}
	return wc > 0 && other == 0 ? STATUS_WC : STATUS_NO_WC;
}

static int
all_main(const struct options *o)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct json_object *mapped = NULL, *root;
	struct now_scan scan;
	struct list list;
	enum status status;
	bool any;
	int ret = list_read(o->root, &list, why, sizeof(why));

	if (ret != 0)
		return give_up(o, ret, why);
	if (o->json)
		mapped = json_object_new_array();
	now_scan_read(o->root, &scan);
	status = all_judge(&list, o->root, &scan, mapped, &any);
	if (o->json) {
		root = report_head(status);
		app_json_add(root, "mapped", mapped);
		app_json_add_u64(root, "hidden", scan.hidden);
		ret = app_json_print(root);
	} else {
		if (!any)
			puts("no BAR is mapped, as far as can be seen");
		if (scan.hidden > 0)
			printf("%u process%s could not be looked at: that takes root's rights "
			       "(ptrace)\n",
			       scan.hidden, scan.hidden == 1 ? "" : "es");
	}
	now_scan_free(&scan);
	list_free(&list);
	return ret == 0 && fflush(stdout) == 0 ? (int)status : STATUS_FAILED;
}

int
now_main(const struct options *o)
{
	return o->bdf[0] != '\0' ? one_main(o) : all_main(o);
}
