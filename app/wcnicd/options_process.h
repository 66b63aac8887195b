/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_OPTIONS_PROCESS_H
#define WCNICD_OPTIONS_PROCESS_H

/* The options about the process: its rights, and those of others to its sockets. */

#include <app_options.h>

#include "options.h"

/* For a group whose values are a struct process_options. */
extern const struct app_option options_process_table[];

/* Before the command line is taken. */
void options_process_init(struct process_options *process);

/* Who may connect, as far as options say; NULL: as umask(2) has it. */
const struct vfu_server_access *options_process_access(struct process_options *process);

#endif /* WCNICD_OPTIONS_PROCESS_H */
