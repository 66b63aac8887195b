/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What the mapping ladder answers at each moment in the life of a BAR under vfio-pci, as one line
 * of JSON: nothing open ("bound"), the VFIO device open ("open"), the BAR mapped by VFIO
 * ("vfio_mapped"), a sysfs mapping made before that and used after it ("kept"), and the device
 * opened with the BAR held write-combining meanwhile ("held"). "answer" is what the sysfs rung
 * said: works, demoted (granted, but not write-combining), revoked, or the kernel's error.
 * Writes the first 8 bytes of the BAR, and writes back what was there.
 */

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <wcbar_pci.h>
#include <wcbase.h>

#define PATTERN 0x5ca1ab1e0ddba11ull

static const char *bdf;
static unsigned int number;

WC_NORETURN static void
die(const char *what, const char *why)
{
	fprintf(stderr, "ladder_moments: %s: %s\n", what, why);
	exit(1);
}

static struct wcbar_pci *
device_open(int vfio_fd, unsigned int wc_bars, struct wcbar_bar **bar)
{
	const struct wcbar_pci_options options = {.vfio_fd = vfio_fd, .wc_bars = wc_bars};
	char why[WCBAR_WHY_BYTES] = "";
	struct wcbar_pci *pci;

	if (wcbar_pci_open(bdf, &options, &pci, why, sizeof(why)) != 0)
		die("open", why);
	if (wcbar_bar_open(pci, number, bar, why, sizeof(why)) != 0)
		die("BAR", why);
	return pci;
}

/* By VFIO and nothing else, whatever the ladder would think of it. */
static void *
vfio_map(const struct wcbar_pci *pci)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = number};
	const int fd = wcbar_pci_vfio_fd(pci);
	void *addr;

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info) != 0)
		die("VFIO region", strerror(errno));
	addr = mmap(NULL, wcbar_pci_facts(pci)->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)info.offset);
	if (addr == MAP_FAILED)
		die("VFIO mmap", strerror(errno));
	(void)wcbar_read64(addr); /* some kernels map when the first access faults */
	return addr;
}

static const char *
answer_name(const struct wcbar_answer *answers, bool relaxed)
{
	int error = answers[relaxed ? WCBAR_RUNG_SYSFS_RELAXED : WCBAR_RUNG_SYSFS_VFIO].error;

	if (error == 0)
		return "works";
	return error == -EBUSY ? "demoted" : strerrorname_np(-error);
}

static void
answers_print(const char *moment, const char *answer, const struct wcbar_answer *answers)
{
	const char *sep = "";

	printf(", \"%s\": {\"answer\": \"%s\", \"rungs\": {", moment, answer);
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++, sep = ", ")
		printf("%s\"%s\": {\"type\": \"%s\", \"error\": %d, \"why\": \"%s\"}", sep,
		       wcbar_rung_name(answers[i].rung), wcbar_type_name(answers[i].type),
		       answers[i].error, answers[i].why);
	printf("}}");
}

static void
moment_probe(const char *moment, int vfio_fd, unsigned int wc_bars, bool mapped)
{
	struct wcbar_answer answers[WCBAR_RUNGS];
	struct wcbar_bar *bar;
	struct wcbar_pci *pci = device_open(vfio_fd, wc_bars, &bar);
	const struct wcbar_pci_facts *f = wcbar_pci_facts(pci);
	void *by_vfio = mapped ? vfio_map(pci) : NULL;

	if (wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers) != 0)
		die(moment, "the ladder cannot be asked");
	answers_print(moment, answer_name(answers, wcbar_sysfs_maps_claimed(f)), answers);
	if (by_vfio != NULL)
		munmap(by_vfio, f->page_bytes);
	wcbar_pci_close(pci);
}

/* The mapping that was made before VFIO had the BAR, stored to afterwards. */
static void
moment_kept(void)
{
	struct wcbar_bar *before, *after;
	struct wcbar_pci *closed = device_open(WCBAR_VFIO_CLOSED, 0, &before), *open;
	const size_t page = wcbar_pci_facts(closed)->page_bytes;
	struct wcbar_window win;
	const char *answer;
	uint64_t old, *by_vfio;

	if (wcbar_bar_map(before, 0, page, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, &win) != 0)
		die("kept", "there is no write-combining mapping to keep");
	open = device_open(WCBAR_VFIO_OPEN, 0, &after);
	by_vfio = vfio_map(open);
	old = wcbar_read64(by_vfio);
	wcbar_write64(win.addr, PATTERN);
	win.store->drain();
	if (wcbar_bar_revoked(before, NULL))
		answer = "revoked";
	else
		answer = wcbar_read64(by_vfio) == PATTERN ? "works" : "lost";
	wcbar_write64(by_vfio, old);
	answers_print("kept", answer, wcbar_bar_answers(before));
	munmap(by_vfio, page);
	wcbar_pci_close(open);
	wcbar_pci_close(closed);
}

static void
moment_held(void)
{
	struct wcbar_bar *bar;
	struct wcbar_pci *pci = device_open(WCBAR_VFIO_OPEN, 1u << number, &bar);
	struct wcbar_window win;
	int ret = wcbar_bar_map(bar, 0, wcbar_pci_facts(pci)->page_bytes, WCBAR_TYPE_WC, 0, &win);

	if (ret != 0)
		die("held", strerror(-ret));
	answers_print("held", wcbar_rung_name(wcbar_bar_rung(bar, 0)), wcbar_bar_answers(bar));
	wcbar_pci_close(pci);
}

int
main(int argc, char **argv)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct wcbar_pci_facts facts;

	if (argc != 3 || strlen(argv[2]) != 1 || argv[2][0] < '0' || argv[2][0] > '5') {
		fprintf(stderr, "usage: ladder_moments BDF BAR, of a device bound to vfio-pci\n");
		return 2;
	}
	bdf = argv[1];
	number = (unsigned int)(argv[2][0] - '0');
	if (wcbar_pci_facts_read(bdf, NULL, &facts, why, sizeof(why)) != 0)
		die("facts", why);
	if (wcbar_sigbus_install() != 0)
		die("SIGBUS", "no handler");
	printf("{\"kernel\": \"%s\", \"iomem_relaxed\": %s", facts.kernel,
	       facts.iomem_relaxed ? "true" : "false");
	moment_probe("bound", WCBAR_VFIO_CLOSED, 0, false);
	moment_probe("open", WCBAR_VFIO_OPEN, 0, false);
	moment_probe("vfio_mapped", WCBAR_VFIO_OPEN, 0, true);
	moment_kept();
	moment_held();
	printf("}\n");
	return 0;
}
