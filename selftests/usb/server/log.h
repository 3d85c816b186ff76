/* SPDX-License-Identifier: GPL-2.0 */
/* What the server was asked, for the test to read: a line an event. */
#ifndef LOG_H
#define LOG_H

/* Lines are appended to the file. Without this, none is kept. */
void log_open(const char *path);
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From now on also what is told by log_detail(). */
void log_details(void);
void log_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
