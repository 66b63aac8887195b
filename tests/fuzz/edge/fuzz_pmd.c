/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card that is not there, and the ports that it is plugged into. */

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_eal.h>

#include "fuzz_pmd.h"

#define APERTURE_BYTES (512u << 10)

static struct fuzz_port ports[FUZZ_PORTS];
static struct fuzz_port *opening;

/* ---- what is wrapped --------------------------------------------------------------------- */

const struct wcnic_attach_ops *
__wrap_wcnic_attach_find(const char *name, const struct wcnic_devargs *args);
int __wrap_wcnic_service_start(struct wcnic_hw *hw);
void __wrap_wcnic_service_stop(struct wcnic_hw *hw);
int __wrap_wcnic_serve_start(void);
uint64_t __wrap_rte_get_tsc_hz(void);

int
__wrap_wcnic_service_start(struct wcnic_hw *hw)
{
	(void)hw;
	return 0;
}

void
__wrap_wcnic_service_stop(struct wcnic_hw *hw)
{
	(void)hw;
}

int
__wrap_wcnic_serve_start(void)
{
	return 0;
}

/* A second has so few cycles that a real one is minutes. */
uint64_t
__wrap_rte_get_tsc_hz(void)
{
	return 5000;
}

/* ---- answers ----------------------------------------------------------------------------- */

static const struct wcnic_identity identity = {
	.abi_version = WCNIC_ABI_VERSION,
	.fw_version = 0x10002,
	.max_txq = 4,
	.max_rxq = 4,
	.max_windows = 16,
	.max_vectors = 8,
	.min_depth = 8,
	.max_depth = 4096,
	.max_frame_bytes = 9238,
	.min_frame_bytes = 14,
	.window_align = WCNIC_WINDOW_ALIGN,
	.max_window_bytes = 0x20000,
	.heartbeat_ns = 1000000,
	.reta_entries = WCNIC_RETA_ENTRIES,
	.max_slot_lines = 16,
	.mac = {0x02, 0, 0, 0, 0, 1},
	.model = "not there",
	.max_macs = 8,
	.max_segments = 64,
	.max_flows = 64,
};

static size_t
grant_make(struct fuzz_port *p, const struct wcnic_admin_cmd *cmd, struct wcnic_window_grant *g)
{
	struct wcnic_cmd_window_alloc ask;
	const uint32_t align = WCNIC_WINDOW_ALIGN;
	uint32_t bytes;

	memcpy(&ask, cmd->params, sizeof(ask));
	bytes = (ask.bytes + align - 1) / align * align;
	bytes = bytes != 0 && bytes <= 0x20000 ? bytes : align;
	if (p->window_off + bytes > APERTURE_BYTES)
		p->window_off = 0; /* what was there is gone, or a lie comes out */
	*g = (struct wcnic_window_grant){
		.id = p->window_id++,
		.generation = (uint16_t)(p->window_id | 1),
		.type = ask.type,
		.slot_lines = ask.slot_lines,
		.qid = ask.qid,
		.offset = p->window_off,
		.bytes = bytes,
	};
	if (ask.type == WCNIC_WINDOW_PUSH && ask.slot_lines != 0) {
		g->slots = 8;
		while (g->slots * 2u * ask.slot_lines * WCNIC_LINE_BYTES <= bytes &&
		       g->slots < 1024)
			g->slots *= 2;
		g->max_burst = 8;
	}
	p->window_off += bytes;
	return sizeof(*g);
}

static size_t
test_make(const struct wcnic_admin_cmd *cmd, struct wcnic_window_test_report *report)
{
	static uint32_t lines;
	struct wcnic_cmd_window_test ask;

	memcpy(&ask, cmd->params, sizeof(ask));
	memset(report, 0, sizeof(*report));
	if (ask.step == WCNIC_TEST_START)
		lines = ask.lines;
	report->lines_whole = lines;
	return ask.step == WCNIC_TEST_REPORT ? sizeof(*report) : 0;
}

static void
queue_made(struct fuzz_port *p, const struct wcnic_admin_cmd *cmd)
{
	uint16_t qid;

	memcpy(&qid, cmd->params, sizeof(qid));
	MUST(qid < FUZZ_QUEUES);
	if (cmd->opcode == WCNIC_OP_TXQ_CREATE)
		p->tx_cq[qid] = p->tx_seq[qid] = 0;
	else
		p->rx_seq[qid] = 0;
}

/* What a card answers; how many bytes. */
static size_t
answer_make(struct fuzz_port *p, const struct wcnic_admin_cmd *cmd, uint8_t *answer)
{
	static const struct wcnic_port_info info = {.link_up = 1,
						    .mtu = 1500,
						    .speed_mbps = 100000,
						    .kind = "loopback",
						    .wire = WCNIC_WIREF_PAUSE,
						    .wire_mbps = 100000};
	struct wcnic_cmd_rxq_stats rxq;

	switch (cmd->opcode) {
	case WCNIC_OP_IDENTIFY:
		memcpy(answer, &identity, sizeof(identity));
		((struct wcnic_identity *)answer)->caps = p->caps;
		return sizeof(identity);
	case WCNIC_OP_WINDOW_ALLOC:
		return grant_make(p, cmd, (struct wcnic_window_grant *)answer);
	case WCNIC_OP_WINDOW_TEST:
		return test_make(cmd, (struct wcnic_window_test_report *)answer);
	case WCNIC_OP_TXQ_CREATE:
	case WCNIC_OP_RXQ_CREATE:
		queue_made(p, cmd);
		return 0;
	case WCNIC_OP_PORT_QUERY:
		memcpy(answer, &info, sizeof(info));
		return sizeof(info);
	case WCNIC_OP_STATS_QUERY:
		memset(answer, 3, sizeof(struct wcnic_stats));
		return sizeof(struct wcnic_stats);
	case WCNIC_OP_RXQ_STATS_QUERY:
		memcpy(&rxq, cmd->params, sizeof(rxq));
		memset(answer, 1, rxq.count * sizeof(struct wcnic_rxq_counters));
		return rxq.count * sizeof(struct wcnic_rxq_counters);
	case WCNIC_OP_FLOW_QUERY:
		memset(answer, 2, sizeof(struct wcnic_flow_counters));
		return sizeof(struct wcnic_flow_counters);
	default:
		return 0;
	}
}

/* ---- lies -------------------------------------------------------------------------------- */

static bool
lies_now(const struct fuzz_port *p)
{
	return p->lies != NULL && p->lies->left != 0;
}

/* Some bytes of the answer, at any place of it. */
static void
answer_forge(struct fuzz_port *p, uint8_t *answer, size_t bytes)
{
	const uint16_t at = fuzz_take16(p->lies);
	const unsigned int n = 1 + fuzz_take8(p->lies) % 8;

	for (unsigned int i = 0; i < n && bytes != 0; i++)
		answer[(at + i) % bytes] = fuzz_take8(p->lies);
}

/* False: the completion is not there. */
static bool
completion_forge(struct fuzz_port *p, uint8_t lie, struct wcnic_admin_cpl *cpl, uint8_t *answer)
{
	switch (lie % 8) {
	case 0:
	case 1:
		answer_forge(p, answer, cpl->data_bytes);
		return true;
	case 2:
		answer_forge(p, answer, cpl->data_bytes);
		answer_forge(p, answer, cpl->data_bytes);
		return true;
	case 3:
		cpl->status = fuzz_take8(p->lies) % 16;
		return true;
	case 4:
		cpl->status = fuzz_take16(p->lies);
		return true;
	case 5:
		cpl->data_bytes = fuzz_take16(p->lies);
		return true;
	case 6:
		cpl->cmd_id ^= fuzz_take16(p->lies);
		return true;
	default:
		return false;
	}
}

static void
completion_put(struct fuzz_port *p, const struct wcnic_admin_cpl *cpl)
{
	struct wcadmin *a = &p->hw->admin.client;
	const uint16_t entries = 1u << WCNIC_ADMIN_LOG2;
	struct wcnic_admin_cpl *at = &a->cq[p->cq_tail & (entries - 1)];

	*at = *cpl;
	at->phase = (p->cq_tail & entries) == 0;
	p->cq_tail++;
}

static void
command_do(struct fuzz_port *p, const struct wcnic_admin_cmd *cmd)
{
	struct wcadmin *a = &p->hw->admin.client;
	struct wcnic_admin_cpl cpl = {.cmd_id = cmd->cmd_id, .sq_head = p->sq_head};
	const uint8_t lie = lies_now(p) ? fuzz_take8(p->lies) : 0;

	cpl.data_bytes = (uint32_t)answer_make(p, cmd, a->data);
	MUST(cpl.data_bytes <= cmd->data_bytes || cmd->opcode == WCNIC_OP_WINDOW_TEST);
	if (lie >= 0xf0) /* one for a command that was never sent comes before */
		completion_put(p,
			       &(struct wcnic_admin_cpl){.cmd_id = (uint16_t)(cmd->cmd_id + lie)});
	if (lie >= 0xa0 && !completion_forge(p, lie, &cpl, a->data))
		return;
	completion_put(p, &cpl);
}

static void
commands_do(struct fuzz_port *p, uint16_t tail)
{
	struct wcadmin *a = &p->hw->admin.client;
	const uint16_t mask = (1u << WCNIC_ADMIN_LOG2) - 1;

	while ((p->status & WCNIC_STATUS_ENABLED) != 0 && p->sq_head != tail) {
		const struct wcnic_admin_cmd cmd = a->sq[p->sq_head++ & mask];

		command_do(p, &cmd);
	}
}

void
fuzz_event_put(struct fuzz_port *p, const struct wcnic_event *event)
{
	struct wcadmin *a = &p->hw->admin.client;
	const uint16_t entries = 1u << WCNIC_EVENTS_LOG2;
	struct wcnic_event *at = &a->aeq[p->aeq_tail & (entries - 1)];

	*at = *event;
	at->phase = (p->aeq_tail & entries) == 0;
	p->aeq_tail++;
}

/* ---- registers --------------------------------------------------------------------------- */

static uint64_t
reg_value(struct fuzz_port *p, uint32_t off)
{
	switch (off) {
	case WCNIC_REG_MAGIC:
		return WCNIC_MAGIC;
	case WCNIC_REG_ABI_VERSION:
		return WCNIC_ABI_VERSION;
	case WCNIC_REG_APERTURE_BYTES:
		return APERTURE_BYTES;
	case WCNIC_REG_STATUS:
		return p->status;
	case WCNIC_REG_HEARTBEAT: /* which stops where it is wrong */
		return p->wrong_bit != 0 && p->wrong_reg == off ? p->beats : ++p->beats;
	case WCNIC_REG_RESET_COUNT:
		return p->resets;
	case WCNIC_REG_CLOCK:
	case WCNIC_REG_TX_TIME:
		return 1000000007;
	default:
		return 0;
	}
}

static int
card_reg_read(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes)
{
	struct fuzz_port *p = hw->ctx;
	uint64_t raw = reg_value(p, off);
	const uint8_t lie = lies_now(p) ? fuzz_take8(p->lies) : 0;

	if (p->wrong_bit != 0 && p->wrong_reg == off) {
		if (p->wrong_bit >> 63 != 0)
			return -EIO;
		raw ^= off != WCNIC_REG_HEARTBEAT ? p->wrong_bit : 0;
	}
	if (lie >= 0xfe)
		return -EIO;
	if (lie >= 0xf8)
		raw = fuzz_take64(p->lies);
	else if (lie >= 0xf0)
		raw ^= 1ull << fuzz_take8(p->lies) % 64;
	/* a card has what its BAR has: the attach knows that */
	if (off == WCNIC_REG_APERTURE_BYTES && raw > APERTURE_BYTES)
		raw = APERTURE_BYTES;
	memcpy(value, &raw, bytes);
	return 0;
}

static void
card_reset(struct fuzz_port *p)
{
	p->status = WCNIC_STATUS_READY;
	p->wrong_bit = 0;
	p->resets++;
	p->window_off = 0;
	p->sq_head = p->cq_tail = p->aeq_tail = 0;
}

static int
card_reg_write(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes)
{
	struct fuzz_port *p = hw->ctx;
	uint64_t raw = 0;

	memcpy(&raw, value, bytes);
	if (off == WCNIC_REG_CTRL && (raw & WCNIC_CTRL_RESET) != 0)
		card_reset(p);
	else if (off == WCNIC_REG_CTRL && (raw & WCNIC_CTRL_ENABLE) != 0)
		p->status |= WCNIC_STATUS_ENABLED;
	else if (off == WCNIC_REG_ASQ_TAIL)
		commands_do(p, (uint16_t)raw);
	return 0;
}

/* ---- the attach -------------------------------------------------------------------------- */

static int
card_open(struct wcnic_hw *hw)
{
	hw->ctx = opening != NULL ? opening : hw->ctx;
	((struct fuzz_port *)hw->ctx)->hw = hw;
	return 0;
}

static void
card_nothing(struct wcnic_hw *hw)
{
	(void)hw;
}

static int
card_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
		struct wcbar_window *win)
{
	struct fuzz_port *p = hw->ctx;

	(void)intended;
	MUST(bytes != 0 && off <= APERTURE_BYTES && bytes <= APERTURE_BYTES - off);
	MUST(off % 64 == 0);
	return wcbar_window_over(p->aperture + off, bytes, WCBAR_TYPE_WB, win);
}

static void
card_window_unmap(struct wcnic_hw *hw, struct wcbar_window *win)
{
	(void)hw;
	memset(win, 0, sizeof(*win));
}

static int
card_wake(struct wcnic_hw *hw)
{
	(void)hw;
	return 0;
}

static const struct wcnic_attach_ops card_ops = {
	.name = "fuzz",
	.open = card_open,
	.close = card_nothing,
	.free = card_nothing,
	.reg_read = card_reg_read,
	.reg_write = card_reg_write,
	.window_map = card_window_map,
	.window_unmap = card_window_unmap,
	.wake = card_wake,
	.poll = card_nothing,
};

const struct wcnic_attach_ops *
__wrap_wcnic_attach_find(const char *name, const struct wcnic_devargs *args)
{
	(void)name;
	(void)args;
	return &card_ops;
}

/* ---- the ports --------------------------------------------------------------------------- */

static ssize_t
log_write(void *cookie, const char *text, size_t bytes)
{
	(void)cookie;
	(void)text;
	return (ssize_t)bytes;
}

/* One lcore that may run wherever this process may. */
static const char *
lcores_name(void)
{
	static char text[4096];
	size_t used = (size_t)snprintf(text, sizeof(text), "--lcores=0@(");
	const char *comma = "";
	cpu_set_t set;

	MUST(sched_getaffinity(0, sizeof(set), &set) == 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && used + 8 < sizeof(text); cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d", comma, cpu);
		comma = ",";
	}
	snprintf(text + used, sizeof(text) - used, ")");
	return text;
}

/* So that nothing of it stays in /var/run. */
static void
eal_end(void)
{
	(void)rte_eal_cleanup();
}

/* The log is made, so that its formats are right, and goes nowhere but with FUZZ_LOG set. */
static void
eal_once(void)
{
	static const cookie_io_functions_t io = {.write = log_write};
	static char prefix[64];
	char *argv[] = {"fuzz",        "--no-huge", "-m",
			"64",          "--no-pci",  "--no-telemetry",
			"--no-shconf", prefix,      (char *)(uintptr_t)lcores_name(),
			NULL};
	static bool done;

	if (done)
		return;
	done = true;
	snprintf(prefix, sizeof(prefix), "--file-prefix=wcnic-fuzz-%d", getpid());
	if (getenv("FUZZ_LOG") == NULL)
		rte_openlog_stream(fopencookie(NULL, "w", io));
	MUST(rte_eal_init(9, argv) >= 0);
	MUST(atexit(eal_end) == 0);
}

static void
port_configure(struct fuzz_port *p)
{
	struct rte_eth_conf conf = {.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS};
	struct rte_eth_rxconf rx = {.offloads = RTE_ETH_RX_OFFLOAD_TIMESTAMP |
						RTE_ETH_RX_OFFLOAD_VLAN_STRIP |
						RTE_ETH_RX_OFFLOAD_IPV4_CKSUM};

	conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_RSS_HASH;
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IPV4;
	conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
			       RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	MUST(rte_eth_dev_configure(p->id, FUZZ_QUEUES, FUZZ_QUEUES, &conf) == 0);
	for (uint16_t q = 0; q < FUZZ_QUEUES; q++) {
		MUST(rte_eth_rx_queue_setup(p->id, q, FUZZ_DEPTH, SOCKET_ID_ANY,
					    q == 0 ? &rx : NULL, p->rx_pool) == 0);
		MUST(rte_eth_tx_queue_setup(p->id, q, FUZZ_DEPTH, SOCKET_ID_ANY, NULL) == 0);
	}
}

static void
port_make(struct fuzz_port *p, unsigned int number)
{
	char name[32], args[64];

	snprintf(name, sizeof(name), "fuzz_rx%u", number);
	p->rx_pool = rte_pktmbuf_pool_create(name, 255, 0, 0, FUZZ_BUF_BYTES + RTE_PKTMBUF_HEADROOM,
					     SOCKET_ID_ANY);
	snprintf(name, sizeof(name), "fuzz_tx%u", number);
	p->tx_pool = rte_pktmbuf_pool_create(name, 255, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM,
					     SOCKET_ID_ANY);
	p->aperture = aligned_alloc(4096, APERTURE_BYTES);
	MUST(p->rx_pool != NULL && p->tx_pool != NULL && p->aperture != NULL);
	memset(p->aperture, 0, APERTURE_BYTES);
	p->caps = WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED | WCNIC_CAP_RSS | WCNIC_CAP_TX_OFFLOAD |
		  WCNIC_CAP_TX_SEGMENT | WCNIC_CAP_CLOCK | WCNIC_CAP_FILTER | WCNIC_CAP_FLOW |
		  WCNIC_CAP_RX_EXTRA | WCNIC_CAP_RX_CHECKSUM | WCNIC_CAP_WAKE;
	opening = p;
	snprintf(name, sizeof(name), "net_wcnic%u", number);
	snprintf(args, sizeof(args), "placement=push:fetch,packed=%u,timeout_ms=50", number);
	MUST(rte_vdev_init(name, args) == 0);
	MUST(rte_eth_dev_get_port_by_name(name, &p->id) == 0);
	p->dev = &rte_eth_devices[p->id];
	opening = NULL;
	port_configure(p);
	MUST(rte_eth_dev_start(p->id) == 0);
}

struct fuzz_port *
fuzz_port_get(unsigned int number)
{
	struct fuzz_port *p = &ports[number % FUZZ_PORTS];

	eal_once();
	if (p->dev == NULL)
		port_make(p, number % FUZZ_PORTS);
	return p;
}

void
fuzz_service_round(struct fuzz_port *p)
{
	struct wcnic_notices notices = {0};

	wcnic_service_round(p->hw, &notices);
}

void
fuzz_port_settle(struct fuzz_port *p)
{
	p->lies = NULL;
	p->wrong_bit = 0;
	(void)rte_eth_dev_stop(p->id);
	/* What the card said of itself may be a lie: it is asked anew. */
	if (wcnic_load(&p->hw->card) == WCNIC_CARD_PRESENT) {
		wcnic_store(&p->hw->failed, true);
		fuzz_service_round(p);
	}
	if (!p->hw->given_up)
		fuzz_service_round(p);
	MUST(rte_mempool_in_use_count(p->rx_pool) == 0);
	MUST(rte_mempool_in_use_count(p->tx_pool) == 0);
	MUST(rte_eth_dev_start(p->id) == 0);
	MUST(wcnic_load(&p->hw->card) == WCNIC_CARD_PRESENT);
}
