/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcbench packets: reports, and the run. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include <app_error.h>
#include <app_progress.h>
#include <wcbar_pci.h>

#include "packets.h"
#include "packets_main.h"

#define SECONDS_DEFAULT 10.0

static const double latency_percents[] = {10, 50, 90, 99, 99.9, 0};

/* ---- reports ------------------------------------------------------------------------------- */

static struct json_object *
rates(const struct packets_options *o, const struct machine *m, struct packets_port *p)
{
	struct json_object *array = json_object_new_array();
	char text[16];

	for (unsigned int i = 0; i < o->sizes; i++) {
		for (unsigned int mode = 0; mode < PACKETS_MODES; mode++) {
			struct packets_cell *c = &p->cells[i][mode];
			struct json_object *cell;

			if (c->rate.n == 0)
				continue;
			cell = json_object_new_object();
			app_json_add_text(cell, "mode", packets_mode_name(mode));
			app_json_add_text(cell, "size", packets_size_name(o->size[i], text));
			app_json_add(cell, "packets_per_second",
				     run_figure(m, "packets/s", &c->rate, run_percents));
			app_json_add_u64(cell, "sent", c->sent);
			app_json_add_u64(cell, "bytes", c->bytes);
			app_json_add(cell, "received",
				     mode == PACKETS_LOOP
					     ? json_object_new_int64((int64_t)c->received)
					     : NULL);
			app_json_add_u64(cell, "lost", c->lost);
			app_json_add_u64(cell, "pushed", c->pushed);
			app_json_add_u64(cell, "fetched", c->fetched);
			app_json_add_u64(cell, "rung_again", c->rung_again);
			json_object_array_add(array, cell);
		}
	}
	return array;
}

/* "push WC avx512 ...": who sends, into what, how. Other drivers say other things. */
static const char *
primitive(const struct packets_port *p, char name[32])
{
	return sscanf(p->burst_mode, "push %*s %31s", name) == 1 ? name : "";
}

static struct json_object *
port(const struct packets_options *o, const struct machine *m, struct packets_port *p)
{
	static const enum wcbar_type types[] = {WCBAR_TYPE_UNKNOWN, WCBAR_TYPE_UC, WCBAR_TYPE_WC,
						WCBAR_TYPE_WB};
	const bool type_known = p->has_window && p->window_type > 0 &&
				p->window_type < RTE_DIM(types);
	const bool rung_known = p->has_window && p->window_rung > 0 &&
				p->window_rung <= WCBAR_RUNGS;
	struct json_object *j = json_object_new_object(), *latency = NULL;
	char name[32];

	app_json_add_text(j, "name", p->name);
	app_json_add_text(j, "driver", p->driver);
	app_json_add_text(j, "devargs", p->devargs);
	app_json_add_text_or_null(j, "placement", p->placement);
	app_json_add_text_or_null(j, "burst_mode", p->burst_mode);
	app_json_add_text_or_null(j, "burst_mode_after", p->burst_mode_after);
	app_json_add_text_or_null(j, "type",
				  type_known ? wcbar_type_name(types[p->window_type]) : "");
	app_json_add_text_or_null(
		j, "rung",
		rung_known ? wcbar_rung_name((enum wcbar_rung)(p->window_rung - 1)) : "");
	app_json_add(j, "direct",
		     p->has_window ? json_object_new_boolean(p->window_direct != 0) : NULL);
	app_json_add_text_or_null(j, "primitive", primitive(p, name));
	app_json_add(j, "rates", rates(o, m, p));
	if (p->latency.n > 0) {
		latency = json_object_new_object();
		app_json_add_text(latency, "what", "round trip of one frame");
		app_json_add_u64(latency, "size", o->latency_size);
		app_json_add(latency, "round_trip_ns",
			     run_figure(m, "ns", &p->latency, latency_percents));
		app_json_add_u64(latency, "lost", p->latency_lost);
	}
	app_json_add(j, "latency", latency);
	return j;
}

struct json_object *
packets_json(const struct packets_options *o, const struct machine *m, struct packets_port *ports,
	     unsigned int n, const char *error)
{
	struct json_object *root = run_head("packets", &o->common, m, error),
			   *array = json_object_new_array();

	app_json_add_u64(root, "burst", o->burst);
	app_json_add_u64(root, "depth", o->depth);
	for (unsigned int i = 0; i < n; i++)
		json_object_array_add(array, port(o, m, &ports[i]));
	app_json_add(root, "ports", array);
	return root;
}

static void
port_text(FILE *out, const struct packets_options *o, struct packets_port *p)
{
	char size[16];

	fprintf(out, "%s (%s): placement %s, sends by %s", p->name, p->driver,
		p->placement[0] != '\0' ? p->placement : "not given",
		p->burst_mode[0] != '\0' ? p->burst_mode : "-");
	if (strcmp(p->burst_mode, p->burst_mode_after) != 0)
		fprintf(out, ", at the end by %s", p->burst_mode_after);
	fprintf(out, "\n  %-4s %5s %12s %12s %12s %12s %12s %8s\n", "mode", "size", "p10", "p50",
		"p90", "p99", "sent", "lost");
	for (unsigned int mode = 0; mode < PACKETS_MODES; mode++) {
		for (unsigned int i = 0; i < o->sizes; i++) {
			struct packets_cell *c = &p->cells[i][mode];

			if (c->rate.n == 0)
				continue;
			fprintf(out, "  %-4s %5s", packets_mode_name(mode),
				packets_size_name(o->size[i], size));
			for (const double *q = run_percents; *q != 0; q++)
				fprintf(out, " %12.0f", samples_percentile(&c->rate, *q));
			fprintf(out, " %12" PRIu64 " %8" PRIu64 "\n", c->sent, c->lost);
		}
	}
	if (p->latency.n == 0)
		return;
	fprintf(out, "  round trip of one frame of %u bytes, ns:", o->latency_size);
	for (const double *q = latency_percents; *q != 0; q++)
		fprintf(out, "  p%g %.0f", *q, samples_percentile(&p->latency, *q));
	fprintf(out, "  (%zu frames)\n", p->latency.n);
}

void
packets_text(FILE *out, const struct packets_options *o, const struct machine *m,
	     struct packets_port *ports, unsigned int n)
{
	fprintf(out, "packets per second, %s\n", machine_basis(m));
	for (unsigned int i = 0; i < n; i++)
		port_text(out, o, &ports[i]);
}

/* ---- the run ------------------------------------------------------------------------------- */

static void
burst_mode_read(const struct packets_port *p, char text[RTE_ETH_BURST_MODE_INFO_SIZE + 1])
{
	struct rte_eth_burst_mode mode = {0};

	if (rte_eth_tx_burst_mode_get(p->id, 0, &mode) != 0)
		mode.info[0] = '\0';
	snprintf(text, RTE_ETH_BURST_MODE_INFO_SIZE + 1, "%.*s", RTE_ETH_BURST_MODE_INFO_SIZE,
		 mode.info);
}

static void
ports_note(struct packets_port *ports, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct packets_port *p = &ports[i];

		burst_mode_read(p, p->burst_mode);
		p->window_type = packets_xstat(p, "window_memory_type", &p->has_window);
		p->window_rung = packets_xstat(p, "window_rung", NULL);
		p->window_direct = packets_xstat(p, "window_direct", NULL);
	}
}

/* One of each size, mode and port. */
static int
round_all(const struct packets_options *o, struct packets_port *ports, unsigned int n,
	  double round_ns, char *why, size_t why_bytes)
{
	int ret = 0;

	for (unsigned int s = 0; s < o->sizes; s++) {
		for (unsigned int mode = 0; mode < PACKETS_MODES; mode++) {
			for (unsigned int i = 0; i < n && o->mode[mode] && ret == 0; i++)
				ret = packets_round(&ports[i], o, s, mode, round_ns, why,
						    why_bytes);
		}
	}
	return ret;
}

static int
measure(const struct packets_options *o, struct packets_port *ports, unsigned int n, char *why,
	size_t why_bytes)
{
	const double seconds = o->common.seconds > 0 ? o->common.seconds : SECONDS_DEFAULT;
	const unsigned int rounds = (unsigned int)ports[0].cells[0][0].rate.max;
	const unsigned int modes = o->mode[PACKETS_TX] + o->mode[PACKETS_LOOP];
	const double cells = (double)rounds * o->sizes * modes * n;
	int ret = 0;

	app_progress_start("packets");
	for (unsigned int r = 0; r < rounds && ret == 0; r++) {
		ret = round_all(o, ports, n, seconds * 1e9 / cells, why, why_bytes);
		app_progress_step(r + 1, rounds);
	}
	for (unsigned int i = 0; i < n && o->latency > 0 && ret == 0; i++)
		ret = packets_latency(&ports[i], o, seconds * 1e9 / 4 / n, why, why_bytes);
	app_progress_end();
	for (unsigned int i = 0; i < n; i++)
		burst_mode_read(&ports[i], ports[i].burst_mode_after);
	return ret;
}

static enum status
run(const struct packets_options *o, const struct machine *m, struct packets_port *ports)
{
	char why[512] = "";
	unsigned int n;
	int ret;

	ret = packets_ports_open(o, ports, &n);
	if (ret != 0) {
		packets_ports_close(ports, n);
		return options_give_up(o->argc, o->argv, STATUS_FAILED);
	}
	ports_note(ports, n);
	ret = measure(o, ports, n, why, sizeof(why));
	if (ret != 0)
		app_error("%s", why);
	else
		packets_text(stdout, o, m, ports, n);
	if (o->common.json != NULL &&
	    app_json_write(packets_json(o, m, ports, n, ret != 0 ? why : NULL), o->common.json) !=
		    0 &&
	    ret == 0)
		ret = -EIO;
	packets_ports_close(ports, n);
	if (ret == 0)
		return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
	return ret == -EBADMSG ? STATUS_WRONG : STATUS_FAILED;
}

/* Where this program's arguments begin: at the "--" that ends EAL's; argc if there is none. */
static int
own_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i;
	}
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0))
		return 0;
	return argc;
}

int
packets_main(int argc, char **argv)
{
	static char *nothing[] = {"packets", NULL};
	const int own = own_arguments(argc, argv);
	enum app_options_verdict verdict;
	struct packets_options o;
	struct packets_port *ports;
	struct machine m;
	enum status status = STATUS_FAILED;

	if (own == argc)
		verdict = packets_options_parse(1, nothing, &o);
	else
		verdict = packets_options_parse(argc - own, argv + own, &o);
	if (verdict != APP_OPTIONS_RUN)
		return options_give_up(argc - own, argv + own, options_status(verdict));
	if (run_machine(&o.common, &m) != 0)
		return options_give_up(argc - own, argv + own, STATUS_BAD);
	if (app_json_check(o.common.json) != 0)
		return STATUS_FAILED;
	if (rte_eal_init(own, argv) < 0) {
		app_error("EAL does not start: %s", rte_strerror(rte_errno));
		return options_give_up(argc - own, argv + own, STATUS_FAILED);
	}
	o.argc = argc - own;
	o.argv = argv + own;
	ports = calloc(PACKETS_PORTS_MAX, sizeof(*ports));
	if (ports != NULL)
		status = run(&o, &m, ports);
	free(ports);
	rte_eal_cleanup();
	return status;
}
