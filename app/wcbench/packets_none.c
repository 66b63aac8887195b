/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* In place of packets_main.c in a program that was built without DPDK. */

#include <string.h>

#include <app_error.h>
#include <app_version.h>

#include "options.h"
#include "packets_main.h"

int
packets_main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		app_version_print(OPTIONS_PROGRAM);
		return STATUS_OK;
	}
	app_error("this wcbench was built without DPDK, which packets needs: take the one that "
		  "./run build makes; raw and report work here");
	return STATUS_FAILED;
}
