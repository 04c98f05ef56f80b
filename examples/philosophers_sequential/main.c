/* SPDX-License-Identifier: BSD-2-Clause */
/* Philosophers and forks, as in philosophers/, each told from its beginning to
 * its end. */
#include <stdio.h>
#include <troupe/troupe.h>

enum { PHILOSOPHERS = 3 };

TROUPE_MESSAGE(take, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(taken, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(put_back, TROUPE_NO_FIELDS)

/* Another one's take waits in the mailbox while the fork is in use. */
static void
be_a_fork(struct troupe_self *self, void *state)
{
    struct take take;
    struct put_back put_back;

    (void)state;
    for (;;) {
        TROUPE_CHECK(troupe_receive_only(self, take, &take, TROUPE_FOREVER));
        TROUPE_CHECK(troupe_reply(self, taken));
        TROUPE_CHECK(
            troupe_receive_only(self, put_back, &put_back, TROUPE_FOREVER));
    }
}

TROUPE_PROCESS(fork, 0, be_a_fork);

struct philosopher {
    troupe_pid first;
    troupe_pid second;
    bool has_eaten;
};

static void
dine(struct troupe_self *self, void *state)
{
    struct philosopher *philosopher = state;
    struct taken taken;

    TROUPE_CHECK(troupe_ask(
        self, philosopher->first, TROUPE_FOREVER, taken, &taken, take));
    TROUPE_CHECK(troupe_ask(
        self, philosopher->second, TROUPE_FOREVER, taken, &taken, take));
    philosopher->has_eaten = true;
    troupe_tell(self, philosopher->first, put_back);
    troupe_tell(self, philosopher->second, put_back);
    troupe_sleep(self, TROUPE_FOREVER); /* so that one can be looked at */
}

TROUPE_PROCESS(philosopher, sizeof(struct philosopher), dine);

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
