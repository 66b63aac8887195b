/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The type of the driver's log lines: --log-level=pmd.net.wcnic:debug. */

#include "wcnic_log.h"

RTE_LOG_REGISTER_DEFAULT(wcnic_logtype, NOTICE);
