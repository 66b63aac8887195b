/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client against the server, each in its own thread, over a real socket. */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_client_rig.h"
#include "vfu_test.h"

static void
connect__shape_of_the_device_known(void **state)
{
	struct vfu_region info;

	(void)state;
	assert_int_equal(vfu_client_region_info(client, 0, &info), 0);
	assert_int_equal(info.bytes, RIG_REGS_BYTES);
	assert_int_equal(info.flags, VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE);
	assert_int_equal(vfu_client_region_info(client, 1, &info), 0);
	assert_int_equal(info.bytes, 0);
	assert_int_equal(vfu_client_region_info(client, 4, &info), 0);
	assert_int_equal(info.bytes, RIG_SPARSE_BYTES);
	assert_int_equal(info.flags,
			 VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE | VFU_REGION_FLAG_MMAP);
	assert_int_equal(vfu_client_region_info(client, 9, &info), -EINVAL);
	assert_true(vfu_client_alive(client));
}

static void
region_access__longer_than_a_message_whole(void **state)
{
	uint8_t out[0x1801], in[0x1801];

	(void)state;
	for (unsigned int i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	assert_int_equal(vfu_client_region_write(client, 0, 0x20, out, sizeof(out)), 0);
	assert_int_equal(vfu_client_region_read(client, 0, 0x20, in, sizeof(in)), 0);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(rig.regs[0x1f], 0);
	assert_int_equal(rig.regs[0x20 + sizeof(out)], 0);
}

static void
region_access__outside_refused_without_a_message(void **state)
{
	uint32_t word = 0;

	(void)state;
	assert_int_equal(vfu_client_region_read(client, 0, RIG_REGS_BYTES - 3, &word, 4), -EINVAL);
	assert_int_equal(vfu_client_region_write(client, 0, UINT64_MAX, &word, 4), -EINVAL);
	assert_int_equal(vfu_client_region_write(client, 9, 0, &word, 4), -EINVAL);
	assert_int_equal(rig.writes, 0);
}

static void
region_access__device_refuses_link_stays(void **state)
{
	uint64_t word = 0;

	(void)state;
	assert_int_equal(vfu_client_region_read(client, 0, RIG_BAD_OFF, &word, 8), -EIO);
	assert_int_equal(vfu_client_region_write(client, 3, 0, &word, 8), -EPERM);
	assert_int_equal(vfu_client_region_read(client, 3, 0, &word, 8), 0);
	assert_true(vfu_client_alive(client));
}

static void
region_mmap__memory_is_the_devices(void **state)
{
	uint8_t byte = 0;
	void *at;

	(void)state;
	assert_int_equal(vfu_client_region_mmap(client, 2, RIG_PAGE, 2 * RIG_PAGE, &at), 0);
	memset(at, 0x5a, 2 * RIG_PAGE);
	assert_int_equal(pread(rig.window_fd, &byte, 1, 3 * RIG_PAGE - 1), 1);
	assert_int_equal(byte, 0x5a);
	munmap(at, 2 * RIG_PAGE);
	assert_int_equal(vfu_client_region_mmap(client, 2, 15 * RIG_PAGE, 2 * RIG_PAGE, &at),
			 -EINVAL);
	assert_int_equal(vfu_client_region_mmap(client, 2, 0, 0, &at), -EINVAL);
	assert_int_equal(vfu_client_region_mmap(client, 0, 0, RIG_PAGE, &at), -EINVAL);
	assert_int_equal(vfu_client_region_mmap(client, 9, 0, RIG_PAGE, &at), -EINVAL);
}

static void
region_mmap__at_an_address_that_was_kept(void **state)
{
	const int kept = MAP_PRIVATE | MAP_ANONYMOUS;
	uint8_t *at = mmap(NULL, 3 * RIG_PAGE, PROT_NONE, kept, -1, 0), byte = 0;
	uint64_t off;
	int file;

	(void)state;
	assert_true(at != MAP_FAILED);
	assert_int_equal(vfu_client_region_mmap_at(client, 2, RIG_PAGE, RIG_PAGE, at + RIG_PAGE),
			 0);
	at[2 * RIG_PAGE - 1] = 0x5b;
	assert_int_equal(pread(rig.window_fd, &byte, 1, 2 * RIG_PAGE - 1), 1);
	assert_int_equal(byte, 0x5b);
	assert_int_equal(vfu_client_region_mmap_at(client, 9, 0, RIG_PAGE, at), -EINVAL);
	assert_int_equal(vfu_client_region_file(client, 2, &file, &off), 0);
	assert_int_equal(pread(file, &byte, 1, (off_t)(off + 2 * RIG_PAGE - 1)), 1);
	assert_int_equal(byte, 0x5b);
	assert_int_equal(vfu_client_region_file(client, 0, &file, &off), -EINVAL);
	assert_int_equal(vfu_client_region_file(client, 9, &file, &off), -EINVAL);
	munmap(at, 3 * RIG_PAGE);
}

static void
region_mmap__sparse_only_its_areas(void **state)
{
	void *at;

	(void)state;
	assert_int_equal(vfu_client_region_mmap(client, 4, 0, RIG_PAGE, &at), -EINVAL);
	assert_int_equal(vfu_client_region_mmap(client, 4, RIG_PAGE, 2 * RIG_PAGE, &at), -EINVAL);
	assert_int_equal(vfu_client_region_mmap(client, 4, 3 * RIG_PAGE, RIG_PAGE, &at), 0);
	munmap(at, RIG_PAGE);
}

static void
region_mmap__file_shorter_than_region_refused(void **state)
{
	void *at;

	(void)state;
	assert_int_equal(ftruncate(rig.window_fd, RIG_PAGE), 0);
	assert_int_equal(vfu_client_region_mmap(client, 2, 0, 2 * RIG_PAGE, &at), -ERANGE);
	assert_int_equal(vfu_client_region_mmap(client, 2, 0, RIG_PAGE, &at), 0);
	munmap(at, RIG_PAGE);
}

static void
dma_map__found_by_the_device(void **state)
{
	int fd = memory_file(0x4000);
	struct iova_map *iova;

	(void)state;
	assert_int_equal(vfu_client_dma_map(client, 0x10000, 0x2000, fd, 0x1000, IOVA_READ), 0);
	assert_int_equal(vfu_client_dma_map(client, 0x11000, 0x1000, fd, 0, IOVA_READ), -EEXIST);
	assert_int_equal(vfu_client_dma_map(client, 0x20000, 0x8000, fd, 0, IOVA_READ), -ERANGE);
	assert_int_equal(vfu_client_dma_map(client, 0x20001, 0x1000, fd, 0, IOVA_READ), -EINVAL);
	assert_int_equal(vfu_client_dma_map(client, 0x20000, 0x1000, -1, 0, IOVA_READ), -EBADF);
	close(fd);
	rig_pause(&rig);
	iova = vfu_server_iova(rig.server);
	assert_non_null(iova_map_find(iova, 0x10000, 0x2000, IOVA_READ));
	assert_null(iova_map_find(iova, 0x10000, 1, IOVA_WRITE));
	rig_run(&rig);

	assert_int_equal(vfu_client_dma_unmap(client, 0x11000, 0x1000), -EINVAL);
	assert_int_equal(vfu_client_dma_unmap(client, 0x10000, 0x2000), 0);
	assert_int_equal(vfu_client_dma_unmap(client, 0x10000, 0x2000), 0);
	rig_pause(&rig);
	assert_null(iova_map_find(iova, 0x10000, 1, 0));
}

static void
msix_set__more_vectors_than_a_message_and_a_hole(void **state)
{
	int fds[RIG_VECTORS];
	uint64_t count;

	(void)state;
	for (unsigned int i = 0; i < RIG_VECTORS; i++)
		fds[i] = i == 11 ? -1 : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_int_equal(vfu_client_msix_set(client, 0, RIG_VECTORS, fds), 0);
	assert_int_equal(vfu_client_msix_set(client, 1, RIG_VECTORS, fds), -EINVAL);
	rig_pause(&rig);
	for (unsigned int i = 0; i < RIG_VECTORS; i++)
		assert_int_equal(vfu_server_irq_trigger(rig.server, i), i == 11 ? -ENOENT : 0);
	for (unsigned int i = 0; i < RIG_VECTORS; i++) {
		if (i == 11)
			continue;
		assert_int_equal(read(fds[i], &count, sizeof(count)), sizeof(count));
		assert_int_equal(count, 1);
		close(fds[i]);
	}
	rig_run(&rig);
	assert_int_equal(vfu_client_msix_set(client, 0, 0, NULL), 0);
	rig_pause(&rig);
	assert_int_equal(vfu_server_irq_trigger(rig.server, 0), -ENOENT);
}

static void
reset__done(void **state)
{
	(void)state;
	assert_int_equal(vfu_client_reset(client), 0);
	assert_int_equal(rig.resets, 1);
}

static void
client__two_threads_do_not_mix(void **state)
{
	uint32_t offs[2] = {0x100, 0x104};
	pthread_t threads[2];
	void *failed;

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &offs[i]), 0);
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

static void
client__server_gone_every_call_says_so(void **state)
{
	uint32_t word = 0;

	(void)state;
	rig_pause(&rig);
	vfu_server_destroy(rig.server);
	rig.server = NULL;

	assert_false(vfu_client_alive(client));
	assert_int_equal(vfu_client_region_read(client, 0, 0, &word, 4), -ENOTCONN);
	assert_int_equal(vfu_client_region_write(client, 0, 0, &word, 4), -ENOTCONN);
	assert_int_equal(vfu_client_region_post(client, 0, 0, &word, 4), -ENOTCONN);
	assert_int_equal(vfu_client_dma_unmap(client, 0, 0x1000), -ENOTCONN);
	assert_int_equal(vfu_client_msix_set(client, 0, 0, NULL), -ENOTCONN);
	assert_int_equal(vfu_client_reset(client), -ENOTCONN);
}

static void
connect__second_client_turned_away_third_served(void **state)
{
	struct vfu_client *second = NULL;

	(void)state;
	assert_int_equal(vfu_client_connect(rig.path, TIMEOUT_MS, &second, why, sizeof(why)),
			 -EPROTO);
	assert_non_null(strstr(why, "another client"));
	assert_null(second);
	assert_int_equal(vfu_client_reset(client), 0); /* the first did not notice */
	assert_int_equal(rig.disconnects, 0);

	vfu_client_close(client);
	client = NULL;
	rig_wait(&rig.disconnects, 1);
	assert_int_equal(vfu_client_connect(rig.path, TIMEOUT_MS, &client, why, sizeof(why)), 0);
	assert_int_equal(vfu_client_reset(client), 0);
	assert_int_equal(rig.connects, 2);
	assert_non_null(strstr(rig.log, "second client was turned away"));
}

/* Off and on at once: the server must see the end of the first before it judges the second. */
static void
connect__right_after_close_always_served(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		vfu_client_close(client);
		client = NULL;
		if (vfu_client_connect(rig.path, TIMEOUT_MS, &client, why, sizeof(why)) < 0)
			fail_msg("%u: %s", i, why);
	}
}

static void
connect__each_allocation_fails_clean(void **state)
{
	unsigned int nth, before = open_fds();
	int ret;

	(void)state;
	for (nth = 0;; nth++) {
		alloc_fail_after(nth);
		ret = vfu_client_connect(rig.path, TIMEOUT_MS, &client, why, sizeof(why));
		if (alloc_fail_end() == 0)
			break;
		assert_int_equal(ret, -ENOMEM);
		assert_null(client);
		open_fds_expect(before);
	}
	assert_int_equal(ret, 0);
	assert_true(nth >= 3);
}

static void
connect__no_server_why_tells_what_is_there(void **state)
{
	char path[] = "/tmp/wcnic-client-XXXXXX";
	struct vfu_client *none = NULL;
	char too_long[200];
	int fd;

	(void)state;
	assert_int_equal(
		vfu_client_connect("/tmp/wcnic-no-such.sock", 1000, &none, why, sizeof(why)),
		-ENOENT);
	assert_non_null(strstr(why, "does not exist"));
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(vfu_client_connect(path, 1000, &none, why, sizeof(why)), -ECONNREFUSED);
	assert_non_null(strstr(why, "no socket"));
	close(fd);
	unlink(path);
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(vfu_client_connect(too_long, 1000, &none, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "107"));
	assert_int_equal(vfu_client_connect("", 1000, &none, NULL, 0), -EINVAL);
	assert_null(none);
}

static void
listen__path_in_use_is_an_error(void **state)
{
	static const struct vfu_server_ops ops;
	struct vfu_server_config config = {.ops = &ops};
	struct vfu_server *other = NULL;

	(void)state;
	assert_int_equal(vfu_server_listen(rig.path, &config, &other, why, sizeof(why)),
			 -EADDRINUSE);
	assert_non_null(strstr(why, "answers"));
	assert_int_equal(vfu_client_reset(client), 0);
	assert_int_equal(vfu_server_listen("/dev/null", &config, &other, why, sizeof(why)),
			 -EEXIST);
	assert_non_null(strstr(why, "no socket"));
	assert_int_equal(vfu_server_listen("/no/such/dir/s", &config, &other, why, sizeof(why)),
			 -ENOENT);
	assert_non_null(strstr(why, "/no/such/dir/s"));
	assert_null(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(connect__shape_of_the_device_known),
		TEST(region_access__longer_than_a_message_whole),
		TEST(region_access__outside_refused_without_a_message),
		TEST(region_access__device_refuses_link_stays),
		TEST(region_mmap__memory_is_the_devices),
		TEST(region_mmap__at_an_address_that_was_kept),
		TEST(region_mmap__sparse_only_its_areas),
		TEST(region_mmap__file_shorter_than_region_refused),
		TEST(dma_map__found_by_the_device),
		TEST(msix_set__more_vectors_than_a_message_and_a_hole),
		TEST(reset__done),
		TEST(client__two_threads_do_not_mix),
		TEST(client__server_gone_every_call_says_so),
		TEST(connect__second_client_turned_away_third_served),
		TEST(connect__right_after_close_always_served),
		cmocka_unit_test_setup_teardown(connect__each_allocation_fails_clean, setup_server,
						teardown),
		TEST(connect__no_server_why_tells_what_is_there),
		TEST(listen__path_in_use_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
