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
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <iova.h>

#include "vfu_test.h"

#define PAGE 65536u /* whole pages on every machine */
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

	iova_map_limit(*state, &(struct iova_limits){.any_file = true});
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

/* ---- kinds of descriptors ---------------------------------------------------------------- */

/* Refused by asking this kernel alone: whoever serves the file never learns of it. */
static void
add_fd__no_memory_refused(void **state)
{
	int pair[2], pipes[2], path = open("/dev/shm", O_PATH | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	const struct {
		const char *kind;
		int fd;
	} others[] = {
		{"a pipe, to read", pipes[0]},
		{"a pipe, to write", pipes[1]},
		{"a socket", pair[0]},
		{"an eventfd", eventfd(0, EFD_CLOEXEC)},
		{"a timer", timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)},
		{"an epoll", epoll_create1(EPOLL_CLOEXEC)},
		{"an inotify", inotify_init1(IN_CLOEXEC)},
		{"a signalfd", signalfd(-1, &none, SFD_CLOEXEC)},
		{"a directory", open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)},
		{"/dev/zero", open("/dev/zero", O_RDWR | O_CLOEXEC)},
		{"a regular file that the kernel makes up", open("/proc/self/status", O_RDONLY)},
		{"a terminal's master", open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)},
		{"a userfaultfd", (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)},
		{"a process", (int)syscall(SYS_pidfd_open, getpid(), 0)},
	};

	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].fd < 0)
			continue; /* not to be had here */
		if (iova_map_add_fd(*state, 0, PAGE, others[i].fd, 0, IOVA_READ) != -EOPNOTSUPP)
			fail_msg("taken or failed otherwise: %s", others[i].kind);
		close(others[i].fd);
	}
	close(pair[1]);
	if (path >= 0)
		assert_int_equal(iova_map_add_fd(*state, 0, PAGE, path, 0, IOVA_READ), -EBADF);
	close(path);
	assert_null(iova_map_find(*state, 0, 1, IOVA_READ));
}

/* ---- seals ------------------------------------------------------------------------------- */

/* Linux before 6.13: no shared mapping of a file that is sealed against writing. */
static bool older_kernel;

void *__real_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t off);
void *__wrap_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t off);

void *
__wrap_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t off)
{
	if (older_kernel && fd >= 0 && (flags & MAP_SHARED) != 0 &&
	    (fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) != 0) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return __real_mmap64(at, bytes, prot, flags, fd, off);
}

static int
sealed_file(int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
	assert_int_equal(pwrite(fd, "sealed", 6, PAGE), 6);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void
add_fd__sealed_against_writing_can_be_read(void **state)
{
	static const int seals[] = {F_SEAL_WRITE, F_SEAL_FUTURE_WRITE,
				    F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL};

	for (unsigned int i = 0; i < 2 * sizeof(seals) / sizeof(seals[0]); i++) {
		int fd = sealed_file(seals[i / 2]);

		older_kernel = i % 2 == 1;

		assert_int_equal(iova_map_add_fd(*state, 0, 2 * PAGE, fd, PAGE, IOVA_READ), 0);
		assert_memory_equal(iova_map_find(*state, 0, 6, IOVA_READ), "sealed", 6);
		assert_null(iova_map_find(*state, 0, 6, IOVA_WRITE));
		assert_int_equal(iova_map_add_fd(*state, 0x100000, PAGE, fd, 0, RW), -EPERM);
		assert_null(iova_map_find(*state, 0x100000, 1, IOVA_READ));
		iova_map_clear(*state);
		assert_int_equal(mapped_files(), 0);
		close(fd);
	}
	older_kernel = false;
}

static void
add_fd__sealed_in_size_can_be_written(void **state)
{
	int fd = sealed_file(F_SEAL_SHRINK | F_SEAL_GROW);
	uint8_t byte = 0;

	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, RW), 0);
	*(uint8_t *)iova_map_find(*state, 0, 1, RW) = 7;
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 7);
	close(fd);
}

/* Who asks for reading gets no more, so that a mapping for writing is another one. */
static void
add_fd__for_reading_then_for_writing_two_mappings(void **state)
{
	int fd = memory_file(4 * PAGE);

	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, IOVA_READ), 0);
	assert_int_equal(mapped_files(), 1);
	assert_int_equal(iova_map_add_fd(*state, 0x100000, 2 * PAGE, fd, 0, RW), 0);
	assert_int_equal(mapped_files(), 2);
	*(uint8_t *)iova_map_find(*state, 0x100000, 1, RW) = 9;
	assert_int_equal(*(uint8_t *)iova_map_find(*state, 0, 1, IOVA_READ), 9);
	/* One that is there for writing serves for reading. */
	assert_int_equal(iova_map_add_fd(*state, 0x200000, PAGE, fd, PAGE, IOVA_READ), 0);
	assert_int_equal(mapped_files(), 2);
	assert_int_equal(iova_map_remove(*state, 0x100000, 2 * PAGE), 1);
	assert_int_equal(*(uint8_t *)iova_map_find(*state, 0, 1, IOVA_READ), 9);
	assert_int_equal(*(uint8_t *)iova_map_find(*state, 0x200000, 1, IOVA_READ), 0);
	close(fd);
}

/* The client seals the file after the card has it, and cannot take the memory away so. */
static void
add_fd__sealed_later_what_is_mapped_stays(void **state)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, RW), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1); /* as it is mapped so */
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
	assert_int_equal(iova_map_add_fd(*state, 0x100000, PAGE, fd, PAGE, RW), -EPERM);
	*(uint8_t *)iova_map_find(*state, 0, 1, RW) = 5;
	assert_int_equal(iova_map_add_fd(*state, 0x100000, PAGE, fd, PAGE, IOVA_READ), 0);
	close(fd);
}

/* ---- limits ------------------------------------------------------------------------------ */

static void
limits__each_has_its_error_and_what_is_there_stays(void **state)
{
	const struct iova_limits limits = {.ranges = 4, .files = 2, .bytes = 8 * PAGE};
	int fds[3] = {memory_file(4 * PAGE), memory_file(8 * PAGE), memory_file(PAGE)};
	struct iova_use use;

	iova_map_limit(*state, &limits);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fds[0], 0, RW), 0);
	assert_int_equal(iova_map_add_fd(*state, 0x100000, PAGE, fds[1], 7 * PAGE, RW), -EDQUOT);
	assert_int_equal(iova_map_add_fd(*state, 0x100000, PAGE, fds[1], 3 * PAGE, RW), 0);
	assert_int_equal(iova_map_add_fd(*state, 0x200000, PAGE, fds[2], 0, RW), -EMFILE);
	/* A file that grows takes more, too: all but one page is left. */
	assert_int_equal(iova_map_add_fd(*state, 0x200000, PAGE, fds[1], 7 * PAGE, RW), -EDQUOT);
	assert_int_equal(iova_map_add_fd(*state, 0x200000, PAGE, fds[0], 3 * PAGE, RW), 0);
	assert_int_equal(iova_map_add_remote(*state, 0x30000, PAGE, RW), 0);
	assert_int_equal(iova_map_add_remote(*state, 0x40000, PAGE, RW), -ENOSPC);
	iova_map_use(*state, &use);
	assert_int_equal(use.ranges, 4);
	assert_int_equal(use.files, 2);
	assert_int_equal(use.bytes, 8 * PAGE);
	/* What is given back can be taken again. */
	assert_int_equal(iova_map_remove(*state, 0x100000, PAGE), 1);
	assert_int_equal(iova_map_add_fd(*state, 0x200000 + PAGE, PAGE, fds[2], 0, RW), 0);
	iova_map_clear(*state);
	iova_map_use(*state, &use);
	assert_int_equal(use.ranges + use.files + use.bytes, 0);
	for (unsigned int i = 0; i < 3; i++)
		close(fds[i]);
}

static unsigned int unmaps;

static void
count_unmap(void *ctx, void *base, uint64_t bytes)
{
	assert_ptr_equal(ctx, &unmaps);
	unmaps++;
	munmap(base, bytes);
}

static void
limits__owner_unmaps(void **state)
{
	const struct iova_limits limits = {.unmap = count_unmap, .ctx = &unmaps};
	int fd = memory_file(4 * PAGE);

	iova_map_limit(*state, &limits);
	assert_int_equal(iova_map_add_fd(*state, 0, PAGE, fd, 0, RW), 0);
	assert_int_equal(iova_map_add_fd(*state, PAGE, PAGE, fd, 3 * PAGE, RW), 0);
	assert_int_equal(unmaps, 1); /* it has moved */
	iova_map_clear(*state);
	assert_int_equal(unmaps, 2);
	assert_int_equal(mapped_files(), 0);
	close(fd);
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
		TEST(add_fd__no_memory_refused),
		TEST(add_fd__sealed_against_writing_can_be_read),
		TEST(add_fd__sealed_in_size_can_be_written),
		TEST(add_fd__for_reading_then_for_writing_two_mappings),
		TEST(add_fd__sealed_later_what_is_mapped_stays),
		TEST(limits__each_has_its_error_and_what_is_there_stays),
		TEST(limits__owner_unmaps),
		TEST(remove__last_entry_of_a_file_unmaps_it),
		TEST(clear__all_gone),
		TEST(add__each_allocation_fails_nothing_changed),
		TEST(fault__file_cut_short_reads_zero_and_counts_as_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
