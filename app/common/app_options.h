/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

/*
 * The command line of a program: long options by a table, --help and --version. A table says which
 * options there are and where their values go, so that a program with commands can share one.
 */

#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

/* How many options a program may have. */
#define APP_OPTIONS_MAX 32u

enum app_option_kind {
	APP_OPTION_FLAG = 0, /* without a value: sets a bool */
	APP_OPTION_TEXT,     /* a const char *, which points into argv */
	APP_OPTION_INT,      /* a number from min to max, as an int, an unsigned int, ... */
	APP_OPTION_UINT,
	APP_OPTION_U64,
	APP_OPTION_CALL, /* a function takes the value */
};

struct app_option {
	const char *name; /* without the dashes; NULL ends a table */
	enum app_option_kind kind;
	size_t off; /* of the value in the group's struct */
	uint64_t min, max;
	/*
	 * Takes the value; `text` points into argv and may be changed. 0, or -EINVAL after
	 * app_error() named the option, the text and what would be right.
	 */
	int (*take)(void *values, char *text);
};

/* The offset of a member, which must have this type. */
#define APP_OPTION_OFF(type, member, member_type)                                         \
	(offsetof(type, member) +                                                         \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type *)NULL)->member), \
						      member_type)                        \
				 ? 1                                                      \
				 : -1]))

/* Entries of a table, for the members of struct `type`. */
#define APP_FLAG(name, type, member)                                        \
	{                                                                   \
		name, APP_OPTION_FLAG, APP_OPTION_OFF(type, member, _Bool), \
	}
#define APP_TEXT(name, type, member)                                               \
	{                                                                          \
		name, APP_OPTION_TEXT, APP_OPTION_OFF(type, member, const char *), \
	}
#define APP_INT(name, type, member, min, max)                                      \
	{                                                                          \
		name, APP_OPTION_INT, APP_OPTION_OFF(type, member, int), min, max, \
	}
#define APP_UINT(name, type, member, min, max)                                               \
	{                                                                                    \
		name, APP_OPTION_UINT, APP_OPTION_OFF(type, member, unsigned int), min, max, \
	}
#define APP_U64(name, type, member, min, max)                                           \
	{                                                                               \
		name, APP_OPTION_U64, APP_OPTION_OFF(type, member, uint64_t), min, max, \
	}
#define APP_CALL(name, function)                         \
	{                                                \
		name, APP_OPTION_CALL, .take = function, \
	}

/* A table, and the struct that its values go into. */
struct app_option_group {
	const struct app_option *table; /* NULL ends an array of groups */
	void *values;
};

enum app_options_verdict {
	APP_OPTIONS_RUN,
	APP_OPTIONS_DONE, /* --help or --version has been answered */
	APP_OPTIONS_BAD,  /* app_error() has said why */
};

/*
 * Takes the options of argv[1] and on into the groups' structs, which hold the defaults. Moves what
 * is no option behind the options; *first is the index of the first of these, or argc. `program` is
 * what --version calls it; NULL: there is no such option. An option may change another group's
 * `values`. Uses getopt_long() and so its globals: one call at a time.
 */
WC_MUST_CHECK enum app_options_verdict
app_options_parse(const struct app_option_group *groups, const char *help, const char *program,
		  int argc, char **argv, int *first);

/*
 * Which of the words `text` is; `words` ends with NULL. -EINVAL after app_error() said which words
 * option --name takes.
 */
WC_MUST_CHECK int app_option_choice(const char *name, const char *text, const char *const *words);

/*
 * A piece of something, "OFF:LEN": both are multiples of `unit`, LEN is not 0, and the end is below
 * 2^64. 0, or -EINVAL after app_error() named option --name and what would be right.
 */
WC_MUST_CHECK int app_option_range(const char *name, const char *text, unsigned int unit,
				   uint64_t *off, uint64_t *bytes);

#endif /* APP_OPTIONS_H */
