/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The process of the card: a model, a loopback, a server for each connection, and the layers. */

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <wcnic_port.h>

#include "hostile.h"

bool
hostile_tell(struct hostile_card *card)
{
	const unsigned int times = card->lie->times;

	if (!card->shared->on || (times != 0 && card->shared->told >= times))
		return false;
	card->shared->told++;
	return true;
}

uint64_t
hostile_random(struct hostile_card *card)
{
	card->random = card->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return card->random >> 16;
}

void *
hostile_memory(struct hostile_card *card, uint64_t iova, size_t bytes)
{
	return iova_map_find(vfu_server_iova(card->server), iova, bytes, IOVA_READ | IOVA_WRITE);
}

/* ---- what the model asks of its host --------------------------------------------------------- */

static void *
host_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct hostile_card *card = ctx;

	return card->server == NULL
		       ? NULL
		       : iova_map_find(vfu_server_iova(card->server), iova, bytes, prot);
}

static void
host_irq(void *ctx, uint16_t vector)
{
	struct hostile_card *card = ctx;

	if (card->server != NULL)
		(void)vfu_server_irq_trigger(card->server, vector);
}

static uint64_t
host_now_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const struct wcdev_ops host_ops = {
	.dma = host_dma,
	.irq = host_irq,
	.now_ns = host_now_ns,
};

/* ---- what the server asks of the card -------------------------------------------------------- */

static int
region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct hostile_card *card = ctx;

	if (bytes > 64 || wcnic_card_bar_read(card->model, region, off, data, bytes) < 0)
		memset(data, 0, bytes);
	if (region == WCNIC_BAR_REGS && card->lie->reg != NULL)
		card->lie->reg(card, off, data, bytes);
	return 0;
}

static int
region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct hostile_card *card = ctx;
	uint64_t value = 0;

	if (bytes > sizeof(value))
		return -EINVAL;
	memcpy(&value, data, bytes);
	value = le64toh(value);
	if (region == WCNIC_BAR_REGS && !hostile_rings_write(card, off, &value))
		return 0;
	value = htole64(value);
	(void)wcnic_card_bar_write(card->model, region, off, &value, bytes);
	return 0;
}

static int
reset(void *ctx)
{
	struct hostile_card *card = ctx;

	hostile_rings_reset(card);
	wcnic_card_reset(card->model);
	return 0;
}

static void
connected(void *ctx)
{
	struct hostile_card *card = ctx;

	if (iova_map_add(vfu_server_iova(card->server), HOSTILE_SHADOW, HOSTILE_SHADOW_BYTES,
			 card->shadow, IOVA_READ | IOVA_WRITE) < 0)
		abort();
}

static void
disconnected(void *ctx)
{
	(void)reset(ctx);
}

static void
log_line(void *ctx, int level, const char *line)
{
	(void)ctx;
	if (level <= 6)
		fprintf(stderr, "card: %s\n", line);
}

static const struct vfu_server_ops server_ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = reset,
	.connected = connected,
	.disconnected = disconnected,
	.log = log_line,
};

/* ---- life ------------------------------------------------------------------------------------ */

/* A new file, as a lie may have cut the last one short. */
static bool
aperture_make(struct hostile_card *card, bool sealed)
{
	if (card->aperture_fd >= 0)
		close(card->aperture_fd);
	card->aperture_fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (card->aperture_fd < 0 || ftruncate(card->aperture_fd, HOSTILE_APERTURE) < 0)
		return false;
	if (sealed && fcntl(card->aperture_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return false;
	/* at the same address: the model has it */
	return mmap(card->aperture, HOSTILE_APERTURE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | (card->aperture != NULL ? MAP_FIXED : 0), card->aperture_fd,
		    0) == card->aperture;
}

static bool
model_make(struct hostile_card *card)
{
	struct wcnic_card_config config = {
		.ops = &host_ops,
		.ctx = card,
		.aperture_bytes = HOSTILE_APERTURE,
		.queue_pairs = HOSTILE_QUEUES,
		.seed = 1,
	};
	char why[256];

	card->aperture_fd = -1;
	card->aperture = mmap(NULL, HOSTILE_APERTURE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);
	card->shadow = mmap(NULL, HOSTILE_SHADOW_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (card->aperture == MAP_FAILED || card->shadow == MAP_FAILED ||
	    !aperture_make(card, true))
		return false;
	config.aperture = card->aperture;
	return wcnic_card_create(&config, &card->model) == 0 &&
	       wcnic_port_create("loopback:flow_control=on", wcnic_card_dev(card->model),
				 &card->port, why, sizeof(why)) == 0;
}

static int
listener_make(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 4) < 0)
		return -1;
	return fd;
}

static void
client_begin(struct hostile_card *card, int client)
{
	struct vfu_server_config config = {
		.ops = &server_ops,
		.ctx = card,
		.msix_vectors = 2 * HOSTILE_QUEUES,
	};
	const uint32_t both = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	int server_end;

	if (!aperture_make(card, true))
		abort();
	config.regions[WCNIC_BAR_REGS] = (struct vfu_server_region){.bytes = WCNIC_BAR_REGS_BYTES,
								    .flags = both};
	config.regions[WCNIC_BAR_WINDOWS] = (struct vfu_server_region){
		.bytes = HOSTILE_APERTURE,
		.flags = both | VFU_REGION_FLAG_MMAP,
		.fd = card->aperture_fd};
	config.regions[WCNIC_BAR_MSIX] = (struct vfu_server_region){.bytes = WCNIC_BAR_MSIX_BYTES,
								    .flags = both};
	if (card->lie->regions != NULL && hostile_tell(card))
		card->lie->regions(card, &config);
	for (unsigned int i = 0; i < 4; i++)
		card->client_irq[i] = -1;
	card->relay = hostile_relay_start(card, client, &server_end);
	if (card->relay == NULL || vfu_server_adopt(server_end, &config, &card->server) < 0)
		abort();
}

static void
client_end(struct hostile_card *card)
{
	vfu_server_destroy(card->server);
	card->server = NULL;
	hostile_relay_end(card->relay);
	card->relay = NULL;
}

static unsigned int
client_turn(struct hostile_card *card)
{
	unsigned int done = vfu_server_poll(card->server);

	hostile_rings_in(card);
	done += wcnic_card_poll(card->model);
	hostile_rings_out(card);
	if (card->lie->turn != NULL && card->shared->on)
		card->lie->turn(card);
	if (card->lie->resets && card->shared->on && card->tx[0].seq > 1024)
		(void)reset(card);
	return done;
}

int
hostile_card_run(const struct hostile_case *lie, const char *path, struct hostile_shared *shared)
{
	static struct hostile_card card;
	const struct timespec nap = {.tv_nsec = 20000};
	int listener, client;

	card.lie = lie;
	card.shared = shared;
	card.random = shared->seed;
	listener = listener_make(path);
	if (listener < 0 || !model_make(&card)) {
		perror(path);
		return 1;
	}
	shared->listening = true;
	for (;;) {
		if (card.server == NULL) {
			client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (client >= 0)
				client_begin(&card, client);
		} else if (hostile_relay_over(card.relay)) {
			client_end(&card);
			continue;
		} else if (client_turn(&card) != 0) {
			continue;
		}
		nanosleep(&nap, NULL);
	}
}
