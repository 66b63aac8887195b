/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A driver that attacks its card, in a guest with an IOMMU: a few lines of a driver of the card,
 * over VFIO, which takes memory away under DMA, points the card anywhere, and resets it at any
 * time. After each attack the card must still carry a frame. Prints a line of JSON.
 */

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <patience.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <wcbar.h>
#include <wcbase.h>
#include <wcnic_abi.h>

#define DEPTH 64u
#define RINGS_IOVA 0x10000000u
#define PREY_IOVA 0x20000000u /* what is taken away */
#define BAR_IOVA 0x30000000u
#define PREY_BYTES (64u * 4096u)
#define BUF_BYTES 2048u
#define VECTORS 2u

struct rings {
	struct wcnic_admin_cmd asq[16];
	struct wcnic_admin_cpl acq[16];
	struct wcnic_event aeq[16];
	struct wcnic_tx_desc tx_ring[DEPTH];
	struct wcnic_tx_cpl tx_cq[DEPTH];
	struct wcnic_rx_desc rx_ring[DEPTH];
	struct wcnic_rx_cpl rx_cq[DEPTH];
	uint8_t answer[4096];
	uint8_t frame[BUF_BYTES];
	uint8_t buffers[DEPTH][BUF_BYTES];
};

static struct {
	int container, device;
	uint64_t config_off;
	volatile uint8_t *regs;
	uint8_t *aperture;
	size_t aperture_bytes;
	struct rings *rings;
	uint8_t *prey;
	uint64_t bars[2]; /* where BAR0 and BAR2 are in the guest */
	uint8_t *doorbells;
	uint16_t commands, tx, rx, tx_done, rx_done;
	uint64_t random;
	unsigned int sent, errors, received, refused;
} me;

WC_NORETURN static void
die(const char *what)
{
	printf("{\"failed\": \"%s\", \"error\": \"%s\"}\n", what, strerror(errno));
	exit(1);
}

static uint64_t
chance(void)
{
	me.random = me.random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return me.random >> 16;
}

static void
pause_ms(void)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	nanosleep(&nap, NULL);
}

/* ---- VFIO ------------------------------------------------------------------------------------ */

static int
dma_map(void *at, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
					       .flags = VFIO_DMA_MAP_FLAG_READ |
							VFIO_DMA_MAP_FLAG_WRITE,
					       .vaddr = (uintptr_t)at,
					       .iova = iova,
					       .size = bytes};

	return ioctl(me.container, VFIO_IOMMU_MAP_DMA, &map);
}

static void
dma_unmap(uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = bytes};

	(void)ioctl(me.container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

static void
device_open(const char *bdf)
{
	char path[96], target[256];
	ssize_t n;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s/iommu_group", bdf);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		die(path);
	target[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.15s", strrchr(target, '/') + 1);
	group = open(path, O_RDWR | O_CLOEXEC);
	me.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (group < 0 || me.container < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, &me.container) != 0 ||
	    ioctl(me.container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) != 0)
		die(path);
	me.device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (me.device < 0)
		die(bdf);
}

static void *
bar_map(unsigned int bar, size_t *bytes)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = bar};
	void *at;

	if (ioctl(me.device, VFIO_DEVICE_GET_REGION_INFO, &info) != 0)
		die("region");
	*bytes = info.size;
	at = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, me.device,
		  (off_t)info.offset);
	return at != MAP_FAILED ? at : (die("mmap of a BAR"), NULL);
}

static uint32_t
config_read(unsigned int off)
{
	uint32_t value = 0;

	if (pread(me.device, &value, sizeof(value), (off_t)(me.config_off + off)) < 0)
		die("configuration space");
	return le32toh(value);
}

static void
command_set(uint16_t bits)
{
	const uint16_t value = htole16(bits);

	if (pwrite(me.device, &value, sizeof(value), (off_t)(me.config_off + PCI_COMMAND)) < 0)
		die("the command register");
}

#define COMMAND_ON (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static uint64_t
bar_address(unsigned int bar)
{
	const unsigned int off = PCI_BASE_ADDRESS_0 + 4 * bar;

	return (config_read(off) & PCI_BASE_ADDRESS_MEM_MASK) | (uint64_t)config_read(off + 4)
									<< 32;
}

static void
everything_open(const char *bdf)
{
	struct vfio_region_info info = {.argsz = sizeof(info),
					.index = VFIO_PCI_CONFIG_REGION_INDEX};
	size_t bytes;

	device_open(bdf);
	if (ioctl(me.device, VFIO_DEVICE_GET_REGION_INFO, &info) != 0)
		die("configuration space");
	me.config_off = info.offset;
	command_set(COMMAND_ON);
	me.regs = bar_map(WCNIC_BAR_REGS, &bytes);
	me.aperture = bar_map(WCNIC_BAR_WINDOWS, &me.aperture_bytes);
	me.bars[0] = bar_address(WCNIC_BAR_REGS);
	me.bars[1] = bar_address(WCNIC_BAR_WINDOWS);
	bytes = (sizeof(*me.rings) + 4095) & ~(size_t)4095;
	me.rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	me.prey = mmap(NULL, PREY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (me.rings == MAP_FAILED || me.prey == MAP_FAILED ||
	    dma_map(me.rings, RINGS_IOVA, bytes) || dma_map(me.prey, PREY_IOVA, PREY_BYTES))
		die("memory for DMA");
}

/* ---- a driver of a few lines ----------------------------------------------------------------- */

#define IOVA(field) (RINGS_IOVA + offsetof(struct rings, field))

static void
reg_write(uint32_t off, uint64_t value, size_t bytes)
{
	if (bytes == 8)
		wcbar_write64((void *)(uintptr_t)(me.regs + off), value);
	else
		wcbar_write32((void *)(uintptr_t)(me.regs + off), (uint32_t)value);
}

static uint32_t
reg_read(uint32_t off)
{
	return le32toh(*(volatile uint32_t *)(me.regs + off));
}

/* Waits until these bits of STATUS are set. */
static void
status_wait(uint32_t bits)
{
	for (unsigned int i = 0; (reg_read(WCNIC_REG_STATUS) & bits) != bits; i++) {
		if (i == PATIENCE_MS)
			die("STATUS does not come");
		pause_ms();
	}
}

static void
admin(uint8_t opcode, const void *params, size_t bytes)
{
	struct wcnic_admin_cmd *cmd = &me.rings->asq[me.commands % 16];
	const struct wcnic_admin_cpl *cpl = &me.rings->acq[me.commands % 16];
	const uint8_t phase = me.commands / 16 % 2 == 0;

	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = opcode;
	cmd->cmd_id = htole16(me.commands);
	cmd->data_bytes = htole32(512);
	cmd->data_iova = htole64(IOVA(answer));
	memcpy(cmd->params, params, bytes);
	me.commands++;
	wcbar_before_doorbell();
	reg_write(WCNIC_REG_ASQ_TAIL, me.commands, 4);
	for (unsigned int i = 0;
	     (__atomic_load_n(&cpl->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) != phase; i++) {
		if (i == PATIENCE_MS)
			die("a command is not answered");
		pause_ms();
	}
	if (cpl->status != 0)
		die("a command was refused");
}

static void
queues_make(bool interrupts)
{
	const struct wcnic_cmd_window_alloc window = {.type = WCNIC_WINDOW_DOORBELL,
						      .qid = htole16(WCNIC_QUEUE_NONE),
						      .bytes = htole32(WCNIC_WINDOW_ALIGN)};
	struct wcnic_cmd_rxq_create rx = {.depth = htole16(DEPTH),
					  .vector = htole16(interrupts ? 0 : WCNIC_VECTOR_NONE),
					  .db_off = htole32(WCNIC_DOORBELL_STRIDE),
					  .buf_bytes = htole32(BUF_BYTES),
					  .ring_iova = htole64(IOVA(rx_ring)),
					  .cq_iova = htole64(IOVA(rx_cq)),
					  .cqe_log2 = 4};
	struct wcnic_cmd_txq_create tx = {.depth = htole16(DEPTH),
					  .vector = htole16(WCNIC_VECTOR_NONE),
					  .push_window = htole16(WCNIC_WINDOW_NONE),
					  .ring_iova = htole64(IOVA(tx_ring)),
					  .cq_iova = htole64(IOVA(tx_cq))};
	const struct wcnic_cmd_port_set port = {
		.valid = htole16(WCNIC_PORT_SET_FLAGS),
		.flags = htole16(WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC)};
	const struct wcnic_window_grant *grant = (const void *)me.rings->answer;

	admin(WCNIC_OP_WINDOW_ALLOC, &window, sizeof(window));
	if (le64toh(grant->offset) > me.aperture_bytes - WCNIC_WINDOW_ALIGN)
		die("a window outside of BAR2");
	me.doorbells = me.aperture + le64toh(grant->offset);
	rx.db_window = tx.db_window = grant->id;
	admin(WCNIC_OP_RXQ_CREATE, &rx, sizeof(rx));
	admin(WCNIC_OP_TXQ_CREATE, &tx, sizeof(tx));
	admin(WCNIC_OP_PORT_SET, &port, sizeof(port));
}

/* From any state to a card with a queue in each direction. */
static void
card_setup(bool interrupts)
{
	reg_write(WCNIC_REG_CTRL, WCNIC_CTRL_RESET, 4);
	status_wait(WCNIC_STATUS_READY);
	memset(me.rings, 0, sizeof(*me.rings));
	memset(me.rings->frame, 0xff, 12);
	me.commands = me.tx = me.rx = me.tx_done = me.rx_done = 0;
	reg_write(WCNIC_REG_ASQ_BASE, IOVA(asq), 8);
	reg_write(WCNIC_REG_ACQ_BASE, IOVA(acq), 8);
	reg_write(WCNIC_REG_AEQ_BASE, IOVA(aeq), 8);
	reg_write(WCNIC_REG_ADMIN_SIZE, 4 | 4 << 8, 4);
	reg_write(WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE, 4);
	status_wait(WCNIC_STATUS_ENABLED);
	queues_make(interrupts);
}

static void
rx_post(uint64_t iova)
{
	me.rings->rx_ring[me.rx++ % DEPTH].iova = htole64(iova);
	wcbar_before_doorbell();
	wcbar_write64(me.doorbells + WCNIC_DOORBELL_STRIDE,
		      WCNIC_RXDB_TAIL(me.rx) | WCNIC_RXDB_CQ_HEAD(me.rx_done) | WCNIC_RXDB_ARM |
			      WCNIC_RXDB_ARM_NUMBER(me.rx));
}

static void
tx_send(uint64_t iova, uint16_t bytes)
{
	me.rings->tx_ring[me.tx % DEPTH] = (struct wcnic_tx_desc){
		.iova = htole64(iova),
		.bytes = htole16(bytes),
		.flags = htole16(WCNIC_TXF_SOP | WCNIC_TXF_EOP),
		.seq = htole16(me.tx),
		.frame_bytes = htole16(bytes)};
	me.tx++;
	wcbar_before_doorbell();
	wcbar_write64(me.doorbells, WCNIC_TXDB_TAIL(me.tx));
}

/* Counts what has come to an end. */
static void
reap(void)
{
	for (;;) {
		const struct wcnic_tx_cpl *tx = &me.rings->tx_cq[me.tx_done % DEPTH];

		/* one completion may cover several entries: the ring has one each at most */
		if ((__atomic_load_n(&tx->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) !=
		    ((me.tx_done & DEPTH) == 0))
			break;
		*(tx->status == WCNIC_TX_FETCHED ? &me.sent : &me.errors) += le16toh(tx->count);
		me.tx_done++;
	}
	for (;;) {
		const struct wcnic_rx_cpl *rx = &me.rings->rx_cq[me.rx_done % DEPTH];

		if ((__atomic_load_n(&rx->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) !=
		    ((me.rx_done & DEPTH) == 0))
			break;
		me.received++;
		me.rx_done++;
	}
}

/* A frame goes out and comes back. */
static void
works(void)
{
	const unsigned int before = me.received;

	card_setup(false);
	rx_post(IOVA(buffers));
	tx_send(IOVA(frame), 100);
	for (unsigned int i = 0; me.received == before; i++) {
		if (i == PATIENCE_MS)
			die("the card carries no frame any more");
		pause_ms();
		reap();
	}
}

/* ---- attacks --------------------------------------------------------------------------------- */

/* Buffers, then rings as well, go away and come back while the card works with them. */
static void
attack_unmap(unsigned int round)
{
	const bool rings = round % 8 == 7;

	for (unsigned int i = 0; i < 8; i++) {
		rx_post(PREY_IOVA + chance() % (PREY_BYTES - BUF_BYTES));
		tx_send(PREY_IOVA + chance() % (PREY_BYTES - BUF_BYTES), 60 + chance() % 1400);
	}
	dma_unmap(PREY_IOVA, PREY_BYTES);
	if (rings) {
		const size_t bytes = (sizeof(*me.rings) + 4095) & ~(size_t)4095;

		tx_send(PREY_IOVA, 100);
		dma_unmap(RINGS_IOVA, bytes);
		if (dma_map(me.rings, RINGS_IOVA, bytes) != 0)
			die("the rings cannot be mapped again");
	}
	if (round % 2 == 0) {
		munmap(me.prey, PREY_BYTES);
		me.prey = mmap(NULL, PREY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	}
	if (dma_map(me.prey, PREY_IOVA, PREY_BYTES) != 0)
		die("memory cannot be mapped again");
	reap();
	if (rings)
		card_setup(false);
}

/* Nowhere, beyond any width, into interrupts, ROM and BARs. */
static void
attack_wild(unsigned int round)
{
	const uint64_t places[] = {0,
				   0x1000,
				   RINGS_IOVA - 100,
				   PREY_IOVA + PREY_BYTES - 50,
				   0xfee00000,
				   0xfffc0000,
				   me.bars[0],
				   me.bars[1],
				   UINT64_C(1) << 39,
				   UINT64_C(1) << 48,
				   UINT64_C(1) << 57,
				   UINT64_MAX - 99,
				   UINT64_MAX};
	const size_t n = sizeof(places) / sizeof(places[0]);

	rx_post(places[round % n]);
	tx_send(places[(round + round / n) % n], 100);
	tx_send(IOVA(frame), 100);
	pause_ms();
	reap();
	if (round % 16 == 15)
		card_setup(false);
}

/* The card's own BAR as its memory, if the kernel maps it. */
static void
attack_bar(unsigned int round)
{
	if (dma_map(me.aperture, BAR_IOVA, me.aperture_bytes) != 0) {
		me.refused++;
		return;
	}
	for (unsigned int i = 0; i < 4; i++) {
		rx_post(BAR_IOVA + chance() % (me.aperture_bytes - BUF_BYTES));
		tx_send(BAR_IOVA + chance() % (me.aperture_bytes - BUF_BYTES), 100);
	}
	pause_ms();
	dma_unmap(BAR_IOVA, me.aperture_bytes);
	reap();
	if (round % 4 == 3)
		card_setup(false);
}

static void
attack_reset(unsigned int round)
{
	for (unsigned int i = 0; i < 16; i++) {
		rx_post(IOVA(buffers) + i * BUF_BYTES);
		tx_send(IOVA(frame), 1000);
	}
	if (round % 3 == 0)
		(void)ioctl(me.device, VFIO_DEVICE_RESET);
	else
		reg_write(WCNIC_REG_CTRL, WCNIC_CTRL_RESET, 4);
	command_set(COMMAND_ON);
	for (unsigned int i = 0; i < 4; i++)
		tx_send(IOVA(frame), 1000);
	reap();
	card_setup(false);
}

static void
attack_command(unsigned int round)
{
	for (unsigned int i = 0; i < 8; i++) {
		rx_post(IOVA(buffers) + i * BUF_BYTES);
		tx_send(IOVA(frame), 1000);
	}
	command_set(round % 2 == 0 ? 0 : PCI_COMMAND_MEMORY);
	if (round % 4 == 0)
		pause_ms();
	command_set(COMMAND_ON);
	reap();
	if (round % 8 == 7)
		card_setup(false);
}

/* Vectors bound, unbound and bound to others while the card raises them. */
static void
attack_irq(unsigned int round)
{
	/* struct vfio_irq_set with its files */
	struct {
		uint32_t argsz, flags, index, start, count;
		int fds[VECTORS];
	} bind = {.argsz = sizeof(bind),
		  .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		  .index = VFIO_PCI_MSIX_IRQ_INDEX,
		  .count = VECTORS};
	struct vfio_irq_set off = {.argsz = sizeof(off),
				   .flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
				   .index = VFIO_PCI_MSIX_IRQ_INDEX};

	if (round % 16 == 0)
		card_setup(true);
	for (unsigned int i = 0; i < VECTORS; i++)
		bind.fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	me.refused += ioctl(me.device, VFIO_DEVICE_SET_IRQS, &bind) != 0;
	for (unsigned int i = 0; i < 4; i++) {
		rx_post(IOVA(buffers) + i * BUF_BYTES);
		tx_send(IOVA(frame), 100);
	}
	(void)ioctl(me.device, VFIO_DEVICE_SET_IRQS, &off);
	for (unsigned int i = 0; i < VECTORS; i++)
		close(bind.fds[i]);
	reap();
}

/* Only traffic, as others attack meanwhile. */
static void
attack_none(unsigned int round)
{
	(void)round;
	rx_post(PREY_IOVA + chance() % (PREY_BYTES - BUF_BYTES));
	tx_send(PREY_IOVA + chance() % (PREY_BYTES - BUF_BYTES), 1000);
	pause_ms();
	reap();
	if (me.tx_done > 40)
		card_setup(false);
}

static const struct {
	const char *name;
	void (*go)(unsigned int round);
} attacks[] = {
	{"unmap", attack_unmap}, {"wild", attack_wild},       {"bar", attack_bar},
	{"reset", attack_reset}, {"command", attack_command}, {"irq", attack_irq},
	{"none", attack_none},
};

int
main(int argc, char **argv)
{
	unsigned int rounds;

	if (argc != 5) {
		fprintf(stderr, "usage: hostile_guest BDF ATTACK ROUNDS SEED\n");
		return 2;
	}
	rounds = (unsigned int)strtoul(argv[3], NULL, 0);
	me.random = strtoul(argv[4], NULL, 0);
	everything_open(argv[1]);
	works();
	for (size_t a = 0; a < sizeof(attacks) / sizeof(attacks[0]); a++) {
		if (strcmp(attacks[a].name, argv[2]) != 0)
			continue;
		card_setup(false);
		for (unsigned int round = 0; round < rounds; round++)
			attacks[a].go(round);
		works();
		printf("{\"attack\": \"%s\", \"rounds\": %u, \"sent\": %u, \"errors\": %u, "
		       "\"received\": %u, \"refused\": %u}\n",
		       argv[2], rounds, me.sent, me.errors, me.received, me.refused);
		return 0;
	}
	fprintf(stderr, "no attack %s\n", argv[2]);
	return 2;
}
