/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ENA_ABI_H
#define ENA_ABI_H

/*
 * The interface between ENA's drivers and the device, as the device sees it: registers, admin
 * commands, descriptors, completions. All is little-endian. doc/ena.md names the public sources.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* ---- registers, offsets in BAR 0; 32 bits each ------------------------------------------- */

#define ENA_REG_VERSION 0x00u
#define ENA_REG_CONTROLLER_VERSION 0x04u
#define ENA_REG_CAPS 0x08u
#define ENA_REG_CAPS_EXT 0x0cu
#define ENA_REG_AQ_BASE_LO 0x10u
#define ENA_REG_AQ_BASE_HI 0x14u
#define ENA_REG_AQ_CAPS 0x18u
#define ENA_REG_ACQ_BASE_LO 0x20u
#define ENA_REG_ACQ_BASE_HI 0x24u
#define ENA_REG_ACQ_CAPS 0x28u
#define ENA_REG_AQ_DB 0x2cu
#define ENA_REG_ACQ_TAIL 0x30u
#define ENA_REG_AENQ_CAPS 0x34u
#define ENA_REG_AENQ_BASE_LO 0x38u
#define ENA_REG_AENQ_BASE_HI 0x3cu
#define ENA_REG_AENQ_HEAD_DB 0x40u
#define ENA_REG_AENQ_TAIL 0x44u
#define ENA_REG_INTR_MASK 0x4cu
#define ENA_REG_DEV_CTL 0x54u
#define ENA_REG_DEV_STS 0x58u
#define ENA_REG_MMIO_REG_READ 0x5cu
#define ENA_REG_MMIO_RESP_LO 0x60u
#define ENA_REG_MMIO_RESP_HI 0x64u
#define ENA_REG_RSS_IND_ENTRY_UPDATE 0x68u
/* No register of ENA: a driver never touches it, so tools may write it to mark a moment. */
#define ENA_REG_MARK 0xf0u
#define ENA_REGS_BYTES 0x100u

/* AQ_CAPS, ACQ_CAPS, AENQ_CAPS */
#define ENA_CAPS_DEPTH(reg) ((reg)&0xffffu)
#define ENA_CAPS_ENTRY_BYTES(reg) ((reg) >> 16)

#define ENA_INTR_MASK_ADMIN 0x1u

#define ENA_DEV_CTL_RESET 0x1u
#define ENA_DEV_CTL_REASON(reg) (((reg) >> 28 & 0xfu) | ((reg) >> 24 & 0xfu) << 4)

#define ENA_DEV_STS_READY 0x1u
#define ENA_DEV_STS_RESET_IN_PROGRESS 0x8u
#define ENA_DEV_STS_RESET_FINISHED 0x10u
#define ENA_DEV_STS_FATAL_ERROR 0x20u

/* MMIO_REG_READ: a register to be read without a read; the answer is struct ena_reg_read. */
#define ENA_REG_READ_ID(reg) ((uint16_t)(reg))
#define ENA_REG_READ_OFF(reg) ((uint16_t)((reg) >> 16))

struct ena_reg_read {
	uint16_t req_id;
	uint16_t off;
	uint32_t value;
};
static_assert(sizeof(struct ena_reg_read) == 8, "layout");

/* A doorbell of interrupts of a completion queue. Delays are in units of feature 20. */
#define ENA_INTR_RX_DELAY(reg) ((reg)&0x7fffu)
#define ENA_INTR_TX_DELAY(reg) ((reg) >> 15 & 0x7fffu)
#define ENA_INTR_UNMASK (1u << 30)
#define ENA_INTR_NO_DELAY_UPDATE (1u << 31)

/* ---- admin queue ------------------------------------------------------------------------- */

#define ENA_ADMIN_BYTES 64u

enum ena_admin_opcode {
	ENA_CREATE_SQ = 1,
	ENA_DESTROY_SQ = 2,
	ENA_CREATE_CQ = 3,
	ENA_DESTROY_CQ = 4,
	ENA_GET_FEATURE = 8,
	ENA_SET_FEATURE = 9,
	ENA_GET_STATS = 11,
};

enum ena_admin_status {
	ENA_ST_OK = 0,
	ENA_ST_NO_RESOURCES = 1,
	ENA_ST_BAD_OPCODE = 2,
	ENA_ST_UNSUPPORTED = 3,
	ENA_ST_MALFORMED = 4,
	ENA_ST_ILLEGAL = 5,
	ENA_ST_UNKNOWN = 6,
	ENA_ST_BUSY = 7,
};

enum ena_feature {
	ENA_F_DEVICE_ATTRIBUTES = 1,
	ENA_F_MAX_QUEUES = 2,
	ENA_F_HW_HINTS = 3,
	ENA_F_LLQ = 4,
	ENA_F_MAX_QUEUES_EXT = 7,
	ENA_F_RSS_FUNCTION = 10,
	ENA_F_OFFLOADS = 11,
	ENA_F_RSS_TABLE = 12,
	ENA_F_MTU = 14,
	ENA_F_RSS_INPUT = 18,
	ENA_F_INTR_MODERATION = 20,
	ENA_F_AENQ = 26,
	ENA_F_LINK = 27,
	ENA_F_HOST_ATTRIBUTES = 28,
};

/* 48 bits */
struct ena_addr {
	uint32_t lo;
	uint16_t hi;
	uint16_t mbz;
};
static_assert(sizeof(struct ena_addr) == 8, "layout");

struct ena_buffer {
	uint32_t bytes;
	struct ena_addr addr;
};
static_assert(sizeof(struct ena_buffer) == 12, "layout");

#define ENA_AQ_ID_MASK 0x0fffu
#define ENA_AQ_PHASE 0x1u
#define ENA_AQ_BUFFER 0x2u          /* the command has a buffer */
#define ENA_AQ_BUFFER_INDIRECT 0x4u /* drivers set this for a buffer of one page, too */

/* The first eight bytes of each command are alike, and the second four of most. */
struct ena_aq_common {
	uint16_t command_id;
	uint8_t opcode;
	uint8_t flags;
};

struct ena_cmd_create_sq {
	struct ena_aq_common common;
	uint8_t identity; /* ENA_SQ_TX, ENA_SQ_RX << ENA_SQ_DIRECTION_SHIFT */
	uint8_t mbz;
	uint8_t caps; /* 3:0 placement, 6:4 completion policy */
	uint8_t contiguous;
	uint16_t cq_idx;
	uint16_t depth;
	struct ena_addr base;
	struct ena_addr head_writeback;
	uint32_t reserved[9];
};
static_assert(sizeof(struct ena_cmd_create_sq) == ENA_ADMIN_BYTES, "layout");

#define ENA_SQ_DIRECTION_SHIFT 5
#define ENA_SQ_TX 1u
#define ENA_SQ_RX 2u
#define ENA_PLACEMENT_HOST 1u
#define ENA_PLACEMENT_LLQ 3u
#define ENA_COMPLETE_EACH 0u
#define ENA_COMPLETE_ASKED 1u

struct ena_cmd_destroy_sq {
	struct ena_aq_common common;
	uint16_t sq_idx;
	uint8_t identity;
	uint8_t mbz;
	uint32_t reserved[14];
};
static_assert(sizeof(struct ena_cmd_destroy_sq) == ENA_ADMIN_BYTES, "layout");

struct ena_cmd_create_cq {
	struct ena_aq_common common;
	uint8_t caps; /* bit 5: with interrupts */
	uint8_t entry_words;
	uint16_t depth;
	uint32_t vector;
	struct ena_addr base;
	uint32_t reserved[11];
};
static_assert(sizeof(struct ena_cmd_create_cq) == ENA_ADMIN_BYTES, "layout");

#define ENA_CQ_INTERRUPTS 0x20u
#define ENA_CQ_ENTRY_WORDS_MASK 0x1fu

struct ena_cmd_destroy_cq {
	struct ena_aq_common common;
	uint16_t cq_idx;
	uint16_t mbz;
	uint32_t reserved[14];
};
static_assert(sizeof(struct ena_cmd_destroy_cq) == ENA_ADMIN_BYTES, "layout");

struct ena_cmd_stats {
	struct ena_aq_common common;
	struct ena_buffer buffer;
	uint8_t type;
	uint8_t scope; /* this and what follows is 0 in all drivers, which mean the port */
	uint16_t mbz;
	uint16_t queue_idx;
	uint16_t device_id;
	uint32_t reserved[10];
};
static_assert(sizeof(struct ena_cmd_stats) == ENA_ADMIN_BYTES, "layout");

#define ENA_STATS_BASIC 0u
#define ENA_STATS_EXTENDED 1u
#define ENA_STATS_ENI 2u

/* GET_FEATURE and SET_FEATURE; `data` is that of SET_FEATURE. */
struct ena_cmd_feature {
	struct ena_aq_common common;
	struct ena_buffer buffer;
	uint8_t select;
	uint8_t feature;
	uint8_t version;
	uint8_t mbz;
	uint32_t data[11];
};
static_assert(sizeof(struct ena_cmd_feature) == ENA_ADMIN_BYTES &&
		      offsetof(struct ena_cmd_feature, feature) == 17 &&
		      offsetof(struct ena_cmd_feature, data) == 20,
	      "layout");

union ena_cmd {
	struct ena_aq_common common;
	struct ena_cmd_create_sq create_sq;
	struct ena_cmd_destroy_sq destroy_sq;
	struct ena_cmd_create_cq create_cq;
	struct ena_cmd_destroy_cq destroy_cq;
	struct ena_cmd_stats stats;
	struct ena_cmd_feature feature;
	uint64_t words[ENA_ADMIN_BYTES / 8];
};
static_assert(sizeof(union ena_cmd) == ENA_ADMIN_BYTES, "layout");

struct ena_acq_common {
	uint16_t command_id;
	uint8_t status;
	uint8_t flags; /* ENA_AQ_PHASE */
	uint16_t extended_status;
	uint16_t sq_head;
};
static_assert(sizeof(struct ena_acq_common) == 8, "layout");

struct ena_cpl_create_sq {
	uint16_t sq_idx;
	uint16_t mbz;
	uint32_t doorbell_off;
	uint32_t llq_off;
	uint32_t llq_headers_off;
};

struct ena_cpl_create_cq {
	uint16_t cq_idx;
	uint16_t depth;
	uint32_t numa_off; /* 0: no such register */
	uint32_t head_off; /* 0: no such register */
	uint32_t unmask_off;
};

struct ena_cpl_basic_stats {
	uint32_t tx_bytes[2]; /* low, high, as what follows */
	uint32_t tx_frames[2];
	uint32_t rx_bytes[2];
	uint32_t rx_frames[2];
	uint32_t rx_drops[2];
	uint32_t tx_drops[2];
	uint32_t rx_overruns[2];
};
static_assert(sizeof(struct ena_cpl_basic_stats) == 56, "layout");

/* Frames that an allowance of the cloud held back: of bandwidth in and out, of packets, ... */
struct ena_cpl_eni_stats {
	uint64_t exceeded[5];
};

/* ---- features ---------------------------------------------------------------------------- */

struct ena_device_attributes {
	uint32_t impl_id;
	uint32_t device_version;
	uint32_t features;
	uint32_t capabilities;
	uint32_t phys_addr_bits;
	uint32_t virt_addr_bits;
	uint8_t mac[6];
	uint8_t mbz[2];
	uint32_t max_mtu;
};
static_assert(sizeof(struct ena_device_attributes) == 36, "layout");

#define ENA_CAP_ENI_STATS (1u << 0)
#define ENA_CAP_EXTENDED_RESET_REASONS (1u << 3)
#define ENA_CAP_CDESC_MBZ (1u << 4)

struct ena_max_queues {
	uint32_t max_sq_num;
	uint32_t max_sq_depth;
	uint32_t max_cq_num;
	uint32_t max_cq_depth;
	uint32_t max_legacy_llq_num;
	uint32_t max_legacy_llq_depth;
	uint32_t max_header_bytes;
	uint16_t max_tx_descs;
	uint16_t max_rx_descs;
};
static_assert(sizeof(struct ena_max_queues) == 32, "layout");

struct ena_max_queues_ext {
	uint8_t version;
	uint8_t mbz[3];
	uint32_t max_tx_sq_num;
	uint32_t max_tx_cq_num;
	uint32_t max_rx_sq_num;
	uint32_t max_rx_cq_num;
	uint32_t max_tx_sq_depth;
	uint32_t max_tx_cq_depth;
	uint32_t max_rx_sq_depth;
	uint32_t max_rx_cq_depth;
	uint32_t max_tx_header_bytes;
	uint16_t max_tx_descs;
	uint16_t max_rx_descs;
};
static_assert(sizeof(struct ena_max_queues_ext) == 44, "layout");

#define ENA_MAX_QUEUES_EXT_VERSION 1u

struct ena_hw_hints {
	uint16_t mmio_read_ms;
	uint16_t watchdog_ms;
	uint16_t tx_completion_ms;
	uint16_t tx_completions_missed;
	uint16_t admin_ms;
	uint16_t netdev_ms;
	uint16_t max_tx_sgl;
	uint16_t max_rx_sgl;
	uint16_t mbz[8];
};
static_assert(sizeof(struct ena_hw_hints) == 32, "layout");

struct ena_llq {
	uint32_t max_num;
	uint32_t max_depth;
	uint16_t header_supported;
	uint16_t header_enabled;
	uint16_t entry_supported;
	uint16_t entry_enabled;
	uint16_t before_header_supported;
	uint16_t before_header_enabled;
	uint16_t stride_supported;
	uint16_t stride_enabled;
	uint8_t version;
	uint8_t entry_recommended;
	uint16_t max_wide_depth;
	uint16_t accel_flags; /* supported ones, or enabled ones */
	uint16_t max_burst_bytes;
	uint32_t mbz;
};
static_assert(sizeof(struct ena_llq) == 36, "layout");

#define ENA_LLQ_HEADER_INLINE 1u
#define ENA_LLQ_SIZE_128 1u
#define ENA_LLQ_SIZE_256 4u
#define ENA_LLQ_BEFORE_HEADER_ALL 0xfu /* 1, 2, 4, 8: each its own bit */
#define ENA_LLQ_STRIDE_SINGLE 1u
#define ENA_LLQ_STRIDE_MULTIPLE 2u
#define ENA_LLQ_VERSION 1u
#define ENA_LLQ_NO_META_CACHING 1u
#define ENA_LLQ_LIMIT_BURST 2u

struct ena_rss_function {
	uint32_t supported;
	uint32_t selected;
	uint32_t init_value;
};

#define ENA_RSS_TOEPLITZ (1u << 1)
#define ENA_RSS_KEY_WORDS 10u

/* In the buffer of ENA_F_RSS_FUNCTION. The last byte of the key is the first that is used. */
struct ena_rss_key {
	uint32_t words;
	uint32_t mbz;
	uint8_t key[4 * ENA_RSS_KEY_WORDS];
};
static_assert(sizeof(struct ena_rss_key) == 48, "layout");

struct ena_offloads {
	uint32_t tx;
	uint32_t rx_supported;
	uint32_t rx_enabled;
};

#define ENA_TXF_L3_IPV4 (1u << 0)
#define ENA_TXF_L4_IPV4_PARTIAL (1u << 1)
#define ENA_TXF_L4_IPV4_FULL (1u << 2)
#define ENA_TXF_L4_IPV6_PARTIAL (1u << 3)
#define ENA_TXF_L4_IPV6_FULL (1u << 4)
#define ENA_TXF_TSO_IPV4 (1u << 5)
#define ENA_TXF_TSO_IPV6 (1u << 6)
#define ENA_RXF_L3_IPV4 (1u << 0)
#define ENA_RXF_L4_IPV4 (1u << 1)
#define ENA_RXF_L4_IPV6 (1u << 2)
#define ENA_RXF_HASH (1u << 3)

struct ena_rss_table {
	uint16_t min_log2;
	uint16_t max_log2;
	uint16_t log2;
	uint8_t flags;
	uint8_t mbz;
	uint32_t inline_idx; /* 0xffffffff: the table is in the buffer */
	uint16_t inline_queue;
	uint16_t mbz2;
};
static_assert(sizeof(struct ena_rss_table) == 16, "layout");

/* In the buffer. Drivers write the index of an Rx submission queue. */
struct ena_rss_entry {
	uint16_t queue;
	uint16_t mbz;
};

#define ENA_RSS_NO_INLINE 0xffffffffu
#define ENA_RSS_TABLE_LOG2 7u

enum ena_rss_proto {
	ENA_RSS_TCP4 = 0,
	ENA_RSS_UDP4 = 1,
	ENA_RSS_TCP6 = 2,
	ENA_RSS_UDP6 = 3,
	ENA_RSS_IP4 = 4,
	ENA_RSS_IP6 = 5,
	ENA_RSS_IP4_FRAG = 6,
	ENA_RSS_NOT_IP = 7,
	ENA_RSS_TCP6_EX = 8,
	ENA_RSS_IP6_EX = 9,
	ENA_RSS_PROTOS = 16,
};

#define ENA_RSS_L2_DA (1u << 0)
#define ENA_RSS_L2_SA (1u << 1)
#define ENA_RSS_L3_DA (1u << 2)
#define ENA_RSS_L3_SA (1u << 3)
#define ENA_RSS_L4_DP (1u << 4)
#define ENA_RSS_L4_SP (1u << 5)
#define ENA_RSS_L2 (ENA_RSS_L2_DA | ENA_RSS_L2_SA)
#define ENA_RSS_L3 (ENA_RSS_L3_DA | ENA_RSS_L3_SA)
#define ENA_RSS_L4 (ENA_RSS_L4_DP | ENA_RSS_L4_SP)

struct ena_rss_fields {
	uint16_t fields;
	uint16_t mbz;
};

/* In the buffer of ENA_F_RSS_INPUT. */
struct ena_rss_input {
	struct ena_rss_fields supported[ENA_RSS_PROTOS];
	struct ena_rss_fields selected[ENA_RSS_PROTOS];
	struct ena_rss_fields mbz[2 * ENA_RSS_PROTOS];
};
static_assert(sizeof(struct ena_rss_input) == 256, "layout");

struct ena_intr_moderation {
	uint16_t resolution_us;
	uint16_t mbz;
};

struct ena_aenq_groups {
	uint32_t supported;
	uint32_t enabled;
};

struct ena_link {
	uint32_t speed_mbps;
	uint32_t supported;
	uint32_t flags; /* 0: autonegotiation, 1: full duplex */
};

#define ENA_LINK_FULL_DUPLEX (1u << 1)

struct ena_host_attributes {
	struct ena_addr info;
	struct ena_addr debug;
	uint32_t debug_bytes;
};
static_assert(sizeof(struct ena_host_attributes) == 20, "layout");

/* What a driver says of itself, at the address of struct ena_host_attributes. */
struct ena_host_info {
	uint32_t os_type;
	uint8_t os_dist_text[128];
	uint32_t os_dist;
	uint8_t kernel_text[32];
	uint32_t kernel;
	uint32_t driver_version; /* 7:0 major, 15:8 minor, 23:16 subminor */
};
static_assert(sizeof(struct ena_host_info) == 176, "layout");

/* ---- events ------------------------------------------------------------------------------ */

enum ena_aenq_group {
	ENA_AENQ_LINK = 0,
	ENA_AENQ_FATAL = 1,
	ENA_AENQ_WARNING = 2,
	ENA_AENQ_NOTIFICATION = 3,
	ENA_AENQ_KEEP_ALIVE = 4,
};

struct ena_aenq_event {
	uint16_t group;
	uint16_t syndrome;
	uint8_t flags; /* ENA_AQ_PHASE */
	uint8_t mbz[3];
	uint32_t time_lo;
	uint32_t time_hi;
	uint32_t data[12]; /* LINK: bit 0 up. KEEP_ALIVE: drops Rx, drops Tx, overruns Rx; low, high
			    */
};
static_assert(sizeof(struct ena_aenq_event) == ENA_ADMIN_BYTES, "layout");

/* ---- Tx ---------------------------------------------------------------------------------- */

#define ENA_DESC_BYTES 16u

/* A descriptor of a buffer, or of the fields of offloads; four words. */
struct ena_tx_desc {
	uint32_t ctrl;
	uint32_t meta;
	uint32_t addr_lo;
	uint32_t addr_hi_header; /* 15:0 address, 31:24 bytes of the header */
};
static_assert(sizeof(struct ena_tx_desc) == ENA_DESC_BYTES, "layout");

/* ctrl of both */
#define ENA_TXD_LENGTH(ctrl) ((ctrl)&0xffffu)
#define ENA_TXD_REQ_ID_HI(ctrl) ((ctrl) >> 16 & 0x3fu)
#define ENA_TXD_META (1u << 23)
#define ENA_TXD_PHASE_SHIFT 24
#define ENA_TXD_PHASE (1u << ENA_TXD_PHASE_SHIFT)
#define ENA_TXD_FIRST (1u << 26)
#define ENA_TXD_LAST (1u << 27)
#define ENA_TXD_COMPLETE (1u << 28)
/* `meta` of a buffer's */
#define ENA_TXD_L3(meta) ((meta)&0xfu)
#define ENA_TXD_TSO (1u << 7)
#define ENA_TXD_L4(meta) ((meta) >> 8 & 0x1fu)
#define ENA_TXD_L3_CSUM (1u << 13)
#define ENA_TXD_L4_CSUM (1u << 14)
#define ENA_TXD_L4_PARTIAL (1u << 17)
#define ENA_TXD_OFFLOADS (ENA_TXD_TSO | ENA_TXD_L3_CSUM | ENA_TXD_L4_CSUM)
#define ENA_TXD_REQ_ID_LO(meta) ((meta) >> 22)
#define ENA_TXD_HEADER(word) ((word) >> 24)
/* of the other, which is struct ena_tx_desc with addr_lo in another sense */
#define ENA_TXM_VALID (1u << 14)
#define ENA_TXM_MSS_HI(ctrl) ((ctrl) >> 16 & 0xfu)
#define ENA_TXM_EXTENDED (1u << 20)
#define ENA_TXM_STORE (1u << 21)
#define ENA_TXM_L3_BYTES(word) ((word)&0xffu)
#define ENA_TXM_L3_OFF(word) ((word) >> 8 & 0xffu)
#define ENA_TXM_L4_WORDS(word) ((word) >> 16 & 0x3fu)
#define ENA_TXM_MSS_LO(word) ((word) >> 22)

#define ENA_L3_IPV4 8u
#define ENA_L3_IPV6 11u
#define ENA_L4_TCP 12u
#define ENA_L4_UDP 13u

struct ena_tx_cpl {
	uint16_t req_id;
	uint8_t status;
	uint8_t flags; /* ENA_AQ_PHASE */
	uint16_t sub_qid;
	uint16_t sq_head;
};
static_assert(sizeof(struct ena_tx_cpl) == 8, "layout");

/* ---- Rx ---------------------------------------------------------------------------------- */

struct ena_rx_desc {
	uint16_t bytes; /* 0: 65536 */
	uint8_t mbz;
	uint8_t ctrl;
	uint16_t req_id;
	uint16_t mbz2;
	uint32_t addr_lo;
	uint16_t addr_hi;
	uint16_t mbz3;
};
static_assert(sizeof(struct ena_rx_desc) == ENA_DESC_BYTES, "layout");

#define ENA_RXD_PHASE 0x01u
#define ENA_RXD_MBZ 0xc2u
/* What is fixed in the first 8 bytes: the phase, and zeroes. */
#define ENA_RXD_LOW_MASK \
	(0xffffull << 48 | (uint64_t)(ENA_RXD_PHASE | ENA_RXD_MBZ) << 24 | 0xffull << 16)

struct ena_rx_cpl {
	uint32_t status;
	uint16_t bytes;
	uint16_t req_id;
	uint32_t hash;
	uint16_t sub_qid;
	uint8_t offset;
	uint8_t mbz;
};
static_assert(sizeof(struct ena_rx_cpl) == 16, "layout");

#define ENA_RXC_TAGS_SHIFT 5
#define ENA_RXC_L4_SHIFT 8
#define ENA_RXC_L3_BAD (1u << 13)
#define ENA_RXC_L4_BAD (1u << 14)
#define ENA_RXC_FRAG (1u << 15)
#define ENA_RXC_L4_CHECKED (1u << 16)
#define ENA_RXC_PHASE_SHIFT 24
#define ENA_RXC_PHASE (1u << ENA_RXC_PHASE_SHIFT)
#define ENA_RXC_FIRST (1u << 26)
#define ENA_RXC_LAST (1u << 27)
#define ENA_RXC_BUFFER (1u << 30)

#endif /* ENA_ABI_H */
