// SPDX-License-Identifier: GPL-2.0
/*
 * Commits a fault when loaded, to prove that the harness sees it. For test
 * guests alone; it is built and loaded by nothing but selftests/harness.
 */

#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *fault = "none";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "oops, hang, warn, kasan, abba, atomic, leak or none");

/* Guard nothing: seed_abba() takes them in both orders. */
static DEFINE_MUTEX(seed_a);
static DEFINE_MUTEX(seed_b);
static DEFINE_SPINLOCK(seed_lock);

static noinline void seed_kasan(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[8], 1);
}

static noinline void seed_abba(void)
{
	mutex_lock(&seed_a);
	mutex_lock(&seed_b);
	mutex_unlock(&seed_b);
	mutex_unlock(&seed_a);

	mutex_lock(&seed_b);
	mutex_lock(&seed_a);
	mutex_unlock(&seed_a);
	mutex_unlock(&seed_b);
}

static noinline void seed_leak(void)
{
	int i;

	/* many: a stale pointer on a stack may hide one */
	for (i = 0; i < 16; i++) {
		void *p = kzalloc(300, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(p);
	}
}

static int __init seed_init(void)
{
	if (!strcmp(fault, "oops")) {
		int *p = NULL;

		OPTIMIZER_HIDE_VAR(p);
		WRITE_ONCE(*p, 1);
	} else if (!strcmp(fault, "hang")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	} else if (!strcmp(fault, "warn")) {
		WARN(1, "seeded\n");
	} else if (!strcmp(fault, "kasan")) {
		seed_kasan();
	} else if (!strcmp(fault, "abba")) {
		seed_abba();
	} else if (!strcmp(fault, "atomic")) {
		spin_lock(&seed_lock);
		msleep(20);
		spin_unlock(&seed_lock);
	} else if (!strcmp(fault, "leak")) {
		seed_leak();
	}
	return 0;
}
module_init(seed_init);

static void __exit seed_exit(void)
{
}
module_exit(seed_exit);

MODULE_DESCRIPTION("Seeded faults for the test harness of Hearth");
MODULE_LICENSE("GPL");
