// SPDX-License-Identifier: GPL-2.0
/* With all of a layer and of those below it this makes a program, or a call
 * goes upward. */
int main(void)
{
	return 0;
}
