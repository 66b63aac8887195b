/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The program: runs cases, and is the card of one. A line of JSON for each case. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>

#include "hostile_run.h"

static const char usage[] = "usage: hostile [--verbose] [--seed N] [--quick | --all | CASE...]\n"
			    "       hostile --list | --list-quick\n"
			    "The driver against a card that lies, over a real socket. Each case "
			    "prints a line of JSON.\n"
			    "--seed: for what the card does by chance (default: 1).\n"
			    "--quick: the cases of `meson test`; --list: the names of all; "
			    "--verbose: the driver's log.\n";

static const struct hostile_case *
case_find(const char *name)
{
	for (unsigned int i = 0; i < hostile_cases_n; i++)
		if (strcmp(hostile_cases[i].name, name) == 0)
			return &hostile_cases[i];
	return NULL;
}

static const char *const ends[] = {
	[HOSTILE_REFUSED] = "refused",   [HOSTILE_STOPPED] = "not started",
	[HOSTILE_RECOVERS] = "recovers", [HOSTILE_HARMLESS] = "goes on",
	[HOSTILE_SURVIVES] = "survives", [HOSTILE_EACH] = "survives",
};

static void
print(const struct hostile_case *lie, const struct hostile_result *result)
{
	struct json_object *line = json_object_new_object();

	json_object_object_add(line, "case", json_object_new_string(lie->name));
	json_object_object_add(line, "lie", json_object_new_string(lie->lie));
	json_object_object_add(line, "expected", json_object_new_string(ends[lie->end]));
	json_object_object_add(line, "result",
			       json_object_new_string(result->ok ? "ok" : "FAILED"));
	json_object_object_add(line, "came", json_object_new_string(result->came));
	json_object_object_add(line, "said", json_object_new_string(result->said));
	json_object_object_add(line, "told", json_object_new_int64(result->told));
	json_object_object_add(line, "recoveries",
			       json_object_new_int64((int64_t)result->recoveries));
	json_object_object_add(line, "other_port_frames",
			       json_object_new_int64((int64_t)result->other));
	printf("%s\n", json_object_to_json_string_ext(line, JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(line);
}

static int
card_main(char **argv)
{
	const struct hostile_case *lie = case_find(argv[0]);
	struct hostile_shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					     MAP_SHARED, atoi(argv[2]), 0);

	return lie == NULL || shared == MAP_FAILED ? 2 : hostile_card_run(lie, argv[1], shared);
}

static int
run_all(char **names, bool quick, unsigned int seed, bool verbose)
{
	char folder[] = "/tmp/hostile-XXXXXX";
	struct hostile_result result;
	bool wanted;
	int bad = 0;

	if (mkdtemp(folder) == NULL || hostile_run_init() != 0)
		return 1;
	for (unsigned int i = 0; i < hostile_cases_n; i++) {
		wanted = quick ? hostile_cases[i].quick : names[0] == NULL;
		for (char **name = names; *name != NULL; name++)
			wanted |= strcmp(*name, hostile_cases[i].name) == 0;
		if (!wanted)
			continue;
		hostile_run(&hostile_cases[i], folder, seed, verbose, &result);
		print(&hostile_cases[i], &result);
		bad |= !result.ok;
	}
	hostile_run_fini();
	rmdir(folder);
	return bad;
}

static int
list(bool quick)
{
	for (unsigned int i = 0; i < hostile_cases_n; i++)
		if (!quick || hostile_cases[i].quick)
			printf("%s\n", hostile_cases[i].name);
	return 0;
}

int
main(int argc, char **argv)
{
	bool quick = false, verbose = false;
	unsigned int seed = 1;
	int at = 1;

	if (argc == 5 && strcmp(argv[1], "--card") == 0)
		return card_main(argv + 2);
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--list") == 0 || strcmp(argv[at], "--list-quick") == 0)
			return list(argv[at][6] != '\0');
		if (strcmp(argv[at], "--quick") == 0) {
			quick = true;
		} else if (strcmp(argv[at], "--verbose") == 0) {
			verbose = true;
		} else if (strcmp(argv[at], "--seed") == 0 && at + 1 < argc) {
			seed = (unsigned int)strtoul(argv[++at], NULL, 0);
		} else if (strcmp(argv[at], "--all") != 0) {
			fprintf(stderr, "%s", usage);
			return strcmp(argv[at], "--help") == 0 ? 0 : 2;
		}
	}
	for (int i = at; i < argc; i++) {
		if (case_find(argv[i]) == NULL) {
			fprintf(stderr, "no case %s; hostile --list names them\n", argv[i]);
			return 2;
		}
	}
	return run_all(argv + at, quick, seed, verbose);
}
