/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Captures that are played and recorded. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "port_rig.h"

#define FRAMES 500u

struct rig {
	char dir[64];
	char in[96];
	char out[96];
	struct end end;
	char why[256];
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	*state = r;
	if (r == NULL)
		return -1;
	strcpy(r->dir, "/tmp/wcnic-unit-XXXXXX");
	if (mkdtemp(r->dir) == NULL)
		return -1;
	snprintf(r->in, sizeof(r->in), "%s/in.pcap", r->dir);
	snprintf(r->out, sizeof(r->out), "%s/out.pcap", r->dir);
	return fake_host_init(&r->end.h, NULL);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	end_close(&r->end);
	(void)unlink(r->in);
	(void)unlink(r->out);
	(void)rmdir(r->dir);
	free(r);
	return 0;
}

static int
port_open(struct rig *r, const char *fmt, ...)
{
	char spec[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(spec, sizeof(spec), fmt, ap);
	va_end(ap);
	return wcnic_port_create(spec, wcnic_card_dev(r->end.h.card), &r->end.port, r->why,
				 sizeof(r->why));
}

static uint32_t
frame_make(uint32_t i, uint8_t *frame)
{
	uint32_t bytes = 14 + i * 37 % 1400;

	for (uint32_t k = 0; k < bytes; k++)
		frame[k] = (uint8_t)(k * 3 + i);
	frame[0] = 2;
	return bytes;
}

/* A capture of FRAMES frames, `gap_ns` apart. */
static void
capture_write(const char *path, int link_type, uint64_t gap_ns)
{
	pcap_t *kind = pcap_open_dead_with_tstamp_precision(link_type, 65535,
							    PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *dumper = pcap_dump_open(kind, path);
	uint8_t frame[2048];

	assert_non_null(dumper);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t ns = 1000000000ull * 1700000000 + i * gap_ns;
		struct pcap_pkthdr hdr = {.caplen = frame_make(i, frame)};

		hdr.len = hdr.caplen;
		hdr.ts.tv_sec = (time_t)(ns / 1000000000);
		hdr.ts.tv_usec = (suseconds_t)(ns % 1000000000);
		pcap_dump((u_char *)dumper, &hdr, frame);
	}
	pcap_dump_close(dumper);
	pcap_close(kind);
}

static bool
input_done(struct rig *r)
{
	struct wcnic_stats stats;

	fake_stats(&r->end.h, &stats);
	return stats.port_in_done != 0;
}

/* Takes frames until the input ends; each must be the next of the capture. */
static uint32_t
play(struct rig *r)
{
	uint8_t want[2048], got[2048];
	uint32_t taken = 0;
	uint32_t bytes;

	for (uint32_t turn = 0; !input_done(r); turn++) {
		uint16_t unposted = 128u - (uint16_t)(r->end.rx.tail - r->end.rx.head);

		fake_rx_post(&r->end.h, &r->end.rx, turn % 7 < unposted ? turn % 7 : unposted);
		wcnic_card_poll(r->end.h.card);
		while ((bytes = fake_rx_frame(&r->end.rx, got, NULL)) != 0) {
			assert_int_equal(bytes, frame_make(taken, want));
			assert_memory_equal(got, want, bytes);
			taken++;
		}
	}
	return taken;
}

static void
in__played_into_few_buffers__every_frame_byte_equal(void **state)
{
	struct rig *r = *state;
	struct wcnic_stats stats;

	capture_write(r->in, DLT_EN10MB, 1000);
	assert_int_equal(port_open(r, "pcap:in=%s", r->in), 0);
	end_start(&r->end);
	assert_int_equal(play(r), FRAMES);
	assert_null(wcnic_port_error(r->end.port));
	fake_stats(&r->end.h, &stats);
	assert_int_equal(stats.port_in_frames, FRAMES);
	assert_int_equal(stats.rx_down, 0);
	assert_true(stats.rx_held > 0);
}

static void
in__before_the_port_is_up__waits(void **state)
{
	struct rig *r = *state;
	struct wcnic_stats stats;

	capture_write(r->in, DLT_EN10MB, 1000);
	assert_int_equal(port_open(r, "pcap:in=%s", r->in), 0);
	fake_enable(&r->end.h);
	for (int i = 0; i < 10; i++)
		wcnic_card_poll(r->end.h.card);
	fake_stats(&r->end.h, &stats);
	assert_int_equal(stats.rx_down, 0);
	assert_int_equal(stats.port_in_frames, 0);
	end_start(&r->end);
	assert_int_equal(play(r), FRAMES);
}

static uint64_t
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
in__timing_of_the_capture__takes_as_long(void **state)
{
	struct rig *r = *state;
	uint64_t start_ns;

	capture_write(r->in, DLT_EN10MB, 400000);
	assert_int_equal(port_open(r, "pcap:in=%s,timing=capture", r->in), 0);
	end_start(&r->end);
	start_ns = clock_ns();
	assert_int_equal(play(r), FRAMES);
	/* A millisecond less is allowed: the clocks of two CPUs may differ a little. */
	assert_uint_in_range(clock_ns() - start_ns, (FRAMES - 1) * 400000ull - 1000000, UINT64_MAX);
}

static void
in__of_another_link_type__is_refused_and_named(void **state)
{
	struct rig *r = *state;

	capture_write(r->in, DLT_RAW, 1000);
	assert_int_equal(port_open(r, "pcap:in=%s", r->in), -EINVAL);
	assert_non_null(strstr(r->why, "RAW"));
	assert_non_null(strstr(r->why, "EN10MB"));
	assert_non_null(strstr(r->why, r->in));
	assert_null(r->end.port);
}

static void
in__not_a_capture__is_refused(void **state)
{
	struct rig *r = *state;
	FILE *file = fopen(r->in, "w");

	assert_non_null(file);
	fputs("this is text, and longer than any header would need to be", file);
	fclose(file);
	assert_int_equal(port_open(r, "pcap:in=%s", r->in), -EINVAL);
	assert_non_null(strstr(r->why, "capture"));
	assert_int_equal(port_open(r, "pcap:in=%s", r->dir), -EINVAL);
}

static void
in__truncated__plays_whole_frames_and_says_so(void **state)
{
	struct rig *r = *state;
	const char *error;
	char want[160];
	struct stat st;

	capture_write(r->in, DLT_EN10MB, 1000);
	assert_int_equal(stat(r->in, &st), 0);
	assert_int_equal(truncate(r->in, st.st_size - 3), 0);
	assert_int_equal(port_open(r, "pcap:in=%s", r->in), 0);
	end_start(&r->end);
	assert_int_equal(play(r), FRAMES - 1);
	error = wcnic_port_error(r->end.port);
	assert_non_null(error);
	snprintf(want, sizeof(want), "%s: truncated after %u frames: ", r->in, FRAMES - 1);
	assert_memory_equal(error, want, strlen(want));
}

static void
in__pcapng__is_played(void **state)
{
	/* A section header, an Ethernet interface, and one packet of 14 bytes. */
	static const uint32_t blocks[] = {
		0x0a0d0d0a, 28,         0x1a2b3c4d, 1,          0xffffffff,
		0xffffffff, 28,                                     /* section */
		1,          20,         1,          0,          20, /* interface */
		6,          48,         0,          0,          1,
		14,         14, /* packet */
		0xa3a6a902, 0xb0adacaf, 0xb6b5b2b1, 0x0000babb, 48,
	};
	struct rig *r = *state;
	uint8_t got[2048];
	FILE *file = fopen(r->in, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(blocks, sizeof(blocks), 1, file), 1);
	fclose(file);
	if (port_open(r, "pcap:in=%s", r->in) != 0)
		fail_msg("%s", r->why);
	end_start(&r->end);
	fake_rx_post(&r->end.h, &r->end.rx, 8);
	for (int i = 0; i < 3; i++)
		wcnic_card_poll(r->end.h.card);
	assert_int_equal(fake_rx_frame(&r->end.rx, got, NULL), 14);
	assert_int_equal(got[0], 2);
	assert_int_equal(got[13], 0xba);
	assert_true(input_done(r));
}

static void
in__frame_over_the_mtu__is_counted(void **state)
{
	struct rig *r = *state;
	struct wcnic_stats stats;
	uint8_t got[2048];

	capture_write(r->in, DLT_EN10MB, 1000);
	assert_int_equal(port_open(r, "pcap:in=%s", r->in), 0);
	end_start(&r->end);
	assert_int_equal(fake_port_set(&r->end.h, 1000, PORT_UP), 0);
	while (!input_done(r)) {
		fake_rx_post(&r->end.h, &r->end.rx,
			     128u - (uint16_t)(r->end.rx.tail - r->end.rx.head));
		wcnic_card_poll(r->end.h.card);
		while (fake_rx_frame(&r->end.rx, got, NULL) != 0)
			;
	}
	fake_stats(&r->end.h, &stats);
	assert_true(stats.rx_oversize > 0);
	assert_int_equal(stats.rx_oversize + stats.rx_frames, FRAMES);
}

static void
out__completed_frames__are_in_the_file_at_once(void **state)
{
	struct rig *r = *state;
	char errbuf[PCAP_ERRBUF_SIZE];
	uint32_t done = 0;
	off_t bytes = 24;

	assert_int_equal(port_open(r, "pcap:out=%s", r->out), 0);
	end_start(&r->end);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t length = frame_make(i, r->end.frame);
		struct stat st;

		fake_tx_push(&r->end.tx, r->end.frame, (uint16_t)length);
		end_go(&r->end);
		done += end_reap(&r->end);
		assert_int_equal(done, i + 1);
		bytes += 16 + length;
		assert_int_equal(stat(r->out, &st), 0);
		assert_int_equal(st.st_size, bytes);
	}
	wcnic_port_destroy(r->end.port);
	r->end.port = NULL;
	{
		pcap_t *file = pcap_open_offline(r->out, errbuf);
		struct pcap_pkthdr *hdr;
		const u_char *data;
		uint8_t want[2048];

		assert_non_null(file);
		assert_int_equal(pcap_datalink(file), DLT_EN10MB);
		assert_int_equal(pcap_snapshot(file), 262144);
		for (uint32_t i = 0; i < FRAMES; i++) {
			assert_int_equal(pcap_next_ex(file, &hdr, &data), 1);
			assert_int_equal(hdr->caplen, frame_make(i, want));
			assert_int_equal(hdr->len, hdr->caplen);
			assert_memory_equal(data, want, hdr->caplen);
		}
		assert_int_equal(pcap_next_ex(file, &hdr, &data), PCAP_ERROR_BREAK);
		pcap_close(file);
	}
}

static void
out__disk_full_from_the_start__is_refused(void **state)
{
	struct rig *r = *state;

	assert_int_equal(port_open(r, "pcap:out=/dev/full"), -ENOSPC);
	assert_non_null(strstr(r->why, "/dev/full"));
	assert_non_null(strstr(r->why, "No space"));
	assert_null(r->end.port);
}

static void
out__file_full_later__is_reported_and_frames_are_errors(void **state)
{
	struct rig *r = *state;
	struct rlimit old, small;
	struct wcnic_tx_cpl cpl;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 200;
	assert_int_equal(port_open(r, "pcap:out=%s", r->out), 0);
	end_start(&r->end);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 3; i++) {
		fake_tx_push(&r->end.tx, r->end.frame, 100);
		end_go(&r->end);
		assert_true(fake_tx_reap(&r->end.tx, &cpl));
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(cpl.status, WCNIC_TX_ERROR);
	assert_non_null(wcnic_port_error(r->end.port));
	assert_non_null(strstr(wcnic_port_error(r->end.port), r->out));
	assert_non_null(strstr(wcnic_port_error(r->end.port), "File too large"));
}

static void
out__same_file_as_in__is_refused_and_kept(void **state)
{
	struct rig *r = *state;
	struct stat before, after;

	capture_write(r->in, DLT_EN10MB, 1000);
	assert_int_equal(stat(r->in, &before), 0);
	assert_int_equal(port_open(r, "pcap:in=%s,out=%s/./in.pcap", r->in, r->dir), -EINVAL);
	assert_non_null(strstr(r->why, "another"));
	assert_int_equal(stat(r->in, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
}

/* Whoever has the other end, or nobody, may not stop the card. */
static void
fifo__is_refused_and_not_waited_for(void **state)
{
	struct rig *r = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/fifo", r->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(port_open(r, "pcap:in=%s", path) < 0);
	assert_non_null(strstr(r->why, path));
	assert_non_null(strstr(r->why, "a regular file is needed"));
	assert_true(port_open(r, "pcap:out=%s", path) < 0);
	assert_non_null(strstr(r->why, "a regular file is needed"));
	assert_int_equal(unlink(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(in__played_into_few_buffers__every_frame_byte_equal),
		CASE(in__before_the_port_is_up__waits),
		CASE(in__timing_of_the_capture__takes_as_long),
		CASE(in__of_another_link_type__is_refused_and_named),
		CASE(in__not_a_capture__is_refused),
		CASE(in__truncated__plays_whole_frames_and_says_so),
		CASE(in__pcapng__is_played),
		CASE(in__frame_over_the_mtu__is_counted),
		CASE(out__completed_frames__are_in_the_file_at_once),
		CASE(out__disk_full_from_the_start__is_refused),
		CASE(out__file_full_later__is_reported_and_frames_are_errors),
		CASE(out__same_file_as_in__is_refused_and_kept),
		CASE(fifo__is_refused_and_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
