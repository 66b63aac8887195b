/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A VFIO user that knows nothing of wcrun: does what its words say, in order, and prints which file
 * lies behind each mapping. VFIO is answered by wcrun_fakevfio.c, and a device's file is /dev/null.
 *
 *   BDF        open that device by its group    cdev      open a device by its own file
 *   map        map BAR 2 over a place of ours   anywhere  map BAR 2 where the kernel likes
 *   dup        go on with a duplicate           close     close the device
 *   exec       become a new process             fork      go on in a child, whose status counts
 *   ready      print so                         pause     wait for a signal
 *   file=NAME  open a file, and keep it         pipe      end by SIGPIPE, unless it is ignored
 *   exit=N     end with that status             abort     end by a signal
 *   title      write over the environment, as some programs do to show a title in ps
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 0x2000u
#define VFIO_BIND_IOMMUFD _IO(';', 118)

static int device = -1;

static const char *
file_at(const void *at)
{
	static char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	const char *name = "nothing";

	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && (uintptr_t)at >= from &&
		    (uintptr_t)at < to) {
			name = strrchr(line, '/') != NULL ? strrchr(line, '/') + 1 : "memory";
			break;
		}
	}
	fclose(maps);
	return name;
}

static void
map_bar(int fixed)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = 2};
	void *place = NULL, *got;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) != 0) {
		printf("no region: %s\n", strerror(errno));
		return;
	}
	if (fixed)
		place = mmap(NULL, BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	got = mmap(place, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | (fixed ? MAP_FIXED : 0),
		   device, (off_t)info.offset + 0x1000);
	if (got == MAP_FAILED)
		printf("not mapped: %s\n", strerror(errno));
	else
		printf("mapped %s%s\n", file_at(got), fixed && got != place ? " elsewhere" : "");
}

static void
dup_device(void)
{
	const pid_t pid = getpid();
	const int twin = dup(device);

	printf("kcmp %ld\n", syscall(SYS_kcmp, pid, pid, KCMP_FILE, device, twin));
	device = twin;
}

/* Returns in the child; the parent ends with the child's status. */
static void
go_on_in_child(void)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		return;
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void
open_group(char *bdf)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	device = ioctl(null, VFIO_GROUP_GET_DEVICE_FD, bdf);
	close(null);
	if (device < 0)
		printf("not opened: %s\n", strerror(errno));
}

static void
open_cdev(void)
{
	uint32_t bind[4] = {sizeof(bind)};

	device = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ioctl(device, VFIO_BIND_IOMMUFD, bind) != 0)
		printf("not bound: %s\n", strerror(errno));
}

static void
word_do(char **word, char *self)
{
	char *rest[16] = {self};

	if (strchr(*word, ':') != NULL) {
		open_group(*word);
	} else if (strcmp(*word, "cdev") == 0) {
		open_cdev();
	} else if (strcmp(*word, "map") == 0) {
		map_bar(1);
	} else if (strcmp(*word, "anywhere") == 0) {
		map_bar(0);
	} else if (strcmp(*word, "dup") == 0) {
		dup_device();
	} else if (strcmp(*word, "close") == 0) {
		close(device);
	} else if (strcmp(*word, "exec") == 0) {
		for (int i = 1; i < 15 && word[i] != NULL; i++)
			rest[i] = word[i];
		fflush(stdout);
		execv("/proc/self/exe", rest);
	} else if (strcmp(*word, "fork") == 0) {
		go_on_in_child();
	} else if (strcmp(*word, "ready") == 0) {
		printf("ready\n");
		fflush(stdout);
	} else if (strncmp(*word, "file=", 5) == 0) {
		printf("file %d\n", open(*word + 5, O_WRONLY));
	} else if (strcmp(*word, "title") == 0) {
		for (char **e = environ; *e != NULL; e++)
			memset(*e, 'x', strlen(*e));
	} else if (strcmp(*word, "pipe") == 0) {
		fflush(stdout);
		raise(SIGPIPE);
	} else if (strcmp(*word, "pause") == 0) {
		pause();
	} else if (strncmp(*word, "exit=", 5) == 0) {
		exit(atoi(*word + 5));
	} else if (strcmp(*word, "abort") == 0) {
		fflush(stdout);
		raise(SIGKILL);
	}
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		word_do(&argv[i], argv[0]);
	return 0;
}
