/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The instructions that the plugin watches, by their encoding. */

#include <stdbool.h>

#include "insn.h"

/*
 * CRm of a barrier: bits 3:2 the domain (0 outer shareable, 1 non-shareable, 2 inner, 3 full
 * system), bits 1:0 the accesses (1 loads, 2 stores, 3 all). Memory of a device is outer shareable:
 * barriers of a smaller domain, and those for loads, promise nothing about it.
 */
static bool
orders_device_stores(uint32_t opcode)
{
	unsigned int domain = opcode >> 10 & 3;
	unsigned int accesses = opcode >> 8 & 3;

	return (domain == 0 || domain == 3) && accesses >= 2;
}

enum insn_kind
insn_kind(uint32_t opcode)
{
	if (opcode == 0xd50320df)
		return INSN_DGH;
	if ((opcode & 0xfffff0ff) == 0xd50330bf)
		return orders_device_stores(opcode) ? INSN_DMB : INSN_OTHER;
	if ((opcode & 0xfffff0ff) == 0xd503309f)
		return orders_device_stores(opcode) ? INSN_DSB : INSN_OTHER;
	/* DSB nXS, bits 11:10 the domain. */
	if ((opcode & 0xfffff3ff) == 0xd503323f)
		return (opcode >> 10 & 3) == 0 || (opcode >> 10 & 3) == 3 ? INSN_DSB : INSN_OTHER;
	/* MSR with op0 3; CRn 1 has SCTLR and HCR, 2 the tables and their control, 10 MAIR. */
	if ((opcode & 0xfff80000) == 0xd5180000 &&
	    ((opcode >> 12 & 15) == 1 || (opcode >> 12 & 15) == 2 || (opcode >> 12 & 15) == 10))
		return INSN_SYSREG;
	/* SYS with CRn 8 or 9. */
	if ((opcode & 0xfff80000) == 0xd5080000 && (opcode >> 13 & 7) == 4)
		return INSN_TLBI;
	return INSN_OTHER;
}
