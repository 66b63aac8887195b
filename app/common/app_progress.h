/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

/*
 * The progress of a run of more than two seconds, on standard error. A terminal gets one line that
 * changes, a file gets a line every ten seconds. One run at a time, from one thread.
 */

/* Begins a run. `what` names it in each line and must stay valid until app_progress_end(). */
void app_progress_start(const char *what);

/* `done` of `total` rounds are complete. Costs a read of the clock; prints now and then. */
void app_progress_step(unsigned int done, unsigned int total);

/* Ends the run and erases its line from a terminal. */
void app_progress_end(void);

#endif /* APP_PROGRESS_H */
