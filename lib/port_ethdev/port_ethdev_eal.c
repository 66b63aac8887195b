/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* EAL: one for all ports of the process. */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "port_ethdev_internal.h"

#define WORDS_MAX 64u
#define EXIT_BAD_ARGUMENT 2

static enum {
	EAL_NONE,
	EAL_RUNS,
	EAL_FAILED,
} eal_state;
static const char *eal_options = PORT_ETHDEV_EAL;
static char *eal_text; /* in pieces that EAL may keep */
/* In this thread: another one that ends the process meanwhile has an exit status of its own. */
static _Thread_local bool eal_starts;

void
port_ethdev_options_set(const char *text)
{
	eal_options = text != NULL ? text : PORT_ETHDEV_EAL;
}

/* Whether an argument says which CPUs EAL uses. */
static bool
is_about_cpus(const char *word)
{
	static const char *const words[] = {"-l", "-c", "-s", "-S", "--lcores", "--main-lcore"};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(word, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static int
first_cpu(const cpu_set_t *cpus)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, cpus))
			return cpu;
	return 0;
}

/*
 * From DPDK 25.11 on EAL ends the process at an argument that it does not know. The user hears then
 * which arguments these were, as with earlier releases, and the exit status is the same.
 */
static void
ended_by_eal(int status, void *arg)
{
	(void)arg;
	if (!eal_starts || status == 0)
		return;
	fprintf(stderr, "ethdev: EAL does not start with '%s'; its own lines say more\n",
		eal_options);
	fflush(NULL);
	_exit(EXIT_BAD_ARGUMENT);
}

/* Starts EAL. The CPUs of this thread, and of those that it starts later, stay as they were. */
static int
eal_init(int argc, char **argv)
{
	bool pinned = false;
	char lcores[32];
	cpu_set_t cpus;
	int ret;

	for (int i = 1; i < argc; i++)
		pinned |= is_about_cpus(argv[i]);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -errno;
	if (!pinned) {
		snprintf(lcores, sizeof(lcores), "--lcores=0@%d", first_cpu(&cpus));
		argv[argc++] = lcores;
	}
	if (on_exit(ended_by_eal, NULL) != 0)
		return -ENOMEM;
	eal_starts = true;
	ret = rte_eal_init(argc, argv) < 0 ? -rte_errno : 0;
	eal_starts = false;
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	return ret;
}

int
port_ethdev_eal_start(const struct wcnic_port_args *args)
{
	static char program[] = "wcnicd";
	char *argv[WORDS_MAX + 3] = {program};
	int argc = 1;
	char *rest, *word;
	int ret;

	if (eal_state == EAL_RUNS)
		return 0;
	if (eal_state == EAL_FAILED)
		return wcnic_port_args_refuse(args, "ethdev: EAL has not started");
	eal_text = strdup(eal_options);
	if (eal_text == NULL) {
		(void)wcnic_port_args_refuse(args, "ethdev: out of memory");
		return -ENOMEM;
	}
	rest = eal_text;
	while ((word = strsep(&rest, " \t\n")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (argc > (int)WORDS_MAX)
			return wcnic_port_args_refuse(
				args, "ethdev: EAL takes at most %u words here", WORDS_MAX);
		argv[argc++] = word;
	}
	ret = eal_init(argc, argv);
	eal_state = ret == 0 ? EAL_RUNS : EAL_FAILED;
	if (ret != 0)
		(void)wcnic_port_args_refuse(
			args,
			"ethdev: EAL does not start with '%s': %s; its own lines "
			"say more",
			eal_options, strerror(-ret));
	return ret;
}

void
port_ethdev_fini(void)
{
	if (eal_state == EAL_RUNS)
		rte_eal_cleanup();
	eal_state = EAL_FAILED;
	free(eal_text);
	eal_text = NULL;
}
