/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What stores, packets and round trips cost, and the report on it. doc/tools.md explains it. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <app_error.h>
#include <app_file.h>
#include <app_version.h>

#include "options.h"
#include "packets_main.h"
#include "raw.h"

static const char help[] =
	"usage: wcbench raw BDF --bar N --range OFF:LEN [OPTION]...\n"
	"                                        stores into a BAR of any PCI device\n"
	"       wcbench raw --vulkan|--drm|--map ...\n"
	"                                        stores into a GPU's memory, or any file\n"
	"       wcbench packets EAL-ARGUMENT... -- [OPTION]...\n"
	"                                        frames through DPDK's ports\n"
	"       wcbench report RUN.json... --out DIR\n"
	"                                        tables and plots of many runs\n"
	"       wcbench fit RUN.json... -o SET.conf\n"
	"                                        parameters of the link model, from runs of raw\n"
	"\n"
	"  --help, --version   --help also after a command: wcbench raw --help\n"
	"\n"
	"exit status: 0 done; 2 the arguments are wrong; 3 it could not be done;\n"
	"             1 packets: frames are neither received nor counted as lost\n";

/* A command that is a program of its own, beside this one. `needs` may be NULL. */
static int
program_main(const char *name, const char *needs, char **argv)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;
	size_t room;

	if (n <= 0) {
		app_error("/proc/self/exe cannot be read: %s", strerror(errno));
		return STATUS_FAILED;
	}
	path[n] = '\0';
	slash = strrchr(path, '/');
	room = slash != NULL ? sizeof(path) - (size_t)(slash - path) : 0;
	if (snprintf(slash, room, "/%s", name) >= (int)room) {
		app_error("%s: its path is too long", path);
		return STATUS_FAILED;
	}
	argv[0] = path;
	execv(path, argv);
	app_error("%s cannot be run: %s%s", path, strerror(errno),
		  errno == ENOENT && needs != NULL ? needs : "");
	return STATUS_FAILED;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	app_file_hold_standard();
	if (strcmp(what, "raw") == 0)
		return raw_main(argc - 1, argv + 1);
	if (strcmp(what, "packets") == 0)
		return packets_main(argc - 1, argv + 1);
	if (strcmp(what, "report") == 0)
		return program_main("wcbench-report",
				    " (it is a Python script: python3 must be there too)",
				    argv + 1);
	if (strcmp(what, "fit") == 0)
		return program_main("wcbench-fit", NULL, argv + 1);
	if (strcmp(what, "--help") == 0 || strcmp(what, "--version") == 0) {
		if (what[2] == 'h')
			fputs(help, stdout);
		else
			app_version_print(OPTIONS_PROGRAM);
		return STATUS_OK;
	}
	if (what[0] == '\0')
		fputs(help, stderr);
	else
		app_error("unknown command '%s': expected raw, packets, report or fit; see --help",
			  what);
	return STATUS_BAD;
}
