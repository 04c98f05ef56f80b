// SPDX-License-Identifier: BSD-2-Clause
// What an actor costs.
#include "peer.hpp"

// ---- fjcreate

struct fj_actor : event_based_actor {
    actor col;
    fj_actor(actor_config &c, actor col)
        : event_based_actor(c), col(std::move(col))
    {
    }
    behavior make_behavior() override
    {
        return {[this](u64 v) {
            send(col, work(v));
            quit();
        }};
    }
};
result_t
fjcreate(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 500000);
    scoped_actor main{sys};
    auto t = clk::now();
    auto col = sys.spawn(consumer, n, actor{main});
    sys.spawn([=](event_based_actor *self) {
        for (u64 i = 0; i < n; ++i)
            self->send(self->spawn<fj_actor, lazy_init>(col), i);
    });
    u64 v = wait_u64(main);
    auto r = per_actor(n, t, v, 0);
    r.expect = work_sum(n);
    return r;
}

// ---- skynet

struct sky : event_based_actor {
    actor parent;
    u64 num, size, div, left, sum = 0;
    sky(actor_config &c, actor parent, u64 num, u64 size, u64 div)
        : event_based_actor(c), parent(std::move(parent)), num(num), size(size),
          div(div), left(div)
    {
    }
    behavior make_behavior() override
    {
        if (size == 1) {
            send(parent, num);
            return {}; // no behavior: terminates
        }
        actor me{this};
        u64 s = size / div;
        for (u64 i = 0; i < div; ++i)
            spawn<sky>(me, num + i * s, s, div);
        return {[this](u64 v) {
            sum += v;
            if (--left == 0) {
                send(parent, sum);
                quit();
            }
        }};
    }
};
result_t
skynet(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 1000000), div = p.get("fanout", 10);
    scoped_actor main{sys};
    auto t = clk::now();
    sys.spawn<sky>(actor{main}, u64{0}, n, div);
    u64 v = wait_u64(main), actors = 0;
    for (u64 k = n; k > 0; k /= div)
        actors += k;
    return per_actor(actors, t, v, n * (n - 1) / 2);
}

// ---- idle

static u64
rss()
{
    u64 a, b = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &a, &b) != 2)
        abort();
    fclose(f);
    return b * 4096;
}
static std::atomic<u64> started{0};
struct idle_actor : event_based_actor {
    actor col;
    idle_actor(actor_config &c, actor col)
        : event_based_actor(c), col(std::move(col))
    {
    }
    behavior make_behavior() override
    {
        started.fetch_add(1, std::memory_order_relaxed);
        return {[this](u64 v) {
            send(col, v);
            quit();
        }};
    }
};
result_t
idle(actor_system &sys, const params &p)
{
    u64 n = p.get("n", 1000000);
    scoped_actor main{sys};
    auto col = sys.spawn(consumer, n, actor{main});
    vector<actor> all;
    all.reserve(n);
    u64 before = rss();
    for (u64 i = 0; i < n; ++i)
        all.push_back(sys.spawn<idle_actor>(col));
    while (started.load(std::memory_order_relaxed) < n)
        std::this_thread::yield();
    result_t r{"bytes/actor", n, (double)(rss() - before) / n, 0, (i64)n};
    for (auto &x : all)
        anon_send(x, u64{1});
    r.check = wait_u64(main);
    return r;
}
