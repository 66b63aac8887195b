/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_VERDICT_H
#define WCDEV_VERDICT_H

/* For card models: whether the checksums of a frame that came are right. */

#include "wcdev.h"
#include "wcdev_parse.h"

/* Neither bit of a layer: it has no checksum, or none that can be judged. */
#define WCDEV_VERDICT_L4_BAD 0x0010u
#define WCDEV_VERDICT_IP_BAD 0x0020u
#define WCDEV_VERDICT_IP_GOOD 0x0100u
#define WCDEV_VERDICT_L4_GOOD 0x0200u

/*
 * Judges the checksum of the IPv4 header and that of TCP, UDP or SCTP: of the outermost IP packet.
 * `head` are the frame's first bytes, and `parse` is what the parser found in them. Not judged:
 * layer 4 of fragments, of packets whose lengths contradict each other or the frame's, and of those
 * with a route or a home address, which are summed with other addresses than the IP header has; UDP
 * without a checksum.
 */
uint32_t wcdev_verdict(const struct wcdev_frame *frame, const uint8_t *head,
		       const struct wcdev_parse *parse);

/*
 * The same of a frame in one piece that nobody changes, of which wcdev_ptype_of() gave `ptype` with
 * WCDEV_PTYPE_IPV4. It does not judge SCTP.
 */
uint32_t wcdev_verdict_ipv4(const uint8_t *frame, uint32_t bytes, uint16_t ptype);

#endif /* WCDEV_VERDICT_H */
