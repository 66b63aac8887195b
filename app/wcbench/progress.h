/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PROGRESS_H
#define PROGRESS_H

/* For runs of more than two seconds: on a terminal one line that changes, else one now and then. */

void progress_start(const char *what);
void progress_step(unsigned int done, unsigned int total);
void progress_end(void);

#endif /* PROGRESS_H */
