/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of "hearth volume", and what they share. */
#ifndef HEARTH_CLI_VOLUME_H
#define HEARTH_CLI_VOLUME_H

#include "../../volume/volume.h"
#include "../verb.h"
#include "options.h"

extern const struct verb volume_object;

/* A verb gets its operands alone, as many as verbs.c says. */
int volume_create(struct out *out, struct volume_options *o, int argc,
		  char **argv);
int volume_open(struct out *out, struct volume_options *o, int argc,
		char **argv);
int volume_close(struct out *out, struct volume_options *o, int argc,
		 char **argv);
int volume_show(struct out *out, struct volume_options *o, int argc,
		char **argv);
int volume_rekey(struct out *out, struct volume_options *o, int argc,
		 char **argv);
int volume_pause(struct out *out, struct volume_options *o, int argc,
		 char **argv);
int volume_resume(struct out *out, struct volume_options *o, int argc,
		  char **argv);
int volume_abort(struct out *out, struct volume_options *o, int argc,
		 char **argv);
int volume_rate(struct out *out, struct volume_options *o, int argc,
		char **argv);
int volume_evacuate(struct out *out, struct volume_options *o, int argc,
		    char **argv);
int volume_regions(struct out *out, struct volume_options *o, int argc,
		   char **argv);
int volume_adopt(struct out *out, struct volume_options *o, int argc,
		 char **argv);
int volume_slot_list(struct out *out, struct volume_options *o, int argc,
		     char **argv);
int volume_slot_add(struct out *out, struct volume_options *o, int argc,
		    char **argv);
int volume_slot_assign(struct out *out, struct volume_options *o, int argc,
		       char **argv);
int volume_slot_erase(struct out *out, struct volume_options *o, int argc,
		      char **argv);
int volume_slot_unlock(struct out *out, struct volume_options *o, int argc,
		       char **argv);
int volume_slot_lock(struct out *out, struct volume_options *o, int argc,
		     char **argv);
int volume_slot_passwd(struct out *out, struct volume_options *o, int argc,
		       char **argv);

/* The passphrase that is there, of @user if not NULL; then keys_unlock(). */
int volume_unlock(struct keys *keys, struct header *header,
		  const struct volume_options *o, const char *user,
		  struct secret *pass, struct error *err);

/* A slot or a user on the command line: the slot's number, or -EINVAL. */
int volume_which_slot(const struct token *token, const char *text,
		      struct error *err);

/* Is something on a device that is to be overwritten? Then it has to be wanted. */
int volume_check_empty(const struct disk *disk, const struct volume_options *o,
		       struct error *err);

/* Sectors that the header and the metadata of @regions take, with room to grow. */
uint64_t volume_meta_room(uint64_t regions);

/* Waits for the job of @name with a line of its progress. Returns an exit code. */
int volume_wait(struct out *out, const char *name, const char *header_path);

/* "1.5 GiB" of sectors, "3:05" of seconds. */
const char *volume_size_text(uint64_t sectors, char text[static 32]);
const char *volume_time_text(uint64_t seconds, char text[static 32]);

#endif
