/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/timeout.h"

#include <ck_pr.h>
#include <stddef.h>

static const uint64_t NEVER_NS = UINT64_MAX / 2;

static struct tp_timeout *
timeout_of(struct tp_timer *timer)
{
    return (struct tp_timeout *)(void *)((char *)timer -
                                         offsetof(struct tp_timeout, timer));
}

void
tp_timeouts_init(
    struct tp_timeouts *timeouts, uint32_t worker_index, uint64_t now_ns)
{
    tp_timer_wheel_init(&timeouts->wheel, now_ns);
    timeouts->worker_index = worker_index;
    timeouts->pending_count = 0;
    timeouts->awaited_count = 0;
    timeouts->taken = NULL;
    timeouts->cancelled = NULL;
}

/* All but its state. */
static void
fill(const struct tp_timeouts *timeouts, struct tp_timeout *timeout,
    enum tp_timeout_awaited awaited)
{
    tp_timer_init(&timeout->timer);
    timeout->cancelled = NULL;
    timeout->worker_index = timeouts->worker_index;
    timeout->awaited = awaited;
}

/* Its maker may cancel it already: the wheel finds out at its next tick. */
static void
put_into_wheel(struct tp_timeouts *timeouts, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited)
{
    /* Never is in a century, so that the end finds it in the wheel. */
    tp_timer_wheel_add(&timeouts->wheel, &timeout->timer,
        expires_ns < NEVER_NS ? expires_ns : NEVER_NS);
    timeouts->pending_count++;
    timeouts->awaited_count += awaited == TP_TIMEOUT_AWAITED;
}

void
tp_timeouts_add(struct tp_timeouts *timeouts, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited)
{
    fill(timeouts, timeout, awaited);
    ck_pr_store_32(&timeout->state, TP_TIMEOUT_PENDING);
    put_into_wheel(timeouts, timeout, expires_ns, awaited);
}

bool
tp_timeouts_arm(struct tp_timeouts *timeouts, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited)
{
    fill(timeouts, timeout, awaited);
    ck_pr_fence_release();
    if (!ck_pr_cas_32(
            &timeout->state, TP_TIMEOUT_UNARMED, TP_TIMEOUT_PENDING)) {
        return false;
    }
    put_into_wheel(timeouts, timeout, expires_ns, awaited);
    return true;
}

void
tp_timeout_init_unarmed(struct tp_timeout *timeout)
{
    timeout->worker_index = 0;
    ck_pr_store_32(&timeout->state, TP_TIMEOUT_UNARMED);
}

bool
tp_timeout_cancel_unarmed(struct tp_timeout *timeout)
{
    bool done =
        ck_pr_cas_32(&timeout->state, TP_TIMEOUT_UNARMED, TP_TIMEOUT_CANCELLED);

    ck_pr_fence_acquire();
    return done;
}

bool
tp_timeout_expire_unarmed(struct tp_timeout *timeout)
{
    return ck_pr_cas_32(
        &timeout->state, TP_TIMEOUT_UNARMED, TP_TIMEOUT_EXPIRED);
}

/* The timeout has left the wheel. */
static void
count_out(struct tp_timeouts *timeouts, const struct tp_timeout *timeout)
{
    timeouts->pending_count--;
    timeouts->awaited_count -= timeout->awaited == TP_TIMEOUT_AWAITED;
}

static void
hand_on(struct tp_timeouts *its, struct tp_timeout *timeout)
{
    struct tp_timeout *seen = ck_pr_load_ptr(&its->cancelled);

    do {
        timeout->cancelled = seen;
        ck_pr_fence_release();
    } while (!ck_pr_cas_ptr_value(&its->cancelled, seen, timeout, &seen));
}

enum tp_timeout_cancel
tp_timeout_cancel(struct tp_timeouts *mine, struct tp_timeouts *its,
    struct tp_timeout *timeout)
{
    if (!ck_pr_cas_32(
            &timeout->state, TP_TIMEOUT_PENDING, TP_TIMEOUT_CANCELLED)) {
        return TP_TIMEOUT_TOO_LATE;
    }
    if (mine == its) {
        tp_timer_wheel_remove(&its->wheel, &timeout->timer);
        count_out(its, timeout);
        return TP_TIMEOUT_IS_YOURS;
    }
    hand_on(its, timeout);
    return TP_TIMEOUT_HANDED_ON;
}

struct tp_timeout *
tp_timeouts_pop_expired(struct tp_timeouts *timeouts, uint64_t now_ns)
{
    struct tp_timer *timer;

    if (timeouts->pending_count == 0) {
        return NULL;
    }
    tp_timer_wheel_advance(&timeouts->wheel, now_ns);
    while ((timer = tp_timer_wheel_pop_expired(&timeouts->wheel)) != NULL) {
        struct tp_timeout *timeout = timeout_of(timer);

        count_out(timeouts, timeout);
        if (ck_pr_cas_32(
                &timeout->state, TP_TIMEOUT_PENDING, TP_TIMEOUT_EXPIRED)) {
            return timeout;
        }
        /* Cancelled: it is on the stack, or will be in a moment. */
    }
    return NULL;
}

static void
take_cancelled_stack(struct tp_timeouts *timeouts)
{
    struct tp_timeout *all = ck_pr_fas_ptr(&timeouts->cancelled, NULL);

    ck_pr_fence_acquire();
    timeouts->taken = all;
}

struct tp_timeout *
tp_timeouts_take_cancelled(struct tp_timeouts *timeouts)
{
    struct tp_timeout *timeout;

    if (timeouts->taken == NULL) {
        if (ck_pr_load_ptr(&timeouts->cancelled) == NULL) {
            return NULL;
        }
        take_cancelled_stack(timeouts);
    }
    timeout = timeouts->taken;
    timeouts->taken = timeout->cancelled;
    if (tp_timer_wheel_remove(&timeouts->wheel, &timeout->timer)) {
        count_out(timeouts, timeout);
    }
    return timeout;
}

struct tp_timeout *
tp_timeouts_take_any(struct tp_timeouts *timeouts)
{
    struct tp_timeout *timeout = tp_timeouts_take_cancelled(timeouts);

    return timeout != NULL ? timeout
                           : tp_timeouts_pop_expired(timeouts, UINT64_MAX - 1);
}
