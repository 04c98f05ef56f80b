%% SPDX-License-Identifier: BSD-2-Clause
%% Actor = process of Erlang.
%% usage: bench-erlang NAME [KEY=NUMBER...]; keys: n actors fanout threads
-module(bench_erlang).
-export([main/1]).
-compile([inline]).

-define(WORK(V), (((V) * 1309 + 13849) band 65535)).

main([Name | Args]) ->
    P = maps:from_list([kv(A) || A <- Args]),
    Self = self(),
    {Pid, Mon} = spawn_monitor(fun() -> Self ! {result, bench(list_to_atom(Name), P)} end),
    receive
        {result, R} -> report(Name, R);
        {'DOWN', Mon, process, Pid, Why} when Why =/= normal ->
            io:format(standard_error, "~p~n", [Why]), halt(1)
    end.

kv(A) ->
    [K, V] = string:split(A, "="),
    {list_to_atom(K), list_to_integer(V)}.

report(Name, {Unit, Messages, Value, Check, Expect}) ->
    Ok = Check =:= Expect,
    io:format("{\"peer\": \"Erlang/OTP ~s\", \"name\": \"~s\", \"unit\": \"~s\", "
              "\"messages_count\": ~w, \"value\": ~.2f, \"ok\": ~w}~n",
              [erlang:system_info(otp_release), Name, Unit, Messages, Value, Ok]),
    halt(case Ok of true -> 0; false -> 1 end).

res(Messages, Ns, Check, Expect) -> {"ns/message", Messages, Ns / Messages, Check, Expect}.
per_actor(Actors, Ns, Check, Expect) -> {"ns/actor", Actors, Ns / Actors, Check, Expect}.

now_ns() -> erlang:monotonic_time(nanosecond).

%% Savina PseudoRandom
rnd(V) -> (V * 1309 + 13849) band 65535.

work_sum(N) -> work_sum(N, 0).
work_sum(0, S) -> S;
work_sum(N, S) -> work_sum(N - 1, S + ?WORK(N - 1)).

sum_msgs(0, S) -> S;
sum_msgs(N, S) -> receive V -> sum_msgs(N - 1, S + V) end.

%% message_queue_data=off_heap measured slower for counting, fanin and fjcreate here; for banking's teller,
%% whose queue grows to n messages, the default on_heap is many times slower (> 60 s)
off_heap(Fun) -> spawn_opt(Fun, [{message_queue_data, off_heap}]).

%% ---------------------------------------------------------------- pingpong
bench(pingpong, P) ->
    N = maps:get(n, P, 1000000),
    Main = self(),
    T = now_ns(),
    Pong = spawn(fun pong/0),
    spawn(fun() -> Pong ! {self(), 0}, ping(Pong, N, Main) end),
    V = receive {done, X} -> X end,
    res(2 * N, now_ns() - T, V, N);

%% ---------------------------------------------------------------- counting
bench(counting, P) ->
    N = maps:get(n, P, 5000000),
    Main = self(),
    T = now_ns(),
    Counter = spawn(fun() -> counter(0) end),
    spawn(fun() ->
        incs(Counter, N),
        Counter ! {get, self()},
        receive {total, V} -> Main ! {total, V} end
    end),
    V = receive {total, X} -> X end,
    res(N, now_ns() - T, V, N);

%% ---------------------------------------------------------------- fanin
bench(fanin, P) ->
    N = maps:get(n, P, 500000), A = maps:get(actors, P, 8),
    Main = self(),
    T = now_ns(),
    C = spawn(fun() -> Main ! {sum, sum_msgs(A * N, 0)} end),
    [spawn(fun() -> produce(C, 0, N) end) || _ <- lists:seq(1, A)],
    V = receive {sum, X} -> X end,
    res(A * N, now_ns() - T, V, A * (N * (N - 1) div 2));

%% ---------------------------------------------------------------- ring
bench(ring, P) ->
    N = maps:get(n, P, 2000000), A = maps:get(actors, P, 100),
    Main = self(),
    T = now_ns(),
    Pids = [spawn(fun() -> receive {next, X} -> ring(I, X, Main) end end) || I <- lists:seq(0, A - 1)],
    [X ! {next, Y} || {X, Y} <- lists:zip(Pids, tl(Pids) ++ [hd(Pids)])],
    hd(Pids) ! {token, N},
    V = receive {done, Id} -> Id end,
    [X ! stop || X <- Pids],
    res(N, now_ns() - T, V, N rem A);

%% ---------------------------------------------------------------- fjcreate
bench(fjcreate, P) ->
    N = maps:get(n, P, 500000),
    Main = self(),
    T = now_ns(),
    Col = spawn(fun() -> Main ! {sum, sum_msgs(N, 0)} end),
    fjcreate(0, N, Col),
    V = receive {sum, X} -> X end,
    Ns = now_ns() - T,
    per_actor(N, Ns, V, work_sum(N));

%% ---------------------------------------------------------------- fjthrput
bench(fjthrput, P) ->
    N = maps:get(n, P, 50000), A = maps:get(actors, P, 60),
    Main = self(),
    T = now_ns(),
    Pids = [spawn(fun() -> Main ! {sum, fjwork(N, 0)} end) || _ <- lists:seq(1, A)],
    fjthrput(0, N, Pids),
    V = lists:sum([receive {sum, X} -> X end || _ <- Pids]),
    Ns = now_ns() - T,
    res(A * N, Ns, V, A * work_sum(N));

%% ---------------------------------------------------------------- big
bench(big, P) ->
    N = maps:get(n, P, 5000), A = maps:get(actors, P, 120),
    Sink = self(),
    T = now_ns(),
    Pids = [spawn(fun() -> receive {neighbors, All} -> big(I, I, 0, 0, -1, N, All, Sink) end end)
            || I <- lists:seq(0, A - 1)],
    All = list_to_tuple(Pids),
    [X ! {neighbors, All} || X <- Pids],
    [X ! {pong, -1} || X <- Pids],
    [receive done -> ok end || _ <- Pids],
    [X ! exit || X <- Pids],
    V = lists:sum([receive {served, S} -> S end || _ <- Pids]),
    res(2 * A * N, now_ns() - T, V, A * N);

%% ---------------------------------------------------------------- chameneos
bench(chameneos, P) ->
    N = maps:get(n, P, 500000), A = maps:get(actors, P, 100),
    Main = self(),
    T = now_ns(),
    spawn(fun() ->
        Mall = self(),
        [spawn(fun() -> chameneo_start(element(I rem 3 + 1, {red, yellow, blue}), Mall) end)
         || I <- lists:seq(0, A - 1)],
        Main ! {sum, mall(none, N, A, 0)}
    end),
    V = receive {sum, X} -> X end,
    res(4 * N, now_ns() - T, V, 2 * N);

%% ---------------------------------------------------------------- banking
bench(banking, P) ->
    N = maps:get(n, P, 500000), A = maps:get(actors, P, 1000),
    Main = self(),
    T = now_ns(),
    off_heap(fun() ->
        Accounts = list_to_tuple([spawn(fun() -> account(I, 1000000) end) || I <- lists:seq(1, A)]),
        teller(N, 123456, A, Accounts),
        replies(N),
        [X ! {stop, self()} || X <- tuple_to_list(Accounts)],
        Main ! {balances, [receive {balance, I, B} -> {I, B} end || _ <- lists:seq(1, A)]}
    end),
    Bs = receive {balances, X} -> X end,
    Ns = now_ns() - T,
    W = lists:sum([I * B || {I, B} <- Bs]),
    W = banking_expect(N, 123456, A, A * (A + 1) div 2 * 1000000), % badmatch: wrong result
    res(4 * N, Ns, lists:sum([B || {_, B} <- Bs]), A * 1000000);

%% ---------------------------------------------------------------- skynet
bench(skynet, P) ->
    N = maps:get(n, P, 1000000), D = maps:get(fanout, P, 10),
    Main = self(),
    T = now_ns(),
    spawn(fun() -> sky(Main, 0, N, D) end),
    V = receive X -> X end,
    Ns = now_ns() - T,
    A = tree(N, D),
    per_actor(A, Ns, V, N * (N - 1) div 2);

%% ---------------------------------------------------------------- idle
bench(idle, P) ->
    N = maps:get(n, P, 1000000),
    Main = self(),
    C = counters:new(1, []),
    Before = rss(),
    Pids = idle_spawn(N, Main, C, []),
    wait_started(C, N),
    Bytes = rss() - Before,
    [X ! 1 || X <- Pids],
    V = idle_acks(N, 0),
    {"bytes/actor", N, Bytes / N, V, N}.

%% ---------------------------------------------------------------- behaviours
pong() -> receive {From, V} -> From ! V + 1, pong() end.

ping(Pong, N, Main) ->
    receive
        N -> Main ! {done, N};
        V -> Pong ! {self(), V}, ping(Pong, N, Main)
    end.

incs(_, 0) -> ok;
incs(C, N) -> C ! {inc, 1}, incs(C, N - 1).

counter(T) ->
    receive
        {inc, V} -> counter(T + V);
        {get, From} -> From ! {total, T}
    end.

produce(_, N, N) -> ok;
produce(C, I, N) -> C ! I, produce(C, I + 1, N).

ring(I, Next, Main) ->
    receive
        {token, 0} -> Main ! {done, I}, ring(I, Next, Main);
        {token, K} -> Next ! {token, K - 1}, ring(I, Next, Main);
        stop -> ok
    end.

fjcreate(N, N, _) -> ok;
fjcreate(I, N, Col) ->
    spawn(fun() -> receive V -> Col ! ?WORK(V) end end) ! I,
    fjcreate(I + 1, N, Col).

fjwork(0, Acc) -> Acc;
fjwork(N, Acc) -> receive V -> fjwork(N - 1, Acc + ?WORK(V)) end.

fjthrput(N, N, _) -> ok;
fjthrput(I, N, Pids) -> to_all(I, Pids), fjthrput(I + 1, N, Pids).
to_all(_, []) -> ok;
to_all(I, [X | Xs]) -> X ! I, to_all(I, Xs).

big(Id, Rng, Sent, Served, Expect, N, All, Sink) ->
    receive
        {ping, From} ->
            element(From + 1, All) ! {pong, Id},
            big(Id, Rng, Sent, Served + 1, Expect, N, All, Sink);
        {pong, Expect} when Sent =:= N ->
            Sink ! done,
            big(Id, Rng, Sent, Served, Expect, N, All, Sink);
        {pong, Expect} ->
            R = rnd(Rng),
            To = R rem tuple_size(All),
            element(To + 1, All) ! {ping, Id},
            big(Id, R, Sent + 1, Served, To, N, All, Sink);
        {pong, Other} ->
            exit({unexpected_pong, Other});
        exit ->
            Sink ! {served, Served}
    end.

chameneo_start(Color, Mall) ->
    Mall ! {meet, Color, self()},
    chameneo(Color, Mall, 0).
chameneo(Color, Mall, Meetings) ->
    receive
        {meet, Other, From} ->
            C = complement(Color, Other),
            From ! {change, C},
            Mall ! {meet, C, self()},
            chameneo(C, Mall, Meetings + 1);
        {change, C} ->
            Mall ! {meet, C, self()},
            chameneo(C, Mall, Meetings + 1);
        exit ->
            Mall ! {count, Meetings}
    end.

mall(_, _, 0, Sum) -> Sum;
mall(Waiting, Left, A, Sum) ->
    receive
        {meet, _, From} when Left =:= 0 -> From ! exit, mall(Waiting, Left, A, Sum);
        {meet, _, From} when Waiting =:= none -> mall(From, Left, A, Sum);
        {meet, _, _} = M -> Waiting ! M, mall(none, Left - 1, A, Sum);
        {count, C} -> mall(Waiting, Left, A - 1, Sum + C)
    end.

complement(C, C) -> C;
complement(faded, _) -> faded;
complement(_, faded) -> faded;
complement(red, yellow) -> blue;
complement(red, blue) -> yellow;
complement(yellow, red) -> blue;
complement(yellow, blue) -> red;
complement(blue, red) -> yellow;
complement(blue, yellow) -> red.

transaction(R0, A) ->
    R1 = rnd(R0), Src = R1 rem (A div 10 * 8),
    R2 = rnd(R1), D = case R2 rem (A - Src) of 0 -> 1; X -> X end,
    R3 = rnd(R2),
    {Src + 1, Src + D + 1, 1 + R3 rem 1000, R3}.

banking_expect(0, _, _, W) -> W;
banking_expect(N, R0, A, W) ->
    {S, D, Amt, R} = transaction(R0, A),
    banking_expect(N - 1, R, A, W + (D - S) * Amt).

teller(0, _, _, _) -> ok;
teller(N, R0, A, Accounts) ->
    {S, D, Amt, R} = transaction(R0, A),
    element(S, Accounts) ! {credit, Amt, element(D, Accounts), self()},
    teller(N - 1, R, A, Accounts).

replies(0) -> ok;
replies(N) -> receive reply -> replies(N - 1) end.

account(I, Balance) ->
    receive
        {debit, Amt, From, Ref} ->
            From ! {Ref, ok},
            account(I, Balance + Amt);
        {credit, Amt, Dest, Teller} ->
            Ref = make_ref(),
            Dest ! {debit, Amt, self(), Ref},
            receive {Ref, ok} -> ok end,
            Teller ! reply,
            account(I, Balance - Amt);
        {stop, Teller} ->
            Teller ! {balance, I, Balance}
    end.

sky(Parent, Num, 1, _) -> Parent ! Num;
sky(Parent, Num, Size, D) ->
    S = Size div D,
    sky_spawn(D, self(), Num, S, D),
    Parent ! sum_msgs(D, 0).
sky_spawn(0, _, _, _, _) -> ok;
sky_spawn(K, Self, Num, S, D) ->
    spawn(fun() -> sky(Self, Num, S, D) end),
    sky_spawn(K - 1, Self, Num + S, S, D).

tree(0, _) -> 0;
tree(K, D) -> K + tree(K div D, D).

idle_spawn(0, _, _, Acc) -> Acc;
idle_spawn(N, Main, C, Acc) ->
    Pid = spawn(fun() -> counters:add(C, 1, 1), receive V -> Main ! V end end),
    idle_spawn(N - 1, Main, C, [Pid | Acc]).

idle_acks(0, S) -> S;
idle_acks(N, S) -> receive V when is_integer(V) -> idle_acks(N - 1, S + V) end.

wait_started(C, N) ->
    case counters:get(C, 1) of
        N -> ok;
        _ -> erlang:yield(), wait_started(C, N)
    end.

rss() ->
    {ok, B} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = binary:split(B, <<" ">>, [global]),
    binary_to_integer(Pages) * 4096.
