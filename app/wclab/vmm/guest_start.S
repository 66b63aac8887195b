/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The guest from its first instruction until C can run: its own stage 1. The table is part of the
 * image, so that nothing is stored while the MMU is off.
 */

#include "guest.h"

#define MAIR (0x04 | 0xff << 8 | 0x44 << 16) /* Device-nGnRE, Normal WB, Normal-NC */
#define DEVICE (0 << 2)
#define MEMORY (1 << 2)
#define NC (2 << 2)

#define BLOCK 1
#define INNER_SHAREABLE (3 << 8)
#define ACCESSED (1 << 10)
#define NO_EXECUTE (1 << 53 | 1 << 54)

/* 39 bits of address, granule of 4 KiB, cacheable walks, 40 bits of physical address, no TTBR1 */
#define TCR (25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32)
#define SCTLR_MMU_AND_CACHES (1 | 1 << 2 | 1 << 12)
#define CPACR_SIMD (3 << 20)

	.section .text.start, "ax"
	.global guest_start
guest_start:
	ldr	x0, =MAIR
	msr	mair_el1, x0
	ldr	x0, =TCR
	msr	tcr_el1, x0
	adr	x0, table
	msr	ttbr0_el1, x0
	adr	x0, vectors
	msr	vbar_el1, x0
	mov	x0, #CPACR_SIMD
	msr	cpacr_el1, x0
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	mrs	x0, sctlr_el1
	ldr	x1, =SCTLR_MMU_AND_CACHES
	orr	x0, x0, x1
	msr	sctlr_el1, x0
	isb
	ldr	x0, =(GUEST_RAM_IPA + GUEST_RAM_BYTES)
	mov	sp, x0
	b	guest_main

/* No exception is expected: one that comes is reported and ends the guest. */
trapped:
	mrs	x0, esr_el1
	mrs	x1, far_el1
	b	guest_trapped

	.balign 0x800
vectors:
	.rept	16
	.balign 0x80
	b	trapped
	.endr

	.balign 4096
table:
	.quad	0x00000000 | BLOCK | DEVICE | ACCESSED | NO_EXECUTE
	.quad	GUEST_RAM_IPA | BLOCK | MEMORY | INNER_SHAREABLE | ACCESSED
	.quad	GUEST_BAR_IPA | BLOCK | NC | ACCESSED | NO_EXECUTE
	.quad	GUEST_BAR_IPA | BLOCK | DEVICE | ACCESSED | NO_EXECUTE
	.zero	508 * 8

	.section .note.GNU-stack, "", %progbits
