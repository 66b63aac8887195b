/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Both ends of the ring of TLPs. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tlpfeed.h"

#define LINE_BYTES 64u

static int
ring_map(struct tlpfeed *feed, int fd)
{
	void *at = mmap(NULL, sizeof(struct tlpfeed_ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			0);

	if (at == MAP_FAILED)
		return -errno;
	feed->ring = at;
	return 0;
}

int
tlpfeed_create(struct tlpfeed *feed, const char *path)
{
	struct stat st;
	int fd, ret;

	memset(feed, 0, sizeof(*feed));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd < 0)
		return -errno;
	/* What else has this name is not ours: it stays as it is. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	if (ftruncate(fd, 0) < 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	/* Allocates the blocks now: if the disk filled up later, a store would raise SIGBUS. */
	ret = -posix_fallocate(fd, 0, sizeof(struct tlpfeed_ring));
	if (ret == 0)
		ret = ring_map(feed, fd);
	close(fd);
	if (ret != 0) {
		unlink(path);
		return ret;
	}
	feed->ring->version = TLPFEED_VERSION;
	feed->ring->entries = TLPFEED_ENTRIES;
	__atomic_store_n(&feed->ring->magic, TLPFEED_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

int
tlpfeed_open(struct tlpfeed *feed, const char *path)
{
	struct stat st;
	int fd, ret;

	memset(feed, 0, sizeof(*feed));
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	ret = fstat(fd, &st) < 0 ? -errno : 0;
	if (ret == 0 && st.st_size != sizeof(struct tlpfeed_ring))
		ret = -EINVAL;
	if (ret == 0)
		ret = ring_map(feed, fd);
	close(fd);
	if (ret != 0)
		return ret;
	if (__atomic_load_n(&feed->ring->magic, __ATOMIC_ACQUIRE) != TLPFEED_MAGIC ||
	    feed->ring->version != TLPFEED_VERSION || feed->ring->entries != TLPFEED_ENTRIES) {
		tlpfeed_fini(feed);
		return -EINVAL;
	}
	feed->producer = true;
	feed->seq = __atomic_load_n(&feed->ring->head, __ATOMIC_RELAXED);
	__atomic_store_n(&feed->ring->attached, 1, __ATOMIC_RELEASE);
	return 0;
}

void
tlpfeed_fini(struct tlpfeed *feed)
{
	if (feed->producer)
		__atomic_store_n(&feed->ring->attached, 0, __ATOMIC_RELEASE);
	if (feed->ring != NULL)
		munmap(feed->ring, sizeof(struct tlpfeed_ring));
	memset(feed, 0, sizeof(*feed));
}

bool
tlpfeed_push(struct tlpfeed *feed, uint64_t off, uint32_t bytes, uint64_t ns)
{
	struct tlpfeed_ring *ring = feed->ring;

	/* Acquire: the entry is not overwritten before it has been read. */
	if (feed->seq - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) >= TLPFEED_ENTRIES) {
		__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELEASE);
		return false;
	}
	ring->tlps[feed->seq % TLPFEED_ENTRIES] = (struct tlpfeed_tlp){
		.off = off, .ns = ns, .bytes = bytes};
	__atomic_store_n(&ring->head, ++feed->seq, __ATOMIC_RELEASE);
	return true;
}

bool
tlpfeed_broken(const struct tlpfeed *feed)
{
	return __atomic_load_n(&feed->broken, __ATOMIC_RELAXED);
}

bool
tlpfeed_attached(const struct tlpfeed *feed)
{
	return !tlpfeed_broken(feed) &&
	       __atomic_load_n(&feed->ring->attached, __ATOMIC_ACQUIRE) != 0;
}

bool
tlpfeed_pull(struct tlpfeed *feed, uint64_t aperture_bytes, struct tlpfeed_tlp *tlp)
{
	struct tlpfeed_ring *ring = feed->ring;
	uint64_t ready;

	if (tlpfeed_broken(feed))
		return false;
	ready = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) - feed->seq;
	if (ready == 0)
		return false;
	*tlp = ring->tlps[feed->seq % TLPFEED_ENTRIES];
	/* The checks below are of the copy, which the producer cannot change. */
	__atomic_signal_fence(__ATOMIC_ACQUIRE);
	if (tlpfeed_broken(feed))
		return false;
	if (ready > TLPFEED_ENTRIES || tlp->bytes == 0 || tlp->off >= aperture_bytes ||
	    tlp->off % LINE_BYTES + tlp->bytes > LINE_BYTES) {
		__atomic_store_n(&feed->broken, true, __ATOMIC_RELAXED);
		return false;
	}
	__atomic_store_n(&ring->tail, ++feed->seq, __ATOMIC_RELEASE);
	return true;
}

uint64_t
tlpfeed_lost(struct tlpfeed *feed)
{
	uint64_t lost, before = feed->lost;

	if (tlpfeed_broken(feed))
		return 0;
	lost = __atomic_load_n(&feed->ring->lost, __ATOMIC_ACQUIRE);
	feed->lost = lost;
	return lost - before;
}

bool
tlpfeed_fault(struct tlpfeed *feed, const void *addr)
{
	const uint8_t *from = (const uint8_t *)feed->ring;

	if (from == NULL || (const uint8_t *)addr < from ||
	    (const uint8_t *)addr >= from + sizeof(struct tlpfeed_ring))
		return false;
	__atomic_store_n(&feed->broken, true, __ATOMIC_RELAXED);
	return mmap(feed->ring, sizeof(struct tlpfeed_ring), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}
