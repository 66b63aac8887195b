/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_COMPAT_H
#define WCNIC_COMPAT_H

/*
 * What differs between DPDK releases: from 22.11 on, the oldest that a distribution of ours ships,
 * to 26.07.
 */

#include <pthread.h>

#include <rte_atomic.h>
#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_version.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#include <rte_thread.h>

typedef rte_thread_t wcnic_thread_t;
#define WCNIC_THREAD_RETURN uint32_t

/*
 * Starts a control thread that runs fn(arg). The caller joins it, and keeps `arg` alive until
 * then. 0, or -errno.
 */
static inline int
wcnic_thread_create(wcnic_thread_t *thread, const char *name, rte_thread_func fn, void *arg)
{
	return -rte_thread_create_internal_control(thread, name, fn, arg);
}

/* Waits until the thread's function has returned. */
static inline void
wcnic_thread_join(wcnic_thread_t thread)
{
	rte_thread_join(thread, NULL);
}

/* Nobody will wait for it. */
static inline void
wcnic_thread_detach(wcnic_thread_t thread)
{
	rte_thread_detach(thread);
}
#else
typedef pthread_t wcnic_thread_t;
#define WCNIC_THREAD_RETURN void *

/* The same for releases that give their control threads as pthreads. */
static inline int
wcnic_thread_create(wcnic_thread_t *thread, const char *name, void *(*fn)(void *), void *arg)
{
	return rte_ctrl_thread_create(thread, name, NULL, fn, arg);
}

/* Waits until the thread's function has returned. */
static inline void
wcnic_thread_join(wcnic_thread_t thread)
{
	pthread_join(thread, NULL);
}

/* Nobody will wait for it. */
static inline void
wcnic_thread_detach(wcnic_thread_t thread)
{
	pthread_detach(thread);
}
#endif

/* DPDK's words for atomic objects, which 23.11 brought. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#include <rte_stdatomic.h>
#else
#define RTE_ATOMIC(type) type
#define rte_memory_order_relaxed __ATOMIC_RELAXED
#define rte_memory_order_acquire __ATOMIC_ACQUIRE
#define rte_memory_order_release __ATOMIC_RELEASE
#define rte_memory_order_seq_cst __ATOMIC_SEQ_CST
#define rte_atomic_load_explicit(at, order) __atomic_load_n(at, order)
#define rte_atomic_store_explicit(at, value, order) __atomic_store_n(at, value, order)
#define rte_atomic_exchange_explicit(at, value, order) __atomic_exchange_n(at, value, order)
#define rte_atomic_compare_exchange_strong_explicit(at, expected, value, order, else_order) \
	__atomic_compare_exchange_n(at, expected, value, 0, order, else_order)
#define rte_atomic_fetch_add_explicit(at, value, order) __atomic_fetch_add(at, value, order)
#define rte_atomic_fetch_sub_explicit(at, value, order) __atomic_fetch_sub(at, value, order)
#endif

/* The same in one order with all others of their kind, for what is not in the data path. */
#define wcnic_load(at) rte_atomic_load_explicit(at, rte_memory_order_seq_cst)
#define wcnic_store(at, value) rte_atomic_store_explicit(at, value, rte_memory_order_seq_cst)

/* A line of the log that begins with the driver and a port's name. */
#if RTE_VERSION >= RTE_VERSION_NUM(24, 3, 0, 0)
#define WCNIC_LOG_LINE(level, name, ...) \
	RTE_LOG_LINE_PREFIX(level, WCNIC, "wcnic %s: ", name, __VA_ARGS__)
#else
#define WCNIC_LOG_LINE(level, name, fmt, ...) \
	rte_log(RTE_LOG_##level, wcnic_logtype, "wcnic %s: " fmt "\n", name, ##__VA_ARGS__)
#endif

/* Before 23.11 only flow rules name a hash function. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#define WCNIC_RSS_ALGORITHM(conf) ((conf)->algorithm)
#define WCNIC_RSS_ALGORITHM_SET(conf, function) ((conf)->algorithm = (function))
#define WCNIC_RSS_ALGO_CAPA_SET(info)                                    \
	((info)->rss_algo_capa = RTE_ETH_HASH_ALGO_CAPA_MASK(DEFAULT) |  \
				 RTE_ETH_HASH_ALGO_CAPA_MASK(TOEPLITZ) | \
				 RTE_ETH_HASH_ALGO_CAPA_MASK(SYMMETRIC_TOEPLITZ))
#else
#define WCNIC_RSS_ALGORITHM(conf) ((void)(conf), RTE_ETH_HASH_FUNCTION_DEFAULT)
#define WCNIC_RSS_ALGORITHM_SET(conf, function) ((void)(conf), (void)(function))
#define WCNIC_RSS_ALGO_CAPA_SET(info) ((void)(info))
#endif

#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
#define WCNIC_PTYPES_ARGS(dev) struct rte_eth_dev *dev, size_t *wcnic_ptypes_count
#define WCNIC_PTYPES_COUNT(n) (*wcnic_ptypes_count = (n))
#else
#define WCNIC_PTYPES_ARGS(dev) struct rte_eth_dev *dev
#define WCNIC_PTYPES_COUNT(n) ((void)(n))
#endif

/* 25.11 hands per-queue counters to stats_get apart from the port's. */
#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
#define WCNIC_STATS_ARGS(dev, stats) \
	struct rte_eth_dev *dev, struct rte_eth_stats *stats, struct eth_queue_stats *wcnic_qstats
#define WCNIC_QSTATS(stats) (wcnic_qstats)
#else
#define WCNIC_STATS_ARGS(dev, stats) struct rte_eth_dev *dev, struct rte_eth_stats *stats
#define WCNIC_QSTATS(stats) (stats)
#endif

/* What rx_queue_count returns. */
#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
typedef int wcnic_rx_count_t;
#else
typedef uint32_t wcnic_rx_count_t;
#endif

/* 24.11 added the operation; before, nobody calls it. */
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
#define WCNIC_TIMESYNC_ADJUST_FREQ(fn) .timesync_adjust_freq = (fn),
#else
#define WCNIC_TIMESYNC_ADJUST_FREQ(fn)
#endif

/* 23.03 renamed what adds a number of 64 bits to telemetry. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define wcnic_tel_add_u64 rte_tel_data_add_dict_uint
#else
#define wcnic_tel_add_u64 rte_tel_data_add_dict_u64
#endif

/* 26.07 renamed the way from a port to its PCI device. */
#ifdef RTE_CLASS_TO_BUS_DEVICE
#define WCNIC_PCI_DEVICE(dev) RTE_CLASS_TO_BUS_DEVICE(dev, struct rte_pci_device)
#else
#define WCNIC_PCI_DEVICE(dev) RTE_ETH_DEV_TO_PCI(dev)
#endif

/* An IPv6 address of ones, as an initialiser. */
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
#define WCNIC_IPV6_ADDR_ALL RTE_IPV6_MASK_FULL
#else
#define WCNIC_IPV6_ADDR_ALL                                                                   \
	{                                                                                     \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, \
			0xff, 0xff, 0xff                                                      \
	}
#endif

#endif /* WCNIC_COMPAT_H */
