/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The IOVA map: entries that are backed by files, and failures. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <iova.h>

#include "vfu_test.h"

#define PAGE 4096u
#define RW (IOVA_READ | IOVA_WRITE)

static uint8_t memory[16 * PAGE];

static int
setup(void **state)
{
	*state = iova_map_create();
	return *state == NULL;
}

static int
teardown(void **state)
{
	iova_map_destroy(*state);
	return 0;
}

static struct iova_map *fault_map;

static void
add_fd__written_bytes_are_the_files(void **state)
{
	int fd = memory_file(4 * PAGE);
	uint8_t byte = 0;
	uint8_t *at;

	assert_int_equal(iova_map_add_fd(*state, 0x5000, 2 * PAGE, fd, PAGE, RW), 0);
	at = iova_map_find(*state, 0x5000, 2 * PAGE, RW);
	assert_non_null(at);
	at[2 * PAGE - 1] = 0xa5;

	assert_int_equal(pread(fd, &byte, 1, 3 * PAGE - 1), 1);
	assert_int_equal(byte, 0xa5);
	close(fd);
}

static void
add_fd__same_file_one_mapping(void **state)
{
	int fd = memory_file(8 * PAGE), again = dup(fd);
	uint8_t *a, *b;

	assert_int_equal(iova_map_add_fd(*state, 0x100000, PAGE, fd, 0, RW), 0);
	assert_int_equal(iova_map_add_fd(*state, 0x900000, 4 * PAGE, again, 4 * PAGE, RW), 0);
	close(fd);
	close(again);
	a = iova_map_find(*state, 0x100000, PAGE, RW);
	b = iova_map_find(*state, 0x900000, 4 * PAGE, RW);
	assert_ptr_equal(b, a + 4 * PAGE);
}

/* The file grows under the map, as a heap does: the older entry must be found again. */
static void
add_fd__grown_file_mapped_anew(void **state)
{
	int fd = memory_file(PAGE);
	uint8_t *at;

	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, RW), 0);
	at = iova_map_find(*state, 0, PAGE, RW);
	at[7] = 0x77;
	assert_int_equal(ftruncate(fd, 512 * PAGE), 0);
	assert_int_equal(iova_map_add_fd(*state, PAGE, 511 * PAGE, fd, PAGE, RW), 0);

	at = iova_map_find(*state, 0, 512 * PAGE, RW);
	assert_non_null(at);
	assert_int_equal(at[7], 0x77);
	at[512 * PAGE - 1] = 1;
	close(fd);
}

static void
add_fd__range_past_the_file_refused(void **state)
{
	int fd = memory_file(2 * PAGE);

	assert_int_equal(iova_map_add_fd(*state, 0, 3 * PAGE, fd, 0, RW), -ERANGE);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 2 * PAGE, RW), -ERANGE);
	assert_int_equal(iova_map_add_fd(*state, 0, 2 * PAGE, fd, UINT64_MAX - PAGE + 1, RW),
			 -ERANGE);
	assert_int_equal(iova_map_add_fd(*state, 0, 2 * PAGE, fd, 0, RW), 0);
	close(fd);
}

static void
add_fd__wrong_descriptor_refused(void **state)
{
	char path[] = "/tmp/wcnic-iova-XXXXXX";
	int fd = mkstemp(path), ro, pipes[2];

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	assert_int_equal(pipe(pipes), 0);

	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, -1, 0, RW), -EBADF);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, pipes[0], 0, IOVA_READ), -EINVAL);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, ro, 0, RW), -EACCES);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, ro, 0, IOVA_READ), 0);
	/* The same file, but now for writing as well: the old mapping cannot serve it. */
	assert_int_equal(iova_map_add_fd(*state, PAGE, PAGE, fd, 0, RW), 0);
	*(uint8_t *)iova_map_find(*state, PAGE, 1, RW) = 1;
	close(fd);
	close(ro);
	close(pipes[0]);
	close(pipes[1]);
}

/* Mappings of memfds in this process. */
static unsigned int
mapped_files(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int n = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		n += strstr(line, "memfd:test") != NULL;
	fclose(maps);
	return n;
}

static void
remove__last_entry_of_a_file_unmaps_it(void **state)
{
	int fd = memory_file(4 * PAGE);

	assert_int_equal(mapped_files(), 0);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, RW), 0);
	assert_int_equal(iova_map_add_fd(*state, PAGE, PAGE, fd, 2 * PAGE, RW), 0);
	assert_int_equal(mapped_files(), 1);
	assert_int_equal(iova_map_remove(*state, 0, PAGE), 1);
	assert_int_equal(mapped_files(), 1);
	assert_int_equal(iova_map_remove(*state, PAGE, PAGE), 1);
	assert_int_equal(mapped_files(), 0);
	close(fd);
}

static void
clear__all_gone(void **state)
{
	int fd = memory_file(4 * PAGE);

	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, RW), 0);
	assert_int_equal(iova_map_add(*state, PAGE, PAGE, memory, RW), 0);
	assert_non_null(iova_map_find(*state, PAGE, PAGE, RW));
	iova_map_clear(*state);
	assert_null(iova_map_find(*state, 0, PAGE, RW));
	assert_null(iova_map_find(*state, PAGE, PAGE, RW));
	assert_int_equal(mapped_files(), 0);
	close(fd);
}

static void
add__each_allocation_fails_nothing_changed(void **state)
{
	struct iova_map *map;
	unsigned int nth;
	int fd = memory_file(PAGE), ret;

	(void)state;
	alloc_fail_after(0);
	assert_null(iova_map_create());
	for (nth = 0;; nth++) {
		map = iova_map_create();
		assert_non_null(map);
		alloc_fail_after(nth);
		ret = iova_map_add_fd(map, 0, PAGE, fd, 0, RW);
		if (alloc_fail_end() == 0)
			break;
		assert_int_equal(ret, -ENOMEM);
		assert_null(iova_map_find(map, 0, 1, RW));
		assert_int_equal(mapped_files(), 0);
		/* Memory is back: it works as if nothing had been. */
		assert_int_equal(iova_map_add_fd(map, 0, PAGE, fd, 0, RW), 0);
		iova_map_destroy(map);
	}
	assert_int_equal(ret, 0);
	assert_true(nth >= 2);
	iova_map_destroy(map);
	close(fd);
}

static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!iova_map_fault(fault_map, info->si_addr))
		signal(sig, SIG_DFL);
}

static void
fault__file_cut_short_reads_zero_and_counts_as_broken(void **state)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO}, old;
	int fd = memory_file(4 * PAGE);
	uint8_t *at;

	fault_map = *state;
	sigaction(SIGBUS, &action, &old);
	assert_int_equal(iova_map_add_fd(*state, 0, 4 * PAGE, fd, 0, RW), 0);
	at = iova_map_find(*state, 0, 4 * PAGE, RW);
	memset(at, 0xff, 4 * PAGE);
	assert_false(iova_map_broken(*state));
	assert_false(iova_map_fault(*state, memory));

	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_equal(__atomic_load_n(&at[3 * PAGE], __ATOMIC_RELAXED), 0);
	__atomic_store_n(&at[3 * PAGE], 1, __ATOMIC_RELAXED);
	assert_true(iova_map_broken(*state));
	iova_map_clear(*state);
	assert_false(iova_map_broken(*state));
	sigaction(SIGBUS, &old, NULL);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(add_fd__written_bytes_are_the_files),
		TEST(add_fd__same_file_one_mapping),
		TEST(add_fd__grown_file_mapped_anew),
		TEST(add_fd__range_past_the_file_refused),
		TEST(add_fd__wrong_descriptor_refused),
		TEST(remove__last_entry_of_a_file_unmaps_it),
		TEST(clear__all_gone),
		TEST(add__each_allocation_fails_nothing_changed),
		TEST(fault__file_cut_short_reads_zero_and_counts_as_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
