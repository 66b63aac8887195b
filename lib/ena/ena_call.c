/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Buffers of commands. */

#include <errno.h>

#include "ena.h"

/* Where the buffer of a command is, in those that have one. */
static const struct ena_buffer *
call_buffer(const struct ena_call *call)
{
	return &call->cmd.feature.buffer;
}

static bool
call_has_buffer(const struct ena_call *call)
{
	return (call->cmd.common.flags & (ENA_AQ_BUFFER | ENA_AQ_BUFFER_INDIRECT)) != 0;
}

enum ena_admin_status
ena_call_buffer_read(struct ena_card *card, struct ena_call *call, void *data, uint32_t bytes)
{
	const struct ena_buffer *buffer = call_buffer(call);
	const uint64_t iova = ena_iova(&buffer->addr);
	int ret;

	if (!call_has_buffer(call) || le32toh(buffer->bytes) < bytes)
		return ENA_ST_MALFORMED;
	if (!wcdev_dma_reachable(&card->dev, iova, bytes, WCDEV_DMA_READ))
		return ENA_ST_ILLEGAL;
	ret = wcdev_dma_read(&card->dev, &card->admin.reader, iova, data, bytes);
	call->later = ret == -EAGAIN;
	return ret == 0 || call->later ? ENA_ST_OK : ENA_ST_ILLEGAL;
}

enum ena_admin_status
ena_call_buffer_write(struct ena_card *card, const struct ena_call *call, const void *data,
		      uint32_t bytes)
{
	const struct ena_buffer *buffer = call_buffer(call);
	const uint64_t iova = ena_iova(&buffer->addr);

	if (!call_has_buffer(call) || buffer->bytes == 0)
		return ENA_ST_OK;
	if (le32toh(buffer->bytes) < bytes)
		bytes = le32toh(buffer->bytes);
	if (!wcdev_dma_reachable(&card->dev, iova, bytes, WCDEV_DMA_WRITE))
		return ENA_ST_ILLEGAL;
	return wcdev_dma_write(&card->dev, iova, data, bytes) == 0 ? ENA_ST_OK : ENA_ST_ILLEGAL;
}
