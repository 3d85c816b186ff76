// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "volume.h"

int volume_main(struct out *out, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(struct out *out, int argc, char **argv);
	} verbs[] = {
		{ "regions", volume_regions },
	};
	size_t i;

	if (argc < 2)
		return usage("volume needs a verb");
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].main(out, argc - 1, argv + 1);
	return usage("volume has no verb \"%s\"", argv[1]);
}
