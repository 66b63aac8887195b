/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The file of stores that the plugin saw. */

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <wcfile.h>

#include "stream.h"

#define STREAM_MAGIC 0x72747362616c6377ull /* "wclabstr" */
#define STREAM_VERSION 1u
#define STREAM_OPEN UINT64_MAX /* a head without its count: the writer is not done */

struct stream_head {
	uint64_t magic;
	uint32_t version;
	uint32_t cpus;
	uint64_t records;
	uint64_t reserved;
};

enum stream_kind {
	STREAM_MARK = 1,
	STREAM_SETTLE,
	STREAM_STORE,
	STREAM_ORDER,
	STREAM_KINDS
};

struct stream_record {
	uint64_t value; /* mark: the region; store: the physical address; else 0 */
	uint8_t kind;
	uint8_t detail; /* store: the type; order: which; else 0 */
	uint8_t bytes;  /* store; else 0 */
	uint8_t cpu;
	uint32_t reserved;
};

static_assert(sizeof(struct stream_head) == 32 && sizeof(struct stream_record) == 16, "layout");

/* ---- writing ------------------------------------------------------------------------------- */

static int
head_write(struct stream *s, unsigned int cpus, uint64_t records)
{
	struct stream_head head = {
		.magic = htole64(STREAM_MAGIC),
		.version = htole32(STREAM_VERSION),
		.cpus = htole32(cpus),
		.records = htole64(records),
	};

	return fwrite(&head, sizeof(head), 1, s->file) == 1 ? 0 : -EIO;
}

int
stream_create(struct stream *s, const char *path, unsigned int cpus)
{
	memset(s, 0, sizeof(*s));
	s->file = fopen(path, "w");
	if (s->file == NULL)
		return -errno;
	if (head_write(s, cpus, STREAM_OPEN) == 0 && fflush(s->file) == 0)
		return 0;
	fclose(s->file);
	s->file = NULL;
	return -EIO;
}

static void
record_write(struct stream *s, const struct stream_record *record)
{
	struct stream_record r = *record;

	r.value = htole64(r.value);
	if (!s->failed && fwrite(&r, sizeof(r), 1, s->file) != 1)
		s->failed = true;
	s->records++;
}

void
stream_mark(struct stream *s, uint64_t region)
{
	record_write(s, &(struct stream_record){.kind = STREAM_MARK, .value = region});
}

void
stream_settle(struct stream *s)
{
	record_write(s, &(struct stream_record){.kind = STREAM_SETTLE});
}

void
stream_store(struct stream *s, unsigned int cpu, uint64_t pa, unsigned int bytes,
	     enum pcielink_type type)
{
	record_write(s, &(struct stream_record){.kind = STREAM_STORE,
						.value = pa,
						.bytes = (uint8_t)bytes,
						.cpu = (uint8_t)cpu,
						.detail = (uint8_t)type});
}

void
stream_order(struct stream *s, unsigned int cpu, enum pcielink_order order)
{
	record_write(s, &(struct stream_record){.kind = STREAM_ORDER,
						.cpu = (uint8_t)cpu,
						.detail = (uint8_t)order});
}

/* The count goes into the head last, when all that it counts is in the file. */
int
stream_close(struct stream *s)
{
	uint64_t records = htole64(s->records);
	int ret = s->failed ? -EIO : 0;

	if (ret == 0 && (fflush(s->file) != 0 ||
			 fseek(s->file, offsetof(struct stream_head, records), SEEK_SET) != 0 ||
			 fwrite(&records, sizeof(records), 1, s->file) != 1))
		ret = -EIO;
	if (fclose(s->file) != 0)
		ret = -EIO;
	s->file = NULL;
	return ret;
}

/* ---- reading ------------------------------------------------------------------------------- */

static int
head_check(const struct stream_head *head, off_t bytes, char *why)
{
	uint64_t records = le64toh(head->records);
	uint64_t fit = ((uint64_t)bytes - sizeof(*head)) / sizeof(struct stream_record);
	uint32_t cpus = le32toh(head->cpus);

	if (le64toh(head->magic) != STREAM_MAGIC)
		snprintf(why, STREAM_WHY_BYTES, "not what the plugin writes with stream=");
	else if (le32toh(head->version) != STREAM_VERSION)
		snprintf(why, STREAM_WHY_BYTES, "version %" PRIu32 "; this program reads %u",
			 le32toh(head->version), STREAM_VERSION);
	else if (records == STREAM_OPEN)
		snprintf(why, STREAM_WHY_BYTES, "not complete: QEMU was killed, or the disk full");
	else if (records != fit || (uint64_t)bytes % sizeof(struct stream_record) != 0)
		snprintf(why, STREAM_WHY_BYTES,
			 "%" PRIu64 " records are promised, there are %" PRIu64, records, fit);
	else if (cpus == 0 || cpus > PCIELINK_CPUS_MAX)
		snprintf(why, STREAM_WHY_BYTES, "%" PRIu32 " CPUs; expected 1 to %u", cpus,
			 PCIELINK_CPUS_MAX);
	else
		return 0;
	return -EINVAL;
}

/* NULL, or what is wrong with a record. */
static const char *
record_objection(const struct stream_record *r, unsigned int cpus)
{
	switch (r->kind) {
	case STREAM_MARK:
		return r->value < TALLY_REGIONS ? NULL : "a region that there is not";
	case STREAM_SETTLE:
		return NULL;
	case STREAM_STORE:
		if (r->bytes == 0 || r->bytes > PCIELINK_LINE_BYTES || r->detail >= PCIELINK_TYPES)
			return "a store of an unknown size or type";
		return r->cpu < cpus ? NULL : "a CPU that there is not";
	case STREAM_ORDER:
		if (r->detail >= PCIELINK_ORDERS)
			return "an unknown order point";
		return r->cpu < cpus ? NULL : "a CPU that there is not";
	default:
		return "an unknown kind of record";
	}
}

static int
records_read(struct stream_data *data, FILE *file, char *why)
{
	const char *wrong;

	if (fread(data->records, sizeof(*data->records), data->n, file) != data->n) {
		snprintf(why, STREAM_WHY_BYTES, "it ended while it was read");
		return -EIO;
	}
	for (uint64_t i = 0; i < data->n; i++) {
		data->records[i].value = le64toh(data->records[i].value);
		wrong = record_objection(&data->records[i], data->cpus);
		if (wrong != NULL) {
			snprintf(why, STREAM_WHY_BYTES, "record %" PRIu64 ": %s", i, wrong);
			return -EINVAL;
		}
	}
	return 0;
}

int
stream_load(struct stream_data *data, const char *path, char why[STREAM_WHY_BYTES])
{
	struct stream_head head;
	struct stat st;
	FILE *file;
	int ret;

	memset(data, 0, sizeof(*data));
	file = wcfile_fopen(path);
	if (file == NULL || fstat(fileno(file), &st) < 0) {
		ret = -errno;
		snprintf(why, STREAM_WHY_BYTES, "%s", wcfile_strerror(-ret));
		goto out;
	}
	if (fread(&head, sizeof(head), 1, file) != 1) {
		ret = -EINVAL;
		snprintf(why, STREAM_WHY_BYTES, "not what the plugin writes with stream=");
		goto out;
	}
	ret = head_check(&head, st.st_size, why);
	if (ret != 0)
		goto out;
	data->cpus = le32toh(head.cpus);
	data->n = le64toh(head.records);
	data->records = calloc(data->n + 1, sizeof(*data->records));
	if (data->records == NULL) {
		ret = -ENOMEM;
		snprintf(why, STREAM_WHY_BYTES, "no memory for %" PRIu64 " records", data->n);
		goto out;
	}
	ret = records_read(data, file, why);
out:
	if (ret != 0)
		stream_unload(data);
	if (file != NULL)
		fclose(file);
	return ret;
}

void
stream_unload(struct stream_data *data)
{
	free(data->records);
	memset(data, 0, sizeof(*data));
}

void
stream_replay(const struct stream_data *data, struct tally *tally)
{
	const struct stream_record *r = data->records, *end = r + data->n;

	for (; r < end; r++) {
		switch (r->kind) {
		case STREAM_MARK:
			tally_mark(tally, r->value);
			break;
		case STREAM_SETTLE:
			tally_settle(tally);
			break;
		case STREAM_STORE:
			tally_store(tally, r->cpu, r->value, r->bytes, r->detail);
			break;
		case STREAM_ORDER:
			tally_order(tally, r->cpu, r->detail);
			break;
		}
	}
	tally_settle(tally);
}
