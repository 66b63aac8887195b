/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_STREAM_H
#define WCLAB_STREAM_H

/*
 * The stores that the plugin saw, in a file: marks, stores with their effective types, order
 * points, in the order in which the link got them. From it the figures of any other link can be
 * computed at any time, without a guest.
 *
 * The file is a struct stream_head and records, little-endian. There is one writer, and readers
 * come when it is done. A file that was not closed has no count in its head and is refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pcielink.h>
#include <wcbase.h>

#include "tally.h"

#define STREAM_WHY_BYTES 256u

struct stream {
	FILE *file;
	uint64_t records;
	bool failed; /* something could not be written: stream_close() returns it */
};

/* Creates the file. 0 or -errno. */
WC_MUST_CHECK int stream_create(struct stream *stream, const char *path, unsigned int cpus);

/* These append a record. What goes wrong is returned by stream_close(). */
void stream_mark(struct stream *stream, uint64_t region);
/* Ends the visit that is under way and begins another of the same region. */
void stream_settle(struct stream *stream);
void stream_store(struct stream *stream, unsigned int cpu, uint64_t pa, unsigned int bytes,
		  enum pcielink_type type);
void stream_order(struct stream *stream, unsigned int cpu, enum pcielink_order order);

/* Writes the number of records and closes. 0, or -EIO: a reader will refuse the file. */
WC_MUST_CHECK int stream_close(struct stream *stream);

/* Records in memory. */
struct stream_data {
	struct stream_record *records;
	uint64_t n;
	unsigned int cpus;
};

/* Reads and checks a whole file. 0 or -errno, and `why` has what was wrong with the file. */
WC_MUST_CHECK int
stream_load(struct stream_data *data, const char *path, char why[STREAM_WHY_BYTES]);

/* Frees the records; also after a failure. */
void stream_unload(struct stream_data *data);

/* Gives all records to a link and ends the last visit. */
void stream_replay(const struct stream_data *data, struct tally *tally);

#endif /* WCLAB_STREAM_H */
