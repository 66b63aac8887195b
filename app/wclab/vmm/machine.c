/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The BAR, put together from pieces with MAP_FIXED, and a virtual machine by KVM's ioctls. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcfile.h>
#include <wcnic_abi.h>

#include "vmm.h"

#define BLOCK_BYTES 0x200000u

static int
sysfs_open(const char *bdf, const char *file)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		vmm_fail(errno, "%s", path);
	return fd;
}

void
bar_open(struct bar *bar, struct wcbar_pci *pci)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = WCNIC_BAR_WINDOWS};
	const char *bdf = wcbar_pci_facts(pci)->bdf;
	uint8_t *range;

	bar->files[SOURCE_VFIO] = wcbar_pci_vfio_fd(pci);
	bar->files[SOURCE_WC] = sysfs_open(bdf, "resource2_wc");
	bar->files[SOURCE_UC] = sysfs_open(bdf, "resource2");
	if (ioctl(bar->files[SOURCE_VFIO], VFIO_DEVICE_GET_REGION_INFO, &info) != 0 ||
	    (info.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0)
		vmm_fail(0, "VFIO does not offer BAR2 for mmap");
	if (info.size % BLOCK_BYTES != 0 || info.size / BAR_UNIT > BAR_UNITS_MAX)
		vmm_fail(0, "BAR2 has 0x%llx bytes; expected multiples of 2 MiB up to 64 MiB",
			 info.size);
	bar->bytes = info.size;
	bar->file_off = info.offset;
	range = mmap(NULL, bar->bytes + BLOCK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (range == MAP_FAILED)
		vmm_fail(errno, "no address range for the BAR");
	bar->addr = range + -(uintptr_t)range % BLOCK_BYTES;
}

void
bar_map(struct bar *bar, uint64_t off, uint64_t bytes, enum source source)
{
	const uint64_t from = source == SOURCE_VFIO ? bar->file_off + off : off;

	if ((off | bytes) % BAR_UNIT != 0 || off > bar->bytes || bytes > bar->bytes - off)
		vmm_fail(0, "0x%" PRIx64 " bytes at BAR2 + 0x%" PRIx64 " are no piece of it", bytes,
			 off);
	memset(bar->source + off / BAR_UNIT, source, bytes / BAR_UNIT);
	bar->mmaps++;
	if (mmap(bar->addr + off, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 bar->files[source], (off_t)from) == MAP_FAILED)
		vmm_fail(errno, "BAR2 + 0x%" PRIx64 "%s", off,
			 source == SOURCE_VFIO ? " by VFIO"
					       : " by sysfs, which a kernel allows beside VFIO "
						 "only with iomem=relaxed");
}

uint64_t
bar_piece_bytes(const struct bar *bar, uint64_t off)
{
	uint64_t end = off;

	while (end < bar->bytes && bar->source[end / BAR_UNIT] == bar->source[off / BAR_UNIT])
		end += BAR_UNIT;
	return end - off;
}

/* ---- the machine --------------------------------------------------------------------------- */

/* The guest's memory: zeroes, and its program, which is a flat image. */
static void
image_place(const char *path, uint8_t *ram)
{
	const size_t max = GUEST_RAM_BYTES - GUEST_MAILBOX_BYTES;
	FILE *file = wcfile_fopen(path);
	size_t bytes;

	memset(ram, 0, GUEST_RAM_BYTES);
	if (file == NULL)
		vmm_fail(0, "%s: %s", path, wcfile_strerror(errno));
	bytes = fread(ram + GUEST_MAILBOX_BYTES, 1, max, file);
	if (bytes == 0 || bytes == max)
		vmm_fail(0, "%s must be a program that fits into %zu bytes", path, max);
	fclose(file);
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
vcpu_create(struct vm *vm)
{
	const uint64_t entry = GUEST_RAM_IPA + GUEST_MAILBOX_BYTES;
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
	vm->run = mmap(NULL, sizeof(*vm->run), PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
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
	*vm = (struct vm){.mailbox = (struct guest_mailbox *)(void *)v->ram};
	vm->fd = KVM_IOCTL(kvm, KVM_CREATE_VM, NULL);
	close(kvm);
	image_place(v->guest, v->ram);
	vcpu_create(vm);
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
	munmap(vm->run, sizeof(*vm->run));
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
	if (run->mmio.phys_addr == GUEST_PORT_IPA)
		return true;
	vm->exits++;
	if (vm->mmio == NULL)
		vmm_fail(0, "the guest reached 0x%llx, where nothing is",
			 (unsigned long long)run->mmio.phys_addr);
	vm->mmio(vm->ctx, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
		 run->mmio.is_write != 0);
	return false;
}

void
vm_lines(struct vm *vm, uint64_t va, uint32_t lines, uint64_t step)
{
	vm->mailbox->va = va;
	vm->mailbox->lines = lines;
	vm->mailbox->step = step;
}

int
vm_try(struct vm *vm, enum guest_job job)
{
	const struct guest_mailbox *m = vm->mailbox;
	int ret;

	vm->mailbox->job = job;
	do {
		ret = ioctl(vm->vcpu, KVM_RUN, 0);
		if (ret != 0 && errno != EINTR)
			return -errno;
	} while (ret != 0 || !mmio_take(vm));
	if (m->esr != 0)
		vmm_fail(0,
			 "job %u: the guest took an exception, ESR_EL1 0x%" PRIx64
			 ", at 0x%" PRIx64,
			 job, m->esr, m->far);
	if (m->error != 0)
		vmm_fail(m->error, "job %u: the guest's driver", job);
	return 0;
}

void
vm_do(struct vm *vm, enum guest_job job)
{
	int ret = vm_try(vm, job);

	if (ret != 0)
		vmm_fail(ret, "KVM_RUN");
}
