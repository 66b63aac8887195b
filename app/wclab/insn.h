/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_INSN_H
#define WCLAB_INSN_H

/* The instructions that the plugin watches besides stores, by their encoding. */

#include <stdint.h>

enum insn_kind {
	INSN_OTHER = 0,
	INSN_DGH,
	INSN_DMB, /* one that orders stores to a device */
	INSN_DSB, /* one that orders stores to a device */
	INSN_TLBI,
	INSN_SYSREG, /* a write of a register that translation may depend on */
};

/* What an A64 instruction is, by its opcode. Pure. */
enum insn_kind insn_kind(uint32_t opcode);

#endif /* WCLAB_INSN_H */
