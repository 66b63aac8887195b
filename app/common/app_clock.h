/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

/* The clock that programs measure with. */

/* Nanoseconds of the monotonic clock, from an arbitrary start. Any thread. */
double app_now_ns(void);

#endif /* APP_CLOCK_H */
