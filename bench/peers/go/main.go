// SPDX-License-Identifier: BSD-2-Clause

// Actor = goroutine with a (buffered) channel.
// usage: bench-go NAME [KEY=NUMBER...]; keys: n actors fanout threads cap (a channel's capacity)
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

type params map[string]int

func (p params) get(k string, d int) int {
	if v, ok := p[k]; ok {
		return v
	}
	return d
}

type result struct {
	unit          string
	messages      int
	value         float64
	check, expect int64
}

func res(messages int, t time.Time, check, expect uint64) result {
	ns := float64(time.Since(t).Nanoseconds())
	return result{"ns/message", messages, ns / float64(messages), int64(check), int64(expect)}
}
func perActor(actors int, t time.Time, check, expect uint64) result {
	r := res(actors, t, check, expect)
	r.unit = "ns/actor"
	return r
}

func work(v uint64) uint64 { return (v*1309 + 13849) & 65535 }
func workSum(n int) (s uint64) {
	for i := 0; i < n; i++ {
		s += work(uint64(i))
	}
	return
}

type rng uint64 // Savina PseudoRandom
func (r *rng) below(m int) int {
	*r = (*r*1309 + 13849) & 65535
	return int(*r) % m
}

func pingpong(p params) result {
	n := uint64(p.get("n", 1_000_000))
	c := p.get("cap", 0)
	t := time.Now()
	ping, pong, done := make(chan uint64, c), make(chan uint64, c), make(chan uint64)
	go func() {
		for v := range pong {
			ping <- v + 1
		}
	}()
	go func() {
		pong <- 0
		for v := range ping {
			if v == n {
				close(pong)
				done <- v
				return
			}
			pong <- v
		}
	}()
	v := <-done
	return res(2*int(n), t, v, n)
}

type countMsg struct {
	inc   uint64
	reply chan uint64 // non-nil: asks for the total
}

func counting(p params) result {
	n := p.get("n", 5_000_000)
	t := time.Now()
	inbox := make(chan countMsg, p.get("cap", 1024))
	done := make(chan uint64)
	go func() {
		var total uint64
		for m := range inbox {
			if m.reply != nil {
				m.reply <- total
			} else {
				total += m.inc
			}
		}
	}()
	go func() {
		for i := 0; i < n; i++ {
			inbox <- countMsg{inc: 1}
		}
		reply := make(chan uint64)
		inbox <- countMsg{reply: reply}
		v := <-reply
		close(inbox)
		done <- v
	}()
	v := <-done
	return res(n, t, v, uint64(n))
}

func fanin(p params) result {
	n, a := p.get("n", 500_000), p.get("actors", 8)
	t := time.Now()
	inbox := make(chan uint64, p.get("cap", 1024))
	done := make(chan uint64)
	go func() {
		var sum uint64
		for left := n * a; left > 0; left-- {
			sum += <-inbox
		}
		done <- sum
	}()
	for i := 0; i < a; i++ {
		go func() {
			for v := 0; v < n; v++ {
				inbox <- uint64(v)
			}
		}()
	}
	v := <-done
	return res(n*a, t, v, uint64(a)*(uint64(n)*uint64(n-1)/2))
}

const stop = ^uint64(0)

func ring(p params) result {
	n, a := p.get("n", 2_000_000), p.get("actors", 100)
	t := time.Now()
	done := make(chan uint64, 1)
	in := make([]chan uint64, a)
	for i := range in {
		in[i] = make(chan uint64, p.get("cap", 1))
	}
	for i := range in {
		go func(i uint64, in, next chan uint64) {
			for k := range in {
				switch k {
				case 0:
					done <- i
				case stop:
					return
				default:
					next <- k - 1
				}
			}
		}(uint64(i), in[i], in[(i+1)%a])
	}
	in[0] <- uint64(n)
	v := <-done
	for _, c := range in {
		c <- stop
	}
	return res(n, t, v, uint64(n%a))
}

func fjcreate(p params) result {
	n := p.get("n", 500_000)
	t := time.Now()
	col := make(chan uint64, p.get("cap", 1024))
	done := make(chan uint64)
	go func() {
		var sum uint64
		for i := 0; i < n; i++ {
			sum += <-col
		}
		done <- sum
	}()
	for i := 0; i < n; i++ {
		in := make(chan uint64, 1)
		go func() { col <- work(<-in) }()
		in <- uint64(i)
	}
	v := <-done
	r := perActor(n, t, v, 0)
	r.expect = int64(workSum(n))
	return r
}

func fjthrput(p params) result {
	n, a := p.get("n", 50_000), p.get("actors", 60)
	t := time.Now()
	col := make(chan uint64, a)
	in := make([]chan uint64, a)
	for i := range in {
		c := make(chan uint64, p.get("cap", 1024))
		in[i] = c
		go func() {
			var acc uint64
			for i := 0; i < n; i++ {
				acc += work(<-c)
			}
			col <- acc
		}()
	}
	for m := 0; m < n; m++ {
		for _, c := range in {
			c <- uint64(m)
		}
	}
	var sum uint64
	for i := 0; i < a; i++ {
		sum += <-col
	}
	r := res(n*a, t, sum, 0)
	r.expect = int64(uint64(a) * workSum(n))
	return r
}

const (
	mPing = iota
	mPong
	mExit
	mDone
	mServed
)

type bigMsg struct {
	kind int32
	from int32
}
type sinkMsg struct {
	kind   int
	served int
}

func bigActor(id, n int, all []chan bigMsg, sink chan<- sinkMsg) {
	r, sent, served, expect := rng(id), 0, 0, -1
	for m := range all[id] {
		switch m.kind {
		case mPing:
			served++
			all[m.from] <- bigMsg{mPong, int32(id)}
		case mPong:
			if int(m.from) != expect {
				panic("big: unexpected pong")
			}
			if sent == n {
				sink <- sinkMsg{kind: mDone}
			} else {
				to := r.below(len(all))
				expect = to
				all[to] <- bigMsg{mPing, int32(id)}
				sent++
			}
		case mExit:
			sink <- sinkMsg{mServed, served}
			return
		}
	}
}

func big(p params) result {
	n, a := p.get("n", 5_000), p.get("actors", 120)
	t := time.Now()
	all := make([]chan bigMsg, a)
	for i := range all { // never more than a pings, one pong and an exit wait: no send blocks
		all[i] = make(chan bigMsg, p.get("cap", a+2))
	}
	sink := make(chan sinkMsg, a)
	for i := range all {
		go bigActor(i, n, all, sink)
	}
	for _, c := range all {
		c <- bigMsg{mPong, -1}
	}
	done, reports, served := 0, 0, 0
	for reports < a {
		switch m := <-sink; m.kind {
		case mDone:
			if done++; done == a {
				for _, c := range all {
					c <- bigMsg{kind: mExit}
				}
			}
		case mServed:
			served += m.served
			reports++
		}
	}
	return res(2*a*n, t, uint64(served), uint64(a*n))
}

const (
	red = iota
	yellow
	blue
	faded
)

func complement(a, b int32) int32 {
	switch {
	case a == faded || b == faded:
		return faded
	case a == b:
		return a
	default:
		return red + yellow + blue - a - b
	}
}

const (
	cMeet = iota
	cChange
	cExit
	cCount
)

type chamMsg struct {
	kind  int32
	color int32
	from  chan<- chamMsg
}
type mallMsg struct {
	kind  int32
	color int32
	count int
	from  chan<- chamMsg
}

func chameneo(color int32, mall chan<- mallMsg) {
	in := make(chan chamMsg, 2)
	meetings := 0
	mall <- mallMsg{kind: cMeet, color: color, from: in}
	for m := range in {
		switch m.kind {
		case cMeet:
			color = complement(color, m.color)
			meetings++
			m.from <- chamMsg{kind: cChange, color: color}
			mall <- mallMsg{kind: cMeet, color: color, from: in}
		case cChange:
			color = m.color
			meetings++
			mall <- mallMsg{kind: cMeet, color: color, from: in}
		case cExit:
			mall <- mallMsg{kind: cCount, count: meetings}
			return
		}
	}
}

func chameneos(p params) result {
	n, a := p.get("n", 500_000), p.get("actors", 100)
	t := time.Now()
	mall := make(chan mallMsg, p.get("cap", a)) // one message each at most
	done := make(chan int)
	go func() {
		for i := 0; i < a; i++ {
			go chameneo(int32(i%3), mall)
		}
		var waiting chan<- chamMsg
		left, sum := n, 0
		for gone := 0; gone < a; {
			switch m := <-mall; m.kind {
			case cMeet:
				if left == 0 {
					m.from <- chamMsg{kind: cExit}
				} else if waiting == nil {
					waiting = m.from
				} else {
					left--
					waiting <- chamMsg{cMeet, m.color, m.from}
					waiting = nil
				}
			case cCount:
				gone++
				sum += m.count
			}
		}
		done <- sum
	}()
	v := <-done
	return res(4*n, t, uint64(v), uint64(2*n))
}

const (
	aCredit = iota
	aDebit
	aStop
)

type accMsg struct {
	kind   int
	amount int64
	dest   chan<- accMsg
	reply  chan<- tellerMsg
	ack    chan<- struct{}
}
type tellerMsg struct {
	id      int // -1: a reply; else a balance
	balance int64
}

const initial = 1_000_000

func transaction(r *rng, a int) (src, dst int, amount int64) {
	src = r.below(a / 10 * 8)
	d := r.below(a - src)
	if d == 0 {
		d = 1
	}
	return src, src + d, int64(1 + r.below(1000))
}
func bankingExpect(n, a int) (w int64) {
	b := make([]int64, a)
	r := rng(123456)
	for i := 0; i < n; i++ {
		s, d, amt := transaction(&r, a)
		b[s] -= amt
		b[d] += amt
	}
	for i, v := range b {
		w += int64(i+1) * (v + initial)
	}
	return
}

func account(id int, in <-chan accMsg) {
	balance := int64(initial)
	ack := make(chan struct{}, 1)
	for m := range in {
		switch m.kind {
		case aDebit:
			balance += m.amount
			m.ack <- struct{}{}
		case aCredit:
			balance -= m.amount
			m.dest <- accMsg{kind: aDebit, amount: m.amount, ack: ack}
			<-ack
			m.reply <- tellerMsg{id: -1}
		case aStop:
			m.reply <- tellerMsg{id, balance}
			return
		}
	}
}

func banking(p params) result {
	n, a := p.get("n", 500_000), p.get("actors", 1_000)
	t := time.Now()
	accounts := make([]chan accMsg, a)
	for i := range accounts {
		accounts[i] = make(chan accMsg, p.get("cap", 64))
		go account(i, accounts[i])
	}
	teller := make(chan tellerMsg, n+a) // stands for the unbounded mailbox: the teller sends all before it reads
	done := make(chan [2]int64)
	go func() {
		r := rng(123456)
		for i := 0; i < n; i++ {
			s, d, amt := transaction(&r, a)
			accounts[s] <- accMsg{kind: aCredit, amount: amt, dest: accounts[d], reply: teller}
		}
		var sum, weighted int64
		for left, replies := a, 0; left > 0; {
			m := <-teller
			if m.id < 0 {
				if replies++; replies == n {
					for _, c := range accounts {
						c <- accMsg{kind: aStop, reply: teller}
					}
				}
			} else {
				left--
				sum += m.balance
				weighted += int64(m.id+1) * m.balance
			}
		}
		done <- [2]int64{sum, weighted}
	}()
	v := <-done
	r := res(4*n, t, uint64(v[0]), uint64(a)*initial)
	if e := bankingExpect(n, a); e != v[1] {
		fmt.Fprintln(os.Stderr, "banking: weighted", v[1], "expected", e)
		os.Exit(1)
	}
	return r
}

func sky(parent chan<- uint64, num, size, div int) {
	if size == 1 {
		parent <- uint64(num)
		return
	}
	in := make(chan uint64, div)
	s := size / div
	for i := 0; i < div; i++ {
		go sky(in, num+i*s, s, div)
	}
	var sum uint64
	for i := 0; i < div; i++ {
		sum += <-in
	}
	parent <- sum
}

func skynet(p params) result {
	n, div := p.get("n", 1_000_000), p.get("fanout", 10)
	t := time.Now()
	c := make(chan uint64, 1)
	go sky(c, 0, n, div)
	v := <-c
	actors := 0
	for k := n; k > 0; k /= div {
		actors += k
	}
	return perActor(actors, t, v, uint64(n)*uint64(n-1)/2)
}

func rss() int {
	b, _ := os.ReadFile("/proc/self/statm")
	v, _ := strconv.Atoi(strings.Fields(string(b))[1])
	return v * os.Getpagesize()
}

func idle(p params) result {
	n := p.get("n", 1_000_000)
	c := p.get("cap", 0)
	ack := make(chan uint64, 1024)
	var started int64
	before := rss()
	in := make([]chan uint64, n)
	for i := range in {
		ch := make(chan uint64, c)
		in[i] = ch
		go func() {
			atomic.AddInt64(&started, 1)
			ack <- <-ch
		}()
	}
	for atomic.LoadInt64(&started) < int64(n) {
		runtime.Gosched()
	}
	r := result{"bytes/actor", n, float64(rss()-before) / float64(n), 0, int64(n)}
	var sum uint64
	go func() {
		for _, ch := range in {
			ch <- 1
		}
	}()
	for i := 0; i < n; i++ {
		sum += <-ack
	}
	r.check = int64(sum)
	return r
}

func main() {
	benches := map[string]func(params) result{"pingpong": pingpong, "counting": counting, "fanin": fanin, "ring": ring,
		"fjcreate": fjcreate, "fjthrput": fjthrput, "big": big, "chameneos": chameneos, "banking": banking, "skynet": skynet, "idle": idle}
	if len(os.Args) < 2 || benches[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench-go NAME [KEY=NUMBER...]")
		os.Exit(2)
	}
	p := params{}
	for _, a := range os.Args[2:] {
		kv := strings.SplitN(a, "=", 2)
		v, err := strconv.Atoi(kv[len(kv)-1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		p[kv[0]] = v
	}
	runtime.GOMAXPROCS(p.get("threads", 2))
	c := make(chan result)
	go func() { c <- benches[os.Args[1]](p) }()
	r := <-c
	ok := r.check == r.expect
	fmt.Printf(`{"peer": "Go %s", "name": "%s", "unit": "%s", "messages_count": %d, "value": %.2f, "ok": %v}`+"\n",
		strings.TrimPrefix(runtime.Version(), "go"), os.Args[1], r.unit, r.messages, r.value, ok)
	if !ok {
		os.Exit(1)
	}
}
