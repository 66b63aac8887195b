/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What secondary processes have of a port: the primary's side. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_mp.h"
#include "wcnic_peer.h"
#include "wcnic_share.h"

#define PATIENCE_MS 2000

struct share {
	bool there;
	bool bar_is_new; /* secondaries have not been told */
	int file;
	struct wcnic_mp_state state;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct share shares[RTE_MAX_ETHPORTS];

int
wcnic_share_bar(struct wcnic_hw *hw, void *addr, size_t bytes, int file, uint64_t off)
{
	struct share *s = &shares[hw->port_id];
	const int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	pthread_mutex_lock(&lock);
	if (s->there)
		close(s->file);
	s->there = true;
	s->bar_is_new = true;
	s->file = copy;
	s->state.addr = (uintptr_t)addr;
	s->state.bytes = bytes;
	s->state.file_off = off;
	s->state.seq++;
	pthread_mutex_unlock(&lock);
	return 0;
}

int
wcnic_share_get(uint16_t port_id, struct wcnic_mp_state *state, int *file)
{
	const struct share *s = &shares[port_id];
	int ret = -ENOTSUP;

	pthread_mutex_lock(&lock);
	if (s->there) {
		*state = s->state;
		*file = fcntl(s->file, F_DUPFD_CLOEXEC, 0);
		ret = *file < 0 ? -errno : 0;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

/* Whether all that have the port have done as they were told. */
static bool
all_know(const struct wcnic_hw *hw, uint64_t seq)
{
	for (unsigned int i = 0; i < WCNIC_PEERS_MAX; i++) {
		if (rte_atomic_load_explicit(&hw->peer_seq[i], rte_memory_order_acquire) < seq &&
		    wcnic_peer_has_port(i, hw->port_id))
			return false;
	}
	return true;
}

static void
tell(struct wcnic_hw *hw, const struct wcnic_mp_state *state, int file)
{
	const struct wcnic_mp_msg msg = {
		.what = WCNIC_MP_STATE, .port_id = hw->port_id, .state = *state};
	unsigned int waited_ms = 0;

	if (all_know(hw, state->seq))
		return;
	(void)wcnic_mp_send(&msg, file);
	while (!all_know(hw, state->seq) && waited_ms++ < PATIENCE_MS)
		rte_delay_us_sleep(1000);
	if (waited_ms > PATIENCE_MS)
		WCNIC_LOG(WARNING, hw, "a secondary process has not answered within %u ms",
			  PATIENCE_MS);
	/* a burst that is about to enter a queue has read its address before */
	if (!state->bursts)
		rte_delay_us_sleep(1000);
}

void
wcnic_share_bursts(struct wcnic_hw *hw, bool on)
{
	struct share *s = &shares[hw->port_id];
	struct wcnic_mp_state state;
	bool news;
	int file;

	pthread_mutex_lock(&lock);
	news = s->there && (s->state.bursts != on || (on && s->bar_is_new));
	if (news) {
		s->state.bursts = on;
		s->bar_is_new = false;
		s->state.seq++;
	}
	state = s->state;
	file = s->file;
	pthread_mutex_unlock(&lock);
	/* the file is closed with hw->lock alone, or at the port's end */
	if (news && wcnic_peer_any())
		tell(hw, &state, file);
}

void
wcnic_share_end(struct wcnic_hw *hw)
{
	struct share *s = &shares[hw->port_id];
	struct share last;

	pthread_mutex_lock(&lock);
	last = *s;
	/* numbers go on: a secondary may still have one of this port */
	memset(s, 0, sizeof(*s));
	s->state.seq = last.state.seq + 1;
	pthread_mutex_unlock(&lock);
	if (!last.there)
		return;
	last.state.seq++;
	last.state.bursts = false;
	last.state.gone = true;
	if (wcnic_peer_any())
		tell(hw, &last.state, -1);
	close(last.file);
	for (unsigned int i = 0; wcnic_peer_any() && i < WCNIC_PEERS_MAX; i++)
		wcnic_peer_forget_port(i, hw->port_id);
}
