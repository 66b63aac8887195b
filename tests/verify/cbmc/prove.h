/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PROVE_H
#define PROVE_H

/* What the proofs share. CBMC takes a local variable that is not set for one of any value. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What the caller's contract says of an input. */
#define ASSUME(condition) __CPROVER_assume(condition)
/* What holds for all inputs. */
#define PROVE(condition, what) __CPROVER_assert(condition, what)

/* Memory of `bytes` bytes, each of any value. */
static inline void *
prove_memory(size_t bytes)
{
	void *at = malloc(bytes);

	ASSUME(at != NULL);
	return at;
}

static inline bool
prove_power_of_2(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

#endif /* PROVE_H */
