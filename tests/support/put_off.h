/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * put_off: what an actor puts aside, and what is said later; a part of
 * everything.h, which includes it behind its messages and who counts them.
 */
#ifndef TROUPE_TESTS_SUPPORT_PUT_OFF_H
#define TROUPE_TESTS_SUPPORT_PUT_OFF_H

static void
on_add_aside(struct troupe_self *self, void *state, const struct add *add)
{
    const int64_t *is_open = state;
    troupe_err err = *is_open != 0 ? TROUPE_E_STASH_FULL : troupe_stash(self);

    (void)add;
    note(err == TROUPE_E_STASH_FULL ? TROUPE_OK : err);
    atomic_fetch_add(&seen.handled_count, err != TROUPE_OK);
}

/* Without memory for the behaviour it goes on with the one that it has. */
static void
on_open(struct troupe_self *self, void *state, const struct flood *flood)
{
    int64_t *is_open = state;

    *is_open = 1;
    (void)flood;
    note(troupe_become_stacked(self, small));
    (void)troupe_unstash(self);
    atomic_fetch_add(&seen.handled_count, 1);
}

static void
on_idle(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    CHECK(troupe_idle_cancel(self));
}

static void
on_stasher_start(struct troupe_self *self, void *state)
{
    (void)state;
    note(troupe_when_idle(self, TROUPE_SECONDS(3600), on_idle, 0));
    note(troupe_when_idle(self, TROUPE_US(10), on_idle, 0));
}

TROUPE_BEHAVIOUR(stasher, sizeof(int64_t), TROUPE_ON_START(on_stasher_start),
    TROUPE_ON(add, on_add_aside), TROUPE_ON(flood, on_open));

/* What is cancelled is of a message that is not counted. */
static void
tell_later(struct troupe_self *self, troupe_pid to)
{
    troupe_timer timer = TROUPE_NO_TIMER;

    for (unsigned i = 0; i < 3; i++) {
        note_tell(troupe_tell_after(self, to, TROUPE_US(100) * i,
            i == 1 ? &timer : NULL, add, .value = i));
    }
    if (note(troupe_tell_after(self, to, TROUPE_SECONDS(3600), &timer, get)) ==
        TROUPE_OK) {
        CHECK(troupe_timer_cancel(self, &timer));
    }
}

static void
put_aside_and_off(struct troupe_self *self)
{
    troupe_pid stasher = TROUPE_NO_PID;

    note(troupe_spawn(self, stasher, &stasher));
    tell_later(self, stasher);
    for (int i = 0; i < HIGH_COUNT + 2; i++) { /* more than go aside */
        (void)TELL(self, stasher, add, .value = i);
    }
    (void)TELL(self, stasher, flood, .to = stasher);
}

#endif
