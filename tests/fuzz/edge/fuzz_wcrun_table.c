/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcrun's tables of BARs: two files of a folder. */

#include <string.h>
#include <table.h>

#include "fuzz_files.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
rules_check(const struct table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct table_rule *r = &table->rules[i];

		MUST(r->bars != 0 && r->bars < 1u << 6);
		MUST(r->note[0] != '\0' && strnlen(r->note, sizeof(r->note)) < sizeof(r->note));
		for (unsigned int bar = 0; bar < 6; bar++)
			if ((r->bars & 1u << bar) != 0)
				MUST(table_find(table, r->vendor, r->device, bar)->never ==
				     r->never);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const char *const paths[] = {"/t/a.conf", "/t/b.conf", "/t/c.txt", "/t/d.conf/x"};
	struct fuzz_input in = {.data = data, .left = bytes};
	struct table table = {0};
	char why[512] = "";
	int ret;

	fuzz_files_take(&in, paths, 4);
	ret = table_read(&table, FUZZ_FILES_ROOT "/t", why, sizeof(why));
	MUST(ret == 0 || (why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why)));
	rules_check(&table);
	table_free(&table);
	fuzz_files_reset();
	return 0;
}
