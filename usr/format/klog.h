/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_KLOG_H
#define HEARTH_KLOG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The sentence in a record of /dev/kmsg (see the kernel's
 * Documentation/ABI/testing/dev-kmsg) with which the target "rekey" refused
 * something: into @text, cut to @size bytes. @number ("254:0") is the device's;
 * what is said of another one does not count; NULL: it is not known. Returns
 * false, with @text as it was, where the record is none of ours.
 */
bool klog_reason(const char *record, const char *number, char *text,
		 size_t size);

#endif
