/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

/* A machine that is files in memory: a device of VFIO, its group, a process that has it mapped. */

#include "fuzz_files.h"
#include "fuzz_input.h"

#define FUZZ_BDF "0000:00:04.0"

/* The base; the first call puts it. */
void fuzz_machine_base(void);
/* Puts what the input says over it. */
void fuzz_machine_take(struct fuzz_input *in);

#endif /* FUZZ_MACHINE_H */
