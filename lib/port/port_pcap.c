/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Captures: one is played, one is recorded. Times are in nanoseconds. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include <wcfile.h>

#include "port_internal.h"

#define SNAPLEN_BYTES 262144
#define NS_PER_S 1000000000ll
/* So much is collected for one write(2). */
#define OUT_BUFFER_BYTES (1u << 20)

struct pcap_port {
	struct wcnic_port port;

	char *in_path;
	pcap_t *in;
	uint64_t in_frames; /* read so far */
	bool in_done;
	bool paced; /* timing=capture */
	bool started;
	uint64_t first_ts_ns;
	uint64_t start_ns;
	struct pcap_pkthdr *hdr; /* the frame that waits, or NULL */
	const u_char *data;

	char *out_path;
	pcap_t *out_kind;
	FILE *out_file; /* until the dumper owns it */
	pcap_dumper_t *out;
	char *out_buffer;
	uint8_t *gather;
};

static int64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* ---- in ---------------------------------------------------------------------------------- */

static void
in_end(struct pcap_port *pp, const char *how)
{
	if (how != NULL)
		wcnic_port_error_set(&pp->port, "%s: %s after %" PRIu64 " frames: %s", pp->in_path,
				     strstr(how, "truncated") != NULL ? "truncated" : "unreadable",
				     pp->in_frames, how);
	pp->in_done = true;
}

/* Makes sure that a frame waits for the card. False: there is none any more. */
static bool
in_next(struct pcap_port *pp)
{
	int ret;

	if (pp->hdr != NULL)
		return true;
	ret = pcap_next_ex(pp->in, &pp->hdr, &pp->data);
	if (ret != 1) {
		pp->hdr = NULL;
		in_end(pp, ret == PCAP_ERROR ? pcap_geterr(pp->in) : NULL);
		return false;
	}
	pp->in_frames++;
	if (pp->hdr->caplen < pp->hdr->len)
		wcnic_port_error_set(&pp->port,
				     "%s: frame %" PRIu64
				     " was cut when it was captured: %u of %u bytes are there",
				     pp->in_path, pp->in_frames, pp->hdr->caplen, pp->hdr->len);
	return true;
}

static bool
in_is_due(struct pcap_port *pp)
{
	uint64_t ts_ns, now_ns;

	if (!pp->paced)
		return true;
	/* Any times may be in a file: sums wrap, and what is before the first frame is due. */
	ts_ns = (uint64_t)pp->hdr->ts.tv_sec * NS_PER_S + (uint64_t)pp->hdr->ts.tv_usec;
	now_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
	if (!pp->started) {
		pp->started = true;
		pp->first_ts_ns = ts_ns;
		pp->start_ns = now_ns;
	}
	return (int64_t)(now_ns - pp->start_ns) >= (int64_t)(ts_ns - pp->first_ts_ns);
}

static unsigned int
pcap_poll(void *ctx, unsigned int budget)
{
	struct pcap_port *pp = ctx;
	unsigned int moved = 0;

	while (moved < budget && !pp->in_done && in_next(pp) && in_is_due(pp)) {
		struct wcdev_frag frag = {.base = pp->data, .bytes = pp->hdr->caplen};
		struct wcdev_frame frame = {.frags = &frag, .n_frags = 1, .bytes = frag.bytes};

		if (wcdev_receive(pp->port.dev, &frame) != 0)
			break;
		pp->hdr = NULL;
		moved++;
	}
	return moved;
}

/* A capture is played whole: it waits for buffers. */
static void
pcap_link(void *ctx, struct wcdev_link *link)
{
	const struct pcap_port *pp = ctx;

	port_link(ctx, link);
	link->waits = pp->in != NULL;
}

static void
pcap_input(void *ctx, uint64_t *frames, bool *done)
{
	struct pcap_port *pp = ctx;

	*frames = pp->in_frames;
	*done = pp->in_done;
}

WC_MUST_CHECK static int
in_open(struct pcap_port *pp, const struct wcnic_port_args *args)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	const char *name;
	int kind;
	FILE *file = wcfile_fopen(pp->in_path);

	if (file == NULL) {
		int ret = -errno;

		(void)wcnic_port_args_refuse(args, "in=%s: %s", pp->in_path, wcfile_strerror(-ret));
		return ret;
	}
	pp->in = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (pp->in == NULL) {
		fclose(file);
		return wcnic_port_args_refuse(args, "in=%s: not a pcap or pcapng capture: %s",
					      pp->in_path, why);
	}
	kind = pcap_datalink(pp->in);
	if (kind == DLT_EN10MB)
		return 0;
	name = pcap_datalink_val_to_name(kind);
	return wcnic_port_args_refuse(args,
				      "in=%s: its link type is %s (%d); a capture of Ethernet "
				      "(EN10MB) is needed",
				      pp->in_path, name != NULL ? name : "unknown", kind);
}

/* ---- out --------------------------------------------------------------------------------- */

static void
out_check(struct pcap_port *pp, bool failed)
{
	if (failed)
		wcnic_port_error_set(&pp->port, "%s: cannot be written: %s", pp->out_path,
				     strerror(errno));
}

static int
pcap_send(void *ctx, const struct wcdev_frame *frame)
{
	struct pcap_port *pp = ctx;
	const u_char *data = frame->frags[0].base;
	struct pcap_pkthdr hdr = {.caplen = frame->bytes, .len = frame->bytes};
	int64_t now_ns;
	uint32_t used = 0;

	if (pp->out == NULL)
		return 0;
	if (frame->bytes > SNAPLEN_BYTES || ferror(pcap_dump_file(pp->out)))
		return -EIO;
	if (frame->n_frags > 1) {
		for (uint32_t i = 0; i < frame->n_frags; i++) {
			memcpy(pp->gather + used, frame->frags[i].base, frame->frags[i].bytes);
			used += frame->frags[i].bytes;
		}
		data = pp->gather;
	}
	now_ns = clock_ns(CLOCK_REALTIME);
	hdr.ts.tv_sec = now_ns / NS_PER_S;
	hdr.ts.tv_usec = now_ns % NS_PER_S; /* nanoseconds, as the file says */
	errno = 0;
	pcap_dump((u_char *)pp->out, &hdr, data);
	out_check(pp, ferror(pcap_dump_file(pp->out)));
	return 0;
}

static void
pcap_flush_out(void *ctx)
{
	struct pcap_port *pp = ctx;

	if (pp->out != NULL)
		out_check(pp, pcap_dump_flush(pp->out) != 0);
}

/* Whether the output is the file that is played: opening it would empty that. */
static bool
is_input(const struct pcap_port *pp)
{
	struct stat in, out;

	return pp->in != NULL && fstat(fileno(pcap_file(pp->in)), &in) == 0 &&
	       stat(pp->out_path, &out) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/*
 * As fopen(path, "wb"), but never waits for who may read. A FIFO is refused: a reader that stops
 * would stop the cards of this thread. NULL: errno says why.
 */
static FILE *
out_fopen(const char *path)
{
	struct stat st;
	FILE *file;
	int fd;

	if (stat(path, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))) {
		errno = WCFILE_ODD;
		return NULL;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
	file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (file == NULL && fd >= 0)
		close(fd);
	return file;
}

WC_MUST_CHECK static int
out_open(struct pcap_port *pp, const struct wcnic_port_args *args)
{
	int ret;

	if (is_input(pp))
		return wcnic_port_args_refuse(args,
					      "out=%s: is the file that in= reads; another is "
					      "needed",
					      pp->out_path);
	pp->gather = malloc(SNAPLEN_BYTES);
	pp->out_buffer = malloc(OUT_BUFFER_BYTES);
	pp->out_kind = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN_BYTES,
							    PCAP_TSTAMP_PRECISION_NANO);
	if (pp->gather == NULL || pp->out_buffer == NULL || pp->out_kind == NULL)
		return -ENOMEM;
	pp->out_file = out_fopen(pp->out_path);
	if (pp->out_file == NULL) {
		ret = -errno;
		(void)wcnic_port_args_refuse(args, "out=%s: %s", pp->out_path,
					     wcfile_strerror(-ret));
		return ret;
	}
	setvbuf(pp->out_file, pp->out_buffer, _IOFBF, OUT_BUFFER_BYTES);
	pp->out = pcap_dump_fopen(pp->out_kind, pp->out_file);
	if (pp->out == NULL || pcap_dump_flush(pp->out) != 0) {
		ret = errno != 0 ? -errno : -EIO;
		(void)wcnic_port_args_refuse(args, "out=%s: %s", pp->out_path, strerror(-ret));
		return ret;
	}
	return 0;
}

/* ---- both -------------------------------------------------------------------------------- */

static void
pcap_stop(struct wcnic_port *port)
{
	struct pcap_port *pp = (struct pcap_port *)port;

	if (pp->out != NULL)
		pcap_dump_close(pp->out);
	else if (pp->out_file != NULL)
		fclose(pp->out_file);
	if (pp->out_kind != NULL)
		pcap_close(pp->out_kind);
	if (pp->in != NULL)
		pcap_close(pp->in);
	free(pp->out_buffer);
	free(pp->gather);
	free(pp->in_path);
	free(pp->out_path);
}

WC_MUST_CHECK static int
pcap_start(struct wcnic_port *port, const struct wcnic_port_args *args)
{
	struct pcap_port *pp = (struct pcap_port *)port;
	const char *in = wcnic_port_arg_find(args, "in");
	const char *out = wcnic_port_arg_find(args, "out");
	const char *timing = wcnic_port_arg_find(args, "timing");
	int ret = 0;

	if ((in == NULL || in[0] == '\0') && (out == NULL || out[0] == '\0'))
		return wcnic_port_args_refuse(args, "pcap: in=FILE, out=FILE or both are needed");
	if (timing != NULL && strcmp(timing, "full") != 0 && strcmp(timing, "capture") != 0)
		return wcnic_port_args_refuse(args, "pcap: timing=%s: full or capture is needed",
					      timing);
	pp->paced = timing != NULL && strcmp(timing, "capture") == 0;
	pp->in_done = in == NULL;
	if (in != NULL) {
		pp->in_path = strdup(in);
		ret = pp->in_path != NULL ? in_open(pp, args) : -ENOMEM;
	}
	if (ret == 0 && out != NULL) {
		pp->out_path = strdup(out);
		ret = pp->out_path != NULL ? out_open(pp, args) : -ENOMEM;
	}
	if (ret == -ENOMEM)
		(void)wcnic_port_args_refuse(args, "pcap: out of memory");
	return ret;
}

const struct wcnic_port_kind port_pcap_kind = {
	.ops = {.kind = "pcap",
		.send = pcap_send,
		.poll = pcap_poll,
		.flush = pcap_flush_out,
		.link = pcap_link,
		.input = pcap_input},
	.keys = "in out timing speed",
	.bytes = sizeof(struct pcap_port),
	.start = pcap_start,
	.stop = pcap_stop,
};
