/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The memory types of arm64. */

#include <errno.h>
#include <string.h>

#include "memtype.h"

static const char *const names[MEMTYPES] = {
	[MEMTYPE_NGNRNE] = "Device-nGnRnE", [MEMTYPE_NGNRE] = "Device-nGnRE",
	[MEMTYPE_NGRE] = "Device-nGRE",     [MEMTYPE_GRE] = "Device-GRE",
	[MEMTYPE_NC] = "Normal-NC",         [MEMTYPE_WT] = "Normal-WT",
	[MEMTYPE_WB] = "Normal-WB",
};

static enum memtype
stricter(enum memtype one, enum memtype other)
{
	return one < other ? one : other;
}

/* Half of a MAIR byte: 0b0100 is NC; bit 2 else says write-back, its absence write-through. */
static enum memtype
nibble_type(uint8_t nibble)
{
	if (nibble == 4 || nibble == 0)
		return MEMTYPE_NC;
	return (nibble & 4) != 0 ? MEMTYPE_WB : MEMTYPE_WT;
}

enum memtype
memtype_stage1(uint8_t mair_attr)
{
	/* FEAT_XS and MTE took three of the reserved values. */
	switch (mair_attr) {
	case 0x40:
		return MEMTYPE_NC;
	case 0xa0:
		return MEMTYPE_WT;
	case 0xf0:
		return MEMTYPE_WB;
	default:
		break;
	}
	if (mair_attr >> 4 == 0)
		return (mair_attr & 2) != 0 ? MEMTYPE_NGNRNE : (enum memtype)(mair_attr >> 2);
	return stricter(nibble_type(mair_attr >> 4), nibble_type(mair_attr & 15));
}

static enum memtype
pair_type(uint8_t pair)
{
	return pair == 3 ? MEMTYPE_WB : pair == 2 ? MEMTYPE_WT : MEMTYPE_NC;
}

enum memtype
memtype_stage2(uint8_t mem_attr)
{
	if ((mem_attr & 12) == 0)
		return (enum memtype)(mem_attr & 3);
	return stricter(pair_type(mem_attr >> 2 & 3), pair_type(mem_attr & 3));
}

static enum memtype
combine_fwb(enum memtype stage1, uint8_t mem_attr)
{
	switch (mem_attr) {
	case 7:
		return stage1;
	case 6:
		return MEMTYPE_WB;
	case 5:
		return stricter(stage1, MEMTYPE_NC);
	default: /* the rest is reserved, and Device is what it can cost most */
		return mem_attr < 4 ? (enum memtype)mem_attr : MEMTYPE_NGNRNE;
	}
}

enum memtype
memtype_combine(enum memtype stage1, uint8_t mem_attr, bool fwb)
{
	return fwb ? combine_fwb(stage1, mem_attr) : stricter(stage1, memtype_stage2(mem_attr));
}

const char *
memtype_name(enum memtype type)
{
	return names[type];
}

int
memtype_parse(const char *name, enum memtype *type)
{
	for (unsigned int i = 0; i < MEMTYPES; i++) {
		if (strcmp(name, names[i]) == 0) {
			*type = (enum memtype)i;
			return 0;
		}
	}
	return -EINVAL;
}
