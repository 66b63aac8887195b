/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * libwcrun.so as the loader sees it: the functions that it puts before libc's, and its start.
 * Preloaded (LD_PRELOAD), the program's calls come here by their names. Loaded later, as by EAL's
 * option -d, it sends the calls of EAL and of its PCI bus here.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "inter.h"

#define ORDER_BARS_BYTES 4096u /* CHOICES_MAX BARs, and blanks */
#define REPORT_WAIT_MS 10000
#define ENV_VERBOSE "WCRUN_VERBOSE" /* 1: says what it found at the start, and counts calls */

/* ---- libc's names -------------------------------------------------------------------------- */

/*
 * The link gives these the names ioctl, mmap and mmap64 that the loader sees. In this file those
 * names would mean libc's functions wherever these come first.
 */
WC_PUBLIC int wcrun_ioctl(int fd, unsigned long request, ...);
WC_PUBLIC void *wcrun_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t off);

static bool verbose;
static bool
	silent; /* standard error was closed at the start: its number may be any file's by now */
static atomic_ulong ioctls, mmaps; /* calls that came here, if verbose */

int
wcrun_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (verbose)
		atomic_fetch_add(&ioctls, 1);
	return inter_ioctl(fd, request, arg);
}

void *
wcrun_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t off)
{
	if (verbose)
		atomic_fetch_add(&mmaps, 1);
	return inter_mmap(addr, bytes, prot, flags, fd, off);
}

/* ---- the calls below ----------------------------------------------------------------------- */

static int (*next_ioctl)(int, unsigned long, ...);
static void *(*next_mmap)(void *, size_t, int, int, int, off64_t);

static int
call_ioctl(int fd, unsigned long request, void *arg)
{
	return next_ioctl(fd, request, arg);
}

static void *
call_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t off)
{
	return next_mmap(addr, bytes, prot, flags, fd, off);
}

static int
call_same_file(int a, int b)
{
	const pid_t pid = getpid();

	return (int)syscall(SYS_kcmp, pid, pid, KCMP_FILE, a, b);
}

static const char *socket_path; /* NULL: nobody listens */

static bool
room_wait(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return poll(&room, 1, REPORT_WAIT_MS) > 0;
}

/*
 * To a wcrun that has ended nothing is sent. One that is busy takes few at a time, so this waits,
 * but not for one that was stopped.
 */
static void
send_report(const struct report *report)
{
	const char *path = socket_path;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char text[REPORT_BYTES];
	size_t n;
	int fd;

	if (path == NULL)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	memcpy(to.sun_path, path, strlen(path));
	n = report_pack(report, text, sizeof(text));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0) {
		while (send(fd, text, n, MSG_NOSIGNAL) < 0 && errno == EAGAIN && room_wait(fd))
			;
	}
	close(fd);
}

/* Without SIGPIPE: nobody may read the lines, and the program runs on. */
static void
line_write(const char *line, size_t n)
{
	const struct timespec at_once = {0, 0};
	sigset_t broken, mask, pending;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken, &mask);
	if (write(STDERR_FILENO, line, n) < 0 && errno == EPIPE &&
	    sigismember(&pending, SIGPIPE) == 0)
		sigtimedwait(&broken, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

WC_PRINTF(1, 2)
static void
say(const char *format, ...)
{
	char line[REPORT_BYTES];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (n < 0 || silent)
		return;
	n = n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2;
	line[n++] = '\n';
	line_write(line, (size_t)n);
}

static void
call_tell(const struct report *report)
{
	char text[REPORT_BYTES];

	send_report(report);
	if (report->event == REPORT_OPENED && !verbose)
		return;
	report_text(report, text, sizeof(text) - sizeof("wcrun: "));
	say("wcrun: %s", text);
}

/* ---- the start ----------------------------------------------------------------------------- */

static const struct inter_calls calls = {
	.ioctl = call_ioctl,
	.mmap = call_mmap,
	.fstat = fstat,
	.same_file = call_same_file,
	.exit = _exit,
	.tell = call_tell,
};

static struct inter_orders orders;

/* Which of two libraries was loaded first: this one, or libc. */
struct order {
	bool decided, own_first;
};

static bool
image_has(const struct dl_phdr_info *info, uintptr_t addr)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && addr - info->dlpi_addr - p->p_vaddr < p->p_memsz)
			return true;
	}
	return false;
}

static int
order_look(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct order *order = data;

	(void)bytes;
	order->own_first = image_has(info, (uintptr_t)wcrun_ioctl);
	order->decided = order->own_first || image_has(info, (uintptr_t)gnu_get_libc_version);
	return order->decided;
}

/* Preloaded, it comes before libc; loaded by the running program, behind it. */
static bool
is_preloaded(void)
{
	struct order order = {false, false};

	dl_iterate_phdr(order_look, &order);
	return order.own_first;
}

static void
slots_take(void)
{
	static const char *const libraries[] = {"librte_eal.", "librte_bus_pci."};
	const struct inter_slot slots[] = {
		{"ioctl", (void *)wcrun_ioctl},
		{"mmap", (void *)wcrun_mmap},
		{"mmap64", (void *)wcrun_mmap},
	};
	int found = 0;

	for (unsigned int i = 0; i < 2; i++) {
		int n = inter_slots_rewrite(libraries[i], slots, sizeof(slots) / sizeof(slots[0]));

		if (n < 0)
			say("wcrun: the calls of %sso could not be taken over: %s", libraries[i],
			    strerror(-n));
		else if (verbose)
			say("wcrun: %sso: %d slots", libraries[i], n);
		found += n > 0 ? n : 0;
	}
	if (found == 0)
		say("wcrun: there is no shared EAL in this program, so nothing is done: start the "
		    "program with wcrun");
}

/*
 * A copy of a variable; NULL: there is none; "?", which is no order: it does not fit. Programs
 * write over their environment: for a title in ps, for instance.
 */
static const char *
order_copy(const char *name, char *text, size_t bytes)
{
	const char *value = secure_getenv(name);

	if (value == NULL)
		return NULL;
	snprintf(text, bytes, "%s", strlen(value) < bytes ? value : "?");
	return text;
}

static void
orders_copy(void)
{
	static char bars[ORDER_BARS_BYTES], tables[PATH_MAX], root[PATH_MAX];
	static char reports[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	orders.bars = order_copy(INTER_ENV_BARS, bars, sizeof(bars));
	orders.tables = order_copy(INTER_ENV_TABLES, tables, sizeof(tables));
	if (orders.tables == NULL)
		orders.tables = WCRUN_TABLES_DIR;
	orders.root = order_copy(INTER_ENV_ROOT, root, sizeof(root));
	socket_path = order_copy(INTER_ENV_SOCKET, reports, sizeof(reports));
}

__attribute__((constructor)) static void
start(void)
{
	const char *text = secure_getenv(ENV_VERBOSE);
	const bool preloaded = is_preloaded();
	/* Behind this library, or whatever the program finds first. */
	void *const where = preloaded ? RTLD_NEXT : RTLD_DEFAULT;

	verbose = text != NULL && strcmp(text, "1") == 0;
	silent = fcntl(STDERR_FILENO, F_GETFD) < 0;
	next_ioctl = (int (*)(int, unsigned long, ...))dlsym(where, "ioctl");
	next_mmap = (void *(*)(void *, size_t, int, int, int, off64_t))dlsym(where, "mmap64");
	if (next_ioctl == NULL || next_mmap == NULL)
		return;
	orders_copy();
	text = secure_getenv(INTER_ENV_REQUIRE);
	orders.require = text != NULL && strcmp(text, "1") == 0;
	inter_start(&calls, &orders);
	if (!preloaded)
		slots_take();
}

__attribute__((destructor)) static void
end(void)
{
	if (verbose)
		say("wcrun: %lu calls of ioctl, %lu of mmap came by", atomic_load(&ioctls),
		    atomic_load(&mmaps));
}
