/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver's arguments, of a vdev and of a card on the bus. */

#include <string.h>

#include <rte_log.h>

#include <wcnic_devargs.h>
#include <wcnic_txq.h>

#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static ssize_t
log_write(void *cookie, const char *text, size_t bytes)
{
	(void)cookie;
	(void)text;
	return (ssize_t)bytes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const cookie_io_functions_t io = {.write = log_write};
	static bool quiet;
	struct wcnic_devargs args;
	char *text;

	if (!quiet)
		rte_openlog_stream(fopencookie(NULL, "w", io));
	quiet = true;
	if (bytes == 0)
		return 0;
	text = strndup((const char *)data + 1, bytes - 1);
	MUST(text != NULL);
	if (wcnic_devargs_parse("fuzz", text, data[0] & 1, &args) == 0) {
		MUST(memchr(args.socket, '\0', sizeof(args.socket)) != NULL);
		MUST(memchr(args.port, '\0', sizeof(args.port)) != NULL);
		MUST(memchr(args.store, '\0', sizeof(args.store)) != NULL);
		MUST(args.queues >= 1 && args.queues <= WCNIC_QUEUES_MAX);
		MUST(args.slot_lines >= 1 && args.slot_lines <= 16 &&
		     (args.slot_lines & (args.slot_lines - 1)) == 0);
		MUST(args.timeout_ms >= 10 && args.timeout_ms <= 60000);
		for (unsigned int i = 0; i < WCNIC_QUEUES_MAX; i++)
			MUST(args.placement[i] <= WCNIC_PLACEMENT_AUTO);
	}
	free(text);
	return 0;
}
