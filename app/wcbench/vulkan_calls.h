/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VULKAN_CALLS_H
#define VULKAN_CALLS_H

/*
 * An open device with its handles and functions, for those files that call Vulkan. Needs Vulkan's
 * headers, and no library: every function is asked for by name.
 */

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#include "vulkan.h"

/* What is called of it, without "vk". Every Vulkan must have these. */
/* clang-format off */
#define VULKAN_CALLS(call) \
	call(AllocateMemory) call(BindBufferMemory) call(CreateBuffer) call(CreateDevice) \
	call(DestroyBuffer) call(DestroyDevice) call(DestroyInstance) \
	call(EnumerateDeviceExtensionProperties) call(EnumeratePhysicalDevices) call(FreeMemory) \
	call(GetBufferMemoryRequirements) call(GetDeviceQueue) \
	call(GetPhysicalDeviceMemoryProperties) call(GetPhysicalDeviceProperties) \
	call(GetPhysicalDeviceQueueFamilyProperties) call(MapMemory) call(UnmapMemory)
/* clang-format on */

#define VULKAN_CALLS_MEMBER(name) PFN_vk##name name;

struct vulkan {
	vulkan_get_fn get;
	VkInstance instance;
	VkPhysicalDevice physical; /* the chosen one */
	VkPhysicalDevice all[VULKAN_DEVICES_MAX];
	VkDevice device; /* NULL before vulkan_start() */
	VkQueue queue;
	uint32_t family; /* of the queue */
	struct vulkan_facts facts;
	VULKAN_CALLS(VULKAN_CALLS_MEMBER)
	PFN_vkGetPhysicalDeviceProperties2 GetPhysicalDeviceProperties2; /* NULL in Vulkan 1.0 */
};

/* A function of the instance, "vkCreateShaderModule"; NULL: there is none. */
vulkan_fn vulkan_find(const struct vulkan *v, const char *name);

/* "VK_ERROR_DEVICE_LOST" and the like; a number for those that are not known here. Static. */
const char *vulkan_result_name(VkResult result);
/* -ENOMEM or -EIO. */
int vulkan_result_error(VkResult result);

static inline VkBuffer
vulkan_buffer_handle(const struct vulkan_buffer *b)
{
	return (VkBuffer)(uintptr_t)b->buffer;
}

#endif /* VULKAN_CALLS_H */
