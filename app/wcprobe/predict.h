/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PREDICT_H
#define PREDICT_H

/* What the ladder would answer, from the facts alone: nothing is opened, nothing is mapped. */

#include "probe.h"

/*
 * What each rung would answer. Both arrays have WCBAR_RUNGS entries. `arch` is what uname says, ""
 * if it is not known. A rung is not sure if it depends on what is not known, or on a kernel that
 * this project has not tried. Pure.
 */
void predict_answers(const struct wcbar_pci_facts *facts, const char *arch, unsigned int bar,
		     struct wcbar_answer *answers, bool *sure);

/* The architecture of what is read from `root`: this machine's, or what a copy says; "": nothing.
 */
void predict_arch(const char *root, char *arch, size_t bytes);

/* The BAR that is worth asking for: the largest prefetchable one, else the largest; -1: none. */
int predict_best_bar(const struct wcbar_pci_facts *facts);

/* Major and minor number of a release such as 6.1.0-56-amd64; false if it is not one. */
bool predict_kernel_version(const char *release, unsigned int *major, unsigned int *minor);

/* Whether VFIO has the device. */
bool predict_is_vfio(const struct wcbar_pci_facts *facts);

/* Whether that is by a driver other than vfio-pci, which may map BARs by rules of its own. */
bool predict_is_variant(const struct wcbar_pci_facts *facts);

/*
 * Takes the type out of VFIO's answer where a driver other than vfio-pci may have chosen it and
 * nobody can tell: everywhere but on x86, where the ladder reads the kernel's list. Pure.
 */
void predict_doubt_variant(const struct wcbar_pci_facts *facts, const char *arch,
			   struct wcbar_answer *vfio);

/*
 * Whether the kernel's driver that has the device stays there for DPDK's driver too, and itself
 * gives user space the write-combining part of the BAR: there is nothing to bind.
 */
bool predict_driver_stays(const struct wcbar_pci_facts *facts);

/* Whether the kernel is locked down so far that sysfs maps no BAR. */
bool predict_is_locked(const struct wcbar_pci_facts *facts);

#endif /* PREDICT_H */
