/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A machine in a tar file, by libarchive. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <app_file.h>
#include <wcfile.h>

#include "archive_lib.h"
#include "tarball.h"

#define BLOCK_BYTES 65536u

/* One archive that is being unpacked. */
struct unpack {
	const struct archive_lib *lib;
	struct archive *in;
	const char *path;
	const char *folder;
	uint64_t bytes;
	unsigned int entries;
	char *why;
	size_t why_bytes;
};

WC_PRINTF(3, 4) static int refuse(struct unpack *u, int error, const char *format, ...)
{
	va_list ap;
	int n = snprintf(u->why, u->why_bytes, "%s: ", u->path);

	if (n < 0 || (size_t)n >= u->why_bytes)
		return error;
	va_start(ap, format);
	vsnprintf(u->why + n, u->why_bytes - (size_t)n, format, ap);
	va_end(ap);
	/* Names are what the archive says, and the sentence goes to terminals. */
	for (char *c = u->why + n; *c != '\0'; c++)
		*c = (unsigned char)*c < 0x80 && isprint((unsigned char)*c) ? *c : '?';
	return error;
}

static int
archive_begin(struct unpack *u, bool raw)
{
	const struct archive_lib *lib = u->lib;
	int fd = wcfile_open(u->path, O_RDONLY);

	if (fd < 0)
		return refuse(u, fd, "%s", wcfile_strerror(-fd));
	close(fd);
	u->in = lib->read_new();
	if (u->in == NULL)
		return refuse(u, -ENOMEM, "no memory");
	lib->read_support_filter_gzip(u->in);
	if (!raw)
		lib->read_support_filter_xz(u->in);
	if (raw)
		lib->read_support_format_raw(u->in);
	else
		lib->read_support_format_tar(u->in);
	if (lib->read_open_filename(u->in, u->path, BLOCK_BYTES) == ARCHIVE_OK)
		return 0;
	return refuse(u, -EINVAL, "%s: expected %s", lib->error_string(u->in),
		      raw ? "what gzip packs" : "a folder, or a tar file");
}

/* ---- unpacking ------------------------------------------------------------------------------- */

/* The name without "./" in front; NULL: it leads out of the folder. */
static const char *
name_check(const char *name)
{
	const char *part;

	while (name != NULL && strncmp(name, "./", 2) == 0)
		name += 2;
	if (name == NULL || name[0] == '/')
		return NULL;
	for (part = name; part != NULL; part = strchr(part, '/')) {
		part += part[0] == '/';
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return NULL;
	}
	return name;
}

/* Each folder of a name is made, and removed again. */
static bool
is_deep(const char *name)
{
	unsigned int depth = 0;

	for (; *name != '\0'; name++)
		depth += *name == '/';
	return depth > TARBALL_DEPTH_MAX;
}

static int
folders_make(struct unpack *u, char *path)
{
	for (char *c = strchr(path + strlen(u->folder) + 1, '/'); c != NULL;
	     c = strchr(c + 1, '/')) {
		*c = '\0';
		if (mkdir(path, 0700) == 0)
			u->entries++;
		else if (errno != EEXIST)
			return -errno;
		*c = '/';
	}
	return 0;
}

static int
data_copy(struct unpack *u, const char *name, int fd)
{
	static char block[BLOCK_BYTES];
	uint64_t bytes = 0;
	ssize_t n;

	while ((n = u->lib->read_data(u->in, block, sizeof(block))) > 0) {
		bytes += (uint64_t)n;
		u->bytes += (uint64_t)n;
		if (bytes > TARBALL_FILE_BYTES_MAX || u->bytes > TARBALL_BYTES_MAX)
			return refuse(u, -EFBIG,
				      "%.64s is too big: no machine's /sys and /proc hold so much",
				      name);
		if (write(fd, block, (size_t)n) != n)
			return refuse(u, -ENOSPC, "%s cannot be unpacked: %s", name,
				      strerror(errno));
	}
	return n == 0 ? 0 : refuse(u, -EIO, "%s", u->lib->error_string(u->in));
}

static int
entry_unpack(struct unpack *u, struct archive_entry *entry)
{
	const char *name = name_check(u->lib->entry_pathname(entry));
	const mode_t type = u->lib->entry_filetype(entry);
	char path[PATH_MAX];
	int fd, ret;

	if (++u->entries > TARBALL_ENTRIES_MAX)
		return refuse(u, -EFBIG, "more than %u files: that is no copy of a machine",
			      TARBALL_ENTRIES_MAX);
	if (name == NULL)
		return refuse(
			u, -EINVAL,
			"the name '%.64s' leads out of the archive: expected sys/..., proc/...",
			u->lib->entry_pathname(entry) != NULL ? u->lib->entry_pathname(entry) : "");
	if (is_deep(name))
		return refuse(u, -EINVAL,
			      "'%.64s...' has more than %u folders: that is no copy of a machine",
			      name, TARBALL_DEPTH_MAX);
	if (u->lib->entry_hardlink(entry) != NULL || (type != AE_IFREG && type != AE_IFDIR))
		return refuse(u, -EINVAL,
			      "%.64s is a link or a device: expected files and folders only, as "
			      "wcprobe --collect writes them",
			      name);
	if (u->lib->entry_size(entry) > (int64_t)TARBALL_FILE_BYTES_MAX)
		return refuse(u, -EFBIG,
			      "%.64s is too big: no machine's /sys and /proc hold so much", name);
	if (snprintf(path, sizeof(path), "%s/%s%s", u->folder, name, type == AE_IFDIR ? "/" : "") >=
	    (int)sizeof(path))
		return refuse(u, -ENAMETOOLONG, "'%.64s...' is too long a name", name);
	ret = folders_make(u, path);
	if (ret != 0)
		return refuse(u, ret, "%.64s cannot be unpacked: %s", name, strerror(-ret));
	if (type == AE_IFDIR)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse(u, -errno, "%.64s cannot be unpacked: %s%s", name, strerror(errno),
			      errno == EEXIST ? "; it is in the archive twice" : "");
	ret = data_copy(u, name, fd);
	close(fd);
	return ret;
}

static int
all_unpack(struct unpack *u)
{
	struct archive_entry *entry;
	int ret = archive_begin(u, false), got;

	if (ret != 0)
		return ret;
	while ((got = u->lib->read_next_header(u->in, &entry)) == ARCHIVE_OK ||
	       got == ARCHIVE_WARN) {
		ret = entry_unpack(u, entry);
		if (ret != 0)
			return ret;
	}
	if (got != ARCHIVE_EOF)
		return refuse(u, -EINVAL, "%s: expected a folder, or a tar file",
			      u->lib->error_string(u->in));
	return 0;
}

int
tarball_unpack(const char *path, char folder[PATH_MAX], char *why, size_t why_bytes)
{
	const char *tmp = getenv("TMPDIR");
	struct unpack u = {.path = path, .folder = folder, .why = why, .why_bytes = why_bytes};
	int ret;

	u.lib = archive_lib_get(why, why_bytes);
	if (u.lib == NULL)
		return -ENOSYS;
	if (tmp == NULL || tmp[0] == '\0')
		tmp = "/tmp";
	if (snprintf(folder, PATH_MAX, "%s/wcprobe-XXXXXX", tmp) >= PATH_MAX ||
	    mkdtemp(folder) == NULL)
		return refuse(&u, -errno, "no folder can be made in %s to unpack it: %s", tmp,
			      strerror(errno));
	ret = all_unpack(&u);
	if (u.in != NULL)
		u.lib->read_free(u.in);
	if (ret != 0)
		tarball_remove(folder);
	return ret;
}

static int
entry_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void
tarball_remove(const char *folder)
{
	nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- what gzip packed ------------------------------------------------------------------------ */

/* Takes as much memory as what is packed needs; *data may be there also after a failure. */
static int
data_read(struct unpack *u, char **data, size_t *bytes)
{
	size_t space = 0;
	ssize_t n;
	char *more;

	*bytes = 0;
	do {
		if (*bytes == space) {
			space = space == 0 ? BLOCK_BYTES : 2 * space;
			if (space > TARBALL_FILE_BYTES_MAX)
				return refuse(u, -EFBIG, "unpacked it has more than %u bytes",
					      TARBALL_FILE_BYTES_MAX);
			more = realloc(*data, space);
			if (more == NULL)
				return refuse(u, -ENOMEM, "no memory");
			*data = more;
		}
		n = u->lib->read_data(u->in, *data + *bytes, space - *bytes);
		*bytes += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return n == 0 ? 0 : refuse(u, -EINVAL, "%s", u->lib->error_string(u->in));
}

static int
all_read(struct unpack *u, char **data, size_t *bytes)
{
	struct archive_entry *entry;
	int ret = archive_begin(u, true);

	*data = NULL;
	if (ret != 0)
		return ret;
	if (u->lib->read_next_header(u->in, &entry) != ARCHIVE_OK)
		return refuse(u, -EINVAL, "%s", u->lib->error_string(u->in));
	ret = data_read(u, data, bytes);
	if (ret == 0)
		return 0;
	free(*data);
	*data = NULL;
	return ret;
}

int
tarball_gunzip(const char *path, char **data, size_t *bytes, char *why, size_t why_bytes)
{
	struct unpack u = {.path = path, .why = why, .why_bytes = why_bytes};
	int ret;

	u.lib = archive_lib_get(why, why_bytes);
	if (u.lib == NULL)
		return -ENOSYS;
	ret = all_read(&u, data, bytes);
	if (u.in != NULL)
		u.lib->read_free(u.in);
	return ret;
}

/* ---- packing --------------------------------------------------------------------------------- */

struct tarball {
	const struct archive_lib *lib;
	struct archive *out;
	struct archive_entry *entry;
	struct app_file file;
	time_t now;
	char error[128]; /* the first one */
	char path[PATH_MAX];
};

static void
fail(struct tarball *t)
{
	const char *text = t->lib->error_string(t->out);

	if (t->error[0] == '\0')
		snprintf(t->error, sizeof(t->error), "%s", text != NULL ? text : "no memory");
}

int
tarball_begin(struct tarball **out, const char *path, char *why, size_t why_bytes)
{
	const struct archive_lib *lib = archive_lib_get(why, why_bytes);
	struct tarball *t;
	int ret;

	*out = NULL;
	if (lib == NULL)
		return -ENOSYS;
	t = calloc(1, sizeof(*t));
	if (t == NULL || snprintf(t->path, sizeof(t->path), "%s", path) >= (int)sizeof(t->path)) {
		free(t);
		snprintf(why, why_bytes, "no memory, or too long a name");
		return -ENOMEM;
	}
	t->lib = lib;
	t->now = time(NULL);
	ret = app_file_begin(&t->file, t->path);
	if (ret != 0) {
		snprintf(why, why_bytes, "%s cannot be written: %s", path, strerror(-ret));
		free(t);
		return ret;
	}
	t->entry = lib->entry_new();
	t->out = lib->write_new();
	if (t->out == NULL || t->entry == NULL)
		snprintf(t->error, sizeof(t->error), "no memory");
	else if (lib->write_set_format_ustar(t->out) != ARCHIVE_OK ||
		 lib->write_open_FILE(t->out, t->file.out) != ARCHIVE_OK)
		fail(t);
	*out = t;
	return 0;
}

void
tarball_add(struct tarball *t, const char *name, const void *data, size_t bytes)
{
	if (t == NULL || t->error[0] != '\0')
		return;
	t->lib->entry_set_pathname(t->entry, name);
	t->lib->entry_set_size(t->entry, (int64_t)bytes);
	t->lib->entry_set_filetype(t->entry, AE_IFREG);
	t->lib->entry_set_perm(t->entry, 0644);
	t->lib->entry_set_mtime(t->entry, t->now, 0);
	if (t->lib->write_header(t->out, t->entry) != ARCHIVE_OK ||
	    t->lib->write_data(t->out, data, bytes) != (ssize_t)bytes)
		fail(t);
}

int
tarball_end(struct tarball *t, char *why, size_t why_bytes)
{
	int ret;

	if (t->error[0] == '\0' && t->lib->write_close(t->out) != ARCHIVE_OK)
		fail(t);
	if (t->out != NULL)
		t->lib->write_free(t->out);
	t->lib->entry_free(t->entry);
	if (t->error[0] != '\0')
		t->file.error = -EIO;
	ret = app_file_end(&t->file);
	if (ret != 0)
		snprintf(why, why_bytes, "%s cannot be written: %s", t->path,
			 t->error[0] != '\0' ? t->error : strerror(-ret));
	free(t);
	return ret;
}
