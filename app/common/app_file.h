/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_FILE_H
#define APP_FILE_H

/*
 * A file that is replaced in one step: who reads it finds all of it, or what was there before. A
 * device or a pipe, such as /dev/stdout, is not replaced but written to.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include <wcbase.h>

struct app_file {
	FILE *out; /* where the new content goes */
	int error; /* -errno, if the caller saw a write fail; app_file_end() returns it */
	/* Set by the caller: a crash of the machine may take the content, so no disk is waited for.
	 */
	bool hasty;
	const char *path;
	char part[PATH_MAX]; /* the new file until it is whole: PATH.part; "": in place */
};

/*
 * Begins a new content; `path` must stay valid until app_file_end(). 0 or -errno: -ENXIO for a FIFO
 * that nobody reads.
 */
WC_MUST_CHECK int app_file_begin(struct app_file *file, const char *path);

/*
 * Ends the content, waits until it is on the disk unless `hasty` and gives it its name. 0 or
 * -errno; after a failure, also of a write before, nothing new is left.
 */
WC_MUST_CHECK int app_file_end(struct app_file *file);

/*
 * Whether a content can be begun there, of which nothing is left; what is there stays. A FIFO is
 * left to later. 0 or -errno.
 */
WC_MUST_CHECK int app_file_check(const char *path);

/* What strerror() says, and clearer words for -ENXIO. `error` is not negative. */
const char *app_file_strerror(int error);

/*
 * Gives standard files that are closed a number that takes no output, first thing in main(). Else
 * the next file that is opened gets it, a device for instance, and messages go there. A program
 * that is executed finds them closed as before.
 */
void app_file_hold_standard(void);

#endif /* APP_FILE_H */
