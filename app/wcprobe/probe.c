/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Names, and what follows from the rungs' answers. */

#include "probe.h"

enum wcbar_rung
probe_rung(const struct wcbar_answer *answers)
{
	enum wcbar_rung any = WCBAR_RUNGS;

	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		if (answers[i].error != 0)
			continue;
		if (answers[i].type == WCBAR_TYPE_WC)
			return i;
		if (any == WCBAR_RUNGS)
			any = i;
	}
	return any;
}

enum wcbar_type
probe_intended(const struct wcbar_answer *answers)
{
	enum wcbar_rung rung = probe_rung(answers);

	return rung == WCBAR_RUNGS ? WCBAR_TYPE_UNKNOWN : answers[rung].type;
}

const char *
confidence_name(enum confidence confidence)
{
	static const char *const names[] = {
		[CONFIDENCE_NONE] = "none",
		[CONFIDENCE_GUESS] = "guess",
		[CONFIDENCE_LIKELY] = "likely",
		[CONFIDENCE_CERTAIN] = "certain",
	};

	return names[confidence];
}

const char *
effective_state_name(enum effective_state state)
{
	static const char *const names[EFFECTIVE_STATES] = {
		[EFFECTIVE_NOT_TESTED] = "not-tested",
		[EFFECTIVE_UNCLEAR] = "unclear",
		[EFFECTIVE_NOT_OBSERVABLE] = "not-observable",
		[EFFECTIVE_GATHERS] = "gathers",
		[EFFECTIVE_SEPARATE] = "separate",
		[EFFECTIVE_TRAPPED] = "trapped",
	};

	return names[state];
}

const char *
effective_source_name(enum effective_source source)
{
	static const char *const names[] = {
		[SOURCE_NONE] = "none",
		[SOURCE_TIMING] = "timing",
		[SOURCE_CARD] = "card",
	};

	return names[source];
}

const char *
verdict_name(enum verdict_id id)
{
	static const char *const names[VERDICTS] = {
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_COMBINING] = "combining",
		[VERDICT_STAGE1_DEVICE] = "stage1-device",
		[VERDICT_STAGE2_DEVICE] = "stage2-device",
		[VERDICT_NOT_GATHERING] = "not-gathering",
		[VERDICT_TRAPPED] = "trapped",
		[VERDICT_NOT_MAPPABLE] = "not-mappable",
		[VERDICT_KERNEL_MAPS] = "kernel-maps",
	};

	return names[id];
}

const char *
verdict_text(enum verdict_id id)
{
	static const char *const texts[VERDICTS] = {
		[VERDICT_UNKNOWN] = "unknown whether stores combine",
		[VERDICT_COMBINING] = "stores combine",
		[VERDICT_STAGE1_DEVICE] = "not combining: the mapping (stage 1) is Device, UC",
		[VERDICT_STAGE2_DEVICE] = "not combining: the hypervisor (stage 2) makes it Device",
		[VERDICT_NOT_GATHERING] = "not combining: mapped WC, but the CPU does not gather",
		[VERDICT_TRAPPED] = "not combining: a hypervisor emulates every store",
		[VERDICT_NOT_MAPPABLE] = "not mappable: no way gives a mapping at all",
		[VERDICT_KERNEL_MAPS] = "not for the ladder: the kernel's driver gives the mapping",
	};

	return texts[id];
}

const char *
effort_name(enum effort effort)
{
	static const char *const names[EFFORTS] = {
		[EFFORT_COMMAND] = "command",   [EFFORT_REBOOT] = "reboot",
		[EFFORT_FIRMWARE] = "firmware", [EFFORT_KERNEL] = "kernel",
		[EFFORT_HARDWARE] = "hardware",
	};

	return names[effort];
}

const char *
access_name(enum wcbar_access access)
{
	switch (access) {
	case WCBAR_ACCESS_KERNEL:
		return "kernel";
	case WCBAR_ACCESS_UIO:
		return "uio";
	case WCBAR_ACCESS_VFIO_GROUP:
		return "vfio-group";
	case WCBAR_ACCESS_VFIO_CDEV:
		return "vfio-cdev";
	case WCBAR_ACCESS_NONE:
		break;
	}
	return "none";
}
