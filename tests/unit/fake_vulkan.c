/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A Vulkan for tests; see fake_vulkan.h. */

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <vulkan_calls.h>

#include <cmocka.h>

#include "fake_vulkan.h"

struct fake_vulkan fake_vulkan;

static alignas(4096) uint8_t memory[FAKE_BYTES];

#define WC_TYPE (VULKAN_TYPE_DEVICE_LOCAL | VULKAN_TYPE_HOST_VISIBLE | VULKAN_TYPE_HOST_COHERENT)

void
fake_vulkan_reset(void)
{
	fake_vulkan = (struct fake_vulkan){
		.n = 1,
		.gpus = {{"Fake 1000",
			  VULKAN_KIND_DISCRETE,
			  5,
			  2,
			  {VULKAN_TYPE_DEVICE_LOCAL, WC_TYPE},
			  0xff}},
		.memory = memory,
	};
	memset(memory, 0xee, sizeof(memory));
}

static const struct fake_gpu *
gpu_of(VkPhysicalDevice device)
{
	const size_t i = (uintptr_t)device - 1;

	assert_true(i < fake_vulkan.n);
	return &fake_vulkan.gpus[i];
}

static VkResult
create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *alloc,
		VkInstance *instance)
{
	(void)alloc;
	assert_int_equal(info->sType, VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
	if (fake_vulkan.fail_instance != 0)
		return fake_vulkan.fail_instance;
	*instance = (VkInstance)(uintptr_t)77;
	fake_vulkan.instances++;
	return VK_SUCCESS;
}

static void
destroy_instance(VkInstance instance, const VkAllocationCallbacks *alloc)
{
	(void)instance, (void)alloc;
	fake_vulkan.instances--;
}

static VkResult
enumerate_version(uint32_t *version)
{
	*version = VK_API_VERSION_1_2;
	return VK_SUCCESS;
}

static VkResult
enumerate_devices(VkInstance instance, uint32_t *n, VkPhysicalDevice *devices)
{
	assert_int_equal((uintptr_t)instance, 77);
	if (fake_vulkan.fail_list != 0)
		return fake_vulkan.fail_list;
	assert_true(*n >= fake_vulkan.n);
	*n = (uint32_t)fake_vulkan.n;
	for (uintptr_t i = 0; i < *n; i++)
		devices[i] = (VkPhysicalDevice)(i + 1);
	return VK_SUCCESS;
}

static void
properties(VkPhysicalDevice device, VkPhysicalDeviceProperties *p)
{
	const struct fake_gpu *g = gpu_of(device);

	memset(p, 0, sizeof(*p));
	p->apiVersion = VK_MAKE_API_VERSION(0, 1, 2, 203);
	p->vendorID = 0x10de;
	p->deviceID = 0x2335;
	p->deviceType = (VkPhysicalDeviceType)g->kind;
	snprintf(p->deviceName, sizeof(p->deviceName), "%s", g->name);
}

static void
properties2(VkPhysicalDevice device, VkPhysicalDeviceProperties2 *p)
{
	VkPhysicalDevicePCIBusInfoPropertiesEXT *pci = p->pNext;
	VkPhysicalDeviceDriverProperties *driver = p->pNext;

	if (pci->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT) {
		pci->pciDevice = gpu_of(device)->slot;
	} else {
		assert_int_equal(driver->sType,
				 VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES);
		strcpy(driver->driverName, "fake driver");
		strcpy(driver->driverInfo, "1.2.3");
	}
}

static VkResult
extensions(VkPhysicalDevice device, const char *layer, uint32_t *n, VkExtensionProperties *list)
{
	(void)layer;
	if (gpu_of(device)->slot == 0) {
		*n = 0;
		return VK_SUCCESS;
	}
	assert_true(*n > 0);
	*n = 1;
	snprintf(list[0].extensionName, sizeof(list[0].extensionName), "%s",
		 VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
	return VK_SUCCESS;
}

static void
memory_properties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *m)
{
	const struct fake_gpu *g = gpu_of(device);

	memset(m, 0, sizeof(*m));
	m->memoryTypeCount = (uint32_t)g->n_types;
	m->memoryHeapCount = 1;
	m->memoryHeaps[0].size = 256u << 20;
	for (size_t i = 0; i < g->n_types; i++)
		m->memoryTypes[i].propertyFlags = g->types[i];
}

/* One that draws and computes, one that only copies, one that only computes. */
static void
families(VkPhysicalDevice device, uint32_t *n, VkQueueFamilyProperties *f)
{
	(void)device;
	assert_true(*n >= 3);
	*n = 3;
	memset(f, 0, 3 * sizeof(*f));
	f[0].queueFlags = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
	f[1].queueFlags = VK_QUEUE_TRANSFER_BIT;
	f[2].queueFlags = VK_QUEUE_COMPUTE_BIT;
	f[0].queueCount = f[1].queueCount = f[2].queueCount = 1;
}

static VkResult
create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
	      const VkAllocationCallbacks *alloc, VkDevice *device)
{
	(void)alloc;
	(void)gpu_of(physical);
	if (fake_vulkan.fail_device != 0)
		return fake_vulkan.fail_device;
	assert_int_equal(info->queueCreateInfoCount, 1);
	fake_vulkan.family = info->pQueueCreateInfos[0].queueFamilyIndex;
	*device = (VkDevice)physical;
	fake_vulkan.devices++;
	return VK_SUCCESS;
}

static void
destroy_device(VkDevice device, const VkAllocationCallbacks *alloc)
{
	(void)device, (void)alloc;
	fake_vulkan.devices--;
}

static void
get_queue(VkDevice device, uint32_t family, uint32_t index, VkQueue *queue)
{
	(void)device;
	assert_int_equal(family, fake_vulkan.family);
	assert_int_equal(index, 0);
	*queue = (VkQueue)(uintptr_t)5;
}

static VkResult
create_buffer(VkDevice device, const VkBufferCreateInfo *info, const VkAllocationCallbacks *alloc,
	      VkBuffer *buffer)
{
	(void)device, (void)alloc;
	assert_int_equal(info->size, FAKE_BYTES);
	if (fake_vulkan.fail_buffer != 0)
		return fake_vulkan.fail_buffer;
	*buffer = (VkBuffer)(uintptr_t)9;
	fake_vulkan.buffers++;
	return VK_SUCCESS;
}

static void
destroy_buffer(VkDevice device, VkBuffer buffer, const VkAllocationCallbacks *alloc)
{
	(void)device, (void)alloc;
	assert_int_equal((uintptr_t)buffer, 9);
	fake_vulkan.buffers--;
}

static void
requirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *need)
{
	(void)buffer;
	*need = (VkMemoryRequirements){
		.size = FAKE_BYTES,
		.alignment = 64,
		.memoryTypeBits = gpu_of((VkPhysicalDevice)device)->allowed,
	};
}

static VkResult
allocate(VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *alloc,
	 VkDeviceMemory *got)
{
	(void)device, (void)alloc;
	if (fake_vulkan.fail_memory != 0)
		return fake_vulkan.fail_memory;
	fake_vulkan.type = info->memoryTypeIndex;
	*got = (VkDeviceMemory)(uintptr_t)11;
	fake_vulkan.memories++;
	return VK_SUCCESS;
}

static void
free_memory(VkDevice device, VkDeviceMemory got, const VkAllocationCallbacks *alloc)
{
	(void)device, (void)alloc;
	assert_int_equal((uintptr_t)got, 11);
	fake_vulkan.memories--;
}

static VkResult
bind_memory(VkDevice device, VkBuffer buffer, VkDeviceMemory got, VkDeviceSize off)
{
	(void)device, (void)buffer, (void)got;
	assert_int_equal(off, 0);
	return VK_SUCCESS;
}

static VkResult
map_memory(VkDevice device, VkDeviceMemory got, VkDeviceSize off, VkDeviceSize bytes,
	   VkMemoryMapFlags flags, void **addr)
{
	(void)device, (void)got, (void)off, (void)bytes, (void)flags;
	if (fake_vulkan.fail_map != 0)
		return fake_vulkan.fail_map;
	*addr = fake_vulkan.memory;
	fake_vulkan.maps++;
	return VK_SUCCESS;
}

static void
unmap_memory(VkDevice device, VkDeviceMemory got)
{
	(void)device, (void)got;
	fake_vulkan.maps--;
}

vulkan_fn
fake_vulkan_get(void *instance, const char *name)
{
	static const struct {
		const char *name;
		vulkan_fn fn;
	} calls[] = {
		{"vkCreateInstance", (vulkan_fn)create_instance},
		{"vkEnumerateInstanceVersion", (vulkan_fn)enumerate_version},
		{"vkDestroyInstance", (vulkan_fn)destroy_instance},
		{"vkEnumeratePhysicalDevices", (vulkan_fn)enumerate_devices},
		{"vkGetPhysicalDeviceProperties", (vulkan_fn)properties},
		{"vkGetPhysicalDeviceProperties2", (vulkan_fn)properties2},
		{"vkEnumerateDeviceExtensionProperties", (vulkan_fn)extensions},
		{"vkGetPhysicalDeviceMemoryProperties", (vulkan_fn)memory_properties},
		{"vkGetPhysicalDeviceQueueFamilyProperties", (vulkan_fn)families},
		{"vkCreateDevice", (vulkan_fn)create_device},
		{"vkDestroyDevice", (vulkan_fn)destroy_device},
		{"vkGetDeviceQueue", (vulkan_fn)get_queue},
		{"vkCreateBuffer", (vulkan_fn)create_buffer},
		{"vkDestroyBuffer", (vulkan_fn)destroy_buffer},
		{"vkGetBufferMemoryRequirements", (vulkan_fn)requirements},
		{"vkAllocateMemory", (vulkan_fn)allocate},
		{"vkFreeMemory", (vulkan_fn)free_memory},
		{"vkBindBufferMemory", (vulkan_fn)bind_memory},
		{"vkMapMemory", (vulkan_fn)map_memory},
		{"vkUnmapMemory", (vulkan_fn)unmap_memory},
	};

	(void)instance;
	if (fake_vulkan.lacks != NULL && strcmp(fake_vulkan.lacks, name) == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].fn;
	}
	return NULL;
}
