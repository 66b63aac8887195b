/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* In place of packets_main.c in a program that was built without DPDK. */

#include <app_error.h>

#include "options.h"
#include "packets_main.h"

int
packets_main(int argc, char **argv)
{
	(void)argc, (void)argv;
	app_error("this wcbench was built without DPDK, which packets needs: take the one that "
		  "./run build makes; raw and report work here");
	return STATUS_FAILED;
}
