/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef RAW_TARGET_H
#define RAW_TARGET_H

/*
 * Memory that is measured, whatever it is reached through, and what was found out about it. One
 * thread.
 */

#include "far_end.h"
#include "pci_link.h"
#include "raw.h"

#define RAW_NAME_BYTES 320u
#define RAW_TEXT_BYTES 512u
#define RAW_NOW_MAX 16u

/* What stands behind the mapping. */
enum raw_behind {
	RAW_BEHIND_UNKNOWN = 0,
	RAW_BEHIND_DEVICE, /* memory of a device */
	RAW_BEHIND_RAM,    /* this machine's own */
};

/* A range of the kernel's list of memory types that lies in a BAR. */
struct raw_now {
	unsigned int bar;
	uint64_t from, to; /* physical */
	enum wcbar_type type;
};

struct raw_target;

/* A way to memory. */
struct raw_source {
	const char *kind; /* "bar", "vulkan", "drm", "map" */
	/* Fills the target. 0, or -errno with a sentence; close() follows then too. */
	int (*open)(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes);
	/* Measures one of t->types. Fills all of `out`; on failure out->error and out->why. */
	void (*measure)(struct raw_target *t, const struct raw_options *o, enum wcbar_type type,
			unsigned int marks_before, struct raw_mapping *out);
	/*
	 * What a shader sees of stores, after measure(). Fills all of `out`; on failure out->error
	 * and out->why. NULL: there is no shader.
	 */
	void (*far_end)(struct raw_target *t, const struct raw_options *o,
			const struct machine *machine, struct far_end *out);
	void (*close)(struct raw_target *t);
	/* Adds fields of its own to the JSON, and lines to the text. NULL: none. */
	void (*json)(const struct raw_target *t, struct json_object *to);
	void (*text)(const struct raw_target *t, FILE *out);
};

extern const struct raw_source raw_source_bar, raw_source_vulkan, raw_source_drm, raw_source_map;

struct raw_target {
	const struct raw_source *source;
	void *state; /* the source's own */
	char name[RAW_NAME_BYTES];
	enum raw_behind behind;
	bool software;                   /* of a software renderer */
	char behind_why[RAW_TEXT_BYTES]; /* what tells what stands behind */
	/* The types to measure. Of a BAR those that are wanted; else the one that was found out. */
	size_t n_types;
	enum wcbar_type types[2];
	char type_why[RAW_TEXT_BYTES]; /* what told it; "": each mapping says it */
	struct wcbar_window win;       /* what is mapped; not of a BAR */
	/* The PCI device behind; has_pci is false: none, or unknown. */
	bool has_pci;
	struct wcbar_pci_facts pci;
	struct pci_link link;
	/* What the kernel's list of memory types says of its BARs now; or why it does not. */
	size_t n_now;
	struct raw_now now[RAW_NOW_MAX];
	char now_why[RAW_TEXT_BYTES];
};

/*
 * Opens what the options name: maps it, and finds out what it is. 0, or -errno with a sentence in
 * `why`; -EINVAL: the arguments are wrong. raw_target_close() after a success.
 */
WC_MUST_CHECK int
raw_target_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes);
void raw_target_close(struct raw_target *t);

/*
 * Helps sources: reads the facts of the PCI device at `bdf` ("" does nothing), its link, and what
 * the kernel's list says of its BARs.
 */
void raw_target_pci(struct raw_target *t, const struct raw_options *o, const char *bdf);
/* Whether the kernel's list has a range of that type in a prefetchable BAR. */
bool raw_target_now(const struct raw_target *t, enum wcbar_type type);

/* Measures t->win. A source's measure() for memory that is mapped. */
void raw_target_measure(struct raw_target *t, const struct raw_options *o, enum wcbar_type type,
			unsigned int marks_before, struct raw_mapping *out);

/*
 * Contradicts what the target is taken for, where the read of 8 bytes does: `ns` of it cannot be
 * that of a mapping without a cache. Then type and what stands behind become unknown, and `out`
 * says so.
 */
void raw_target_doubt(struct raw_target *t, double ns, struct raw_mapping *out);
/* The same by the reads that were measured. Nothing on an emulated CPU: its times tell nothing. */
void
raw_target_doubt_reads(struct raw_target *t, const struct raw_options *o, struct raw_mapping *out);

/* "device memory through a BAR", "write-back RAM (software renderer)", "unknown", ... Static. */
const char *raw_memory_name(const struct raw_target *t, enum wcbar_type type);

/*
 * The basis of the target's figures: "measured" where a device stood behind, "measured in RAM",
 * "measured in unknown memory"; under emulation with these words behind it. Static.
 */
const char *raw_basis(const struct raw_target *t, const struct machine *machine);

/* The report on `n` mappings as JSON: a new object, which the caller puts. */
struct json_object *raw_json(const struct raw_options *o, const struct machine *machine,
			     const struct raw_target *t, struct raw_mapping *mappings, size_t n);

/* What was found out about the target, as text; and the report on one mapping. */
void raw_target_text(FILE *out, const struct machine *machine, const struct raw_target *t);
void raw_text(FILE *out, const struct machine *machine, const struct raw_target *t,
	      struct raw_mapping *m);

#endif /* RAW_TARGET_H */
