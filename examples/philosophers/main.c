/* SPDX-License-Identifier: BSD-2-Clause */
/* Philosophers and forks: who takes the left one first may wait for ever. */
#include <stdio.h>
#include <troupe/troupe.h>

enum { PHILOSOPHERS = 3 };

TROUPE_MESSAGE(eat, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(take, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(taken, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(put_back, TROUPE_NO_FIELDS)

/* ---- a fork is given to one at a time ------------------------------------ */

struct fork {
    troupe_pid owner;
    troupe_pid next; /* its other neighbour, who waits */
};

static void
on_take(struct troupe_self *self, void *state, const struct take *take)
{
    struct fork *fork = state;

    (void)take;
    if (fork->owner == TROUPE_NO_PID) {
        fork->owner = troupe_sender(self);
        (void)troupe_tell(self, fork->owner, taken);
    } else {
        fork->next = troupe_sender(self);
    }
}

static void
on_put_back(
    struct troupe_self *self, void *state, const struct put_back *put_back)
{
    struct fork *fork = state;

    (void)put_back;
    fork->owner = fork->next;
    fork->next = TROUPE_NO_PID;
    if (fork->owner != TROUPE_NO_PID) {
        (void)troupe_tell(self, fork->owner, taken);
    }
}

TROUPE_BEHAVIOUR(fork, sizeof(struct fork), TROUPE_ON(take, on_take),
    TROUPE_ON(put_back, on_put_back));

/* ---- a philosopher needs two --------------------------------------------- */

struct philosopher {
    troupe_pid first;
    troupe_pid second;
    int forks_count;
    bool has_eaten;
};

static void
on_eat(struct troupe_self *self, void *state, const struct eat *eat)
{
    struct philosopher *philosopher = state;

    (void)eat;
    (void)troupe_tell(self, philosopher->first, take);
}

static void
on_taken(struct troupe_self *self, void *state, const struct taken *taken)
{
    struct philosopher *philosopher = state;

    (void)taken;
    if (++philosopher->forks_count == 1) {
        (void)troupe_tell(self, philosopher->second, take);
        return;
    }
    philosopher->has_eaten = true;
    (void)troupe_tell(self, philosopher->first, put_back);
    (void)troupe_tell(self, philosopher->second, put_back);
}

TROUPE_BEHAVIOUR(philosopher, sizeof(struct philosopher),
    TROUPE_ON(eat, on_eat), TROUPE_ON(taken, on_taken));

/* ---- the table ----------------------------------------------------------- */

struct table {
    bool last_is_different; /* takes its right fork first */
    troupe_pid philosophers[PHILOSOPHERS];
};

static void
sit_down(struct troupe_self *self, void *context)
{
    struct table *table = context;
    troupe_pid forks[PHILOSOPHERS];

    for (int i = 0; i < PHILOSOPHERS; i++) {
        TROUPE_CHECK(troupe_spawn(self, fork, &forks[i]));
    }
    for (int i = 0; i < PHILOSOPHERS; i++) {
        struct philosopher begins = {
            .first = forks[i], .second = forks[(i + 1) % PHILOSOPHERS]};

        if (table->last_is_different && i == PHILOSOPHERS - 1) {
            begins = (struct philosopher){
                .first = begins.second, .second = begins.first};
        }
        TROUPE_CHECK(troupe_spawn_with(self, philosopher,
            &TROUPE_SPAWN_OPTIONS(.state = &begins), &table->philosophers[i]));
        TROUPE_CHECK(troupe_tell(self, table->philosophers[i], eat));
    }
}

static void
all_have_eaten(struct troupe_explored *run, void *context)
{
    struct table *table = context;

    for (int i = 0; i < PHILOSOPHERS; i++) {
        const struct philosopher *philosopher =
            troupe_explored_state_view(run, table->philosophers[i]);

        if (!philosopher->has_eaten) {
            troupe_explored_fail(run, "philosopher %d has not eaten", i + 1);
        }
    }
}

static void
explore(bool last_is_different)
{
    struct table table = {.last_is_different = last_is_different};
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    troupe_err err = troupe_explore(
        &TROUPE_EXPLORE_OPTIONS(.setup = sit_down, .at_end = all_have_eaten,
            .context = &table, .stream = stdout),
        &report);

    if (err == TROUPE_OK) {
        printf("all eat, in each of %llu orders\n",
            (unsigned long long)report.orders_count);
    }
}

int
main(void)
{
    printf("All take their left fork first.\n\n");
    explore(false);
    printf("\nThe last one takes its right fork first.\n\n");
    explore(true);
}
