/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of "hearth volume": a file each, or an object of several. */
#ifndef HEARTH_CLI_VOLUME_H
#define HEARTH_CLI_VOLUME_H

#include "../verb.h"

extern const struct verb volume_object;

extern const struct verb volume_create, volume_open, volume_close, volume_list,
	volume_status, volume_dump, volume_check, volume_regions, volume_rekey,
	volume_adopt, volume_resize, volume_suspend, volume_resume, volume_boot,
	volume_upgrade, volume_rotate;

/* "volume job" */
extern const struct verb job_object;

/* "volume device" */
extern const struct verb device_object;

/* "volume header" */
extern const struct verb header_object;

/* "volume slot" */
extern const struct verb slot_object;
extern const struct verb slot_list_verb, slot_add_verb, slot_assign_verb,
	slot_erase_verb, slot_unlock_verb, slot_lock_verb, slot_passwd_verb,
	slot_role_verb;

#endif
