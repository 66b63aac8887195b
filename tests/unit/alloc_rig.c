/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Allocations of the libraries under test: counted, and made to fail. */

#include <stdbool.h>
#include <stddef.h>

#include "alloc_rig.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void __real_free(void *ptr);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void __wrap_free(void *ptr);
char *__wrap_strdup(const char *text);

int alloc_fail_in = -1;
int alloc_live;

static bool
must_fail(void)
{
	return alloc_fail_in >= 0 && alloc_fail_in-- == 0;
}

static void *
counted(void *ptr)
{
	alloc_live += ptr != NULL;
	return ptr;
}

void *
__wrap_malloc(size_t bytes)
{
	return must_fail() ? NULL : counted(__real_malloc(bytes));
}

void *
__wrap_calloc(size_t count, size_t bytes)
{
	return must_fail() ? NULL : counted(__real_calloc(count, bytes));
}

char *
__wrap_strdup(const char *text)
{
	return must_fail() ? NULL : counted(__real_strdup(text));
}

void
__wrap_free(void *ptr)
{
	alloc_live -= ptr != NULL;
	__real_free(ptr);
}
