/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The plugin of QEMU that watches a machine's stores into a window aperture, walks the live page
 * tables for the memory type of each, and gives them to the link model. See doc/link-model.md.
 */

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcielink.h>

#include "arguments.h"
#include "bars.h"
#include "cpu.h"
#include "insn.h"
#include "qemu_api.h"
#include "recorder.h"

#define CPUS_MAX PCIELINK_CPUS_MAX
/* Of QEMU's region through which all PCIe configuration is accessed. */
#define CONFIG_REGION "pcie-mmcfg-mmio"
/* After so many barriers of others that of the CPU's last store is not waited for any more. */
#define FOREIGN_ORDERS_MAX 4096u

/* What translated code itself looks at and counts. */
struct score {
	uint64_t pending; /* stores that no barrier has followed */
	uint64_t tlbis;
	uint64_t writes; /* of registers that a walk depends on */
};

static struct plugin {
	struct arguments arguments;
	struct pcielink_config link;
	struct tlpfeed feed;
	FILE *trace;
	struct stream stream;
	struct qemu_plugin_u64 pending;
	struct qemu_plugin_u64 tlbis;
	struct qemu_plugin_u64 writes;
	/* Read without the lock by every store of the machine. */
	uint64_t aperture_pa, aperture_bytes;
	pthread_mutex_t lock; /* for what follows */
	struct recorder *recorder;
	struct bars bars;
	struct cpu *cpus[CPUS_MAX];
	unsigned int foreign_orders[CPUS_MAX];
	uint64_t walks_elsewhere; /* that ended at another address than QEMU's own */
} plugin = {.lock = PTHREAD_MUTEX_INITIALIZER};

int qemu_plugin_version = QEMU_API_VERSION;

/* ---- the aperture -------------------------------------------------------------------------- */

static void
aperture_set(const struct bar_range *range)
{
	__atomic_store_n(&plugin.aperture_bytes, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&plugin.aperture_pa, range->pa, __ATOMIC_RELEASE);
	__atomic_store_n(&plugin.aperture_bytes, range->bytes, __ATOMIC_RELEASE);
	/* Sizing and resets take it away for a while: what counts is where it comes back. */
	if (range->bytes != 0)
		recorder_aperture(plugin.recorder, range->pa, range->bytes);
}

static void
config_store(struct cpu *cpu, uint64_t pa, uint32_t value)
{
	struct bar_range before = plugin.bars.window;
	const struct bar_range *now = &plugin.bars.window;

	if (!bars_config_store(&plugin.bars, pa, value, cpu_read, cpu))
		return;
	if (now->pa != before.pa || now->bytes != before.bytes)
		aperture_set(now);
}

/* ---- stores -------------------------------------------------------------------------------- */

/* How a store came by its memory type. */
static void
store_walk(struct recorder_store *store, struct walk *walk, struct walk_fault *fault)
{
	store->error = cpu_walk(plugin.cpus[store->cpu], store->va,
				qemu_plugin_u64_sum(plugin.tlbis),
				qemu_plugin_u64_get(plugin.writes, store->cpu), walk, fault);
	if (store->error == 0 && walk->pa != store->pa)
		plugin.walks_elsewhere++;
	store->walk = walk;
	store->fault = fault;
}

static void
aperture_store(unsigned int vcpu, uint32_t info, uint64_t va, uint64_t pa)
{
	struct recorder_store store = {
		.cpu = vcpu,
		.bytes = 1u << qemu_plugin_mem_size_shift(info),
		.va = va,
		.pa = pa,
		.off = pa - plugin.aperture_pa,
	};
	struct walk_fault fault;
	struct walk walk;

	pthread_mutex_lock(&plugin.lock);
	store_walk(&store, &walk, &fault);
	recorder_store(plugin.recorder, &store);
	plugin.foreign_orders[vcpu] = 0;
	pthread_mutex_unlock(&plugin.lock);
	qemu_plugin_u64_set(plugin.pending, vcpu, 1);
}

/* Into BAR 0. Its type is of interest to a trace alone. */
static void
register_store(unsigned int vcpu, uint32_t info, uint64_t va, uint64_t pa)
{
	struct recorder_store store = {
		.cpu = vcpu,
		.bytes = 1u << qemu_plugin_mem_size_shift(info),
		.va = va,
		.pa = pa,
		.off = pa - plugin.bars.regs.pa,
	};
	struct walk_fault fault;
	struct walk walk;

	if (plugin.trace != NULL) {
		store_walk(&store, &walk, &fault);
		recorder_register(plugin.recorder, &store);
	}
	if (store.off == plugin.arguments.mark)
		recorder_mark(plugin.recorder, qemu_plugin_mem_get_value(info).data.u32);
}

static void
io_store(unsigned int vcpu, uint32_t info, uint64_t va, uint64_t pa, const char *region)
{
	bool config = plugin.arguments.aperture.bytes == 0 && strcmp(region, CONFIG_REGION) == 0;

	pthread_mutex_lock(&plugin.lock);
	if (config)
		config_store(plugin.cpus[vcpu], pa, qemu_plugin_mem_get_value(info).data.u32);
	else if (pa - plugin.bars.regs.pa < plugin.bars.regs.bytes)
		register_store(vcpu, info, va, pa);
	pthread_mutex_unlock(&plugin.lock);
}

/* Every store of the machine comes through here. */
static void
on_store(unsigned int vcpu, uint32_t info, uint64_t va, void *userdata)
{
	const struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, va);
	uint64_t pa;

	(void)userdata;
	if (hwaddr == NULL)
		return;
	pa = qemu_plugin_hwaddr_phys_addr(hwaddr);
	if (pa - __atomic_load_n(&plugin.aperture_pa, __ATOMIC_RELAXED) <
	    __atomic_load_n(&plugin.aperture_bytes, __ATOMIC_RELAXED))
		aperture_store(vcpu, info, va, pa);
	else if (qemu_plugin_hwaddr_is_io(hwaddr))
		io_store(vcpu, info, va, pa, qemu_plugin_hwaddr_device_name(hwaddr));
}

/* ---- barriers ------------------------------------------------------------------------------ */

/*
 * A barrier after a store. Barriers of interrupt handlers and other programs are left out: when
 * they come depends on the host, and the model's figures must be the same in every run.
 */
static void
on_barrier(unsigned int vcpu, void *userdata)
{
	enum insn_kind kind = (enum insn_kind)(uintptr_t)userdata;
	bool done = kind != INSN_DGH;

	pthread_mutex_lock(&plugin.lock);
	if (cpu_same_context(plugin.cpus[vcpu], qemu_plugin_u64_get(plugin.writes, vcpu)))
		recorder_order(plugin.recorder, vcpu,
			       kind == INSN_DSB   ? PCIELINK_DSB
			       : kind == INSN_DMB ? PCIELINK_DMB
						  : PCIELINK_DGH);
	else
		done = ++plugin.foreign_orders[vcpu] > FOREIGN_ORDERS_MAX;
	pthread_mutex_unlock(&plugin.lock);
	if (done)
		qemu_plugin_u64_set(plugin.pending, vcpu, 0);
}

static void
on_translate(struct qemu_plugin_tb *tb, void *userdata)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)userdata;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t opcode = 0;
		enum insn_kind kind;

		qemu_plugin_insn_data(insn, &opcode, sizeof(opcode));
		kind = insn_kind(le32toh(opcode));
		if (kind == INSN_TLBI || kind == INSN_SYSREG)
			qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
				insn, QEMU_PLUGIN_INLINE_ADD_U64,
				kind == INSN_TLBI ? plugin.tlbis : plugin.writes, 1);
		else if (kind != INSN_OTHER)
			qemu_plugin_register_vcpu_insn_exec_cond_cb(
				insn, on_barrier, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_COND_NE,
				plugin.pending, 0, (void *)(uintptr_t)kind);
		else
			qemu_plugin_register_vcpu_mem_cb(insn, on_store, QEMU_PLUGIN_CB_R_REGS,
							 QEMU_PLUGIN_MEM_W, NULL);
	}
}

/* ---- begin and end ------------------------------------------------------------------------- */

static void
on_cpu(unsigned int vcpu, void *userdata)
{
	const char *missing = "";
	int ret;

	(void)userdata;
	ret = vcpu < CPUS_MAX ? cpu_create(&plugin.cpus[vcpu], &missing) : -EINVAL;
	if (ret == 0)
		return;
	if (ret == -ENOENT)
		fprintf(stderr, "wclab: QEMU shows no register %s of this CPU\n", missing);
	else
		fprintf(stderr, "wclab: CPU %u: %s\n", vcpu, strerror(-ret));
	exit(1);
}

static void
walks_count(void)
{
	struct recorder_walks walks = {.elsewhere = plugin.walks_elsewhere};

	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		walks.made += plugin.cpus[i] != NULL ? plugin.cpus[i]->walked : 0;
		walks.kept += plugin.cpus[i] != NULL ? plugin.cpus[i]->kept : 0;
	}
	recorder_walks_set(plugin.recorder, &walks);
}

static void
on_end(void *userdata)
{
	struct timespec until;
	int ret;

	(void)userdata;
	/* A CPU that was stopped while it held the lock must not keep QEMU from ending. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2;
	if (pthread_mutex_timedlock(&plugin.lock, &until) != 0) {
		fprintf(stderr, "wclab: a CPU does not stop; no summary\n");
		return;
	}
	walks_count();
	ret = recorder_write(plugin.recorder, plugin.arguments.out);
	if (ret < 0)
		fprintf(stderr, "wclab: out=%s: %s\n", plugin.arguments.out, strerror(-ret));
	if (plugin.arguments.aperture.bytes == 0 && !plugin.bars.found)
		fprintf(stderr,
			"wclab: no device %04x:%04x was configured; see device= and aperture=\n",
			plugin.arguments.vendor, plugin.arguments.device);
	if (plugin.arguments.stream != NULL && stream_close(&plugin.stream) < 0)
		fprintf(stderr, "wclab: stream=%s: not all of it could be written\n",
			plugin.arguments.stream);
	if (plugin.trace != NULL && fclose(plugin.trace) != 0)
		fprintf(stderr, "wclab: trace=%s: %s\n", plugin.arguments.trace, strerror(errno));
	tlpfeed_fini(&plugin.feed);
	/* The lock stays taken: nothing is recorded any more. */
}

static int
files_open(void)
{
	const struct arguments *a = &plugin.arguments;
	char why[PCIELINK_WHY_BYTES];
	int ret;

	ret = pcielink_config_load(&plugin.link, a->link, why, sizeof(why));
	if (ret < 0) {
		fprintf(stderr, "wclab: link=%s: %s\n", a->link, why);
		return ret;
	}
	if (a->trace != NULL) {
		plugin.trace = fopen(a->trace, "w");
		if (plugin.trace == NULL) {
			fprintf(stderr, "wclab: trace=%s: %s\n", a->trace, strerror(errno));
			return -EIO;
		}
		setvbuf(plugin.trace, NULL, _IOLBF, 0); /* read while the guest runs */
	}
	if (a->feed == NULL)
		return 0;
	ret = tlpfeed_open(&plugin.feed, a->feed);
	if (ret == -EINVAL)
		fprintf(stderr, "wclab: feed=%s: not a ring that wcnicd --tlp-feed made\n",
			a->feed);
	else if (ret < 0)
		fprintf(stderr, "wclab: feed=%s: %s; start wcnicd --tlp-feed %s first\n", a->feed,
			strerror(-ret), a->feed);
	return ret;
}

static int
plugin_start(const struct qemu_info *info)
{
	const struct arguments *a = &plugin.arguments;
	struct recorder_config config = {
		.link = &plugin.link,
		.cpus = (unsigned int)info->system.max_vcpus,
		.feed = a->feed != NULL ? &plugin.feed : NULL,
		.trace = plugin.trace,
		.stream = a->stream != NULL ? &plugin.stream : NULL,
		.override = a->override,
		.override_at = a->override_at,
		.override_type = a->override_type,
	};
	struct qemu_plugin_scoreboard *scores;
	int ret;

	ret = a->stream != NULL ? stream_create(&plugin.stream, a->stream, config.cpus) : 0;
	if (ret < 0) {
		fprintf(stderr, "wclab: stream=%s: %s\n", a->stream, strerror(-ret));
		return ret;
	}
	ret = recorder_create(&config, &plugin.recorder);
	if (ret < 0) {
		fprintf(stderr, "wclab: %s: the model takes 1 to %u CPUs\n", strerror(-ret),
			CPUS_MAX);
		return ret;
	}
	/* A file that cannot be written is found out now, not after the run. */
	ret = recorder_write(plugin.recorder, a->out);
	if (ret < 0) {
		fprintf(stderr, "wclab: out=%s: %s\n", a->out, strerror(-ret));
		return ret;
	}
	plugin.bars.vendor = a->vendor;
	plugin.bars.device = a->device;
	plugin.bars.window_bar = a->bar;
	plugin.bars.regs = a->regs;
	if (a->aperture.bytes != 0)
		aperture_set(&a->aperture);
	scores = qemu_plugin_scoreboard_new(sizeof(struct score));
	plugin.pending = (struct qemu_plugin_u64){scores, offsetof(struct score, pending)};
	plugin.tlbis = (struct qemu_plugin_u64){scores, offsetof(struct score, tlbis)};
	plugin.writes = (struct qemu_plugin_u64){scores, offsetof(struct score, writes)};
	return 0;
}

int
qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	char why[ARGUMENTS_WHY_BYTES];

	if (info->version.cur < QEMU_API_VERSION || info->version.min > QEMU_API_VERSION) {
		fprintf(stderr, "wclab: QEMU's plugin API is %d to %d, this plugin speaks %d\n",
			info->version.min, info->version.cur, QEMU_API_VERSION);
		return -1;
	}
	if (!info->system_emulation || strcmp(info->target_name, "aarch64") != 0) {
		fprintf(stderr, "wclab: only qemu-system-aarch64 can be watched, this is %s\n",
			info->target_name);
		return -1;
	}
	if (arguments_parse(&plugin.arguments, argc, argv, why) < 0) {
		fprintf(stderr, "wclab: %s\n", why);
		return -1;
	}
	if (files_open() < 0 || plugin_start(info) < 0)
		return -1;
	qemu_plugin_register_vcpu_init_cb(id, on_cpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate, NULL);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
