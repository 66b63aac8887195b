/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PREDICT_H
#define PREDICT_H

/* What the ladder would answer, from the facts alone: nothing is opened, nothing is mapped. */

#include "probe.h"

/*
 * Both arrays have WCBAR_RUNGS entries. A rung that is not sure depends on a kernel that this
 * project has not tried.
 */
void predict_answers(const struct wcbar_pci_facts *facts, unsigned int bar,
		     struct wcbar_answer *answers, bool *sure);

/* The BAR that is worth asking for: the largest prefetchable one, else the largest; -1: none. */
int predict_best_bar(const struct wcbar_pci_facts *facts);

/* Major and minor number of a release such as 6.1.0-56-amd64; false if it is not one. */
bool predict_kernel_version(const char *release, unsigned int *major, unsigned int *minor);

/* Whether VFIO has the device. */
bool predict_is_vfio(const struct wcbar_pci_facts *facts);

/* Whether the kernel is locked down so far that sysfs maps no BAR. */
bool predict_is_locked(const struct wcbar_pci_facts *facts);

#endif /* PREDICT_H */
