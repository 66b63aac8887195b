/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Archives that wcprobe unpacks, and hostile ones that it refuses without leaving anything. */

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tarball.h>
#include <unistd.h>

#include <cmocka.h>

static char tmp[64], tar[96], folder[PATH_MAX], why[512];

static int
setup(void **state)
{
	(void)state;
	snprintf(tmp, sizeof(tmp), "/tmp/wcprobe-tar-XXXXXX");
	assert_non_null(mkdtemp(tmp));
	assert_int_equal(setenv("TMPDIR", tmp, 1), 0);
	snprintf(tar, sizeof(tar), "%s.tar", tmp);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tarball_remove(tmp);
	unlink(tar);
	return 0;
}

static unsigned int
left_over(void)
{
	DIR *dir = opendir(tmp);
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

struct entry {
	const char *name;
	unsigned int type; /* 0: a file */
	const char *link;  /* symbolic, or hard if type is 0 */
	size_t bytes;      /* of zeroes */
};

static void
tar_write(const struct entry *entries, size_t n, bool gzip)
{
	struct archive *a = archive_write_new();
	static char zeroes[1 << 20];

	assert_int_equal(archive_write_set_format_pax_restricted(a), ARCHIVE_OK);
	if (gzip)
		assert_int_equal(archive_write_add_filter_gzip(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(a, tar), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_pathname(e, entries[i].name);
		archive_entry_set_filetype(e, entries[i].type != 0 ? entries[i].type : AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (int64_t)entries[i].bytes);
		if (entries[i].link != NULL && entries[i].type == AE_IFLNK)
			archive_entry_set_symlink(e, entries[i].link);
		else if (entries[i].link != NULL)
			archive_entry_set_hardlink(e, entries[i].link);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		for (size_t left = entries[i].bytes; left > 0;) {
			size_t piece = left < sizeof(zeroes) ? left : sizeof(zeroes);

			assert_int_equal(archive_write_data(a, zeroes, piece), piece);
			left -= piece;
		}
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static void
refused(int error, const char *reason)
{
	int ret = tarball_unpack(tar, folder, why, sizeof(why));

	if (ret != error || strstr(why, reason) == NULL)
		fail_msg("%d \"%s\", expected %d \"%s\"", ret, why, error, reason);
	assert_non_null(strstr(why, tar));
	assert_int_equal(left_over(), 0);
}

static void
unpack__files_and_folders__are_there(void **state)
{
	static const struct entry entries[] = {
		{"./", AE_IFDIR, NULL, 0},
		{"./sys/", AE_IFDIR, NULL, 0},
		{"./sys/bus/x..y/..z", 0, NULL, 5},
		{"proc/cmdline", 0, NULL, 0},
	};
	char path[PATH_MAX + 64];
	struct stat st;

	(void)state;
	for (int gzip = 0; gzip < 2; gzip++) {
		tar_write(entries, 4, gzip);
		if (tarball_unpack(tar, folder, why, sizeof(why)) != 0)
			fail_msg("%s", why);
		snprintf(path, sizeof(path), "%s/sys/bus/x..y/..z", folder);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 5);
		snprintf(path, sizeof(path), "%s/proc/cmdline", folder);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(left_over(), 1);
		tarball_remove(folder);
		assert_int_equal(left_over(), 0);
	}
}

#define DEEP4 "a/b/c/d/"
#define DEEP DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 "e"

static void
unpack__hostile_archives__are_refused(void **state)
{
	static const struct {
		struct entry entry;
		int error;
		const char *reason;
	} cases[] = {
		{{"../up", 0, NULL, 1}, -EINVAL, "leads out of the archive"},
		{{"sys/../../up", 0, NULL, 1}, -EINVAL, "leads out of the archive"},
		{{"sys/..", AE_IFDIR, NULL, 0}, -EINVAL, "leads out of the archive"},
		{{"./../up", 0, NULL, 1}, -EINVAL, "leads out of the archive"},
		{{"/etc/wcprobe-was-here", 0, NULL, 1}, -EINVAL, "leads out of the archive"},
		{{"././/etc/wcprobe-was-here", 0, NULL, 1}, -EINVAL, "leads out of the archive"},
		{{"sys", AE_IFLNK, "/sys", 0}, -EINVAL, "sys is a link"},
		{{"sys", AE_IFLNK, "proc", 0}, -EINVAL, "sys is a link"},
		{{"sys/a", 0, "ok", 0}, -EINVAL, "sys/a is a link"},
		{{"fifo", AE_IFIFO, NULL, 0}, -EINVAL, "link or a device"},
		{{"null", AE_IFCHR, NULL, 0}, -EINVAL, "link or a device"},
		{{"sys/big", 0, NULL, TARBALL_FILE_BYTES_MAX + 1}, -EFBIG, "sys/big is too big"},
		{{"ok", 0, NULL, 1}, -EEXIST, "twice"},
		{{DEEP "/a", 0, NULL, 1}, -EINVAL, "has more than 32 folders"},
		{{DEEP "/", AE_IFDIR, NULL, 0}, -EINVAL, "has more than 32 folders"},
		{{"ok/below", 0, NULL, 1}, -ENOTDIR, "cannot be unpacked"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct entry entries[] = {{"ok", 0, NULL, 3}, cases[i].entry};

		tar_write(entries, 2, false);
		refused(cases[i].error, cases[i].reason);
	}
	assert_int_not_equal(access("/etc/wcprobe-was-here", F_OK), 0);
}

/* Little that unpacks to much. */
static void
unpack__a_bomb__is_refused(void **state)
{
	static struct entry entries[TARBALL_BYTES_MAX / TARBALL_FILE_BYTES_MAX + 1];
	static char names[TARBALL_BYTES_MAX / TARBALL_FILE_BYTES_MAX + 1][8];
	const size_t n = sizeof(entries) / sizeof(entries[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		entries[i] = (struct entry){names[i], 0, NULL, TARBALL_FILE_BYTES_MAX};
	}
	tar_write(entries, n, true);
	refused(-EFBIG, "is too big");
}

/* A folder costs as much as a file. */
static void
unpack__folders_without_end__are_refused(void **state)
{
	const size_t n = TARBALL_ENTRIES_MAX / 30 + 2;
	struct entry *entries = calloc(n, sizeof(*entries));
	char(*names)[80] = calloc(n, sizeof(*names));

	(void)state;
	assert_true(entries != NULL && names != NULL);
	/* in memory, if possible: a disk takes a minute for so many */
	if (access("/dev/shm", W_OK | X_OK) == 0) {
		tarball_remove(tmp);
		snprintf(tmp, sizeof(tmp), "/dev/shm/wcprobe-tar-XXXXXX");
		assert_non_null(mkdtemp(tmp));
		assert_int_equal(setenv("TMPDIR", tmp, 1), 0);
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]),
			 "%zu/" DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 "a", i);
		entries[i] = (struct entry){names[i], 0, NULL, 0};
	}
	tar_write(entries, n, false);
	refused(-EFBIG, "more than 50000 files");
	free(names);
	free(entries);
}

static void
unpack__no_archive__is_named(void **state)
{
	FILE *f;

	(void)state;
	refused(-ENOENT, "No such file");
	f = fopen(tar, "w");
	fputs("this is no archive, whatever its name says\n", f);
	fclose(f);
	refused(-EINVAL, "expected a folder, or a tar file");
}

static void
unpack__a_truncated_archive__is_refused(void **state)
{
	static const struct entry entries[] = {{"sys/a", 0, NULL, 5000}};

	(void)state;
	tar_write(entries, 1, false);
	assert_int_equal(truncate(tar, 3000), 0);
	refused(-EIO, "runcated");
}

static void
write__can_be_unpacked(void **state)
{
	struct tarball *t;
	char path[PATH_MAX + 64], text[8] = "";
	FILE *f;

	(void)state;
	assert_int_equal(tarball_begin(&t, tar, why, sizeof(why)), 0);
	tarball_add(t, "sys/a", "text", 4);
	tarball_add(t, "sys/empty", "", 0);
	assert_int_not_equal(access(tar, F_OK), 0); /* not before all of it is there */
	assert_int_equal(tarball_end(t, why, sizeof(why)), 0);
	assert_int_equal(tarball_unpack(tar, folder, why, sizeof(why)), 0);
	snprintf(path, sizeof(path), "%s/sys/a", folder);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(text, 1, sizeof(text), f), 4);
	assert_string_equal(text, "text");
	fclose(f);
	tarball_remove(folder);
}

static void
write__where_it_cannot_be__says_so(void **state)
{
	struct tarball *t;

	(void)state;
	assert_int_equal(tarball_begin(&t, "/nowhere/x.tar", why, sizeof(why)), -ENOENT);
	assert_null(t);
	assert_non_null(strstr(why, "/nowhere/x.tar cannot be written"));
}

static void
gunzip__takes_gzip_alone(void **state)
{
	static const struct entry entries[] = {{"sys/a", 0, NULL, 50000}};
	char *data = NULL;
	size_t bytes;

	(void)state;
	tar_write(entries, 1, true);
	assert_int_equal(tarball_gunzip(tar, &data, &bytes, why, sizeof(why)), 0);
	assert_true(bytes > 50000);
	assert_memory_equal(data, "sys/a", 5);
	free(data);
	data = NULL;
	assert_true(tarball_gunzip("/nowhere", &data, &bytes, why, sizeof(why)) < 0);
	assert_null(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unpack__files_and_folders__are_there),
		TEST(unpack__hostile_archives__are_refused),
		TEST(unpack__a_bomb__is_refused),
		TEST(unpack__folders_without_end__are_refused),
		TEST(unpack__no_archive__is_named),
		TEST(unpack__a_truncated_archive__is_refused),
		TEST(write__can_be_unpacked),
		TEST(write__where_it_cannot_be__says_so),
		TEST(gunzip__takes_gzip_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
