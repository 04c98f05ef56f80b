%% SPDX-License-Identifier: BSD-2-Clause
%% An account is a process that owns its balance. Where an answer goes is a pair
%% {Connection, Id}; a transfer is handed on from one account to the other, which
%% answers, so that nobody waits.
%%
%% bank.total is one atomic counter, `Sum`, which opens and deposits raise and
%% withdrawals lower before they are answered; a transfer leaves it as it is.
-module(bank_account).
-export([start/2]).

-define(HISTORY_MAX, 1000).

start(Cents, Sum) -> spawn(fun() -> loop(Cents, {0, []}, Sum) end).

loop(Balance, History, Sum) ->
    receive
        {deposit, Cents, To} ->
            counters:add(Sum, 1, Cents),
            bank_connection:answer(To, Balance + Cents),
            loop(Balance + Cents, keep(<<"deposit">>, Cents, Balance, History), Sum);
        {Kind, Cents, To} when Kind =:= withdraw, Cents > Balance ->
            bank_connection:refuse(To, 409, <<"insufficient funds">>),
            loop(Balance, History, Sum);
        {withdraw, Cents, To} ->
            counters:sub(Sum, 1, Cents),
            bank_connection:answer(To, Balance - Cents),
            loop(Balance - Cents, keep(<<"withdraw">>, -Cents, Balance, History), Sum);
        {transfer, _, Cents, To} when Cents > Balance ->
            bank_connection:refuse(To, 409, <<"insufficient funds">>),
            loop(Balance, History, Sum);
        {transfer, Receiver, Cents, To} ->
            Receiver ! {transferred, Cents, Balance - Cents, To},
            loop(Balance - Cents, keep(<<"transfer_out">>, -Cents, Balance, History), Sum);
        {transferred, Cents, Senders, To} ->
            bank_connection:answer(To, [Senders, Balance + Cents]),
            loop(Balance + Cents, keep(<<"transfer_in">>, Cents, Balance, History), Sum);
        {balance, To} ->
            bank_connection:answer(To, Balance),
            loop(Balance, History, Sum);
        {history, Limit, To} ->
            {_, Events} = History,
            bank_connection:answer(To, lists:sublist(Events, Limit)),
            loop(Balance, History, Sum)
    end.

%% The last ones, newest first.
keep(Kind, Change, Balance, {?HISTORY_MAX, Events}) ->
    keep(Kind, Change, Balance,
        {?HISTORY_MAX div 2, lists:sublist(Events, ?HISTORY_MAX div 2)});
keep(Kind, Change, Balance, {Count, Events}) ->
    {Count + 1, [[Kind, Change, Balance + Change] | Events]}.
