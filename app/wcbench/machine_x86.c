/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A hypervisor's signature, by CPUID. */

#include <cpuid.h>
#include <string.h>

#include "machine.h"

#define LEAF_FEATURES 1
#define LEAF_HYPERVISOR 0x40000000u
#define ECX_HYPERVISOR (1u << 31)

void
machine_signature(char signature[13])
{
	unsigned int eax, ebx, ecx, edx;

	memset(signature, 0, 13);
	if (__get_cpuid(LEAF_FEATURES, &eax, &ebx, &ecx, &edx) == 0 || (ecx & ECX_HYPERVISOR) == 0)
		return;
	__cpuid(LEAF_HYPERVISOR, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
}
