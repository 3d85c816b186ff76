// SPDX-License-Identifier: GPL-2.0
/* The verbs of "hearth volume": how they are called, and their help. */
#include <stddef.h>

#include "volume.h"

struct volume_verb {
	struct verb verb;
	int (*main)(struct out *out, struct volume_options *o, int argc,
		    char **argv);
};

static int run_verb(struct run *run)
{
	const struct volume_verb *verb = (const struct volume_verb *)
		((const char *)run->verb - offsetof(struct volume_verb, verb));
	struct volume_options o;
	int ret = volume_options_read(run, &o);

	return ret < 0 ? verb->main(run->out, &o, run->argc, run->argv) : ret;
}

#define HELP_KEY \
	"  --key-file FILE     its bytes are the passphrase; - is standard input\n" \
	"  --key-fd N          the same of a file descriptor\n"
#define HELP_NEW_KEY \
	"  --new-key-file FILE\n" \
	"  --new-key-fd N      the same for the new passphrase\n"
#define HELP_COST \
	"  --pbkdf-memory KIB\n" \
	"  --pbkdf-iterations N\n" \
	"                      what a new keyslot costs who guesses passphrases\n"
#define HELP_HEADER \
	"  --header FILE       where the header is, if that has been forgotten\n"
#define HELP_CIPHER \
	"  --cipher CIPHER     as with dm-crypt (default: aes-xts-plain64)\n" \
	"  --key-size BITS     128 to 1024 (default: 512)\n" \
	"  --sector-size BYTES 512 or 4096 (default: 512)\n" \
	"  --iv-large-sectors  the IV counts sectors of that size\n"

/* --- create, open, close, adopt ----------------------------------------------- */

static const struct option create_options[] = { OPTIONS_FORMAT, { 0 } };

static const struct volume_verb create = {
	.main = volume_create,
	.verb = {
		.name = "create",
		.what = "make a volume of devices",
		.synopsis = "NAME DEVICE... [--meta DEVICE] [--header FILE]\n"
			    "[--user USER] [--size SIZE] [OPTION...]",
		.help =
		"Makes a volume and leaves it closed. With one device all is on it: header,\n"
		"metadata, data. What is there is lost; if it is something that is recognised,\n"
		"the command asks.\n"
		"\n"
		"  --meta DEVICE       header and metadata on a device of their own\n"
		"  --header FILE       the header in a new file; keep it well\n"
		"  --user USER         the first user (default: owner)\n"
		"  --size SIZE         of the volume: bytes, or with K, M, G or T\n"
		"  --region-size KIB   256 to 16384 (default: 1024)\n"
		HELP_CIPHER
		"  --allow-discards    pass discards on, whenever it is open\n"
		"  --force             overwrite without a question\n"
		HELP_KEY HELP_COST,
		.options = create_options,
		.least = 2, .most = 65, .needs = "a name and devices",
		.run = run_verb,
	},
};

static const struct option open_options[] = {
	OPTIONS_KEY, OPTION_META, OPTION_HEADER, OPTION_USER, OPTION_DISCARDS,
	OPTION_RATE, OPTION_FORCE, OPTION_FLAG("readonly", OPT_READONLY),
	OPTION_TEXT("without", OPT_WITHOUT), OPTION_TEXT("add", OPT_ADD), { 0 },
};

static const struct volume_verb open_verb = {
	.main = volume_open,
	.verb = {
		.name = "open",
		.what = "open a volume as /dev/mapper/NAME",
		.synopsis = "NAME DEVICE... [--user USER] [--readonly] [OPTION...]",
		.help =
		"Opens a volume with the keys of one user. The device with the header and the\n"
		"metadata comes first, or is named with --meta; the others may come in any order.\n"
		"\n"
		"  --meta DEVICE       the device with the header and the metadata\n"
		"  --header FILE       the header is in a file\n"
		"  --user USER         try the passphrase on the slots of this user alone\n"
		"  --readonly          change nothing; a job does not go on\n"
		"  --allow-discards    pass discards on, this time\n"
		"  --rate KIB          limit of a job, in KiB/s\n"
		"  --without NUMBER    without this data device\n"
		"  --add DEVICE        with a further data device, which is overwritten\n"
		"  --force             overwrite it without a question\n"
		HELP_KEY,
		.options = open_options,
		.least = 2, .most = 66, .needs = "a name and devices",
		.run = run_verb,
	},
};

static const struct volume_verb close_verb = {
	.main = volume_close,
	.verb = {
		.name = "close",
		.what = "close a volume",
		.synopsis = "NAME",
		.help = "Closes a volume. A job goes on when it is opened again.\n",
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct option adopt_options[] = {
	OPTIONS_FORMAT, OPTIONS_NEW_KEY, OPTION_YES,
	OPTION_TEXT("offset", OPT_OFFSET),
	OPTION_TEXT("header-backup", OPT_BACKUP),
	OPTION_FLAG("plain", OPT_PLAIN), OPTION_TEXT("hash", OPT_HASH), { 0 },
};

static const struct volume_verb adopt = {
	.main = volume_adopt,
	.verb = {
		.name = "adopt",
		.what = "make a LUKS or plain dm-crypt volume one of Hearth's",
		.synopsis = "NAME DEVICE... --meta DEVICE --header-backup FILE\n"
			    "[OPTION...]",
		.help =
		"The data stay where they are, under the key that they have. The header and the\n"
		"metadata go to another device; further devices give a rekey room.\n"
		"\n"
		"  --meta DEVICE       where header and metadata go\n"
		"  --header-backup FILE\n"
		"                      where the old LUKS header is kept\n"
		"  --header FILE       our header in a file\n"
		"  --user USER         the first user (default: owner)\n"
		"  --region-size KIB   256 to 16384 (default: 1024)\n"
		"  --allow-discards    pass discards on, whenever it is open\n"
		"  --force             overwrite without a question\n"
		"  --yes               adopt without a question\n"
		"  --plain             it is plain dm-crypt; then also:\n"
		"  --hash HASH         of its passphrase; without, the key file is the key\n"
		"  --offset SIZE       where its data begin\n"
		"  --size SIZE         of the volume\n"
		HELP_CIPHER HELP_KEY HELP_NEW_KEY HELP_COST,
		.options = adopt_options,
		.least = 2, .most = 65, .needs = "a name and devices",
		.run = run_verb,
	},
};

/* --- status, regions ------------------------------------------------------------ */

static const struct option header_options[] = { OPTION_HEADER, { 0 } };

static const struct volume_verb status = {
	.main = volume_show,
	.verb = {
		.name = "status",
		.what = "show one volume, or all that are open",
		.synopsis = "[NAME]",
		.help =
		"Shows slots and users, a job with its progress, rate and time left (measured\n"
		"for a second), the cipher's driver, and devices.\n"
		"\n"
		HELP_HEADER,
		.options = header_options,
		.most = 1, .needs = "a name or nothing",
		.run = run_verb,
	},
};

static const struct volume_verb regions = {
	.main = volume_regions,
	.verb = {
		.name = "regions",
		.what = "show which regions are under which slot, and where",
		.synopsis = "NAME",
		.help =
		"Shows the map: regions in a row that are under one slot and lie in a row are\n"
		"one line, with their device and the place there, in region sizes.\n",
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

/* --- jobs ------------------------------------------------------------------------ */

static const struct option rekey_options[] = {
	OPTIONS_KEY, OPTIONS_COST, OPTION_HEADER, OPTION_USER, OPTION_RATE,
	OPTION_WAIT, OPTION_TEXT("range", OPT_RANGE),
	OPTION_TEXT("from", OPT_FROM), OPTION_TEXT("to", OPT_TO), { 0 },
};

static const struct volume_verb rekey = {
	.main = volume_rekey,
	.verb = {
		.name = "rekey",
		.what = "give a user a new key, while the volume is in use",
		.synopsis = "NAME [--user USER] [--range FIRST COUNT] [--rate KIB]\n"
			    "[--wait] [OPTION...]",
		.help =
		"Makes a new random key, in a new slot under the same passphrase, and moves all\n"
		"regions to it. Behind the last one the old slot is erased: with --wait by this\n"
		"command, else by the next that is given the volume.\n"
		"\n"
		"  --user USER         whose; otherwise of whom the passphrase is\n"
		"  --range FIRST COUNT these regions alone; the user keeps both slots\n"
		"  --from SLOT         which is to be emptied, for a user of several\n"
		"  --to SLOT           into which; otherwise a new one\n"
		"  --rate KIB          limit in KiB/s\n"
		"  --wait              wait for the end; Ctrl-C ends the waiting, not the job\n"
		HELP_HEADER HELP_KEY HELP_COST,
		.options = rekey_options,
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct volume_verb pause_verb = {
	.main = volume_pause,
	.verb = {
		.name = "pause",
		.what = "hold a job, also over a close",
		.synopsis = "NAME",
		.help = "Holds the job of a volume until resume, also over a close.\n",
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct option wait_options[] = { OPTION_HEADER, OPTION_WAIT, { 0 } };

static const struct volume_verb resume = {
	.main = volume_resume,
	.verb = {
		.name = "resume",
		.what = "let a job go on, also after an error",
		.synopsis = "NAME [--wait]",
		.help =
		"Lets a job go on that was paused or has met an error.\n"
		"\n"
		"  --wait              wait for its end\n"
		HELP_HEADER,
		.options = wait_options,
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct volume_verb abort_verb = {
	.main = volume_abort,
	.verb = {
		.name = "abort",
		.what = "end a job where it is",
		.synopsis = "NAME",
		.help =
		"Ends a job. What has moved stays where it is, and both slots stay with the user.\n"
		"\n"
		HELP_HEADER,
		.options = header_options,
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct volume_verb rate = {
	.main = volume_rate,
	.verb = {
		.name = "rate",
		.what = "limit jobs to KIB KiB/s; 0: no limit",
		.synopsis = "NAME KIB",
		.help = "Limits jobs until the volume is closed. 0 KiB/s is no limit.\n",
		.least = 2, .most = 2, .needs = "a name and KiB/s",
		.run = run_verb,
	},
};

static const struct volume_verb evacuate = {
	.main = volume_evacuate,
	.verb = {
		.name = "evacuate",
		.what = "move all regions from one data device to another",
		.synopsis = "NAME FROM TO [--wait]",
		.help =
		"FROM and TO are numbers, as status shows them, or paths. No key is needed.\n"
		"Afterwards close the volume and open it --without FROM.\n"
		"\n"
		"  --wait              wait for the end\n"
		HELP_HEADER,
		.options = wait_options,
		.least = 3, .most = 3, .needs = "a name and two devices",
		.run = run_verb,
	},
};

/* --- slots ------------------------------------------------------------------------ */

static const struct volume_verb slot_list = {
	.main = volume_slot_list,
	.verb = {
		.name = "list",
		.what = "show slots, users and how much is under each",
		.synopsis = "NAME",
		.help = "Shows slots, users and how much is under each.\n\n" HELP_HEADER,
		.options = header_options,
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct option slot_add_options[] = {
	OPTIONS_KEY, OPTIONS_NEW_KEY, OPTIONS_COST, OPTION_HEADER, OPTION_USER,
	{ 0 },
};

static const struct volume_verb slot_add = {
	.main = volume_slot_add,
	.verb = {
		.name = "add",
		.what = "add a user with a new key",
		.synopsis = "NAME --user USER [OPTION...]",
		.help =
		"Adds a user with a new random key. It takes the passphrase of a user who is\n"
		"there, and the new one's.\n"
		"\n"
		"  --user USER         who is added\n"
		HELP_HEADER HELP_KEY HELP_NEW_KEY HELP_COST,
		.options = slot_add_options,
		.least = 1, .most = 1, .needs = "a name",
		.run = run_verb,
	},
};

static const struct volume_verb slot_assign = {
	.main = volume_slot_assign,
	.verb = {
		.name = "assign",
		.what = "give regions that were never written to a slot",
		.synopsis = "NAME FIRST COUNT USER|SLOT",
		.help =
		"Gives COUNT regions from FIRST on, none of them written, to a slot. New volumes\n"
		"belong to slot 0.\n"
		"\n"
		HELP_HEADER,
		.options = header_options,
		.least = 4, .most = 4,
		.needs = "a name, a first region, a count, and a user or slot",
		.run = run_verb,
	},
};

static const struct option slot_erase_options[] = {
	OPTION_HEADER, OPTION_YES, { 0 },
};

static const struct volume_verb slot_erase = {
	.main = volume_slot_erase,
	.verb = {
		.name = "erase",
		.what = "destroy a slot and all data under it",
		.synopsis = "NAME USER|SLOT [--yes]",
		.help =
		"Destroys a slot, its keyslot, and so all data under it. No passphrase brings\n"
		"them back, unless somebody has a copy of the header.\n"
		"\n"
		"  --yes               without a question\n"
		HELP_HEADER,
		.options = slot_erase_options,
		.least = 2, .most = 2, .needs = "a name, and a user or slot",
		.run = run_verb,
	},
};

static const struct option slot_unlock_options[] = {
	OPTIONS_KEY, OPTION_HEADER, { 0 },
};

static const struct volume_verb slot_unlock = {
	.main = volume_slot_unlock,
	.verb = {
		.name = "unlock",
		.what = "load the keys of a further user",
		.synopsis = "NAME USER [OPTION...]",
		.help =
		"Loads the keys of a user into an open volume.\n"
		"\n"
		HELP_HEADER HELP_KEY,
		.options = slot_unlock_options,
		.least = 2, .most = 2, .needs = "a name and a user",
		.run = run_verb,
	},
};

static const struct volume_verb slot_lock = {
	.main = volume_slot_lock,
	.verb = {
		.name = "lock",
		.what = "take the keys of a user away",
		.synopsis = "NAME USER",
		.help =
		"Takes the keys of a user away. Reading and writing what is under them fails\n"
		"until unlock; nobody else is disturbed.\n"
		"\n"
		HELP_HEADER,
		.options = header_options,
		.least = 2, .most = 2, .needs = "a name and a user",
		.run = run_verb,
	},
};

static const struct option slot_passwd_options[] = {
	OPTIONS_KEY, OPTIONS_NEW_KEY, OPTIONS_COST, OPTION_HEADER, { 0 },
};

static const struct volume_verb slot_passwd = {
	.main = volume_slot_passwd,
	.verb = {
		.name = "passwd",
		.what = "change a user's passphrase",
		.synopsis = "NAME USER [OPTION...]",
		.help =
		"Changes a user's passphrase. The key stays the same: rekey changes it.\n"
		"\n"
		HELP_HEADER HELP_KEY HELP_NEW_KEY HELP_COST,
		.options = slot_passwd_options,
		.least = 2, .most = 2, .needs = "a name and a user",
		.run = run_verb,
	},
};

static const struct verb *const slot_verbs[] = {
	&slot_list.verb, &slot_add.verb, &slot_assign.verb, &slot_erase.verb,
	&slot_unlock.verb, &slot_lock.verb, &slot_passwd.verb, NULL,
};

static const struct verb slot = {
	.name = "slot",
	.what = "the numbered keys of a volume, and whose they are",
	.verbs = slot_verbs,
};

static const struct verb *const verbs[] = {
	&create.verb, &open_verb.verb, &close_verb.verb, &status.verb,
	&regions.verb, &rekey.verb, &pause_verb.verb, &resume.verb,
	&abort_verb.verb, &rate.verb, &evacuate.verb, &adopt.verb, &slot, NULL,
};

const struct verb volume_object = {
	.name = "volume",
	.what = "encrypted block devices whose keys change while they are in use",
	.verbs = verbs,
	.help = "Each verb has a --help of its own. See hearth-volume(8).\n",
};
