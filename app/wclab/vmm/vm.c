/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A virtual machine by KVM's ioctls: memory slots, one CPU, the guest's program, its jobs. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <app_error.h>

#include "vmm.h"

#define EVENT "/sys/kernel/tracing/events/kvm/kvm_guest_fault/id"

/* Puts the parts of the guest's ELF file into its memory; where it begins. */
static uint64_t
image_place(const char *path, uint8_t *ram)
{
	FILE *file = fopen(path, "re");
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (file == NULL)
		vmm_fail(errno, "%s", path);
	memset(ram, 0, GUEST_RAM_BYTES);
	if (fread(&head, sizeof(head), 1, file) != 1 ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_machine != EM_AARCH64)
		vmm_fail(0, "%s is no ELF file for arm64", path);
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		fseek(file, (long)(head.e_phoff + i * sizeof(part)), SEEK_SET);
		if (fread(&part, sizeof(part), 1, file) != 1)
			vmm_fail(0, "%s is cut short", path);
		if (part.p_type != PT_LOAD)
			continue;
		if (part.p_paddr < GUEST_RAM_IPA + GUEST_MAILBOX_BYTES ||
		    part.p_paddr - GUEST_RAM_IPA > GUEST_RAM_BYTES ||
		    part.p_memsz > GUEST_RAM_BYTES - (part.p_paddr - GUEST_RAM_IPA) ||
		    part.p_filesz > part.p_memsz)
			vmm_fail(0, "%s does not fit the guest's memory", path);
		fseek(file, (long)part.p_offset, SEEK_SET);
		if (part.p_filesz > 0 &&
		    fread(ram + (part.p_paddr - GUEST_RAM_IPA), part.p_filesz, 1, file) != 1)
			vmm_fail(0, "%s is cut short", path);
	}
	fclose(file);
	return head.e_entry;
}

/* The kernel's trace event: one for each stage-2 fault of this thread and of those it makes. */
static int
faults_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .inherit = 1};
	FILE *file = fopen(EVENT, "re");
	unsigned long long id;
	int fd;

	if (file == NULL || fscanf(file, "%llu", &id) != 1)
		vmm_fail(errno, "%s (tracefs belongs on /sys/kernel/tracing)", EVENT);
	fclose(file);
	attr.config = id;
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		vmm_fail(errno, "stage-2 faults cannot be counted");
	return fd;
}

static int
kvm_ioctl(int fd, unsigned long request, const char *name, const void *arg)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		vmm_fail(errno, "%s", name);
	return ret;
}
#define KVM_IOCTL(fd, request, arg) kvm_ioctl(fd, request, #request, arg)

static void
slot_add(struct vm *vm, uint64_t ipa, void *addr, uint64_t bytes)
{
	const struct kvm_userspace_memory_region slot = {
		.slot = vm->slots++,
		.guest_phys_addr = ipa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)addr,
	};

	KVM_IOCTL(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot);
}

static void
vcpu_create(struct vm *vm, int kvm, uint64_t entry)
{
	const struct kvm_one_reg pc = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
		      KVM_REG_ARM_CORE_REG(regs.pc),
		.addr = (uintptr_t)&entry,
	};
	struct kvm_vcpu_init init;

	vm->vcpu = KVM_IOCTL(vm->fd, KVM_CREATE_VCPU, NULL);
	KVM_IOCTL(vm->fd, KVM_ARM_PREFERRED_TARGET, &init);
	KVM_IOCTL(vm->vcpu, KVM_ARM_VCPU_INIT, &init);
	KVM_IOCTL(vm->vcpu, KVM_SET_ONE_REG, &pc);
	vm->run_bytes = (size_t)KVM_IOCTL(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
	vm->run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		vmm_fail(errno, "KVM's page of the CPU");
}

void
vm_create(struct vm *vm, struct vmm *v, bool one_slot, bool regs)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	uint64_t bytes;

	if (kvm < 0)
		vmm_fail(errno, "/dev/kvm");
	*vm = (struct vm){.mailbox = (struct guest_mailbox *)(void *)v->ram,
			  .faults = faults_open()};
	vm->fd = KVM_IOCTL(kvm, KVM_CREATE_VM, NULL);
	vcpu_create(vm, kvm, image_place(v->guest, v->ram));
	close(kvm);
	slot_add(vm, GUEST_RAM_IPA, v->ram, GUEST_RAM_BYTES);
	for (uint64_t off = 0; off < v->bar.bytes; off += bytes) {
		bytes = one_slot ? v->bar.bytes : bar_piece_bytes(&v->bar, off);
		slot_add(vm, GUEST_BAR_IPA + off, v->bar.addr + off, bytes);
	}
	if (regs)
		slot_add(vm, GUEST_REGS_IPA, v->regs.addr, v->regs.bytes);
}

void
vm_destroy(struct vm *vm)
{
	munmap(vm->run, vm->run_bytes);
	close(vm->faults);
	close(vm->vcpu);
	close(vm->fd);
}

/* True when the guest has stored to its port: the job is done. */
static bool
mmio_take(struct vm *vm)
{
	struct kvm_run *run = vm->run;

	if (run->exit_reason != KVM_EXIT_MMIO)
		vmm_fail(0, "KVM_RUN ended for reason %u", run->exit_reason);
	if (run->mmio.phys_addr == GUEST_PORT_IPA) {
		vm->jobs++;
		return true;
	}
	vm->exits++;
	if (vm->mmio == NULL)
		vmm_fail(0, "the guest reached 0x%llx, where nothing is",
			 (unsigned long long)run->mmio.phys_addr);
	vm->mmio(vm->ctx, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
		 run->mmio.is_write != 0);
	return false;
}

int
vm_try(struct vm *vm, enum guest_job job)
{
	const struct guest_mailbox *m = vm->mailbox;
	bool done = false;

	vm->mailbox->job = job;
	while (!done) {
		if (ioctl(vm->vcpu, KVM_RUN, 0) == 0) {
			done = mmio_take(vm);
		} else if (errno != EINTR) {
			app_error("KVM_RUN: %s", strerror(errno));
			return -errno;
		}
	}
	if (m->esr != 0)
		vmm_fail(0, "job %u: the guest took an exception, ESR_EL1 0x%llx, at 0x%llx", job,
			 (unsigned long long)m->esr, (unsigned long long)m->far);
	if (m->error != 0)
		vmm_fail(m->error, "job %u: the guest's driver", job);
	return 0;
}

void
vm_do(struct vm *vm, enum guest_job job)
{
	if (vm_try(vm, job) != 0)
		exit(1);
}

int
vm_store(struct vm *vm, uint64_t va, uint32_t lines, uint64_t step)
{
	vm->mailbox->va = va;
	vm->mailbox->lines = lines;
	vm->mailbox->step = step;
	return vm_try(vm, GUEST_JOB_STORE);
}

/* Accesses that come back to the VMM are stage-2 faults too. */
uint64_t
vm_faults(const struct vm *vm)
{
	uint64_t faults;

	if (read(vm->faults, &faults, sizeof(faults)) != (ssize_t)sizeof(faults))
		vmm_fail(errno, "stage-2 faults cannot be read");
	return faults - vm->exits - vm->jobs;
}
