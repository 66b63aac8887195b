/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ARCHIVE_LIB_H
#define ARCHIVE_LIB_H

/*
 * libarchive, loaded when it is first needed: it brings a dozen libraries along, and wcprobe is to
 * run where only libc and libjson-c are.
 */

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>

/* What is called of it, without "archive_". */
/* clang-format off */
#define ARCHIVE_LIB_CALLS(call) \
	call(error_string) call(entry_filetype) call(entry_free) call(entry_hardlink) \
	call(entry_new) call(entry_pathname) call(entry_set_filetype) \
	call(entry_set_mtime) call(entry_set_pathname) call(entry_set_perm) \
	call(entry_set_size) call(entry_size) call(read_data) call(read_free) \
	call(read_new) call(read_next_header) call(read_open_filename) \
	call(read_support_filter_gzip) call(read_support_filter_xz) \
	call(read_support_format_raw) call(read_support_format_tar) call(write_close) \
	call(write_data) call(write_free) call(write_header) call(write_new) \
	call(write_open_FILE) call(write_set_format_ustar)
/* clang-format on */

#define ARCHIVE_LIB_MEMBER(name) __typeof__(archive_##name) *name;

struct archive_lib {
	ARCHIVE_LIB_CALLS(ARCHIVE_LIB_MEMBER)
};

/* The library; NULL with a sentence in `why`: it is not installed. One thread. */
const struct archive_lib *archive_lib_get(char *why, size_t why_bytes);

#endif /* ARCHIVE_LIB_H */
