/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects and verbs: a file a verb, which holds its name, its help and what it
 * does. An object is a list of verbs; one of them may be an object again
 * ("volume slot"). A name may be cut as long as it stays the only one.
 */
#ifndef HEARTH_VERB_H
#define HEARTH_VERB_H

#include <getopt.h>

#include "out.h"
#include "say.h"

struct run;

struct verb {
	const char *name;
	const char *what;	/* in a few words, for the list of its object */

	/* Of a verb. */
	const char *synopsis;	/* behind its name; may have several lines */
	const char *help;	/* what it does, and its options a line each */
	const struct option *options;	/* its own, or NULL */
	int least, most;	/* operands; most < 0: any number */
	const char *needs;	/* the same in words: "one server" */
	int (*run)(struct run *run);

	/* Of an object, ended by NULL. */
	const struct verb *const *verbs;
};

/* A verb as it was called. */
struct run {
	const struct verb *verb;
	struct out *out;
	int argc;
	char **argv;	/* from verb_option() == -1 on: the operands */
	int code;	/* what to exit with where verb_option() says '?' */
};

/*
 * The next of the verb's own options, as getopt_long() has it, with optarg; -1
 * behind the last, then the operands are as many as the verb takes. '?': all
 * has been said, and run->code is to be returned. -j, -p and -h are taken here.
 */
int verb_option(struct run *run);

/* Runs what argv[1] and the following name below @root. Returns an exit code. */
int verb_main(const struct verb *root, struct out *out, int argc, char **argv);

#endif
