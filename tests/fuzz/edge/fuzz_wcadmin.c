/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What lib/wcadmin takes of a card: registers, completions, answers, events; each is the input's.
 */

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <wcadmin.h>

#include "fuzz_input.h"

#define RING_LOG2 3u
#define EVENT_LOG2 3u
#define WINDOWS_MAX 6u
#define STEPS_MAX 24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct {
	struct wcadmin a;
	struct fuzz_input in;
	uint64_t ns;
	uint16_t cq_tail, aeq_tail;
	char line[512];
} rig;

/* ---- the card ---------------------------------------------------------------------------- */

static int
reg_read(void *ctx, uint32_t off, unsigned int bytes, uint64_t *value)
{
	const uint8_t how = fuzz_take8(&rig.in);

	(void)ctx;
	*value = off == WCNIC_REG_MAGIC            ? WCNIC_MAGIC
		 : off == WCNIC_REG_ABI_VERSION    ? WCNIC_ABI_VERSION
		 : off == WCNIC_REG_APERTURE_BYTES ? 1u << 20
		 : off == WCNIC_REG_STATUS         ? WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED
						   : 0;
	if (how >= 0xe0)
		*value = fuzz_take64(&rig.in);
	if (bytes == 4)
		*value &= UINT32_MAX;
	return how == 0xdf ? -EIO : 0;
}

/* Completes the command, or not, with its id or another. */
static void
command_answer(void)
{
	const uint16_t mask = (1u << RING_LOG2) - 1;
	const struct wcnic_admin_cmd *cmd = &rig.a.sq[(rig.a.sq_tail - 1) & mask];
	struct wcnic_admin_cpl *cpl = &rig.a.cq[rig.cq_tail & mask];
	const uint8_t how = fuzz_take8(&rig.in);
	const uint32_t n = fuzz_take8(&rig.in);

	if (how == 0xff)
		return;
	MUST(le32toh(cmd->data_bytes) <= WCADMIN_DATA_BYTES);
	fuzz_take(&rig.in, rig.a.data, n);
	memset(cpl, 0, sizeof(*cpl));
	cpl->cmd_id = how >= 0xf0 ? fuzz_take16(&rig.in) : cmd->cmd_id;
	cpl->status = how >= 0xc0 ? fuzz_take16(&rig.in) : 0;
	cpl->data_bytes = how >= 0xb0 ? fuzz_take16(&rig.in) : cmd->data_bytes;
	cpl->phase = (rig.cq_tail++ & (mask + 1)) == 0;
}

static int
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	if (off == WCNIC_REG_CTRL && (value & WCNIC_CTRL_ENABLE) != 0)
		rig.cq_tail = rig.aeq_tail = 0;
	if (off == WCNIC_REG_ASQ_TAIL)
		command_answer();
	return 0;
}

static void
before_doorbell(void *ctx)
{
	(void)ctx;
}

/* Each look is a millisecond later. */
static uint64_t
now_ns(void *ctx)
{
	(void)ctx;
	return rig.ns += 1000000;
}

WC_PRINTF(2, 3) static void error(void *ctx, const char *format, ...)
{
	va_list ap;

	(void)ctx;
	va_start(ap, format);
	vsnprintf(rig.line, sizeof(rig.line), format, ap);
	va_end(ap);
}

static const struct wcadmin_ops ops = {.reg_read = reg_read,
				       .reg_write = reg_write,
				       .before_doorbell = before_doorbell,
				       .now_ns = now_ns,
				       .error = error};

/* ---- what is asked of it ----------------------------------------------------------------- */

static struct wcadmin_window windows[WINDOWS_MAX];
static bool granted[WINDOWS_MAX];

/* Windows that were granted lie in the aperture, and apart. */
static void
window_check(const struct wcadmin_window *w)
{
	MUST(w->bytes != 0 && w->off <= rig.a.aperture_bytes &&
	     w->bytes <= rig.a.aperture_bytes - w->off);
	MUST(w->generation != 0);
	MUST(w->type != WCNIC_WINDOW_PUSH ||
	     (uint64_t)w->slots * w->slot_lines * WCNIC_LINE_BYTES <= w->bytes);
	for (unsigned int i = 0; i < WINDOWS_MAX; i++)
		if (granted[i] && &windows[i] != w)
			MUST(windows[i].off + windows[i].bytes <= w->off ||
			     w->off + w->bytes <= windows[i].off);
}

static void
window_step(uint8_t how)
{
	const unsigned int i = how / 4 % WINDOWS_MAX;
	const struct wcadmin_window_spec spec = {.type = how % 2 == 0 ? WCNIC_WINDOW_PUSH
								      : WCNIC_WINDOW_DOORBELL,
						 .slot_lines = how % 2 == 0 ? 4 : 0,
						 .bytes = 65536};
	struct wcnic_window_test_report report;

	if (!granted[i]) {
		if (wcadmin_window_alloc(&rig.a, &spec, &windows[i]) != 0)
			return;
		granted[i] = true;
		window_check(&windows[i]);
	} else if (how % 4 == 3) {
		(void)!wcadmin_window_test_observe(&rig.a, &windows[i], how);
		if (wcadmin_window_test_report(&rig.a, &windows[i], how, &report) == 0)
			MUST((uint64_t)report.lines_whole + report.lines_partial +
				     report.lines_lost ==
			     how);
	} else {
		granted[i] = false;
		(void)wcadmin_window_free(&rig.a, &windows[i]);
	}
}

static void
identify_step(void)
{
	struct wcnic_identity id;

	if (wcadmin_identify(&rig.a, &id) != 0)
		return;
	MUST(id.max_txq != 0 && id.max_rxq != 0 && id.min_depth != 0);
	MUST((id.min_depth & (id.min_depth - 1)) == 0 && id.max_depth >= id.min_depth);
	MUST(id.window_align != 0 && id.max_window_bytes <= rig.a.aperture_bytes);
	MUST(memchr(id.model, '\0', sizeof(id.model)) != NULL);
}

static void
queries_step(uint8_t how)
{
	struct wcnic_rxq_counters counters[WCADMIN_RXQ_STATS_MAX];
	struct wcnic_flow_counters flow;
	struct wcnic_port_info info;
	struct wcnic_stats stats;

	switch (how % 5) {
	case 0:
		if (wcadmin_port_query(&rig.a, &info) == 0)
			MUST(memchr(info.kind, '\0', sizeof(info.kind)) != NULL);
		break;
	case 1:
		(void)wcadmin_stats_query(&rig.a, &stats);
		break;
	case 2:
		(void)!wcadmin_rxq_stats_query(&rig.a, 0, how / 8, counters);
		break;
	case 3:
		(void)!wcadmin_flow_query(&rig.a, how, false, &flow);
		break;
	default:
		(void)!wcadmin_features_set(&rig.a, how);
		break;
	}
}

static void
event_step(void)
{
	const uint16_t entries = 1u << EVENT_LOG2;
	struct wcnic_event *at = &rig.a.aeq[rig.aeq_tail & (entries - 1)], event;

	fuzz_take(&rig.in, at, sizeof(*at));
	if ((at->phase & 2) == 0)
		at->phase = (rig.aeq_tail++ & entries) == 0;
	MUST(wcadmin_events_waiting(&rig.a) <= entries);
	for (unsigned int i = 0; i < entries && wcadmin_event_take(&rig.a, &event); i++)
		;
}

static void
card_start(void)
{
	memset(granted, 0, sizeof(granted));
	if (wcadmin_probe(&rig.a) == 0 && wcadmin_reset(&rig.a) == 0)
		(void)!wcadmin_enable(&rig.a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint64_t memory[WCADMIN_MEMORY_BYTES(RING_LOG2, EVENT_LOG2) / sizeof(uint64_t)];
	const struct wcadmin_config config = {.ops = &ops,
					      .memory = memory,
					      .iova = 0x10000,
					      .ring_log2 = RING_LOG2,
					      .event_log2 = EVENT_LOG2,
					      .timeout_ms = 3};
	uint8_t what;

	memset(&rig, 0, sizeof(rig));
	memset(memory, 0, sizeof(memory));
	rig.in = (struct fuzz_input){.data = data, .left = bytes};
	MUST(wcadmin_init(&rig.a, &config) == 0);
	card_start();
	for (unsigned int i = 0; i < STEPS_MAX && rig.in.left != 0; i++) {
		what = fuzz_take8(&rig.in);
		if (what % 8 < 4)
			window_step(what / 8);
		else if (what % 8 == 4)
			identify_step();
		else if (what % 8 == 5)
			queries_step(what / 8);
		else if (what % 8 == 6)
			event_step();
		else
			card_start();
	}
	return 0;
}
