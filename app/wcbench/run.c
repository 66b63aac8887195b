/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

const double run_percents[] = {10, 50, 90, 99, 0};

/* json-c drops what does not fit into memory. */
void
add(json *to, const char *key, json *value)
{
	json_object_object_add(to, key, value);
}

void
add_str(json *to, const char *key, const char *text)
{
	add(to, key, json_object_new_string(text));
}

void
add_str_or_null(json *to, const char *key, const char *text)
{
	add(to, key, text != NULL && text[0] != '\0' ? json_object_new_string(text) : NULL);
}

void
add_bool(json *to, const char *key, bool value)
{
	add(to, key, json_object_new_boolean(value));
}

void
add_u64(json *to, const char *key, uint64_t value)
{
	add(to, key, json_object_new_int64((int64_t)value));
}

/* Three digits behind the point are more than any of these measurements is worth. */
static void
add_double(json *to, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", value);
	add(to, key, json_object_new_double_s(value, text));
}

static json *
machine(const struct machine *m)
{
	json *o = json_object_new_object();

	add_str_or_null(o, "cpu", m->cpu);
	add_str(o, "arch", m->arch);
	add_str(o, "kernel", m->kernel);
	add_u64(o, "cpus", (uint64_t)m->cpus);
	add_u64(o, "page_bytes", (uint64_t)m->page_bytes);
	add_bool(o, "hypervisor", m->hypervisor);
	add_str_or_null(o, "hypervisor_name", m->hypervisor_name);
	add_bool(o, "emulated", m->emulated == EMULATED_YES);
	add_str(o, "emulated_why", m->emulated_why);
	return o;
}

json *
run_head(const char *kind, const struct options *o, const struct machine *m, const char *error)
{
	const char *host = o->host_kernel;
	json *root = json_object_new_object();
	time_t now = time(NULL);
	char text[32] = "";
	struct tm tm;

	if (host == NULL && !m->hypervisor)
		host = m->kernel;
	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add_str(root, "program", "wcbench");
	add_str(root, "version", WCNIC_VERSION);
	add_str(root, "commit", o->commit);
	add_u64(root, "schema", RUN_SCHEMA);
	add_str(root, "kind", kind);
	add_str(root, "setting", o->setting);
	add_str(root, "ended", text);
	add_str_or_null(root, "host_kernel", host);
	add_str(root, "basis", machine_basis(m));
	add(root, "machine", machine(m));
	add_bool(root, "ok", error == NULL);
	add_str_or_null(root, "error", error);
	return root;
}

json *
run_figure(const struct machine *m, const char *unit, struct samples *s, const double *percents)
{
	char key[16];
	json *o;

	if (s->n == 0)
		return NULL;
	o = json_object_new_object();
	add_str(o, "basis", machine_basis(m));
	add_str(o, "unit", unit);
	add_u64(o, "n", s->n);
	for (; *percents != 0; percents++) {
		snprintf(key, sizeof(key), "p%g", *percents);
		add_double(o, key, samples_percentile(s, *percents));
	}
	return o;
}

static int
text_write(const char *text, const char *path)
{
	FILE *f = fopen(path, "w");
	int ret = 0;

	if (f == NULL)
		return -errno;
	if (fputs(text, f) == EOF || fputc('\n', f) == EOF || fflush(f) != 0 ||
	    fsync(fileno(f)) != 0)
		ret = -errno;
	/* not every file can be synchronised, a pipe for instance */
	if (ret == -EINVAL || ret == -EROFS)
		ret = 0;
	if (fclose(f) != 0 && ret == 0)
		ret = -errno;
	return ret;
}

int
run_write(json *root, const char *path)
{
	char part[PATH_MAX];
	const char *text;
	int ret = -ENOMEM;

	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		ret = -ENAMETOOLONG;
	else if (text != NULL) {
		ret = text_write(text, part);
		if (ret == 0 && rename(part, path) != 0)
			ret = -errno;
		if (ret != 0)
			unlink(part);
	}
	json_object_put(root);
	if (ret != 0)
		complain("%s cannot be written: %s", path, strerror(-ret));
	return ret;
}

int
run_machine(const struct options *o, struct machine *m)
{
	char signature[13];
	int ret;

	machine_signature(signature);
	ret = machine_read("", signature, o->emulated, m);
	if (ret == 0 && m->emulated == EMULATED_UNKNOWN)
		ret = -EINVAL;
	if (ret != 0)
		complain("%s", m->emulated_why);
	return ret;
}
