/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_TYPES_H
#define WCNIC_ABI_TYPES_H

/* What every header of the interface uses: little-endian types, asserts of layout. */

#include <assert.h>
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t wcnic_le16;
typedef uint32_t wcnic_le32;
typedef uint64_t wcnic_le64;

#define WCNIC_ABI_SIZE(type, bytes) \
	static_assert(sizeof(struct type) == (bytes), #type " is " #bytes " bytes")
#define WCNIC_ABI_OFF(type, field, off) \
	static_assert(offsetof(struct type, field) == (off), #type "." #field " is at " #off)

#endif /* WCNIC_ABI_TYPES_H */
