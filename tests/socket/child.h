/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CHILD_H
#define CHILD_H

/* wcnicd as a child, and a driver of a few lines for its card. */

#include <patience.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vfu_client.h>
#include <wcnic_abi.h>

/* Set by main() from its argument. */
extern const char *wcnicd_path;
/* A directory for sockets and files; made and removed by these. */
extern char folder[64];
int folder_setup(void **state);
int folder_teardown(void **state); /* fails if something is left in it */

/* "folder/name", in one of a few static buffers. */
const char *in_folder(const char *name);
/* A copy that can be executed. */
void file_copy(const char *from, const char *to);

struct child {
	pid_t pid;
	int log; /* a file: stdout and stderr */
	char text[65536];
};

/* Not under user-mode QEMU, nor by a kernel without seccomp: wcnicd then needs --sandbox off. */
bool calls_can_be_filtered(void);
/* Starts wcnicd, with its sandbox if there can be one; the arguments end with NULL. */
void child_start(struct child *child, const char *const *args);
/* What it has said so far. */
const char *child_text(struct child *child);
/* Waits until it has said that. */
void child_expect(struct child *child, const char *text);
/* The same for one of two. Returns whether it was the first. */
bool child_expect_either(struct child *child, const char *first, const char *second);
/* Sends a signal (0: none) and waits for its end. Returns the exit status, or -signal. */
int child_end(struct child *child, int sig);
/*
 * How often its threads have gone to sleep of their own accord. A thread that polls without end
 * never does, on however slow a machine.
 */
uint64_t child_naps(struct child *child);
/* Waits until it has gone to sleep so many times more. */
void child_expect_naps(struct child *child, unsigned int n);
/* The time that it has run on CPUs so far: how far it got, whatever else the machine does. */
uint64_t child_ran_us(struct child *child);
unsigned int child_rss_kib(struct child *child);

/* A driver that has a page each for the three admin rings and for answers. */
struct mini {
	struct vfu_client *client;
	int fd;
	uint8_t *memory;
	uint16_t commands;
	uint32_t answer; /* where answers go: MINI_ANSWER */
};

#define MINI_IOVA 0x100000u
#define MINI_BYTES 0x4000u
#define MINI_ANSWER 0x3000u

/* Connects; fails the test if it cannot. */
void mini_connect(struct mini *mini, const char *socket);
/* Enables the admin queue. */
void mini_enable(struct mini *mini);
uint32_t mini_reg(struct mini *mini, uint64_t off);
void mini_reg_set(struct mini *mini, uint64_t off, uint64_t value, size_t bytes);
/* Waits until a register shows the bits. */
void mini_reg_wait(struct mini *mini, uint64_t off, uint32_t mask, uint32_t value);
/* One command; the answer is at memory + answer. Returns the status. params: 48 bytes or NULL. */
unsigned int mini_command_with(struct mini *mini, uint8_t opcode, const void *params);
unsigned int mini_command(struct mini *mini, uint8_t opcode);
void mini_close(struct mini *mini);

#endif /* CHILD_H */
