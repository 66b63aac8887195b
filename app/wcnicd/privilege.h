/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PRIVILEGE_H
#define WCNICD_PRIVILEGE_H

/* Whom the process runs as, and what rights beyond those of a user it keeps: none. */

#include <stdbool.h>
#include <sys/types.h>

#include <wcbase.h>

struct privilege_user {
	const char *name; /* NULL: as it was started */
	uid_t uid;
	gid_t gid;
};

struct privilege_group {
	const char *name; /* NULL: none */
	gid_t gid;
};

/* Look names up. 0, or -ENOENT: there is none, or -errno. */
WC_MUST_CHECK int privilege_user_find(const char *name, struct privilege_user *user);
WC_MUST_CHECK int privilege_group_find(const char *name, struct privilege_group *group);

/*
 * Becomes `user`, with its groups, and a member of `group`, whose sockets it then can make. Nothing
 * if both have no name. 0 or -errno after app_error().
 */
WC_MUST_CHECK int
privilege_become(const struct privilege_user *user, const struct privilege_group *group);

/*
 * Gives up all capabilities, also for programs that it might execute, and cannot get any again. A
 * root that it still is has the rights of an ordinary user who owns root's files. Before the first
 * thread starts. 0 or -errno.
 */
WC_MUST_CHECK int privilege_drop(void);

#endif /* WCNICD_PRIVILEGE_H */
