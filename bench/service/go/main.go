// SPDX-License-Identifier: BSD-2-Clause

// The bank's RPC in Go: goroutines for accounts and connections.
//
// usage: service-go [HOST:PORT]
package main

import (
	"fmt"
	"net"
	"os"
)

func number(params []any, at int) (int64, *failure) {
	if n, ok := params[at].(int64); ok && n >= 0 {
		return n, nil
	}
	return 0, &failure{400, "the amount is no whole number from 0 on"}
}

func amount(params []any, at int) (int64, *failure) {
	n, why := number(params, at)
	if why == nil && n == 0 {
		why = &failure{400, "the amount must be above 0"}
	}
	return n, why
}

var counts = map[string]int{"bank.open": 2, "bank.deposit": 2, "bank.withdraw": 2,
	"bank.transfer": 3, "bank.balance": 1, "bank.total": 0, "bank.history": 2}

// call has it answered, now or later, or returns why not.
func (b *bank) call(c *connection, id int64, method string, params []any) *failure {
	count, known := counts[method]
	if !known {
		return &failure{405, "there is no method " + method}
	}
	if len(params) < count || len(params) > count+1 {
		return &failure{400, fmt.Sprintf("%s takes %d parameters", method, count)}
	}
	if method == "bank.total" {
		go func() { c.answer(id, b.total(), nil) }()
		return nil
	}
	name, ok := params[0].(string)
	if !ok {
		return &failure{400, "the account is no str"}
	}
	what := ask{to: c, id: id}
	var why *failure
	switch method {
	case "bank.open":
		cents, why := number(params, 1)
		if why == nil {
			why = b.open(name, cents)
		}
		c.answer(id, cents, why)
		return nil
	case "bank.transfer":
		return b.startTransfer(c, id, name, params)
	case "bank.deposit":
		what.kind = deposit
		what.number, why = amount(params, 1)
	case "bank.withdraw":
		what.kind = withdraw
		what.number, why = amount(params, 1)
	case "bank.balance":
		what.kind = balance
	case "bank.history":
		what.kind = history
		what.number, why = number(params, 1)
	}
	if why != nil {
		return why
	}
	return b.ask(name, what)
}

// A transfer has a goroutine of its own, which waits for the one account and the other.
func (b *bank) startTransfer(c *connection, id int64, name string, params []any) *failure {
	other, _ := params[1].(string)
	cents, why := amount(params, 2)
	if why == nil && name == other {
		why = &failure{400, "a transfer takes two accounts"}
	}
	if why != nil {
		return why
	}
	from, why := b.find(name)
	if why != nil {
		return why
	}
	to, why := b.find(other)
	if why != nil {
		return why
	}
	go func() {
		first, second, why := b.transfer(from, to, cents)
		c.answerPair(id, first, second, why)
	}()
	return nil
}

func main() {
	address := "127.0.0.1:0"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	b := &bank{}
	for {
		socket, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		go b.serve(socket)
	}
}
