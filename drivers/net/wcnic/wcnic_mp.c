/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Messages between processes: how they are packed and sent. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_string_fns.h>

#include "wcnic_hw.h"
#include "wcnic_mp.h"
#include "wcnic_rxq.h"
#include "wcnic_txq.h"

#define NAME "wcnic"
#define PATIENCE_S 5

static_assert(sizeof(struct wcnic_mp_msg) <= RTE_MP_MAX_PARAM_LEN, "it fits a message of EAL");

uint32_t
wcnic_mp_layout(void)
{
	return sizeof(struct wcnic_hw) ^ sizeof(struct wcnic_txq) << 12 ^
	       sizeof(struct wcnic_rxq) << 22;
}

int
wcnic_mp_listen(rte_mp_t action)
{
	if (rte_mp_action_register(NAME, action) == 0 || rte_errno == EEXIST)
		return 0;
	return -rte_errno;
}

static void
pack(struct rte_mp_msg *raw, const struct wcnic_mp_msg *msg, int file)
{
	memset(raw, 0, sizeof(*raw));
	strlcpy(raw->name, NAME, sizeof(raw->name));
	memcpy(raw->param, msg, sizeof(*msg));
	raw->len_param = sizeof(*msg);
	raw->num_fds = file >= 0;
	raw->fds[0] = file;
}

bool
wcnic_mp_read(const struct rte_mp_msg *raw, struct wcnic_mp_msg *msg)
{
	if (raw->len_param != (int)sizeof(*msg))
		return false;
	memcpy(msg, raw->param, sizeof(*msg));
	return msg->port_id < RTE_MAX_ETHPORTS;
}

int
wcnic_mp_ask(struct wcnic_mp_msg *msg, int file, int *answer_file)
{
	const struct timespec patience = {.tv_sec = PATIENCE_S};
	struct rte_mp_reply reply = {0};
	struct rte_mp_msg raw;
	int ret = -ETIMEDOUT;

	if (answer_file != NULL)
		*answer_file = -1;
	pack(&raw, msg, file);
	if (rte_mp_request_sync(&raw, &reply, &patience) != 0)
		return -rte_errno;
	if (reply.nb_received == 1) {
		ret = wcnic_mp_read(&reply.msgs[0], msg) ? msg->error : -EPROTO;
		for (int i = 0; i < reply.msgs[0].num_fds; i++) {
			if (answer_file != NULL && *answer_file < 0)
				*answer_file = reply.msgs[0].fds[i];
			else
				close(reply.msgs[0].fds[i]);
		}
	}
	free(reply.msgs);
	return ret;
}

int
wcnic_mp_send(const struct wcnic_mp_msg *msg, int file)
{
	struct rte_mp_msg raw;

	pack(&raw, msg, file);
	return rte_mp_sendmsg(&raw) == 0 ? 0 : -rte_errno;
}

int
wcnic_mp_answer(const struct wcnic_mp_msg *msg, int file, const char *peer)
{
	struct rte_mp_msg raw;

	pack(&raw, msg, file);
	return rte_mp_reply(&raw, peer) == 0 ? 0 : -rte_errno;
}

int
wcnic_mp_wake(uint16_t port_id)
{
	const struct wcnic_mp_msg msg = {.what = WCNIC_MP_WAKE, .port_id = port_id};

	return wcnic_mp_send(&msg, -1);
}
