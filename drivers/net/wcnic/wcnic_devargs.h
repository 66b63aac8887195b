/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_DEVARGS_H
#define WCNIC_DEVARGS_H

/* What a user gives after the name of the device. */

#include <stdbool.h>
#include <stdint.h>

#define WCNIC_QUEUES_MAX 64

/* Defaults are in wcnic_devargs_parse(). */
struct wcnic_devargs {
	char socket[108];
	char port[1024];
	char store[16];
	uint8_t placement[WCNIC_QUEUES_MAX]; /* enum wcnic_placement or WCNIC_PLACEMENT_AUTO */
	uint32_t slot_lines;
	uint32_t timeout_ms;
	uint32_t queues;
	uint32_t thread;
	uint32_t seed;
	uint32_t push_wait_us;
	uint32_t self_test;
	uint32_t mark;
	uint32_t packed;
	uint32_t express;
	uint32_t rx_intr_usecs;
};

/*
 * What EAL and dpdk-pmdinfo show as the arguments of a device: of any card, and of one on the vdev
 * bus besides. Keys are those of the table in wcnic_devargs.c, in the same order.
 */
#define WCNIC_DEVARGS_ANY                  \
	"placement=push|fetch|auto[:...] " \
	"slot_lines=<1|2|4|8|16> "         \
	"store=<name> "                    \
	"timeout_ms=<ms> "                 \
	"self_test=<0|1> "                 \
	"packed=<0|1> "                    \
	"express=<0|1> "                   \
	"mark=<n> "                        \
	"rx_intr_usecs=<us>"
#define WCNIC_DEVARGS_VDEV \
	WCNIC_DEVARGS_ANY  \
	" socket=<path> "  \
	"port=<spec> "     \
	"queues=<n> "      \
	"thread=<0|1> "    \
	"seed=<n> "        \
	"push_wait_us=<us>"

/*
 * Parses driver arguments over defaults; `pci`: of a card on the bus. -EINVAL after logging the
 * culprit and what is valid.
 */
int wcnic_devargs_parse(const char *name, const char *text, bool pci, struct wcnic_devargs *args);

/* True if some queue, of as many as there can be, is not placement=fetch. */
bool wcnic_devargs_may_push(const struct wcnic_devargs *args);

#endif /* WCNIC_DEVARGS_H */
