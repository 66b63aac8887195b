/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Runs of wcbench raw, read for a fit. Fields that are not there yet are rows that are missing. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <json.h>

#include "fit_file.h"
#include "fit_run.h"
#include "run.h"

#define BURSTS_NEEDED 3u
#define LONG_BURST 8u
#define NS_LEAST 1e-4 /* of a line, store or read: anything beyond is no figure of a machine */
#define NS_MOST 1e9

/* Where a reader is: for sentences, and for the rows that it adds. */
struct reader {
	struct fit_runs *runs;
	struct fit_file file;
	enum pcielink_type type; /* of the mapping */
};

/* ---- values -------------------------------------------------------------------------------- */

static struct json_object *
get(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &value))
		return NULL;
	return value;
}

/* "" if it is no text. */
static const char *
text_of(struct json_object *o, const char *key)
{
	struct json_object *value = get(o, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static double
number_of(struct json_object *o, const char *key)
{
	struct json_object *value = get(o, key);

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return NAN;
	return json_object_get_double(value);
}

/* A number from 0 to `max`; anything else is 0. */
static unsigned int
small(struct json_object *o, const char *key, unsigned int max)
{
	const double value = number_of(o, key);

	return value >= 0 && value <= max ? (unsigned int)value : 0;
}

/* Only what may stand in a comment of a parameter set. */
static void
text_copy(char *to, size_t bytes, const char *from)
{
	size_t n = 0;

	for (; from[n] != '\0' && n + 1 < bytes; n++)
		to[n] = from[n] >= ' ' && from[n] <= '~' && from[n] != '#' ? from[n] : '?';
	to[n] = '\0';
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* How wide the stores of a primitive are; 0: the model has no such store. */
static unsigned int
store_bytes(const char *primitive)
{
	static const struct {
		const char *name;
		unsigned int bytes;
	} known[] = {
		{"u64", 8},     {"sse2", 16},     {"sse2nt", 16}, {"avx2", 32},
		{"avx2nt", 32}, {"stp", 16},      {"avx512", 64}, {"stpx", 16},
		{"st1x4", 16},  {"avx512nt", 64}, {"word", 8},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, primitive) == 0)
			return known[i].bytes;
	}
	return 0;
}

/* The percentiles of one figure. A rate in bytes/s becomes the time of a line. */
static int
figure_read(const struct reader *r, struct json_object *figure, bool rate, struct fit_row *row)
{
	double p10 = number_of(figure, "p10"), p50 = number_of(figure, "p50"),
	       p90 = number_of(figure, "p90"), slow;

	if (!isfinite(p50) || p50 <= 0 || !isfinite(p10) || !isfinite(p90))
		return fit_refuse(
			&r->file,
			"%s has the median %g: it must be a number above 0, with p10 and p90",
			row->name, p50);
	if (p10 <= 0 || p10 > p50 || p90 < p50)
		return fit_refuse(&r->file,
				  "%s: its median %g is not between p10 %g and p90 %g, above 0",
				  row->name, p50, p10, p90);
	if (rate) {
		slow = PCIELINK_LINE_BYTES * 1e9 / p10;
		p10 = PCIELINK_LINE_BYTES * 1e9 / p90;
		p50 = PCIELINK_LINE_BYTES * 1e9 / p50;
		p90 = slow;
	}
	if (p10 < NS_LEAST || p90 > NS_MOST)
		return fit_refuse(&r->file,
				  "%s: %g to %g ns is no time of a store: expected %g to %g",
				  row->name, p10, p90, NS_LEAST, NS_MOST);
	row->ns = p50;
	row->half_ns = (p90 - p10) / 2;
	return 0;
}

static int
row_add(const struct reader *r, const struct fit_row *row)
{
	if (r->runs->n_rows == FIT_ROWS_MAX)
		return fit_refuse(&r->file, "more than %u rows in all runs: name fewer",
				  FIT_ROWS_MAX);
	r->runs->rows[r->runs->n_rows++] = *row;
	return 0;
}

static int
line_read(const struct reader *r, struct json_object *o)
{
	const char *primitive = text_of(o, "primitive"), *order = text_of(o, "order");
	struct fit_row row = {.kind = FIT_LINES, .type = r->type, .threads = 1};
	int ret;

	row.store_bytes = store_bytes(primitive);
	row.burst = small(o, "burst", FIT_BURST_MAX);
	row.each = strcmp(order, "each") == 0;
	snprintf(row.name, sizeof(row.name), "%s %.16s, %u lines, drained %.8s",
		 pcielink_type_name(r->type), primitive, row.burst, order);
	if (row.store_bytes == 0) {
		r->runs->left_out++;
		return 0;
	}
	if (row.burst == 0 || (!row.each && strcmp(order, "burst") != 0))
		return fit_refuse(&r->file,
				  "%s: a row of lines has a burst of 1 to %u and an order of each "
				  "or burst",
				  row.name, FIT_BURST_MAX);
	if (row.each)
		row.burst = 1; /* the drain makes each line one of its own */
	ret = figure_read(r, get(o, "ns_per_line"), false, &row);
	return ret != 0 ? ret : row_add(r, &row);
}

/* Doorbells, single stores, reads: 8 bytes each. */
static int
word_read(const struct reader *r, struct json_object *o, enum fit_kind kind, const char *figure)
{
	static const char *const names[FIT_KINDS] = {
		[FIT_DOORBELL] = "doorbell", [FIT_WORD] = "8-byte store", [FIT_READ] = "read"};
	const char *order = text_of(o, "order");
	struct fit_row row = {
		.kind = kind, .type = r->type, .store_bytes = 8, .threads = 1, .each = true};
	int ret;

	if (kind == FIT_DOORBELL)
		row.each = strcmp(order, "burst") != 0;
	snprintf(row.name, sizeof(row.name), "%s %s%s", pcielink_type_name(r->type), names[kind],
		 kind != FIT_DOORBELL ? ""
		 : row.each           ? ", drained each"
				      : ", drained after 16");
	ret = figure_read(r, get(o, figure), false, &row);
	return ret != 0 ? ret : row_add(r, &row);
}

static int
stream_read(const struct reader *r, struct json_object *o)
{
	const char *primitive = text_of(o, "primitive");
	struct fit_row row = {.kind = FIT_STREAM, .type = r->type};
	int ret;

	row.threads = small(o, "threads", UINT16_MAX);
	row.store_bytes = store_bytes(primitive);
	row.burst = small(o, "burst", FIT_BURST_MAX);
	snprintf(row.name, sizeof(row.name), "%s %.16s, %u threads, %u lines each",
		 pcielink_type_name(r->type), primitive, row.threads, row.burst);
	if (row.store_bytes == 0 || row.threads > FIT_THREADS_MAX) {
		r->runs->left_out++;
		return 0;
	}
	if (row.threads == 0 || row.burst == 0)
		return fit_refuse(&r->file,
				  "%s: a stream has 1 thread or more and a burst of 1 to %u",
				  row.name, FIT_BURST_MAX);
	ret = figure_read(r, get(o, "bytes_per_second"), true, &row);
	return ret != 0 ? ret : row_add(r, &row);
}

static int
row_read(const struct reader *r, const char *list, struct json_object *o)
{
	struct json_object *stable = get(o, "stable");

	/* What changed while it was measured is no figure of the machine. */
	if (stable != NULL && !json_object_get_boolean(stable)) {
		r->runs->left_out++;
		return 0;
	}
	if (strcmp(list, "lines") == 0)
		return line_read(r, o);
	if (strcmp(list, "streams") == 0)
		return stream_read(r, o);
	if (strcmp(list, "doorbell") == 0)
		return word_read(r, o, FIT_DOORBELL, "ns_per_store");
	if (strcmp(list, "stores") == 0)
		return word_read(r, o, FIT_WORD, "ns_per_store");
	return word_read(r, o, FIT_READ, "ns_per_read");
}

static int
rows_read(const struct reader *r, struct json_object *m)
{
	static const char *const lists[] = {"lines", "doorbell", "stores", "reads", "streams"};
	int ret = 0;

	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		struct json_object *list = get(m, lists[k]);
		const size_t n = json_object_is_type(list, json_type_array)
					 ? json_object_array_length(list)
					 : 0;

		for (size_t i = 0; i < n && ret == 0; i++)
			ret = row_read(r, lists[k], json_object_array_get_idx(list, i));
	}
	return ret;
}

/* ---- a run --------------------------------------------------------------------------------- */

/* The type that the link sees. VFIO maps Device-nGnRnE on arm64, sysfs Device-nGnRE. */
static bool
type_read(const struct reader *r, struct json_object *m, enum pcielink_type *type)
{
	const char *name = text_of(m, "type"), *rung = text_of(m, "rung");

	if (strcmp(name, "WC") == 0 || (strcmp(name, "WB") == 0 && r->runs->no_link))
		*type = r->runs->arm ? PCIELINK_NC : PCIELINK_WC;
	else if (strcmp(name, "UC") == 0)
		*type = r->runs->arm && strncmp(rung, "vfio", 4) != 0 ? PCIELINK_NGNRE
								      : PCIELINK_UC;
	else
		return false;
	return true;
}

static int
mappings_read(struct reader *r, struct json_object *mappings)
{
	int ret = 0;

	if (!json_object_is_type(mappings, json_type_array))
		return fit_refuse(&r->file, "it has no mappings: wcbench raw writes them");
	for (size_t i = 0; i < json_object_array_length(mappings) && ret == 0; i++) {
		struct json_object *m = json_object_array_get_idx(mappings, i);

		/* What a hypervisor emulates says nothing of a link. */
		if (text_of(m, "error")[0] != '\0' || !json_object_get_boolean(get(m, "direct")))
			continue;
		if (type_read(r, m, &r->type))
			ret = rows_read(r, m);
	}
	return ret;
}

/* "16.0 GT/s PCIe" to 4; 0: unknown. */
static unsigned int
generation_of(const char *speed)
{
	static const double gt[] = {2.5, 5, 8, 16, 32};
	const double value = strtod(speed, NULL);

	for (unsigned int i = 0; i < sizeof(gt) / sizeof(gt[0]); i++) {
		if (value == gt[i])
			return i + 1;
	}
	return 0;
}

/* The narrowest link on the way to the device decides. All runs that know it must agree. */
static int
link_read(const struct reader *r, struct json_object *root)
{
	struct fit_runs *runs = r->runs;
	unsigned int generation, lanes;
	struct json_object *pci = get(get(root, "target"), "pci");
	struct json_object *link = get(pci, "link"), *narrowest = get(pci, "narrowest_link");

	if (text_of(narrowest, "current_speed")[0] != '\0')
		link = narrowest;
	generation = generation_of(text_of(link, "current_speed"));
	lanes = small(link, "current_width", 16);
	if ((generation != 0 && runs->generation != 0 && generation != runs->generation) ||
	    (lanes != 0 && runs->lanes != 0 && lanes != runs->lanes))
		return fit_refuse(
			&r->file,
			"its link is of generation %u with %u lanes, that of the run before "
			"of generation %u with %u: fit them apart",
			generation, lanes, runs->generation, runs->lanes);
	runs->generation = generation != 0 ? generation : runs->generation;
	runs->lanes = lanes != 0 ? lanes : runs->lanes;
	return 0;
}

/* What the run was measured on must be a device, and that of the runs before. */
static int
facts_read(struct reader *r, struct json_object *root, bool allow_ram)
{
	struct json_object *machine = get(root, "machine"), *device = get(root, "device");
	const char *basis = text_of(root, "basis"), *cpu = text_of(machine, "cpu"),
		   *id = text_of(device, "id"), *arch = text_of(machine, "arch");
	struct fit_runs *runs = r->runs;
	const bool arm = strcmp(arch, "aarch64") == 0;
	char cpu_now[FIT_TEXT_BYTES], id_now[FIT_TEXT_BYTES];

	if (strcmp(arch, "x86_64") != 0 && strcmp(arch, "aarch64") != 0)
		return fit_refuse(&r->file,
				  "its machine is '%.32s': a fit knows x86_64 and aarch64", arch);
	if (strcmp(basis, "measured") != 0 && !allow_ram)
		return fit_refuse(
			&r->file,
			"its figures are '%.64s', no link's: a fit takes what was measured on "
			"a device; --allow-ram tries the others, as a test",
			basis);
	if (strcmp(basis, "measured") == 0 &&
	    strcmp(text_of(get(root, "target"), "behind"), "ram") == 0)
		return fit_refuse(&r->file,
				  "its figures are 'measured', and what stood behind them was RAM: "
				  "it contradicts itself");
	text_copy(cpu_now, sizeof(cpu_now), cpu);
	text_copy(id_now, sizeof(id_now), id);
	if (runs->n > 0 && (strcmp(runs->cpu, cpu_now) != 0 || strcmp(runs->device, id_now) != 0 ||
			    runs->arm != arm))
		return fit_refuse(&r->file,
				  "it is of %.48s on '%.48s', the run before of %.48s on '%.48s': "
				  "a fit is of one machine and device",
				  id_now[0] != '\0' ? id_now : "no device", cpu_now,
				  runs->device[0] != '\0' ? runs->device : "no device", runs->cpu);
	runs->no_link |= strcmp(basis, "measured") != 0;
	runs->arm = arm;
	text_copy(runs->basis, sizeof(runs->basis), basis);
	text_copy(runs->cpu, sizeof(runs->cpu), cpu);
	text_copy(runs->device, sizeof(runs->device), id);
	text_copy(runs->commit, sizeof(runs->commit), text_of(root, "commit"));
	text_copy(runs->ended, 11, text_of(root, "ended")); /* the day */
	return link_read(r, root);
}

static int
head_check(const struct reader *r, struct json_object *root)
{
	const char *program = text_of(root, "program"), *kind = text_of(root, "kind");

	if (strcmp(program, "wcbench") != 0)
		return fit_refuse(&r->file,
				  "it is not a run of wcbench raw: its program is '%.32s'",
				  program);
	if (strcmp(kind, "raw") != 0)
		return fit_refuse(&r->file,
				  "it is a run of wcbench %.32s: a fit takes those of wcbench raw",
				  kind[0] != '\0' ? kind : "(no kind)");
	if (number_of(root, "schema") != RUN_SCHEMA)
		return fit_refuse(&r->file, "its schema is not %d: another wcbench wrote it",
				  RUN_SCHEMA);
	if (!json_object_get_boolean(get(root, "ok")))
		return fit_refuse(&r->file, "the run is void: %.128s", text_of(root, "error"));
	return 0;
}

static void
name_add(struct fit_runs *runs, const char *path)
{
	const char *base = strrchr(path, '/');
	const size_t used = strlen(runs->names);
	char name[48];

	text_copy(name, sizeof(name), base != NULL ? base + 1 : path);
	snprintf(runs->names + used, sizeof(runs->names) - used, "%s%s", used > 0 ? ", " : "",
		 name);
	runs->n++;
}

int
fit_runs_add(struct fit_runs *runs, const char *path, bool allow_ram, char *why)
{
	struct reader r = {.runs = runs, .file = {path, why}};
	struct json_object *root;
	int ret = fit_file_json(&r.file, &root);

	if (ret == 0)
		ret = head_check(&r, root);
	if (ret == 0)
		ret = facts_read(&r, root, allow_ram);
	if (ret == 0)
		ret = mappings_read(&r, get(root, "mappings"));
	if (ret == 0)
		name_add(runs, path);
	json_object_put(root);
	return ret;
}

int
fit_runs_check(const struct fit_runs *runs, char *why)
{
	bool has[FIT_BURST_MAX + 1] = {false};
	unsigned int bursts = 0, longest = 0;

	for (size_t i = 0; i < runs->n_rows; i++) {
		const struct fit_row *row = &runs->rows[i];

		if (row->kind != FIT_LINES ||
		    (row->type != PCIELINK_WC && row->type != PCIELINK_NC))
			continue;
		bursts += !has[row->burst];
		has[row->burst] = true;
		longest = row->burst > longest ? row->burst : longest;
	}
	if (bursts >= BURSTS_NEEDED && longest >= LONG_BURST)
		return 0;
	snprintf(
		why, FIT_WHY_BYTES,
		"%s: a fit needs lines in a direct WC mapping in bursts of %u lengths or more, one "
		"of them %u lines or longer, and there are %u lengths: run wcbench raw with a "
		"mapping that is WC and a range of 4096 bytes or more",
		runs->names, BURSTS_NEEDED, LONG_BURST, bursts);
	return -ENODATA;
}
