/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

#include <errno.h>

#include "wcbar.h"

int
wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *result)
{
	(void)win, (void)lines, (void)result;
	return -ENOSYS;
}
