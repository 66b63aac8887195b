/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What the primary process does for secondary ones. EAL's thread of messages must not wait: others
 * may need it to come out of a burst. So what takes a port's lock is done by a thread of the
 * driver.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ethdev_driver.h>

#include "wcnic_attach.h"
#include "wcnic_compat.h"
#include "wcnic_dump.h"
#include "wcnic_hold.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_mp.h"
#include "wcnic_peer.h"
#include "wcnic_serve.h"
#include "wcnic_share.h"
#include "wcnic_stats.h"

struct job {
	struct job *next;
	struct wcnic_mp_msg msg;
	char peer[]; /* who is answered */
};

/* For the thread, the oldest first. It stays until the process ends. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct job *first;
	struct job *last;
	bool started;
} jobs = {.lock = PTHREAD_MUTEX_INITIALIZER, .some = PTHREAD_COND_INITIALIZER};

/* ---- with the port's lock -------------------------------------------------------------------- */

static void
wake(uint16_t port_id)
{
	struct wcnic_hw *hw = wcnic_hold(port_id);

	if (hw == NULL)
		return;
	pthread_mutex_lock(&hw->lock);
	if (wcnic_load(&hw->card) == WCNIC_CARD_PRESENT && hw->attach->wake != NULL)
		(void)hw->attach->wake(hw);
	pthread_mutex_unlock(&hw->lock);
	wcnic_hold_release(hw);
}

static int
regs_read(struct wcnic_mp_msg *msg)
{
	struct wcnic_hw *hw;
	int ret;

	if (msg->n > WCNIC_MP_REGS)
		return -EINVAL;
	hw = wcnic_hold(msg->port_id);
	if (hw == NULL)
		return -ENODEV;
	ret = wcnic_reg_words(hw, msg->first, msg->n, msg->words);
	wcnic_hold_release(hw);
	return ret;
}

static void
job_do(struct job *job)
{
	struct wcnic_mp_msg *msg = &job->msg;

	switch (msg->what) {
	case WCNIC_MP_WAKE:
		wake(msg->port_id);
		free(job);
		return;
	case WCNIC_MP_STATS_FRESH:
		msg->error = wcnic_stats_fresh(&rte_eth_devices[msg->port_id]);
		break;
	case WCNIC_MP_STATS_RESET:
		msg->error = wcnic_stats_reset(&rte_eth_devices[msg->port_id]);
		break;
	case WCNIC_MP_REGS_READ:
		msg->error = regs_read(msg);
		break;
	default:
		msg->error = -ENOTSUP;
		break;
	}
	(void)wcnic_mp_answer(msg, -1, job->peer);
	free(job);
}

static WCNIC_THREAD_RETURN
jobs_run(void *arg __rte_unused)
{
	struct job *job;

	for (;;) {
		pthread_mutex_lock(&jobs.lock);
		while (jobs.first == NULL)
			pthread_cond_wait(&jobs.some, &jobs.lock);
		job = jobs.first;
		jobs.first = job->next;
		pthread_mutex_unlock(&jobs.lock);
		job_do(job);
	}
	return 0;
}

static int
job_start(const struct wcnic_mp_msg *msg, const char *peer)
{
	struct job *job = malloc(sizeof(*job) + strlen(peer) + 1);

	if (job == NULL)
		return -ENOMEM;
	job->next = NULL;
	job->msg = *msg;
	strcpy(job->peer, peer);
	pthread_mutex_lock(&jobs.lock);
	if (jobs.first == NULL)
		jobs.first = job;
	else
		jobs.last->next = job;
	jobs.last = job;
	pthread_cond_signal(&jobs.some);
	pthread_mutex_unlock(&jobs.lock);
	return 0;
}

/* ---- without --------------------------------------------------------------------------------- */

/* The file of a life is the peer's afterwards, or closed. */
static int
attach_answer(struct wcnic_mp_msg *msg, int life, int *file)
{
	struct wcnic_hw *hw = wcnic_hold(msg->port_id);
	unsigned int place;
	int ret = -ENODEV;

	if (hw == NULL)
		goto fail;
	ret = -EPROTO;
	if (msg->layout != wcnic_mp_layout())
		goto fail;
	ret = -ENOSPC;
	if (msg->number == 0) {
		if (life >= 0)
			msg->number = wcnic_peer_add(life, &place);
		life = -1;
	} else {
		place = wcnic_peer_place(msg->number);
	}
	if (msg->number == 0 || place >= WCNIC_PEERS_MAX)
		goto fail;
	msg->place = place;
	wcnic_store(&hw->peer_seq[place], 0);
	wcnic_peer_port_set(msg->number, msg->port_id, true);
	/* after the line above: whatever changes from here on, the process is told */
	ret = wcnic_share_get(msg->port_id, &msg->state, file);
	if (ret != 0)
		wcnic_peer_port_set(msg->number, msg->port_id, false);
fail:
	if (life >= 0)
		close(life);
	if (hw != NULL)
		wcnic_hold_release(hw);
	return ret;
}

static void
attach(struct wcnic_mp_msg *msg, int life, const char *peer)
{
	int file = -1;

	msg->error = attach_answer(msg, life, &file);
	if (msg->error != 0)
		file = -1;
	(void)wcnic_mp_answer(msg, file, peer);
	if (file >= 0)
		close(file);
}

/* The action of the primary. */
static int
message(const struct rte_mp_msg *raw, const void *peer)
{
	struct wcnic_mp_msg msg;
	const bool ok = wcnic_mp_read(raw, &msg);
	const int file = raw->num_fds > 0 ? raw->fds[0] : -1;

	for (int i = ok && msg.what == WCNIC_MP_ATTACH ? 1 : 0; i < raw->num_fds; i++)
		close(raw->fds[i]);
	if (!ok)
		return -1;
	if (msg.what == WCNIC_MP_ATTACH) {
		attach(&msg, file, peer);
	} else if (msg.what == WCNIC_MP_DETACH) {
		wcnic_peer_port_set(msg.number, msg.port_id, false);
	} else {
		msg.error = job_start(&msg, peer);
		if (msg.error != 0 && msg.what != WCNIC_MP_WAKE)
			(void)wcnic_mp_answer(&msg, -1, peer);
	}
	return 0;
}

int
wcnic_serve_start(void)
{
	wcnic_thread_t thread;
	int ret = wcnic_mp_listen(message);

	if (ret != 0)
		return ret == -ENOTSUP ? 0 : ret;
	pthread_mutex_lock(&jobs.lock);
	if (!jobs.started)
		ret = wcnic_thread_create(&thread, "wc-serve", jobs_run, NULL);
	if (!jobs.started && ret == 0) {
		wcnic_thread_detach(thread);
		jobs.started = true;
	}
	pthread_mutex_unlock(&jobs.lock);
	return ret;
}
