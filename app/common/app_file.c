/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A file that is replaced in one step. */

#include <errno.h>
#include <unistd.h>

#include "app_file.h"

int
app_file_begin(struct app_file *file, const char *path)
{
	file->error = 0;
	file->path = path;
	if (snprintf(file->part, sizeof(file->part), "%s.part", path) >= (int)sizeof(file->part))
		return -ENAMETOOLONG;
	file->out = fopen(file->part, "w");
	return file->out != NULL ? 0 : -errno;
}

/* Everything to the disk. */
static int
out_sync(const struct app_file *file)
{
	if (file->error != 0)
		return file->error;
	if (ferror(file->out) != 0)
		return -EIO;
	if (fflush(file->out) == 0 && fsync(fileno(file->out)) == 0)
		return 0;
	/* Not every file can be synchronised: a pipe cannot. */
	return errno == EINVAL || errno == EROFS ? 0 : -errno;
}

int
app_file_end(struct app_file *file)
{
	int ret = out_sync(file);

	if (fclose(file->out) != 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(file->part, file->path) != 0)
		ret = -errno;
	if (ret != 0)
		unlink(file->part);
	return ret;
}
