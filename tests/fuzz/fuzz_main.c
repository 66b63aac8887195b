/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Runs a fuzz target without a fuzzing engine, so that any compiler will do:
 *   fuzz_x [--runs=N] [--seed=S] [--first=I] FILE|DIRECTORY...
 * First every file is run, then N inputs that are made of them. Run I depends on the seed and on I
 * alone: --first=I --runs=1 does it again.
 */

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wcbase.h>

#include "fuzz_state.h"

#define INPUT_BYTES_MAX 4096u
#define FILES_MAX 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
void __sanitizer_set_death_callback(void (*callback)(void)) WC_WEAK;

const bool fuzz_state_checks = true;

struct input {
	uint8_t *data;
	size_t bytes;
};

static struct input corpus[FILES_MAX];
static unsigned int n_corpus;
static unsigned long seed = 1;
static unsigned long run;
static uint64_t random_state;

static void
death_tell(void)
{
	char line[128];
	int bytes = snprintf(line, sizeof(line), "failed: --seed=%lu --first=%lu --runs=1\n", seed,
			     run);

	if (write(STDERR_FILENO, line, (size_t)bytes) < 0)
		_exit(2);
}

static void
death_signal(int number)
{
	death_tell();
	signal(number, SIG_DFL);
	raise(number);
}

static uint32_t
random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 24);
}

static int
file_load(const char *path)
{
	struct input *in = &corpus[n_corpus];
	FILE *file = fopen(path, "rb");

	if (file == NULL || n_corpus == FILES_MAX) {
		fprintf(stderr, "%s: cannot be read\n", path);
		if (file != NULL)
			fclose(file);
		return -1;
	}
	in->data = malloc(INPUT_BYTES_MAX);
	if (in->data != NULL)
		in->bytes = fread(in->data, 1, INPUT_BYTES_MAX, file);
	fclose(file);
	if (in->data == NULL)
		return -1;
	n_corpus++;
	return 0;
}

static int
path_load(const char *path)
{
	struct dirent **names;
	char file[4096];
	int n = scandir(path, &names, NULL, alphasort);
	int ret = 0;

	if (n < 0)
		return file_load(path);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && ret == 0)
			ret = file_load(file);
		free(names[i]);
	}
	free(names);
	return ret;
}

/* One change of an input; returns its new size. */
static size_t
mutate(uint8_t *data, size_t bytes)
{
	static const uint8_t edges[] = {0, 1, 2, 7, 8, 16, 63, 64, 127, 128, 254, 255};
	size_t at = bytes != 0 ? random_next() % bytes : 0;
	const struct input *other;
	size_t n;

	switch (random_next() % 6) {
	case 0: /* a bit */
		if (bytes != 0)
			data[at] ^= 1u << random_next() % 8;
		return bytes;
	case 1: /* a byte */
		if (bytes != 0)
			data[at] = (uint8_t)random_next();
		return bytes;
	case 2: /* an edge */
		if (bytes != 0)
			data[at] = edges[random_next() % sizeof(edges)];
		return bytes;
	case 3: /* a piece twice */
		n = random_next() % 128;
		if (bytes == 0 || at + n > bytes || bytes + n > INPUT_BYTES_MAX)
			return bytes;
		memmove(data + at + n, data + at, bytes - at);
		return bytes + n;
	case 4: /* a piece of another */
		other = &corpus[random_next() % n_corpus];
		n = other->bytes < INPUT_BYTES_MAX - at ? other->bytes : INPUT_BYTES_MAX - at;
		memcpy(data + at, other->data, n);
		return at + n > bytes ? at + n : bytes;
	default: /* noise at the end */
		for (n = random_next() % 64; n != 0 && bytes < INPUT_BYTES_MAX; n--)
			data[bytes++] = (uint8_t)random_next();
		return bytes;
	}
}

static void
run_one(void)
{
	static uint8_t data[INPUT_BYTES_MAX];
	const struct input *from;
	uint8_t *exact;
	size_t bytes;

	random_state = (seed + 1) * 0x9e3779b97f4a7c15ull ^ (run + 1) * 0xbf58476d1ce4e5b9ull;
	if (random_state == 0)
		random_state = 1;
	from = &corpus[random_next() % n_corpus];
	bytes = from->bytes;
	memcpy(data, from->data, bytes);
	for (unsigned int changes = 1 + random_next() % 12; changes != 0; changes--)
		bytes = mutate(data, bytes);
	/* Of its exact size, so that a read past its end is seen. */
	exact = malloc(bytes != 0 ? bytes : 1);
	if (exact == NULL)
		return;
	memcpy(exact, data, bytes);
	(void)LLVMFuzzerTestOneInput(exact, bytes);
	free(exact);
}

int
main(int argc, char **argv)
{
	unsigned long runs = 0;
	unsigned long first = 0;

	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "--runs=%lu", &runs) == 1 ||
		    sscanf(argv[i], "--seed=%lu", &seed) == 1 ||
		    sscanf(argv[i], "--first=%lu", &first) == 1)
			continue;
		if (path_load(argv[i]) != 0)
			return 1;
	}
	if (n_corpus == 0) {
		fprintf(stderr, "usage: %s [--runs=N] [--seed=S] [--first=I] FILE|DIRECTORY...\n",
			argv[0]);
		return 1;
	}
	signal(SIGABRT, death_signal);
	signal(SIGSEGV, death_signal);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(death_tell);
	for (unsigned int k = 0; k < n_corpus; k++)
		(void)LLVMFuzzerTestOneInput(corpus[k].data, corpus[k].bytes);
	for (run = first; run < first + runs; run++)
		run_one();
	printf("%u files and %lu runs of seed %lu\n", n_corpus, runs, seed);
	for (unsigned int k = 0; k < n_corpus; k++)
		free(corpus[k].data);
	return 0;
}
