/* SPDX-License-Identifier: GPL-2.0 */
/* Messages and status: what an administrator says and sees. */
#ifndef _HEARTH_REKEY_MESSAGE_H
#define _HEARTH_REKEY_MESSAGE_H

#include "volume.h"

int message_run(struct rekey_volume *v, unsigned int argc, char **argv);
void message_status(struct rekey_volume *v, char *result, unsigned int maxlen);

#endif /* _HEARTH_REKEY_MESSAGE_H */
