/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SERVED_CARD_INTERNAL_H
#define WCNICD_SERVED_CARD_INTERNAL_H

/* What the files of a served card share. Thread: the one that has the card. */

#include <wcbase.h>
#include <wcdev.h>

#include "served_card.h"
#include "served_card_kind.h"

/* ---- served_card_host.c ---- */

/* What a card model asks of its host. Its `ctx` is the served card. */
extern const struct wcdev_ops served_card_ops;

/* Raises the vectors that waited until the client had answered all DMA messages. */
void served_card_irqs_release(struct served_card *card);

/* Logs a line of the model or the server. `ctx` is the card. */
void served_card_log(void *ctx, int level, const char *line);

/* ---- served_card_server.c ---- */

/* Makes the vfio-user server, which listens at once. Returns 0 or -errno, and has logged why. */
WC_MUST_CHECK int served_card_server_create(struct served_card *card);

#endif /* WCNICD_SERVED_CARD_INTERNAL_H */
