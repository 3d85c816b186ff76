// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "volume.h"

static const struct verb *const verbs[] = {
	&volume_create, &volume_open, &volume_close, &volume_list,
	&volume_status, &volume_rekey, &volume_rotate, &job_object, &slot_object,
	&device_object, &volume_resize, &volume_suspend, &volume_resume,
	&volume_adopt, &volume_upgrade, &volume_dump, &volume_check,
	&volume_regions, &header_object, &volume_boot, NULL,
};

const struct verb volume_object = {
	.name = "volume",
	.what = "encrypted block devices whose keys change while they are in use",
	.verbs = verbs,
	.help = "Each verb has a --help of its own. See hearth-volume(8).\n",
};
