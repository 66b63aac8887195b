/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_STATE_H
#define FUZZ_STATE_H

/*
 * What a target makes once and puts back before each input, so that an input does the same whatever
 * came before it. Making a card anew would take longer than most inputs.
 */

#include <stdbool.h>
#include <stddef.h>

#include <wcbase.h>

/* Memory that is put back as a whole. */
void fuzz_state_add(void *at, size_t bytes);
/* Large memory, of which only what was touched is put back, in pieces of 64 KiB. */
void fuzz_state_add_large(void *at, size_t bytes);
/* Keeps what all of it holds now. */
void fuzz_state_keep(void);
/* [at, at + bytes), which may be in large memory, has been or may be written to. */
void fuzz_state_touch(const void *at, size_t bytes);
/* Puts it back. */
void fuzz_state_restore(void);
/* Where this is (in fuzz_main.c), it then compares all of it, which takes too long for an engine.
 */
extern const bool fuzz_state_checks WC_WEAK;

#endif /* FUZZ_STATE_H */
