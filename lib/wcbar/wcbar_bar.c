/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A BAR's address range: checked, reserved, released, and which rung each piece came by. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wcbar_internal.h"

static int
bar_check(const struct wcbar_pci_facts *f, unsigned int number, struct wcbar_why why)
{
	const struct wcbar_bar_facts *b;

	if (number >= WCBAR_PCI_BARS)
		return wcbar_why_set(why, -ENODEV, "PCI devices have BAR 0 to %u, not %u",
				     WCBAR_PCI_BARS - 1, number);
	b = &f->bars[number];
	if (b->bytes == 0)
		return wcbar_why_set(why, -ENODEV, "%s has no BAR %u%s", f->bdf, number,
				     number > 0 && f->bars[number - 1].wide
					     ? ": it is the upper half of the one before"
					     : "");
	if (b->io)
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s is I/O ports, which cannot be mapped; name a "
				     "memory BAR",
				     number, f->bdf);
	if (!wcbar_bar_fills_pages(f, b))
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s has 0x%" PRIx64
				     " bytes, and pages have %zu here: only "
				     "whole pages can be mapped, or a BAR that starts one",
				     number, f->bdf, (uint64_t)b->bytes, f->page_bytes);
	if (b->bytes > SIZE_MAX / 2)
		return wcbar_why_set(why, -ENOTSUP, "BAR %u of %s is absurdly big", number, f->bdf);
	return 0;
}

int
wcbar_bar_open(struct wcbar_pci *pci, unsigned int number, struct wcbar_bar **out, char *why_text,
	       size_t why_bytes)
{
	struct wcbar_why why = {why_text, why_bytes};
	int ret = bar_check(&pci->facts, number, why);
	struct wcbar_bar *bar;
	void *base;

	*out = NULL;
	if (ret != 0)
		return ret;
	bar = calloc(1, sizeof(*bar));
	if (bar == NULL)
		return wcbar_why_set(why, -ENOMEM, "no memory");
	bar->pci = pci;
	bar->number = number;
	bar->bytes = (size_t)pci->facts.bars[number].bytes;
	if (bar->bytes < pci->facts.page_bytes)
		bar->bytes = pci->facts.page_bytes;
	base = mmap(NULL, bar->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (base == MAP_FAILED) {
		ret = wcbar_why_set(why, -errno, "no address range of 0x%zx bytes for BAR %u: %s",
				    bar->bytes, number, strerror(errno));
		goto free_bar;
	}
	bar->base = base;
	bar->slot = wcbar_sigbus_add(base, bar->bytes);
	if (bar->slot < 0) {
		ret = wcbar_why_set(why, bar->slot, "too many BARs are open in this process");
		goto unreserve;
	}
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++)
		bar->answers[i].rung = (enum wcbar_rung)i;
	bar->next = pci->bars;
	pci->bars = bar;
	*out = bar;
	return 0;
unreserve:
	munmap(base, bar->bytes);
free_bar:
	free(bar);
	return ret;
}

void
wcbar_bar_close(struct wcbar_bar *bar)
{
	struct wcbar_bar **at;

	if (bar == NULL)
		return;
	for (at = &bar->pci->bars; *at != bar; at = &(*at)->next)
		;
	*at = bar->next;
	wcbar_sigbus_del(bar->slot);
	munmap(bar->base, bar->bytes);
	while (bar->pieces != NULL) {
		struct wcbar_piece *piece = bar->pieces;

		bar->pieces = piece->next;
		free(piece);
	}
	free(bar);
}

bool
wcbar_bar_has(const struct wcbar_bar *bar, enum wcbar_rung rung)
{
	for (const struct wcbar_piece *p = bar->pieces; p != NULL; p = p->next) {
		if (p->rung == rung)
			return true;
	}
	return false;
}

bool
wcbar_bar_excludes_vfio(const struct wcbar_bar *bar)
{
	return !wcbar_sysfs_maps_claimed(&bar->pci->facts) &&
	       (wcbar_bar_has(bar, WCBAR_RUNG_SYSFS_VFIO) ||
		wcbar_bar_has(bar, WCBAR_RUNG_SYSFS_UC));
}

enum wcbar_rung
wcbar_bar_rung(const struct wcbar_bar *bar, uint64_t off)
{
	for (const struct wcbar_piece *p = bar->pieces; p != NULL; p = p->next) {
		if (off >= p->off && off - p->off < p->bytes)
			return p->rung;
	}
	return WCBAR_RUNGS;
}

const struct wcbar_answer *
wcbar_bar_answers(const struct wcbar_bar *bar)
{
	return bar->answers;
}
