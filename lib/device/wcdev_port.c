/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The seam between a card and its port. */

#include "wcdev_card.h"

/* Of a port that does not say. */
#define PORT_SPEED_MBPS 100000u

void
wcdev_port_set(struct wcdev *dev, const struct wcdev_port_ops *ops, void *port)
{
	dev->port_ops = ops;
	dev->port = port;
	dev->card_ops->port_changed(dev);
}

unsigned int
wcdev_receive_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	return dev->card_ops->receive_burst(dev, frames, n, ret);
}

int
wcdev_receive(struct wcdev *dev, const struct wcdev_frame *frame)
{
	int ret = 0;

	return dev->card_ops->receive_burst(dev, frame, 1, &ret) == 1 ? 0 : ret;
}

void
wcdev_port_link(const struct wcdev *dev, struct wcdev_link *link)
{
	*link = (struct wcdev_link){.up = dev->port_ops != NULL, .speed_mbps = PORT_SPEED_MBPS};
	if (dev->port_ops != NULL && dev->port_ops->link != NULL)
		dev->port_ops->link(dev->port, link);
}

void
wcdev_port_wire_set(const struct wcdev *dev, unsigned int flags)
{
	if (dev->port_ops != NULL && dev->port_ops->set != NULL)
		dev->port_ops->set(dev->port, flags);
}

void
wcdev_port_input(const struct wcdev *dev, uint64_t *frames, bool *done)
{
	if (dev->port_ops != NULL && dev->port_ops->input != NULL)
		dev->port_ops->input(dev->port, frames, done);
}

bool
wcdev_port_has_input(const struct wcdev *dev)
{
	uint64_t frames;
	bool done = false;

	if (dev->port_ops == NULL || dev->port_ops->poll == NULL)
		return false;
	wcdev_port_input(dev, &frames, &done);
	return !done;
}
