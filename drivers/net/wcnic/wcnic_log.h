/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_LOG_H
#define WCNIC_LOG_H

/* The log of the driver: lines name the port. */

#include <rte_log.h>

#include "wcnic_compat.h"

/* Of all lines of this driver: pmd.net.wcnic. */
extern int wcnic_logtype;
#define RTE_LOGTYPE_WCNIC wcnic_logtype

/* `hw`: anything with a name. */
#define WCNIC_LOG(level, hw, ...) WCNIC_LOG_LINE(level, (hw)->name, __VA_ARGS__)

#endif /* WCNIC_LOG_H */
