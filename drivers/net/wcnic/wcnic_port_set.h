/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_PORT_SET_H
#define WCNIC_PORT_SET_H

/* The card's port: its settings and its wire. The caller of each function holds hw->lock. */

#include <stdint.h>

#include <wcbase.h>
#include <wcnic_abi.h>

struct wcnic_hw;

#define WCNIC_PORTF_PAUSE (WCNIC_PORTF_PAUSE_TX | WCNIC_PORTF_PAUSE_RX)

/* WCNIC_PORTF_PAUSE_*, for PORT_SET: what was asked for, on a wire that carries pauses. */
uint16_t wcnic_port_pause_flags(const struct wcnic_hw *hw);
/*
 * Sends hw->mtu, mac and port_flags; `valid` (WCNIC_PORT_SET_*) says which of them count. 0 or the
 * command's -errno.
 */
int wcnic_port_set(struct wcnic_hw *hw, uint16_t valid);
/* Asks for the link and the wire: hw->link_up and what follows it there. 0 or -errno. */
WC_MUST_CHECK int wcnic_port_query(struct wcnic_hw *hw);

#endif /* WCNIC_PORT_SET_H */
