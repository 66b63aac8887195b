/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A vfio-user client by hand. */

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cmocka.h>

#include "hand.h"

struct hand hand;

static void
hand_send(uint16_t id, uint16_t cmd, uint32_t flags, uint32_t error, const void *payload,
	  size_t bytes)
{
	struct hand_msg msg = {.hdr = {.id = id, .cmd = cmd, .flags = flags, .error = error}};

	msg.hdr.bytes = (uint32_t)(sizeof(msg.hdr) + bytes);
	if (bytes > 0)
		memcpy(msg.payload, payload, bytes);
	assert_int_equal(send(hand.sock, &msg, msg.hdr.bytes, MSG_NOSIGNAL), msg.hdr.bytes);
}

void
hand_serve(const struct hand_msg *msg)
{
	struct hand_msg reply;
	struct vfu_dma_access access;
	uint8_t *at;

	memcpy(&access, msg->payload, sizeof(access));
	if (hand.deny || access.iova < MINI_IOVA || access.iova - MINI_IOVA > MINI_BYTES ||
	    access.count > MINI_BYTES - (access.iova - MINI_IOVA)) {
		hand_send(msg->hdr.id, msg->hdr.cmd, VFU_HDR_REPLY | VFU_HDR_ERROR, EFAULT, NULL,
			  0);
		return;
	}
	at = hand.memory + (access.iova - MINI_IOVA);
	memcpy(reply.payload, &access, sizeof(access));
	if (msg->hdr.cmd == VFU_CMD_DMA_WRITE) {
		memcpy(at, msg->payload + sizeof(access), access.count);
		hand.writes++;
		access.count = 0;
	} else {
		memcpy(reply.payload + sizeof(access), at, access.count);
		hand.reads++;
	}
	hand_send(msg->hdr.id, msg->hdr.cmd, VFU_HDR_REPLY, 0, reply.payload,
		  sizeof(access) + access.count);
}

bool
hand_receive(struct hand_msg *msg)
{
	if (recv(hand.sock, &msg->hdr, sizeof(msg->hdr), MSG_WAITALL) != sizeof(msg->hdr))
		return false;
	assert_true(msg->hdr.bytes <= sizeof(*msg));
	if (msg->hdr.bytes > sizeof(msg->hdr))
		assert_int_equal(recv(hand.sock, msg->payload, msg->hdr.bytes - sizeof(msg->hdr),
				      MSG_WAITALL),
				 msg->hdr.bytes - sizeof(msg->hdr));
	return true;
}

uint32_t
hand_ask(uint16_t cmd, const void *payload, size_t bytes, struct hand_msg *reply)
{
	uint16_t id = hand.id++;

	hand_send(id, cmd, VFU_HDR_REQUEST, 0, payload, bytes);
	for (;;) {
		if (!hand_receive(reply))
			fail_msg("no reply to command %u; wcnicd says:\n%s", cmd,
				 child_text(hand.child));
		if ((reply->hdr.flags & VFU_HDR_TYPE_MASK) == VFU_HDR_REPLY)
			break;
		hand_serve(reply);
	}
	assert_int_equal(reply->hdr.id, id);
	return reply->hdr.error;
}

void
hand_reg_set(uint64_t off, uint32_t value)
{
	struct {
		struct vfu_access access;
		uint32_t value;
	} ask = {{.off = off, .region = WCNIC_BAR_REGS, .count = 4}, htole32(value)};
	struct hand_msg reply;

	assert_int_equal(hand_ask(VFU_CMD_REGION_WRITE, &ask, 20, &reply), 0);
}

uint32_t
hand_reg(uint64_t off)
{
	struct vfu_access ask = {.off = off, .region = WCNIC_BAR_REGS, .count = 4};
	struct hand_msg reply;
	uint32_t value;

	assert_int_equal(hand_ask(VFU_CMD_REGION_READ, &ask, sizeof(ask), &reply), 0);
	memcpy(&value, reply.payload + sizeof(ask), sizeof(value));
	return le32toh(value);
}

void
hand_connect(struct child *child, const char *path)
{
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct vfu_dma_map map = {32, 3, 0, MINI_IOVA, MINI_BYTES};
	struct vfu_version version = {0};
	struct hand_msg reply;

	memset(&hand, 0, sizeof(hand));
	hand.child = child;
	hand.sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(addr.sun_path, path);
	assert_int_equal(connect(hand.sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(hand.sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(hand_ask(VFU_CMD_VERSION, &version, sizeof(version), &reply), 0);
	assert_int_equal(hand_ask(VFU_CMD_DMA_MAP, &map, sizeof(map), &reply), 0);
}

void
hand_enable(void)
{
	hand_reg_set(WCNIC_REG_ASQ_BASE, MINI_IOVA);
	hand_reg_set(WCNIC_REG_ACQ_BASE, MINI_IOVA + 0x1000);
	hand_reg_set(WCNIC_REG_AEQ_BASE, MINI_IOVA + 0x2000);
	hand_reg_set(WCNIC_REG_ADMIN_SIZE, 4 | 4 << 8);
	hand_reg_set(WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE);
	assert_int_equal(hand_reg(WCNIC_REG_STATUS), WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED);
}
