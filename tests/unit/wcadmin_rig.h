/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCADMIN_RIG_H
#define WCADMIN_RIG_H

/*
 * A card for lib/wcadmin: a few registers and a function. The test says when it answers
 * and what. The clock goes on only while the client waits.
 */

#include <stdbool.h>
#include <stdint.h>

#include <wcadmin.h>

#define WCADMIN_RIG_RING_LOG2 2
#define WCADMIN_RIG_EVENT_LOG2 2
#define WCADMIN_RIG_ENTRIES (1u << WCADMIN_RIG_RING_LOG2)
#define WCADMIN_RIG_IOVA 0x7000u
#define WCADMIN_RIG_TIMEOUT_MS 50u
#define WCADMIN_RIG_RELAX_NS 1000000u
#define WCADMIN_RIG_APERTURE (1u << 20)

struct wcadmin_rig {
	struct wcadmin admin;
	_Alignas(64)
		uint8_t memory[WCADMIN_MEMORY_BYTES(WCADMIN_RIG_RING_LOG2, WCADMIN_RIG_EVENT_LOG2)];
	uint64_t now_ns;
	unsigned int relaxes;
	int relax_error;
	char log[512]; /* all lines, joined by '\n' */
	unsigned int lines, faults, locks, unlocks, fences, writes;
	/* registers */
	uint32_t magic, version, status, status_enabled;
	uint32_t resets;
	bool deaf;                /* resets are not answered */
	unsigned int ready_after; /* reads of STATUS after a reset */
	int read_error;
	bool gone; /* registers read all ones */
	uint64_t last_write[0x100 / 4];
	uint16_t acq_tail;
	/* the next answer */
	bool silent;
	bool phase_wrong;
	uint16_t id_xor;
	unsigned int storm; /* so many more of it, each when the one before has been seen */
	uint16_t status_code;
	uint32_t data_bytes;        /* 0: as many as were asked for */
	struct wcnic_admin_cmd cmd; /* the last */
	uint8_t in[WCADMIN_DATA_BYTES];
	uint8_t out[WCADMIN_DATA_BYTES];
};

extern const struct wcadmin_ops wcadmin_rig_ops;

/* What wcadmin_rig_setup() gives to wcadmin_init(). */
struct wcadmin_config wcadmin_rig_config(struct wcadmin_rig *rig);
/* Test setup: a card after power-on. */
int wcadmin_rig_setup(void **state);
/* Test setup: its rings are enabled, and it has not been waited for since. */
int wcadmin_rig_setup_enabled(void **state);
/* Fails the test unless one line was logged, with `words` in it. */
void wcadmin_rig_logged(const struct wcadmin_rig *rig, const char *words);

#endif /* WCADMIN_RIG_H */
