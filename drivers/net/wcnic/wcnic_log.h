/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_LOG_H
#define WCNIC_LOG_H

/* The log of the driver: lines name the port. */

#include <rte_log.h>

/* Of all lines of this driver: pmd.net.wcnic. */
extern int wcnic_logtype;
/* `hw`: anything with a name. */
#define WCNIC_LOG(level, hw, fmt, ...) \
	rte_log(RTE_LOG_##level, wcnic_logtype, "wcnic %s: " fmt "\n", (hw)->name, ##__VA_ARGS__)

#endif /* WCNIC_LOG_H */
