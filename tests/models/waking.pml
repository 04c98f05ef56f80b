/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waking: workers that sleep when there is nothing to run, and who wakes them.
 *
 * Claims. In every order of the steps below no task is left lying while it has
 * a worker that could run it; drain says that all is done only when it is, and
 * says it; halt ends every worker; the count of sleepers and searchers comes
 * out even. Under weak fairness (who can take a step takes one in the end) all
 * of it happens.
 *
 * World. Main injects two tasks, makes ready a third that only worker 0 may
 * run, waits until all have run (or drains), and halts. The first task that
 * runs makes two more ready, one of which its worker keeps for itself. With
 * HANDLER_WAITS its handler does not return before the others have run the rest,
 * so that it does not help to look again later.
 *
 * Which line is which function:
 *
 *     here                    there
 *     claim wake wake_one     claim(), wake(), tp_scheduler_wake_one()
 *     wake_all                wake_all()                  scheduler/scheduler.c
 *     inject ready_bound      inject(), ready_bound()
 *     look sleep_until_woken  is_halting(), sleep_until_woken()
 *     notice_drained          notice_drained(), is_all_done()
 *     search end_search       search(), end_search(); spin() is one look
 *     worker                  run_until_halted()
 *     main                    tp_scheduler_drain(), tp_scheduler_halt()
 *     displace                tp_worker_displace(), tp_worker_ready_newborn(),
 *                             call_others()               scheduler/worker.c
 *     pop pop_bound           tp_run_queue_try_pop(), tp_deque_try_pop(),
 *                             pop_bound()
 *     steal                   steal() with tp_run_queue_try_steal(),
 *                             tp_deque_try_steal()
 *     pop_injected            pop_injected() with share_taken()
 *     find_own                tp_worker_find_own() but for its turns
 *     find_elsewhere          tp_worker_find_elsewhere()
 *     sees_work               tp_worker_sees_work()
 *     run                     hooks.run, with tp_worker_ready()
 *     park parker_wake        tp_parker_park(), tp_parker_wake()
 *     futex_wait futex_wake   futex_wait(), futex_wake()  scheduler/parker.c
 *     with -DLOOP             wait_for_something(), wake()        net/loop.c
 *
 * A step is one operation on a shared word. Memory is x86's: a plain store waits
 * in its thread's buffer until the thread's next read-modify-write or full
 * fence, or sooner; the two that matter here, `asleep` and the end of a queue,
 * are followed by a fence each, so a buffer of one store is enough. The futex
 * looks at the word and falls asleep in one step; DEADLINES of its sleeps end
 * for no reason. With LOOP workers sleep in their event loops, which do not look
 * at the word: a wake stays in an eventfd, which is emptied when a wait has
 * returned; what else ends a wait is one more end for no reason. DECLINES tasks are left where they are by who could steal them.
 *
 * `queue` is all that others may steal from a worker, its run queue and its
 * deque of newborn tasks: each of them is pushed, then fenced, then told of.
 *
 * Left out: timeouts and their cancelling (tests/protocol/test_cancel.c), the
 * inside of queues (test_steal.c, test_newborns.c), turns (NEWEST_USES_MAX,
 * INJECTED_PERIOD), a drain after another one (test_worker_sleep.c), lone
 * workers (scheduler/lone.h): they sleep by the same steps, with a count of
 * their own, and what is new, a drain that looks at two counts, is run in every
 * order by tests/protocol/test_wake.c.
 *
 * Twins. -DBROKEN_x makes one fault, and spin must find it:
 *
 *     LOOKS_EARLY    a worker looks once more, and then says that it sleeps
 *     SLEEPS_UNFENCED    the fence between its saying and its looking is gone
 *     MAKES_UNFENCED     so is that between a maker's push and its look at idle
 *     FINDS_QUIETLY  the last to search finds a task and looks for no more
 *     PARKS_BLINDLY  PARKED is stored over a wake that has come before
 *     GOES_UNCOUNTED who has been claimed does not wait for its wake
 *     PARKS_ONCE     it waits for one park to end, which may be for no reason
 *     DRAINS_HASTILY the count is not looked at a second time
 *     EMPTIES_EARLY  with LOOP: the eventfd is emptied before the wait
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef DEADLINES
#define DEADLINES 1
#endif
#ifndef DECLINES
#define DECLINES 0
#endif
#define MAIN WORKERS /* as a thread; its parker is the drainer */
#ifndef INJECTED
#define INJECTED 1
#endif
#ifndef BOUND
#define BOUND 0
#endif
#ifndef CHILDREN
#define CHILDREN 2
#endif
#define TASKS (INJECTED + BOUND + CHILDREN)

mtype = {EMPTY, PARKED, WOKEN};                  /* of parkers */
mtype = {NOTHING, ASLEEP, QUEUED, DRAINING, HALTING}; /* in store buffers */

/* `idle`, which is one word: all three are read and written in one step. */
byte sleepers;
byte searchers;
byte wake_ups;

bool asleep[WORKERS];
mtype parker[WORKERS + 1] = EMPTY;
bool is_in_futex[WORKERS + 1];
#ifdef LOOP
bool is_signalled[WORKERS];
#endif
byte deadlines_left = DEADLINES;
byte declines_left = DECLINES;
mtype buffered[WORKERS + 1] = NOTHING;

/* Tasks, where others see them. */
byte injected;
byte bound[WORKERS];
byte queue[WORKERS];

bool is_halting;
byte drain; /* odd: main waits for its end */

/* What the world has seen. */
bool has_one_run;
byte ran;
byte ran_meanwhile; /* those that the first one waits for */
byte ended;

/* ---- memory -------------------------------------------------------------- */

/* A full fence; a read-modify-write begins with one. */
#define fence() (buffered[own] == NOTHING)

inline store(what)
{
    atomic { fence(); buffered[own] = what }
}

proctype store_buffer(byte own)
{
end:
    do
    :: atomic { buffered[own] == ASLEEP -> asleep[own] = true;
        buffered[own] = NOTHING }
    :: atomic { buffered[own] == QUEUED -> queue[own]++;
        buffered[own] = NOTHING }
    :: atomic { buffered[own] == DRAINING -> drain = 1;
        buffered[own] = NOTHING }
    :: atomic { buffered[own] == HALTING -> is_halting = true;
        buffered[own] = NOTHING }
    od
}

/* ---- parker -------------------------------------------------------------- */

inline futex_wait()
{
    is_in_futex[own] = (parker[own] == PARKED);
    if
    :: !is_in_futex[own]
    :: atomic { own != MAIN && is_in_futex[own] && deadlines_left > 0 ->
        deadlines_left--; is_in_futex[own] = false }
    fi
}

inline futex_wake(w)
{
    is_in_futex[w] = false
}

/* Of a worker: that of main is a futex in any case. */
inline last_step()
{
#ifdef LOOP
    if
    :: own == MAIN -> futex_wait()
    :: else ->
#ifdef BROKEN_EMPTIES_EARLY
        is_signalled[own] = false;
#endif
        if
        :: is_signalled[own]
        :: atomic { deadlines_left > 0 -> deadlines_left-- }
        fi;
#ifndef BROKEN_EMPTIES_EARLY
        is_signalled[own] = false
#endif
    fi
#else
    futex_wait()
#endif
}

inline end_last_step(w)
{
#ifdef LOOP
    if
    :: w == MAIN -> futex_wake(w)
    :: else -> is_signalled[w] = true
    fi
#else
    futex_wake(w)
#endif
}

/* Sets is_woken. */
inline park()
{
#ifdef BROKEN_PARKS_BLINDLY
    atomic { fence(); parker[own] = PARKED; was_empty = true };
#else
    atomic { fence(); was_empty = (parker[own] == EMPTY);
        if :: was_empty -> parker[own] = PARKED :: else fi };
#endif
    if
    :: was_empty -> last_step()
    :: else
    fi;
    atomic { is_woken = (parker[own] == WOKEN); parker[own] = EMPTY;
        was_empty = false }
}

inline parker_wake(w)
{
    atomic { fence(); was = parker[w]; parker[w] = WOKEN };
    if
    :: was == PARKED -> end_last_step(w)
    :: else
    fi;
    was = EMPTY
}

/* ---- waking -------------------------------------------------------------- */

/* Only a drain looks at wake_ups. */
inline count_wake_up()
{
    atomic { fence(); sleepers--; searchers++;
#ifdef DRAIN
        wake_ups++
#endif
    }
}

/* Sets is_claimed. A thread sees its own buffered store. */
inline claim(w)
{
    is_claimed = asleep[w] || (own == w && buffered[own] == ASLEEP);
    if
    :: is_claimed ->
        atomic { fence(); is_claimed = asleep[w]; asleep[w] = false };
        if
        :: is_claimed -> count_wake_up()
        :: else
        fi
    :: else
    fi
}

inline wake(w)
{
    claim(w);
    if
    :: is_claimed -> parker_wake(w)
    :: else
    fi
}

inline wake_one()
{
    if
    :: searchers > 0 || sleepers == 0
    :: else ->
        i = 0;
        do
        :: i == WORKERS -> break
        :: else ->
            wake(i);
            if :: is_claimed -> break :: else -> i++ fi
        od;
        i = 0
    fi;
    is_claimed = false
}

inline wake_all()
{
    i = 0;
    do
    :: i == WORKERS -> break
    :: else -> wake(i); i++
    od;
    i = 0;
    is_claimed = false
}

inline inject()
{
    injected++;
    fence();
    wake_one()
}

inline ready_bound(w)
{
    bound[w]++;
    fence();
    wake(w);
    is_claimed = false
}

/* ---- finding ------------------------------------------------------------- */

/* Where others see it. */
inline displace()
{
    store(QUEUED);
#ifndef BROKEN_MAKES_UNFENCED
    fence();
#endif
    wake_one()
}

inline pop(w)
{
    atomic { fence();
        if :: queue[w] > 0 -> queue[w]--; has_found = true :: else fi }
}

/* A task that has not waited for long enough is left there. */
inline steal(w)
{
    atomic { fence();
        if
        :: queue[w] == 0
        :: queue[w] > 0 -> queue[w]--; has_found = true
        :: queue[w] > 0 && declines_left > 0 -> declines_left--
        fi }
}

inline pop_bound()
{
    atomic { fence();
        if :: bound[own] > 0 -> bound[own]--; has_found = true; is_bound = true
        :: else fi }
}

/* Takes all of them, and lets others steal the rest. */
inline pop_injected()
{
    atomic { fence(); taken = injected; injected = 0 };
    if
    :: taken > 0 ->
        assert(taken <= 2);
        has_found = true;
        if
        :: taken > 1 -> displace()
        :: else
        fi;
        taken = 0
    :: else
    fi
}

inline find_neglected()
{
    pop_bound();
    if
    :: !has_found -> pop_injected()
    :: else
    fi
}

inline find_own()
{
    if
    :: has_next -> has_next = false; has_found = true
    :: else -> pop(own);
        if
        :: !has_found -> find_neglected()
        :: else
        fi
    fi
}

inline find_elsewhere()
{
    i = 1;
    do
    :: i == WORKERS || has_found -> break
    :: else -> steal((own + i) % WORKERS); i++
    od;
    i = 0;
    if
    :: !has_found -> find_neglected()
    :: else
    fi
}

/* Sets is_seen. */
inline look_at_queues()
{
    i = 0;
    do
    :: i == WORKERS || is_seen -> break
    :: else -> is_seen = (queue[i] > 0); i++
    od;
    i = 0
}

inline sees_work()
{
    is_seen = (injected > 0);
    if
    :: !is_seen -> is_seen = (bound[own] > 0)
    :: else
    fi;
    look_at_queues()
}

/* ---- sleeping ------------------------------------------------------------ */

/* Sets is_seen: there is work, or the end. */
inline look()
{
    sees_work();
    if
    :: !is_seen -> is_seen = is_halting
    :: else
    fi
}

inline notice_drained()
{
    if
    :: drain % 2 == 0
    :: else ->
        atomic { are_all_asleep = (sleepers == WORKERS);
            wake_ups_before = wake_ups };
        if
        :: are_all_asleep ->
            is_seen = (injected > 0);
            look_at_queues();
            j = 0;
            do
            :: j == WORKERS || is_seen -> break
            :: else -> is_seen = (bound[j] > 0); j++
            od;
            j = 0;
#ifdef BROKEN_DRAINS_HASTILY
            if
            :: !is_seen ->
#else
            if
            :: !is_seen && sleepers == WORKERS && wake_ups == wake_ups_before ->
#endif
                atomic { fence(); drain = 2 };
                parker_wake(MAIN)
            :: else
            fi;
            is_seen = false
        :: else
        fi;
        wake_ups_before = 0
    fi
}

inline sleep_until_woken()
{
    is_woken = false;
    atomic { fence(); searchers--; sleepers++ };
#ifdef BROKEN_LOOKS_EARLY
    look();
    store(ASLEEP);
    fence();
#else
    store(ASLEEP);
#ifndef BROKEN_SLEEPS_UNFENCED
    fence();
#endif
    look();
#endif
    if
    :: !is_seen -> notice_drained(); park()
    :: else -> is_seen = false
    fi;
    claim(own);
#ifndef BROKEN_GOES_UNCOUNTED
#ifdef BROKEN_PARKS_ONCE
    if
    :: !is_claimed && !is_woken -> park()
    :: else
    fi;
#else
    do
    :: is_claimed || is_woken -> break
    :: else -> park()
    od;
#endif
#endif
    atomic { is_claimed = false; is_woken = false }
}

inline end_search()
{
    atomic { fence();
        is_last = (searchers == 1 && sleepers > 0); searchers-- };
#ifndef BROKEN_FINDS_QUIETLY
    if
    :: is_last ->
        sees_work();
        if :: is_seen -> is_seen = false; wake_one() :: else fi
    :: else
    fi;
#endif
    is_last = false
}

/* Sets has_found. */
inline search()
{
    atomic { fence(); searchers++ };
    do
    :: has_found || is_halting -> break
    :: else ->
        find_elsewhere();
        if
        :: !has_found ->
            sees_work();
            if
            :: !is_seen -> sleep_until_woken()
            :: else -> is_seen = false
            fi;
            find_own()
        :: else
        fi
    od;
    end_search()
}

/* ---- threads ------------------------------------------------------------- */

inline run_task()
{
    if
    :: atomic { !is_bound && !has_one_run -> has_one_run = true };
#if CHILDREN == 2
        displace();
        has_next = true;
#endif
#ifdef HANDLER_WAITS
        ran_meanwhile == INJECTED - 1 + CHILDREN / 2;
#endif
        ran++
    :: atomic { else -> ran++;
        if :: !is_bound -> ran_meanwhile++ :: else fi }
    fi;
    atomic { has_found = false; is_bound = false }
}

proctype worker(byte own)
{
    byte i, j, taken, wake_ups_before;
    bool has_next, has_found, is_bound, is_claimed, is_woken, is_seen, is_last;
    bool was_empty, are_all_asleep;
    mtype was = EMPTY;

    do
    :: is_halting -> break
    :: else ->
        find_own();
        if
        :: !has_found -> search()
        :: else
        fi;
        if
        :: has_found -> run_task()
        :: else
        fi
    od;
    ended++
}

init
{
    byte own = MAIN;
    byte i;
    bool is_claimed, is_woken, was_empty;
    mtype was = EMPTY;

    atomic {
        do
        :: i == WORKERS -> break
        :: else -> run worker(i); run store_buffer(i); i++
        od;
        run store_buffer(MAIN);
        i = 0
    };
    inject();
#if INJECTED == 2
    inject();
#endif
#if BOUND == 1
    ready_bound(0);
#endif
#ifdef DRAIN
    store(DRAINING);
    fence();
    wake_all();
    do
    :: drain == 2 -> break
    :: else -> park()
    od;
    assert(ran == TASKS);
#else
    ran == TASKS;
#endif
    store(HALTING);
    fence();
    wake_all();
    ended == WORKERS;
    assert(sleepers == 0 && searchers == 0)
}

ltl all_run_and_end { <> (ended == WORKERS) }
