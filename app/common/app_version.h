/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_VERSION_H
#define APP_VERSION_H

/* Which wcnic a program is of: what it says for --version, and in its reports. */

/* As in "0.1.0". */
extern const char app_version[];

/* The commit that it was built from, of config/commit; "unknown" where that is not known. */
extern const char app_commit[];

/* Prints the line of --version on standard output: "wcprobe 0.1.0 (0123456789ab)". */
void app_version_print(const char *program);

#endif /* APP_VERSION_H */
