/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_MEMTYPE_H
#define WCLAB_MEMTYPE_H

/* The memory types of arm64, as stage 1 and stage 2 name them and as they combine. */

#include <stdbool.h>
#include <stdint.h>

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

/* An attribute byte of MAIR_ELx. Of inner and outer the stricter; what is reserved is Device. */
enum memtype memtype_stage1(uint8_t mair_attr);

/* MemAttr[3:0] of a stage-2 descriptor, without FWB. */
enum memtype memtype_stage2(uint8_t mem_attr);

/* What a store meets. fwb: HCR_EL2.FWB, which gives MemAttr another meaning. */
enum memtype memtype_combine(enum memtype stage1, uint8_t mem_attr, bool fwb);

/* "Device-nGnRE", "Normal-NC", ... Static. */
const char *memtype_name(enum memtype type);

/* The type of that name. Returns 0 or -EINVAL. */
__attribute__((warn_unused_result)) int memtype_parse(const char *name, enum memtype *type);

#endif /* WCLAB_MEMTYPE_H */
