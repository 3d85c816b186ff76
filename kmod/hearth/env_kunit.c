// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of envs: their states, who may what, and every end. Time is what the tests
 * set an env's own to.
 */
#include <kunit/test.h>
#include <linux/module.h>

/* It has no state outside of what it is given, so test a copy. */
#include "env.c"

struct env_fixture {
	struct env_table table;
	unsigned int told;
	u32 state;		/* of the last that was told */
	u32 reason;
	u32 id;			/* of the one that is asked for first */
};

static const struct env_policy env_asked = {
	.assurance = HEARTH_ASSURANCE_VM, .memory_mib = 512, .ttl_ms = 3600000,
	.building_ms = 60000, .admission_ms = 30000, .idle_ms = 10000,
};

static const struct env_caller user = {
	.net = &init_net, .portid = 1001, .uid = KUIDT_INIT(1000),
};

static const struct env_caller same_user = {
	.net = &init_net, .portid = 1002, .uid = KUIDT_INIT(1000),
};

static const struct env_caller stranger = {
	.net = &init_net, .portid = 1001, .uid = KUIDT_INIT(1001),
};

static const struct env_caller builder = {
	.net = &init_net, .portid = 2001, .admin = true,
};

static const struct env_caller other_builder = {
	.net = &init_net, .portid = 2002, .admin = true,
};

static void env_told(struct env_table *table, const struct env *env)
{
	struct env_fixture *f = container_of(table, struct env_fixture, table);

	f->told++;
	f->state = env->state;
	f->reason = env->reason;
}

static struct env_fixture *env_begin(struct kunit *test)
{
	struct env_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct workqueue_struct *wq = alloc_workqueue("env_kunit",
						      WQ_UNBOUND, 0);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_NULL(test, wq);
	envs_init(&f->table, wq, env_told);
	KUNIT_ASSERT_EQ(test, envs_new(&f->table, &user, &env_asked, &f->id, NULL), 0);
	return f;
}

static void env_fixture_end(struct env_fixture *f)
{
	struct workqueue_struct *wq = f->table.wq;

	envs_exit(&f->table);
	destroy_workqueue(wq);
}

static struct env *env_at(struct env_fixture *f)
{
	return xa_load(&f->table.ids, f->id);
}

static int env_admits(struct env_fixture *f, const struct env_caller *by, u32 given)
{
	return envs_ready(&f->table, by, f->id, given, "x", 1, NULL);
}

/* Up to @state, the usual way. */
static void env_bring_to(struct kunit *test, struct env_fixture *f, u32 state)
{
	if (state >= HEARTH_ENV_STATE_BUILDING)
		KUNIT_ASSERT_EQ(test, envs_claim(&f->table, &builder, f->id, NULL), 0);
	if (state >= HEARTH_ENV_STATE_READY)
		KUNIT_ASSERT_EQ(test, env_admits(f, &builder, HEARTH_ASSURANCE_VM), 0);
	if (state >= HEARTH_ENV_STATE_BUSY)
		KUNIT_ASSERT_EQ(test, envs_busy(&f->table, &builder, f->id, NULL), 0);
	if (state >= HEARTH_ENV_STATE_CLOSING)
		KUNIT_ASSERT_EQ(test, envs_close(&f->table, &user, f->id, false, NULL), 0);
	KUNIT_ASSERT_EQ(test, f->state, state);
}

static void env_whole_life(struct kunit *test)
{
	struct env_fixture *f = env_begin(test);

	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_ENV_STATE_REQUESTED);
	env_bring_to(test, f, HEARTH_ENV_STATE_READY);
	KUNIT_EXPECT_EQ(test, env_at(f)->admission_len, 1U);
	KUNIT_EXPECT_EQ(test, envs_busy(&f->table, &builder, f->id, NULL), 0);
	KUNIT_EXPECT_NULL_MSG(test, env_at(f)->admission, "it admits once");
	KUNIT_EXPECT_EQ(test, envs_idle(&f->table, &builder, f->id, NULL), 0);
	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_ENV_STATE_READY);
	KUNIT_EXPECT_EQ(test, envs_busy(&f->table, &builder, f->id, NULL), 0);
	KUNIT_EXPECT_EQ(test, envs_close(&f->table, &same_user, f->id, false, NULL), 0);
	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_ENV_STATE_CLOSING);
	KUNIT_EXPECT_EQ(test, envs_close(&f->table, &builder, f->id, false, NULL), 0);
	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_ENV_STATE_CLOSED);
	KUNIT_EXPECT_EQ(test, f->reason, (u32)HEARTH_ENV_REASON_REQUESTER);
	KUNIT_EXPECT_NULL(test, env_at(f));
	KUNIT_EXPECT_EQ(test, f->table.count, 0U);
	KUNIT_EXPECT_EQ(test, f->told, 8U);
	env_fixture_end(f);
}

/* Each operation in each state: what is taken, and what is refused and how. */
static void env_every_operation_in_every_state(struct kunit *test)
{
	static const struct {
		u32 state;
		int claim, ready, busy, idle, close;
	} table[] = {
		{ HEARTH_ENV_STATE_REQUESTED, 0, -EACCES, -EACCES, -EACCES, 0 },
		{ HEARTH_ENV_STATE_BUILDING, -EBUSY, 0, -EBUSY, -EBUSY, 0 },
		{ HEARTH_ENV_STATE_READY, -EBUSY, -EBUSY, 0, -EBUSY, 0 },
		{ HEARTH_ENV_STATE_BUSY, -EBUSY, -EBUSY, -EBUSY, 0, 0 },
		{ HEARTH_ENV_STATE_CLOSING, -EBUSY, -EBUSY, -EBUSY, -EBUSY, 0 },
	};
	struct env_fixture *f;
	int i, op, ret, want;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		for (op = 0; op < 5; op++) {
			f = env_begin(test);
			env_bring_to(test, f, table[i].state);
			switch (op) {
			case 0:
				want = table[i].claim;
				ret = envs_claim(&f->table, &builder, f->id, NULL);
				break;
			case 1:
				want = table[i].ready;
				ret = env_admits(f, &builder, HEARTH_ASSURANCE_TEE);
				break;
			case 2:
				want = table[i].busy;
				ret = envs_busy(&f->table, &builder, f->id, NULL);
				break;
			case 3:
				want = table[i].idle;
				ret = envs_idle(&f->table, &builder, f->id, NULL);
				break;
			default:
				want = table[i].close;
				ret = envs_close(&f->table, &user, f->id, false, NULL);
				break;
			}
			KUNIT_EXPECT_EQ_MSG(test, ret, want, "operation %d in state %u",
					    op, table[i].state);
			env_fixture_end(f);
		}
	}
}

static void env_others_may_not(struct kunit *test)
{
	struct env_fixture *f = env_begin(test);
	struct env_table *t = &f->table;
	unsigned long id = 0;

	KUNIT_EXPECT_EQ(test, envs_close(t, &stranger, f->id, false, NULL), -EACCES);
	KUNIT_EXPECT_EQ(test, envs_close(t, &user, f->id + 1, false, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, envs_close(t, &user, f->id, true, NULL), -EACCES);
	env_bring_to(test, f, HEARTH_ENV_STATE_BUILDING);
	KUNIT_EXPECT_EQ(test, env_admits(f, &other_builder, HEARTH_ASSURANCE_TEE), -EACCES);
	KUNIT_EXPECT_EQ(test, env_admits(f, &user, HEARTH_ASSURANCE_TEE), -EACCES);
	KUNIT_EXPECT_EQ(test, env_admits(f, &builder, HEARTH_ASSURANCE_PROCESS), -EINVAL);
	KUNIT_EXPECT_EQ(test, env_admits(f, &builder, HEARTH_ASSURANCE_VM), 0);
	KUNIT_EXPECT_EQ(test, envs_busy(t, &other_builder, f->id, NULL), -EACCES);

	mutex_lock(&t->lock);
	KUNIT_EXPECT_TRUE(test, env_is_requester(env_at(f), &user));
	KUNIT_EXPECT_FALSE(test, env_is_requester(env_at(f), &same_user));
	KUNIT_EXPECT_FALSE_MSG(test, env_is_requester(env_at(f), &stranger),
			       "another user's socket that has the number now");
	KUNIT_EXPECT_NULL(test, envs_next(t, &stranger, &id));
	id = 0;
	KUNIT_EXPECT_PTR_EQ(test, envs_next(t, &same_user, &id), env_at(f));
	id = 0;
	KUNIT_EXPECT_PTR_EQ(test, envs_next(t, &other_builder, &id), env_at(f));
	mutex_unlock(&t->lock);
	env_fixture_end(f);
}

/* Which state comes of it, and for what reason, when each socket is closed. */
static void env_sockets_close(struct kunit *test)
{
	static const struct {
		u32 state;
		u32 requester, requester_reason;
		u32 builder, builder_reason;
	} table[] = {
		{ HEARTH_ENV_STATE_REQUESTED,
		  HEARTH_ENV_STATE_CLOSED, HEARTH_ENV_REASON_REQUESTER_GONE,
		  HEARTH_ENV_STATE_REQUESTED, 0 },
		{ HEARTH_ENV_STATE_BUILDING,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_REQUESTER_GONE,
		  HEARTH_ENV_STATE_FAILED, HEARTH_ENV_REASON_ORCHESTRATOR_GONE },
		{ HEARTH_ENV_STATE_READY,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_REQUESTER_GONE,
		  HEARTH_ENV_STATE_FAILED, HEARTH_ENV_REASON_ORCHESTRATOR_GONE },
		{ HEARTH_ENV_STATE_BUSY,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_REQUESTER_GONE,
		  HEARTH_ENV_STATE_FAILED, HEARTH_ENV_REASON_ORCHESTRATOR_GONE },
		{ HEARTH_ENV_STATE_CLOSING,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_REQUESTER,
		  HEARTH_ENV_STATE_FAILED, HEARTH_ENV_REASON_REQUESTER },
	};
	struct env_fixture *f;
	int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		f = env_begin(test);
		env_bring_to(test, f, table[i].state);
		envs_socket_gone(&f->table, &init_net, 4711);
		KUNIT_EXPECT_EQ(test, f->state, table[i].state);
		envs_socket_gone(&f->table, &init_net, user.portid);
		KUNIT_EXPECT_EQ_MSG(test, f->state, table[i].requester, "%d", i);
		KUNIT_EXPECT_EQ_MSG(test, f->reason, table[i].requester_reason, "%d", i);
		env_fixture_end(f);

		f = env_begin(test);
		env_bring_to(test, f, table[i].state);
		envs_socket_gone(&f->table, &init_net, builder.portid);
		KUNIT_EXPECT_EQ_MSG(test, f->state, table[i].builder, "%d", i);
		KUNIT_EXPECT_EQ_MSG(test, f->reason, table[i].builder_reason, "%d", i);
		env_fixture_end(f);
	}
}

/* One socket for both, as a node that builds for itself has it. */
static void env_one_socket_for_both(struct kunit *test)
{
	static const struct env_caller both = {
		.net = &init_net, .portid = 3000, .admin = true,
	};
	struct env_fixture *f = env_begin(test);
	u32 id;

	KUNIT_ASSERT_EQ(test, envs_new(&f->table, &both, &env_asked, &id, NULL), 0);
	KUNIT_ASSERT_EQ(test, envs_claim(&f->table, &both, id, NULL), 0);
	envs_socket_gone(&f->table, &init_net, both.portid);
	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_ENV_STATE_FAILED);
	KUNIT_EXPECT_EQ(test, f->table.count, 1U);
	env_fixture_end(f);
}

/* Lets a limit of the first env be over: of what it does (true), or of its life. */
static void env_late(struct env_fixture *f, bool part)
{
	struct env *env = env_at(f);

	mutex_lock(&f->table.lock);
	if (part)
		env->part_end = jiffies - HZ;
	else
		env->life_end = jiffies - HZ;
	env_queue(&f->table, env);
	envs_expire(&f->table);
	mutex_unlock(&f->table.lock);
}

static void env_limits_of_time(struct kunit *test)
{
	static const struct {
		u32 state;
		bool part;
		u32 then;
		u32 reason;
	} table[] = {
		{ HEARTH_ENV_STATE_REQUESTED, true,
		  HEARTH_ENV_STATE_FAILED, HEARTH_ENV_REASON_BUILDING },
		{ HEARTH_ENV_STATE_REQUESTED, false,
		  HEARTH_ENV_STATE_CLOSED, HEARTH_ENV_REASON_LIFE },
		{ HEARTH_ENV_STATE_BUILDING, true,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_BUILDING },
		{ HEARTH_ENV_STATE_READY, true,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_ADMISSION },
		{ HEARTH_ENV_STATE_READY, false,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_LIFE },
		{ HEARTH_ENV_STATE_BUSY, true,
		  HEARTH_ENV_STATE_BUSY, 0 },
		{ HEARTH_ENV_STATE_BUSY, false,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_LIFE },
		{ HEARTH_ENV_STATE_CLOSING, false,
		  HEARTH_ENV_STATE_CLOSING, HEARTH_ENV_REASON_REQUESTER },
		{ HEARTH_ENV_STATE_CLOSING, true,
		  HEARTH_ENV_STATE_FAILED, HEARTH_ENV_REASON_REQUESTER },
	};
	struct env_fixture *f;
	int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		f = env_begin(test);
		env_bring_to(test, f, table[i].state);
		env_late(f, table[i].part);
		KUNIT_EXPECT_EQ_MSG(test, f->state, table[i].then, "%d", i);
		KUNIT_EXPECT_EQ_MSG(test, f->reason, table[i].reason, "%d", i);
		env_fixture_end(f);
	}

	f = env_begin(test);
	env_bring_to(test, f, HEARTH_ENV_STATE_BUSY);
	KUNIT_ASSERT_EQ(test, envs_idle(&f->table, &builder, f->id, NULL), 0);
	KUNIT_EXPECT_LE(test, env_expires_ms(env_at(f)), 11000U);
	env_late(f, true);
	KUNIT_EXPECT_EQ(test, f->reason, (u32)HEARTH_ENV_REASON_IDLE);
	/* what could not be built in time has failed, whoever takes it down */
	env_fixture_end(f);
	f = env_begin(test);
	env_bring_to(test, f, HEARTH_ENV_STATE_BUILDING);
	env_late(f, true);
	KUNIT_ASSERT_EQ(test, envs_close(&f->table, &builder, f->id, false, NULL), 0);
	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_ENV_STATE_FAILED);
	KUNIT_EXPECT_EQ(test, f->reason, (u32)HEARTH_ENV_REASON_BUILDING);
	env_fixture_end(f);
}

static void env_limits_of_a_user(struct kunit *test)
{
	struct env_fixture *f = env_begin(test);
	struct env_policy big = env_asked;
	u32 id, i;

	for (i = 1; i < HEARTH_ENVS_MAX_USER; i++)
		KUNIT_ASSERT_EQ(test, envs_new(&f->table, &same_user, &env_asked, &id, NULL), 0);
	KUNIT_EXPECT_EQ(test, envs_new(&f->table, &user, &env_asked, &id, NULL), -EDQUOT);
	big.memory_mib = HEARTH_ENV_MEMORY_MAX;
	KUNIT_EXPECT_EQ(test, envs_new(&f->table, &stranger, &big, &id, NULL), 0);
	KUNIT_EXPECT_EQ(test, envs_new(&f->table, &stranger, &env_asked, &id, NULL), -EDQUOT);
	KUNIT_EXPECT_EQ(test, envs_close(&f->table, &stranger, id, false, NULL), 0);
	KUNIT_EXPECT_EQ(test, envs_new(&f->table, &stranger, &env_asked, &id, NULL), 0);
	env_fixture_end(f);
}

static void env_table_is_full(struct kunit *test)
{
	struct env_fixture *f = env_begin(test);
	u32 id;

	f->table.count = HEARTH_ENVS_MAX;
	KUNIT_EXPECT_EQ(test, envs_new(&f->table, &stranger, &env_asked, &id, NULL), -ENOSPC);
	f->table.count = 1;
	KUNIT_EXPECT_EQ(test, envs_new(&f->table, &stranger, &env_asked, &id, NULL), 0);
	KUNIT_EXPECT_EQ(test, f->table.count, 2U);
	env_fixture_end(f);
}

static struct kunit_case env_cases[] = {
	KUNIT_CASE(env_whole_life),
	KUNIT_CASE(env_every_operation_in_every_state),
	KUNIT_CASE(env_others_may_not),
	KUNIT_CASE(env_sockets_close),
	KUNIT_CASE(env_one_socket_for_both),
	KUNIT_CASE(env_limits_of_time),
	KUNIT_CASE(env_limits_of_a_user),
	KUNIT_CASE(env_table_is_full),
	{}
};

static struct kunit_suite env_suite = {
	.name = "hearth-env",
	.test_cases = env_cases,
};

kunit_test_suite(env_suite);
