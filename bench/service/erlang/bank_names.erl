%% SPDX-License-Identifier: BSD-2-Clause
%% Who is which account: a table that every process reads, and one process that adds to
%% it, so that an account is opened once.
-module(bank_names).
-export([create/0, find/2, open/5]).

create() ->
    Names = ets:new(names, [public, {read_concurrency, true}, {write_concurrency, true}]),
    {Names, spawn_link(fun loop/0)}.

find(Name, {Names, _}) ->
    case ets:lookup(Names, Name) of
        [{_, Pid}] -> Pid;
        [] -> none
    end.

open(Name, Cents, To, {Names, Opener}, Sum) ->
    Opener ! {open, Name, Cents, To, Names, Sum}.

loop() ->
    receive {open, Name, Cents, To, Names, Sum} ->
        case ets:member(Names, Name) of
            true ->
                bank_connection:refuse(To, 409,
                    <<"there is an account ", Name/binary, " already">>);
            false ->
                counters:add(Sum, 1, Cents),
                ets:insert(Names, {Name, bank_account:start(Cents, Sum)}),
                bank_connection:answer(To, Cents)
        end
    end,
    loop().
