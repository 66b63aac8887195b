/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The calls of a VFIO user, on their way to the kernel. */

#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <wcbar_hold.h>
#include <wcbar_vfio_abi.h>

#include "choice.h"
#include "inter.h"
#include "inter_device.h"

#ifdef MAP_32BIT
#define MAP_BELOW_4G MAP_32BIT
#else
#define MAP_BELOW_4G 0
#endif

static _Atomic(const struct inter_calls *) calls_now;
static const struct inter_orders *orders;
/* A call from inside goes straight on. */
static __thread bool inside __attribute__((tls_model("initial-exec")));

/* Guards what follows, and the table of devices. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table table;
static struct choices choices;
static bool orders_read;

/*
 * From here to leave() the thread's own calls go straight on, and so do those of its signal
 * handlers, also while it waits. ioctl() and mmap() are no cancellation points, and a thread that
 * ended in here would keep the lock.
 */
static int
enter(void)
{
	int cancel;

	inside = true;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&lock);
	return cancel;
}

static void
leave(int cancel)
{
	pthread_mutex_unlock(&lock);
	inside = false;
	pthread_setcancelstate(cancel, NULL);
}

/* ---- orders -------------------------------------------------------------------------------- */

/* In the child of a fork: the thread that had the lock is not there. */
static void
forked(void)
{
	pthread_mutex_init(&lock, NULL);
}

void
inter_start(const struct inter_calls *calls, const struct inter_orders *new_orders)
{
	static bool once;

	if (!once)
		pthread_atfork(NULL, NULL, forked);
	once = true;
	orders = new_orders;
	atomic_store(&calls_now, calls);
}

void
inter_stop(void)
{
	inside = true;
	inter_device_forget_all();
	inside = false;
	table_free(&table);
	choices = (struct choices){0};
	orders_read = false;
	atomic_store(&calls_now, NULL);
}

static const char *
root(void)
{
	return orders->root != NULL ? orders->root : "";
}

static void
tell_refused(const struct inter_calls *calls, const char *bdf, unsigned int bar, const char *why)
{
	struct report r = {.event = REPORT_REFUSED, .bar = bar, .rung = WCBAR_RUNGS};

	r.pid = getpid();
	snprintf(r.bdf, sizeof(r.bdf), "%s", bdf);
	snprintf(r.why, sizeof(r.why), "%s", why);
	calls->tell(&r);
	if (orders->require)
		calls->exit(INTER_STATUS_REQUIRED);
}

/* Once, with the lock. */
static void
orders_take(const struct inter_calls *calls, const char *bdf)
{
	char why[WCBAR_WHY_BYTES];

	if (orders_read)
		return;
	orders_read = true;
	/* Of orders that are wrong in part nothing is done: a table may have said never. */
	if (orders->bars != NULL && !choices_parse(orders->bars, &choices)) {
		choices.n = 0;
		tell_refused(calls, bdf, 0,
			     INTER_ENV_BARS " is not a list of BARs like 0000:00:05.0:2");
	}
	if (orders->tables != NULL && table_read(&table, orders->tables, why, sizeof(why)) != 0) {
		table_free(&table);
		choices.n = 0;
		tell_refused(calls, bdf, 0, why);
	}
}

/* ---- the opening of a device --------------------------------------------------------------- */

struct opening {
	char bdf[16];
	unsigned int bars, held;
	struct wcbar_hold *hold[WCBAR_PCI_BARS];
	char hold_why[WCBAR_WHY_BYTES];
};

/* Which BARs of the device are wanted and may be. */
static void
opening_judge(const struct inter_calls *calls, struct opening *o)
{
	const struct wcbar_pci_options options = {.root = root()};
	char why[WCBAR_WHY_BYTES];
	struct wcbar_pci_facts facts;
	unsigned int wanted;

	if (wcbar_pci_facts_read(o->bdf, &options, &facts, why, sizeof(why)) != 0) {
		/* A program may see no /sys. Which tables know the device is then not known either.
		 */
		wanted = choices_bars(&choices, o->bdf);
		for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++) {
			if ((wanted & 1u << bar) != 0)
				tell_refused(calls, o->bdf, bar, why);
		}
		return;
	}
	wanted = choice_wanted(&table, &choices, &facts);
	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++) {
		int ret;

		if ((wanted & 1u << bar) == 0)
			continue;
		ret = choice_check(&table, &facts, bar, why, sizeof(why));
		/* Without root configuration space shows once VFIO has the device. */
		if (ret == 0 || ret == -ENODATA)
			o->bars |= 1u << bar;
		else
			tell_refused(calls, facts.bdf, bar, why);
	}
}

static void
opening_hold(struct opening *o)
{
	const struct wcbar_pci_options options = {.root = root()};

	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS && wcbar_hold_has_effect(); bar++) {
		if ((o->bars & 1u << bar) != 0 &&
		    wcbar_hold_open(o->bdf, &options, bar, 0, &o->hold[bar], o->hold_why,
				    sizeof(o->hold_why)) == 0)
			o->held |= 1u << bar;
	}
}

static void
opening_begin(const struct inter_calls *calls, struct opening *o)
{
	const int cancel = enter();

	orders_take(calls, o->bdf);
	opening_judge(calls, o);
	opening_hold(o);
	leave(cancel);
}

/* Once VFIO has it, MSI-X is known, and what shares a BAR with it is left alone. */
static void
opening_recheck(const struct inter_calls *calls, struct inter_device *d)
{
	const struct wcbar_pci_facts *facts = wcbar_pci_facts(d->pci);
	char why[WCBAR_WHY_BYTES];

	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++) {
		if ((d->bars & 1u << bar) == 0 ||
		    choice_check(&table, facts, bar, why, sizeof(why)) == 0)
			continue;
		d->bars &= ~(1u << bar);
		tell_refused(calls, facts->bdf, bar, why);
	}
}

static void
opening_end(const struct inter_calls *calls, struct opening *o, int fd)
{
	struct report r = {.event = REPORT_OPENED, .rung = WCBAR_RUNGS, .pid = getpid()};
	struct inter_device *d = NULL;
	char why[WCBAR_WHY_BYTES];
	const int cancel = enter();

	snprintf(r.bdf, sizeof(r.bdf), "%s", o->bdf);
	if (fd >= 0)
		calls->tell(&r);
	if (fd >= 0 && o->bars != 0) {
		d = inter_device_add(calls, fd, root(), o->bdf, why, sizeof(why));
		for (unsigned int bar = 0; bar < WCBAR_PCI_BARS && d == NULL; bar++) {
			if ((o->bars & 1u << bar) != 0)
				tell_refused(calls, o->bdf, bar, why);
		}
	}
	if (d != NULL) {
		d->bars = o->bars;
		d->held = o->held;
		memcpy(d->hold_why, o->hold_why, sizeof(d->hold_why));
		opening_recheck(calls, d);
	}
	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++)
		wcbar_hold_close(o->hold[bar]);
	leave(cancel);
}

/* "0000:00:05.0", and perhaps " vf_token=..." behind it. */
static bool
bdf_copy(const char *text, char bdf[16])
{
	const size_t n = strcspn(text, " ");

	if (n == 0 || n >= 16)
		return false;
	memcpy(bdf, text, n);
	bdf[n] = '\0';
	return true;
}

static int
open_call(const struct inter_calls *calls, int fd, unsigned long request, void *arg)
{
	const bool by_group = request == VFIO_GROUP_GET_DEVICE_FD;
	struct opening o = {.bdf = ""};
	const int before = errno;
	struct stat st;
	int ret, error;

	if (by_group ? arg == NULL || !bdf_copy(arg, o.bdf)
		     : calls->fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode) ||
			       wcbar_vfio_cdev_bdf(root(), major(st.st_rdev), minor(st.st_rdev),
						   o.bdf) != 0) {
		errno = before;
		return calls->ioctl(fd, request, arg);
	}
	opening_begin(calls, &o);
	errno = before;
	ret = calls->ioctl(fd, request, arg);
	error = errno;
	opening_end(calls, &o, ret < 0 ? -1 : by_group ? ret : fd);
	errno = error;
	return ret;
}

int
inter_ioctl(int fd, unsigned long request, void *arg)
{
	const struct inter_calls *calls = atomic_load_explicit(&calls_now, memory_order_acquire);

	if (calls == NULL)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (inside || (request != VFIO_GROUP_GET_DEVICE_FD && request != WCBAR_VFIO_BIND_IOMMUFD))
		return calls->ioctl(fd, request, arg);
	return open_call(calls, fd, request, arg);
}

/* ---- the mapping of a BAR ------------------------------------------------------------------ */

struct mapping {
	struct inter_device *device;
	unsigned int bar;
	uint64_t bar_off;
	/* as the program called */
	void *addr;
	size_t bytes;
	int prot, flags, fd;
	off_t off;
};

/*
 * Why no rung gave WC: what sysfs lacks or forbids; else what became of VFIO's own mapping; else
 * who has claimed the BAR.
 */
static const char *
reason(const struct mapping *m)
{
	const struct inter_device *d = m->device;
	const struct wcbar_answer *answers = wcbar_bar_answers(d->bar[m->bar]);
	const struct wcbar_answer *pat = &answers[WCBAR_RUNG_VFIO_PAT];
	const struct wcbar_answer *sysfs = answers[WCBAR_RUNG_SYSFS_RELAXED].error != -ENOTSUP
						   ? &answers[WCBAR_RUNG_SYSFS_RELAXED]
						   : &answers[WCBAR_RUNG_SYSFS_VFIO];

	if (sysfs->error != -EINVAL && sysfs->error != -EBUSY)
		return sysfs->why;
	if (pat->error == -EBUSY && (d->held & 1u << m->bar) == 0 && d->hold_why[0] != '\0')
		return d->hold_why;
	return pat->error != -ENOTSUP && pat->error != 0 ? pat->why : sysfs->why;
}

/* One line a BAR, and one more if a later piece of it is worse. */
static void
tell_mapped(const struct inter_calls *calls, const struct mapping *m, enum wcbar_type type,
	    enum wcbar_rung rung, enum report_source source, const char *why)
{
	struct inter_device *d = m->device;
	struct report r = {
		.event = REPORT_MAPPED,
		.pid = getpid(),
		.bar = m->bar,
		.off = m->bar_off,
		.bytes = m->bytes,
		.type = type,
		.rung = rung,
		.source = source,
	};

	if ((d->said & 1u << m->bar) != 0 && type == WCBAR_TYPE_WC)
		return;
	d->said |= 1u << m->bar;
	snprintf(r.bdf, sizeof(r.bdf), "%s", wcbar_pci_facts(d->pci)->bdf);
	snprintf(r.why, sizeof(r.why), "%s", why);
	calls->tell(&r);
	if (type != WCBAR_TYPE_WC && orders->require)
		calls->exit(INTER_STATUS_REQUIRED);
}

/* VFIO's own mapping is what is left: which type will it have? */
static void
tell_vfio(const struct inter_calls *calls, const struct mapping *m, const char *why)
{
	const struct inter_device *d = m->device;
	enum wcbar_type type;
	int ret = wcbar_bar_kernel_type(d->bar[m->bar], m->bar_off, m->bytes, &type, NULL, 0);

	if (ret == 0 && type != WCBAR_TYPE_UNKNOWN)
		tell_mapped(calls, m, type, WCBAR_RUNG_VFIO, REPORT_BY_LIST, why);
	else if ((d->held & 1u << m->bar) != 0)
		tell_mapped(calls, m, WCBAR_TYPE_UNKNOWN, WCBAR_RUNG_VFIO, REPORT_BY_NOBODY, why);
	else
		tell_mapped(calls, m, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO, REPORT_BY_FILE, why);
}

/* The ladder at `place`. 0, or an error after which the call goes on as it was. */
static int
map_at(const struct inter_calls *calls, const struct mapping *m, void *place)
{
	struct wcbar_bar *bar = m->device->bar[m->bar];
	const size_t page = wcbar_pci_facts(m->device->pci)->page_bytes;
	const size_t bytes = (m->bytes + page - 1) / page * page;
	struct wcbar_window win;
	enum wcbar_type type;
	int ret;

	/* What lies at `place` is not touched unless the kernel granted something. */
	ret = wcbar_bar_map_at(bar, m->bar_off, bytes, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, place,
			       m->prot, &win);
	if (ret == 0) {
		const bool listed = wcbar_bar_kernel_type(bar, m->bar_off, bytes, &type, NULL, 0) ==
					    0 &&
				    type == WCBAR_TYPE_WC;

		tell_mapped(calls, m, WCBAR_TYPE_WC, wcbar_bar_rung(bar, m->bar_off),
			    listed ? REPORT_BY_LIST : REPORT_BY_FILE, "");
		return 0;
	}
	if (!wcbar_bar_excludes_vfio(bar))
		return ret;
	/* VFIO's mapping would take the other pieces of this BAR away from the program. */
	tell_mapped(calls, m, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC, REPORT_BY_FILE, reason(m));
	return wcbar_bar_map_at(bar, m->bar_off, bytes, WCBAR_TYPE_UC, 0, place, m->prot, &win);
}

/* With the lock, and inside. */
static void *
map_bar(const struct inter_calls *calls, const struct mapping *m)
{
	const bool replaces = (m->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED;
	void *place = m->addr, *got;
	int error;

	if (!replaces) {
		/* A place of the program's choice, or of the kernel's. */
		place = calls->mmap(m->addr, m->bytes, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
					    (m->flags & (MAP_FIXED_NOREPLACE | MAP_BELOW_4G)),
				    -1, 0);
		if (place == MAP_FAILED)
			return place;
	}
	if (map_at(calls, m, place) == 0)
		return place;
	if (orders->require)
		tell_vfio(calls, m, reason(m));
	if (!replaces)
		munmap(place, m->bytes);
	got = calls->mmap(m->addr, m->bytes, m->prot, m->flags, m->fd, m->off);
	error = errno;
	if (got != MAP_FAILED && !orders->require)
		tell_vfio(calls, m, reason(m));
	errno = error;
	return got;
}

/* Whether the call is about a wanted BAR; with the lock, and inside. */
static bool
mapping_find(const struct inter_calls *calls, struct mapping *m)
{
	struct inter_device *d = inter_device_find(calls, m->fd);
	char why[WCBAR_WHY_BYTES];

	if (d == NULL ||
	    wcbar_pci_bar_at(d->pci, (uint64_t)m->off, m->bytes, &m->bar, &m->bar_off) != 0 ||
	    (d->bars & 1u << m->bar) == 0)
		return false;
	if (d->bar[m->bar] == NULL &&
	    wcbar_bar_open(d->pci, m->bar, &d->bar[m->bar], why, sizeof(why)) != 0) {
		tell_refused(calls, wcbar_pci_facts(d->pci)->bdf, m->bar, why);
		return false;
	}
	m->device = d;
	return true;
}

void *
inter_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t off)
{
	const struct inter_calls *calls = atomic_load_explicit(&calls_now, memory_order_acquire);
	struct mapping m = {NULL, 0, 0, addr, bytes, prot, flags, fd, off};
	const int before = errno;
	int error, cancel;
	void *got;

	if (calls == NULL)
		return (void *)syscall(SYS_mmap, addr, bytes, prot, flags, fd, off);
	if (fd < 0 || inside || !inter_device_any() || (flags & MAP_ANONYMOUS) != 0 || bytes == 0 ||
	    off < 0 || (flags & MAP_TYPE) == MAP_PRIVATE)
		return calls->mmap(addr, bytes, prot, flags, fd, off);
	cancel = enter();
	if (mapping_find(calls, &m)) {
		errno = before;
		got = map_bar(calls, &m);
	} else {
		errno = before;
		got = calls->mmap(addr, bytes, prot, flags, fd, off);
	}
	error = got == MAP_FAILED ? errno : before;
	leave(cancel);
	errno = error;
	return got;
}
