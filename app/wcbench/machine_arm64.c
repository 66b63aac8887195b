/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* On arm64 no hypervisor names itself. */

#include "machine.h"

void
machine_signature(char signature[13])
{
	signature[0] = '\0';
}
