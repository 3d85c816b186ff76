/* SPDX-License-Identifier: GPL-2.0 */
/* Lies by chance. What the seed and the connection's number make is repeatable. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

#include "answer.h"

/* @permille of the answers are lies. */
void random_setup(uint64_t seed, unsigned int permille);

answer_lie random_answer;

#endif
