/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_QEMU_API_H
#define WCLAB_QEMU_API_H

/*
 * The part of QEMU's plugin interface, version 7 (QEMU 11.1), that the plugin uses, and of GLib,
 * whose arrays it speaks in. QEMU has all of it when it loads the plugin; no package brings the
 * header. A QEMU of another version refuses the plugin by qemu_plugin_version.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#define QEMU_API_VERSION 7

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;
struct qemu_plugin_scoreboard;

struct qemu_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus;
		int max_vcpus;
	} system;
};

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS = 0,
	QEMU_PLUGIN_CB_R_REGS,
};

enum qemu_plugin_mem_rw {
	QEMU_PLUGIN_MEM_W = 2,
};

enum qemu_plugin_cond {
	QEMU_PLUGIN_COND_NE = 3,
};

enum qemu_plugin_op {
	QEMU_PLUGIN_INLINE_ADD_U64 = 0,
};

enum qemu_plugin_mem_value_type {
	QEMU_PLUGIN_MEM_VALUE_U32 = 2,
	QEMU_PLUGIN_MEM_VALUE_U64 = 3,
};

struct qemu_plugin_mem_value {
	enum qemu_plugin_mem_value_type type;
	union {
		uint32_t u32;
		uint64_t u64;
		struct {
			uint64_t low;
			uint64_t high;
		} u128;
	} data;
};

/* A uint64_t in each CPU's element of a scoreboard. */
struct qemu_plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

struct qemu_plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
	bool is_readonly;
};

/* GArray and GByteArray. */
struct g_array {
	void *data;
	unsigned int len;
};

typedef void (*qemu_plugin_udata_cb_t)(void *userdata);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *userdata);
typedef void (*qemu_plugin_tb_trans_cb_t)(struct qemu_plugin_tb *tb, void *userdata);
typedef void (*qemu_plugin_mem_cb_t)(unsigned int vcpu, uint32_t info, uint64_t vaddr,
				     void *userdata);

/*
 * What QEMU looks for in a plugin: the version of the API, and a function that it calls once, with
 * the plugin's arguments, before the machine runs. The function returns 0, or the plugin is
 * refused.
 */
extern WC_PUBLIC int qemu_plugin_version;
WC_PUBLIC int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

/* Callbacks. */
void qemu_plugin_register_vcpu_init_cb(uint64_t id, qemu_plugin_vcpu_udata_cb_t cb, void *userdata);
void
qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_tb_trans_cb_t cb, void *userdata);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_plugin_udata_cb_t cb, void *userdata);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb_t cb,
				      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw,
				      void *userdata);
void qemu_plugin_register_vcpu_insn_exec_cond_cb(struct qemu_plugin_insn *insn,
						 qemu_plugin_vcpu_udata_cb_t cb,
						 enum qemu_plugin_cb_flags flags,
						 enum qemu_plugin_cond cond,
						 struct qemu_plugin_u64 entry, uint64_t imm,
						 void *userdata);
void
qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
						    enum qemu_plugin_op op,
						    struct qemu_plugin_u64 entry, uint64_t imm);

/* Instructions. */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);

/* Accesses. */
unsigned int qemu_plugin_mem_size_shift(uint32_t info);
struct qemu_plugin_mem_value qemu_plugin_mem_get_value(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *hwaddr);
const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *hwaddr);

/* Registers and memory; 0 of read_memory_hwaddr is success. */
struct g_array *qemu_plugin_get_registers(void);
bool qemu_plugin_read_register(struct qemu_plugin_register *handle, struct g_array *bytes);
int qemu_plugin_read_memory_hwaddr(uint64_t addr, struct g_array *bytes, size_t len);

/* Scoreboards. */
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
void qemu_plugin_u64_set(struct qemu_plugin_u64 entry, unsigned int vcpu, uint64_t value);
uint64_t qemu_plugin_u64_get(struct qemu_plugin_u64 entry, unsigned int vcpu);
uint64_t qemu_plugin_u64_sum(struct qemu_plugin_u64 entry);

/*
 * Weak, so that a QEMU which lacks some of it loads the plugin far enough to compare versions and
 * to name both, instead of a symbol.
 */
#pragma weak qemu_plugin_register_vcpu_init_cb
#pragma weak qemu_plugin_register_vcpu_tb_trans_cb
#pragma weak qemu_plugin_register_atexit_cb
#pragma weak qemu_plugin_register_vcpu_mem_cb
#pragma weak qemu_plugin_register_vcpu_insn_exec_cond_cb
#pragma weak qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu
#pragma weak qemu_plugin_tb_n_insns
#pragma weak qemu_plugin_tb_get_insn
#pragma weak qemu_plugin_insn_data
#pragma weak qemu_plugin_mem_size_shift
#pragma weak qemu_plugin_mem_get_value
#pragma weak qemu_plugin_get_hwaddr
#pragma weak qemu_plugin_hwaddr_is_io
#pragma weak qemu_plugin_hwaddr_phys_addr
#pragma weak qemu_plugin_hwaddr_device_name
#pragma weak qemu_plugin_get_registers
#pragma weak qemu_plugin_read_register
#pragma weak qemu_plugin_read_memory_hwaddr
#pragma weak qemu_plugin_scoreboard_new
#pragma weak qemu_plugin_u64_set
#pragma weak qemu_plugin_u64_get
#pragma weak qemu_plugin_u64_sum

/* GLib. */
struct g_array *g_byte_array_new(void);
struct g_array *g_byte_array_set_size(struct g_array *array, unsigned int bytes);
char *g_array_free(struct g_array *array, int free_segment);

#endif /* WCLAB_QEMU_API_H */
