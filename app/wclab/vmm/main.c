/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcvmm: the card, the guest's memory that the card reaches too, marks and results. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <app_error.h>
#include <app_number.h>
#include <app_options.h>
#include <wcnic_abi.h>

#include "vmm.h"

static const char help[] =
	"usage: wcvmm BDF --json FILE [--guest FILE]\n"
	"\n"
	"A virtual machine monitor for one experiment: gives the window BAR of a wcnic card to a\n"
	"guest in several ways, lets the guest store into it, and marks each region for whoever\n"
	"watches the bus (app/wclab). BDF is a PCI address, 0000:00:10.0, on vfio-pci.\n"
	"\n"
	"  --json FILE    what was done under which mark\n"
	"  --guest FILE   the guest's program (default: /wcnic/wcvmm-guest)\n"
	"  --help\n"
	"\n"
	"Pieces from VFIO and from sysfs together need iomem=relaxed on the kernel's command "
	"line.\n";

struct options {
	const char *json, *guest;
};

static const struct app_option table[] = {
	APP_TEXT("json", struct options, json),
	APP_TEXT("guest", struct options, guest),
	{0},
};

static struct vmm vmm;

void
vmm_fail(int error, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	app_error(error != 0 ? "%s: %s" : "%s", text, strerror(abs(error)));
	exit(1);
}

/* A card that was given memory is reset before the memory goes (datasheet, section 2). */
static void
card_reset(void)
{
	wcbar_write32((char *)vmm.regs.addr + WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	while (wcbar_read32((char *)vmm.regs.addr + WCNIC_REG_STATUS) == 0)
		usleep(1000);
	wcbar_pci_bus_master(vmm.pci, false);
	wcbar_pci_dma_unmap(vmm.pci, GUEST_RAM_BYTES, GUEST_RAM_IPA);
}

static void
card_open(struct vmm *v, const char *bdf)
{
	char why[WCBAR_WHY_BYTES] = "";
	const struct wcbar_pci_facts *f;

	if (wcbar_pci_open(bdf, NULL, &v->pci, why, sizeof(why)) != 0)
		vmm_fail(0, "%s: %s", bdf, why);
	f = wcbar_pci_facts(v->pci);
	if (f->vendor != WCNIC_PCI_VENDOR_ID || f->device != WCNIC_PCI_DEVICE_ID ||
	    wcbar_pci_vfio_fd(v->pci) < 0)
		vmm_fail(0, "%s: it must be a wcnic card that vfio-pci drives", bdf);
	if (wcbar_bar_open(v->pci, WCNIC_BAR_REGS, &v->regs_bar, why, sizeof(why)) != 0)
		vmm_fail(0, "the card's registers: %s", why);
	if (wcbar_bar_map(v->regs_bar, 0, WCNIC_BAR_REGS_BYTES, WCBAR_TYPE_UC, 0, &v->regs) != 0)
		vmm_fail(0, "the card's registers cannot be mapped");
	bar_open(&v->bar, v->pci);
}

/* The guest's physical addresses are the card's, as with any machine without a virtual IOMMU. */
static void
ram_make(struct vmm *v)
{
	int ret;

	v->ram = mmap(NULL, GUEST_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (v->ram == MAP_FAILED)
		vmm_fail(errno, "the guest's memory");
	ret = wcbar_pci_dma_map(v->pci, v->ram, GUEST_RAM_BYTES, GUEST_RAM_IPA);
	if (ret == 0)
		ret = wcbar_pci_bus_master(v->pci, true);
	if (ret != 0)
		vmm_fail(ret, "the guest's memory for the card");
	atexit(card_reset);
}

void
vmm_mark(struct vmm *v)
{
	wcbar_write32((char *)v->regs.addr + WCNIC_REG_MARK, ++v->mark);
}

void
vmm_unmark(struct vmm *v)
{
	wcbar_write32((char *)v->regs.addr + WCNIC_REG_MARK, 0);
}

static int
results_write(struct vmm *v, const char *path)
{
	struct json_object *all = json_object_new_object();

	app_json_add_text(all, "kernel", wcbar_pci_facts(v->pci)->kernel);
	app_json_add_bool(all, "iomem_relaxed", wcbar_pci_facts(v->pci)->iomem_relaxed);
	app_json_add_u64(all, "bar_bytes", v->bar.bytes);
	app_json_add(all, "ways", v->ways);
	app_json_add(all, "windows", v->windows);
	return app_json_write(all, path) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct options options = {.guest = "/wcnic/wcvmm-guest"};
	const struct app_option_group groups[] = {{table, &options}, {0}};
	char bdf[APP_PCI_ADDRESS_BYTES];
	int first;

	setvbuf(stdout, NULL, _IOLBF, 0);
	switch (app_options_parse(groups, help, NULL, argc, argv, &first)) {
	case APP_OPTIONS_DONE:
		return 0;
	case APP_OPTIONS_BAD:
		return 2;
	case APP_OPTIONS_RUN:
		break;
	}
	if (argc - first != 1 || !app_pci_address(argv[first], bdf) || options.json == NULL) {
		app_error("expected one PCI address such as 0000:00:10.0, and --json FILE; see "
			  "wcvmm --help");
		return 2;
	}
	vmm.guest = options.guest;
	vmm.ways = json_object_new_array();
	vmm.windows = json_object_new_array();
	card_open(&vmm, bdf);
	ram_make(&vmm);
	ways_run(&vmm);
	windows_run(&vmm);
	return results_write(&vmm, options.json);
}
