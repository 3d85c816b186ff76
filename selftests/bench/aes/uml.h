/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In the place of x86's asm/cpu_device_id.h for User Mode Linux, which knows the host's
 * processor by its flags alone and has no kernel state that vector registers would
 * disturb. Included first, it keeps the other one out.
 */
#ifndef _ASM_X86_CPU_DEVICE_ID
#define _ASM_X86_CPU_DEVICE_ID

#include <linux/mod_devicetable.h>
#include <asm/cpufeature.h>

#define X86_MATCH_FEATURE(bit, data)	{ .feature = (bit) }
/* Nothing but a speed depends on the model: none is known. */
#define X86_MATCH_VFM(model, data)	{ .feature = X86_FEATURE_ANY }

static inline const struct x86_cpu_id *
x86_match_cpu(const struct x86_cpu_id *id)
{
	for (; id->feature; id++)
		if (boot_cpu_has(id->feature))
			return id;
	return NULL;
}

#define XFEATURE_MASK_SSE	0
#define XFEATURE_MASK_YMM	0
#define XFEATURE_MASK_AVX512	0

static inline bool cpu_has_xfeatures(u64 mask, const char **name)
{
	return true;
}

#endif
