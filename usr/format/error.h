/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_ERROR_H
#define HEARTH_ERROR_H

/*
 * Why something was refused: an errno for programs and a sentence, without a
 * full stop, for people.
 */
struct error {
	int code;
	char text[512];
};

/*
 * Fills in @err; @code is positive. Control characters become "?", and what is
 * too long is cut. Returns -@code, for callers to return.
 */
__attribute__((format(printf, 3, 4)))
int error_set(struct error *err, int code, const char *fmt, ...);

#endif
