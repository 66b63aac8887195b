/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * One unaligned store into a BAR's write-combining file. Where the host's stage 2 is Device, KVM
 * stops the virtual machine at it, and that is what the test wants to see: no other program of
 * this project does such a thing, and none may.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES 4096u

int
main(int argc, char **argv)
{
	const uint64_t value = 0;
	char *window;
	int fd;

	fd = open(argc == 2 ? argv[1] : "", O_RDWR);
	if (fd < 0) {
		perror("unaligned: needs one resourceN_wc");
		return 2;
	}
	window = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (window == MAP_FAILED) {
		perror("unaligned: mmap");
		return 2;
	}
	puts("about to store");
	fflush(stdout);
	memcpy(window + 1, &value, sizeof(value));
	puts("stored");
	munmap(window, BYTES);
	return 0;
}
