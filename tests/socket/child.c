/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd as a child process, and a minimal client of its card. */

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"

const char *wcnicd_path;
char folder[64];

int
folder_setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/wcnicd-XXXXXX");
	return mkdtemp(folder) == NULL;
}

int
folder_teardown(void **state)
{
	struct dirent *entry;
	int left = 0;
	DIR *dir;

	(void)state;
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		print_error("left: %s\n", entry->d_name);
		unlink(in_folder(entry->d_name));
		left = 1;
	}
	closedir(dir);
	rmdir(folder);
	return left;
}

const char *
in_folder(const char *name)
{
	static char paths[8][384];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

void
file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY, 0700);
	char data[65536];
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, data, sizeof(data))) > 0)
		assert_int_equal(write(out, data, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

bool
calls_can_be_filtered(void)
{
	/* Without a filter: EFAULT, where there is such a thing. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == 0 ||
	       (errno != EINVAL && errno != ENOSYS);
}

void
child_start(struct child *child, const char *const *args)
{
	const char *argv[32] = {wcnicd_path};
	bool sandbox = calls_can_be_filtered();
	unsigned int n = 1;

	for (unsigned int i = 0; args[i] != NULL; i++) {
		sandbox |= strcmp(args[i], "--sandbox") == 0;
		argv[n++] = args[i];
	}
	if (!sandbox) {
		argv[n++] = "--sandbox";
		argv[n++] = "off";
	}
	child->log = memfd_create("log", 0);
	assert_true(child->log >= 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(child->log, STDOUT_FILENO);
	dup2(child->log, STDERR_FILENO);
	execv(wcnicd_path, (char *const *)argv);
	_exit(127);
}

const char *
child_text(struct child *child)
{
	ssize_t n = pread(child->log, child->text, sizeof(child->text) - 1, 0);

	child->text[n > 0 ? n : 0] = '\0';
	return child->text;
}

void
child_expect(struct child *child, const char *text)
{
	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if (strstr(child_text(child), text) != NULL)
			return;
		usleep(1000);
	}
	fail_msg("'%s' was not said; but:\n%s", text, child->text);
}

bool
child_expect_either(struct child *child, const char *first, const char *second)
{
	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if (strstr(child_text(child), first) != NULL)
			return true;
		if (strstr(child->text, second) != NULL)
			return false;
		usleep(1000);
	}
	fail_msg("neither '%s' nor '%s' was said; but:\n%s", first, second, child->text);
	return false;
}

int
child_end(struct child *child, int sig)
{
	int status = 0;

	if (sig != 0)
		kill(child->pid, sig);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	child_text(child);
	close(child->log);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Of one thread; 0 once it has ended. */
static uint64_t
thread_naps(pid_t pid, const char *tid)
{
	unsigned long long naps = 0;
	char path[320], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, tid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &naps) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return naps;
}

uint64_t
child_naps(struct child *child)
{
	struct dirent *task;
	uint64_t sum = 0;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)child->pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((task = readdir(tasks)) != NULL)
		if (task->d_name[0] != '.')
			sum += thread_naps(child->pid, task->d_name);
	closedir(tasks);
	return sum;
}

void
child_expect_naps(struct child *child, unsigned int n)
{
	const uint64_t before = child_naps(child);

	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if (child_naps(child) >= before + n)
			return;
		usleep(1000);
	}
	fail_msg("it slept %u times, and not %u", (unsigned int)(child_naps(child) - before), n);
}

uint64_t
child_ran_us(struct child *child)
{
	struct timespec now;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(child->pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &now), 0);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

unsigned int
child_rss_kib(struct child *child)
{
	unsigned long total, resident;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)child->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &total, &resident), 2);
	fclose(file);
	return (unsigned int)(resident * (unsigned long)getpagesize() / 1024);
}

void
mini_connect(struct mini *mini, const char *socket)
{
	char why[256] = "";

	memset(mini, 0, sizeof(*mini));
	mini->answer = MINI_ANSWER;
	if (vfu_client_connect(socket, PATIENCE_MS, &mini->client, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	mini->fd = memfd_create("mini", MFD_CLOEXEC);
	assert_int_equal(ftruncate(mini->fd, MINI_BYTES), 0);
	mini->memory = mmap(NULL, MINI_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, mini->fd, 0);
	assert_true(mini->memory != MAP_FAILED);
	assert_int_equal(vfu_client_dma_map(mini->client, MINI_IOVA, MINI_BYTES, mini->fd, 0,
					    IOVA_READ | IOVA_WRITE),
			 0);
}

uint32_t
mini_reg(struct mini *mini, uint64_t off)
{
	uint32_t value = 0;

	assert_int_equal(vfu_client_region_read(mini->client, WCNIC_BAR_REGS, off, &value, 4), 0);
	return le32toh(value);
}

void
mini_reg_set(struct mini *mini, uint64_t off, uint64_t value, size_t bytes)
{
	value = htole64(value);
	assert_int_equal(vfu_client_region_write(mini->client, WCNIC_BAR_REGS, off, &value, bytes),
			 0);
}

void
mini_reg_wait(struct mini *mini, uint64_t off, uint32_t mask, uint32_t value)
{
	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if ((mini_reg(mini, off) & mask) == value)
			return;
		usleep(1000);
	}
	fail_msg("register 0x%x is 0x%x", (unsigned int)off, mini_reg(mini, off));
}

void
mini_enable(struct mini *mini)
{
	mini_reg_wait(mini, WCNIC_REG_STATUS, WCNIC_STATUS_READY, WCNIC_STATUS_READY);
	mini_reg_set(mini, WCNIC_REG_ASQ_BASE, MINI_IOVA, 8);
	mini_reg_set(mini, WCNIC_REG_ACQ_BASE, MINI_IOVA + 0x1000, 8);
	mini_reg_set(mini, WCNIC_REG_AEQ_BASE, MINI_IOVA + 0x2000, 8);
	mini_reg_set(mini, WCNIC_REG_ADMIN_SIZE, 4 | 4 << 8, 4);
	mini_reg_set(mini, WCNIC_REG_CTRL, WCNIC_CTRL_ENABLE, 4);
	mini_reg_wait(mini, WCNIC_REG_STATUS, WCNIC_STATUS_ENABLED | WCNIC_STATUS_ERROR,
		      WCNIC_STATUS_ENABLED);
}

unsigned int
mini_command(struct mini *mini, uint8_t opcode)
{
	return mini_command_with(mini, opcode, NULL);
}

unsigned int
mini_command_with(struct mini *mini, uint8_t opcode, const void *params)
{
	struct wcnic_admin_cmd cmd = {
		.opcode = opcode,
		.cmd_id = htole16(mini->commands),
		.data_bytes = htole32(512),
		.data_iova = htole64(MINI_IOVA + mini->answer),
	};
	struct wcnic_admin_cpl *cpl = (struct wcnic_admin_cpl *)(mini->memory + 0x1000) +
				      mini->commands % 16;
	uint8_t phase = mini->commands / 16 % 2 == 0;

	if (params != NULL)
		memcpy(cmd.params, params, sizeof(cmd.params));
	memcpy(mini->memory + mini->commands % 16 * sizeof(cmd), &cmd, sizeof(cmd));
	mini->commands++;
	mini_reg_set(mini, WCNIC_REG_ASQ_TAIL, mini->commands, 4);
	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if ((__atomic_load_n(&cpl->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) == phase) {
			assert_int_equal(le16toh(cpl->cmd_id), le16toh(cmd.cmd_id));
			return le16toh(cpl->status);
		}
		usleep(1000);
	}
	fail_msg("command 0x%x was not answered", opcode);
	return 0;
}

void
mini_close(struct mini *mini)
{
	vfu_client_close(mini->client);
	munmap(mini->memory, MINI_BYTES);
	close(mini->fd);
}
