/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Loads Vulkan, chooses a device, and allocates memory there. */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_number.h>

#include "pci_link.h"
#include "vulkan_calls.h"

#define LIBRARY "libvulkan.so.1"
#define EXTENSIONS_MAX 1024u
#define FAMILIES_MAX 32u
#define ALIGN 64u

WC_PRINTF(4, 5)
static int
say(int error, char *why, size_t why_bytes, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, why_bytes, format, ap);
	va_end(ap);
	return error;
}

const char *
vulkan_result_name(VkResult result)
{
	static char number[32];

	switch (result) {
	case VK_SUCCESS:
		return "VK_SUCCESS";
	case VK_NOT_READY:
		return "VK_NOT_READY";
	case VK_TIMEOUT:
		return "VK_TIMEOUT";
	case VK_ERROR_OUT_OF_HOST_MEMORY:
		return "VK_ERROR_OUT_OF_HOST_MEMORY";
	case VK_ERROR_OUT_OF_DEVICE_MEMORY:
		return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
	case VK_ERROR_INITIALIZATION_FAILED:
		return "VK_ERROR_INITIALIZATION_FAILED";
	case VK_ERROR_DEVICE_LOST:
		return "VK_ERROR_DEVICE_LOST";
	case VK_ERROR_MEMORY_MAP_FAILED:
		return "VK_ERROR_MEMORY_MAP_FAILED";
	case VK_ERROR_EXTENSION_NOT_PRESENT:
		return "VK_ERROR_EXTENSION_NOT_PRESENT";
	case VK_ERROR_FEATURE_NOT_PRESENT:
		return "VK_ERROR_FEATURE_NOT_PRESENT";
	case VK_ERROR_INCOMPATIBLE_DRIVER:
		return "VK_ERROR_INCOMPATIBLE_DRIVER";
	default:
		snprintf(number, sizeof(number), "VkResult %d", (int)result);
		return number;
	}
}

int
vulkan_result_error(VkResult result)
{
	return result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY
		       ? -ENOMEM
		       : -EIO;
}

/* ---- the library --------------------------------------------------------------------------- */

vulkan_fn
vulkan_find(const struct vulkan *v, const char *name)
{
	return v->get(v->instance, name);
}

/* A driver keeps what it compiled in the user's home. A run leaves nothing there. */
static void
caches_off(void)
{
	(void)setenv("MESA_SHADER_CACHE_DISABLE", "true", 0);
	(void)setenv("__GL_SHADER_DISK_CACHE", "0", 0); /* NVIDIA's */
}

/* The library stays loaded: drivers of GPUs leave threads behind that would run without their code.
 */
static int
library_load(struct vulkan *v, const struct vulkan_options *o, char *why, size_t why_bytes)
{
	const char *name = o->library != NULL ? o->library : LIBRARY;
	void *library;

	v->get = o->get;
	if (v->get != NULL)
		return 0;
	library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return say(-ENOENT, why, why_bytes,
			   "no Vulkan: %s; Debian's libvulkan1 has it, and mesa-vulkan-drivers or "
			   "the GPU vendor's package the driver",
			   dlerror());
	*(void **)&v->get = dlsym(library, "vkGetInstanceProcAddr");
	if (v->get == NULL)
		return say(-ENOENT, why, why_bytes,
			   "%s has no vkGetInstanceProcAddr: it is no Vulkan loader", name);
	return 0;
}

/* 1.1 where the loader has it: what names the PCI device came with it. */
static uint32_t
api_version(const struct vulkan *v)
{
	PFN_vkEnumerateInstanceVersion ask = (PFN_vkEnumerateInstanceVersion)vulkan_find(
		v, "vkEnumerateInstanceVersion");
	uint32_t has = VK_API_VERSION_1_0;

	if (ask == NULL || ask(&has) != VK_SUCCESS)
		return VK_API_VERSION_1_0;
	return has >= VK_API_VERSION_1_2 ? VK_API_VERSION_1_2 : has;
}

static int
calls_find(struct vulkan *v, char *why, size_t why_bytes)
{
#define FIND(name)                                                    \
	v->name = (PFN_vk##name)vulkan_find(v, "vk" #name);           \
	if (v->name == NULL)                                          \
		return say(-ENOENT, why, why_bytes,                   \
			   "this Vulkan has no vk" #name ": another " \
			   "driver or libvulkan would do");
	VULKAN_CALLS(FIND)
#undef FIND
	v->GetPhysicalDeviceProperties2 = (PFN_vkGetPhysicalDeviceProperties2)vulkan_find(
		v, "vkGetPhysicalDeviceProperties2");
	return 0;
}

static int
instance_create(struct vulkan *v, char *why, size_t why_bytes)
{
	const VkApplicationInfo app = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.pApplicationName = "wcbench",
		.apiVersion = api_version(v),
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &app,
	};
	PFN_vkCreateInstance create = (PFN_vkCreateInstance)vulkan_find(v, "vkCreateInstance");
	VkResult result = create != NULL ? create(&info, NULL, &v->instance)
					 : VK_ERROR_INITIALIZATION_FAILED;

	if (result == VK_SUCCESS)
		return calls_find(v, why, why_bytes);
	v->instance = NULL;
	return say(-ENODEV, why, why_bytes,
		   "libvulkan finds no driver that works (%s): install mesa-vulkan-drivers or the "
		   "GPU vendor's, and see that VK_ICD_FILENAMES and VK_DRIVER_FILES name none "
		   "that is not there",
		   vulkan_result_name(result));
}

/* ---- devices ------------------------------------------------------------------------------- */

static bool
extension_is_there(const struct vulkan *v, VkPhysicalDevice device, const char *name)
{
	uint32_t n = EXTENSIONS_MAX;
	VkExtensionProperties *list = calloc(n, sizeof(*list));
	bool found = false;

	if (list == NULL)
		return false;
	if (v->EnumerateDeviceExtensionProperties(device, NULL, &n, list) >= 0) {
		for (uint32_t i = 0; i < n && !found; i++)
			found = strcmp(list[i].extensionName, name) == 0;
	}
	free(list);
	return found;
}

static void
bdf_read(const struct vulkan *v, VkPhysicalDevice device, struct vulkan_device *d)
{
	VkPhysicalDevicePCIBusInfoPropertiesEXT pci = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
	VkPhysicalDeviceDrmPropertiesEXT drm = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT};
	VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};

	if (extension_is_there(v, device, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME)) {
		p.pNext = &pci;
		v->GetPhysicalDeviceProperties2(device, &p);
		snprintf(d->bdf, sizeof(d->bdf), "%04x:%02x:%02x.%x", pci.pciDomain & 0xffffff,
			 pci.pciBus & 0xff, pci.pciDevice & 0x1f, pci.pciFunction & 7);
	} else if (extension_is_there(v, device, VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME)) {
		p.pNext = &drm;
		v->GetPhysicalDeviceProperties2(device, &p);
		if (drm.hasRender)
			(void)pci_of_device_file(NULL, (unsigned int)drm.renderMajor,
						 (unsigned int)drm.renderMinor, d->bdf);
		else if (drm.hasPrimary)
			(void)pci_of_device_file(NULL, (unsigned int)drm.primaryMajor,
						 (unsigned int)drm.primaryMinor, d->bdf);
	}
}

static void
driver_read(const struct vulkan *v, VkPhysicalDevice device, uint32_t api, struct vulkan_device *d)
{
	VkPhysicalDeviceDriverProperties driver = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
	VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
					 .pNext = &driver};

	if (api < VK_API_VERSION_1_2 &&
	    !extension_is_there(v, device, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
		return;
	v->GetPhysicalDeviceProperties2(device, &p);
	snprintf(d->driver, sizeof(d->driver), "%.100s %.100s", driver.driverName,
		 driver.driverInfo);
}

static void
device_read(const struct vulkan *v, VkPhysicalDevice device, unsigned int index,
	    struct vulkan_device *d)
{
	VkPhysicalDeviceProperties p;

	v->GetPhysicalDeviceProperties(device, &p);
	*d = (struct vulkan_device){
		.index = index, .kind = VULKAN_KIND_OTHER, .vendor = p.vendorID, .id = p.deviceID};
	if (p.deviceType <= VK_PHYSICAL_DEVICE_TYPE_CPU)
		d->kind = (enum vulkan_kind)p.deviceType;
	snprintf(d->name, sizeof(d->name), "%.*s", (int)sizeof(p.deviceName) - 1, p.deviceName);
	snprintf(d->api, sizeof(d->api), "%u.%u.%u", VK_API_VERSION_MAJOR(p.apiVersion),
		 VK_API_VERSION_MINOR(p.apiVersion), VK_API_VERSION_PATCH(p.apiVersion));
	if (v->GetPhysicalDeviceProperties2 == NULL || p.apiVersion < VK_API_VERSION_1_1)
		return;
	bdf_read(v, device, d);
	driver_read(v, device, p.apiVersion, d);
}

static int
devices_read(struct vulkan *v, char *why, size_t why_bytes)
{
	uint32_t n = VULKAN_DEVICES_MAX;
	VkResult result = v->EnumeratePhysicalDevices(v->instance, &n, v->all);

	if (result < 0)
		return say(-ENODEV, why, why_bytes,
			   "Vulkan cannot list its devices (%s): see that this user may open "
			   "/dev/dri/renderD* (group render)",
			   vulkan_result_name(result));
	for (uint32_t i = 0; i < n; i++)
		device_read(v, v->all[i], i, &v->facts.devices[i]);
	v->facts.n_devices = n;
	if (n > 0)
		return 0;
	return say(-ENODEV, why, why_bytes,
		   "Vulkan has no device: install the GPU's driver, or mesa-vulkan-drivers for a "
		   "software renderer, and see that this user may open /dev/dri/renderD* (group "
		   "render)");
}

/* The first of each kind, the best kind first. */
static unsigned int
device_default(const struct vulkan_facts *f)
{
	static const enum vulkan_kind best[] = {VULKAN_KIND_DISCRETE, VULKAN_KIND_INTEGRATED,
						VULKAN_KIND_VIRTUAL, VULKAN_KIND_CPU};

	for (size_t k = 0; k < sizeof(best) / sizeof(best[0]); k++) {
		for (unsigned int i = 0; i < f->n_devices; i++) {
			if (f->devices[i].kind == best[k])
				return i;
		}
	}
	return 0;
}

static bool
device_is(const struct vulkan_device *d, const char *text)
{
	char bdf[APP_PCI_ADDRESS_BYTES];
	uint64_t index;

	if (app_number(text, 0, UINT32_MAX, &index))
		return index == d->index;
	if (app_pci_address(text, bdf))
		return strcmp(bdf, d->bdf) == 0;
	return strcasestr(d->name, text) != NULL;
}

/* "0 NVIDIA H200, 1 llvmpipe" */
static const char *
devices_list(const struct vulkan_facts *f, char *text, size_t bytes)
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < f->n_devices && n < bytes; i++)
		n += (size_t)snprintf(text + n, bytes - n, "%s%zu %.60s", i > 0 ? ", " : "", i,
				      f->devices[i].name);
	return text;
}

static int
device_choose(struct vulkan_facts *f, const char *text, char *why, size_t why_bytes)
{
	char list[512];
	size_t hits = 0;

	if (text == NULL) {
		f->device = device_default(f);
		return 0;
	}
	for (unsigned int i = 0; i < f->n_devices; i++) {
		if (device_is(&f->devices[i], text) && hits++ == 0)
			f->device = i;
	}
	if (hits == 1)
		return 0;
	return say(-ENODEV, why, why_bytes,
		   "%s '%s': expected an index, a PCI address or a part of one name of: %s",
		   hits == 0 ? "Vulkan has no device" : "several devices of Vulkan fit", text,
		   devices_list(f, list, sizeof(list)));
}

static void
types_read(struct vulkan *v)
{
	VkPhysicalDeviceMemoryProperties m;

	v->GetPhysicalDeviceMemoryProperties(v->physical, &m);
	v->facts.n_types = m.memoryTypeCount < VULKAN_TYPES_MAX ? m.memoryTypeCount
								: VULKAN_TYPES_MAX;
	for (size_t i = 0; i < v->facts.n_types; i++) {
		const uint32_t heap = m.memoryTypes[i].heapIndex;

		v->facts.types[i] = (struct vulkan_type){
			.flags = m.memoryTypes[i].propertyFlags,
			.heap = heap,
			.heap_bytes = heap < VK_MAX_MEMORY_HEAPS ? m.memoryHeaps[heap].size : 0,
		};
	}
}

/* ---- open and close ------------------------------------------------------------------------ */

int
vulkan_open(const struct vulkan_options *o, struct vulkan **v, char *why, size_t why_bytes)
{
	struct vulkan *made = calloc(1, sizeof(*made));
	int ret;

	*v = NULL;
	if (made == NULL)
		return say(-ENOMEM, why, why_bytes, "no memory");
	caches_off();
	ret = library_load(made, o, why, why_bytes);
	if (ret == 0)
		ret = instance_create(made, why, why_bytes);
	if (ret == 0)
		ret = devices_read(made, why, why_bytes);
	if (ret == 0)
		ret = device_choose(&made->facts, o->device, why, why_bytes);
	if (ret != 0) {
		vulkan_close(made);
		return ret;
	}
	made->physical = made->all[made->facts.device];
	types_read(made);
	*v = made;
	return 0;
}

void
vulkan_close(struct vulkan *v)
{
	if (v == NULL)
		return;
	if (v->device != NULL)
		v->DestroyDevice(v->device, NULL);
	if (v->instance != NULL && v->DestroyInstance != NULL)
		v->DestroyInstance(v->instance, NULL);
	free(v);
}

void
vulkan_abandon(struct vulkan *v)
{
	v->device = NULL;
	v->instance = NULL;
}

const struct vulkan_facts *
vulkan_facts(const struct vulkan *v)
{
	return &v->facts;
}

bool
vulkan_has_extension(const struct vulkan *v, const char *name)
{
	return extension_is_there(v, v->physical, name);
}

/* ---- the logical device -------------------------------------------------------------------- */

static void
family_choose(struct vulkan *v)
{
	VkQueueFamilyProperties f[FAMILIES_MAX];
	uint32_t n = FAMILIES_MAX;
	bool only = false;

	v->GetPhysicalDeviceQueueFamilyProperties(v->physical, &n, f);
	v->family = 0;
	v->facts.compute = false;
	for (uint32_t i = 0; i < n; i++) {
		const bool computes = (f[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0;
		const bool draws = (f[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0;

		if (f[i].queueCount == 0 || !computes || only || (v->facts.compute && draws))
			continue;
		v->family = i;
		v->facts.compute = true;
		only = !draws;
	}
}

int
vulkan_start(struct vulkan *v, const struct vulkan_start *start, char *why, size_t why_bytes)
{
	const float priority = 1;
	VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
	};
	VkResult result;

	family_choose(v);
	queue.queueFamilyIndex = v->family;
	if (start != NULL) {
		info.pNext = start->next;
		info.ppEnabledExtensionNames = start->extensions;
		while (start->extensions != NULL &&
		       start->extensions[info.enabledExtensionCount] != NULL)
			info.enabledExtensionCount++;
	}
	result = v->CreateDevice(v->physical, &info, NULL, &v->device);
	if (result != VK_SUCCESS) {
		v->device = NULL;
		return say(vulkan_result_error(result), why, why_bytes,
			   "%s cannot be used (%s): see that this user may open /dev/dri/renderD* "
			   "(group render), and that its driver fits the kernel's",
			   v->facts.devices[v->facts.device].name, vulkan_result_name(result));
	}
	v->GetDeviceQueue(v->device, v->family, 0, &v->queue);
	return 0;
}

/* ---- memory -------------------------------------------------------------------------------- */

static int
memory_map(struct vulkan *v, uint64_t bytes, struct vulkan_buffer *b, char *why, size_t why_bytes)
{
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.allocationSize = bytes,
		.memoryTypeIndex = b->type,
	};
	VkDeviceMemory memory = VK_NULL_HANDLE;
	VkResult result = v->AllocateMemory(v->device, &info, NULL, &memory);

	if (result != VK_SUCCESS)
		return say(vulkan_result_error(result), why, why_bytes,
			   "%s gives no %" PRIu64 " bytes of memory type %u (%s)",
			   v->facts.devices[v->facts.device].name, bytes, b->type,
			   vulkan_result_name(result));
	b->memory = (uintptr_t)memory;
	result = v->BindBufferMemory(v->device, vulkan_buffer_handle(b), memory, 0);
	if (result == VK_SUCCESS)
		result = v->MapMemory(v->device, memory, 0, VK_WHOLE_SIZE, 0, &b->addr);
	if (result != VK_SUCCESS) {
		b->addr = NULL;
		return say(vulkan_result_error(result), why, why_bytes,
			   "memory type %u of %s cannot be mapped (%s)", b->type,
			   v->facts.devices[v->facts.device].name, vulkan_result_name(result));
	}
	if ((uintptr_t)b->addr % ALIGN != 0)
		return say(-ENOTSUP, why, why_bytes,
			   "memory type %u is mapped at %p, which is no multiple of %u", b->type,
			   b->addr, ALIGN);
	return 0;
}

int
vulkan_buffer_create(struct vulkan *v, enum vulkan_use use, uint64_t bytes, struct vulkan_buffer *b,
		     char *why, size_t why_bytes)
{
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = bytes,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
			 VK_BUFFER_USAGE_TRANSFER_DST_BIT,
		.sharingMode = VK_SHARING_MODE_EXCLUSIVE,
	};
	VkMemoryRequirements need;
	VkBuffer buffer = VK_NULL_HANDLE;
	VkResult result;
	int ret;

	*b = (struct vulkan_buffer){0};
	result = v->CreateBuffer(v->device, &info, NULL, &buffer);
	if (result != VK_SUCCESS)
		return say(vulkan_result_error(result), why, why_bytes,
			   "%s makes no buffer of %" PRIu64 " bytes (%s)",
			   v->facts.devices[v->facts.device].name, bytes,
			   vulkan_result_name(result));
	b->buffer = (uintptr_t)buffer;
	b->bytes = bytes;
	v->GetBufferMemoryRequirements(v->device, buffer, &need);
	ret = vulkan_type_choose(&v->facts, need.memoryTypeBits, use, why, why_bytes);
	if (ret >= 0) {
		b->type = (unsigned int)ret;
		ret = memory_map(v, need.size, b, why, why_bytes);
	}
	if (ret != 0)
		vulkan_buffer_destroy(v, b);
	return ret;
}

void
vulkan_buffer_destroy(struct vulkan *v, struct vulkan_buffer *b)
{
	VkDeviceMemory memory = (VkDeviceMemory)(uintptr_t)b->memory;

	if (v->device == NULL) /* abandoned */
		return;
	if (b->addr != NULL)
		v->UnmapMemory(v->device, memory);
	if (b->buffer != 0)
		v->DestroyBuffer(v->device, vulkan_buffer_handle(b), NULL);
	if (b->memory != 0)
		v->FreeMemory(v->device, memory, NULL);
	*b = (struct vulkan_buffer){0};
}
