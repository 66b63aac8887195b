/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Loads the plugin for ports that are DPDK devices. */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <app_version.h>
#include <wcnic_port_kind.h>

#include "log.h"
#include "plugin.h"

#define PLUGIN_FILE "libwcnic_port_ethdev.so"

static const struct wcnic_port_plugin *plugin;

bool
plugin_needed(const struct options *options)
{
	for (unsigned int i = 0; i < options->n_cards; i++) {
		const char *port = options->cards[i].port;

		if (strcspn(port, ":") == 6 && memcmp(port, "ethdev", 6) == 0)
			return true;
	}
	return false;
}

/* Beside this program as it is built, or where it is installed to. */
static void *
plugin_open(char *path, size_t bytes)
{
	static const char *const places[] = {PLUGIN_FILE, WCNIC_PLUGIN_PLACE "/" PLUGIN_FILE};
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	if (strrchr(program, '/') != NULL)
		strrchr(program, '/')[1] = '\0';
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, bytes, "%s%s", program, places[i]);
		if (access(path, F_OK) == 0)
			break;
	}
	return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

int
plugin_load(const struct options *options)
{
	char path[PATH_MAX + 256];
	void *handle = plugin_open(path, sizeof(path));
	const struct wcnic_port_plugin *found;

	if (handle == NULL) {
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "--port ethdev needs %s and DPDK: %s",
			   PLUGIN_FILE, dlerror());
		return -ENOENT;
	}
	found = dlsym(handle, WCNIC_PORT_PLUGIN_SYMBOL);
	if (found == NULL || strcmp(found->version, app_version) != 0) {
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "%s is of version %s, this is wcnicd %s", path,
			   found != NULL ? found->version : "unknown", app_version);
		dlclose(handle);
		return -EPROTO;
	}
	plugin = found;
	plugin->options_set(options->eal);
	wcnic_port_kind_add(plugin->kind);
	return 0;
}

void
plugin_fini(void)
{
	if (plugin != NULL)
		plugin->fini();
}
