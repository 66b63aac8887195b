/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_CARD_H
#define WCDEV_CARD_H

/* For card models: the object that each card begins with. */

#include "wcdev.h"

/* What a card model does for its port. */
struct wcdev_card_ops {
	/* Another port was connected, or none: the link may have changed. */
	void (*port_changed)(struct wcdev *dev);
	/* As wcdev_receive_burst(). */
	unsigned int (*receive_burst)(struct wcdev *dev, const struct wcdev_frame *frames,
				      unsigned int n, int *ret);
};

/* The first member of a card, so that either is found from the other. */
struct wcdev {
	const struct wcdev_card_ops *card_ops;
	const struct wcdev_port_ops *port_ops; /* NULL: no port */
	void *port;
};

/* ---- the port, as the card calls it ------------------------------------------------------ */

/* Link state and, if it is up, the speed; without a port there is no link. */
bool wcdev_port_link(const struct wcdev *dev, uint32_t *speed_mbps);
/* What is known of the port's input: *frames and *done keep their values if it does not say. */
void wcdev_port_input(const struct wcdev *dev, uint64_t *frames, bool *done);

/*
 * Offers frames to the port, in order; there is one. Returns how many it took, the first `n`; if
 * fewer, *ret says what becomes of the next, as struct wcdev_port_ops has it for send().
 */
static inline unsigned int
wcdev_port_send(const struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	unsigned int i;

	if (dev->port_ops->send_burst != NULL)
		return dev->port_ops->send_burst(dev->port, frames, n, ret);
	for (i = 0; i < n; i++) {
		*ret = dev->port_ops->send(dev->port, &frames[i]);
		if (*ret != 0)
			break;
	}
	return i;
}

/* The frames that were sent are a batch: nothing of it may stay with the port. There is one. */
static inline void
wcdev_port_flush(const struct wcdev *dev)
{
	if (dev->port_ops->flush != NULL)
		dev->port_ops->flush(dev->port);
}

/* Lets the port hand over at most `budget` frames. Returns how many it did. */
static inline unsigned int
wcdev_port_poll(const struct wcdev *dev, unsigned int budget)
{
	if (dev->port_ops == NULL || dev->port_ops->poll == NULL)
		return 0;
	return dev->port_ops->poll(dev->port, budget);
}

#endif /* WCDEV_CARD_H */
