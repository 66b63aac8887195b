/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The arguments of wclab's plugin, one a line. */

#include <arguments.h>
#include <string.h>

#include "fuzz_input.h"

#define WORDS_MAX 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char *text = malloc(bytes + 1), *rest = text, *words[WORDS_MAX];
	char why[ARGUMENTS_WHY_BYTES] = "";
	struct arguments arguments;
	int n = 0, ret;

	MUST(text != NULL);
	if (bytes != 0)
		memcpy(text, data, bytes);
	text[bytes] = '\0';
	while (n < WORDS_MAX && (words[n] = strsep(&rest, "\n")) != NULL)
		n++;
	ret = arguments_parse(&arguments, n, words, why);
	MUST(ret == 0 || (why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why)));
	if (ret == 0)
		MUST(arguments.bar < 6 &&
		     (!arguments.override || arguments.override_type < MEMTYPES));
	free(text);
	return 0;
}
