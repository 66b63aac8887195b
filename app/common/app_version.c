/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which wcnic a program is of. */

#include <stdio.h>

#include "app_commit.h"
#include "app_version.h"

const char app_version[] = WCNIC_VERSION;
const char app_commit[] = APP_COMMIT;

void
app_version_print(const char *program)
{
	printf("%s %s (%s)\n", program, app_version, app_commit);
}
