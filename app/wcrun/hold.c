/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcrun hold: keeps BARs mapped write-combining, and touches none. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <app_error.h>
#include <wcbar_hold.h>

#include "notify.h"
#include "session.h"

/* How often it looks whether the device is still out of the kernel drivers' hands. */
#define LOOK_MS 1000

/* All or nothing. */
static enum status
holds_open(const struct session *s, struct wcbar_hold **holds)
{
	const struct wcbar_pci_options options = {.root = s->options->root};
	char why[WCBAR_WHY_BYTES];

	for (unsigned int i = 0; i < s->machine.n; i++) {
		const struct machine_bar *b = &s->machine.bars[i];
		int ret = b->refused != 0 ? b->refused : b->hold.error;

		snprintf(why, sizeof(why), "%s", b->refused != 0 ? b->why : b->hold.why);
		if (ret == 0)
			ret = wcbar_hold_open(b->facts.bdf, &options, b->bar, WCBAR_HOLD_ALONE,
					      &holds[i], why, sizeof(why));
		if (ret != 0) {
			app_error("%s", why);
			return STATUS_FAILED;
		}
		app_error("holds %s BAR %u, 0x%llx bytes; WC is %s%s%s", b->facts.bdf, b->bar,
			  (unsigned long long)b->facts.bars[b->bar].bytes,
			  b->hold.sure ? "what such kernels give" : "likely",
			  b->hold.why[0] != '\0' ? ": " : "", b->hold.why);
	}
	return STATUS_OK;
}

/* A hold would make the registers of whoever binds next write-combining. */
static bool
still_free(const struct session *s)
{
	/* The kernel's configuration does not change: it is not read each second. */
	const struct wcbar_pci_options options = {.root = s->options->root,
						  .config = &s->machine.config};
	char why[WCBAR_WHY_BYTES];
	struct wcbar_pci_facts facts;

	for (unsigned int i = 0; i < s->machine.n; i++) {
		const struct wcbar_pci_facts *old = &s->machine.bars[i].facts;

		if (wcbar_pci_facts_read(old->bdf, &options, &facts, why, sizeof(why)) != 0) {
			app_error("lets go: %s", why);
			return false;
		}
		if (strcmp(facts.driver, old->driver) != 0) {
			app_error("lets go: %s was taken from %s", old->bdf, old->driver);
			return false;
		}
	}
	return true;
}

/* Until somebody ends it, or it must let go. */
static enum status
wait_end(const struct session *s, int signals)
{
	struct pollfd fd = {.fd = signals, .events = POLLIN};

	for (;;) {
		int n = poll(&fd, 1, LOOK_MS);

		if (n > 0)
			return STATUS_OK;
		if (n < 0 && errno != EINTR)
			return STATUS_FAILED;
		if (!still_free(s))
			return STATUS_FAILED;
	}
}

int
hold_bars(struct session *s)
{
	struct wcbar_hold *holds[CHOICES_MAX] = {NULL};
	enum status status = STATUS_FAILED;
	sigset_t set;
	int signals, ret;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0) {
		app_error("no signals: %s", strerror(errno));
		return STATUS_FAILED;
	}
	status = holds_open(s, holds);
	if (status == STATUS_OK) {
		ret = notify_send("READY=1\nSTATUS=holds its BARs");
		if (ret != 0)
			app_error("the service manager cannot be told: %s", strerror(-ret));
		status = wait_end(s, signals);
		if (notify_send("STOPPING=1") != 0)
			app_error("the service manager is gone");
	}
	for (unsigned int i = 0; i < s->machine.n; i++)
		wcbar_hold_close(holds[i]);
	close(signals);
	return status;
}
