/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_MP_H
#define WCNIC_MP_H

/* Messages between the primary process and secondary ones, by EAL (rte_mp). */

#include <stdbool.h>
#include <stdint.h>

#include <rte_eal.h>

#define WCNIC_MP_REGS 32 /* words of 32 bits in a message */

enum wcnic_mp_what {
	WCNIC_MP_ATTACH = 1, /* a secondary asks for a port; with its life's file, at first */
	WCNIC_MP_DETACH,     /* and gives it back; no answer */
	WCNIC_MP_STATE,      /* the primary tells all what has become of a port; no answer */
	WCNIC_MP_WAKE,       /* a secondary's burst: the card sleeps; no answer */
	WCNIC_MP_STATS_FRESH,
	WCNIC_MP_STATS_RESET,
	WCNIC_MP_REGS_READ,
};

/* Of a port, for bursts in other processes. BAR2's file goes with it, if it is there. */
struct wcnic_mp_state {
	uint64_t seq; /* the higher, the newer */
	uint64_t addr;
	uint64_t bytes; /* of BAR2, which is at `addr` in all processes */
	uint64_t file_off;
	bool bursts; /* they may run */
	bool gone;   /* the port is closed */
};

struct wcnic_mp_msg {
	uint32_t what; /* enum wcnic_mp_what */
	int32_t error; /* of an answer: 0 or -errno */
	uint32_t layout;
	uint32_t number; /* of the secondary, 0: it has none yet; see wcnic_peer.h */
	uint32_t place;
	uint16_t port_id;
	uint16_t first, n; /* registers */
	union {
		struct wcnic_mp_state state;
		uint32_t words[WCNIC_MP_REGS];
	};
};

/* What both sides must have the same of: sizes of what they share. */
uint32_t wcnic_mp_layout(void);

/*
 * From now on `action` takes the driver's messages in this process. Again: does nothing. -ENOTSUP:
 * this process was started without other processes in mind (--in-memory, --no-shconf).
 */
int wcnic_mp_listen(rte_mp_t action);
/*
 * A secondary asks the primary and waits, 5 s at most. `file` goes along, -1: none. *answer_file
 * (may be NULL) gets the answer's, the caller's to close, or -1. Returns the answer's error;
 * -ETIMEDOUT, -EPROTO. Not from an action or a burst.
 */
int wcnic_mp_ask(struct wcnic_mp_msg *msg, int file, int *answer_file);
/* Sends without an answer: to the primary, or from it to all others. 0 or -errno. */
int wcnic_mp_send(const struct wcnic_mp_msg *msg, int file);
/* Answers; `peer` is what the action was given. */
int wcnic_mp_answer(const struct wcnic_mp_msg *msg, int file, const char *peer);
/* The message in what an action got; false: none of ours. Files that came with it are untouched. */
bool wcnic_mp_read(const struct rte_mp_msg *raw, struct wcnic_mp_msg *msg);

/* A burst of a secondary: the primary is to wake the card. Does not wait for it. 0 or -errno. */
int wcnic_mp_wake(uint16_t port_id);

#endif /* WCNIC_MP_H */
