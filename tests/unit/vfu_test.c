/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What several tests of vfio-user need: descriptors, files, allocations that fail. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_test.h"

/* Less than the usual patience: a test that failed has often left one open. */
#define CLOSE_MS 20000u

static bool alloc_armed;
static unsigned int alloc_left;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static bool
fails_now(void)
{
	if (!alloc_armed || alloc_left-- > 0)
		return false;
	alloc_armed = false;
	return true;
}

void *
__wrap_malloc(size_t bytes)
{
	return fails_now() ? NULL : __real_malloc(bytes);
}

void *
__wrap_calloc(size_t n, size_t bytes)
{
	return fails_now() ? NULL : __real_calloc(n, bytes);
}

void *
__wrap_realloc(void *old, size_t bytes)
{
	return fails_now() ? NULL : __real_realloc(old, bytes);
}

void
alloc_fail_after(unsigned int nth)
{
	alloc_left = nth;
	alloc_armed = true;
}

int
alloc_fail_end(void)
{
	bool failed = !alloc_armed;

	alloc_armed = false;
	return failed;
}

unsigned int
open_fds(void)
{
	unsigned int n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

void
open_fds_expect(unsigned int n)
{
	for (unsigned int i = 0; i < CLOSE_MS; i++) {
		if (open_fds() == n)
			return;
		usleep(1000);
	}
	fail_msg("%u descriptors are open instead of %u", open_fds(), n);
}

int
memory_file(size_t bytes)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}
