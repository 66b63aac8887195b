/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef HOSTILE_H
#define HOSTILE_H

/*
 * A card that lies, over a real socket. The model of the card is honest; between it and the driver
 * are layers that are not: the answers of registers, the rings in host memory (hostile_rings.c),
 * the messages of vfio-user (hostile_relay.c) and the file behind BAR2. A case names one lie and
 * what the driver must make of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfu_server.h>
#include <wcnic_abi.h>
#include <wcnic_card.h>

/* What must become of a case. In all of them the other port of the process forwards on. */
enum hostile_end {
	HOSTILE_REFUSED,  /* the device is not attached */
	HOSTILE_STOPPED,  /* attached, but the port does not start */
	HOSTILE_RECOVERS, /* a running port notices, resets the card and forwards again */
	HOSTILE_HARMLESS, /* a running port forwards on */
	HOSTILE_SURVIVES, /* any of these; afterwards the port forwards, or says that it gave up */
	HOSTILE_EACH,     /* the same, for each message of a port's life in turn */
};

/* What both processes see. */
struct hostile_shared {
	_Atomic bool listening;
	_Atomic bool on;           /* the lie may be told */
	_Atomic unsigned int told; /* how often it was */
	unsigned int seed;         /* of what the card does by chance */
	_Atomic unsigned int nth;  /* HOSTILE_EACH: about which answer of a connection */
};

struct hostile_card;

/* The answer to an admin command, on its way to the driver. */
struct hostile_answer {
	struct hostile_card *card;
	struct wcnic_admin_cmd cmd;
	struct wcnic_admin_cpl cpl;
	uint8_t *data;
	unsigned int copies;     /* how often it is written; 1 */
	unsigned int late_turns; /* of the card's loop, before it is */
};

/* A completion ring of a queue. */
struct hostile_ring {
	uint64_t cq_iova; /* the driver's */
	uint64_t ring_iova;
	uint16_t depth; /* 0: there is no queue */
	uint16_t seq;   /* the next completion */
	uint32_t buf_bytes;
	bool again; /* the completion is to be written twice */
	bool ahead; /* ... three entries further on */
};

/* What the relay does to a message. */
enum hostile_deed {
	HOSTILE_PASS,
	HOSTILE_CLOSE,   /* closes the connection in place of the answer */
	HOSTILE_SILENT,  /* gives no answer */
	HOSTILE_HALF,    /* sends half of the answer, then nothing */
	HOSTILE_TWICE,   /* answers twice */
	HOSTILE_OTHER,   /* the answer is to another message */
	HOSTILE_REQUEST, /* asks in place of an answer */
	HOSTILE_ERROR,   /* answers with error 5 */
	HOSTILE_SHORT,   /* the answer ends behind its header */
	HOSTILE_LONG,    /* the header tells of 4 GiB */
	HOSTILE_TINY,    /* the header tells of 3 bytes */
	HOSTILE_BYTES,   /* one byte at a time */
	HOSTILE_FILES,   /* descriptors that nobody asked for */
	HOSTILE_NO_FILE, /* without the descriptors */
	HOSTILE_NOISE,   /* some bits are others */
};

struct hostile_case {
	const char *name;
	const char *lie; /* for the report */
	enum hostile_end end;
	const char *says[2]; /* words of the driver's log */
	const char *args;    /* more arguments of the device */
	bool quick;          /* one of those that are always run */
	bool interrupts;     /* the port asks for Rx interrupts */
	bool resets;         /* the card resets itself, so that the driver asks everything again */
	unsigned int times;  /* at most; 0: as long as it may be told */
	/* what the server offers; `regions` is called for each connection */
	void (*regions)(struct hostile_card *card, struct vfu_server_config *config);
	/* a register was read */
	void (*reg)(struct hostile_card *card, uint64_t off, void *data, size_t bytes);
	/* an answer; opcode 0: to any command */
	uint8_t opcode;
	void (*answer)(struct hostile_answer *answer);
	void (*tx)(struct hostile_card *card, struct hostile_ring *ring, struct wcnic_tx_cpl *cpl);
	void (*rx)(struct hostile_card *card, struct hostile_ring *ring, struct wcnic_rx_cpl *cpl);
	void (*event)(struct hostile_card *card, struct wcnic_event *event);
	/* each turn of the card's loop */
	void (*turn)(struct hostile_card *card);
	/* a message of vfio-user */
	uint16_t command;
	enum hostile_deed deed;
};

extern const struct hostile_case hostile_cases[];
extern const unsigned int hostile_cases_n;

/* ---- the card -------------------------------------------------------------------------------- */

#define HOSTILE_QUEUES 2u
#define HOSTILE_APERTURE (4u << 20)
#define HOSTILE_DEPTH_MAX 1024u

struct hostile_card {
	const struct hostile_case *lie;
	struct hostile_shared *shared;
	struct wcnic_card *model;
	struct wcnic_port *port;
	struct vfu_server *server;
	struct hostile_relay *relay;
	int aperture_fd;
	uint8_t *aperture;
	uint64_t random;
	int client_irq[4]; /* eventfds that the relay saw; -1 */
	/* the admin rings: the driver's, and where the model's are */
	uint64_t asq, acq, aeq;
	uint16_t ring_entries, event_entries;
	uint16_t asq_tail, asq_done, acq_seq, aeq_seq;
	bool busy; /* the model has a command */
	bool waiting;
	struct hostile_answer answer;
	uint8_t *shadow;
	struct hostile_ring tx[HOSTILE_QUEUES], rx[HOSTILE_QUEUES];
};

/* Serves lies on `path` until the process is killed. Returns an exit status. */
int
hostile_card_run(const struct hostile_case *lie, const char *path, struct hostile_shared *shared);

/* Whether the lie is to be told now; counts it. */
bool hostile_tell(struct hostile_card *card);

uint64_t hostile_random(struct hostile_card *card);

/* Host memory as the driver has it mapped, or NULL. */
void *hostile_memory(struct hostile_card *card, uint64_t iova, size_t bytes);

/* ---- hostile_rings.c ---- */

/* A register is written: the value that the model gets. False: it does not get it. */
bool hostile_rings_write(struct hostile_card *card, uint64_t off, uint64_t *value);
/* Commands to the model, before it is polled; answers, completions and events from it, after. */
void hostile_rings_in(struct hostile_card *card);
void hostile_rings_out(struct hostile_card *card);
void hostile_rings_reset(struct hostile_card *card);
/* The model's side of the rings is memory at this address; to be told to each new server. */
#define HOSTILE_SHADOW (UINT64_C(1) << 62)
#define HOSTILE_SHADOW_BYTES (1u << 20)

/* ---- hostile_relay.c ---- */

/* Passes messages between a client and the server at the other end of *server_end. */
struct hostile_relay *hostile_relay_start(struct hostile_card *card, int client, int *server_end);
/* Whether either end is gone. */
bool hostile_relay_over(const struct hostile_relay *relay);
void hostile_relay_end(struct hostile_relay *relay);

#endif /* HOSTILE_H */
