/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_FAULTS_H
#define WCVMM_FAULTS_H

#include <stdint.h>

/*
 * Counts the kernel's trace event kvm_guest_fault, one for each stage-2 fault, of this thread and
 * of the threads that it makes later. A descriptor to close, or -errno, said on stderr.
 */
int faults_open(void);
int faults_read(int fd, uint64_t *count);

#endif /* WCVMM_FAULTS_H */
