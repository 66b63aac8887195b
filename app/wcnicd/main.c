/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd: cards as a process. Its threads from start to end, and its signals. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <app_file.h>

#include "confine.h"
#include "log.h"
#include "options.h"
#include "placement.h"
#include "plugin.h"
#include "served_card.h"
#include "signals.h"
#include "stats.h"
#include "worker.h"

#define EXIT_FAILED 1
#define EXIT_BAD_ARGUMENT 2

struct program {
	struct options options;
	struct served_card cards[CARDS_MAX];
	unsigned int n_cards;
	struct worker workers[CARDS_MAX];
	unsigned int n_workers;
	unsigned int n_started;
};

static struct program program;

/* The thread of cards with this --thread, or a new one. */
static struct worker *
worker_of(int thread)
{
	struct worker *worker = program.workers;

	for (unsigned int i = 0; i < program.n_workers && thread >= 0; i++, worker++)
		if (worker->cards[0]->options.thread == thread)
			return worker;
	worker = &program.workers[program.n_workers++];
	worker->cpu = -1;
	return worker;
}

static void
worker_add(struct worker *worker, struct served_card *card)
{
	worker->cards[worker->n_cards++] = card;
	if (worker->cpu < 0)
		worker->cpu = card->options.cpu;
}

/* One thread for each card, or for those that shall share one. Cards with wire ports are joined in
 * pairs, which do. */
static int
workers_lay_out(void)
{
	struct served_card *end = NULL;
	struct worker *worker;
	int ret;

	for (unsigned int i = 0; i < program.n_cards; i++) {
		struct served_card *card = &program.cards[i];

		if (!card_options_wired(&card->options)) {
			worker_add(worker_of(card->options.thread), card);
		} else if (end == NULL) {
			end = card;
		} else {
			ret = wcnic_port_wire(end->port, card->port);
			if (ret < 0)
				return ret;
			wcnicd_log(LOG_LEVEL_INFO, card->name, "wired to %s", end->name);
			worker = worker_of(card->options.thread);
			worker_add(worker, end);
			worker_add(worker, card);
			end = NULL;
		}
	}
	return 0;
}

/* Whether the counters can be written, before the first frame. */
static int
stats_check(void)
{
	const char *path = program.options.stats_file;
	int ret = path != NULL ? app_file_check(path) : 0;

	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "--stats-file %s: %s", path,
			   app_file_strerror(-ret));
	return ret;
}

static int
program_start(void)
{
	int ret;

	if (plugin_needed(&program.options)) {
		signals_progress("the plugin of ethdev ports", NULL);
		ret = plugin_load(&program.options);
		if (ret < 0)
			return ret;
	}
	for (unsigned int i = 0; i < program.options.n_cards && !signals_end_asked(); i++) {
		signals_progress("its port and its socket", program.options.cards[i].socket);
		ret = served_card_create(&program.cards[i], &program.options.cards[i]);
		if (ret < 0)
			return ret;
		program.n_cards++;
	}
	if (signals_end_asked())
		return 0;
	placement_prepare();
	ret = workers_lay_out();
	if (ret == 0)
		ret = stats_check();
	if (ret == 0)
		ret = confine_files(&program.options);
	if (ret == 0)
		ret = signals_renew();
	if (ret < 0)
		return ret;
	worker_init();
	for (unsigned int i = 0; i < program.n_workers; i++) {
		ret = worker_start(&program.workers[i]);
		if (ret < 0) {
			wcnicd_log(LOG_LEVEL_ERROR, NULL, "cannot start a thread: %s",
				   strerror(-ret));
			return ret;
		}
		program.n_started++;
	}
	/* Their last preparations are theirs alone; then no client has been served yet. */
	workers_await(program.n_started);
	ret = confine_calls(&program.options);
	if (ret == 0)
		workers_release();
	return ret;
}

static int
program_write_stats(void)
{
	struct stats_record records[CARDS_MAX];
	unsigned int n = 0;
	int ret;

	if (program.options.stats_file == NULL)
		return 0;
	for (unsigned int i = 0; i < program.n_workers; i++)
		for (unsigned int j = 0; j < program.workers[i].n_cards; j++)
			records[n++] = program.workers[i].records[j];
	ret = stats_write(program.options.stats_file, records, n);
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "--stats-file %s: %s", program.options.stats_file,
			   ret == -ETIMEDOUT ? "its reader takes nothing"
					     : app_file_strerror(-ret));
	return ret;
}

static int
program_stop(void)
{
	bool ran = program.n_started > 0 && program.n_started == program.n_workers;
	int ret = 0;

	for (unsigned int i = 0; i < program.n_started; i++)
		worker_ask_stop(&program.workers[i]);
	for (unsigned int i = 0; i < program.n_started; i++) {
		signals_progress("its thread", program.workers[i].cards[0]->name);
		worker_stop(&program.workers[i]);
	}
	signals_progress("the counters' file", NULL);
	if (ran)
		ret = program_write_stats();
	for (unsigned int i = 0; i < program.n_cards; i++) {
		signals_progress("its client", program.cards[i].options.socket);
		served_card_hang_up(&program.cards[i]);
	}
	for (unsigned int i = 0; i < program.n_cards; i++) {
		signals_progress("its port", program.cards[i].options.socket);
		served_card_destroy(&program.cards[i]);
	}
	signals_progress("the plugin of ethdev ports", NULL);
	plugin_fini();
	return ret;
}

/* In the thread of signals, while the main thread waits for what does not come. */
static void
program_abandon(const char *what, const char *who)
{
	wcnicd_log(LOG_LEVEL_ERROR, who,
		   "does not end in order, as %s does not; captures and counters may lack what "
		   "came last",
		   what);
	for (unsigned int i = 0; i < program.options.n_cards; i++)
		served_card_abandon(&program.cards[i]);
}

/* Until a signal asks for the end. */
static void
program_wait(void)
{
	while (signals_wait() == SIGNALS_STATS) {
		if (program.options.stats_file == NULL) {
			wcnicd_log(LOG_LEVEL_WARNING, NULL, "SIGUSR1 without --stats-file");
			continue;
		}
		for (unsigned int i = 0; i < program.n_workers; i++) {
			signals_progress("its thread", program.workers[i].cards[0]->name);
			worker_ask_stats(&program.workers[i]);
		}
		signals_progress("the counters' file", NULL);
		if (program_write_stats() == 0)
			wcnicd_log(LOG_LEVEL_DEBUG, NULL, "counters written");
	}
}

int
main(int argc, char **argv)
{
	int ret;

	app_file_hold_standard();
	switch (options_parse(argc, argv, &program.options)) {
	case APP_OPTIONS_DONE:
		return 0;
	case APP_OPTIONS_BAD:
		return EXIT_BAD_ARGUMENT;
	case APP_OPTIONS_RUN:
		break;
	}
	if (confine_rights(&program.options) < 0)
		return EXIT_FAILED;
	ret = signals_start(program_abandon, EXIT_FAILED);
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, NULL, "cannot start a thread: %s", strerror(-ret));
	if (ret == 0)
		ret = program_start();
	if (ret == 0)
		program_wait();
	if (program_stop() < 0)
		return EXIT_FAILED;
	return ret == 0 ? 0 : ret == -EINVAL ? EXIT_BAD_ARGUMENT : EXIT_FAILED;
}
