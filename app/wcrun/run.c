/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The program: started, listened to, and waited for. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <app_error.h>
#include <wcbar_hold.h>

#include "inter.h"
#include "session.h"

#define BARS_TEXT_BYTES (CHOICES_MAX * 24u)

struct run {
	struct session *session;
	char dir[64]; /* of the socket; "": none yet */
	struct sockaddr_un address;
	int socket, signals;
	/* as they were before, for the program */
	sigset_t mask;
	struct sigaction on_child, on_pipe;
	struct wcbar_hold *holds[CHOICES_MAX];
	unsigned int holds_n;
	pid_t pid;
	bool unwritable; /* --json, which was said */
};

/* ---- the socket of reports ----------------------------------------------------------------- */

static const char *
tmp_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp != NULL && tmp[0] == '/' && strlen(tmp) <= 32 ? tmp : "/tmp";
}

static int
listen_begin(struct run *run)
{
	struct sockaddr_un *to = &run->address;

	snprintf(run->dir, sizeof(run->dir), "%s/wcrun-XXXXXX", tmp_folder());
	if (mkdtemp(run->dir) == NULL) {
		run->dir[0] = '\0';
		return -errno;
	}
	to->sun_family = AF_UNIX;
	snprintf(to->sun_path, sizeof(to->sun_path), "%s/reports", run->dir);
	run->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (run->socket < 0 || bind(run->socket, (const struct sockaddr *)to, sizeof(*to)) != 0)
		return -errno;
	return 0;
}

static void
listen_end(struct run *run)
{
	if (run->socket >= 0)
		close(run->socket);
	if (run->address.sun_path[0] != '\0')
		unlink(run->address.sun_path);
	if (run->dir[0] != '\0')
		rmdir(run->dir);
	run->socket = -1;
	run->address.sun_path[0] = run->dir[0] = '\0';
}

static void
listen_take(struct run *run)
{
	char text[REPORT_BYTES + 1];
	struct report report;
	bool news = false;
	ssize_t n;

	while ((n = recv(run->socket, text, sizeof(text) - 1, 0)) >= 0) {
		text[n] = '\0';
		if (report_unpack(text, &report))
			news = session_report(run->session, &report) || news;
	}
	if (news && session_json(run->session, -1) != 0)
		return; /* it said so; the program runs on */
}

/* ---- from outside the program -------------------------------------------------------------- */

/* Holds what can be held. False: a BAR is left that will not be write-combining. */
static bool
holds_begin(struct run *run)
{
	const struct session *s = run->session;
	const struct wcbar_pci_options options = {.root = s->options->root};
	char why[WCBAR_WHY_BYTES];
	bool all = true;

	app_error("%s: %s", s->program.path, s->program.why);
	for (unsigned int i = 0; i < s->machine.n && run->holds_n < CHOICES_MAX; i++) {
		const struct machine_bar *b = &s->machine.bars[i];
		int ret = b->refused != 0 ? b->refused : b->hold.error;

		if (!machine_bar_is_meant(b))
			continue;
		snprintf(why, sizeof(why), "%s", b->refused != 0 ? b->why : b->hold.why);
		if (ret == 0)
			ret = wcbar_hold_open(b->facts.bdf, &options, b->bar, WCBAR_HOLD_ALONE,
					      &run->holds[run->holds_n], why, sizeof(why));
		if (ret == 0) {
			run->holds_n++;
			app_error("%s BAR %u: held from outside; WC is predicted%s%s", b->facts.bdf,
				  b->bar, b->hold.why[0] != '\0' ? ": " : "", b->hold.why);
		} else if (ret == -EALREADY) {
			app_error("%s, so it is not held again", why);
		} else {
			app_error("%s BAR %u: not WC: %s", b->facts.bdf, b->bar, why);
			all = false;
		}
	}
	return all;
}

/* ---- the program --------------------------------------------------------------------------- */

static int
environment_set(const struct run *run)
{
	const struct session *s = run->session;
	const char *old = getenv("LD_PRELOAD");
	char preload[2 * PATH_MAX], bars[BARS_TEXT_BYTES];

	if (s->way != WAY_INTERPOSE)
		return 0;
	snprintf(preload, sizeof(preload), "%s%s%s", s->library,
		 old != NULL && old[0] != '\0' ? ":" : "", old != NULL ? old : "");
	if (!choices_print(&s->options->choices, bars, sizeof(bars)) ||
	    setenv("LD_PRELOAD", preload, 1) != 0 || setenv(INTER_ENV_BARS, bars, 1) != 0 ||
	    setenv(INTER_ENV_TABLES, s->tables_dir, 1) != 0 ||
	    setenv(INTER_ENV_SOCKET, run->address.sun_path, 1) != 0 ||
	    setenv(INTER_ENV_REQUIRE, s->options->require ? "1" : "0", 1) != 0 ||
	    (s->options->root != NULL && setenv(INTER_ENV_ROOT, s->options->root, 1) != 0))
		return -ENOMEM;
	return 0;
}

/* In the child: becomes the program, or tells why not. */
static void
child(const struct run *run, int tell)
{
	int error = -environment_set(run);

	sigprocmask(SIG_SETMASK, &run->mask, NULL);
	sigaction(SIGCHLD, &run->on_child, NULL);
	sigaction(SIGPIPE, &run->on_pipe, NULL);
	if (error == 0) {
		execvp(run->session->program.path, run->session->options->command);
		error = errno;
	}
	if (write(tell, &error, sizeof(error)) < 0)
		_exit(STATUS_FAILED);
	_exit(STATUS_BAD);
}

/* 0, or why the program did not start. */
static int
program_start(struct run *run)
{
	int tell[2], error = 0;

	if (pipe2(tell, O_CLOEXEC) != 0)
		return -errno;
	run->pid = fork();
	if (run->pid == 0)
		child(run, tell[1]);
	if (run->pid < 0)
		error = errno;
	close(tell[1]);
	while (run->pid > 0 && read(tell[0], &error, sizeof(error)) < 0 && errno == EINTR)
		;
	close(tell[0]);
	if (error != 0 && run->pid > 0)
		waitpid(run->pid, NULL, 0);
	return -error;
}

/*
 * A signal for wcrun. The terminal's go to the program too, by its process group; what somebody
 * sent to wcrun is handed on. Returns true once the program has ended.
 */
static bool
signal_take(const struct run *run, int *status)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD)
		return waitpid(run->pid, status, WNOHANG) == run->pid;
	if (info.ssi_code <= 0) /* SI_USER, SI_QUEUE, ... */
		kill(run->pid, (int)info.ssi_signo);
	return false;
}

static int
program_wait(struct run *run)
{
	struct pollfd fds[] = {
		{.fd = run->signals, .events = POLLIN},
		{.fd = run->socket, .events = POLLIN},
	};
	bool ended = false;
	int status = 0;

	while (!ended) {
		if (poll(fds, run->socket >= 0 ? 2 : 1, -1) < 0 && errno != EINTR)
			return STATUS_FAILED;
		if (run->socket >= 0)
			listen_take(run);
		if ((fds[0].revents & POLLIN) != 0)
			ended = signal_take(run, &status);
	}
	if (run->socket >= 0)
		listen_take(run);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the program did not do. */
static void
end_tell(const struct run *run)
{
	const struct session *s = run->session;
	const char *name = s->options->command[0];

	if (run->socket < 0)
		return;
	if (!s->opened)
		app_error("%s was not seen to open a device with VFIO (as another user, or in a "
			  "container, it cannot report that)",
			  name);
	for (unsigned int i = 0; i < s->machine.n && s->opened; i++) {
		const struct machine_bar *b = &s->machine.bars[i];
		bool opened = false, told = false;

		for (unsigned int k = 0; k < s->reports_n; k++) {
			const struct report *r = &s->reports[k];
			const bool same = strcmp(r->bdf, b->facts.bdf) == 0;

			opened = opened || (same && r->event == REPORT_OPENED);
			told = told || (same && r->event != REPORT_OPENED && r->bar == b->bar);
		}
		if (opened && !told)
			app_error("%s opened %s, and no mapping of BAR %u was seen", name,
				  b->facts.bdf, b->bar);
	}
}

static int
signals_begin(struct run *run)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	sigset_t set;

	/* Who started wcrun may have ignored it: then there would be no status to wait for. */
	if (sigaction(SIGCHLD, &standard, &run->on_child) != 0)
		return -errno;
	/* Nobody may read its lines: the program's status counts all the same. */
	if (sigaction(SIGPIPE, &ignored, &run->on_pipe) != 0)
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	if (sigprocmask(SIG_BLOCK, &set, &run->mask) != 0)
		return -errno;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return run->signals < 0 ? -errno : 0;
}

static int
run_begin(struct run *run)
{
	const struct session *s = run->session;
	int ret = signals_begin(run);
	unsigned int meant = 0;

	if (ret != 0) {
		app_error("the program cannot be waited for: %s", strerror(-ret));
		return STATUS_FAILED;
	}
	ret = s->way == WAY_INTERPOSE ? listen_begin(run) : 0;
	if (ret != 0) {
		/* The program prints its lines all the same. */
		app_error("no folder for reports in %s: %s", tmp_folder(), strerror(-ret));
		listen_end(run);
		if (s->options->json != NULL)
			return STATUS_FAILED;
	}
	if (s->way != WAY_INTERPOSE && !holds_begin(run) && s->options->require)
		return STATUS_REQUIRED;
	for (unsigned int i = 0; i < s->machine.n; i++)
		meant += machine_bar_is_meant(&s->machine.bars[i]);
	if (meant == 0)
		app_error("no device here that the program may use has a BAR that a table or --bar "
			  "names");
	run->unwritable = session_json(s, -1) != 0;
	return run->unwritable ? STATUS_FAILED : STATUS_OK;
}

int
run_program(struct session *session)
{
	struct run run = {.session = session, .socket = -1, .signals = -1};
	int status = run_begin(&run), ret;

	if (status == STATUS_OK) {
		ret = program_start(&run);
		if (ret == 0) {
			status = program_wait(&run);
			end_tell(&run);
		} else {
			app_error("'%s' cannot be run: %s", session->program.path, strerror(-ret));
			status = STATUS_BAD;
		}
	}
	listen_end(&run);
	if (run.signals >= 0)
		close(run.signals);
	for (unsigned int i = 0; i < run.holds_n; i++)
		wcbar_hold_close(run.holds[i]);
	if (!run.unwritable && session_json(session, status) != 0 && status == STATUS_OK)
		status = STATUS_FAILED;
	return status;
}
