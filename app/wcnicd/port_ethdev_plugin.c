/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * libwcnic_port_ethdev.so: the plugin that wcnicd loads for --port ethdev. Without such a port
 * wcnicd needs no DPDK.
 */

#include <app_version.h>
#include <port_ethdev.h>
#include <wcbase.h>

extern WC_PUBLIC const struct wcnic_port_plugin wcnic_port_plugin;

const struct wcnic_port_plugin wcnic_port_plugin = {
	.version = app_version,
	.kind = &port_ethdev_kind,
	.options_set = port_ethdev_options_set,
	.fini = port_ethdev_fini,
};
