/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Ports that a text makes, and captures that they play. What ports open is in memory; where they
 * would write, there is nothing.
 */

#include <string.h>

#include <wcdev_card.h>
#include <wcnic_port.h>

#include "fuzz_files.h"
#include "fuzz_input.h"

#define POLLS 4u
#define BUDGET 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Reads every byte of each frame. */
static unsigned int
card_receive_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	uint32_t *sum = dev->ctx;

	*ret = 0;
	for (unsigned int i = 0; i < n; i++)
		for (uint32_t k = 0; k < frames[i].n_frags; k++)
			for (uint32_t b = 0; b < frames[i].frags[k].bytes; b++)
				*sum += ((const uint8_t *)frames[i].frags[k].base)[b];
	return n;
}

static void
card_port_changed(struct wcdev *dev)
{
	(void)dev;
}

static void
port_play(struct wcdev *dev, uint8_t how)
{
	static const uint8_t bytes[64];
	const struct wcdev_frag frag = {.base = bytes, .bytes = sizeof(bytes)};
	const struct wcdev_frame frame = {.frags = &frag, .n_frags = 1, .bytes = sizeof(bytes)};
	struct wcdev_link link;
	uint64_t frames = 0;
	bool done = false;

	wcdev_port_link(dev, &link);
	MUST(link.speed_mbps >= 10);
	for (unsigned int i = 0; i < POLLS; i++) {
		if (dev->port_ops->poll != NULL)
			MUST(dev->port_ops->poll(dev->port, BUDGET) <= BUDGET);
		if ((how & 1) != 0)
			(void)dev->port_ops->send(dev->port, &frame);
		if (dev->port_ops->flush != NULL)
			dev->port_ops->flush(dev->port);
	}
	if (dev->port_ops->input != NULL)
		dev->port_ops->input(dev->port, &frames, &done);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const struct wcdev_card_ops card_ops = {.receive_burst = card_receive_burst,
						       .port_changed = card_port_changed};
	static uint32_t sum;
	struct fuzz_input in = {.data = data, .left = bytes};
	const uint8_t how = fuzz_take8(&in), n = fuzz_take8(&in);
	char why[256] = "", spec[256] = "pcap:in=/fuzz/in";
	static struct wcdev dev;
	struct wcnic_port *port;
	int ret;

	if (n != 0)
		fuzz_take(&in, spec, n);
	spec[n != 0 ? n : sizeof(spec) - 1] = '\0';
	fuzz_files_put("/in", in.data, in.left);
	fuzz_files_seal();
	if (dev.card_ops == NULL)
		wcdev_init(&dev, &card_ops, NULL, &sum);
	ret = wcnic_port_create(spec, &dev, &port, why, sizeof(why));
	MUST(ret == 0 || (why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why)));
	if (ret == 0) {
		port_play(&dev, how);
		(void)wcnic_port_error(port);
		wcnic_port_destroy(port);
	}
	fuzz_files_reset();
	return 0;
}
