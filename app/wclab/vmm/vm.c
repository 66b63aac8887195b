/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"
#include "vm.h"

static int
fail(const char *what, int error)
{
	fprintf(stderr, "wcvmm: %s: %s\n", what, strerror(-error));
	return error;
}

/* ---- the guest's program ------------------------------------------------------------------- */

int
vm_image_load(struct vm_image *image, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st) != 0)
		return fail(path, -errno);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return fail(path, -errno);
	*image = (struct vm_image){data, (size_t)st.st_size};
	return 0;
}

void
vm_image_free(struct vm_image *image)
{
	if (image->data != NULL)
		munmap(image->data, image->bytes);
	*image = (struct vm_image){0};
}

static bool
within(uint64_t off, uint64_t bytes, uint64_t all)
{
	return off <= all && bytes <= all - off;
}

/* Puts the parts of the image into the guest's memory. */
static int
image_place(const struct vm_image *image, uint8_t *ram, uint64_t *entry)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;
	size_t i;

	if (image->bytes < sizeof(head))
		return fail("the guest's image", -ENOEXEC);
	memcpy(&head, image->data, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_machine != EM_AARCH64 ||
	    head.e_phentsize != sizeof(part) ||
	    !within(head.e_phoff, (uint64_t)head.e_phnum * sizeof(part), image->bytes))
		return fail("the guest's image is no ELF file for arm64", -ENOEXEC);
	memset(ram, 0, GUEST_RAM_BYTES);
	for (i = 0; i < head.e_phnum; i++) {
		memcpy(&part, image->data + head.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type != PT_LOAD)
			continue;
		if (!within(part.p_offset, part.p_filesz, image->bytes) ||
		    part.p_filesz > part.p_memsz ||
		    part.p_paddr < GUEST_RAM_IPA + GUEST_MAILBOX_BYTES ||
		    !within(part.p_paddr - GUEST_RAM_IPA, part.p_memsz, GUEST_RAM_BYTES))
			return fail("the guest's image does not fit its memory", -ENOEXEC);
		memcpy(ram + (part.p_paddr - GUEST_RAM_IPA), image->data + part.p_offset,
		       part.p_filesz);
	}
	*entry = head.e_entry;
	return 0;
}

/* ---- the machine --------------------------------------------------------------------------- */

static int
vcpu_create(struct vm *vm, int kvm, uint64_t entry)
{
	const struct kvm_one_reg pc = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
		      KVM_REG_ARM_CORE_REG(regs.pc),
		.addr = (uintptr_t)&entry,
	};
	struct kvm_vcpu_init init;
	int bytes;

	vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	if (vm->vcpu < 0)
		return fail("KVM_CREATE_VCPU", -errno);
	if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init) != 0 ||
	    ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init) != 0)
		return fail("KVM_ARM_VCPU_INIT", -errno);
	if (ioctl(vm->vcpu, KVM_SET_ONE_REG, &pc) != 0)
		return fail("KVM_SET_ONE_REG of the program counter", -errno);
	bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (bytes < (int)sizeof(*vm->run))
		return fail("KVM_GET_VCPU_MMAP_SIZE", -EIO);
	vm->run_bytes = (size_t)bytes;
	vm->run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED) {
		vm->run = NULL;
		return fail("KVM's page of the CPU", -errno);
	}
	return 0;
}

int
vm_create(struct vm *vm, const struct vm_image *image, uint8_t *ram)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), ret;
	uint64_t entry = 0;

	*vm = (struct vm){.fd = -1, .vcpu = -1, .faults = -1, .ram = ram};
	if (kvm < 0)
		return fail("/dev/kvm", -errno);
	ret = image_place(image, ram, &entry);
	if (ret == 0) {
		vm->fd = ioctl(kvm, KVM_CREATE_VM, 0);
		ret = vm->fd < 0 ? fail("KVM_CREATE_VM", -errno) : 0;
	}
	if (ret == 0)
		ret = vm_slot(vm, GUEST_RAM_IPA, ram, GUEST_RAM_BYTES);
	if (ret == 0)
		ret = vcpu_create(vm, kvm, entry);
	if (ret == 0)
		ret = vm->faults = faults_open();
	close(kvm);
	if (ret < 0)
		vm_destroy(vm);
	return ret < 0 ? ret : 0;
}

void
vm_destroy(struct vm *vm)
{
	if (vm->run != NULL)
		munmap(vm->run, vm->run_bytes);
	if (vm->faults >= 0)
		close(vm->faults);
	if (vm->vcpu >= 0)
		close(vm->vcpu);
	if (vm->fd >= 0)
		close(vm->fd);
	*vm = (struct vm){.fd = -1, .vcpu = -1, .faults = -1};
}

int
vm_slot(struct vm *vm, uint64_t ipa, void *addr, uint64_t bytes)
{
	const struct kvm_userspace_memory_region slot = {
		.slot = vm->slots,
		.guest_phys_addr = ipa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)addr,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot) != 0)
		return fail("KVM_SET_USER_MEMORY_REGION", -errno);
	vm->slots++;
	return 0;
}

/* ---- the guest at work --------------------------------------------------------------------- */

struct guest_mailbox *
vm_mailbox(const struct vm *vm)
{
	return (struct guest_mailbox *)(void *)vm->ram;
}

static int
mmio(struct vm *vm, bool *done)
{
	struct kvm_run *run = vm->run;

	if (run->mmio.phys_addr == GUEST_PORT_IPA) {
		*done = true;
		vm->jobs++;
		return 0;
	}
	vm->exits++;
	if (vm->mmio != NULL)
		return vm->mmio(vm->ctx, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
				run->mmio.is_write != 0);
	fprintf(stderr, "wcvmm: the guest reached 0x%llx, where nothing is\n",
		(unsigned long long)run->mmio.phys_addr);
	return -EFAULT;
}

static int
verdict(const struct vm *vm)
{
	static const char *const errors[] = {
		[GUEST_TRAPPED] = "took an exception, ESR_EL1",
		[GUEST_UNKNOWN] = "does not know the job",
		[GUEST_TIMEOUT] = "got no answer from the card, STATUS",
		[GUEST_REFUSED] = "was refused by the card, status",
		[GUEST_CONFUSED] = "got the completion of another command",
	};
	const struct guest_mailbox *m = vm_mailbox(vm);

	if (m->error == GUEST_OK)
		return 0;
	fprintf(stderr, "wcvmm: job %u: the guest %s 0x%x, at 0x%llx\n", m->job,
		m->error < sizeof(errors) / sizeof(errors[0]) ? errors[m->error] : "failed",
		m->detail, (unsigned long long)m->far);
	return -EIO;
}

int
vm_job(struct vm *vm, enum guest_job job)
{
	bool done = false;
	int ret = 0;

	vm_mailbox(vm)->job = job;
	while (!done && ret == 0) {
		if (ioctl(vm->vcpu, KVM_RUN, 0) != 0) {
			if (errno == EINTR)
				continue;
			return fail("KVM_RUN", -errno);
		}
		if (vm->run->exit_reason == KVM_EXIT_MMIO) {
			ret = mmio(vm, &done);
		} else {
			fprintf(stderr, "wcvmm: KVM_RUN ended for reason %u\n",
				vm->run->exit_reason);
			ret = -EIO;
		}
	}
	return ret != 0 ? ret : verdict(vm);
}

/* Accesses that come back to the VMM are stage-2 faults too. */
int
vm_counts(const struct vm *vm, struct vm_counts *counts)
{
	uint64_t faults;
	int ret = faults_read(vm->faults, &faults);

	*counts = (struct vm_counts){vm->exits, faults - vm->exits - vm->jobs};
	return ret;
}
