/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Runs of wcbench raw, as JSON, that a fit reads: one alone, and two together. */

#include <fit_run.h>
#include <math.h>
#include <string.h>

#include "fuzz_files.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
rows_check(const struct fit_runs *runs)
{
	MUST(runs->n_rows <= FIT_ROWS_MAX);
	for (size_t i = 0; i < runs->n_rows; i++) {
		const struct fit_row *row = &runs->rows[i];

		MUST(row->kind < FIT_KINDS && row->type < PCIELINK_TYPES);
		MUST(row->threads >= 1 && row->threads <= FIT_THREADS_MAX);
		MUST(row->store_bytes >= 8 && row->store_bytes <= 64 &&
		     row->burst <= FIT_BURST_MAX);
		MUST(isfinite(row->ns) && row->ns > 0 && isfinite(row->half_ns) &&
		     row->half_ns >= 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const char *const paths[] = {"/a.json", "/b.json"};
	static struct fuzz_input in;
	static struct fit_runs runs;
	char why[FIT_WHY_BYTES] = "";
	uint8_t how;

	in = (struct fuzz_input){.data = data, .left = bytes};
	how = fuzz_take8(&in);
	memset(&runs, 0, offsetof(struct fit_runs, rows));
	if ((how & 2) != 0)
		fuzz_files_take(&in, paths, 2);
	else
		fuzz_files_put("/a.json", in.data, in.left);
	if (fit_runs_add(&runs, FUZZ_FILES_ROOT "/a.json", how & 1, why) == 0) {
		(void)!fit_runs_add(&runs, FUZZ_FILES_ROOT "/b.json", how & 1, why);
		(void)!fit_runs_check(&runs, why);
	} else {
		MUST(why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why));
	}
	rows_check(&runs);
	fuzz_files_reset();
	return 0;
}
