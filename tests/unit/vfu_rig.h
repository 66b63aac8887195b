/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_RIG_H
#define VFU_RIG_H

/* A device behind a vfio-user server, for tests: what was done to it is kept. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfu_server.h>
#include <vfu_wire.h>

#define RIG_REGS_BYTES 0x2000u           /* region 0: memory, trapped */
#define RIG_PAGE 0x10000u                /* whole pages on every machine */
#define RIG_WINDOW_BYTES (16 * RIG_PAGE) /* region 2: can be mapped */
#define RIG_FIXED_BYTES 0x100u           /* region 3: read-only */
#define RIG_SPARSE_BYTES (4 * RIG_PAGE)  /* region 4: its pages 1 and 3 can be mapped */
#define RIG_LARGE_BYTES 0x200000u        /* region 5: more than one access may carry */
#define RIG_VECTORS 20u
#define RIG_BAD_OFF 0x1ff8u /* of region 0: the device refuses access there with EIO */

struct rig {
	struct vfu_server *server;
	char path[64];
	int window_fd;
	int sparse_fd;
	uint8_t regs[RIG_REGS_BYTES];
	unsigned int writes;
	unsigned int resets;
	unsigned int connects;
	unsigned int disconnects;
	bool mapped_at_disconnect; /* IOVA 0x10000 could still be found then */
	char log[8192];
	uint64_t now_ns; /* what the server takes for the time; 0: the real one */
	pthread_t thread;
	bool threaded;
	bool stop; /* atomic */
};

/* What the next device allows its clients. */
extern struct vfu_server_limits rig_limits;

/* Makes the device. With a path, it listens; else `peer` gets the other end of a socket pair. */
void rig_start(struct rig *rig, int *peer);
/* The server in a thread of its own from now on. */
void rig_run(struct rig *rig);
/* Ends the thread; the server stays, for the caller to poll. */
void rig_pause(struct rig *rig);
/* Ends the thread and the server. */
void rig_stop(struct rig *rig);
/* Waits for a number that the server's thread changes; fails after some seconds. */
void rig_wait(const unsigned int *number, unsigned int value);

/* One message and its descriptors, as they are. */
struct raw {
	struct vfu_hdr hdr;
	uint8_t payload[8192];
	size_t payload_bytes;
	int fds[64];
	unsigned int n_fds;
};

/* A request with hdr.bytes right and an id of its own. */
struct raw raw_request(uint16_t cmd, const void *payload, size_t bytes);
void raw_send(int sock, const struct raw *raw);
/* Receives a message that is there already, or comes within some seconds. 0, or -1: closed. */
int raw_receive(int sock, struct raw *raw);

/* Sends to a rig without thread, lets it work, and receives. The errno of the reply; -1: closed. */
int raw_ask(struct rig *rig, int sock, struct raw *request, struct raw *reply);
/* Agrees on the version. */
void raw_greet(struct rig *rig, int sock);

/* A rig without thread and a socket to it, for one test. */
struct bench {
	struct rig rig;
	int sock; /* -1: the test has closed it */
	unsigned int fds_before;
};
extern struct bench bench;

int bench_setup(void **state);
int bench_setup_alone(void **state); /* the version is not agreed on yet */
int bench_teardown(void **state);    /* fails if a descriptor is left */
int bench_ask(uint16_t cmd, const void *payload, size_t bytes, struct raw *reply);
int
bench_ask_fds(uint16_t cmd, const void *payload, size_t bytes, const int *fds, unsigned int n_fds);
/* The server still answers. */
void bench_assert_sound(void);
/* It has closed the connection, and said why. */
void bench_assert_dropped(const char *log);

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
#define BENCH_TEST_ALONE(name) \
	cmocka_unit_test_setup_teardown(name, bench_setup_alone, bench_teardown)

#endif /* VFU_RIG_H */
