/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_LAYOUT_H
#define WCVMM_LAYOUT_H

/*
 * Of which pieces a VMM puts a BAR together: side by side from 0 to the BAR's end, and no two
 * neighbours of one source. Knows no KVM and maps nothing.
 */

#include <stddef.h>
#include <stdint.h>

/* How a piece is mapped into the VMM. */
enum source {
	SOURCE_VFIO = 0, /* VFIO's mmap: Device, and vfio-pci sets VM_ALLOW_ANY_UNCACHED */
	SOURCE_WC,       /* sysfs resource2_wc: Normal-NC */
	SOURCE_UC,       /* sysfs resource2: Device */
	SOURCES,
};

#define LAYOUT_PIECES_MAX 16u
#define LAYOUT_UNIT 0x10000u /* windows are multiples of it, and so is any page */
#define LAYOUT_WHY_BYTES 160u

struct piece {
	uint64_t off, bytes;
	enum source source;
};

struct layout {
	uint64_t bytes; /* of the BAR */
	size_t pieces;
	struct piece piece[LAYOUT_PIECES_MAX];
};

/* "vfio", "wc", "uc". */
const char *source_name(enum source source);

/*
 * A list of sources, such as "vfio,wc,uc,vfio": as many pieces of equal size. -EINVAL, and `why`
 * (LAYOUT_WHY_BYTES) says what was wrong and what would be right.
 */
__attribute__((warn_unused_result)) int
layout_parse(struct layout *layout, const char *text, uint64_t bytes, char *why);

/* One piece. */
void layout_whole(struct layout *layout, enum source source, uint64_t bytes);

/*
 * Gives [off, off + bytes) another source: cuts the pieces it begins and ends in, and joins what
 * is then alike. -EINVAL: not whole units within the BAR; -ENOSPC: too many pieces. Either leaves
 * the layout as it was.
 */
__attribute__((warn_unused_result)) int
layout_replace(struct layout *layout, uint64_t off, uint64_t bytes, enum source source);

/* The piece that `off` lies in, or NULL. */
const struct piece *layout_at(const struct layout *layout, uint64_t off);

#endif /* WCVMM_LAYOUT_H */
