/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The folders that the process may change: Landlock. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* Linux 6.2; headers of before do not name it. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* All of the first version, which is what the kernel refuses where no rule allows it. */
#define FS_ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FS_REPLACE                                                      \
	(LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_WRITE_FILE)

/* What a file needs of its folder. A device or a FIFO is written to where it is. */
static int
rule_add(int rules, const struct sandbox_path *p, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_REMOVE_FILE};
	char folder[PATH_MAX];
	struct stat st;
	char *end;
	int ret;

	if (snprintf(folder, sizeof(folder), "%s", p->path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	if (p->writes && stat(p->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		rule.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE;
	} else {
		end = strrchr(folder, '/');
		if (end == NULL)
			strcpy(folder, ".");
		else
			end[end == folder] = '\0';
		if (p->writes)
			rule.allowed_access = FS_REPLACE;
	}
	if (p->writes)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_TRUNCATE & handled;
	rule.parent_fd = open(folder, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return -errno;
	ret = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		      ? -errno
		      : 0;
	close(rule.parent_fd);
	/* What has no place in a file system, as a pipe, is not confined. */
	return ret == -EBADFD || ret == -EBADF ? 0 : ret;
}

int
sandbox_paths(const struct sandbox_path *paths, size_t n)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = FS_ALL};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	int rules, ret = 0;

	if (version < 1)
		return 1;
	if (version >= 3)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = rule_add(rules, &paths[i], attr.handled_access_fs);
	if (ret == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			 syscall(SYS_landlock_restrict_self, rules, 0) < 0))
		ret = -errno;
	close(rules);
	return ret;
}
