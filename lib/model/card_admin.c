/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 3: commands in, answers out. */

#include <errno.h>
#include <syslog.h>

#include "card.h"
#include "card_rx_offload.h"

#define ADMIN_BURST 32u

static enum wcnic_admin_status
identify(struct wcnic_card *card, struct card_admin_call *call)
{
	struct wcnic_identity *id = &call->answer.identity;

	id->abi_version = htole32(WCNIC_ABI_VERSION);
	id->fw_version = htole32(CARD_FW_VERSION);
	id->caps = htole64(card->caps);
	id->max_txq = htole16(card->n_queues);
	id->max_rxq = htole16(card->n_queues);
	id->max_windows = htole16(card->n_windows);
	id->max_vectors = htole16(card_vectors(card));
	id->min_depth = htole16(CARD_DEPTH_MIN);
	id->max_depth = htole16(CARD_DEPTH_MAX);
	id->max_frame_bytes = htole16(CARD_FRAME_MAX);
	id->min_frame_bytes = htole16(CARD_FRAME_MIN);
	id->window_align = htole32(WCNIC_WINDOW_ALIGN);
	id->max_window_bytes = htole32(card->window_bytes_max);
	id->push_wait_ns = htole32(card->push_wait_ns);
	id->heartbeat_ns = htole32(CARD_HEARTBEAT_NS);
	id->reta_entries = htole16(WCNIC_RETA_ENTRIES);
	id->max_slot_lines = htole16(WCNIC_SLOT_LINES_MAX);
	id->max_macs = htole16(CARD_MACS_MAX);
	id->max_flows = htole32(CARD_FLOWS_MAX);
	memcpy(id->mac, card->perm_mac, sizeof(id->mac));
	id->max_segments = htole16(CARD_SEGMENTS_MAX);
	memcpy(id->model, "wcnic model", sizeof("wcnic model"));
	return WCNIC_ST_OK;
}

static enum wcnic_admin_status
features_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_features *p = call->params;
	uint64_t features = le64toh(p->features);
	uint64_t unknown = features & ~card->caps;

	if (card->admin.features_set || card->admin.queue_made)
		return WCNIC_ST_BAD_STATE;
	if (unknown != 0) {
		call->result = (uint32_t)__builtin_ctzll(unknown);
		return WCNIC_ST_UNSUPPORTED;
	}
	card->features = features;
	card->admin.features_set = true;
	return WCNIC_ST_OK;
}

void
wcnic_card_stats(struct wcnic_card *card, struct wcnic_stats *stats)
{
	uint64_t frames = 0;
	bool done = false;

	*stats = card->stats;
	wcdev_port_input(&card->dev, &frames, &done);
	stats->port_in_frames = frames;
	stats->port_in_done = done;
}

static enum wcnic_admin_status
stats_query(struct wcnic_card *card, struct card_admin_call *call)
{
	struct wcnic_stats stats;
	uint64_t words[sizeof(stats) / 8];

	/* Every counter is a word of 64 bits. */
	wcnic_card_stats(card, &stats);
	memcpy(words, &stats, sizeof(words));
	for (unsigned int i = 0; i < sizeof(stats) / 8; i++)
		words[i] = htole64(words[i]);
	memcpy(&call->answer.stats, words, sizeof(words));
	return WCNIC_ST_OK;
}

struct admin_op {
	card_admin_fn fn;
	uint16_t answer_bytes;
	uint16_t input_bytes;
};

static const struct admin_op admin_ops[] = {
	[WCNIC_OP_IDENTIFY] = {identify, sizeof(struct wcnic_identity), 0},
	[WCNIC_OP_FEATURES_SET] = {features_set, 0, 0},
	[WCNIC_OP_WAKE_SET] = {card_wake_set, 0, 0},
	[WCNIC_OP_WINDOW_ALLOC] = {card_window_alloc, sizeof(struct wcnic_window_grant), 0},
	[WCNIC_OP_WINDOW_FREE] = {card_window_free, 0, 0},
	[WCNIC_OP_WINDOW_TEST] = {card_window_test, sizeof(struct wcnic_window_test_report), 0},
	[WCNIC_OP_TXQ_CREATE] = {card_txq_create, 0, 0},
	[WCNIC_OP_TXQ_DESTROY] = {card_txq_destroy, 0, 0},
	[WCNIC_OP_RXQ_CREATE] = {card_rxq_create, 0, 0},
	[WCNIC_OP_RXQ_DESTROY] = {card_rxq_destroy, 0, 0},
	[WCNIC_OP_RXQ_SET] = {card_rxq_set, 0, 0},
	[WCNIC_OP_PORT_QUERY] = {card_port_query, sizeof(struct wcnic_port_info), 0},
	[WCNIC_OP_PORT_SET] = {card_port_set, 0, 0},
	[WCNIC_OP_STATS_QUERY] = {stats_query, sizeof(struct wcnic_stats), 0},
	[WCNIC_OP_CLOCK_SET] = {card_clock_set, 0, 0},
	[WCNIC_OP_RXQ_STATS_QUERY] = {card_rxq_stats_query,
				      CARD_QUEUES_MAX * sizeof(struct wcnic_rxq_counters), 0},
	[WCNIC_OP_RSS_SET] = {card_rss_set, 0, sizeof(struct wcnic_rss)},
	[WCNIC_OP_MAC_LIST_SET] = {card_mac_list_set, 0, 0},
	[WCNIC_OP_VLAN_FILTER_SET] = {card_vlan_filter_set, 0, sizeof(struct wcnic_vlan_filter)},
	[WCNIC_OP_FLOW_CREATE] = {card_flow_create, 0, sizeof(struct wcnic_flow)},
	[WCNIC_OP_FLOW_DESTROY] = {card_flow_destroy, 0, 0},
	[WCNIC_OP_FLOW_QUERY] = {card_flow_query, sizeof(struct wcnic_flow_counters), 0},
	[WCNIC_OP_FLOW_FLUSH] = {card_flow_flush, 0, 0},
};

/*
 * Only one step of the self test answers, and only on a card that has it. Counters are answered for
 * as many queues as are asked for.
 */
static uint32_t
answer_bytes(const struct wcnic_card *card, const struct wcnic_admin_cmd *cmd,
	     const struct admin_op *op)
{
	const struct wcnic_cmd_window_test *test = (const void *)cmd->params;
	const struct wcnic_cmd_rxq_stats *rxqs = (const void *)cmd->params;

	if (cmd->opcode == WCNIC_OP_WINDOW_TEST &&
	    (test->step != WCNIC_TEST_REPORT || (card->caps & WCNIC_CAP_WINDOW_TEST) == 0))
		return 0;
	if (cmd->opcode == WCNIC_OP_RXQ_STATS_QUERY && le16toh(rxqs->count) < CARD_QUEUES_MAX)
		return le16toh(rxqs->count) * sizeof(struct wcnic_rxq_counters);
	return op->answer_bytes;
}

/* What the command reads; a count that is too high is refused later, whatever is read. */
static uint32_t
input_bytes(const struct wcnic_admin_cmd *cmd, const struct admin_op *op)
{
	const struct wcnic_cmd_mac_list *p = (const void *)cmd->params;

	if (cmd->opcode == WCNIC_OP_MAC_LIST_SET && le16toh(p->count) <= CARD_MACS_MAX)
		return le16toh(p->count) * (uint32_t)sizeof(struct wcnic_mac);
	return op->input_bytes;
}

/* What a command may read. */
union admin_input {
	struct wcnic_rss rss;
	struct wcnic_mac macs[CARD_MACS_MAX];
	struct wcnic_vlan_filter vlans;
	struct wcnic_flow flow;
};

/* The command's buffer, checked before anything is done so that a failed command changes nothing.
 */
WC_MUST_CHECK static enum wcnic_admin_status
buffer_get(struct wcnic_card *card, const struct wcnic_admin_cmd *cmd, const struct admin_op *op,
	   struct card_admin_call *call, uint32_t *buffer_bytes)
{
	uint32_t bytes = le32toh(cmd->data_bytes);
	uint32_t in = input_bytes(cmd, op);
	uint32_t needed = in != 0 ? in : answer_bytes(card, cmd, op);
	unsigned int prot = in != 0 ? WCDEV_DMA_READ : WCDEV_DMA_WRITE;

	*buffer_bytes = 0;
	if (needed == 0)
		return WCNIC_ST_OK;
	if (bytes == 0 || bytes < in) {
		call->result = offsetof(struct wcnic_admin_cmd, data_bytes);
		return WCNIC_ST_INVALID_FIELD;
	}
	*buffer_bytes = bytes < needed ? bytes : needed;
	return wcdev_dma_reachable(&card->dev, le64toh(cmd->data_iova), *buffer_bytes, prot)
		       ? WCNIC_ST_OK
		       : WCNIC_ST_BAD_ADDRESS;
}

/* *later: the input was asked for and has not come; nothing has been done. */
static enum wcnic_admin_status
command_do(struct wcnic_card *card, const struct wcnic_admin_cmd *cmd, struct card_admin_call *call,
	   uint32_t *answered, bool *later)
{
	const struct admin_op *op;
	union admin_input input;
	enum wcnic_admin_status status;
	uint32_t buffer_bytes, in;
	int ret;

	if (cmd->opcode >= sizeof(admin_ops) / sizeof(admin_ops[0]) ||
	    admin_ops[cmd->opcode].fn == NULL)
		return WCNIC_ST_UNSUPPORTED;
	if (cmd->flags != 0) {
		call->result = offsetof(struct wcnic_admin_cmd, flags);
		return WCNIC_ST_INVALID_FIELD;
	}
	op = &admin_ops[cmd->opcode];
	status = buffer_get(card, cmd, op, call, &buffer_bytes);
	if (status != WCNIC_ST_OK)
		return status;
	in = input_bytes(cmd, op);
	if (in != 0) {
		ret = wcdev_dma_read(&card->dev, &card->admin.reader, le64toh(cmd->data_iova),
				     &input, in);
		*later = ret == -EAGAIN;
		if (ret != 0)
			return WCNIC_ST_BAD_ADDRESS;
		call->input = &input;
	}
	call->params = cmd->params;
	status = op->fn(card, call);
	if (status != WCNIC_ST_OK || op->answer_bytes == 0 || buffer_bytes == 0)
		return status;
	if (wcdev_dma_write(&card->dev, le64toh(cmd->data_iova), &call->answer, buffer_bytes) != 0)
		return WCNIC_ST_INTERNAL;
	*answered = buffer_bytes;
	return WCNIC_ST_OK;
}

/* Returns false if the rings cannot be reached, or not yet. */
static bool
command_next(struct wcnic_card *card)
{
	struct card_admin *admin = &card->admin;
	uint16_t seq = admin->asq_head;
	struct card_admin_call call = {0};
	struct wcnic_admin_cmd cmd;
	struct wcnic_admin_cpl cpl = {0};
	uint32_t answered = 0;
	bool later = false;
	enum wcnic_admin_status status;
	int ret;

	wcdev_reader_begin(&card->dev, &admin->reader);
	ret = wcdev_ring_read(&card->dev, &admin->asq, &admin->reader, seq, &cmd, sizeof(cmd));
	if (ret == -EAGAIN)
		return false;
	if (ret != 0 || !wcdev_ring_ready(&card->dev, &admin->acq, seq)) {
		card_fatal(card, WCNIC_ERR_ADMIN_CONFIG,
			   ret != 0 ? WCNIC_REG_ASQ_BASE : WCNIC_REG_ACQ_BASE);
		return false;
	}
	status = command_do(card, &cmd, &call, &answered, &later);
	if (later)
		return false;
	wcdev_reader_end(&card->dev, &admin->reader);
	admin->asq_head++;
	if (status != WCNIC_ST_OK)
		wcdev_log(&card->dev, LOG_DEBUG, "command 0x%02x: status %d, result %u", cmd.opcode,
			  status, call.result);
	cpl.cmd_id = cmd.cmd_id;
	cpl.status = htole16(status);
	cpl.result = htole32(call.result);
	cpl.data_bytes = htole32(answered);
	cpl.sq_head = htole16(admin->asq_head);
	cpl.phase = wcdev_ring_phase(seq, admin->asq.entries);
	if (wcdev_ring_publish(&card->dev, &admin->acq, seq, &cpl, sizeof(cpl)) == 0)
		return true;
	card_fatal(card, WCNIC_ERR_ADMIN_CONFIG, WCNIC_REG_ACQ_BASE);
	return false;
}

unsigned int
card_admin_poll(struct wcnic_card *card)
{
	struct card_admin *admin = &card->admin;
	unsigned int done = 0;

	while (done < ADMIN_BURST && admin->asq_head != admin->asq_tail && !card->fw_hung) {
		if (!command_next(card))
			break;
		done++;
	}
	return done;
}
