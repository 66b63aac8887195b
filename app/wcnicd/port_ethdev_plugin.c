/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include "port_ethdev_internal.h"

/* libwcnic_port_ethdev.so: what wcnicd loads for --port ethdev, so that it needs no DPDK else. */

extern const struct port_plugin wcnic_port_plugin;

__attribute__((visibility("default"))) const struct port_plugin wcnic_port_plugin = {
	.version = WCNIC_VERSION,
	.kind = &port_kind_ethdev,
	.options = port_ethdev_options,
	.fini = port_ethdev_fini,
};
