/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Adds to a pointer that is NULL. A build with UBSan must report that: options that define what
 * overflows, such as -fwrapv, keep it silent.
 */

#include <stddef.h>

int
main(int argc, char **argv)
{
	char *volatile none = NULL;
	const char *at = none + argc;

	return at == argv[0];
}
