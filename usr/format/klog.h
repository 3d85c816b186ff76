/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_KLOG_H
#define HEARTH_KLOG_H

#include <stddef.h>

enum klog_rank {
	KLOG_NONE,	/* none of ours */
	KLOG_HINT,	/* may be about it, or only says that it failed */
	KLOG_REASON,
};

/*
 * The sentence in a record of /dev/kmsg (see the kernel's
 * Documentation/ABI/testing/dev-kmsg) with which the target "rekey" refused
 * something: into @text, cut to @size bytes. @number ("254:0") is the device's;
 * what is said of another one does not count; NULL: it is not known. @verb is
 * the first word of the message that was refused, and only what is said of it
 * counts; NULL: it was a table. @text is set unless the record is none of ours.
 *
 * Of several records the first one of the highest rank says why: what follows
 * is what it led to.
 */
enum klog_rank klog_reason(const char *record, const char *number,
			   const char *verb, char *text, size_t size);

#endif
