/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef TARBALL_H
#define TARBALL_H

/*
 * A machine in a tar file: what --collect writes and --root reads; and files that gzip packed. All
 * of it by libarchive. Where this program was built without, or it is not installed, these fail
 * with -ENOSYS and a sentence. Errors: -errno with a sentence in `why`.
 */

#include <limits.h>
#include <stddef.h>

#include <wcbase.h>

/* What a hostile archive may cost at most. */
#define TARBALL_ENTRIES_MAX 50000u /* files, and folders that are made for them */
#define TARBALL_DEPTH_MAX 32u      /* folders in a name */
#define TARBALL_FILE_BYTES_MAX (16u << 20)
#define TARBALL_BYTES_MAX (128u << 20)

/* Unpacks what gzip packed, into memory that the caller frees. */
WC_MUST_CHECK int
tarball_gunzip(const char *path, char **data, size_t *bytes, char *why, size_t why_bytes);

/*
 * Unpacks a tar file (plain, gzip, xz) into a new folder under $TMPDIR, whose name `folder` gets.
 * Takes only files and folders: an archive with anything else, with a name that is absolute or has
 * "..", or that is too big, is refused, and nothing is left of it.
 */
WC_MUST_CHECK int
tarball_unpack(const char *path, char folder[PATH_MAX], char *why, size_t why_bytes);
/* Removes such a folder with all that is in it. */
void tarball_remove(const char *folder);

struct tarball;

/* A new tar file at `path`, which appears when tarball_end() has succeeded. */
WC_MUST_CHECK int
tarball_begin(struct tarball **tarball, const char *path, char *why, size_t why_bytes);
/* A file of it. An error is kept, and tarball_end() returns it. NULL does nothing. */
void tarball_add(struct tarball *tarball, const char *name, const void *data, size_t bytes);
/* Ends and releases it. */
WC_MUST_CHECK int tarball_end(struct tarball *tarball, char *why, size_t why_bytes);

#endif /* TARBALL_H */
