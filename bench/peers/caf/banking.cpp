// SPDX-License-Identifier: BSD-2-Clause
// Transfers between accounts, that each wait for their answer.
#include "peer.hpp"

// ---- banking

static const i64 initial = 1000000;
struct tx_t {
    u64 src, dst;
    i64 amount;
};
static tx_t
transaction(rng &r, u64 a)
{
    u64 src = r.below(a / 10 * 8), d = r.below(a - src);
    if (d == 0)
        d = 1;
    return {src, src + d, 1 + (i64)r.below(1000)};
}
static i64
banking_expect(u64 n, u64 a)
{
    vector<i64> b(a, initial);
    rng r{123456};
    for (u64 i = 0; i < n; ++i) {
        auto x = transaction(r, a);
        b[x.src] -= x.amount;
        b[x.dst] += x.amount;
    }
    i64 w = 0;
    for (u64 i = 0; i < a; ++i)
        w += (i64)(i + 1) * b[i];
    return w;
}
// Savina's "manual stash": while a debit's reply is outstanding, everything
// else waits its turn.
struct account : event_based_actor {
    struct stashed {
        i64 amount;
        actor dest, from; // dest == nullptr: a debit
    };
    u64 id;
    i64 balance = initial;
    bool waiting = false;
    actor teller;
    std::deque<stashed> stash;
    account(actor_config &c, u64 id) : event_based_actor(c), id(id)
    {
    }
    void debit(i64 amount, const actor &from)
    {
        balance += amount;
        send(from, ack_a::value);
    }
    void credit(i64 amount, const actor &dest, actor from)
    {
        balance -= amount;
        teller = std::move(from);
        waiting = true;
        send(dest, debit_a::value, amount);
    }
    behavior make_behavior() override
    {
        return {[this](debit_a, i64 amount) {
                    if (waiting)
                        stash.push_back({amount, nullptr, sender_of(this)});
                    else
                        debit(amount, sender_of(this));
                },
            [this](credit_a, i64 amount, const actor &dest) {
                if (waiting)
                    stash.push_back({amount, dest, sender_of(this)});
                else
                    credit(amount, dest, sender_of(this));
            },
            [this](ack_a) {
                waiting = false;
                send(teller, reply_a::value);
                while (!waiting && !stash.empty()) {
                    auto s = std::move(stash.front());
                    stash.pop_front();
                    if (s.dest)
                        credit(s.amount, s.dest, std::move(s.from));
                    else
                        debit(s.amount, s.from);
                }
            },
            [this](stop_a) {
                send(sender_of(this), id, balance);
                quit();
            }};
    }
};
// The same with CAF's request(...).await(...), which has the mailbox hold back
// what comes meanwhile.
struct account_await : event_based_actor {
    u64 id;
    i64 balance = initial;
    account_await(actor_config &c, u64 id) : event_based_actor(c), id(id)
    {
    }
    behavior make_behavior() override
    {
        return {[this](debit_a, i64 amount) -> ack_a {
                    balance += amount;
                    return {};
                },
            [this](credit_a, i64 amount, const actor &dest) {
                balance -= amount;
                auto teller = sender_of(this);
                request(dest, infinite, debit_a::value, amount)
                    .await([this, teller](
                               ack_a) { send(teller, reply_a::value); });
            },
            [this](stop_a) {
                send(sender_of(this), id, balance);
                quit();
            }};
    }
};
struct teller_actor : event_based_actor {
    u64 n, a, replies = 0, left;
    bool use_await;
    i64 sum = 0, weighted = 0;
    actor out;
    vector<actor> accounts;
    teller_actor(actor_config &c, u64 n, u64 a, bool w, actor out)
        : event_based_actor(c), n(n), a(a), left(a), use_await(w), out(out)
    {
    }
    behavior make_behavior() override
    {
        for (u64 i = 0; i < a; ++i)
            accounts.push_back(
                use_await ? spawn<account_await>(i) : spawn<account>(i));
        rng r{123456};
        for (u64 i = 0; i < n; ++i) {
            auto x = transaction(r, a);
            send(accounts[x.src], credit_a::value, x.amount, accounts[x.dst]);
        }
        return {[this](reply_a) {
                    if (++replies == n)
                        for (auto &x : accounts)
                            send(x, stop_a::value);
                },
            [this](u64 id, i64 balance) {
                sum += balance;
                weighted += (i64)(id + 1) * balance;
                if (--left == 0) {
                    send(out, sum, weighted);
                    quit();
                }
            }};
    }
};
result_t
banking(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 500000), a = p.get("actors", 1000);
    scoped_actor main{sys};
    auto t = clk::now();
    sys.spawn<teller_actor>(n, a, p.get("await", 0) != 0, actor{main});
    i64 sum = 0, weighted = 0;
    main->receive([&](i64 s, i64 w) { sum = s, weighted = w; });
    auto r = res(4 * n, t, sum, a * initial);
    i64 e = banking_expect(n, a);
    if (weighted != e) {
        fprintf(stderr, "banking: weighted %lld expected %lld\n",
            (long long)weighted, (long long)e);
        _exit(1);
    }
    return r;
}
