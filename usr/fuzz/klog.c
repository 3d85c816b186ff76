// SPDX-License-Identifier: GPL-2.0
/* Records of the kernel's log: any program may write them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/klog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), reason[32];

	memcpy(text, data, size);
	text[size] = '\0';
	klog_reason(text, NULL, NULL, reason, sizeof(reason));
	klog_reason(text, "254:0", "key", reason, sizeof(reason));
	if (klog_reason(text, "254:0", NULL, reason, sizeof(reason)) !=
		    KLOG_NONE &&
	    (strlen(reason) >= sizeof(reason) || strchr(reason, '\n')))
		abort();
	free(text);
	return 0;
}
