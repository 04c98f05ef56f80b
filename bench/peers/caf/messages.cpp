// SPDX-License-Identifier: BSD-2-Clause
// What a message costs.
#include "peer.hpp"

// ---- pingpong

struct pong_actor : event_based_actor {
    pong_actor(actor_config &c) : event_based_actor(c)
    {
    }
    behavior make_behavior() override
    {
        return {[this](u64 v) { send(sender_of(this), v + 1); }};
    }
};
struct ping_actor : event_based_actor {
    actor pong, main;
    u64 n;
    ping_actor(actor_config &c, actor p, u64 n, actor m)
        : event_based_actor(c), pong(p), main(m), n(n)
    {
    }
    behavior make_behavior() override
    {
        send(pong, u64{0});
        return {[this](u64 v) {
            if (v == n) {
                send(main, v);
                send_exit(pong, exit_reason::user_shutdown);
                quit();
            } else
                send(pong, v);
        }};
    }
};
result_t
pingpong(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 1000000);
    scoped_actor main{sys};
    auto t = clk::now();
    sys.spawn<ping_actor>(sys.spawn<pong_actor>(), n, actor{main});
    u64 v = wait_u64(main);
    return res(2 * n, t, v, n);
}

// ---- counting

struct counter_actor : event_based_actor {
    u64 total = 0;
    counter_actor(actor_config &c) : event_based_actor(c)
    {
    }
    behavior make_behavior() override
    {
        return {[this](inc_a, u64 v) { total += v; },
            [this](get_atom) {
                send(sender_of(this), total_a::value, total);
                quit();
            }};
    }
};
result_t
counting(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 5000000);
    scoped_actor main{sys};
    auto t = clk::now();
    auto counter = sys.spawn<counter_actor>();
    sys.spawn([=, out = actor{main}](event_based_actor *self) -> behavior {
        for (u64 i = 0; i < n; ++i)
            self->send(counter, inc_a::value, u64{1});
        self->send(counter, get_atom::value);
        return {[=](total_a, u64 v) {
            self->send(out, v);
            self->quit();
        }};
    });
    u64 v = wait_u64(main);
    return res(n, t, v, n);
}

// ---- fanin

result_t
fanin(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 500000), a = p.get("actors", 8);
    scoped_actor main{sys};
    auto t = clk::now();
    auto c = sys.spawn(consumer, n * a, actor{main});
    for (u64 i = 0; i < a; ++i)
        sys.spawn([=](event_based_actor *self) {
            for (u64 v = 0; v < n; ++v)
                self->send(c, v);
        });
    u64 v = wait_u64(main);
    return res(n * a, t, v, a * (n * (n - 1) / 2));
}

// ---- ring

struct ring_actor : event_based_actor {
    u64 id;
    actor next, main;
    ring_actor(actor_config &c, u64 id, actor m)
        : event_based_actor(c), id(id), main(m)
    {
    }
    behavior make_behavior() override
    {
        return {[this](u64 k) {
                    if (k == 0)
                        send(main, id);
                    else
                        send(next, k - 1);
                },
            [this](next_a, const actor &a) { next = a; },
            [this](stop_a) { quit(); }};
    }
    void on_exit() override
    {
        next = nullptr;
    } // the ring is a reference cycle
};
result_t
ring(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 2000000), a = p.get("actors", 100);
    scoped_actor main{sys};
    auto t = clk::now();
    vector<actor> all;
    for (u64 i = 0; i < a; ++i)
        all.push_back(sys.spawn<ring_actor>(i, actor{main}));
    for (u64 i = 0; i < a; ++i)
        anon_send(all[i], next_a::value, all[(i + 1) % a]);
    anon_send(all[0], n);
    u64 v = wait_u64(main);
    for (auto &x : all)
        anon_send(x, stop_a::value);
    return res(n, t, v, n % a);
}

// ---- fjthrput

struct thr_actor : event_based_actor {
    u64 left, acc = 0;
    actor col;
    thr_actor(actor_config &c, u64 n, actor col)
        : event_based_actor(c), left(n), col(col)
    {
    }
    behavior make_behavior() override
    {
        return {[this](u64 v) {
            acc += work(v);
            if (--left == 0) {
                send(col, acc);
                quit();
            }
        }};
    }
};
result_t
fjthrput(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 50000), a = p.get("actors", 60);
    scoped_actor main{sys};
    auto t = clk::now();
    auto col = sys.spawn(consumer, a, actor{main});
    sys.spawn([=](event_based_actor *self) {
        vector<actor> all;
        for (u64 i = 0; i < a; ++i)
            all.push_back(self->spawn<thr_actor>(n, col));
        for (u64 m = 0; m < n; ++m)
            for (auto &x : all)
                self->send(x, m);
    });
    u64 v = wait_u64(main);
    auto r = res(n * a, t, v, 0);
    r.expect = a * work_sum(n);
    return r;
}

// ---- big

struct big_actor : event_based_actor {
    i32 id, expect = -1;
    u64 n, sent = 0, served = 0;
    rng r;
    neighbors all;
    actor sink;
    big_actor(actor_config &c, i32 id, u64 n, actor sink)
        : event_based_actor(c), id(id), n(n), r{(u64)id}, sink(sink)
    {
    }
    behavior make_behavior() override
    {
        return {[this](ping_a, i32 from) {
                    ++served;
                    send((*all)[from], pong_a::value, id);
                },
            [this](pong_a, i32 from) {
                if (from != expect) {
                    fprintf(stderr, "big: unexpected pong\n");
                    _exit(1);
                }
                if (sent == n) {
                    send(sink, done_a::value);
                } else {
                    expect = (i32)r.below(all->size());
                    send((*all)[expect], ping_a::value, id);
                    ++sent;
                }
            },
            [this](const neighbors &x) { all = x; },
            [this](stop_a) {
                send(sink, served);
                quit();
            }};
    }
    void on_exit() override
    {
        all.reset();
    }
};
result_t
big(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 5000), a = p.get("actors", 120);
    scoped_actor main{sys};
    auto t = clk::now();
    sys.spawn([=, out = actor{main}](event_based_actor *self) -> behavior {
        auto all = std::make_shared<vector<actor>>();
        actor sink{self};
        for (u64 i = 0; i < a; ++i)
            all->push_back(self->spawn<big_actor>((i32)i, n, sink));
        for (auto &x : *all)
            self->send(x, neighbors{all});
        for (auto &x : *all)
            self->send(x, pong_a::value, i32{-1});
        u64 done = 0, reports = 0, sum = 0;
        return {[=](done_a) mutable {
                    if (++done == a)
                        for (auto &x : *all)
                            self->send(x, stop_a::value);
                },
            [=](u64 served) mutable {
                sum += served;
                if (++reports == a) {
                    self->send(out, sum);
                    self->quit();
                }
            }};
    });
    u64 v = wait_u64(main);
    return res(2 * a * n, t, v, a * n);
}

// ---- chameneos

enum : i32 { red, yellow, blue, faded };
static i32
complement(i32 a, i32 b)
{
    if (a == faded || b == faded)
        return faded;
    return a == b ? a : red + yellow + blue - a - b;
}
struct chameneo : event_based_actor {
    actor mall;
    i32 color;
    u64 meetings = 0;
    chameneo(actor_config &c, actor mall, i32 color)
        : event_based_actor(c), mall(mall), color(color)
    {
    }
    behavior make_behavior() override
    {
        send(mall, meet_a::value, color);
        return {[this](meet_a, i32 other, const actor &from) {
                    color = complement(color, other);
                    ++meetings;
                    send(from, change_a::value, color);
                    send(mall, meet_a::value, color);
                },
            [this](change_a, i32 c) {
                color = c;
                ++meetings;
                send(mall, meet_a::value, color);
            },
            [this](stop_a) {
                send(mall, count_a::value, meetings);
                quit();
            }};
    }
};
struct mall_actor : event_based_actor {
    u64 left, a, gone = 0, sum = 0;
    actor waiting, out;
    mall_actor(actor_config &c, u64 n, u64 a, actor out)
        : event_based_actor(c), left(n), a(a), out(out)
    {
    }
    behavior make_behavior() override
    {
        for (u64 i = 0; i < a; ++i)
            spawn<chameneo>(actor{this}, (i32)(i % 3));
        return {[this](meet_a, i32 color) {
                    if (left == 0) {
                        send(sender_of(this), stop_a::value);
                    } else if (!waiting) {
                        waiting = sender_of(this);
                    } else {
                        --left;
                        send(waiting, meet_a::value, color, sender_of(this));
                        waiting = nullptr;
                    }
                },
            [this](count_a, u64 m) {
                sum += m;
                if (++gone == a) {
                    send(out, sum);
                    quit();
                }
            }};
    }
};
result_t
chameneos(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 500000), a = p.get("actors", 100);
    scoped_actor main{sys};
    auto t = clk::now();
    sys.spawn<mall_actor>(n, a, actor{main});
    u64 v = wait_u64(main);
    return res(4 * n, t, v, 2 * n);
}
