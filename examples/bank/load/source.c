/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/source.h"

/* An account is opened with 10,000,000.00: few transfers are refused. */
enum { OPENING_CENTS = 1000000000 };

#define SECOND_NS 1000000000u

void
bank_source_init(
    struct bank_source *source, const struct bank_plan *plan, uint32_t index)
{
    *source = (struct bank_source){.plan = plan, .index = index};
    tp_random_init(&source->random, plan->seed + index);
}

void
bank_source_list(
    struct bank_source *source, enum bank_request_kind kind, uint64_t count)
{
    source->is_list = true;
    source->kind = kind;
    source->made_count = 0;
    source->count = count;
}

/* How many numbers below `all` are index modulo `step`. */
static uint64_t
share_of(uint64_t all, uint32_t index, uint32_t step)
{
    return all / step + (index < all % step ? 1 : 0);
}

void
bank_source_run(struct bank_source *source, uint64_t begin_ns)
{
    const struct bank_plan *plan = source->plan;

    source->is_list = false;
    source->made_count = 0;
    source->begin_ns = begin_ns;
    source->count = plan->requests_count == 0
                        ? UINT64_MAX
                        : share_of(plan->requests_count, source->index,
                              plan->connections_count);
}

static uint32_t
draw_account(struct bank_source *source)
{
    uint64_t column = tp_random_u64(&source->random);

    return bank_zipf_draw(
        &source->plan->zipf, column, tp_random_u64(&source->random));
}

/* Another one than from: one that is drawn, or else its neighbour. */
static uint32_t
draw_other_account(struct bank_source *source, uint32_t from)
{
    uint32_t to = draw_account(source);

    return to != from ? to : (from + 1) % source->plan->accounts_count;
}

static void
draw(struct bank_source *source, struct bank_request *request)
{
    request->kind =
        bank_mix_draw(&source->plan->mix, tp_random_u64(&source->random));
    request->account = draw_account(source);
    request->to = 0;
    request->cents = 0;
    if (request->kind == BANK_REQUEST_TRANSFER) {
        request->to = draw_other_account(source, request->account);
    }
    if (request->kind != BANK_REQUEST_BALANCE) {
        request->cents = 1 + (int64_t)tp_random_below(
                                 &source->random, BANK_SOURCE_CENTS_MAX);
    }
}

static void
list(struct bank_source *source, struct bank_request *request)
{
    *request = (struct bank_request){
        .kind = source->kind,
        .account = (uint32_t)source->made_count++,
        .cents = source->kind == BANK_REQUEST_OPEN ? OPENING_CENTS : 0,
    };
}

/* When the next of an open loop is due. */
static uint64_t
next_due_ns(const struct bank_source *source)
{
    unsigned __int128 number = (unsigned __int128)source->made_count *
                                   source->plan->connections_count +
                               source->index;

    return source->begin_ns +
           (uint64_t)(number * SECOND_NS / source->plan->rate);
}

/* Whether time says that no more is made, of which one was due then. */
static bool
is_over(const struct bank_source *source, uint64_t now_ns, uint64_t due_ns)
{
    uint64_t end_ns = source->begin_ns + source->plan->duration_ns;

    return source->plan->requests_count == 0 &&
           (due_ns >= end_ns || now_ns >= end_ns + BANK_SOURCE_GRACE_NS);
}

enum bank_due
bank_source_next(struct bank_source *source, uint64_t now_ns,
    struct bank_request *request, uint64_t *due_ns)
{
    *due_ns = now_ns;
    if (source->made_count == source->count) {
        return BANK_DUE_NEVER;
    }
    if (source->is_list) {
        list(source, request);
        return BANK_DUE_NOW;
    }
    if (source->plan->rate != 0) {
        *due_ns = next_due_ns(source);
    }
    if (is_over(source, now_ns, *due_ns)) {
        return BANK_DUE_NEVER;
    }
    if (*due_ns > now_ns + BANK_SOURCE_EARLY_NS) {
        *due_ns -= BANK_SOURCE_EARLY_NS;
        return BANK_DUE_LATER;
    }
    if (*due_ns > now_ns) {
        *due_ns = now_ns;
    }
    draw(source, request);
    source->made_count++;
    return BANK_DUE_NOW;
}

uint64_t
bank_source_unsent_count(const struct bank_source *source)
{
    const struct bank_plan *plan = source->plan;
    uint64_t due_count;

    if (source->is_list || plan->rate == 0 || plan->requests_count != 0) {
        return 0;
    }
    due_count =
        share_of((uint64_t)(((unsigned __int128)plan->duration_ns * plan->rate +
                                SECOND_NS - 1) /
                            SECOND_NS),
            source->index, plan->connections_count);
    return due_count > source->made_count ? due_count - source->made_count : 0;
}
