/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_MEMTYPE_H
#define WCLAB_MEMTYPE_H

/* The memory types of arm64, as stage 1 and stage 2 name them and as they combine. */

#include <stdbool.h>
#include <stdint.h>

#include <wcbase.h>

/* From the strictest to the loosest: without FWB the stricter of two stages wins. */
enum memtype {
	MEMTYPE_NGNRNE = 0,
	MEMTYPE_NGNRE,
	MEMTYPE_NGRE,
	MEMTYPE_GRE,
	MEMTYPE_NC,
	MEMTYPE_WT,
	MEMTYPE_WB,
	MEMTYPES,
};

/*
 * The type that an attribute byte of MAIR_ELx asks for: the stricter of inner and outer. Reserved
 * values are Device.
 */
enum memtype memtype_stage1(uint8_t mair_attr);

/* The type that MemAttr[3:0] of a stage-2 descriptor asks for, without FWB. */
enum memtype memtype_stage2(uint8_t mem_attr);

/* The type that both stages give. `fwb` is HCR_EL2.FWB, which gives MemAttr another meaning. */
enum memtype memtype_combine(enum memtype stage1, uint8_t mem_attr, bool fwb);

/* "Device-nGnRE", "Normal-NC", ... Static. */
const char *memtype_name(enum memtype type);

/* The type with this name. 0 or -EINVAL. */
WC_MUST_CHECK int memtype_parse(const char *name, enum memtype *type);

#endif /* WCLAB_MEMTYPE_H */
