/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/* systemd's protocol of readiness (sd_notify(3)): one datagram to the socket in NOTIFY_SOCKET. */

#include <wcbase.h>

/*
 * Sends `state`, such as "READY=1". 0: sent, or nobody asked; -errno: whoever asked does not get
 * it.
 */
WC_MUST_CHECK int notify_send(const char *state);

#endif /* NOTIFY_H */
