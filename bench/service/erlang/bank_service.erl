%% SPDX-License-Identifier: BSD-2-Clause
%% The bank's RPC in Erlang: a process for each connection and for each account.
-module(bank_service).
-export([main/1]).

main(Words) ->
    {Host, Port} = address(Words),
    {ok, Listener} = gen_tcp:listen(Port, [binary, {packet, raw}, {active, false},
        {ip, Host}, {nodelay, true}, {reuseaddr, true}, {backlog, 1024}]),
    {ok, {_, Is}} = inet:sockname(Listener),
    io:format("listening on ~s:~b~n", [inet:ntoa(Host), Is]),
    Sum = counters:new(1, [atomics]),
    accept(Listener, bank_names:create(), Sum).

address([]) -> {{127, 0, 0, 1}, 0};
address([Word | _]) ->
    [Host, Port] = string:split(Word, ":"),
    {ok, Address} = inet:parse_address(Host),
    {Address, list_to_integer(Port)}.

accept(Listener, Names, Sum) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(bank_connection, start, [Socket, Names, Sum]),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listener, Names, Sum).
