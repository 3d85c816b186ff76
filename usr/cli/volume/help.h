/* SPDX-License-Identifier: GPL-2.0 */
/* What the help of several verbs says. */
#ifndef HEARTH_CLI_VOLUME_HELP_H
#define HEARTH_CLI_VOLUME_HELP_H

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
	"  --sector-size BYTES 512 or 4096 (default: what the devices have)\n" \
	"  --iv-large-sectors  the IV counts sectors of that size\n"
#define HELP_SIZES \
	"\nSizes are numbers with K, M, G, T or P (of 1024; MiB and m are M), with B for\n" \
	"bytes, or with s for sectors of 512 bytes; 1.5G is 1536M.\n"

#endif
