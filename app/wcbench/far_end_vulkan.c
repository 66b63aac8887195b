/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Runs the far end's shader by Vulkan, one short dispatch at a time. */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <app_clock.h>

#include "far_end.h"
#include "vulkan_calls.h"

/* Made from far_end.comp by the build. */
#include "far_end_clock_spirv.h"
#include "far_end_spirv.h"

/*
 * Invocations: at best one for each word of the burst, so that a look takes as long as one load.
 * More than that make its barriers slower. A renderer runs them one after the other.
 */
#define SIZES 3u
static const uint32_t sizes[SIZES] = {64, 256, 1024};

#define CALIBRATE_LINES FAR_END_LINES_MAX

/* What is called beside VULKAN_CALLS, without "vk". */
/* clang-format off */
#define SHADER_CALLS(call) \
	call(AllocateCommandBuffers) call(AllocateDescriptorSets) call(BeginCommandBuffer) \
	call(CmdBindDescriptorSets) call(CmdBindPipeline) call(CmdDispatch) \
	call(CmdPipelineBarrier) call(CmdPushConstants) call(CreateCommandPool) \
	call(CreateComputePipelines) call(CreateDescriptorPool) call(CreateDescriptorSetLayout) \
	call(CreateFence) call(CreatePipelineLayout) call(CreateShaderModule) \
	call(DestroyCommandPool) call(DestroyDescriptorPool) call(DestroyDescriptorSetLayout) \
	call(DestroyFence) call(DestroyPipeline) call(DestroyPipelineLayout) \
	call(DestroyShaderModule) call(EndCommandBuffer) call(GetFenceStatus) call(QueueSubmit) \
	call(ResetFences) call(UpdateDescriptorSets)
/* clang-format on */

#define SHADER_CALLS_MEMBER(name) PFN_vk##name name;

struct shader {
	struct vulkan *v;
	struct vulkan_buffer window, report;
	VkDescriptorSetLayout set_layout;
	VkDescriptorPool set_pool;
	VkDescriptorSet set;
	VkPipelineLayout layout;
	bool narrow;            /* workgroups of the smallest size */
	unsigned int pipelines; /* of sizes[] */
	VkPipeline pipeline[SIZES];
	VkCommandPool pool;
	VkCommandBuffer commands;
	VkFence fence;
	SHADER_CALLS(SHADER_CALLS_MEMBER)
};

static int
fail(VkResult result, const char *what, char *why, size_t why_bytes)
{
	if (result == VK_ERROR_DEVICE_LOST)
		snprintf(why, why_bytes,
			 "the device was lost (%s: VK_ERROR_DEVICE_LOST): the kernel's log says "
			 "why; try again when nobody else uses it",
			 what);
	else
		snprintf(why, why_bytes, "%s failed (%s): another device or driver would do", what,
			 vulkan_result_name(result));
	return vulkan_result_error(result);
}

#define DO(s, name, ...)                                                \
	do {                                                            \
		const VkResult done_ = (s)->name(__VA_ARGS__);          \
		if (done_ != VK_SUCCESS)                                \
			return fail(done_, "vk" #name, why, why_bytes); \
	} while (0)

/* ---- how far_end.c reaches it -------------------------------------------------------------- */

static VkPipeline
pipeline_for(const struct shader *s, unsigned int lines)
{
	unsigned int i = 0;

	while (i + 1 < s->pipelines && sizes[i] < lines * FAR_END_LINE_WORDS)
		i++;
	return s->pipeline[i];
}

static int
commands_record(struct shader *s, const struct far_end_order *order, char *why, size_t why_bytes)
{
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
		.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
	};
	/* What the shader wrote becomes the host's to read when the fence is signalled. */
	const VkMemoryBarrier end = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_HOST_READ_BIT,
	};

	DO(s, BeginCommandBuffer, s->commands, &begin);
	s->CmdBindPipeline(s->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
			   pipeline_for(s, order->lines));
	s->CmdBindDescriptorSets(s->commands, VK_PIPELINE_BIND_POINT_COMPUTE, s->layout, 0, 1,
				 &s->set, 0, NULL);
	s->CmdPushConstants(s->commands, s->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(*order),
			    order);
	s->CmdDispatch(s->commands, 1, 1, 1);
	s->CmdPipelineBarrier(s->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
			      VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &end, 0, NULL, 0, NULL);
	DO(s, EndCommandBuffer, s->commands);
	return 0;
}

static int
shader_start(void *ctx, const struct far_end_order *order, char *why, size_t why_bytes)
{
	struct shader *s = ctx;
	const VkSubmitInfo submit = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &s->commands,
	};
	const int ret = commands_record(s, order, why, why_bytes);

	if (ret != 0)
		return ret;
	DO(s, ResetFences, s->v->device, 1, &s->fence);
	DO(s, QueueSubmit, s->v->queue, 1, &submit, s->fence);
	return 0;
}

static int
shader_ended(void *ctx, char *why, size_t why_bytes)
{
	struct shader *s = ctx;
	const VkResult result = s->GetFenceStatus(s->v->device, s->fence);

	if (result == VK_NOT_READY)
		return 0;
	return result == VK_SUCCESS ? 1 : fail(result, "vkGetFenceStatus", why, why_bytes);
}

static void
shader_pause(void *ctx)
{
	(void)ctx;
	sched_yield(); /* a software renderer may want this CPU */
}

static double
shader_now_ns(void *ctx)
{
	(void)ctx;
	return app_now_ns();
}

/* ---- the pipeline -------------------------------------------------------------------------- */

static int
calls_find(struct shader *s, char *why, size_t why_bytes)
{
#define FIND(name)                                                                   \
	s->name = (PFN_vk##name)vulkan_find(s->v, "vk" #name);                       \
	if (s->name == NULL) {                                                       \
		snprintf(why, why_bytes,                                             \
			 "this Vulkan has no vk" #name ": another driver would do"); \
		return -ENOENT;                                                      \
	}
	SHADER_CALLS(FIND)
#undef FIND
	return 0;
}

static int
set_make(struct shader *s, char *why, size_t why_bytes)
{
	const VkDescriptorSetLayoutBinding bindings[] = {
		{0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
		{1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
	};
	const VkDescriptorSetLayoutCreateInfo layout = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = 2,
		.pBindings = bindings,
	};
	const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2};
	const VkDescriptorPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = 1,
		.poolSizeCount = 1,
		.pPoolSizes = &size,
	};
	VkDescriptorSetAllocateInfo set = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
		.pSetLayouts = &s->set_layout,
	};

	DO(s, CreateDescriptorSetLayout, s->v->device, &layout, NULL, &s->set_layout);
	DO(s, CreateDescriptorPool, s->v->device, &pool, NULL, &s->set_pool);
	set.descriptorPool = s->set_pool;
	DO(s, AllocateDescriptorSets, s->v->device, &set, &s->set);
	return 0;
}

static void
set_fill(struct shader *s)
{
	const VkDescriptorBufferInfo buffers[] = {
		{vulkan_buffer_handle(&s->window), 0, VK_WHOLE_SIZE},
		{vulkan_buffer_handle(&s->report), 0, VK_WHOLE_SIZE},
	};
	const VkWriteDescriptorSet write = {
		.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
		.dstSet = s->set,
		.descriptorCount = 2,
		.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
		.pBufferInfo = buffers,
	};

	s->UpdateDescriptorSets(s->v->device, 1, &write, 0, NULL);
}

/* Every Vulkan takes the smallest: no less than FAR_END_LINES_MAX, and half of what it must. */
static bool
size_fits(const struct shader *s, uint32_t size)
{
	VkPhysicalDeviceProperties p;

	s->v->GetPhysicalDeviceProperties(s->v->physical, &p);
	return size <= p.limits.maxComputeWorkGroupInvocations &&
	       size <= p.limits.maxComputeWorkGroupSize[0];
}

static int
pipelines_make(struct shader *s, VkShaderModule module, char *why, size_t why_bytes)
{
	VkSpecializationMapEntry entry = {.size = sizeof(sizes[0])};
	VkSpecializationInfo special = {1, &entry, sizeof(sizes), sizes};
	const VkComputePipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
			  .module = module,
			  .pName = "main",
			  .pSpecializationInfo = &special},
		.layout = s->layout,
	};

	for (unsigned int i = 0; i < SIZES; i++) {
		if (i > 0 && (s->narrow || !size_fits(s, sizes[i])))
			break;
		entry.offset = i * (uint32_t)sizeof(sizes[0]);
		DO(s, CreateComputePipelines, s->v->device, VK_NULL_HANDLE, 1, &info, NULL,
		   &s->pipeline[i]);
		s->pipelines++;
	}
	return 0;
}

static int
layout_make(struct shader *s, char *why, size_t why_bytes)
{
	const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
					   sizeof(struct far_end_order)};
	const VkPipelineLayoutCreateInfo layout = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pSetLayouts = &s->set_layout,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &range,
	};

	DO(s, CreatePipelineLayout, s->v->device, &layout, NULL, &s->layout);
	return 0;
}

static int
shader_load(struct shader *s, bool clock, char *why, size_t why_bytes)
{
	const VkShaderModuleCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.codeSize = clock ? sizeof(far_end_clock_spirv) : sizeof(far_end_spirv),
		.pCode = clock ? far_end_clock_spirv : far_end_spirv,
	};
	VkShaderModule module = VK_NULL_HANDLE;
	int ret;

	DO(s, CreateShaderModule, s->v->device, &info, NULL, &module);
	ret = pipelines_make(s, module, why, why_bytes);
	s->DestroyShaderModule(s->v->device, module, NULL);
	return ret;
}

static int
commands_make(struct shader *s, char *why, size_t why_bytes)
{
	const VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
		.queueFamilyIndex = s->v->family,
	};
	VkCommandBufferAllocateInfo buffer = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = 1,
	};
	const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	DO(s, CreateCommandPool, s->v->device, &pool, NULL, &s->pool);
	buffer.commandPool = s->pool;
	DO(s, AllocateCommandBuffers, s->v->device, &buffer, &s->commands);
	DO(s, CreateFence, s->v->device, &fence, NULL, &s->fence);
	return 0;
}

/* ---- memory -------------------------------------------------------------------------------- */

static int
buffers_make(struct shader *s, struct far_end *out)
{
	const struct vulkan_facts *f = vulkan_facts(s->v);
	int ret = vulkan_buffer_create(s->v, VULKAN_USE_PUSH_LIVE, FAR_END_WINDOW_BYTES, &s->window,
				       out->why, sizeof(out->why));

	if (ret != 0)
		return ret;
	ret = vulkan_buffer_create(s->v, VULKAN_USE_HOST_LIVE,
				   FAR_END_REPORT_WORDS * sizeof(uint32_t), &s->report, out->why,
				   sizeof(out->why));
	if (ret != 0)
		return ret;
	memset(s->report.addr, 0, s->report.bytes);
	out->window_flags = f->types[s->window.type].flags;
	out->report_flags = f->types[s->report.type].flags;
	if ((out->window_flags & VULKAN_TYPE_HOST_COHERENT) != 0)
		return 0;
	snprintf(out->why, sizeof(out->why),
		 "%s has no memory type for stores that is HOST_COHERENT, so a running dispatch "
		 "need not see them: another device or driver would do",
		 f->devices[f->device].name);
	return -ENOTSUP;
}

/* Nothing wider than 8 bytes is stored before it is known that nobody emulates the stores. */
static int
window_open(const struct shader *s, enum wcbar_type type, struct wcbar_window *win)
{
	struct wcbar_calibration cal;
	const int ret = wcbar_window_over(s->window.addr, FAR_END_WINDOW_BYTES,
					  type != WCBAR_TYPE_UNKNOWN ? type : WCBAR_TYPE_WC, win);

	return ret != 0 ? ret : wcbar_calibrate(win, CALIBRATE_LINES, &cal);
}

static int
shader_make(struct shader *s, struct far_end *out)
{
	int ret = calls_find(s, out->why, sizeof(out->why));

	if (ret == 0)
		ret = buffers_make(s, out);
	if (ret == 0)
		ret = set_make(s, out->why, sizeof(out->why));
	if (ret == 0)
		ret = layout_make(s, out->why, sizeof(out->why));
	if (ret == 0)
		ret = shader_load(s, out->clock, out->why, sizeof(out->why));
	if (ret == 0)
		ret = commands_make(s, out->why, sizeof(out->why));
	if (ret == 0)
		set_fill(s);
	return ret;
}

/* Vulkan destroys what is VK_NULL_HANDLE by doing nothing. */
static void
shader_destroy(struct shader *s)
{
	const VkDevice device = s->v->device;

	if (s->UpdateDescriptorSets != NULL) {
		s->DestroyFence(device, s->fence, NULL);
		s->DestroyCommandPool(device, s->pool, NULL);
		for (unsigned int i = 0; i < SIZES; i++)
			s->DestroyPipeline(device, s->pipeline[i], NULL);
		s->DestroyPipelineLayout(device, s->layout, NULL);
		s->DestroyDescriptorPool(device, s->set_pool, NULL);
		s->DestroyDescriptorSetLayout(device, s->set_layout, NULL);
	}
	vulkan_buffer_destroy(s->v, &s->report);
	vulkan_buffer_destroy(s->v, &s->window);
}

/* ---- what wcbench raw calls ---------------------------------------------------------------- */

/* Features that not every device has. */
struct features {
	VkPhysicalDeviceShaderClockFeaturesKHR clock;
	VkPhysicalDeviceCoherentMemoryFeaturesAMD coherent;
};

/* Which of them the chosen device has, as extensions too; all others are false. */
static void
features_read(const struct vulkan *v, struct features *f)
{
	PFN_vkGetPhysicalDeviceFeatures2 ask = (PFN_vkGetPhysicalDeviceFeatures2)vulkan_find(
		v, "vkGetPhysicalDeviceFeatures2");
	VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
	VkPhysicalDeviceProperties p;

	*f = (struct features){
		.clock.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CLOCK_FEATURES_KHR,
		.coherent.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COHERENT_MEMORY_FEATURES_AMD,
	};
	v->GetPhysicalDeviceProperties(v->physical, &p);
	if (ask == NULL || p.apiVersion < VK_API_VERSION_1_1)
		return;
	if (vulkan_has_extension(v, VK_KHR_SHADER_CLOCK_EXTENSION_NAME)) {
		f->clock.pNext = all.pNext;
		all.pNext = &f->clock;
	}
	if (vulkan_has_extension(v, VK_AMD_DEVICE_COHERENT_MEMORY_EXTENSION_NAME)) {
		f->coherent.pNext = all.pNext;
		all.pNext = &f->coherent;
	}
	ask(v->physical, &all);
	f->clock.shaderSubgroupClock = VK_FALSE; /* of one unit alone */
}

const struct vulkan_start *
far_end_start(const struct vulkan *v)
{
	static struct features f;
	static const char *extensions[3];
	static struct vulkan_start start;
	unsigned int n = 0;

	features_read(v, &f);
	start = (struct vulkan_start){.extensions = extensions};
	if (f.clock.shaderDeviceClock) {
		f.clock.pNext = NULL;
		start.next = &f.clock;
		extensions[n++] = VK_KHR_SHADER_CLOCK_EXTENSION_NAME;
	}
	if (f.coherent.deviceCoherentMemory) {
		f.coherent.pNext = (void *)(uintptr_t)start.next;
		start.next = &f.coherent;
		extensions[n++] = VK_AMD_DEVICE_COHERENT_MEMORY_EXTENSION_NAME;
	}
	extensions[n] = NULL;
	return &start;
}

static int
measure(struct shader *s, const struct far_end_options *o, struct far_end *out)
{
	struct far_end_io io = {
		.ctx = s,
		.start = shader_start,
		.ended = shader_ended,
		.pause = shader_pause,
		.now_ns = shader_now_ns,
		.renderer = out->kind == VULKAN_KIND_CPU,
	};
	int ret;

	if (!vulkan_facts(s->v)->compute) {
		snprintf(out->why, sizeof(out->why),
			 "%s takes no compute shaders: another device would do", out->device);
		return -ENOTSUP;
	}
	ret = shader_make(s, out);
	if (ret == 0)
		ret = window_open(s, o->type, &io.window);
	if (ret != 0)
		return ret;
	io.report = s->report.addr;
	return far_end_run(&io, o, out);
}

void
far_end_measure(struct vulkan *v, const struct far_end_options *o, struct far_end *out)
{
	const struct vulkan_facts *f = vulkan_facts(v);
	const enum vulkan_kind kind = f->devices[f->device].kind;
	struct shader s = {.v = v, .narrow = kind == VULKAN_KIND_CPU && !o->wide};
	struct features has;

	features_read(v, &has);
	*out = (struct far_end){.kind = kind, .clock = !o->no_clock && has.clock.shaderDeviceClock};
	snprintf(out->device, sizeof(out->device), "%s", f->devices[f->device].name);
	out->error = measure(&s, o, out);
	if (out->error == -ETIMEDOUT)
		vulkan_abandon(v);
	else
		shader_destroy(&s);
}
