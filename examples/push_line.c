/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Pushes whole lines into the BAR of any PCI device, with lib/wcbar alone: no DPDK, no driver, and
 * nothing that knows the device. Try it on QEMU's ivshmem-plain, whose BAR 2 is memory. Writes only
 * into the range that it is given, and prints which rung of the ladder gave the mapping.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wcbar.h>
#include <wcbar_pci.h>

#define WORDS (WCBAR_LINE_BYTES / sizeof(uint64_t))

struct job {
	const char *bdf;
	uint64_t bar, off, bytes, lines;
	bool verify, windows_only;
	struct wcbar_pci *pci;
	struct wcbar_bar *range;
	struct wcbar_window pages; /* the whole pages around [off, off + bytes) */
};

static int
usage(void)
{
	fprintf(stderr,
		"usage: push_line BDF BAR OFFSET LENGTH [--lines N] [--verify] [--windows-only]\n"
		"  OFFSET, LENGTH  the part of the BAR that may be overwritten, whole 64-byte "
		"lines;\n"
		"                  nothing is written without them\n"
		"  --lines N       how many lines to push, over and over the range (default 1000)\n"
		"  --verify        read them back uncached: only if the BAR is memory\n"
		"  --windows-only  the BAR has no registers: on x86 all of it may become WC\n");
	return 2;
}

static bool
number_parse(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool
arguments_parse(struct job *job, int argc, char **argv)
{
	static const struct option options[] = {
		{"lines", required_argument, NULL, 'l'},
		{"verify", no_argument, NULL, 'v'},
		{"windows-only", no_argument, NULL, 'w'},
		{NULL, 0, NULL, 0},
	};
	int c;

	job->lines = 1000;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'v')
			job->verify = true;
		else if (c == 'w')
			job->windows_only = true;
		else if (c != 'l' || !number_parse(optarg, &job->lines) || job->lines == 0)
			return false;
	}
	if (argc - optind != 4)
		return false;
	job->bdf = argv[optind];
	return number_parse(argv[optind + 1], &job->bar) && job->bar < WCBAR_PCI_BARS &&
	       number_parse(argv[optind + 2], &job->off) &&
	       number_parse(argv[optind + 3], &job->bytes) && job->bytes > 0 &&
	       (job->off | job->bytes) % WCBAR_LINE_BYTES == 0;
}

static int
fail(const char *what, int error, const char *why)
{
	fprintf(stderr, "push_line: %s: %s\n", what, why[0] != '\0' ? why : strerror(-error));
	return error;
}

static int
job_open(struct job *job)
{
	struct wcbar_pci_options options = WCBAR_PCI_OPTIONS_DEFAULT;
	char why[WCBAR_WHY_BYTES] = "";
	const struct wcbar_pci_facts *f;
	int ret;

	ret = wcbar_sigbus_install();
	if (ret != 0)
		return fail("handler", ret, "");
	options.wc_bars = job->windows_only ? 1u << job->bar : 0;
	ret = wcbar_pci_open(job->bdf, &options, &job->pci, why, sizeof(why));
	if (ret != 0)
		return fail(job->bdf, ret, why);
	f = wcbar_pci_facts(job->pci);
	printf("device %s %04x:%04x, driver %s, Linux %s\n", f->bdf, f->vendor, f->device,
	       f->driver[0] != '\0' ? f->driver : "none", f->kernel);
	ret = wcbar_bar_open(job->pci, (unsigned int)job->bar, &job->range, why, sizeof(why));
	if (ret != 0)
		return fail("BAR", ret, why);
	if (job->off > f->bars[job->bar].bytes || job->bytes > f->bars[job->bar].bytes - job->off)
		return fail("range", -EINVAL, "it does not lie within the BAR");
	return 0;
}

static int
pages_map(struct job *job, enum wcbar_type type)
{
	const size_t page = wcbar_pci_facts(job->pci)->page_bytes;
	const uint64_t first = job->off / page * page;
	const uint64_t end = (job->off + job->bytes + page - 1) / page * page;

	return wcbar_bar_map(job->range, first, (size_t)(end - first), type, 0, &job->pages);
}

/* The part that may be written, of the pages that are mapped. */
static struct wcbar_window
writable_range(const struct job *job)
{
	const size_t page = wcbar_pci_facts(job->pci)->page_bytes;
	struct wcbar_window win = job->pages;

	win.addr = (uint8_t *)win.addr + job->off % page;
	win.bytes = (size_t)job->bytes;
	return win;
}

static void
answers_print(const struct job *job)
{
	const struct wcbar_answer *answers = wcbar_bar_answers(job->range);

	printf("rung %s type %s\n", wcbar_rung_name(wcbar_bar_rung(job->range, job->off)),
	       wcbar_type_name(job->pages.type));
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		if (answers[i].error != 0 && answers[i].error != -ECANCELED)
			printf("  not %s: %s\n", wcbar_rung_name(answers[i].rung), answers[i].why);
	}
}

static void
line_fill(uint64_t *line, uint64_t number)
{
	for (size_t i = 0; i < WORDS; i++)
		line[i] = (number + 1) * 0x9e3779b97f4a7c15ull + i;
}

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
lines_push(const struct job *job, const struct wcbar_window *win)
{
	const uint64_t places = win->bytes / WCBAR_LINE_BYTES;
	_Alignas(WCBAR_LINE_BYTES) uint64_t line[WORDS];
	const double start = now_ns();

	for (uint64_t i = 0; i < job->lines; i++) {
		line_fill(line, i);
		win->store->lines((uint8_t *)win->addr + i % places * WCBAR_LINE_BYTES, line, 1);
		win->store->drain();
	}
	printf("pushed %llu lines by %s: %.0f ns each with its drain\n",
	       (unsigned long long)job->lines, win->store->name,
	       (now_ns() - start) / (double)job->lines);
}

/*
 * Through an uncached mapping, since write-combining memory is not for reading; but where the whole
 * BAR became that, and there is no other, a read of it is slow and no more.
 */
static int
lines_verify(struct job *job)
{
	const uint64_t places = job->bytes / WCBAR_LINE_BYTES;
	const uint64_t last = job->lines > places ? job->lines - places : 0;
	uint64_t line[WORDS];
	struct wcbar_window win;
	int ret;

	wcbar_bar_unmap(job->range, &job->pages);
	ret = pages_map(job, WCBAR_TYPE_UC);
	if (ret != 0)
		ret = pages_map(job, WCBAR_TYPE_WC);
	if (ret != 0)
		return fail("no mapping to verify with", ret,
			    wcbar_bar_answers(job->range)[WCBAR_RUNG_VFIO].why);
	win = writable_range(job);
	for (uint64_t i = last; i < job->lines; i++) {
		const uint64_t *at = (const uint64_t *)win.addr + i % places * WORDS;

		line_fill(line, i);
		for (size_t w = 0; w < WORDS; w++) {
			if (wcbar_read64(&at[w]) != line[w])
				return fail("verify", -EIO, "what came back is not what was sent");
		}
	}
	printf("verified %llu lines through a mapping of type %s by %s\n",
	       (unsigned long long)(job->lines - last), wcbar_type_name(win.type),
	       wcbar_rung_name(wcbar_bar_rung(job->range, job->off)));
	return 0;
}

static int
job_run(struct job *job)
{
	struct wcbar_calibration cal;
	struct wcbar_window win;
	bool combining;
	int ret = pages_map(job, WCBAR_TYPE_WC);

	if (ret != 0)
		return fail("no mapping", ret,
			    wcbar_bar_answers(job->range)[WCBAR_RUNG_SYSFS_UC].why);
	answers_print(job);
	win = writable_range(job);
	combining = win.type == WCBAR_TYPE_WC;
	ret = wcbar_calibrate(&win, win.bytes / WCBAR_LINE_BYTES < 16 ? 1 : 16, &cal);
	if (ret != 0)
		return fail("calibration", ret, "");
	printf("stores are %s (%.0f ns for 8 bytes)\n", cal.direct ? "direct" : "emulated",
	       cal.ns_per_store);
	for (size_t i = 0; i < cal.ranks; i++)
		printf("  %-10s %8.1f ns a line\n", cal.rank[i].store->name,
		       cal.rank[i].ns_per_line);
	lines_push(job, &win);
	ret = job->verify ? lines_verify(job) : 0;
	if (wcbar_bar_revoked(job->range, NULL))
		return fail("revoked", -EIO, "the kernel took the mapping away");
	if (ret == 0)
		printf("verdict: mapped %s%s\n",
		       combining ? "write-combining" : "uncached, each store leaves alone",
		       combining && wcbar_pci_facts(job->pci)->hypervisor
			       ? ", if the hypervisor below does so too"
			       : "");
	return ret;
}

int
main(int argc, char **argv)
{
	struct job job = {0};
	int ret;

	if (!arguments_parse(&job, argc, argv))
		return usage();
	ret = job_open(&job);
	if (ret == 0)
		ret = job_run(&job);
	wcbar_pci_close(job.pci);
	return ret == 0 ? 0 : 1;
}
