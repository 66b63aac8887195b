/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Loopback, sink and wire: ports that keep no frame. */

#include <errno.h>

#include "port_internal.h"

/* Hands a frame to a card. A card that is down or has no queue counts it and drops it. */
static int
card_offer(struct wcdev *dev, const struct wcdev_frame *frame)
{
	int ret = wcdev_receive(dev, frame);

	return ret == -ENETDOWN ? 0 : ret;
}

static unsigned int
card_offer_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	unsigned int taken = wcdev_receive_burst(dev, frames, n, ret);

	return taken < n && *ret == -ENETDOWN ? n : taken;
}

static int
loopback_send(void *ctx, const struct wcdev_frame *frame)
{
	struct wcnic_port *port = ctx;

	return card_offer(port->dev, frame);
}

static unsigned int
loopback_send_burst(void *ctx, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct wcnic_port *port = ctx;

	return card_offer_burst(port->dev, frames, n, ret);
}

const struct wcnic_port_kind port_loopback_kind = {
	.ops = {.kind = "loopback", .send = loopback_send, .send_burst = loopback_send_burst},
	.keys = "",
	.bytes = sizeof(struct wcnic_port),
};

static int
sink_send(void *ctx, const struct wcdev_frame *frame)
{
	(void)ctx;
	(void)frame;
	return 0;
}

static unsigned int
sink_send_burst(void *ctx, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	(void)ctx;
	(void)frames;
	(void)ret;
	return n;
}

const struct wcnic_port_kind port_sink_kind = {
	.ops = {.kind = "sink", .send = sink_send, .send_burst = sink_send_burst},
	.keys = "",
	.bytes = sizeof(struct wcnic_port),
};

struct wire {
	struct wcnic_port port;
	struct wire *peer;
};

static int
wire_send(void *ctx, const struct wcdev_frame *frame)
{
	struct wire *wire = ctx;

	if (wire->peer == NULL)
		return -EAGAIN;
	return card_offer(wire->peer->port.dev, frame);
}

static unsigned int
wire_send_burst(void *ctx, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct wire *wire = ctx;

	if (wire->peer == NULL) {
		*ret = -EAGAIN;
		return 0;
	}
	return card_offer_burst(wire->peer->port.dev, frames, n, ret);
}

static bool
wire_link(void *ctx, uint32_t *speed_mbps)
{
	struct wire *wire = ctx;

	(void)speed_mbps;
	return wire->peer != NULL;
}

static void
wire_stop(struct wcnic_port *port)
{
	struct wire *wire = (struct wire *)port;

	if (wire->peer != NULL)
		wire->peer->peer = NULL;
}

const struct wcnic_port_kind port_wire_kind = {
	.ops = {.kind = "wire",
		.send = wire_send,
		.send_burst = wire_send_burst,
		.link = wire_link},
	.keys = "",
	.bytes = sizeof(struct wire),
	.stop = wire_stop,
};

int
wcnic_port_wire(struct wcnic_port *a, struct wcnic_port *b)
{
	struct wire *wire_a = (struct wire *)a;
	struct wire *wire_b = (struct wire *)b;

	if (a == b || a->kind != &port_wire_kind || b->kind != &port_wire_kind ||
	    wire_a->peer != NULL || wire_b->peer != NULL)
		return -EINVAL;
	wire_a->peer = wire_b;
	wire_b->peer = wire_a;
	return 0;
}
