/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inbox: senders push, one owner takes all, or handles a message where it lies.
 *
 * Claims. In every order of the steps below each message is handled once, those
 * of one sender in their order; no message is left in an inbox that nobody looks
 * at; the owner is scheduled once; nobody follows a link of a block that has
 * been freed. Under weak fairness all are handled and the owner sleeps.
 *
 * World. SENDERS push MESSAGES each. The first message that the owner handles
 * makes it send one to itself, while that one may still lie in the inbox. There
 * are BLOCKS blocks, fewer than messages: whoever sends takes any free one, also
 * one that a moment ago was the head of the same inbox. So an address comes back
 * as early as it can.
 *
 * Which line is which function:
 *
 *     here                    there
 *     push                    tp_inbox_push()             mailbox/inbox.h
 *     take                    tp_inbox_take()
 *     try_sleep               tp_inbox_try_sleep()
 *     peek_only               tp_inbox_peek_only()
 *     try_sleep_with          tp_inbox_try_sleep_with()
 *     sort                    tp_mailbox_sort()           mailbox/mailbox.c
 *     fill                    tp_mailbox_fill(), tp_mailbox_fill_above()
 *     take_only               take_only()                 actors/actor.c
 *     unlink_only             tp_life_unlink_only()       actors/life.c
 *     owner                   tp_actor_run() with take_first_step(), take_step()
 *     allocate free           the block lists: any free block to anybody
 *
 * A step is one operation on a shared word, which are read-modify-writes but for
 * the loads that begin a push and a peek. x86 orders these fully; a link is
 * written before the push that publishes it, and is nobody else's until then. So
 * memory needs no model. A mailbox is the owner's, and sorting one step.
 *
 * Left out: control messages, chains of several (their links are the sender's
 * own until the push), limits (pausing.pml), who runs the owner (waking.pml).
 *
 * Twins. -DBROKEN_x makes one fault, and spin must find it:
 *
 *     FREES_EARLY     the message is freed before it has left the inbox
 *     SLEEPS_BLINDLY  the owner sleeps without a look at who is the head
 *     PEEKS_AT_MANY   the newest of several is handled as if it were alone
 *     TAKES_TOO_MUCH  what has been handled where it lay is taken once more
 *     KEEPS_ITS_LINK  a push that begins again keeps the link that it had
 *     TAKES_IN_TWO    take reads the head, and then writes it
 */
#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifndef BLOCKS
#define BLOCKS 3 /* or 4; the last is the owner's at first */
#endif
#define TOTAL (SENDERS * MESSAGES + 1)

/* The inbox word: a block, from 1 on, or one of the marks. */
#define ASLEEP 0
#define AWAKE 255
byte head = ASLEEP;

/* Of blocks; 0 is none. */
byte link[BLOCKS + 1];
byte sender[BLOCKS + 1];
byte number[BLOCKS + 1];
bool is_used[BLOCKS + 1];

/* What the world has seen. */
bool is_scheduled;
byte next_number[SENDERS + 1]; /* of each sender, the owner's last */
byte handled;
bool is_over;

/* ---- blocks -------------------------------------------------------------- */

/* Sets block. The owner, which must not wait for one, has one from the start. */
inline allocate(from)
{
    atomic {
        if
        :: !is_used[1] -> block = 1
        :: !is_used[2] -> block = 2
        :: !is_used[3] -> block = 3
#if BLOCKS == 4
        :: !is_used[4] -> block = 4
#endif
        fi;
        is_used[block] = true; sender[block] = from; number[block] = sent
    }
}

inline free(freed)
{
    atomic { assert(is_used[freed]); is_used[freed] = false }
}

/* ---- inbox --------------------------------------------------------------- */

/* Sets seen. */
inline push()
{
    seen = head;
    atomic { has_pushed = false; link[block] = (seen == AWAKE -> 0 : seen) };
    do
    :: has_pushed -> break
    :: else ->
        atomic {
#ifndef BROKEN_KEEPS_ITS_LINK
            link[block] = (seen == AWAKE -> 0 : seen);
#endif
            has_pushed = (head == seen);
            if :: has_pushed -> head = block :: else -> seen = head fi
        }
    od;
    atomic {
        if
        :: seen == ASLEEP -> assert(!is_scheduled); is_scheduled = true
        :: else
        fi;
        seen = 0; block = 0
    }
}

/* Sets taken: the newest one. */
inline take()
{
    if
    :: head == AWAKE -> taken = 0
    :: else ->
#ifdef BROKEN_TAKES_IN_TWO
        taken = head;
        head = AWAKE;
#else
        atomic { taken = head; head = AWAKE };
#endif
        assert(taken != ASLEEP)
    fi
}

/* Sets has_slept. */
inline try_sleep()
{
#ifdef BROKEN_SLEEPS_BLINDLY
    atomic { has_slept = true; head = ASLEEP }
#else
    atomic { has_slept = (head == AWAKE);
        if :: has_slept -> head = ASLEEP :: else fi }
#endif
}

inline try_sleep_with()
{
    atomic { has_slept = (head == only);
        if :: has_slept -> head = ASLEEP :: else fi }
}

/* Sets only: the message, or 0. */
inline peek_only()
{
    atomic { only = head;
        if :: only == AWAKE -> only = 0 :: else fi };
#ifndef BROKEN_PEEKS_AT_MANY
    if
    :: only != 0 -> assert(is_used[only]);
        if :: link[only] != 0 -> only = 0 :: else fi
    :: else
    fi
#endif
}

/* ---- mailbox ------------------------------------------------------------- */

/* What was taken, down to end, becomes the list, oldest first. */
inline sort(end)
{
    d_step {
        do
        :: taken == end -> break
        :: else ->
            assert(taken != 0 && is_used[taken]);
            oldest = taken; taken = link[oldest]; link[oldest] = list;
            list = oldest
        od;
        taken = 0; oldest = 0
    }
}

inline fill(end)
{
    take();
    if
    :: taken != 0 -> sort(end)
    :: else
    fi
}

/* ---- owner --------------------------------------------------------------- */

inline send_to_itself()
{
    if
    :: !has_sent -> has_sent = true;
        atomic { block = kept; kept = 0; sender[block] = SENDERS;
            number[block] = 0 };
        push()
    :: else
    fi
}

inline handle(message)
{
    atomic {
        assert(is_used[message]);
        assert(number[message] == next_number[sender[message]]);
        next_number[sender[message]]++
    };
    send_to_itself();
    handled++
}

inline unlink_only()
{
#ifdef BROKEN_TAKES_TOO_MUCH
    fill(0)
#else
    fill(only)
#endif
}

/* Sets has_slept. */
inline take_only()
{
    handle(only);
#ifdef BROKEN_FREES_EARLY
    free(only);
#endif
    try_sleep_with();
    if
    :: !has_slept -> unlink_only()
    :: else
    fi;
#ifndef BROKEN_FREES_EARLY
    free(only);
#endif
    only = 0
}

/* The oldest of the list. */
inline take_step()
{
    atomic { only = list; list = link[only] };
    handle(only);
    free(only);
    only = 0
}

proctype owner()
{
    byte block, seen, taken, list, oldest, only, kept = BLOCKS;
    bool has_pushed, has_slept, has_sent;

end:
    do
    :: is_scheduled ->
        is_scheduled = false;
        peek_only();
        if
        :: only != 0 -> take_only()
        :: else -> fill(0)
        fi;
        do
        :: has_slept -> has_slept = false; break
        :: !has_slept && list != 0 -> take_step()
        :: !has_slept && list == 0 ->
            try_sleep();
            if
            :: !has_slept -> fill(0)
            :: else
            fi
        od
    od
}

proctype source(byte own)
{
    byte block, seen, sent;
    bool has_pushed;

    do
    :: sent == MESSAGES -> break
    :: else -> allocate(own); sent++; push()
    od
}

init
{
    byte i;

    atomic {
        is_used[BLOCKS] = true; /* for what the owner sends to itself */
        run owner();
        do
        :: i == SENDERS -> break
        :: else -> run source(i); i++
        od;
        i = 1
    };
    handled == TOTAL && head == ASLEEP;
    do
    :: i > BLOCKS -> break
    :: else -> !is_used[i]; i++
    od;
    assert(!is_scheduled);
    is_over = true
}

ltl all_are_handled { <> is_over }
