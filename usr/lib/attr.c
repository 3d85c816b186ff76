// SPDX-License-Identifier: GPL-2.0
#include <netlink/attr.h>

#include "attr.h"

uint32_t attr_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

uint64_t attr_u64(const struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

void attr_string(const struct nlattr *attr, char *text, size_t size)
{
	*text = '\0';
	if (attr)
		nla_strlcpy(text, attr, size);
}
