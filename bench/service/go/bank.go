// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"fmt"
	"sync"
)

// An account is a goroutine that owns its balance. What is asked of it comes through a
// channel, and it answers the connection itself, which never makes it wait.

const (
	inboxSize  = 64
	historyMax = 1000
)

type kind int

const (
	deposit kind = iota
	withdraw
	balance
	history
	transferOut
	transferIn
	look
)

// ask is one thing that is asked of an account: by a connection's request, or by a
// transfer or a total, which wait for done.
type ask struct {
	kind   kind
	number int64 // cents, or how many events
	to     *connection
	id     int64
	done   chan changed // has room for it
}

type failure struct {
	code int64
	text string
}

type changed struct {
	balance int64
	why     *failure
}

type event struct {
	kind            string
	change, balance int64
}

type account struct {
	inbox   chan ask
	balance int64
	history []event
}

func (a *account) run() {
	for what := range a.inbox {
		switch what.kind {
		case deposit:
			why := a.change("deposit", what.number)
			what.to.answer(what.id, a.balance, why)
		case withdraw:
			why := a.change("withdraw", -what.number)
			what.to.answer(what.id, a.balance, why)
		case balance:
			what.to.answer(what.id, a.balance, nil)
		case history:
			what.to.answerEvents(what.id, a.history, what.number)
		case transferOut:
			why := a.change("transfer_out", -what.number)
			what.done <- changed{a.balance, why}
		case transferIn:
			why := a.change("transfer_in", what.number)
			what.done <- changed{a.balance, why}
		case look:
			what.done <- changed{a.balance, nil}
		}
	}
}

func (a *account) change(kind string, cents int64) *failure {
	if a.balance+cents < 0 {
		return &failure{409, "insufficient funds"}
	}
	a.balance += cents
	if len(a.history) == historyMax {
		a.history = append(a.history[:0], a.history[historyMax/2:]...)
	}
	a.history = append(a.history, event{kind, cents, a.balance})
	return nil
}

// The bank's gate: what is asked passes it side by side, a total alone. A channel keeps
// its order, so a total's looks come behind all that had passed; a transfer holds the gate
// until its money has arrived.
type bank struct {
	gate     sync.RWMutex
	accounts sync.Map // name to *account
}

func (b *bank) find(name string) (*account, *failure) {
	if found, ok := b.accounts.Load(name); ok {
		return found.(*account), nil
	}
	return nil, &failure{404, fmt.Sprintf("there is no account %s", name)}
}

func (b *bank) open(name string, cents int64) *failure {
	b.gate.RLock()
	defer b.gate.RUnlock()
	opened := &account{inbox: make(chan ask, inboxSize), balance: cents}
	if _, is := b.accounts.LoadOrStore(name, opened); is {
		return &failure{409, fmt.Sprintf("there is an account %s already", name)}
	}
	go opened.run()
	return nil
}

// ask hands it to the account, which answers.
func (b *bank) ask(name string, what ask) *failure {
	a, why := b.find(name)
	if why != nil {
		return why
	}
	b.gate.RLock()
	a.inbox <- what
	b.gate.RUnlock()
	return nil
}

func (a *account) await(kind kind, cents int64) changed {
	done := make(chan changed, 1)
	a.inbox <- ask{kind: kind, number: cents, done: done}
	return <-done
}

// transfer waits for both accounts, and returns the balances of both.
func (b *bank) transfer(from, to *account, cents int64) (int64, int64, *failure) {
	b.gate.RLock()
	defer b.gate.RUnlock()
	out := from.await(transferOut, cents)
	if out.why != nil {
		return 0, 0, out.why
	}
	in := to.await(transferIn, cents)
	return out.balance, in.balance, in.why
}

func (b *bank) total() (sum int64) {
	b.gate.Lock()
	defer b.gate.Unlock()
	b.accounts.Range(func(_, found any) bool {
		sum += found.(*account).await(look, 0).balance
		return true
	})
	return
}
