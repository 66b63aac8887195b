/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Commands in, answers out. */

#include <errno.h>
#include <syslog.h>

#include "ena.h"

/* ---- statistics -------------------------------------------------------------------------- */

static void
put64(uint32_t at[2], uint64_t value)
{
	at[0] = htole32((uint32_t)value);
	at[1] = htole32((uint32_t)(value >> 32));
}

static void
stats_of_port(const struct ena_card *card, struct ena_cpl_basic_stats *out)
{
	const struct ena_card_stats *s = &card->stats;

	put64(out->tx_bytes, s->tx_bytes);
	put64(out->tx_frames, s->tx_frames);
	put64(out->rx_bytes, s->rx_bytes);
	put64(out->rx_frames, s->rx_frames);
	put64(out->rx_drops, s->rx_missed + s->rx_no_queue + s->rx_bad_address);
	put64(out->tx_drops, s->tx_refused + s->tx_bad_chain + s->tx_bad_meta + s->tx_bad_req_id +
				     s->tx_bad_length + s->tx_bad_address + s->tx_bad_offload +
				     s->tx_llq_torn);
	put64(out->rx_overruns, s->rx_missed);
}

/* Drivers leave scope, queue and device at zero and mean the port. */
static enum ena_admin_status
stats_get(struct ena_card *card, struct ena_call *call)
{
	switch (call->cmd.stats.type) {
	case ENA_STATS_BASIC:
		stats_of_port(card, ena_call_answer(call));
		return ENA_ST_OK;
	case ENA_STATS_ENI:
		return ENA_ST_OK; /* nothing has an allowance here: all zeroes */
	default:
		return ENA_ST_UNSUPPORTED;
	}
}

/* ---- commands ---------------------------------------------------------------------------- */

static enum ena_admin_status
call_run(struct ena_card *card, struct ena_call *call)
{
	switch (call->cmd.common.opcode) {
	case ENA_CREATE_SQ:
		return ena_sq_create(card, call);
	case ENA_DESTROY_SQ:
		return ena_sq_destroy(card, call);
	case ENA_CREATE_CQ:
		return ena_cq_create(card, call);
	case ENA_DESTROY_CQ:
		return ena_cq_destroy(card, call);
	case ENA_GET_FEATURE:
		return ena_feature_get(card, call);
	case ENA_SET_FEATURE:
		return ena_feature_set(card, call);
	case ENA_GET_STATS:
		return stats_get(card, call);
	default:
		return ENA_ST_BAD_OPCODE;
	}
}

static void
call_count(struct ena_card *card, const struct ena_call *call, enum ena_admin_status status)
{
	card->stats.admin_commands++;
	if (status == ENA_ST_OK)
		return;
	if (status == ENA_ST_UNSUPPORTED)
		card->stats.admin_unsupported++;
	else if (status == ENA_ST_MALFORMED || status == ENA_ST_BAD_OPCODE)
		card->stats.admin_malformed++;
	else
		card->stats.admin_illegal++;
	wcdev_log(&card->dev, status == ENA_ST_UNSUPPORTED ? LOG_DEBUG : LOG_WARNING,
		  "admin command %u, feature %u: status %u", call->cmd.common.opcode,
		  call->cmd.feature.feature, status);
}

static bool
answer_publish(struct ena_card *card, struct ena_call *call, enum ena_admin_status status)
{
	struct ena_admin *admin = &card->admin;

	if (status != ENA_ST_OK)
		memset(&call->out, 0, sizeof(call->out));
	call->out.common.command_id = call->cmd.common.command_id & htole16(ENA_AQ_ID_MASK);
	call->out.common.status = (uint8_t)status;
	call->out.common.flags = wcdev_ring_phase(admin->tail, admin->acq.entries);
	call->out.common.sq_head = htole16(admin->head);
	if (wcdev_ring_publish_first(&card->dev, &admin->acq, admin->tail, &call->out,
				     sizeof(call->out)) != 0)
		return false;
	admin->tail++;
	return true;
}

/* The rings of commands cannot be used: nothing more is answered, until they are set anew. */
static void
admin_stop(struct ena_card *card, const char *what)
{
	card->stats.admin_unmapped++;
	card->admin.db = card->admin.head;
	wcdev_log(&card->dev, LOG_WARNING, "the %s cannot be reached; no command is answered",
		  what);
}

/* One command. False: none is there, or it has to be repeated later. */
static bool
admin_step(struct ena_card *card)
{
	struct ena_admin *admin = &card->admin;
	enum ena_admin_status status;
	struct ena_call call;
	int ret;

	if (!wcdev_ring_ready(&card->dev, &admin->acq, admin->tail)) {
		admin_stop(card, "ring of answers");
		return false;
	}
	wcdev_reader_begin(&card->dev, &admin->reader);
	ret = wcdev_ring_read(&card->dev, &admin->aq, &admin->reader, admin->head, &call.cmd,
			      sizeof(call.cmd));
	if (ret == -EAGAIN)
		return false;
	if (ret != 0) {
		admin_stop(card, "ring of commands");
		return false;
	}
	memset(&call.out, 0, sizeof(call.out));
	call.later = false;
	if ((call.cmd.common.flags & ENA_AQ_PHASE) !=
	    wcdev_ring_phase(admin->head, admin->aq.entries)) {
		card->stats.admin_bad_phase++;
		status = ENA_ST_MALFORMED;
	} else {
		status = call_run(card, &call);
	}
	if (call.later)
		return false;
	wcdev_reader_end(&card->dev, &admin->reader);
	admin->head++;
	call_count(card, &call, status);
	if ((card->config.faults & ENA_FAULT_ADMIN) != 0)
		return true;
	if (!answer_publish(card, &call, status))
		admin_stop(card, "ring of answers");
	return true;
}

/*
 * A frame that was read by message keeps its memo until the port takes it, which may be never. It
 * can be read again.
 */
static void
lane_take(struct ena_card *card)
{
	const struct wcdev_reader *other = card->dev.memos[WCDEV_LANE_OUT].reader;

	if (other != NULL && other != &card->admin.reader)
		wcdev_reader_end(&card->dev, other);
}

unsigned int
ena_admin_poll(struct ena_card *card)
{
	struct ena_admin *admin = &card->admin;
	const uint16_t asked = admin->db - admin->head;
	const uint16_t tail = admin->tail;
	unsigned int n = 0;

	if (asked == 0)
		return 0;
	if (asked > admin->aq.entries) {
		wcdev_log(&card->dev, LOG_WARNING,
			  "AQ_DB: %u commands in a ring of %u; they are not taken", asked,
			  admin->aq.entries);
		card->stats.admin_malformed++;
		admin->db = admin->head;
		return 0;
	}
	lane_take(card);
	while (admin->head != admin->db && admin_step(card))
		n++;
	if (admin->tail != tail && (card->regs[ENA_REG_INTR_MASK / 4] & ENA_INTR_MASK_ADMIN) == 0) {
		card->stats.irqs++;
		wcdev_irq(&card->dev, 0);
	}
	return n;
}
