/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef HAND_H
#define HAND_H

/*
 * A vfio-user client by hand, with one request at a time. Its memory has no descriptor: the card
 * reads and writes it by messages, which this client answers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfu_wire.h>

#include "child.h"

struct hand {
	struct child *child; /* the server, for its log */
	int sock;
	uint16_t id;
	_Alignas(64) uint8_t memory[MINI_BYTES]; /* at MINI_IOVA */
	unsigned int reads;                      /* DMA messages that were answered */
	unsigned int writes;
	bool deny; /* refuses DMA */
};

extern struct hand hand;

struct hand_msg {
	struct vfu_hdr hdr;
	uint8_t payload[8192];
};

/* Connects, agrees on the version and maps the memory. The caller closes hand.sock. */
void hand_connect(struct child *child, const char *path);
/* Sets up the admin queue and enables the card. */
void hand_enable(void);

/* A request, and the DMA that the card does until the reply. Returns the reply's errno. */
uint32_t hand_ask(uint16_t cmd, const void *payload, size_t bytes, struct hand_msg *reply);
void hand_reg_set(uint64_t off, uint32_t value);
uint32_t hand_reg(uint64_t off);

/* Receives one message. False: none came in time. */
bool hand_receive(struct hand_msg *msg);
/* Answers a DMA message. */
void hand_serve(const struct hand_msg *msg);

#endif /* HAND_H */
