/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Files in memory: which there are, and the calls of libc that read and write them. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_files.h"
#include "fuzz_input.h"
#include "fuzz_wraps.h"

#define ENTRIES_MAX 512u
#define SLOTS 2048u /* of the table by hash, a power of two */
#define OPEN_MAX_FILES 16u
#define FD_FIRST (1 << 20)
#define WRITTEN_BYTES_MAX (1u << 22)

enum kind {
	KIND_FILE,
	KIND_LINK,
	KIND_FOLDER,
	KIND_GONE, /* put over a file of the base */
};

struct entry {
	char path[FUZZ_PATH_BYTES];
	uint64_t hash, parent;
	const char *name; /* in path */
	const uint8_t *data;
	size_t bytes;
	enum kind kind;
	uint16_t slot;
	uint16_t before; /* the entry + 1 that had the slot; 0: none */
};

static struct entry entries[ENTRIES_MAX];
static size_t n_entries, n_base;
static uint16_t slots[SLOTS]; /* an entry + 1 */
static size_t written;
static bool sealed;

static struct opened {
	const struct entry *entry;
	size_t off;
	FILE *stream; /* NULL: a descriptor */
} opened[OPEN_MAX_FILES];

/* ---- which there are --------------------------------------------------------------------- */

/* FNV-1a over so many bytes, with repeated slashes as one. */
static uint64_t
hash_of(const char *path, size_t bytes)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < bytes; i++) {
		if (path[i] == '/' && (i + 1 == bytes || path[i + 1] == '/'))
			continue;
		hash = (hash ^ (uint8_t)path[i]) * 0x100000001b3ull;
	}
	return hash;
}

/* Of entries that have the same path the last one holds. */
static struct entry *
entry_find(uint64_t hash)
{
	unsigned int slot = hash % SLOTS;

	for (; slots[slot] != 0; slot = (slot + 1) % SLOTS)
		if (entries[slots[slot] - 1].hash == hash)
			return &entries[slots[slot] - 1];
	return NULL;
}

static struct entry *
entry_add(const char *path, size_t bytes, enum kind kind)
{
	const uint64_t hash = hash_of(path, bytes);
	struct entry *e = &entries[n_entries];
	unsigned int slot = hash % SLOTS;
	const char *slash;

	if (n_entries == ENTRIES_MAX || bytes >= sizeof(e->path))
		return NULL;
	while (slots[slot] != 0 && entries[slots[slot] - 1].hash != hash)
		slot = (slot + 1) % SLOTS;
	memcpy(e->path, path, bytes);
	e->path[bytes] = '\0';
	slash = strrchr(e->path, '/');
	e->name = slash + 1;
	e->hash = hash;
	e->parent = hash_of(path, (size_t)(slash - e->path));
	e->kind = kind;
	e->data = NULL;
	e->bytes = 0;
	e->slot = (uint16_t)slot;
	e->before = slots[slot];
	slots[slot] = (uint16_t)++n_entries;
	return e;
}

/* The folders of a path that are not there yet. */
static void
folders_add(const char *path)
{
	const char *slash = strrchr(path, '/');
	const struct entry *e;

	for (; slash != NULL && slash != path; slash = memrchr(path, '/', (size_t)(slash - path))) {
		e = entry_find(hash_of(path, (size_t)(slash - path)));
		if (e != NULL && e->kind == KIND_FOLDER)
			return;
		(void)entry_add(path, (size_t)(slash - path), KIND_FOLDER);
	}
}

static void
put(const char *path, const void *data, size_t bytes, enum kind kind)
{
	char full[FUZZ_PATH_BYTES];
	struct entry *e;
	int n = snprintf(full, sizeof(full), FUZZ_FILES_ROOT "%s", path);

	if (n < 0 || n >= (int)sizeof(full))
		return;
	e = entry_add(full, (size_t)n, kind);
	if (e == NULL)
		return;
	e->data = data;
	e->bytes = bytes;
	if (kind != KIND_GONE)
		folders_add(full);
}

void
fuzz_files_put(const char *path, const void *data, size_t bytes)
{
	put(path, data, bytes, data != NULL ? KIND_FILE : KIND_GONE);
}

void
fuzz_files_text(const char *path, const char *text)
{
	put(path, text, strlen(text), KIND_FILE);
}

void
fuzz_files_link(const char *path, const char *target)
{
	put(path, target, strlen(target), KIND_LINK);
}

void
fuzz_files_base(void)
{
	n_base = n_entries;
}

void
fuzz_files_seal(void)
{
	sealed = true;
}

void
fuzz_files_reset(void)
{
	sealed = false;
	for (unsigned int i = 0; i < OPEN_MAX_FILES; i++)
		MUST(opened[i].entry == NULL);
	while (n_entries > n_base) {
		const struct entry *e = &entries[--n_entries];

		slots[e->slot] = e->before;
	}
	written = 0;
}

void
fuzz_files_take(struct fuzz_input *in, const char *const *paths, size_t n_paths)
{
	while (in->left > 0) {
		const uint8_t index = fuzz_take8(in), gone = index >> 7;
		size_t bytes = fuzz_take16(in);
		const char *path = paths[(index & 0x7f) % n_paths];

		bytes = bytes < in->left ? bytes : in->left;
		if (gone && bytes == 0)
			fuzz_files_put(path, NULL, 0);
		else if (gone)
			put(path, in->data, bytes, KIND_LINK);
		else
			fuzz_files_put(path, in->data, bytes);
		in->data += bytes;
		in->left -= bytes;
	}
}

/* The entry at a path, or NULL with errno. */
static struct entry *
lookup(const char *path)
{
	struct entry *e = entry_find(hash_of(path, strlen(path)));

	if (e != NULL && e->kind != KIND_GONE)
		return e;
	errno = ENOENT;
	return NULL;
}

static bool
is_ours(const char *path)
{
	return strncmp(path, FUZZ_FILES_ROOT "/", sizeof(FUZZ_FILES_ROOT)) == 0;
}

/* The same for what opens a file. */
static bool
is_ours_or_nobodys(const char *path)
{
	return sealed || is_ours(path);
}

/* ---- descriptors ------------------------------------------------------------------------- */

static int
open_slot(const struct entry *e)
{
	for (int i = 0; i < (int)OPEN_MAX_FILES; i++) {
		if (opened[i].entry != NULL)
			continue;
		opened[i] = (struct opened){.entry = e};
		return i;
	}
	errno = EMFILE;
	return -1;
}

/* What a program unpacks stays below the root, whatever the archive says. */
static struct entry *
entry_create(const char *path, int flags)
{
	if ((flags & O_EXCL) != 0 && entry_find(hash_of(path, strlen(path))) != NULL) {
		errno = EEXIST;
		return NULL;
	}
	/* A file that the user names may be anywhere else, where nothing can be made. */
	if ((flags & O_EXCL) == 0 && !is_ours(path)) {
		errno = EACCES;
		return NULL;
	}
	MUST(is_ours(path) && ((flags & O_EXCL) == 0 || strstr(path, "/../") == NULL));
	errno = ENOSPC;
	return entry_add(path, strlen(path), KIND_FILE);
}

int
__wrap_open64(const char *path, int flags, ...)
{
	struct entry *e;
	mode_t mode = 0;
	va_list ap;
	int slot;

	va_start(ap, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (!is_ours_or_nobodys(path))
		return __real_open64(path, flags, mode);
	e = (flags & O_CREAT) != 0 ? entry_create(path, flags) : lookup(path);
	if (e == NULL)
		return -1;
	slot = open_slot(e);
	return slot < 0 ? -1 : FD_FIRST + slot;
}

static size_t
copy_out(const struct entry *e, void *to, size_t bytes, size_t off)
{
	const size_t left = off < e->bytes ? e->bytes - off : 0;
	const size_t n = bytes < left ? bytes : left;

	if (n > 0)
		memcpy(to, e->data + off, n);
	return n;
}

ssize_t
__wrap_read(int fd, void *to, size_t bytes)
{
	size_t n;

	if (fd < FD_FIRST)
		return __real_read(fd, to, bytes);
	if (opened[fd - FD_FIRST].entry->kind == KIND_FOLDER) {
		errno = EISDIR;
		return -1;
	}
	n = copy_out(opened[fd - FD_FIRST].entry, to, bytes, opened[fd - FD_FIRST].off);
	opened[fd - FD_FIRST].off += n;
	return (ssize_t)n;
}

ssize_t
__wrap_pread64(int fd, void *to, size_t bytes, off64_t off)
{
	if (fd < FD_FIRST)
		return __real_pread64(fd, to, bytes, off);
	return (ssize_t)copy_out(opened[fd - FD_FIRST].entry, to, bytes, (size_t)off);
}

/* Nobody reads it again: the bytes are counted. */
ssize_t
__wrap_write(int fd, const void *from, size_t bytes)
{
	if (fd < FD_FIRST)
		return __real_write(fd, from, bytes);
	written += bytes;
	if (written <= WRITTEN_BYTES_MAX)
		return (ssize_t)bytes;
	errno = ENOSPC;
	return -1;
}

int
__wrap_close(int fd)
{
	if (fd < FD_FIRST)
		return __real_close(fd);
	MUST(opened[fd - FD_FIRST].entry != NULL);
	opened[fd - FD_FIRST].entry = NULL;
	return 0;
}

/* ---- streams ----------------------------------------------------------------------------- */

static ssize_t
stream_read(void *cookie, char *to, size_t bytes)
{
	struct opened *o = cookie;
	const size_t n = copy_out(o->entry, to, bytes, o->off);

	o->off += n;
	return (ssize_t)n;
}

static int
stream_seek(void *cookie, off64_t *off, int whence)
{
	struct opened *o = cookie;

	*off += whence == SEEK_CUR   ? (off64_t)o->off
		: whence == SEEK_END ? (off64_t)o->entry->bytes
				     : 0;
	if (*off < 0)
		return -1;
	o->off = (size_t)*off;
	return 0;
}

/* Also when a library closes it. */
static int
stream_close(void *cookie)
{
	((struct opened *)cookie)->entry = NULL;
	return 0;
}

/* Nobody reads it again. */
static ssize_t
stream_write(void *cookie, const char *from, size_t bytes)
{
	const ssize_t n = __wrap_write(FD_FIRST + (int)((struct opened *)cookie - opened), from,
				       bytes);

	return n < 0 ? 0 : n;
}

static FILE *
stream_open(int slot, const char *mode)
{
	static const cookie_io_functions_t io = {.read = stream_read,
						 .write = stream_write,
						 .seek = stream_seek,
						 .close = stream_close};

	opened[slot].stream = fopencookie(&opened[slot], mode, io);
	MUST(opened[slot].stream != NULL);
	return opened[slot].stream;
}

FILE *
__wrap_fopen64(const char *path, const char *mode)
{
	const struct entry *e;
	int slot;

	if (!is_ours_or_nobodys(path))
		return __real_fopen64(path, mode);
	e = lookup(path);
	slot = e != NULL ? open_slot(e) : -1;
	if (slot < 0)
		return NULL;
	return stream_open(slot, "r");
}

FILE *
__wrap_fdopen(int fd, const char *mode)
{
	return fd < FD_FIRST ? __real_fdopen(fd, mode) : stream_open(fd - FD_FIRST, mode);
}

static int
stream_find(const FILE *stream)
{
	for (int i = 0; i < (int)OPEN_MAX_FILES; i++)
		if (opened[i].entry != NULL && opened[i].stream == stream)
			return i;
	return -1;
}

int
__wrap_fileno(FILE *stream)
{
	const int slot = stream_find(stream);

	return slot >= 0 ? FD_FIRST + slot : __real_fileno(stream);
}

int
__wrap_fstat64(int fd, struct stat64 *st)
{
	if (fd < FD_FIRST)
		return __real_fstat64(fd, st);
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFREG | 0600;
	st->st_size = (off64_t)opened[fd - FD_FIRST].entry->bytes;
	return 0;
}

/* ---- names ------------------------------------------------------------------------------- */

int
__wrap_stat64(const char *path, struct stat64 *st)
{
	const struct entry *e;

	if (!is_ours(path))
		return __real_stat64(path, st);
	e = lookup(path);
	if (e == NULL)
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_mode = (e->kind == KIND_FOLDER ? S_IFDIR : S_IFREG) | 0600;
	st->st_size = (off64_t)e->bytes;
	return 0;
}

int
__wrap_access(const char *path, int mode)
{
	if (!is_ours(path))
		return __real_access(path, mode);
	return lookup(path) != NULL ? 0 : -1;
}

ssize_t
__wrap_readlink(const char *path, char *to, size_t bytes)
{
	const struct entry *e;

	if (!is_ours(path))
		return __real_readlink(path, to, bytes);
	e = lookup(path);
	if (e == NULL)
		return -1;
	if (e->kind == KIND_LINK)
		return (ssize_t)copy_out(e, to, bytes, 0);
	errno = EINVAL;
	return -1;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
	if (!is_ours(path))
		return __real_mkdir(path, mode);
	if (entry_find(hash_of(path, strlen(path))) != NULL) {
		errno = EEXIST;
		return -1;
	}
	MUST(strstr(path, "/../") == NULL);
	errno = ENOSPC;
	return entry_add(path, strlen(path), KIND_FOLDER) != NULL ? 0 : -1;
}

/* ---- folders ----------------------------------------------------------------------------- */

struct folder {
	uint64_t hash;
	size_t at;
	bool used;
	struct dirent64 entry;
};

static struct folder folders[OPEN_MAX_FILES];

DIR *
__wrap_opendir(const char *path)
{
	const struct entry *e;

	if (!is_ours(path))
		return __real_opendir(path);
	e = lookup(path);
	if (e == NULL)
		return NULL;
	errno = ENOTDIR;
	for (unsigned int i = 0; i < OPEN_MAX_FILES && e->kind == KIND_FOLDER; i++) {
		if (folders[i].used)
			continue;
		folders[i] = (struct folder){.hash = e->hash, .used = true};
		return (DIR *)&folders[i];
	}
	return NULL;
}

static bool
folder_is_ours(const DIR *dir)
{
	return (uintptr_t)dir >= (uintptr_t)folders &&
	       (uintptr_t)dir < (uintptr_t)(folders + OPEN_MAX_FILES);
}

/* The next entry of a folder from `at` on that holds. */
static const struct entry *
folder_next(uint64_t hash, size_t *at)
{
	for (; *at < n_entries; ++*at) {
		const struct entry *e = &entries[*at];

		if (e->parent != hash || e->kind == KIND_GONE || e->name[0] == '\0' ||
		    entry_find(e->hash) != e)
			continue;
		++*at;
		return e;
	}
	return NULL;
}

struct dirent64 *
__wrap_readdir64(DIR *dir)
{
	struct folder *f = (struct folder *)dir;
	const struct entry *e;

	if (!folder_is_ours(dir))
		return __real_readdir64(dir);
	e = folder_next(f->hash, &f->at);
	if (e == NULL)
		return NULL;
	f->entry.d_type = DT_UNKNOWN;
	snprintf(f->entry.d_name, sizeof(f->entry.d_name), "%s", e->name);
	return &f->entry;
}

int
__wrap_closedir(DIR *dir)
{
	if (!folder_is_ours(dir))
		return __real_closedir(dir);
	((struct folder *)dir)->used = false;
	return 0;
}

static struct dirent64 *
dirent_copy(const struct entry *e)
{
	struct dirent64 *copy = calloc(1, sizeof(*copy));

	MUST(copy != NULL);
	snprintf(copy->d_name, sizeof(copy->d_name), "%s", e->name);
	return copy;
}

int
__wrap_scandir64(const char *path, struct dirent64 ***out, int (*filter)(const struct dirent64 *),
		 int (*order)(const struct dirent64 **, const struct dirent64 **))
{
	/* By the type that the program's function has: UBSan of clang 19 insists on its name. */
	int (*const wanted)(const struct dirent *) = (int (*)(const struct dirent *))(
		uintptr_t)filter;
	struct dirent64 *copy, **list;
	const struct entry *e;
	uint64_t hash;
	size_t at = 0;
	int n = 0;

	if (!is_ours(path))
		return __real_scandir64(path, out, filter, order);
	e = lookup(path);
	if (e == NULL || e->kind != KIND_FOLDER)
		return -1;
	hash = e->hash;
	list = calloc(ENTRIES_MAX, sizeof(struct dirent64 *));
	MUST(list != NULL);
	while ((e = folder_next(hash, &at)) != NULL) {
		copy = dirent_copy(e);
		if (wanted != NULL && wanted((const struct dirent *)copy) == 0)
			free(copy);
		else
			list[n++] = copy;
	}
	qsort(list, (size_t)n, sizeof(list[0]),
	      (int (*)(const void *, const void *))(uintptr_t)order);
	*out = list;
	return n;
}
