// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

#define OPTIONS_MAX	64
#define OWN		256	/* on top of a verb's own, so that none is a letter */
#define PATH_SIZE	64	/* "volume slot assign" */

static const struct option common[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
};

#define N_COMMON	(sizeof(common) / sizeof(*common))

/* Of what is being run, "usb attach": there is one a process. */
static char path[PATH_SIZE];

static const char *path_text(void)
{
	return *path ? path : "hearth";
}

static void path_add(const char *name)
{
	size_t len = strlen(path);

	snprintf(path + len, sizeof(path) - len, "%s%s", len ? " " : "", name);
	say_command(path);
}

/* --- help ------------------------------------------------------------------ */

/* "hearth usb list HOST[:PORT]", and further lines below the first operand. */
static void print_synopsis(FILE *file, const char *indent, const char *name,
			   const struct verb *verb)
{
	const char *at = verb->synopsis ? verb->synopsis : "";
	int len = fprintf(file, "%shearth %s%s%s", indent, path,
			  *path && name ? " " : "", name ? name : "");

	for (;;) {
		size_t n = strcspn(at, "\n");

		if (n)
			fprintf(file, " %.*s", (int)n, at);
		fputc('\n', file);
		if (!at[n])
			return;
		at += n + 1;
		fprintf(file, "%*s", len, "");
	}
}

static void print_object(FILE *file, const struct verb *object)
{
	const struct verb *const *v;

	fprintf(file, "Usage: hearth [-j|-p] %s%s%s ...\n\n", path,
		*path ? " " : "", *path ? "VERB" : "OBJECT VERB");
	for (v = object->verbs; *v; v++) {
		if ((*v)->verbs || !*path)
			fprintf(file, "  hearth %s%s%s%s\n", path,
				*path ? " " : "", (*v)->name,
				(*v)->verbs ? " VERB ..." : " ...");
		else
			print_synopsis(file, "  ", (*v)->name, *v);
		fprintf(file, "      %s\n", (*v)->what);
	}
	if (object->help)
		fprintf(file, "\n%s", object->help);
}

static void print_verb(FILE *file, const struct verb *verb)
{
	print_synopsis(file, "Usage: ", NULL, verb);
	fprintf(file, "\n%s", verb->help);
	fputs("\n  -j, --json          print JSON\n"
	      "  -p, --pretty        print JSON for people\n", file);
}

static void print_help(FILE *file, const struct verb *verb)
{
	if (verb->verbs)
		print_object(file, verb);
	else
		print_verb(file, verb);
}

/* --- options ----------------------------------------------------------------- */

/* What getopt_long() did not like, where it stopped at @word. */
static int bad_option(const struct option *all, const char *word, int what)
{
	size_t len = strcspn(word, "=");
	int found = 0;

	if (what == ':')
		return usage("%s needs a value", word);
	if (optopt && !word[len])
		return usage("%s has no option -%c", path_text(), optopt);
	if (optopt)
		return usage("%.*s takes no value", (int)len, word);
	for (; all->name; all++)
		found += !strncmp(all->name, word + 2, len - 2);
	if (found)
		return usage("%.*s may be more than one option of %s", (int)len,
			     word, path_text());
	return usage("%s has no option %.*s", path_text(), (int)len, word);
}

/* Takes an option that each verb has. Returns false for another one. */
static bool take_common(struct out *out, int c)
{
	if (c != 'j' && c != 'p')
		return false;
	out->json = true;
	out->pretty |= c == 'p';
	return true;
}

static int take_operands(struct run *run)
{
	const struct verb *verb = run->verb;

	run->argc -= optind;
	run->argv += optind;
	if (run->argc >= verb->least &&
	    (verb->most < 0 || run->argc <= verb->most))
		return -1;
	run->code = usage("%s %s %s", path, run->argc < verb->least ? "needs" :
			  "takes", verb->needs);
	return '?';
}

int verb_option(struct run *run)
{
	struct option all[OPTIONS_MAX + N_COMMON + 1] = { 0 };
	const struct option *own = run->verb->options;
	size_t n = 0;
	int c;

	for (; own && own->name && n < OPTIONS_MAX; own++) {
		all[n] = *own;
		all[n++].val += OWN;
	}
	memcpy(all + n, common, sizeof(common));
	do {
		c = getopt_long(run->argc, run->argv, ":jph", all, NULL);
	} while (take_common(run->out, c));
	switch (c) {
	case -1:
		return take_operands(run);
	case 'h':
		print_help(stdout, run->verb);
		run->code = EXIT_DONE;
		return '?';
	case '?':
	case ':':
		run->code = bad_option(all, run->argv[optind - 1], c);
		return '?';
	default:
		return c - OWN;
	}
}

/* --- which verb ---------------------------------------------------------------- */

/* "list, attach, detach or ports"; those alone that begin with @prefix. */
static const char *name_list(const struct verb *object, const char *prefix,
			     const char *last, char *text, size_t size)
{
	const struct verb *const *v;
	size_t n = 0, i = 0, len = 0;

	*text = '\0';
	for (v = object->verbs; *v; v++)
		n += !strncmp((*v)->name, prefix, strlen(prefix));
	for (v = object->verbs; *v; v++) {
		if (strncmp((*v)->name, prefix, strlen(prefix)))
			continue;
		i++;
		len += (size_t)snprintf(text + len, size - len, "%s%s",
					i == 1 ? "" : i == n ? last : ", ",
					(*v)->name);
	}
	return text;
}

/* The verb that @word names, in full or as the only one that begins so. */
static const struct verb *find(const struct verb *object, const char *word)
{
	const struct verb *const *v, *found = NULL;
	const char *kind = *path ? "verb" : "object";
	char names[512];
	int n = 0;

	for (v = object->verbs; *v; v++) {
		if (!strcmp((*v)->name, word))
			return *v;
		if (*word && !strncmp((*v)->name, word, strlen(word))) {
			found = *v;
			n++;
		}
	}
	if (n == 1)
		return found;
	if (n)
		usage("\"%s\" may be %s", word,
		      name_list(object, word, " or ", names, sizeof(names)));
	else
		usage("%s%sno %s \"%s\": there %s %s", path,
		      *path ? " has " : "there is ", kind, word,
		      object->verbs[1] ? "are" : "is",
		      name_list(object, "", " and ", names, sizeof(names)));
	return NULL;
}

/* "help [OBJECT [VERB]]" */
static int help_main(const struct verb *root, int argc, char **argv)
{
	const struct verb *verb = root;
	int i;

	for (i = 1; i < argc; i++) {
		if (*argv[i] == '-')
			continue;
		if (!verb->verbs)
			return usage("%s has no verbs", path);
		verb = find(verb, argv[i]);
		if (!verb)
			return EXIT_USAGE;
		path_add(verb->name);
	}
	print_help(stdout, verb);
	return EXIT_DONE;
}

/* No verb where there has to be one. */
static int no_verb(const struct verb *object)
{
	char names[512];

	if (!*path) {
		print_help(stderr, object);
		return EXIT_USAGE;
	}
	return usage("%s needs a verb: %s", path,
		     name_list(object, "", " or ", names, sizeof(names)));
}

/* Takes what stands before the verb. Returns -1, or an exit code. */
static int object_options(const struct verb *object, struct out *out, int *argc,
			  char ***argv)
{
	struct option all[N_COMMON + 2] = { 0 };
	int c;

	memcpy(all, common, sizeof(common));
	if (!*path)
		all[N_COMMON] = (struct option){ "version", no_argument, NULL,
						 'V' };
	optind = 0;
	do {
		c = getopt_long(*argc, *argv, *path ? "+:jph" : "+:jphV", all,
				NULL);
	} while (take_common(out, c));
	switch (c) {
	case -1:
		*argc -= optind;
		*argv += optind;
		return -1;
	case 'h':
		print_help(stdout, object);
		return EXIT_DONE;
	case 'V':
		puts("hearth " HEARTH_VERSION);
		return EXIT_DONE;
	default:
		return bad_option(all, (*argv)[optind - 1], c);
	}
}

int verb_main(const struct verb *root, struct out *out, int argc, char **argv)
{
	const struct verb *verb = root;
	struct run run = { .out = out };
	int code;

	opterr = 0;
	while (verb->verbs) {
		code = object_options(verb, out, &argc, &argv);
		if (code >= 0)
			return code;
		if (!argc)
			return no_verb(verb);
		if (verb == root && !strcmp(argv[0], "help"))
			return help_main(root, argc, argv);
		verb = find(verb, argv[0]);
		if (!verb)
			return EXIT_USAGE;
		path_add(verb->name);
	}
	run.verb = verb;
	run.argc = argc;
	run.argv = argv;
	optind = 0;
	return verb->run(&run);
}
