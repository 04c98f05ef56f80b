%% SPDX-License-Identifier: BSD-2-Clause
%% A connection is a process that reads requests and hands them to the accounts. Their
%% answers come to it as messages; those that wait together are one write.
-module(bank_connection).
-export([start/3, answer/2, refuse/3]).

-define(TOGETHER_MAX, 256).

start(Socket, Names, Sum) ->
    receive go -> ok end,
    ok = inet:setopts(Socket, [{active, once}]),
    loop(Socket, Names, Sum, <<>>).

answer({Connection, Id}, Result) -> Connection ! {answer, [1, Id, nil, Result]}.
refuse({Connection, Id}, Code, Text) -> Connection ! {answer, [1, Id, [Code, Text], nil]}.

loop(Socket, Names, Sum, Rest) ->
    receive
        {tcp, Socket, Bytes} ->
            case requests(join(Rest, Bytes), Names, Sum) of
                unknown -> gen_tcp:close(Socket);
                Left ->
                    ok = inet:setopts(Socket, [{active, once}]),
                    loop(Socket, Names, Sum, Left)
            end;
        {answer, Response} ->
            case gen_tcp:send(Socket, together([bank_packed:write(Response)], 1)) of
                ok -> loop(Socket, Names, Sum, Rest);
                {error, _} -> ok
            end;
        {tcp_closed, Socket} -> ok;
        {tcp_error, Socket, _} -> ok
    end.

join(<<>>, Bytes) -> Bytes;
join(Rest, Bytes) -> <<Rest/binary, Bytes/binary>>.

together(Written, ?TOGETHER_MAX) -> lists:reverse(Written);
together(Written, Count) ->
    receive
        {answer, Response} -> together([bank_packed:write(Response) | Written], Count + 1)
    after 0 -> lists:reverse(Written)
    end.

requests(Bytes, Names, Sum) ->
    case bank_packed:read(Bytes) of
        {ok, [0, Id, Method, Params], Left} ->
            call(Method, Params, {self(), Id}, Names, Sum),
            requests(Left, Names, Sum);
        more -> Bytes;
        _ -> unknown
    end.

call(<<"bank.open">>, [Name, Cents | _], To, Names, Sum)
        when is_binary(Name), is_integer(Cents), Cents >= 0 ->
    bank_names:open(Name, Cents, To, Names, Sum);
call(<<"bank.deposit">>, [Name, Cents | _], To, Names, _) when is_integer(Cents), Cents > 0 ->
    tell(Name, {deposit, Cents, To}, To, Names);
call(<<"bank.withdraw">>, [Name, Cents | _], To, Names, _) when is_integer(Cents), Cents > 0 ->
    tell(Name, {withdraw, Cents, To}, To, Names);
call(<<"bank.transfer">>, [Name, Name | _], To, _, _) ->
    refuse(To, 400, <<"a transfer takes two accounts">>);
call(<<"bank.transfer">>, [From, Receiver, Cents | _], To, Names, _)
        when is_integer(Cents), Cents > 0 ->
    case bank_names:find(Receiver, Names) of
        none -> missing(Receiver, To);
        Pid -> tell(From, {transfer, Pid, Cents, To}, To, Names)
    end;
call(<<"bank.balance">>, [Name], To, Names, _) ->
    tell(Name, {balance, To}, To, Names);
call(<<"bank.history">>, [Name, Limit], To, Names, _) when is_integer(Limit), Limit >= 0 ->
    tell(Name, {history, Limit, To}, To, Names);
call(<<"bank.total">>, [], To, _, Sum) ->
    answer(To, counters:get(Sum, 1));
call(<<"bank.", _/binary>>, _, To, _, _) ->
    refuse(To, 400, <<"the parameters do not fit the method">>);
call(_, _, To, _, _) ->
    refuse(To, 405, <<"there is no such method">>).

tell(Name, Message, To, Names) ->
    case bank_names:find(Name, Names) of
        none -> missing(Name, To);
        Pid -> Pid ! Message
    end.

missing(Name, To) when is_binary(Name) ->
    refuse(To, 404, <<"there is no account ", Name/binary>>);
missing(_, To) ->
    refuse(To, 400, <<"the account is no str">>).
