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

/* A port whose frames go on to a card, which may pause the sender. */
struct cable {
	struct wcnic_port port;
	bool flow_control;  /* the wire carries pauses */
	unsigned int flags; /* WCDEV_WIRE_*: what this end's card does to it */
	struct cable *peer; /* the other end; of a loopback it is its own */
};

static int
cable_start(struct wcnic_port *port, const struct wcnic_port_args *args)
{
	struct cable *cable = (struct cable *)port;

	return wcnic_port_arg_switch(args, "flow_control", &cable->flow_control);
}

static void
cable_set(void *ctx, unsigned int flags)
{
	struct cable *cable = ctx;

	cable->flags = flags;
}

static bool
cable_is_up(const struct cable *cable)
{
	return cable->peer != NULL && ((cable->flags | cable->peer->flags) & WCDEV_WIRE_DARK) == 0;
}

/* Frames for this end's card wait if it pauses the other, and the other lets it. */
static void
cable_link(void *ctx, struct wcdev_link *link)
{
	const struct cable *cable = ctx;

	port_link(ctx, link);
	link->up = cable_is_up(cable);
	link->pauses = cable->flow_control;
	link->waits = cable->flow_control && cable->peer != NULL &&
		      (cable->flags & WCDEV_WIRE_PAUSE_TX) != 0 &&
		      (cable->peer->flags & WCDEV_WIRE_PAUSE_RX) != 0;
}

static int
loopback_start(struct wcnic_port *port, const struct wcnic_port_args *args)
{
	struct cable *cable = (struct cable *)port;

	cable->peer = cable;
	return cable_start(port, args);
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
	.ops = {.kind = "loopback",
		.send = loopback_send,
		.send_burst = loopback_send_burst,
		.link = cable_link,
		.set = cable_set},
	.keys = "flow_control speed",
	.bytes = sizeof(struct cable),
	.start = loopback_start,
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
	.ops = {.kind = "sink",
		.send = sink_send,
		.send_burst = sink_send_burst,
		.link = port_link},
	.keys = "speed",
	.bytes = sizeof(struct wcnic_port),
};

/* Without a link a frame waits at its card. */
static int
wire_send(void *ctx, const struct wcdev_frame *frame)
{
	struct cable *wire = ctx;

	if (!cable_is_up(wire))
		return -EAGAIN;
	return card_offer(wire->peer->port.dev, frame);
}

static unsigned int
wire_send_burst(void *ctx, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	struct cable *wire = ctx;

	if (!cable_is_up(wire)) {
		*ret = -EAGAIN;
		return 0;
	}
	return card_offer_burst(wire->peer->port.dev, frames, n, ret);
}

static void
wire_stop(struct wcnic_port *port)
{
	struct cable *wire = (struct cable *)port;

	if (wire->peer != NULL)
		wire->peer->peer = NULL;
}

const struct wcnic_port_kind port_wire_kind = {
	.ops = {.kind = "wire",
		.send = wire_send,
		.send_burst = wire_send_burst,
		.link = cable_link,
		.set = cable_set},
	.keys = "flow_control speed",
	.bytes = sizeof(struct cable),
	.start = cable_start,
	.stop = wire_stop,
};

int
wcnic_port_wire(struct wcnic_port *a, struct wcnic_port *b)
{
	struct cable *wire_a = (struct cable *)a;
	struct cable *wire_b = (struct cable *)b;

	if (a == b || a->kind != &port_wire_kind || b->kind != &port_wire_kind ||
	    wire_a->peer != NULL || wire_b->peer != NULL)
		return -EINVAL;
	if (wire_a->flow_control != wire_b->flow_control || a->speed_mbps != b->speed_mbps)
		return -EPROTOTYPE;
	wire_a->peer = wire_b;
	wire_b->peer = wire_a;
	return 0;
}
