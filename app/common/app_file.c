/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A file that is replaced in one step. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_file.h"

/* A device, a pipe: what is there must stay there. */
static bool
is_written_in_place(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* A new file; what somebody left under its name is not followed. */
static FILE *
part_open(const char *part)
{
	FILE *out;
	int fd;

	(void)unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return NULL;
	out = fdopen(fd, "w");
	if (out == NULL)
		close(fd);
	return out;
}

/* As fopen(path, "we"), but a FIFO without a reader is refused: ENXIO. */
static FILE *
place_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *out = NULL;

	/* Its reader may be slow, and who waits for that has time. */
	if (fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0)
		out = fdopen(fd, "w");
	if (out == NULL && fd >= 0)
		close(fd);
	return out;
}

int
app_file_begin(struct app_file *file, const char *path)
{
	file->error = 0;
	file->hasty = false;
	file->path = path;
	if (snprintf(file->part, sizeof(file->part), "%s.part", path) >= (int)sizeof(file->part))
		return -ENAMETOOLONG;
	if (is_written_in_place(path)) {
		file->part[0] = '\0';
		file->out = place_open(path);
	} else {
		file->out = part_open(file->part);
	}
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
	if (fflush(file->out) == 0 && (file->hasty || fsync(fileno(file->out)) == 0))
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
	if (file->part[0] == '\0')
		return ret;
	if (ret == 0 && rename(file->part, file->path) != 0)
		ret = -errno;
	if (ret != 0)
		unlink(file->part);
	return ret;
}

int
app_file_check(const char *path)
{
	struct app_file file;
	struct stat st;
	int ret;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (is_written_in_place(path))
		return access(path, W_OK) == 0 ? 0 : -errno;
	ret = app_file_begin(&file, path);
	if (ret != 0)
		return ret;
	file.error = -ECANCELED;
	ret = app_file_end(&file);
	return ret == -ECANCELED ? 0 : ret;
}

const char *
app_file_strerror(int error)
{
	return error == ENXIO ? "it is a FIFO that nobody reads, or a socket" : strerror(error);
}

void
app_file_hold_standard(void)
{
	int fd;

	do
		fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
