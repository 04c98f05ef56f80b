// SPDX-License-Identifier: BSD-2-Clause
// Actor = event-based actor of CAF. A benchmark is a function from the numbers
// of the command line (n, actors, fanout, await) to a result; main.cpp has the
// table of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "caf/all.hpp"

using namespace caf;
using std::vector;
using u64 = uint64_t;
using i64 = int64_t;
using i32 = int32_t;

using neighbors = std::shared_ptr<vector<actor>>;
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(neighbors)

using inc_a = atom_constant<atom("inc")>;
using total_a = atom_constant<atom("total")>;
using next_a = atom_constant<atom("next")>;
using stop_a = atom_constant<atom("stop")>;
using ping_a = atom_constant<atom("ping")>;
using pong_a = atom_constant<atom("pong")>;
using done_a = atom_constant<atom("done")>;
using meet_a = atom_constant<atom("meet")>;
using change_a = atom_constant<atom("change")>;
using count_a = atom_constant<atom("count")>;
using credit_a = atom_constant<atom("credit")>;
using debit_a = atom_constant<atom("debit")>;
using reply_a = atom_constant<atom("reply")>;
using ack_a = atom_constant<atom("ack")>;

struct params : std::map<std::string, u64> {
    u64 get(const char *k, u64 d) const
    {
        auto i = find(k);
        return i == end() ? d : i->second;
    }
};

using clk = std::chrono::steady_clock;
struct result_t {
    const char *unit;
    u64 messages;
    double value;
    i64 check, expect;
};
inline double
since(clk::time_point t)
{
    return std::chrono::duration<double>(clk::now() - t).count();
}
inline result_t
res(u64 messages, clk::time_point t, i64 check, i64 expect)
{
    return {"ns/message", messages, since(t) * 1e9 / messages, check, expect};
}
inline result_t
per_actor(u64 actors, clk::time_point t, i64 check, i64 expect)
{
    return {"ns/actor", actors, since(t) * 1e9 / actors, check, expect};
}

inline u64
work(u64 v)
{
    return (v * 1309 + 13849) & 65535;
}
inline u64
work_sum(u64 n)
{
    u64 s = 0;
    for (u64 i = 0; i < n; ++i)
        s += work(i);
    return s;
}
struct rng { // Savina PseudoRandom
    u64 v;
    u64 below(u64 m)
    {
        return (v = (v * 1309 + 13849) & 65535) % m;
    }
};

inline actor
sender_of(event_based_actor *self)
{
    return actor_cast<actor>(self->current_sender());
}

inline u64
wait_u64(scoped_actor &main)
{
    u64 r = 0;
    main->receive([&](u64 v) { r = v; });
    return r;
}

// Adds up count numbers and hands the sum on.
behavior consumer(event_based_actor *self, u64 count, actor out);

result_t pingpong(actor_system &sys, const params &p);
result_t counting(actor_system &sys, const params &p);
result_t fanin(actor_system &sys, const params &p);
result_t ring(actor_system &sys, const params &p);
result_t fjcreate(actor_system &sys, const params &p);
result_t fjthrput(actor_system &sys, const params &p);
result_t big(actor_system &sys, const params &p);
result_t chameneos(actor_system &sys, const params &p);
result_t banking(actor_system &sys, const params &p);
result_t skynet(actor_system &sys, const params &p);
result_t idle(actor_system &sys, const params &p);
