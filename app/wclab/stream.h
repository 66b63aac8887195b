/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_STREAM_H
#define WCLAB_STREAM_H

/*
 * The stores that the plugin saw, in a file: marks, stores with their effective types, order
 * points, in the order in which the link got them. What any other link makes of them can be
 * reckoned from it at any time, without a guest.
 *
 * The file: a struct stream_head, then records, little-endian. One writer; readers come when it is
 * done. A file that was not closed has no count in its head, and is refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pcielink.h"
#include "tally.h"

#define STREAM_WHY_BYTES 256u

struct stream {
	FILE *file;
	uint64_t records;
	bool failed; /* something could not be written: stream_close tells */
};

/* Makes the file. Returns 0 or -errno. */
__attribute__((warn_unused_result)) int
stream_create(struct stream *stream, const char *path, unsigned int cpus);
void stream_mark(struct stream *stream, uint64_t region);
/* The visit under way ends, and the same region goes on. */
void stream_settle(struct stream *stream);
void stream_store(struct stream *stream, unsigned int cpu, uint64_t pa, unsigned int bytes,
		  enum pcielink_type type);
void stream_order(struct stream *stream, unsigned int cpu, enum pcielink_order order);
/* 0, or -EIO if not all of it is there, and then nobody takes it for whole. */
__attribute__((warn_unused_result)) int stream_close(struct stream *stream);

/* Records in memory. */
struct stream_data {
	struct stream_record *records;
	uint64_t n;
	unsigned int cpus;
};

/* 0, -errno, or -EINVAL; `why` says what was wrong with the file. Free with stream_unload. */
__attribute__((warn_unused_result)) int
stream_load(struct stream_data *data, const char *path, char why[STREAM_WHY_BYTES]);
void stream_unload(struct stream_data *data);

/* All of it through one link; the last visit is closed. */
void stream_replay(const struct stream_data *data, struct tally *tally);

#endif /* WCLAB_STREAM_H */
