/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAKE_VULKAN_H
#define FAKE_VULKAN_H

/* A Vulkan whose devices and memory are what a test says. What is mapped is memory of the test. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vulkan.h>

#define FAKE_DEVICES 4u
#define FAKE_TYPES 6u
#define FAKE_BYTES (4u << 20)

struct fake_gpu {
	const char *name;
	enum vulkan_kind kind;
	/* Its place on PCI, 0000:00:NN.0; 0: it does not tell. */
	unsigned int slot;
	size_t n_types;
	uint32_t types[FAKE_TYPES];
	uint32_t allowed; /* types of a buffer */
};

struct fake_vulkan {
	size_t n;
	struct fake_gpu gpus[FAKE_DEVICES];
	int fail_instance, fail_list, fail_device, fail_buffer, fail_memory,
		fail_map;  /* VkResult */
	const char *lacks; /* a function, as vkMapMemory; NULL: none */
	/* What lives now. */
	unsigned int instances, devices, buffers, memories, maps;
	uint32_t family; /* that the queue was asked of */
	uint32_t type;   /* of the last memory */
	uint8_t *memory; /* FAKE_BYTES */
};

extern struct fake_vulkan fake_vulkan;

/* Forgets everything; one discrete GPU with a write-combining type, at 0000:00:05.0. */
void fake_vulkan_reset(void);

vulkan_fn fake_vulkan_get(void *instance, const char *name);

#endif /* FAKE_VULKAN_H */
