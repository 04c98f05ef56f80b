/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/finish.h"

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(await_arrivals, NUMBER)
TROUPE_MESSAGE(arrivals_sum, NUMBER)

struct finish {
    uint64_t sum;
    uint64_t come_count;
    uint64_t awaited_count;
    struct troupe_request *waiting; /* NULL: nobody waits */
};

static void
answer_if_all_have_come(struct troupe_self *self, struct finish *finish)
{
    if (finish->waiting != NULL &&
        finish->come_count == finish->awaited_count) {
        (void)troupe_reply_to(
            self, &finish->waiting, arrivals_sum, .value = finish->sum);
        finish->sum = 0;
        finish->come_count = 0;
    }
}

static void
on_arrived(struct troupe_self *self, void *state, const struct arrived *arrived)
{
    struct finish *finish = state;

    finish->sum += arrived->value;
    finish->come_count++;
    answer_if_all_have_come(self, finish);
}

static void
on_await_arrivals(struct troupe_self *self, void *state,
    const struct await_arrivals *await_arrivals)
{
    struct finish *finish = state;

    finish->awaited_count = await_arrivals->value;
    TROUPE_CHECK(troupe_request_keep(self, &finish->waiting));
    answer_if_all_have_come(self, finish);
}

TROUPE_BEHAVIOUR(finish, sizeof(struct finish), TROUPE_ON(arrived, on_arrived),
    TROUPE_ON(await_arrivals, on_await_arrivals));

troupe_pid
bench_finish_spawn(const struct bench_case *bench)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(bench->self, finish, &pid));
    return pid;
}

uint64_t
bench_finish_wait(
    const struct bench_case *bench, troupe_pid finish, uint64_t arrivals_count)
{
    struct arrivals_sum sum = {UINT64_MAX};

    (void)troupe_ask(bench->self, finish, TROUPE_SECONDS(120), arrivals_sum,
        &sum, await_arrivals, .value = arrivals_count);
    return sum.value;
}
