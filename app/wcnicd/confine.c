/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the process gives up before it serves clients. */

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include <json.h>

#include "confine.h"
#include "log.h"
#include "plugin.h"

/* Why there is no sandbox; NULL: there is one. */
static const char *
why_off(const struct options *options)
{
	if (options->process.sandbox == SANDBOX_OFF)
		return "--sandbox off";
	if (plugin_needed(options))
		return "the drivers of DPDK run in this process (--port ethdev)";
	return sandbox_missing();
}

int
confine_rights(const struct options *options)
{
	const char *why = why_off(options);
	int ret = privilege_become(&options->process.user, &options->process.group);

	if (ret < 0)
		return ret;
	if (why == NULL) {
		ret = privilege_drop();
		if (ret < 0)
			wcnicd_log(LOG_LEVEL_ERROR, NULL,
				   "sandbox: capabilities cannot be dropped: %s", strerror(-ret));
		return ret;
	}
	if (options->process.sandbox != SANDBOX_OFF)
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* For debuggers and sanitizers: who has become another user cannot be looked into. */
	if (!plugin_needed(options))
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	wcnicd_log(LOG_LEVEL_INFO, NULL, "sandbox off: %s", why);
	return 0;
}

int
confine_files(const struct options *options)
{
	struct sandbox_path paths[2 * CARDS_MAX + 1];
	size_t n = 0;
	int ret;

	if (why_off(options) != NULL || options->process.sandbox == SANDBOX_LOG)
		return 0;
	for (unsigned int i = 0; i < options->n_cards; i++) {
		paths[n++] = (struct sandbox_path){options->cards[i].socket, false};
		if (options->cards[i].tlp_feed != NULL)
			paths[n++] = (struct sandbox_path){options->cards[i].tlp_feed, false};
	}
	if (options->stats_file != NULL)
		paths[n++] = (struct sandbox_path){options->stats_file, true};
	ret = sandbox_paths(paths, n);
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "sandbox: files cannot be confined: %s",
			   strerror(-ret));
	else if (ret > 0)
		wcnicd_log(LOG_LEVEL_WARNING, NULL,
			   "sandbox: this kernel cannot confine files (no Landlock)");
	return ret < 0 ? ret : 0;
}

int
confine_calls(const struct options *options)
{
	int ret;

	if (why_off(options) != NULL)
		return 0;
	/* It reads a seed when it makes its first object. */
	json_object_put(json_object_new_object());
	ret = sandbox_filter(options->process.sandbox, options->stats_file != NULL);
	if (ret == -ENOSYS)
		wcnicd_log(LOG_LEVEL_ERROR, NULL,
			   "sandbox: this kernel cannot filter system calls (seccomp); give "
			   "--sandbox off to do without");
	else if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "sandbox: system calls cannot be filtered: %s",
			   strerror(-ret));
	else
		wcnicd_log(LOG_LEVEL_INFO, NULL, "sandbox %s",
			   options->process.sandbox == SANDBOX_LOG ? "logs" : "on");
	return ret;
}
