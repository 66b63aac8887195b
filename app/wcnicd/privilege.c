/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Users, groups, capabilities. */

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <app_error.h>

#include "privilege.h"

int
privilege_user_find(const char *name, struct privilege_user *user)
{
	const struct passwd *found;

	errno = 0;
	found = getpwnam(name);
	if (found == NULL)
		return errno != 0 ? -errno : -ENOENT;
	*user = (struct privilege_user){name, found->pw_uid, found->pw_gid};
	return 0;
}

int
privilege_group_find(const char *name, struct privilege_group *group)
{
	const struct group *found;

	errno = 0;
	found = getgrnam(name);
	if (found == NULL)
		return errno != 0 ? -errno : -ENOENT;
	*group = (struct privilege_group){name, found->gr_gid};
	return 0;
}

/* The groups of the user, or those of now; *n of them, with room for one more. NULL: errno. */
static gid_t *
groups_list(const struct privilege_user *user, int *n)
{
	int room = user->name == NULL ? getgroups(0, NULL) : 0;
	gid_t *groups = NULL, none;

	if (user->name != NULL)
		(void)getgrouplist(user->name, user->gid, &none, &room); /* only counts */
	if (room >= 0)
		groups = calloc((size_t)room + 1, sizeof(*groups));
	if (groups == NULL)
		return NULL;
	*n = room;
	if (user->name == NULL)
		*n = getgroups(room, groups);
	else if (getgrouplist(user->name, user->gid, groups, n) < 0)
		*n = -1;
	if (*n >= 0)
		return groups;
	free(groups);
	return NULL;
}

static int
groups_set(const struct privilege_user *user, const struct privilege_group *group)
{
	gid_t *groups;
	int n, ret = 0;

	groups = groups_list(user, &n);
	if (groups == NULL)
		return errno != 0 ? -errno : -ENOMEM;
	if (group->name != NULL)
		groups[n++] = group->gid;
	if (setgroups((size_t)n, groups) < 0)
		ret = -errno;
	free(groups);
	return ret;
}

int
privilege_become(const struct privilege_user *user, const struct privilege_group *group)
{
	int ret;

	if (geteuid() != 0) {
		if (user->name == NULL || (user->uid == getuid() && user->uid == geteuid()))
			return 0;
		app_error("--user %s: only root can become another user; start wcnicd as root, or "
			  "as %s without --user",
			  user->name, user->name);
		return -EPERM;
	}
	ret = user->name != NULL || group->name != NULL ? groups_set(user, group) : 0;
	if (ret < 0) {
		app_error("%s %s: its groups cannot be set: %s",
			  user->name != NULL ? "--user" : "--socket-group",
			  user->name != NULL ? user->name : group->name, strerror(-ret));
		return ret;
	}
	if (user->name == NULL)
		return 0;
	if (setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0) {
		ret = -errno;
		app_error("--user %s: %s", user->name, strerror(-ret));
		return ret;
	}
	if (user->uid != 0 && (setuid(0) == 0 || setgid(0) == 0)) {
		app_error("--user %s: root's rights came back", user->name);
		return -EPERM;
	}
	return 0;
}

int
privilege_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* Who may not do this has none to lose: no_new_privs keeps it so. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	/* A service manager may have left none, and no call to drop them with. */
	if (syscall(SYS_capget, &header, now) == 0 && memcmp(now, none, sizeof(none)) == 0)
		return 0;
	/* Kernels without ambient capabilities know no such call. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}
