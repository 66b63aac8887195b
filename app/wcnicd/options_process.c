/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The options about the process: --user, --socket-mode, --socket-group, --sandbox. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <app_error.h>

#include "options_process.h"

static int
user_take(void *values, char *text)
{
	struct process_options *process = values;
	int ret = privilege_user_find(text, &process->user);

	if (ret == -ENOENT)
		app_error("--user '%s': there is no user of this name", text);
	else if (ret < 0)
		app_error("--user '%s' cannot be looked up: %s", text, strerror(-ret));
	return ret < 0 ? -EINVAL : 0;
}

static int
socket_group_take(void *values, char *text)
{
	struct process_options *process = values;
	int ret = privilege_group_find(text, &process->group);

	if (ret == -ENOENT)
		app_error("--socket-group '%s': there is no group of this name", text);
	else if (ret < 0)
		app_error("--socket-group '%s' cannot be looked up: %s", text, strerror(-ret));
	process->access.group = process->group.gid;
	return ret < 0 ? -EINVAL : 0;
}

/* As chmod(1) takes it, without set-ID bits: three digits, or four with a 0 in front. */
static int
socket_mode_take(void *values, char *text)
{
	struct process_options *process = values;
	const char *digits = text + (strlen(text) == 4 && text[0] == '0');
	mode_t mode = 0;

	if (strlen(digits) != 3 || strspn(digits, "01234567") != 3) {
		app_error("--socket-mode '%s': expected three octal digits, for instance 660",
			  text);
		return -EINVAL;
	}
	for (; *digits != '\0'; digits++)
		mode = mode << 3 | (mode_t)(*digits - '0');
	process->access.mode = mode;
	process->mode_given = true;
	return 0;
}

static int
sandbox_take(void *values, char *text)
{
	static const char *const words[] = {
		[SANDBOX_ON] = "on", [SANDBOX_LOG] = "log", [SANDBOX_OFF] = "off", NULL};
	struct process_options *process = values;
	int word = app_option_choice("sandbox", text, words);

	if (word < 0)
		return word;
	process->sandbox = (enum sandbox_mode)word;
	return 0;
}

const struct app_option options_process_table[] = {
	APP_CALL("user", user_take),
	APP_CALL("socket-mode", socket_mode_take),
	APP_CALL("socket-group", socket_group_take),
	APP_CALL("sandbox", sandbox_take),
	{0},
};

void
options_process_init(struct process_options *process)
{
	*process = (struct process_options){.access.group = VFU_ACCESS_GROUP_KEEP};
}

const struct vfu_server_access *
options_process_access(struct process_options *process)
{
	mode_t mask;

	if (!process->mode_given && process->group.name == NULL)
		return NULL;
	if (!process->mode_given) {
		mask = umask(0);
		(void)umask(mask);
		process->access.mode = 0777 & ~mask;
	}
	return &process->access;
}
