/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * For a library that came too late to be preloaded: the slots through which libraries that are
 * loaded already call others (ELF: relocations of type JUMP_SLOT and GLOB_DAT).
 */

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inter.h"

#if defined(__aarch64__)
#define RELOC_JUMP_SLOT R_AARCH64_JUMP_SLOT
#define RELOC_GLOB_DAT R_AARCH64_GLOB_DAT
#else
#define RELOC_JUMP_SLOT R_X86_64_JUMP_SLOT
#define RELOC_GLOB_DAT R_X86_64_GLOB_DAT
#endif

struct search {
	const char *prefix;
	const struct inter_slot *slots;
	size_t n;
	int found, error;
};

/* One loaded library. */
struct image {
	uintptr_t base;
	const char *strings;
	const ElfW(Sym) * symbols;
	const ElfW(Rela) * tables[2]; /* of calls, of data */
	size_t bytes[2];
	uintptr_t relro, relro_end; /* whole pages, read-only since it was loaded */
};

static uintptr_t
page_down(uintptr_t addr)
{
	return addr & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

/* The loader has added the base on most machines; on the others the value is below it. */
static const void *
dynamic_at(const struct image *image, ElfW(Addr) value)
{
	return (const void *)(value < image->base ? image->base + value : value);
}

static void
dynamic_read(struct image *image, const ElfW(Dyn) * dyn)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		switch (dyn->d_tag) {
		case DT_STRTAB:
			image->strings = dynamic_at(image, dyn->d_un.d_ptr);
			break;
		case DT_SYMTAB:
			image->symbols = dynamic_at(image, dyn->d_un.d_ptr);
			break;
		case DT_JMPREL:
			image->tables[0] = dynamic_at(image, dyn->d_un.d_ptr);
			break;
		case DT_PLTRELSZ:
			image->bytes[0] = dyn->d_un.d_val;
			break;
		case DT_RELA:
			image->tables[1] = dynamic_at(image, dyn->d_un.d_ptr);
			break;
		case DT_RELASZ:
			image->bytes[1] = dyn->d_un.d_val;
			break;
		default:
			break;
		}
	}
}

static bool
image_read(struct image *image, const struct dl_phdr_info *info)
{
	*image = (struct image){.base = info->dlpi_addr};
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const uintptr_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_DYNAMIC)
			dynamic_read(image, (const void *)at);
		if (p->p_type == PT_GNU_RELRO) {
			image->relro = page_down(at);
			image->relro_end = page_down(at + p->p_memsz);
		}
	}
	return image->strings != NULL && image->symbols != NULL;
}

/* Stores into the slot; a page that is read-only is so again afterwards. */
static int
slot_write(const struct image *image, void **slot, void *target)
{
	void *const page = (void *)page_down((uintptr_t)slot);
	const size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	const bool closed = (uintptr_t)slot >= image->relro && (uintptr_t)slot < image->relro_end;

	if (closed && mprotect(page, bytes, PROT_READ | PROT_WRITE) != 0)
		return -errno;
	__atomic_store_n(slot, target, __ATOMIC_RELEASE);
	if (closed && mprotect(page, bytes, PROT_READ) != 0)
		return -errno;
	return 0;
}

static void
relocation_look(struct search *s, const struct image *image, const ElfW(Rela) * rela)
{
	const char *name = image->strings + image->symbols[ELF64_R_SYM(rela->r_info)].st_name;
	const unsigned int type = ELF64_R_TYPE(rela->r_info);
	int ret;

	if (type != RELOC_JUMP_SLOT && type != RELOC_GLOB_DAT)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(name, s->slots[i].symbol) != 0)
			continue;
		ret = slot_write(image, (void **)(image->base + rela->r_offset),
				 s->slots[i].target);
		if (ret == 0)
			s->found++;
		else
			s->error = ret;
	}
}

static int
library_look(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct search *s = data;
	const char *name = strrchr(info->dlpi_name, '/');
	struct image image;

	(void)bytes;
	name = name != NULL ? name + 1 : info->dlpi_name;
	if (strncmp(name, s->prefix, strlen(s->prefix)) != 0 || !image_read(&image, info))
		return 0;
	for (unsigned int t = 0; t < 2; t++) {
		for (size_t i = 0;
		     image.tables[t] != NULL && i < image.bytes[t] / sizeof(image.tables[t][0]);
		     i++)
			relocation_look(s, &image, &image.tables[t][i]);
	}
	return 0;
}

int
inter_slots_rewrite(const char *prefix, const struct inter_slot *slots, size_t n)
{
	struct search s = {prefix, slots, n, 0, 0};

	dl_iterate_phdr(library_look, &s);
	return s.error != 0 ? s.error : s.found;
}
