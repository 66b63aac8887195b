/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAKE_MEM_H
#define FAKE_MEM_H

/*
 * What a card model asks of its host, whichever card it is: plain memory behind an IOVA map with
 * bounds, a clock that stands still, interrupts and a log that a test can look at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcdev.h>

#define FAKE_MEM_BYTES (8u << 20)
#define FAKE_IOVA 0x1000000000ull      /* readable and writable, as long as the memory is */
#define FAKE_IOVA_RO 0x2000000000ull   /* the same memory, readable */
#define FAKE_IOVA_WO 0x3000000000ull   /* the same memory, writable */
#define FAKE_IOVA_NONE 0x4000000000ull /* not mapped */

struct fake_mem {
	uint8_t *at;
	size_t bytes;
	size_t used;
	size_t unmap_from;    /* of `at`; `bytes`: all is mapped */
	unsigned int lookups; /* that the card asked for */
	uint64_t generation;
	uint64_t now_ns;
	unsigned int irqs[256];
	char log[256]; /* the last line */
};

/* The context of each is a struct fake_mem. */
extern const struct wcdev_ops fake_mem_ops;
/* For a card that sees changes of the map by `generation`, and has no interrupts. */
extern const struct wcdev_ops fake_mem_generation_ops;

/* Zeroed memory; the clock is at 1 s. Returns 0 or -ENOMEM. */
int fake_mem_init(struct fake_mem *m, size_t bytes);
void fake_mem_fini(struct fake_mem *m);
/* A piece of it, zeroed. */
void *fake_mem_alloc(struct fake_mem *m, size_t bytes, size_t align);
uint64_t fake_mem_iova(const struct fake_mem *m, const void *ptr);

/* Bytes that differ with where they are and with `salt`, to one receiver. */
void fake_frame_fill(uint8_t *frame, uint32_t bytes, uint32_t salt);
/* Hands a card a frame from its port, in fragments of at most `piece` bytes. */
int fake_mem_receive(struct wcdev *dev, const uint8_t *data, uint32_t bytes, uint32_t piece);

#endif /* FAKE_MEM_H */
