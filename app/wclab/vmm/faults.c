/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

#define EVENT "/sys/kernel/tracing/events/kvm/kvm_guest_fault/id"

static int
event_id(uint64_t *id)
{
	FILE *file = fopen(EVENT, "re");
	unsigned long long value;
	int n;

	if (file == NULL) {
		fprintf(stderr, "wcvmm: %s: %s; mount tracefs on /sys/kernel/tracing\n", EVENT,
			strerror(errno));
		return -errno;
	}
	n = fscanf(file, "%llu", &value);
	fclose(file);
	*id = value;
	return n == 1 ? 0 : -EIO;
}

int
faults_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.inherit = 1,
	};
	uint64_t id;
	int ret = event_id(&id);

	if (ret != 0)
		return ret;
	attr.config = id;
	ret = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (ret < 0) {
		ret = -errno;
		fprintf(stderr, "wcvmm: stage-2 faults cannot be counted: %s\n", strerror(-ret));
	}
	return ret;
}

int
faults_read(int fd, uint64_t *count)
{
	return read(fd, count, sizeof(*count)) == (ssize_t)sizeof(*count) ? 0 : -EIO;
}
