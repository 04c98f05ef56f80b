/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/carousel.h"

#include "bench/finish.h"

#include <stdlib.h>

#define SEAT(FIELD) FIELD(pid, next) FIELD(uint64, index)
#define TOKEN(FIELD) FIELD(pid, finish) FIELD(uint64, hops)
TROUPE_MESSAGE(take_seat, SEAT)
TROUPE_MESSAGE(ride, TOKEN)

/* A prime: the next actor is not the next in memory, which the processor would
 * have fetched before it is asked for. */
enum { STRIDE = 7919 };

struct seat {
    troupe_pid next;
    uint64_t index; /* in its ring */
};

static void
on_take_seat(
    struct troupe_self *self, void *state, const struct take_seat *take_seat)
{
    struct seat *seat = state;

    (void)self;
    seat->next = take_seat->next;
    seat->index = take_seat->index;
}

static void
on_ride(struct troupe_self *self, void *state, const struct ride *ride)
{
    struct seat *seat = state;

    if (ride->hops > 0) {
        (void)troupe_tell(self, seat->next, ride, .finish = ride->finish,
            .hops = ride->hops - 1);
    } else {
        (void)troupe_tell(self, ride->finish, arrived, .value = seat->index);
    }
}

TROUPE_BEHAVIOUR(seat, sizeof(struct seat), TROUPE_ON(take_seat, on_take_seat),
    TROUPE_ON(ride, on_ride));

/* All seats, ring after ring, each in its order; the caller's to free. */
static troupe_pid *
build(const struct bench_case *bench, const struct bench_carousel *carousel)
{
    uint64_t each = carousel->members_count;
    uint64_t all = carousel->rings_count * each;
    troupe_pid *seats = calloc(all, sizeof(*seats));

    TROUPE_CHECK(each % STRIDE == 0 ? TROUPE_E_INVALID_ARGUMENT : TROUPE_OK);
    TROUPE_CHECK(seats == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    for (uint64_t i = 0; i < all; i++) {
        uint64_t index = i % each * STRIDE % each;

        TROUPE_CHECK(
            troupe_spawn(bench->self, seat, &seats[i - i % each + index]));
    }
    for (uint64_t i = 0; i < all; i++) {
        uint64_t next = i - i % each + (i + 1) % each;

        TROUPE_CHECK(troupe_tell(bench->self, seats[i], take_seat,
            .next = seats[next], .index = i % each));
    }
    return seats;
}

/* Where the token-th token of a ring begins. */
static uint64_t
start_of(const struct bench_carousel *carousel, uint64_t token)
{
    return token * carousel->members_count / carousel->tokens_count;
}

/* Lets each token make so many hops. False: one did not end where it should. */
static bool
turn(const struct bench_case *bench, const struct bench_carousel *carousel,
    const troupe_pid *seats, troupe_pid finish, uint64_t hops)
{
    uint64_t expected = 0;

    for (uint64_t ring = 0; ring < carousel->rings_count; ring++) {
        for (uint64_t i = 0; i < carousel->tokens_count; i++) {
            uint64_t start = start_of(carousel, i);

            TROUPE_CHECK(troupe_tell(bench->self,
                seats[ring * carousel->members_count + start], ride,
                .finish = finish, .hops = hops));
            expected += (start + hops) % carousel->members_count;
        }
    }
    return bench_finish_wait(bench, finish,
               carousel->rings_count * carousel->tokens_count) == expected;
}

bool
bench_carousel_run(const struct bench_case *bench,
    const struct bench_carousel *carousel, struct bench_result *result)
{
    uint64_t tokens_count = carousel->rings_count * carousel->tokens_count;
    uint64_t lap = carousel->members_count / carousel->tokens_count;
    uint64_t hops = bench->count / tokens_count;
    troupe_pid finish = bench_finish_spawn(bench);
    troupe_pid *seats = build(bench, carousel);
    uint64_t start_ns;

    hops = hops > 0 ? hops : 1;
    result->is_right = turn(bench, carousel, seats, finish, lap);
    start_ns = bench_now_ns();
    result->is_right &= turn(bench, carousel, seats, finish, hops);
    result->value =
        (double)(bench_now_ns() - start_ns) / (double)(tokens_count * hops);
    free(seats);
    return true;
}
