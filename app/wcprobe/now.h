/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef NOW_H
#define NOW_H

/*
 * Who has a BAR mapped at this moment, and with which memory type. On x86 the kernel's list of
 * types decides, compared by address. On arm64 the mapped file implies the type, as far as this
 * system's own page tables (stage 1) go.
 */

#include <wcbar_pci.h>

#include "now_scan.h"

#define NOW_WHY_BYTES 512
#define NOW_MAPPINGS_MAX 64
#define NOW_RANGES_MAX 32

enum now_file {
	NOW_FILE_RESOURCE = 0, /* resourceN of sysfs */
	NOW_FILE_RESOURCE_WC,
	NOW_FILE_VFIO,      /* a VFIO device, opened by its group */
	NOW_FILE_VFIO_CDEV, /* /dev/vfio/devices/vfioN */
	NOW_FILE_MEM,       /* /dev/mem */
	NOW_FILE_BUS_PCI,   /* /proc/bus/pci/BUS/DEVICE.FUNCTION */
	NOW_FILE_UIO,       /* /dev/uioN */
};

/* What one process has mapped of the BAR through one file. */
struct now_mapping {
	int pid;
	char program[32];
	enum now_file file;
	uint64_t off;   /* of the BAR: where the first piece begins */
	uint64_t bytes; /* of all pieces together */
	/* That implies this type on arm64; unknown: a VFIO driver with rules of its own. */
	enum wcbar_type implied;
	bool perhaps; /* it may be another device's BAR, */
	char why[96]; /* because of this */
};

struct now_range {
	uint64_t from, to; /* physical; as the kernel's list has it */
	enum wcbar_type type;
};

enum now_state {
	NOW_NONE = 0, /* nobody has it mapped, as far as can be seen */
	NOW_WC,
	NOW_UC,
	NOW_MIXED,   /* in parts, or for some, WC */
	NOW_UNKNOWN, /* mapped, but the type cannot be told */
	NOW_STATES,
};

struct now {
	enum now_state state;
	bool by_list;            /* else by files */
	char why[NOW_WHY_BYTES]; /* of the state */
	int list_error;          /* 0: the kernel's list was read */
	size_t n_ranges, n_mappings;
	bool cut; /* there are more than fit */
	struct now_range ranges[NOW_RANGES_MAX];
	struct now_mapping mappings[NOW_MAPPINGS_MAX];
	unsigned int hidden; /* processes that could not be looked at */
	bool all_hidden;     /* those of others are not even shown */
};

/*
 * Judges a BAR. `arch` as uname says, "" if unknown. Reads the kernel's list below the scan's root,
 * and what the scan needs to tell devices apart.
 */
void now_judge(const struct now_scan *scan, const struct wcbar_pci_facts *facts, const char *arch,
	       unsigned int bar, struct now *now);

/* "none", "WC", "UC", "mixed", "unknown". */
const char *now_state_name(enum now_state state);
/* "resource", "resource_wc", "vfio", "vfio-cdev", "dev-mem", "bus-pci", "uio". */
const char *now_file_name(enum now_file file);

#endif /* NOW_H */
