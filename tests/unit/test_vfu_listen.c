/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server's socket: nobody may reach it that shall not, from its first moment on. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <vfu_server.h>

static char folder[32], path[64];
static mode_t bound, listening;
static gid_t listening_group;
static unsigned int binds, listens;

int __real_bind(int sock, const struct sockaddr *addr, socklen_t bytes);
int __wrap_bind(int sock, const struct sockaddr *addr, socklen_t bytes);
int __real_listen(int sock, int backlog);
int __wrap_listen(int sock, int backlog);

int
__wrap_bind(int sock, const struct sockaddr *addr, socklen_t bytes)
{
	int ret = __real_bind(sock, addr, bytes);
	struct stat st;

	if (ret == 0 && stat(path, &st) == 0) {
		bound = st.st_mode & 07777;
		binds++;
	}
	return ret;
}

int
__wrap_listen(int sock, int backlog)
{
	struct stat st;

	if (stat(path, &st) == 0) {
		listening = st.st_mode & 07777;
		listening_group = st.st_gid;
		listens++;
	}
	return __real_listen(sock, backlog);
}

static int
region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	(void)ctx, (void)region, (void)off;
	memset(data, 0, bytes);
	return 0;
}

static int
region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	(void)ctx, (void)region, (void)off, (void)data, (void)bytes;
	return 0;
}

static int
reset(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct vfu_server_ops ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = reset,
};

static void
listen_with(const struct vfu_server_access *who)
{
	const struct vfu_server_config config = {.ops = &ops, .msix_vectors = 1, .access = who};
	struct vfu_server *server;
	char why[256] = "";

	binds = listens = 0;
	if (vfu_server_listen(path, &config, &server, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_int_equal(binds, 1);
	assert_int_equal(listens, 1);
	vfu_server_destroy(server);
	assert_int_equal(access(path, F_OK), -1);
}

/* Until it has its group, only its owner may use it; it has all before it listens. */
static void
access__asked_for__never_wider(void **state)
{
	static const mode_t masks[] = {0, 022, 077};
	static const mode_t modes[] = {0600, 0660, 0666, 0200, 0020};
	struct vfu_server_access asked = {.group = geteuid() == 0 ? 1 : getegid()};
	mode_t before;

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		before = umask(masks[i]);
		for (size_t j = 0; j < sizeof(modes) / sizeof(modes[0]); j++) {
			asked.mode = modes[j];
			listen_with(&asked);
			assert_int_equal(bound & ~(modes[j] & 0700u), 0);
			assert_int_equal(listening, modes[j]);
			assert_int_equal(listening_group, asked.group);
		}
		umask(before);
	}
}

static void
access__not_asked_for__is_the_umasks(void **state)
{
	mode_t before = umask(027);

	(void)state;
	listen_with(NULL);
	umask(before);
	assert_int_equal(bound, 0750);
	assert_int_equal(listening, 0750);
}

static int
folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/listen-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/s", folder);
	return 0;
}

static int
folder_remove(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access__asked_for__never_wider),
		cmocka_unit_test(access__not_asked_for__is_the_umasks),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
