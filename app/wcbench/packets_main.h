/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PACKETS_MAIN_H
#define PACKETS_MAIN_H

/*
 * The command wcbench packets; argv[0] is "packets", then EAL's arguments, "--" and this program's.
 * Returns the exit status. A program that was built without DPDK has it too, and it says so.
 */
int packets_main(int argc, char **argv);

#endif /* PACKETS_MAIN_H */
