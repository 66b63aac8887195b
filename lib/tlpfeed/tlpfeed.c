/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tlpfeed.h"

#define LINE_BYTES 64u

static int
ring_map(struct feed *feed, int fd)
{
	void *at = mmap(NULL, sizeof(struct feed_ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	feed->ring = at;
	return 0;
}

int
feed_create(struct feed *feed, const char *path)
{
	int fd, ret;

	memset(feed, 0, sizeof(*feed));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* Allocated now: a disk that fills up later would be a SIGBUS. */
	ret = -posix_fallocate(fd, 0, sizeof(struct feed_ring));
	if (ret == 0)
		ret = ring_map(feed, fd);
	close(fd);
	if (ret != 0) {
		unlink(path);
		return ret;
	}
	feed->ring->version = FEED_VERSION;
	feed->ring->entries = FEED_ENTRIES;
	__atomic_store_n(&feed->ring->magic, FEED_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

int
feed_open(struct feed *feed, const char *path)
{
	struct stat st;
	int fd, ret;

	memset(feed, 0, sizeof(*feed));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fstat(fd, &st) < 0 ? -errno : 0;
	if (ret == 0 && st.st_size != sizeof(struct feed_ring))
		ret = -EINVAL;
	if (ret == 0)
		ret = ring_map(feed, fd);
	close(fd);
	if (ret != 0)
		return ret;
	if (__atomic_load_n(&feed->ring->magic, __ATOMIC_ACQUIRE) != FEED_MAGIC ||
	    feed->ring->version != FEED_VERSION || feed->ring->entries != FEED_ENTRIES) {
		feed_fini(feed);
		return -EINVAL;
	}
	feed->producer = true;
	feed->idx = __atomic_load_n(&feed->ring->head, __ATOMIC_RELAXED);
	__atomic_store_n(&feed->ring->attached, 1, __ATOMIC_RELEASE);
	return 0;
}

void
feed_fini(struct feed *feed)
{
	if (feed->producer)
		__atomic_store_n(&feed->ring->attached, 0, __ATOMIC_RELEASE);
	if (feed->ring != NULL)
		munmap(feed->ring, sizeof(struct feed_ring));
	memset(feed, 0, sizeof(*feed));
}

bool
feed_push(struct feed *feed, uint64_t off, uint32_t bytes, uint64_t ns)
{
	struct feed_ring *ring = feed->ring;

	/* Acquire: the entry is not overwritten before it has been read. */
	if (feed->idx - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) >= FEED_ENTRIES) {
		__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELEASE);
		return false;
	}
	ring->tlps[feed->idx % FEED_ENTRIES] = (struct feed_tlp){
		.off = off, .ns = ns, .bytes = bytes};
	__atomic_store_n(&ring->head, ++feed->idx, __ATOMIC_RELEASE);
	return true;
}

bool
feed_broken(const struct feed *feed)
{
	return __atomic_load_n(&feed->broken, __ATOMIC_RELAXED);
}

bool
feed_attached(const struct feed *feed)
{
	return !feed_broken(feed) && __atomic_load_n(&feed->ring->attached, __ATOMIC_ACQUIRE) != 0;
}

bool
feed_pull(struct feed *feed, uint64_t aperture_bytes, struct feed_tlp *tlp)
{
	struct feed_ring *ring = feed->ring;
	uint64_t ready;

	if (feed_broken(feed))
		return false;
	ready = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) - feed->idx;
	if (ready == 0)
		return false;
	*tlp = ring->tlps[feed->idx % FEED_ENTRIES];
	/* The copy is what counts from here on. */
	__atomic_signal_fence(__ATOMIC_ACQUIRE);
	if (feed_broken(feed))
		return false;
	if (ready > FEED_ENTRIES || tlp->bytes == 0 || tlp->off >= aperture_bytes ||
	    tlp->off % LINE_BYTES + tlp->bytes > LINE_BYTES) {
		__atomic_store_n(&feed->broken, true, __ATOMIC_RELAXED);
		return false;
	}
	__atomic_store_n(&ring->tail, ++feed->idx, __ATOMIC_RELEASE);
	return true;
}

uint64_t
feed_lost(struct feed *feed)
{
	uint64_t lost, before = feed->lost;

	if (feed_broken(feed))
		return 0;
	lost = __atomic_load_n(&feed->ring->lost, __ATOMIC_ACQUIRE);
	feed->lost = lost;
	return lost - before;
}

bool
feed_fault(struct feed *feed, const void *addr)
{
	const uint8_t *from = (const uint8_t *)feed->ring;

	if (from == NULL || (const uint8_t *)addr < from ||
	    (const uint8_t *)addr >= from + sizeof(struct feed_ring))
		return false;
	__atomic_store_n(&feed->broken, true, __ATOMIC_RELAXED);
	return mmap(feed->ring, sizeof(struct feed_ring), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}
