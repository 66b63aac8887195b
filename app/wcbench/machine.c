/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a run was measured on. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <wcfile.h>

#include "machine.h"

/* ---- files --------------------------------------------------------------------------------- */

/* The file's first bytes as text, zeroes (of a device tree) as spaces; false: cannot be read. */
static bool
text_read(const char *root, const char *name, char *text, size_t bytes)
{
	char path[PATH_MAX];
	size_t n;
	FILE *f;

	text[0] = '\0';
	if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
		return false;
	f = wcfile_fopen(path);
	if (f == NULL)
		return false;
	n = fread(text, 1, bytes - 1, f);
	fclose(f);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	return true;
}

/* The value of a line "name : value" of /proc/cpuinfo; false: there is none. */
static bool
cpuinfo_value(const char *cpuinfo, const char *name, char *value, size_t bytes)
{
	const char *at = strstr(cpuinfo, name), *end;

	value[0] = '\0';
	if (at == NULL || (at = strchr(at, ':')) == NULL)
		return false;
	at += strspn(at, ": \t");
	end = strchrnul(at, '\n');
	snprintf(value, bytes, "%.*s", (int)(end - at), at);
	return value[0] != '\0';
}

/* ---- the CPU ------------------------------------------------------------------------------- */

struct arm_cpu {
	unsigned long implementer, part;
	const char *name;
};

#define ARM_MAX_IMPLEMENTER 0x00ul /* what only QEMU's own -cpu max has */
#define ARM_MAX_PART 0x051ul

static const struct arm_cpu arm_cpus[] = {
	{ARM_MAX_IMPLEMENTER, ARM_MAX_PART, "QEMU -cpu max"},
	{0x41, 0xd03, "Arm Cortex-A53"},
	{0x41, 0xd07, "Arm Cortex-A57"},
	{0x41, 0xd08, "Arm Cortex-A72"},
	{0x41, 0xd0b, "Arm Cortex-A76"},
	{0x41, 0xd0c, "Arm Neoverse-N1"},
	{0x41, 0xd40, "Arm Neoverse-V1"},
	{0x41, 0xd49, "Arm Neoverse-N2"},
	{0x41, 0xd4f, "Arm Neoverse-V2"},
	{0x43, 0x0af, "Cavium ThunderX2"},
	{0x46, 0x001, "Fujitsu A64FX"},
	{0x48, 0xd01, "HiSilicon TSV110"},
	{0xc0, 0xac3, "Ampere-1"},
};

static bool
arm_cpu_ids(const char *cpuinfo, unsigned long *implementer, unsigned long *part)
{
	char text[32];

	if (!cpuinfo_value(cpuinfo, "CPU implementer", text, sizeof(text)))
		return false;
	*implementer = strtoul(text, NULL, 0);
	if (!cpuinfo_value(cpuinfo, "CPU part", text, sizeof(text)))
		return false;
	*part = strtoul(text, NULL, 0);
	return true;
}

static void
cpu_name(const char *cpuinfo, char *name, size_t bytes)
{
	unsigned long implementer, part;
	const char *known = "Arm";

	if (cpuinfo_value(cpuinfo, "model name", name, bytes) ||
	    !arm_cpu_ids(cpuinfo, &implementer, &part))
		return;
	for (size_t i = 0; i < sizeof(arm_cpus) / sizeof(arm_cpus[0]); i++) {
		if (arm_cpus[i].implementer == implementer && arm_cpus[i].part == part)
			known = arm_cpus[i].name;
	}
	snprintf(name, bytes, "%s (0x%02lx/0x%03lx)", known, implementer, part);
}

static double
number_read(const char *root, const char *name)
{
	char text[64];

	return text_read(root, name, text, sizeof(text)) ? strtod(text, NULL) : 0;
}

static void
clock_read(const char *root, const char *cpuinfo, struct machine *m)
{
	static const char cpufreq[] = "/sys/devices/system/cpu/cpu0/cpufreq/";
	char text[64], name[128];

	if (cpuinfo_value(cpuinfo, "cpu MHz", text, sizeof(text)))
		m->mhz = strtod(text, NULL);
	snprintf(name, sizeof(name), "%sscaling_cur_freq", cpufreq);
	if (m->mhz == 0)
		m->mhz = number_read(root, name) / 1e3;
	snprintf(name, sizeof(name), "%scpuinfo_max_freq", cpufreq);
	m->max_mhz = number_read(root, name) / 1e3;
	snprintf(name, sizeof(name), "%sscaling_governor", cpufreq);
	text_read(root, name, m->governor, sizeof(m->governor));
	text_read(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
		  m->clocksource, sizeof(m->clocksource));
}

/* ---- real, virtual, emulated --------------------------------------------------------------- */

static bool
is_qemu_machine(const char *root)
{
	char text[256];

	return (text_read(root, "/sys/class/dmi/id/sys_vendor", text, sizeof(text)) &&
		strstr(text, "QEMU") != NULL) ||
	       (text_read(root, "/sys/firmware/devicetree/base/compatible", text, sizeof(text)) &&
		strstr(text, "dummy-virt") != NULL);
}

static void
hypervisor_read(const char *root, const char *cpuinfo, const char *signature, struct machine *m)
{
	char text[256];

	m->hypervisor = signature[0] != '\0' || strstr(cpuinfo, " hypervisor") != NULL ||
			text_read(root, "/sys/hypervisor/type", text, sizeof(text)) ||
			is_qemu_machine(root);
	if (signature[0] != '\0')
		snprintf(m->hypervisor_name, sizeof(m->hypervisor_name), "%s", signature);
	else if (is_qemu_machine(root))
		snprintf(m->hypervisor_name, sizeof(m->hypervisor_name), "QEMU");
}

/*
 * QEMU's translator names itself by CPUID on x86. On Arm it does not, and its CPUs have the
 * numbers of real ones but for "max"; then only the user knows.
 */
static enum emulated
emulated_judge(const char *root, const char *cpuinfo, const char *signature, struct machine *m)
{
	unsigned long implementer, part;

	if (strcmp(signature, "TCGTCGTCGTCG") == 0 || strstr(m->cpu, "QEMU TCG") != NULL) {
		snprintf(m->emulated_why, sizeof(m->emulated_why), "CPUID says QEMU's TCG");
		return EMULATED_YES;
	}
	if (arm_cpu_ids(cpuinfo, &implementer, &part) && implementer == ARM_MAX_IMPLEMENTER &&
	    part == ARM_MAX_PART) {
		snprintf(m->emulated_why, sizeof(m->emulated_why),
			 "the CPU is one that only QEMU's TCG has");
		return EMULATED_YES;
	}
	if (signature[0] == '\0' && is_qemu_machine(root)) {
		snprintf(m->emulated_why, sizeof(m->emulated_why),
			 "this is a machine of QEMU, and nothing tells whether its CPU is real "
			 "(KVM) or emulated (TCG): say --emulated yes or --emulated no");
		return EMULATED_UNKNOWN;
	}
	snprintf(m->emulated_why, sizeof(m->emulated_why), "%s",
		 m->hypervisor ? "a hypervisor, but none that emulates the CPU" : "no hypervisor");
	return EMULATED_NO;
}

int
machine_read(const char *root, const char *signature, enum emulated given, struct machine *m)
{
	char cpuinfo[8192];
	struct utsname uts;
	enum emulated found;

	memset(m, 0, sizeof(*m));
	if (uname(&uts) == 0) {
		snprintf(m->arch, sizeof(m->arch), "%s", uts.machine);
		snprintf(m->kernel, sizeof(m->kernel), "%s", uts.release);
	}
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	m->page_bytes = sysconf(_SC_PAGESIZE);
	text_read(root, "/proc/cpuinfo", cpuinfo, sizeof(cpuinfo));
	cpu_name(cpuinfo, m->cpu, sizeof(m->cpu));
	clock_read(root, cpuinfo, m);
	hypervisor_read(root, cpuinfo, signature, m);
	found = emulated_judge(root, cpuinfo, signature, m);
	m->emulated = given == EMULATED_UNKNOWN ? found : given;
	if (given == EMULATED_NO && found == EMULATED_YES) {
		size_t n = strlen(m->emulated_why);

		snprintf(m->emulated_why + n, sizeof(m->emulated_why) - n,
			 ": --emulated no is not true");
		m->emulated = EMULATED_YES;
		return -EINVAL;
	}
	if (given != EMULATED_UNKNOWN && given != found)
		snprintf(m->emulated_why, sizeof(m->emulated_why), "as --emulated said");
	return 0;
}

const char *
machine_basis(const struct machine *m)
{
	return m->emulated == EMULATED_YES ? "measured under emulation" : "measured";
}
