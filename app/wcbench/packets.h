/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PACKETS_H
#define PACKETS_H

/* Frames through ethdev, timed; nothing here knows a particular driver but by its statistics. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mempool.h>

#include "options.h"
#include "run.h"
#include "stats.h"

#define PACKETS_PORTS_MAX 16u
#define PACKETS_SIZES_MAX 16u
#define PACKETS_IMIX 0u /* as a size */
#define PACKETS_FCS_BYTES 4u
#define PACKETS_BURST_MAX 64u

enum packets_mode {
	PACKETS_TX = 0, /* to another station's address: the frames do not come back */
	PACKETS_LOOP,   /* to the port's own address, behind something that returns them */
	PACKETS_MODES,
};

struct packets_options {
	int argc; /* of this program, without EAL's */
	char *const *argv;
	struct options common;
	unsigned int sizes; /* with FCS, as on the wire */
	uint32_t size[PACKETS_SIZES_MAX];
	bool mode[PACKETS_MODES];
	unsigned int burst, depth;
	uint64_t frames;  /* to a round; 0: as long as a round's share of the seconds */
	uint64_t latency; /* round trips of one frame; 0: none */
	uint32_t latency_size;
};

/* All rounds of one size and mode on one port. */
struct packets_cell {
	struct samples rate; /* frames per second */
	uint64_t sent, received, lost, bytes;
	uint64_t pushed, fetched; /* as the driver says, if it does */
	uint64_t rung_again;      /* doorbells */
};

struct packets_port {
	uint16_t id;
	char name[RTE_ETH_NAME_MAX_LEN];
	char driver[32];
	char devargs[256];
	char placement[16]; /* as the devargs ask for it; "" if they do not */
	char burst_mode[RTE_ETH_BURST_MODE_INFO_SIZE + 1];
	char burst_mode_after[RTE_ETH_BURST_MODE_INFO_SIZE + 1];
	uint64_t window_type, window_rung, window_direct; /* its statistics; 0: unknown */
	bool has_window;                                  /* the driver has these */
	struct rte_ether_addr mac;
	struct rte_mempool *pool;
	struct packets_cell cells[PACKETS_SIZES_MAX][PACKETS_MODES];
	struct samples latency; /* ns */
	uint64_t latency_lost;
};

/* The command line of wcbench packets, after "--"; argv[0] is ignored. Strings point into argv. */
WC_MUST_CHECK enum app_options_verdict
packets_options_parse(int argc, char **argv, struct packets_options *o);

/* The name of a frame size: "64" ... "1518", "imix". In `text`, or static. */
const char *packets_size_name(uint32_t size, char text[16]);

/* "tx" or "loop". */
const char *packets_mode_name(enum packets_mode mode);

/*
 * Finds, sets up and starts every port of EAL, at most PACKETS_PORTS_MAX. 0, or -errno after
 * app_error(). Also after a failure packets_ports_close() closes the *n ports.
 */
int
packets_ports_open(const struct packets_options *o, struct packets_port *ports, unsigned int *n);

/* Stops and closes the ports and frees their samples. */
void packets_ports_close(struct packets_port *ports, unsigned int n);

/* An extended statistic of the driver. 0 if there is none of this name; *has, if not NULL, says so.
 */
uint64_t packets_xstat(const struct packets_port *p, const char *name, bool *has);

/*
 * One round of one size and mode: sends, receives and accounts for every frame. 0, or with a
 * sentence in `why` -EBADMSG: frames are unaccounted for, or -EIO: nothing moves.
 */
int packets_round(struct packets_port *p, const struct packets_options *o, unsigned int size_idx,
		  enum packets_mode mode, double round_ns, char *why, size_t why_bytes);

/* Round trips of frames that are alone, for at most `ns`. Returns as packets_round(). */
int packets_latency(struct packets_port *p, const struct packets_options *o, double ns, char *why,
		    size_t why_bytes);

/* The report as JSON: a new object. `error` is NULL, or why the run is void. */
struct json_object *packets_json(const struct packets_options *o, const struct machine *m,
				 struct packets_port *ports, unsigned int n, const char *error);

/* The report as text. */
void packets_text(FILE *out, const struct packets_options *o, const struct machine *m,
		  struct packets_port *ports, unsigned int n);

#endif /* PACKETS_H */
