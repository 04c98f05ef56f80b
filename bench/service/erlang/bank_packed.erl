%% SPDX-License-Identifier: BSD-2-Clause
%% As much of MessagePack as the bank's RPC uses: nil, booleans, whole numbers, str and
%% bin (both are binaries here), lists.
-module(bank_packed).
-export([read/1, write/1]).

%% {ok, Value, Rest}, more, or unknown.
read(<<0:1, N:7, R/binary>>) -> {ok, N, R};
read(<<7:3, N:5, R/binary>>) -> {ok, N - 32, R};
read(<<9:4, N:4, R/binary>>) -> read_list(N, R, []);
read(<<5:3, N:5, T:N/binary, R/binary>>) -> {ok, T, R};
read(<<16#c0, R/binary>>) -> {ok, nil, R};
read(<<16#c2, R/binary>>) -> {ok, false, R};
read(<<16#c3, R/binary>>) -> {ok, true, R};
read(<<16#cc, N, R/binary>>) -> {ok, N, R};
read(<<16#cd, N:16, R/binary>>) -> {ok, N, R};
read(<<16#ce, N:32, R/binary>>) -> {ok, N, R};
read(<<16#cf, N:64, R/binary>>) -> {ok, N, R};
read(<<16#d0, N:8/signed, R/binary>>) -> {ok, N, R};
read(<<16#d1, N:16/signed, R/binary>>) -> {ok, N, R};
read(<<16#d2, N:32/signed, R/binary>>) -> {ok, N, R};
read(<<16#d3, N:64/signed, R/binary>>) -> {ok, N, R};
read(<<16#c4, N, T:N/binary, R/binary>>) -> {ok, T, R};
read(<<16#c5, N:16, T:N/binary, R/binary>>) -> {ok, T, R};
read(<<16#d9, N, T:N/binary, R/binary>>) -> {ok, T, R};
read(<<16#da, N:16, T:N/binary, R/binary>>) -> {ok, T, R};
read(<<16#dc, N:16, R/binary>>) when N =< 1024 -> read_list(N, R, []);
read(<<>>) -> more;
read(<<Tag, _/binary>>) when Tag >= 16#a0, Tag < 16#c0 -> more;
read(<<Tag, _/binary>>) when Tag >= 16#cc, Tag =< 16#d3 -> more;
read(<<Tag, R/binary>>) when Tag =:= 16#c4; Tag =:= 16#c5; Tag =:= 16#d9; Tag =:= 16#da;
        Tag =:= 16#dc andalso byte_size(R) < 2 -> more;
read(_) -> unknown.

read_list(0, R, Values) -> {ok, lists:reverse(Values), R};
read_list(N, R, Values) ->
    case read(R) of
        {ok, Value, After} -> read_list(N - 1, After, [Value | Values]);
        Other -> Other
    end.

write(nil) -> 16#c0;
write(N) when is_integer(N), N >= 0, N =< 16#7f -> N;
write(N) when is_integer(N), N < 0, N >= -32 -> N + 256;
write(N) when is_integer(N), N >= 0, N =< 16#ff -> [16#cc, N];
write(N) when is_integer(N), N >= 0, N =< 16#ffff -> <<16#cd, N:16>>;
write(N) when is_integer(N), N >= 0, N =< 16#ffffffff -> <<16#ce, N:32>>;
write(N) when is_integer(N), N >= 0 -> <<16#cf, N:64>>;
write(N) when is_integer(N) -> <<16#d3, N:64/signed>>;
write(T) when is_binary(T), byte_size(T) < 32 -> [16#a0 bor byte_size(T), T];
write(T) when is_binary(T) -> [<<16#da, (byte_size(T)):16>>, T];
write(L) when is_list(L), length(L) < 16 -> [16#90 bor length(L) | [write(V) || V <- L]];
write(L) when is_list(L) -> [<<16#dc, (length(L)):16>> | [write(V) || V <- L]].
