/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_PEER_H
#define WCNIC_PEER_H

/*
 * Secondary processes whose bursts may be in queues, as the primary knows them. Each has a number
 * that no other gets, and a place among those that are attached.
 */

#include <stdbool.h>
#include <stdint.h>

#define WCNIC_PEERS_MAX 32

/*
 * Adds a process. `life`: a file whose other end the process alone keeps open until it ends; the
 * peer owns it. *place gets its place, below WCNIC_PEERS_MAX. Returns its number, above 0; 0: there
 * is no place, and `life` is closed. Any thread of the primary.
 */
uint32_t wcnic_peer_add(int life, unsigned int *place);
/* The place of a process that is attached and lives; WCNIC_PEERS_MAX: it is not. poll(2). */
unsigned int wcnic_peer_place(uint32_t number);
/* From now on the process has, or has no longer, that port. */
void wcnic_peer_port_set(uint32_t number, uint16_t port_id, bool has);
/* The port is closed: whoever is at that place has it no longer. */
void wcnic_peer_forget_port(unsigned int place, uint16_t port_id);
/* Whether the process at that place lives and has the port. poll(2). */
bool wcnic_peer_has_port(unsigned int place, uint16_t port_id);
/* Whether there is any process that was attached; it may have ended. */
bool wcnic_peer_any(void);

#endif /* WCNIC_PEER_H */
