/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Instructions per packet of the card that ENA's drivers bind to: a poll that takes a burst out of
 * its queue and delivers it. As tests/perf/instructions.c counts the wcnic card's, for the same
 * frames through the same port; the driver's side is tests/unit/fake_ena.h, and is not counted.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <app_error.h>
#include <app_options.h>
#include <wcnic_port.h>

#include "fake_ena.h"
#include "frame.h"
#include "instructions.h"

#define BURST_MAX 64
#define BUF_BYTES 2048u
#define HEADER_BYTES 96u /* of a frame, in an entry of 128 bytes */
#define POLLS_MAX 1000u

static const char
	help[] = "usage: ena_instructions [OPTION]...\n"
		 "  --bytes N   frames without FCS, 60 to 1514 (default 60: 64 on the wire)\n"
		 "  --burst N   frames to a doorbell, 1 to 64 (default 32)\n"
		 "  --depth N   of the queues (default 1024)\n"
		 "  --calls N   bursts that are counted (default 72)\n"
		 "  --host      Tx queues in host memory, not in the card (LLQ)\n"
		 "  --verbose   every poll\n"
		 "Prints JSON: `model`: the card's poll, instructions per packet.\n";

struct options {
	unsigned int bytes, burst, depth, calls;
	bool host, verbose;
};

struct rig {
	const struct options *o;
	struct steps *steps;
	struct fake_ena e;
	struct fake_ena_txq tx;
	struct fake_ena_rxq rx;
	struct wcnic_port *port;
	uint8_t *frames; /* of a burst, in host memory */
	uint16_t req_id; /* the next */
};

/* From the trap on the other process steps this thread, until it sees `counted`. */
static __attribute__((noinline)) unsigned int
counted_poll(struct steps *s, struct ena_card *card)
{
	unsigned int moved = 0;

	s->kind = card != NULL ? STEPS_MODEL : STEPS_NOTHING;
	atomic_store(&s->counted, false);
	__asm__ volatile("int3" ::: "memory");
	if (card != NULL)
		moved = ena_card_poll_frames(card);
	atomic_store_explicit(&s->counted, true, memory_order_release);
	return moved;
}

static void
frame_send(struct rig *r, unsigned int i)
{
	uint8_t *data = r->frames + i * BUF_BYTES;
	const unsigned int header = r->o->bytes < HEADER_BYTES ? r->o->bytes : HEADER_BYTES;
	const unsigned int pushed = r->o->host ? 0 : header;
	struct fake_ena_frame frame = {
		.req_id = r->req_id,
		.header = data,
		.header_bytes = (uint8_t)pushed,
		.meta = !r->o->host, /* as net_ena does without meta caching */
	};

	if (pushed < r->o->bytes) {
		frame.bufs[0].iova = fake_ena_iova(&r->e, data + pushed);
		frame.bufs[0].bytes = (uint16_t)(r->o->bytes - pushed);
		frame.n_bufs = 1;
	}
	fake_ena_tx(&r->tx, &frame);
	r->req_id = (uint16_t)((r->req_id + 1) % r->tx.depth);
}

/* A burst out and back. 0, or -EIO: a frame did not come back as it was. */
static int
cycle(struct rig *r, bool counting)
{
	unsigned int moved = 0, polls = 0, n;
	struct ena_tx_cpl done;
	uint8_t back[BUF_BYTES];

	for (unsigned int i = 0; i < r->o->burst; i++)
		frame_send(r, i);
	fake_ena_tx_ring(&r->e, &r->tx);
	for (; moved < r->o->burst && polls < POLLS_MAX; polls++) {
		n = counting ? counted_poll(r->steps, r->e.card) : ena_card_poll_frames(r->e.card);
		moved += n;
		if (counting && r->steps->n < r->steps->max)
			r->steps->calls[r->steps->n++] = (struct steps_call){
				.kind = STEPS_MODEL,
				.packets = n,
				.instructions = r->steps->instructions - r->steps->calibration,
			};
	}
	for (unsigned int i = 0; i < r->o->burst; i++) {
		if (!fake_ena_tx_reap(&r->tx, &done) ||
		    fake_ena_rx_frame(&r->rx, back, NULL, &n) != r->o->bytes || n != 1 ||
		    memcmp(back, r->frames + i * BUF_BYTES, r->o->bytes) != 0) {
			fprintf(stderr,
				"ena_instructions: frame %u of a burst is lost or changed\n", i);
			return -EIO;
		}
	}
	fake_ena_rx_post(&r->e, &r->rx, r->o->burst);
	return 0;
}

static int
rig_open(struct rig *r)
{
	const size_t mem_bytes = 4 * FAKE_MEM_BYTES;
	char why[256];
	int ret;

	ret = fake_ena_init_sized(&r->e, NULL, mem_bytes);
	if (ret != 0)
		return ret;
	ret = wcnic_port_create("loopback", ena_card_dev(r->e.card), &r->port, why, sizeof(why));
	if (ret != 0)
		return ret;
	fake_ena_enable(&r->e);
	r->frames = fake_ena_alloc(&r->e, (size_t)r->o->burst * BUF_BYTES, 64);
	for (unsigned int i = 0; i < r->o->burst; i++)
		perf_frame_fill(r->frames + i * BUF_BYTES, i, (uint16_t)r->o->bytes);
	if (!r->o->host && fake_ena_llq_set(&r->e, 128, ENA_LLQ_NO_META_CACHING) != ENA_ST_OK)
		return -EIO;
	if (fake_ena_txq_open(&r->e, &r->tx, (uint16_t)r->o->depth, !r->o->host, FAKE_NO_VECTOR) !=
		    ENA_ST_OK ||
	    fake_ena_rxq_open(&r->e, &r->rx, (uint16_t)r->o->depth, BUF_BYTES, FAKE_NO_VECTOR) !=
		    ENA_ST_OK)
		return -EIO;
	fake_ena_rx_post(&r->e, &r->rx, r->o->depth - 1);
	return 0;
}

static int
counted_process(void *options, struct steps *steps)
{
	const struct options *o = options;
	static struct rig rig;
	struct rig *r = &rig;
	int ret;

	r->o = o;
	r->steps = steps;
	ret = rig_open(r);
	if (ret != 0)
		fprintf(stderr, "ena_instructions: no card: %s\n", strerror(-ret));
	for (unsigned int i = 0; i < 4 * o->depth / o->burst && ret == 0; i++)
		ret = cycle(r, false);
	counted_poll(steps, NULL);
	steps->calibration = steps->instructions;
	for (unsigned int i = 0; i < o->calls && ret == 0; i++)
		ret = cycle(r, true);
	wcnic_port_destroy(r->port);
	fake_ena_fini(&r->e);
	return ret == 0 ? 0 : 1;
}

static const struct app_option options_table[] = {
	APP_UINT("bytes", struct options, bytes, 60, 1514),
	APP_UINT("burst", struct options, burst, 1, BURST_MAX),
	APP_UINT("depth", struct options, depth, 128, 1024),
	APP_UINT("calls", struct options, calls, 1, 100000),
	APP_FLAG("host", struct options, host),
	APP_FLAG("verbose", struct options, verbose),
	{0},
};

int
main(int argc, char **argv)
{
	struct options o = {.bytes = 60, .burst = 32, .depth = 1024, .calls = 72};
	const struct app_option_group groups[] = {{options_table, &o}, {0}};
	struct steps *steps;
	int first;

	switch (app_options_parse(groups, help, NULL, argc, argv, &first)) {
	case APP_OPTIONS_BAD:
		return 2;
	case APP_OPTIONS_DONE:
		return 0;
	case APP_OPTIONS_RUN:
		break;
	}
	if (first != argc) {
		app_error("unexpected argument '%s'; see --help", argv[first]);
		return 2;
	}
	steps = steps_create(16 * o.calls);
	if (steps == NULL)
		return 1;
	if (steps_run(steps, counted_process, &o) != 0)
		return 1;
	return steps_print(stdout, steps, o.burst, o.verbose) == 0 ? 0 : 1;
}
