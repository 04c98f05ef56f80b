/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pausing: actors in a ring, each of which floods the next and is paused on it.
 *
 * Claims. In every order of the steps below every message is handled, every
 * actor comes to sleep unpaused or with its resume before it, and neither a mark
 * nor a note of somebody paused is left on an empty mailbox. Under weak
 * fairness it happens: nobody is paused for ever.
 *
 * World. ACTORS in a ring. Each starts with one message, and sends BURST
 * messages to the next one when it handles that. The marks are as low as they
 * can be: congested at HIGH messages, not congested at LOW. An actor takes what
 * it has handled off its limit SETTLED at a time, or before it sleeps. Workers
 * are not modelled: who is made ready runs at some time (waking.pml).
 *
 * Which line is which function:
 *
 *     here                    there
 *     add                     tp_limit_add(), or tp_limit_add_granted() and
 *                             tp_limit_congest() in two steps (GRANTED)
 *     pause_on                tp_limit_pause()            mailbox/limit.c
 *     subtract                tp_limit_subtract(), tp_limit_relieve()
 *     resume_paused           tp_limit_take_paused(), tp_post_resume_paused()
 *     push take try_sleep     tp_inbox_push(), tp_inbox_take(),
 *                             tp_inbox_try_sleep()        mailbox/inbox.h
 *     try_sleep_with          tp_inbox_try_sleep_with()
 *     send                    try_push(), tp_post_flush() actors/post.c
 *     handle                  handle() with count_handled()
 *     settle                  settle(), take_off_limit()  actors/actor.c
 *     attend pause_on_congested   attend(), pause_on_congested()
 *     actor                   tp_actor_run() with take_step(), try_sleep()
 *     take_only               take_only() with its try_sleep_with(), and
 *                             tp_inbox_peek_only()
 *     unlink                  tp_life_unlink_only()       actors/life.c
 *
 * A step is one operation on a shared word. All that write here are
 * read-modify-writes, which x86 orders fully, so memory needs no model. The
 * stack of the paused is a set: it is only ever taken whole.
 *
 * The inbox is a count of messages, and whether a resume is among them; its word
 * and its links are in inbox.pml.
 *
 * Left out: the hard mark and the other policies (nobody is paused by them),
 * bytes, messages that are not counted but resumes, threads outside.
 *
 * Twins. -DBROKEN_x makes one fault, and spin must find it:
 *
 *     LOOKS_NOT_BACK  a pauser does not look at the mark after its note
 *     RELIEVES_LATE   the stack is taken before the mark is cleared
 *     HOLDS_THE_CONGESTED  who is congested itself is paused all the same
 *     SLEEPS_UNSETTLED     an actor sleeps with messages that it has not settled
 *     SLEEPS_CONGESTED     it does when it has handled one where it lay
 *     COUNTS_LATE     a message is pushed before it is counted
 *     SLEEPS_BLINDLY  an actor sleeps without a look at its inbox
 */
#ifndef ACTORS
#define ACTORS 2
#endif
#ifndef BURST
#define BURST 2
#endif
#ifndef HIGH
#define HIGH 1
#endif
#ifndef LOW
#define LOW 0
#endif
#ifndef SETTLED
#define SETTLED 1
#endif
#define NEXT(actor) ((actor + 1) % ACTORS)
#define TOTAL (ACTORS * (1 + BURST))

/* Each group is one word. */
byte held[ACTORS];
bool is_congested[ACTORS];

byte paused[ACTORS]; /* on each: a bit for every actor */

bool is_asleep[ACTORS] = true;
byte inbox[ACTORS]; /* messages */
bool has_resume[ACTORS];

/* What the world has seen. */
bool is_scheduled[ACTORS];
bool is_paused[ACTORS]; /* the actor's own */
bool has_burst[ACTORS];
byte handled;
bool is_over;

/* ---- inbox --------------------------------------------------------------- */

inline push_message(to)
{
    atomic { inbox[to]++; make_ready(to) }
}

inline make_ready(to)
{
    if
    :: is_asleep[to] -> is_asleep[to] = false;
        assert(!is_scheduled[to]); is_scheduled[to] = true
    :: else
    fi
}

inline push_resume(to)
{
    atomic { assert(!has_resume[to]); has_resume[to] = true; make_ready(to) }
}

inline take()
{
    atomic {
        mail = mail + inbox[own]; inbox[own] = 0;
        is_resumed = is_resumed || has_resume[own]; has_resume[own] = false
    }
}

/* Sets has_slept. */
inline try_sleep()
{
#ifdef BROKEN_SLEEPS_BLINDLY
    atomic { has_slept = true; is_asleep[own] = true }
#else
    atomic { has_slept = (inbox[own] == 0 && !has_resume[own]);
        if :: has_slept -> is_asleep[own] = true :: else fi }
#endif
}

/* As try_sleep(), of the message that was handled where it lies. */
inline try_sleep_with()
{
    atomic { has_slept = (inbox[own] == 1 && !has_resume[own]);
        if :: has_slept -> inbox[own] = 0; is_asleep[own] = true :: else fi }
}

/* Takes all but that message, which is the last. */
inline unlink()
{
    atomic { assert(inbox[own] > 0);
        inbox[own]--; take() }
}

/* ---- limit --------------------------------------------------------------- */

/* Sets has_congested. */
inline add(to)
{
#ifdef GRANTED
    atomic { held[to]++;
        has_congested = is_congested[to] || held[to] >= HIGH };
    if
    :: has_congested ->
        atomic {
            if
            :: is_congested[to] || held[to] >= HIGH -> is_congested[to] = true
            :: else -> has_congested = false
            fi
        }
    :: else
    fi
#else
    atomic {
        held[to]++;
        if :: held[to] >= HIGH -> is_congested[to] = true :: else fi;
        has_congested = is_congested[to]
    }
#endif
}

inline resume_paused(on)
{
    atomic { resumes = paused[on]; paused[on] = 0 };
    i = 0;
    do
    :: i == ACTORS -> break
    :: else ->
        if :: (resumes >> i) & 1 -> push_resume(i) :: else fi;
        i++
    od;
    atomic { i = 0; resumes = 0 }
}

inline pause_on(on)
{
    atomic { assert(((paused[on] >> own) & 1) == 0);
        paused[on] = paused[on] | (1 << own) };
#ifndef BROKEN_LOOKS_NOT_BACK
    if
    :: !is_congested[on] -> resume_paused(on)
    :: else
    fi
#endif
}

inline relieve()
{
    atomic { has_relieved = is_congested[own] && held[own] <= LOW;
        if :: has_relieved -> is_congested[own] = false :: else fi }
}

inline subtract(count)
{
    atomic { assert(held[own] >= count); held[own] = held[own] - count;
        has_relieved = is_congested[own] };
#ifdef BROKEN_RELIEVES_LATE
    if
    :: has_relieved && held[own] <= LOW -> resume_paused(own); relieve()
    :: else
    fi;
#else
    if
    :: has_relieved -> relieve()
    :: else
    fi;
    if
    :: has_relieved -> resume_paused(own)
    :: else
    fi;
#endif
    has_relieved = false
}

/* ---- actor --------------------------------------------------------------- */

inline send(to)
{
#ifdef BROKEN_COUNTS_LATE
    push_message(to);
    add(to);
#else
    add(to);
    push_message(to);
#endif
    atomic { noted = noted || has_congested; has_congested = false }
}

inline settle()
{
    subtract(unsettled);
    unsettled = 0
}

/* One of the list, or (taken is 0) the one that lies in the inbox. */
inline handle(taken)
{
    atomic { mail = mail - taken; unsettled++ };
    if
    :: unsettled >= SETTLED -> settle()
    :: else
    fi;
    if
    :: !has_burst[own] ->
        has_burst[own] = true;
        sent = 0;
        do
        :: sent == BURST -> sent = 0; break
        :: else -> send(NEXT(own)); sent++
        od
    :: else
    fi;
    handled++
}

inline pause_on_congested()
{
    noted = false;
    if
#ifdef BROKEN_HOLDS_THE_CONGESTED
    :: true ->
#else
    :: is_congested[own]
    :: else ->
#endif
        is_paused[own] = true;
        pause_on(NEXT(own))
    fi
}

inline attend()
{
    if
    :: is_resumed -> is_paused[own] = false; is_resumed = false
    :: else
    fi;
    if
    :: noted -> pause_on_congested()
    :: else
    fi;
#ifndef BROKEN_HOLDS_THE_CONGESTED
    if
    :: is_paused[own] ->
        if :: is_congested[own] -> is_paused[own] = false :: else fi
    :: else
    fi
#endif
}

/* A message that is alone. Sets has_slept. */
inline take_only()
{
    handle(0);
#ifdef BROKEN_SLEEPS_CONGESTED
    if
    :: !noted -> try_sleep_with()
    :: else
    fi;
#else
    if
    :: !noted && !is_congested[own] -> try_sleep_with()
    :: else
    fi;
#endif
    if
    :: !has_slept -> unlink()
    :: else
    fi
}

proctype actor(byte own)
{
    byte mail, unsettled, sent, resumes, i;
    bool is_resumed, noted, has_congested, has_relieved, has_slept;

end:
    do
    :: is_scheduled[own] ->
        is_scheduled[own] = false;
        if
        :: !is_paused[own] && mail == 0 && inbox[own] == 1 &&
            !has_resume[own] -> take_only()
        :: else -> take()
        fi;
turn:
        if
        :: has_slept -> has_slept = false; goto end
        :: else
        fi;
        attend();
        if
        :: !is_paused[own] && mail > 0 -> handle(1); goto turn
        :: else
        fi;
#ifndef BROKEN_SLEEPS_UNSETTLED
        if
        :: is_congested[own] -> settle()
        :: else
        fi;
#endif
        try_sleep();
        if
        :: !has_slept -> take(); goto turn
        :: else -> has_slept = false
        fi
    od
}

init
{
    byte i;

    atomic {
        do
        :: i == ACTORS -> break
        :: else -> held[i] = 1; is_congested[i] = (HIGH == 1); inbox[i] = 1;
            is_asleep[i] = false; is_scheduled[i] = true;
            run actor(i); i++
        od;
        i = 0
    };
    handled == TOTAL;
    do
    :: i == ACTORS -> break
    :: else -> is_asleep[i]; assert(inbox[i] == 0); i++
    od;
    i = 0;
    do
    :: i == ACTORS -> break
    :: else -> is_asleep[i];
        assert(held[i] < SETTLED && !is_congested[i] && paused[i] == 0);
        assert(!is_paused[i]); i++
    od;
    is_over = true
}

ltl all_are_handled_and_resumed { <> is_over }
