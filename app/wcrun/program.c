/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Where the program is, and what its ELF header says. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "program.h"

#define HEADERS_MAX 128u /* program headers; more make no program that anybody has */
#define SCRIPTS_MAX 4u   /* scripts whose interpreter is a script */

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

WC_PRINTF(3, 4)
static void
kind_set(struct program *p, enum program_kind kind, const char *format, ...)
{
	va_list ap;

	p->kind = kind;
	va_start(ap, format);
	vsnprintf(p->why, sizeof(p->why), format, ap);
	va_end(ap);
}

/* ---- the path ------------------------------------------------------------------------------ */

static int
path_try(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) == 0 ? 0 : -errno;
}

static int
path_find(const char *name, char path[PATH_MAX])
{
	const char *at = getenv("PATH");
	int ret = -ENOENT;

	if (strchr(name, '/') != NULL) {
		if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
			return -ENAMETOOLONG;
		return path_try(path);
	}
	if (at == NULL)
		at = "/bin:/usr/bin";
	while (name[0] != '\0') {
		const size_t n = strcspn(at, ":");
		int one;

		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)n, at, n > 0 ? "/" : "./", name) <
		    PATH_MAX) {
			one = path_try(path);
			if (one == 0)
				return 0;
			ret = one == -EACCES ? one : ret;
		}
		if (at[n] == '\0')
			break;
		at += n + 1;
	}
	return ret;
}

/* ---- ELF ----------------------------------------------------------------------------------- */

/* The loader's path, "" if none; false: the headers cannot be read. */
static bool
loader_read(int fd, const Elf64_Ehdr *elf, char loader[PATH_MAX])
{
	Elf64_Phdr p;
	ssize_t n;

	loader[0] = '\0';
	if (elf->e_phnum > HEADERS_MAX || elf->e_phentsize != sizeof(p))
		return false;
	for (unsigned int i = 0; i < elf->e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(elf->e_phoff + i * sizeof(p))) != sizeof(p))
			return false;
		if (p.p_type != PT_INTERP)
			continue;
		if (p.p_filesz == 0 || p.p_filesz >= PATH_MAX)
			return false;
		n = pread(fd, loader, p.p_filesz, (off_t)p.p_offset);
		if (n != (ssize_t)p.p_filesz)
			return false;
		loader[n] = '\0';
		return true;
	}
	return true;
}

static void
elf_judge(struct program *p, int fd, const Elf64_Ehdr *elf)
{
	char loader[PATH_MAX];
	const char *base;

	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_machine != MACHINE) {
		kind_set(p, PROGRAM_FOREIGN, "it is for another architecture than wcrun");
		return;
	}
	if (!loader_read(fd, elf, loader)) {
		kind_set(p, PROGRAM_FOREIGN, "its ELF headers cannot be read");
		return;
	}
	base = strrchr(loader, '/') != NULL ? strrchr(loader, '/') + 1 : loader;
	if (loader[0] == '\0')
		kind_set(p, PROGRAM_STATIC, "it is linked statically and has no loader");
	else if (strncmp(base, "ld-musl", 7) == 0)
		kind_set(p, PROGRAM_MUSL, "it is made for musl (%.64s), and libwcrun.so for glibc",
			 loader);
	else if (strncmp(base, "ld-linux", 8) != 0)
		kind_set(p, PROGRAM_FOREIGN, "its loader %.64s is not glibc's", loader);
}

/* The loader ignores LD_PRELOAD where it would give somebody more rights. */
static void
secure_judge(struct program *p, int fd)
{
	struct stat st;

	if (p->kind != PROGRAM_DYNAMIC || fstat(fd, &st) != 0 || geteuid() == 0)
		return;
	if (((st.st_mode & S_ISUID) != 0 && st.st_uid != geteuid()) ||
	    ((st.st_mode & S_ISGID) != 0 && st.st_gid != getegid()) ||
	    fgetxattr(fd, "security.capability", NULL, 0) > 0)
		kind_set(p, PROGRAM_SECURE,
			 "its file grants rights (set-user-id or capabilities), so the loader "
			 "ignores LD_PRELOAD; run wcrun as root");
}

/* "#!/bin/sh -e": the interpreter's path; false: no script. */
static bool
script_read(const char *text, char path[PATH_MAX])
{
	size_t n;

	if (text[0] != '#' || text[1] != '!')
		return false;
	text += 2;
	text += strspn(text, " \t");
	n = strcspn(text, " \t\n");
	if (n == 0)
		return false;
	snprintf(path, PATH_MAX, "%.*s", (int)n, text);
	return true;
}

static void
file_judge(struct program *p, const char *path, unsigned int depth)
{
	char next[PATH_MAX];
	union {
		char text[256];
		Elf64_Ehdr elf;
	} head;
	struct stat st;
	int fd = -1;
	ssize_t n;

	/* An interpreter may be anything; to open a pipe waits, and to open a device does things.
	 */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		kind_set(p, PROGRAM_FOREIGN, "%.128s is no file", path);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		kind_set(p, PROGRAM_FOREIGN, "%.128s cannot be read: %s", path, strerror(errno));
		return;
	}
	memset(&head, 0, sizeof(head));
	n = read(fd, head.text, sizeof(head.text) - 1);
	if (n >= (ssize_t)sizeof(head.elf) && memcmp(head.text, ELFMAG, SELFMAG) == 0) {
		elf_judge(p, fd, &head.elf);
		secure_judge(p, fd);
	} else if (n > 0 && script_read(head.text, next) && depth < SCRIPTS_MAX) {
		file_judge(p, next, depth + 1);
	} else {
		kind_set(p, PROGRAM_FOREIGN, "it is neither an ELF program nor a script");
	}
	close(fd);
}

bool
program_takes_library(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	Elf64_Ehdr elf;
	bool takes;

	if (fd < 0)
		return false;
	takes = read(fd, &elf, sizeof(elf)) == sizeof(elf) &&
		memcmp(elf.e_ident, ELFMAG, SELFMAG) == 0 && elf.e_ident[EI_CLASS] == ELFCLASS64 &&
		elf.e_machine == MACHINE && elf.e_type == ET_DYN;
	close(fd);
	return takes;
}

int
program_find(const char *name, struct program *program)
{
	int ret;

	*program = (struct program){.kind = PROGRAM_DYNAMIC};
	ret = path_find(name, program->path);
	if (ret == 0)
		file_judge(program, program->path, 0);
	return ret;
}
