/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* One of QEMU's CPUs: its registers, and walks that are kept. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

#define PAGE_BITS 12u
#define PSTATE_MODE 0x1cu /* EL and AArch32 */

enum need {
	NEEDED,
	WITH_EL2, /* all of them or none */
	OPTIONAL,
};

#define REG(field, reg_name, reg_need)                                                   \
	{                                                                                \
		offsetof(struct walk_regs, field) / sizeof(uint64_t), reg_name, reg_need \
	}

static const struct {
	size_t idx;
	const char *name;
	enum need need;
} reg_names[] = {
	REG(hcr_el2, "HCR_EL2", WITH_EL2),     REG(sctlr_el2, "SCTLR_EL2", WITH_EL2),
	REG(ttbr0_el2, "TTBR0_EL2", WITH_EL2), REG(ttbr1_el2, "TTBR1_EL2", WITH_EL2),
	REG(tcr_el2, "TCR_EL2", WITH_EL2),     REG(mair_el2, "MAIR_EL2", WITH_EL2),
	REG(vttbr_el2, "VTTBR_EL2", WITH_EL2), REG(vtcr_el2, "VTCR_EL2", WITH_EL2),
	REG(sctlr_el1, "SCTLR_EL1", NEEDED),   REG(ttbr0_el1, "TTBR0_EL1", NEEDED),
	REG(ttbr1_el1, "TTBR1_EL1", NEEDED),   REG(tcr_el1, "TCR_EL1", NEEDED),
	REG(mair_el1, "MAIR_EL1", NEEDED),     REG(tcr2_el1, "TCR2_EL1", OPTIONAL),
	REG(tcr2_el2, "TCR2_EL2", OPTIONAL),   REG(pstate, "cpsr", NEEDED),
};

#define REGS (sizeof(reg_names) / sizeof(reg_names[0]))

static struct qemu_plugin_register *
handle_find(const struct g_array *list, const char *name)
{
	const struct qemu_plugin_reg_descriptor *regs = list->data;

	for (unsigned int i = 0; i < list->len; i++)
		if (strcmp(regs[i].name, name) == 0)
			return regs[i].handle;
	return NULL;
}

static int
handles_find(struct cpu *cpu, const struct g_array *list, const char **missing)
{
	bool el2 = handle_find(list, "HCR_EL2") != NULL;

	for (size_t i = 0; i < REGS; i++) {
		struct qemu_plugin_register *handle = handle_find(list, reg_names[i].name);

		cpu->handles[reg_names[i].idx] = handle;
		if (handle == NULL &&
		    (reg_names[i].need == NEEDED || (reg_names[i].need == WITH_EL2 && el2))) {
			*missing = reg_names[i].name;
			return -ENOENT;
		}
	}
	return 0;
}

int
cpu_create(struct cpu **out, const char **missing)
{
	struct cpu *cpu = calloc(1, sizeof(*cpu));
	struct g_array *list;
	int ret;

	if (cpu == NULL)
		return -ENOMEM;
	list = qemu_plugin_get_registers();
	ret = handles_find(cpu, list, missing);
	g_array_free(list, 1);
	if (ret != 0) {
		free(cpu);
		return ret;
	}
	cpu->bytes = g_byte_array_new();
	cpu->regs_writes = UINT64_MAX;
	*out = cpu;
	return 0;
}

static uint64_t
reg_read(struct cpu *cpu, size_t idx)
{
	uint64_t value = 0;

	if (cpu->handles[idx] == NULL)
		return 0;
	g_byte_array_set_size(cpu->bytes, 0);
	if (qemu_plugin_read_register(cpu->handles[idx], cpu->bytes))
		memcpy(&value, cpu->bytes->data,
		       cpu->bytes->len < sizeof(value) ? cpu->bytes->len : sizeof(value));
	return value;
}

/* Only the exception level changes without an instruction that is counted. */
static void
regs_refresh(struct cpu *cpu, uint64_t writes)
{
	uint64_t *values = (uint64_t *)&cpu->regs;

	if (writes != cpu->regs_writes) {
		for (size_t i = 0; i < REGS; i++)
			values[i] = reg_read(cpu, i);
		cpu->regs_writes = writes;
	}
	/* Of PSTATE what a walk depends on; flags would let no walk be kept. */
	cpu->regs.pstate = reg_read(cpu, offsetof(struct walk_regs, pstate) / sizeof(uint64_t)) &
			   PSTATE_MODE;
}

bool
cpu_read(void *ctx, uint64_t pa, uint64_t *value)
{
	struct cpu *cpu = ctx;

	g_byte_array_set_size(cpu->bytes, 0);
	if (qemu_plugin_read_memory_hwaddr(pa, cpu->bytes, sizeof(*value)) != 0 ||
	    cpu->bytes->len < sizeof(*value))
		return false;
	memcpy(value, cpu->bytes->data, sizeof(*value));
	return true;
}

bool
cpu_same_context(struct cpu *cpu, uint64_t writes)
{
	regs_refresh(cpu, writes);
	return memcmp(&cpu->regs, &cpu->store_regs, sizeof(cpu->regs)) == 0;
}

/* Whether the descriptors that map are still what they were. */
static bool
leaves_same(struct cpu *cpu, const struct walk *walk)
{
	uint64_t now;

	if (walk->s1.on && (!cpu_read(cpu, walk->s1.desc_pa, &now) || now != walk->s1.desc))
		return false;
	return !walk->s2.on || (cpu_read(cpu, walk->s2.desc_pa, &now) && now == walk->s2.desc);
}

int
cpu_walk(struct cpu *cpu, uint64_t va, uint64_t invalidations, uint64_t writes, struct walk *walk,
	 struct walk_fault *fault)
{
	uint64_t page = va >> PAGE_BITS;
	struct cpu_walk *kept = &cpu->walks[page % CPU_WALKS];
	int ret;

	regs_refresh(cpu, writes);
	cpu->store_regs = cpu->regs;
	if (kept->valid && kept->page == page && kept->invalidations == invalidations &&
	    memcmp(&kept->regs, &cpu->regs, sizeof(kept->regs)) == 0 &&
	    leaves_same(cpu, &kept->walk)) {
		cpu->kept++;
		*walk = kept->walk;
		walk->pa |= va & ((1u << PAGE_BITS) - 1);
		return 0;
	}
	cpu->walked++;
	ret = walk_run(&cpu->regs, va, cpu_read, cpu, walk, fault);
	kept->valid = ret == 0;
	if (ret != 0)
		return ret;
	kept->page = page;
	kept->invalidations = invalidations;
	kept->regs = cpu->regs;
	kept->walk = *walk;
	kept->walk.pa &= ~(uint64_t)((1u << PAGE_BITS) - 1);
	return 0;
}
