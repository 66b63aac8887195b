/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A library whose slots a test rewrites. It is linked so that they are read-only once it runs. */

#include <sys/ioctl.h>

int slots_library_ioctl(void);
void *slots_library_slot(void);
extern void *const _GLOBAL_OFFSET_TABLE_[] __attribute__((visibility("hidden")));

int
slots_library_ioctl(void)
{
	return ioctl(-1, 0, 0);
}

/* Where its slots are. */
void *
slots_library_slot(void)
{
	return (void *)_GLOBAL_OFFSET_TABLE_;
}
