/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VULKAN_H
#define VULKAN_H

/*
 * Memory of a GPU, mapped by the GPU's own driver: Vulkan, loaded when it is asked for. Needs no
 * root, and touches nothing but its own allocations. This header needs no header of Vulkan;
 * vulkan_calls.h is for those who call Vulkan themselves.
 *
 * Threads: one at a time for each struct vulkan; mapped memory is the caller's to share. Errors:
 * 0 or -errno, and `why` of `why_bytes` gets a sentence that names what was missing and what would
 * do: -ENOSYS: this wcbench was built without Vulkan, -ENOENT: no libvulkan, -ENODEV: no device, or
 * none that was meant, -ENOTSUP: no such memory, -ENOMEM, -EIO: anything else, and a device lost.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#define VULKAN_NAME_BYTES 256u
#define VULKAN_DEVICES_MAX 16u
#define VULKAN_TYPES_MAX 32u /* Vulkan's own bound */

/* ---- what there is ------------------------------------------------------------------------- */

/* In Vulkan's order. */
enum vulkan_kind {
	VULKAN_KIND_OTHER = 0,
	VULKAN_KIND_INTEGRATED, /* its memory is the machine's RAM */
	VULKAN_KIND_DISCRETE,   /* has memory of its own */
	VULKAN_KIND_VIRTUAL,    /* a hypervisor's */
	VULKAN_KIND_CPU,        /* a software renderer: all memory is RAM */
};

struct vulkan_device {
	unsigned int index;
	char name[VULKAN_NAME_BYTES];
	enum vulkan_kind kind;
	uint32_t vendor, id;
	char api[24];                   /* the version of Vulkan that it has: 1.3.289 */
	char driver[VULKAN_NAME_BYTES]; /* name and version; "" if it does not tell */
	char bdf[16];                   /* "" if it is no PCI device, or does not tell */
};

/* Flags of a memory type: Vulkan's own bits. */
#define VULKAN_TYPE_DEVICE_LOCAL 0x1u
#define VULKAN_TYPE_HOST_VISIBLE 0x2u
#define VULKAN_TYPE_HOST_COHERENT 0x4u
#define VULKAN_TYPE_HOST_CACHED 0x8u
#define VULKAN_TYPE_DEVICE_COHERENT 0x40u
#define VULKAN_TYPE_DEVICE_UNCACHED 0x80u

struct vulkan_type {
	uint32_t flags;
	unsigned int heap;
	uint64_t heap_bytes;
};

struct vulkan_facts {
	size_t n_devices, n_types;
	unsigned int device; /* the chosen one: an index of devices[] */
	bool compute;        /* the queue takes compute shaders */
	struct vulkan_device devices[VULKAN_DEVICES_MAX];
	struct vulkan_type types[VULKAN_TYPES_MAX]; /* of the chosen device, by Vulkan's index */
};

/* "discrete GPU", "software renderer", ... Static. */
const char *vulkan_kind_name(enum vulkan_kind kind);

/* The flags by name, "DEVICE_LOCAL HOST_VISIBLE"; "-": none. Returns `text`. */
const char *vulkan_type_flags(uint32_t flags, char *text, size_t bytes);

/* What memory is for. */
enum vulkan_use {
	VULKAN_USE_PUSH, /* the CPU stores, the device reads: its own memory, write-combining */
	VULKAN_USE_HOST, /* the device stores, the CPU polls: RAM that the CPU caches, coherent */
	/*
	 * The same while a shader runs: of a type that no cache of the device holds, where a driver
	 * tells such types (VK_AMD_device_coherent_memory, which vulkan_start() must have switched
	 * on where the device has it), else as above.
	 */
	VULKAN_USE_PUSH_LIVE,
	VULKAN_USE_HOST_LIVE,
};

/*
 * The memory type for a use, of those in the mask `allowed`. -ENOTSUP: there is none. For
 * VULKAN_USE_PUSH that is DEVICE_LOCAL and HOST_VISIBLE and not HOST_CACHED; where there is none, a
 * HOST_CACHED one, or on a device without memory of its own any HOST_VISIBLE one. `why` says why
 * this one, or why none. Pure.
 */
WC_MUST_CHECK int vulkan_type_choose(const struct vulkan_facts *facts, uint32_t allowed,
				     enum vulkan_use use, char *why, size_t why_bytes);

/* ---- a device ------------------------------------------------------------------------------ */

struct vulkan;

typedef void (*vulkan_fn)(void);
/* vkGetInstanceProcAddr; the instance is a VkInstance. */
typedef vulkan_fn (*vulkan_get_fn)(void *instance, const char *name);

struct vulkan_options {
	/* An index, a PCI address or a part of a name. NULL: discrete before integrated before
	 * virtual before a software renderer. */
	const char *device;
	const char *library; /* NULL: libvulkan.so.1; tests name another */
	vulkan_get_fn get;   /* NULL: the library's; tests have a Vulkan of their own */
};

/*
 * Loads Vulkan, lists its devices and chooses one. Nothing is allocated on the device. A name that
 * fits several devices is refused. Close it with vulkan_close(), which also ends the device; NULL
 * does nothing. Sets the environment's variables that keep drivers from caching shaders on disk,
 * unless the user has set them.
 */
WC_MUST_CHECK int
vulkan_open(const struct vulkan_options *o, struct vulkan **v, char *why, size_t why_bytes);
void vulkan_close(struct vulkan *v);

/*
 * The device has work that does not end, or may not: nothing of Vulkan is destroyed any more. What
 * is mapped stays mapped. The end of the process takes it all back.
 */
void vulkan_abandon(struct vulkan *v);

/* Belongs to `v`. */
const struct vulkan_facts *vulkan_facts(const struct vulkan *v);

struct vulkan_start {
	const void *next;              /* the pNext chain of VkDeviceCreateInfo, or NULL */
	const char *const *extensions; /* of the device, to be switched on; NULL ends them */
};

/*
 * Makes the logical device with one queue: one that only computes, where there is such a family,
 * so that a desktop goes on; else any that computes, else any. `start` may be NULL.
 */
WC_MUST_CHECK int
vulkan_start(struct vulkan *v, const struct vulkan_start *start, char *why, size_t why_bytes);

/* Whether the chosen device has this extension. */
bool vulkan_has_extension(const struct vulkan *v, const char *name);

/* ---- memory -------------------------------------------------------------------------------- */

/* A buffer with memory of its own, mapped for as long as it lives. The caller owns the struct. */
struct vulkan_buffer {
	void *addr; /* aligned to 64 bytes */
	uint64_t bytes;
	unsigned int type;       /* an index of types[] */
	uint64_t buffer, memory; /* VkBuffer, VkDeviceMemory */
};

/*
 * Allocates `bytes`, a multiple of 64, as a storage buffer that shaders may also copy from and to,
 * and maps it. `why` of a success says why this type. Zeroes the struct on failure. The device must
 * have been started.
 */
WC_MUST_CHECK int vulkan_buffer_create(struct vulkan *v, enum vulkan_use use, uint64_t bytes,
				       struct vulkan_buffer *b, char *why, size_t why_bytes);
/* Unmaps and frees. Does nothing to a zeroed struct. */
void vulkan_buffer_destroy(struct vulkan *v, struct vulkan_buffer *b);

#endif /* VULKAN_H */
