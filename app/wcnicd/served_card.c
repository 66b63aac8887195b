/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A served card as a whole: made from its options, destroyed, its counters. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcdev_card.h>

#include "log.h"
#include "served_card_internal.h"

static const struct served_card_kind *const kinds[] = {
	[CARD_WCNIC] = &served_card_wcnic,
	[CARD_ENA] = &served_card_ena,
};

/*
 * Makes the aperture as a file, so that the client can map it. Returns 0 or -errno;
 * served_card_destroy() undoes what was done.
 */
static int
aperture_create(struct served_card *card)
{
	void *at;
	int fd;

	fd = memfd_create("wcnic-aperture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	card->aperture_fd = fd;
	card->aperture_bytes = (uint64_t)card->options.aperture_mib << 20;
	/* Sealed: a client that truncated it would kill this process with SIGBUS. */
	if (ftruncate(fd, (off_t)card->aperture_bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	at = mmap(NULL, card->aperture_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	card->aperture = at;
	return 0;
}

/* The name is the last component of the socket's path without ".sock"; the seed is a hash of it
 * all. */
static void
identity_from_path(struct served_card *card)
{
	const char *base = strrchr(card->options.socket, '/');
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	const char *c;
	size_t len;

	base = base != NULL ? base + 1 : card->options.socket;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".sock") == 0)
		len -= 5;
	if (len >= sizeof(card->name))
		len = sizeof(card->name) - 1;
	memcpy(card->name, base, len);
	card->name[len] = '\0';
	for (c = card->options.socket; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
	if (!card->options.seed_given)
		card->options.seed = hash;
}

/* The model and its port. Returns 0 or -errno, and has logged why. */
static int
model_create(struct served_card *card)
{
	char why[256];
	int ret;

	ret = card->kind->create(card);
	if (ret < 0)
		return ret;
	card->kind->describe(card, &card->description);
	ret = wcnic_port_create(card->options.port, card->kind->dev(card), &card->port, why,
				sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--port %s: %s", card->options.port, why);
	return ret;
}

int
served_card_create(struct served_card *card, const struct card_options *options)
{
	int ret;

	memset(card, 0, sizeof(*card));
	card->options = *options;
	card->kind = kinds[options->kind];
	card->ops = served_card_ops;
	if (options->msix_off)
		card->ops.irq = NULL;
	card->aperture_fd = -1;
	identity_from_path(card);
	ret = aperture_create(card);
	if (ret < 0) {
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "no memory for an aperture of %u MiB: %s",
			   card->options.aperture_mib, strerror(-ret));
		goto fail;
	}
	ret = model_create(card);
	if (ret < 0)
		goto fail;
	ret = served_card_server_create(card);
	if (ret < 0)
		goto fail;
	wcnicd_log(LOG_LEVEL_INFO, card->name, "listens on %s, card %s, port %s, %u queue pairs",
		   card->options.socket, card->kind->name, card->options.port,
		   card->options.queues);
	return 0;
fail:
	served_card_destroy(card);
	return ret;
}

void
served_card_hang_up(struct served_card *card)
{
	vfu_server_hang_up(card->server);
}

void
served_card_destroy(struct served_card *card)
{
	vfu_server_destroy(card->server);
	card->socket_file.st_ino = 0;
	if (card->port != NULL)
		served_card_check_port(card);
	wcnic_port_destroy(card->port);
	card->kind->destroy(card);
	if (card->aperture != NULL)
		munmap(card->aperture, card->aperture_bytes);
	if (card->aperture_fd >= 0)
		close(card->aperture_fd);
	memset(card, 0, sizeof(*card));
	card->aperture_fd = -1;
}

void
served_card_abandon(const struct served_card *card)
{
	struct stat st;

	if (card->socket_file.st_ino != 0 && lstat(card->options.socket, &st) == 0 &&
	    st.st_dev == card->socket_file.st_dev && st.st_ino == card->socket_file.st_ino)
		unlink(card->options.socket);
	if (card->feed.ring != NULL)
		unlink(card->options.tlp_feed);
}

void
served_card_check_port(struct served_card *card)
{
	const char *error = wcnic_port_error(card->port);
	uint64_t frames = 0;
	bool done = false;

	if (error != NULL && !card->error_reported) {
		card->error_reported = true;
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "port: %s", error);
	}
	if (card->input_reported)
		return;
	wcdev_port_input(card->kind->dev(card), &frames, &done);
	if (!done)
		return;
	card->input_reported = true;
	wcnicd_log(LOG_LEVEL_INFO, card->name, "port: the input has ended after %llu frames",
		   (unsigned long long)frames);
}

bool
served_card_fault(struct served_card *card, const void *addr)
{
	return tlpfeed_fault(&card->feed, addr) ||
	       iova_map_fault(vfu_server_iova(card->server), addr);
}

void
served_card_stats(struct served_card *card, struct stats_record *record)
{
	record->name = card->name;
	record->card = card->kind->name;
	record->socket = card->options.socket;
	record->port = card->options.port;
	record->fields = &card->kind->fields;
	card->kind->stats(card, &record->since_reset);
	record->total = card->totals;
	stats_add(record->fields, &record->total, &record->since_reset);
}
