/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A tar file as wcprobe --root takes it. libarchive reads the input; the folder that it is unpacked
 * to is in memory, and nothing may be made outside of it.
 */

#include <archive_lib.h>
#include <string.h>
#include <tarball.h>

#include "fuzz_files.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
const struct archive_lib *__wrap_archive_lib_get(char *why, size_t why_bytes);
const struct archive_lib *__real_archive_lib_get(char *why, size_t why_bytes);
char *__wrap_mkdtemp(char *template);
int __wrap_nftw64(const char *path, void *fn, int n, int flags);

static struct fuzz_input file;

static int
open_input(struct archive *in, const char *path, size_t block)
{
	(void)path;
	(void)block;
	return archive_read_open_memory(in, (void *)(uintptr_t)file.data, file.left);
}

const struct archive_lib *
__wrap_archive_lib_get(char *why, size_t why_bytes)
{
	static struct archive_lib lib;
	const struct archive_lib *real = __real_archive_lib_get(why, why_bytes);

	MUST(real != NULL);
	lib = *real;
	lib.read_open_filename = open_input;
	return &lib;
}

char *
__wrap_mkdtemp(char *template)
{
	strcpy(template, FUZZ_FILES_ROOT "/tar");
	return template;
}

/* The folder is gone with the input. */
int
__wrap_nftw64(const char *path, void *fn, int n, int flags)
{
	(void)fn;
	(void)n;
	(void)flags;
	MUST(strcmp(path, FUZZ_FILES_ROOT "/tar") == 0);
	return 0;
}

/* A sentence for a terminal, whatever stands in the archive. */
static void
why_check(const char *why)
{
	MUST(why[0] != '\0');
	for (; *why != '\0'; why++)
		MUST(*why >= ' ' && *why <= '~');
}

#define TAR_BLOCK 512u
#define TAR_SIZE_OFF 124u
#define TAR_SUM_OFF 148u

/* Makes the sum of each header right: without it no other byte of a header counts. */
static void
sums_mend(uint8_t *tar, size_t bytes)
{
	unsigned int sum;
	char size[13] = "";

	for (size_t at = 0; at + TAR_BLOCK <= bytes && tar[at] != '\0'; at += TAR_BLOCK) {
		memset(tar + at + TAR_SUM_OFF, ' ', 8);
		sum = 0;
		for (unsigned int i = 0; i < TAR_BLOCK; i++)
			sum += tar[at + i];
		snprintf((char *)tar + at + TAR_SUM_OFF, 8, "%06o", sum);
		memcpy(size, tar + at + TAR_SIZE_OFF, 12);
		at += (strtoul(size, NULL, 8) % 8192 + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char folder[PATH_MAX], why[512] = "", *text = NULL;
	uint8_t *copy;
	size_t n;

	if (bytes < 2)
		return 0;
	copy = malloc(bytes - 1);
	MUST(copy != NULL);
	memcpy(copy, data + 1, bytes - 1);
	if ((data[0] & 2) != 0)
		sums_mend(copy, bytes - 1);
	file = (struct fuzz_input){.data = copy, .left = bytes - 1};
	fuzz_files_put("/in.tar", file.data, file.left);
	fuzz_files_seal();
	if ((data[0] & 1) == 0) {
		if (tarball_unpack(FUZZ_FILES_ROOT "/in.tar", folder, why, sizeof(why)) == 0)
			tarball_remove(folder);
		else
			why_check(why);
	} else if (tarball_gunzip(FUZZ_FILES_ROOT "/in.tar", &text, &n, why, sizeof(why)) != 0) {
		why_check(why);
		MUST(text == NULL);
	}
	free(text);
	free(copy);
	fuzz_files_reset();
	return 0;
}
