/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_TEST_H
#define VFU_TEST_H

/* What the tests of lib/vfio_user share. */

#include <stddef.h>
#include <stdint.h>

/*
 * Allocations (malloc, calloc, realloc) are counted; the one after `nth` others fails, once. The
 * tests are linked with --wrap for these.
 */
void alloc_fail_after(unsigned int nth);
/* Ends it. Returns whether the failure was due before. */
int alloc_fail_end(void);

/* Descriptors that this process has open. */
unsigned int open_fds(void);
/* Waits until there are so many: a server's thread closes some. Fails after some
 * seconds. */
void open_fds_expect(unsigned int n);

/* A memfd of so many bytes, all of them 0. */
int memory_file(size_t bytes);

#endif /* VFU_TEST_H */
