/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The thread of a port's service. What it needs between two rounds is its own, not the port's: the
 * application may close the port in a callback, and so in the middle of a round. After each
 * callback the thread looks whether it has been stopped, and then touches nothing of the port.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ethdev_driver.h>

#include "wcnic_compat.h"
#include "wcnic_event.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_service.h"

struct wcnic_service {
	struct wcnic_hw *hw; /* not to be touched once `stop` is set */
	uint16_t port_id;
	pid_t pid; /* of the process that has the thread: a fork has none */
	wcnic_thread_t thread;
	pthread_mutex_t lock; /* of what follows; the innermost */
	pthread_cond_t wake;
	bool stop;
	bool detached; /* nobody joins the thread: it frees this itself */
};

/* The service whose thread this is. */
static __thread const struct wcnic_service *own;

static void
service_free(struct wcnic_service *s)
{
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Waits for the next round. False: there is none. */
static bool
round_wait(struct wcnic_service *s)
{
	struct timespec end;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += WCNIC_SERVICE_US * 1000l;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	pthread_mutex_lock(&s->lock);
	while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &end) == 0)
		;
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return !stop;
}

/* Tells the application. False: it has closed the port, in the callback or meanwhile. */
static bool
event_raise(struct wcnic_service *s, bool wanted, enum rte_eth_event_type type)
{
	bool stop;

	if (!wanted)
		return true;
	(void)rte_eth_dev_callback_process(&rte_eth_devices[s->port_id], type, NULL);
	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return !stop;
}

static WCNIC_THREAD_RETURN
service_run(void *arg)
{
	struct wcnic_service *s = arg;
	struct wcnic_notices notices;
	bool go_on, detached;

	own = s;
	do {
		go_on = round_wait(s);
		if (!go_on)
			break;
		memset(&notices, 0, sizeof(notices));
		wcnic_service_round(s->hw, &notices);
		go_on = event_raise(s, notices.recovering, RTE_ETH_EVENT_ERR_RECOVERING) &&
			event_raise(s, notices.given_up, RTE_ETH_EVENT_RECOVERY_FAILED) &&
			event_raise(s, notices.recovered, RTE_ETH_EVENT_RECOVERY_SUCCESS) &&
			event_raise(s, notices.link, RTE_ETH_EVENT_INTR_LSC) &&
			event_raise(s, notices.removed, RTE_ETH_EVENT_INTR_RMV);
	} while (go_on);
	pthread_mutex_lock(&s->lock);
	detached = s->detached;
	pthread_mutex_unlock(&s->lock);
	if (detached)
		service_free(s);
	return 0;
}

int
wcnic_service_start(struct wcnic_hw *hw)
{
	struct wcnic_service *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	char name[16];
	int ret;

	if (s == NULL) {
		WCNIC_LOG(ERR, hw, "no memory for the service");
		return -ENOMEM;
	}
	s->hw = hw;
	s->port_id = hw->port_id;
	s->pid = getpid();
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	snprintf(name, sizeof(name), "wc-svc%u", hw->port_id);
	ret = wcnic_thread_create(&s->thread, name, service_run, s);
	if (ret != 0) {
		WCNIC_LOG(ERR, hw, "no thread for the service: %s", strerror(-ret));
		service_free(s);
		return ret;
	}
	hw->service = s;
	return 0;
}

void
wcnic_service_stop(struct wcnic_hw *hw)
{
	struct wcnic_service *s = hw->service;
	const bool in_callback = s != NULL && s == own;

	hw->service = NULL;
	/* in a fork the thread does not exist, and the lock may be held for ever */
	if (s == NULL || s->pid != getpid())
		return;
	if (in_callback)
		wcnic_thread_detach(s->thread);
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	s->detached = in_callback;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (in_callback)
		return;
	wcnic_thread_join(s->thread);
	service_free(s);
}
