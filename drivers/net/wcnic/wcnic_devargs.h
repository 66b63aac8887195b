/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_DEVARGS_H
#define WCNIC_DEVARGS_H

/* What a user gives after the name of the device. */

#include <stdbool.h>
#include <stdint.h>

#define WCNIC_QUEUES_MAX 64

struct wcnic_devargs {
	char socket[108];
	char port[1024];
	char store[16];
	uint8_t placement[WCNIC_QUEUES_MAX];
	uint32_t slot_lines;
	uint32_t timeout_ms;
	uint32_t queues;
	uint32_t thread;
	uint32_t seed;
	uint32_t push_wait_us;
	uint32_t self_test;
	uint32_t mark;
	uint32_t packed;
};

/*
 * Parses driver arguments over defaults; `pci`: of a card on the bus. -EINVAL after logging the
 * culprit and what is valid.
 */
int wcnic_devargs_parse(const char *name, const char *text, bool pci, struct wcnic_devargs *args);

#endif /* WCNIC_DEVARGS_H */
