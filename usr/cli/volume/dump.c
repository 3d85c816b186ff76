// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/size.h"
#include "../../volume/area.h"
#include "../../volume/header.h"
#include "help.h"
#include "options.h"
#include "volume.h"

struct dump {
	struct header header;
	bool has_header;
	bool has_super;
	struct rekey_super super;
	struct rekey_slot_info slots[REKEY_SLOTS];
	const char *why;	/* not */
	bool has_label;
	struct page_label label;
};

/* --- reading --------------------------------------------------------------------- */

static int read_super(struct dump *d, const char *path, uint64_t offset,
		      struct error *err)
{
	char *page = disk_buffer(REKEY_PAGE);
	struct area area;
	struct disk disk;
	int ret;

	if (!page)
		abort();
	ret = disk_open(&disk, path, DISK_LOOK, err);
	if (!ret) {
		d->why = area_open(&area, &disk, offset);
		if (!d->why)
			d->why = area_slots(&area, d->slots);
		d->super = area.super;
		d->has_super = !d->why;
		d->has_label = !disk_read(&disk, offset * 512, page, REKEY_PAGE,
					  err) &&
			       page_label(page, &d->label);
		disk_close(&disk);
	}
	free(page);
	return ret;
}

static int look(struct dump *d, const char *path, const char *meta,
		struct error *err)
{
	struct error second;
	int ret = header_peek(&d->header, path, err);

	if (!ret) {
		d->has_header = true;
		/* a header in a file lies beside no metadata */
		if (meta || d->header.token.meta_offset)
			read_super(d, meta ?: path,
				   d->header.token.meta_offset, &second);
		return 0;
	}
	/* a device that holds data, or metadata whose header is elsewhere */
	if (read_super(d, path, 0, &second) || (!d->has_super && !d->has_label))
		return ret;
	return 0;
}

/* --- showing ----------------------------------------------------------------------- */

static void show_uuid(struct out *out, const char *fmt, const u8 *uuid)
{
	char text[2 * REKEY_UUID + 1];
	int i;

	for (i = 0; i < REKEY_UUID; i++)
		snprintf(text + 2 * i, 3, "%02x", uuid[i]);
	out_string(out, "map-uuid", fmt, text);
}

static void show_slots(struct out *out, const struct dump *d)
{
	const struct token *token = &d->header.token;
	const struct token_slot *s;

	out_array_begin(out, "slots");
	for (s = token->slots; s < token->slots + token->n_slots; s++) {
		out_object_begin(out, NULL);
		out_uint(out, "slot", "    slot %llu", s->slot);
		out_string(out, "user", " of %s", s->user);
		out_string(out, "role", ", %s", token_role(s));
		if (s->owner)
			out_uint(out, "keyslot", ", keyslot %llu", s->keyslot);
		out_string(out, "state", ", %s", token_state_name(s->state));
		if (s->owner && !header_has_key(&d->header, s->keyslot))
			out_bool(out, "missing-key", ", ITS KEYSLOT IS GONE",
				 true);
		if (d->has_super && d->slots[s->slot].state == REKEY_SLOT_FREE)
			out_bool(out, "unbound", ", not in the map", true);
		out_text(out, "\n");
		out_object_end(out);
	}
	out_array_end(out);
}

/* What the map has and the header has not, and the other way round. */
static void show_strays(struct out *out, const struct dump *d)
{
	struct token *token = (struct token *)&d->header.token;
	uint32_t i, s;

	out_array_begin(out, "missing-slots");
	for (i = 0; d->has_super && i < REKEY_SLOTS; i++)
		if (d->slots[i].state == REKEY_SLOT_USED && !token_slot(token, i))
			out_uint(out, NULL,
				 "    slot %llu is in the map, and NOT IN THE HEADER, which is an old copy\n",
				 i);
	out_array_end(out);
	out_array_begin(out, "stray-keyslots");
	for (i = 0; i <= TOKEN_KEYSLOT_MAX; i++) {
		for (s = 0; s < token->n_slots; s++)
			if (token->slots[s].owner &&
			    token->slots[s].keyslot == i)
				break;
		if (s == token->n_slots && header_has_key(&d->header, i))
			out_uint(out, NULL,
				 "    keyslot %llu belongs to no slot\n", i);
	}
	out_array_end(out);
}

static void show_marks(struct out *out, const struct token *token)
{
	if (token->job.set) {
		out_uint(out, "erase-after-rekey",
			 "    behind a rekey slot %llu is to be erased\n",
			 token->job.from);
	}
	out_bool(out, "adopted", "    device 0 was adopted\n", token->adopted);
	out_bool(out, "adoption-unfinished",
		 "    the adoption is not finished: open the volume once\n",
		 token->wipe);
}

static void show_header(struct out *out, const struct dump *d)
{
	const struct token *token = &d->header.token;
	char text[SIZE_TEXT];

	out_string(out, "uuid", " header of the volume %s\n", d->header.uuid);
	out_uint(out, "sectors", NULL, token->sectors);
	out_string(out, NULL, "    %s, ", size_text(token->sectors * 512, text));
	out_string(out, "cipher", "%s, ", token->cipher);
	out_uint(out, "key-bits", "%llu bits, ", token->key_size * 8ull);
	out_uint(out, "sector-size", "sectors of %llu bytes, ",
		 token->sector_size);
	out_uint(out, "region-size", NULL, token->region * 512ull);
	out_string(out, NULL, "regions of %s\n",
		   size_text(token->region * 512ull, text));
	out_bool(out, "allow-discards", "    discards are passed on\n",
		 token->discards);
	out_uint(out, "devices", "    %llu data devices", token->n_devices);
	out_uint(out, "meta-offset", ", metadata from sector %llu on\n",
		 token->meta_offset);
	show_slots(out, d);
	show_strays(out, d);
	show_marks(out, token);
}

static void show_super(struct out *out, const struct dump *d)
{
	const struct rekey_job *job = &d->super.job;

	show_uuid(out, d->has_header ? "    map %s" :
		  " metadata %s, whose header is elsewhere", d->super.uuid);
	out_uint(out, "version", ", version %llu", d->super.version);
	out_bool(out, "closed", ", closed", d->super.clean);
	out_text(out, d->super.clean ? "\n" :
		 ", not closed (it is open, or was not)\n");
	if (job->kind == REKEY_JOB_NONE)
		return;
	out_string(out, "job", "    it has a job: %s", job->kind ==
		   REKEY_JOB_REKEY ? "rekey" : "drain");
	out_uint(out, "from", " from %llu", job->from);
	out_uint(out, "to", " to %llu", job->to);
	out_bool(out, "paused", ", paused", job->state == REKEY_JOB_PAUSED);
	out_bool(out, "incomplete", ", incomplete: some regions cannot be moved",
		 job->state == REKEY_JOB_INCOMPLETE);
	out_text(out, "\n");
}

static void show(struct out *out, const char *path, const struct dump *d)
{
	out_object_begin(out, NULL);
	out_string(out, "path", "%s:", path);
	if (d->has_header)
		show_header(out, d);
	if (d->has_super)
		show_super(out, d);
	else if (d->has_header && d->why)
		out_string(out, "problem", "    no metadata: %s\n", d->why);
	if (!d->has_header && !d->has_super) {
		out_uint(out, "device", " data device %llu", d->label.number);
		show_uuid(out, " of the map %s", d->label.uuid);
		out_uint(out, "generation", ", generation %llu\n",
			 d->label.generation);
	}
	out_object_end(out);
}

static int run(struct run *run)
{
	struct dump *d = calloc(1, sizeof(*d));
	struct volume_options o;
	int ret = volume_options_devices(run, &o);
	struct error err;

	if (!d)
		abort();
	if (ret < 0) {
		ret = look(d, run->argv[0], o.meta, &err);
		if (!ret) {
			show(run->out, run->argv[0], d);
			if (d->has_header)
				header_close(&d->header);
		}
		ret = ret ? refused(&err) : EXIT_DONE;
	}
	free(d);
	return ret;
}

static const struct option options[] = { OPTION_META, { 0 } };

const struct verb volume_dump = {
	.name = "dump",
	.what = "show what a disk or a header file is to a volume",
	.synopsis = "DEVICE|FILE [--meta DEVICE]",
	.help =
	"Shows whether there is a volume's header, metadata or data, and of the header\n"
	"whose slots. Without a key: who can write to the disk can make it say anything.\n"
	"Nothing is written. (blkid calls the header crypto_LUKS, which it is.)\n"
	"\n"
	"  --meta DEVICE       where the metadata are, if the header is in a file\n",
	.options = options,
	.least = 1, .most = 1, .needs = "a device or a file",
	.run = run,
};
