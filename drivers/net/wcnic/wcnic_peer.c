/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Secondary processes, as the primary knows them. */

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <rte_config.h>

#include "wcnic_peer.h"

struct peer {
	uint32_t number; /* 0: nobody */
	int life;
	bool ports[RTE_MAX_ETHPORTS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer peers[WCNIC_PEERS_MAX];
static uint32_t last_number;

/* A process that has ended, even one that nobody has waited for, has no files open. */
static bool
lives(struct peer *peer)
{
	struct pollfd end = {.fd = peer->life};

	if (peer->number == 0)
		return false;
	if (poll(&end, 1, 0) <= 0 || (end.revents & (POLLHUP | POLLERR)) == 0)
		return true;
	close(peer->life);
	memset(peer, 0, sizeof(*peer));
	return false;
}

uint32_t
wcnic_peer_add(int life, unsigned int *place)
{
	uint32_t number = 0;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; number == 0 && i < WCNIC_PEERS_MAX; i++) {
		if (lives(&peers[i]))
			continue;
		/* a mark has 31 bits of it */
		last_number = last_number % INT32_MAX + 1;
		number = last_number;
		peers[i].number = number;
		peers[i].life = life;
		*place = i;
	}
	pthread_mutex_unlock(&lock);
	if (number == 0)
		close(life);
	return number;
}

static unsigned int
place_of(uint32_t number)
{
	unsigned int i = 0;

	while (i < WCNIC_PEERS_MAX && peers[i].number != number)
		i++;
	return i;
}

unsigned int
wcnic_peer_place(uint32_t number)
{
	unsigned int place;

	pthread_mutex_lock(&lock);
	place = number != 0 ? place_of(number) : WCNIC_PEERS_MAX;
	if (place < WCNIC_PEERS_MAX && !lives(&peers[place]))
		place = WCNIC_PEERS_MAX;
	pthread_mutex_unlock(&lock);
	return place;
}

void
wcnic_peer_port_set(uint32_t number, uint16_t port_id, bool has)
{
	unsigned int place;

	pthread_mutex_lock(&lock);
	place = number != 0 ? place_of(number) : WCNIC_PEERS_MAX;
	if (place < WCNIC_PEERS_MAX)
		peers[place].ports[port_id] = has;
	pthread_mutex_unlock(&lock);
}

void
wcnic_peer_forget_port(unsigned int place, uint16_t port_id)
{
	pthread_mutex_lock(&lock);
	peers[place].ports[port_id] = false;
	pthread_mutex_unlock(&lock);
}

bool
wcnic_peer_has_port(unsigned int place, uint16_t port_id)
{
	bool has;

	pthread_mutex_lock(&lock);
	has = lives(&peers[place]) && peers[place].ports[port_id];
	pthread_mutex_unlock(&lock);
	return has;
}

bool
wcnic_peer_any(void)
{
	bool any;

	pthread_mutex_lock(&lock);
	any = last_number != 0;
	pthread_mutex_unlock(&lock);
	return any;
}
