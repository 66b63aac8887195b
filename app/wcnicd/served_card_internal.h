/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SERVED_CARD_INTERNAL_H
#define WCNICD_SERVED_CARD_INTERNAL_H

/* What the files of a served card share. Thread: the one that has the card. */

#include <stdint.h>

#include <wcbase.h>

#include "served_card.h"

/* ---- served_card_model.c ---- */

/*
 * Makes the card model and its port, for whom this card is the host. The aperture and the feed
 * must be there. Returns 0 or -errno, and has then logged why.
 */
WC_MUST_CHECK int served_card_model_create(struct served_card *card);

/* A 32-bit register of the card; 0 if the offset is not one. */
uint32_t served_card_reg_read(struct served_card *card, uint64_t off);

/* Raises the vectors that waited until the client had answered all DMA messages. */
void served_card_irqs_release(struct served_card *card);

/* Logs a line of the model or the server. `ctx` is the card. */
void served_card_log(void *ctx, int level, const char *line);

/* ---- served_card_server.c ---- */

/* Makes the vfio-user server, which listens at once. Returns 0 or -errno, and has logged why. */
WC_MUST_CHECK int served_card_server_create(struct served_card *card);

#endif /* WCNICD_SERVED_CARD_INTERNAL_H */
