// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"bufio"
	"net"
	"sync"
)

// A connection is two goroutines: one reads requests and hands them out, one writes the
// answers, those that wait together in one write. So many requests are in flight at the
// most: what waits to be written is bounded too, whatever the peer reads.

const inFlightMax = 1024

type connection struct {
	socket net.Conn
	room   chan struct{} // one in it for each request that is read and not written
	wake   chan struct{}

	mutex   sync.Mutex
	waiting []byte
	count   int // answers in it
}

func (c *connection) push(build func(out []byte) []byte) {
	c.mutex.Lock()
	c.waiting = build(c.waiting)
	c.count++
	c.mutex.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

func putHead(out []byte, id int64, why *failure) []byte {
	out = putInt(append(out, 0x94, 1), id)
	if why == nil {
		return append(out, 0xc0)
	}
	return append(putText(putInt(putArray(out, 2), why.code), why.text), 0xc0)
}

// answer is by the failure if there is one.
func (c *connection) answer(id, result int64, why *failure) {
	c.push(func(out []byte) []byte {
		if out = putHead(out, id, why); why == nil {
			out = putInt(out, result)
		}
		return out
	})
}

func (c *connection) answerPair(id, first, second int64, why *failure) {
	c.push(func(out []byte) []byte {
		if out = putHead(out, id, why); why == nil {
			out = putInt(putInt(putArray(out, 2), first), second)
		}
		return out
	})
}

// answerEvents is newest first.
func (c *connection) answerEvents(id int64, events []event, limit int64) {
	if int64(len(events)) > limit {
		events = events[int64(len(events))-limit:]
	}
	c.push(func(out []byte) []byte {
		out = putArray(putHead(out, id, nil), len(events))
		for i := len(events) - 1; i >= 0; i-- {
			e := events[i]
			out = putInt(putInt(putText(putArray(out, 3), e.kind), e.change), e.balance)
		}
		return out
	})
}

// write ends when wake is closed; after an error it only makes room.
func (c *connection) write() {
	var err error
	var written []byte
	for range c.wake {
		c.mutex.Lock()
		written, c.waiting = c.waiting, written[:0]
		count := c.count
		c.count = 0
		c.mutex.Unlock()
		if err == nil && len(written) > 0 {
			_, err = c.socket.Write(written)
		}
		for i := 0; i < count; i++ {
			<-c.room
		}
	}
	c.socket.Close()
}

func (b *bank) serve(socket net.Conn) {
	c := &connection{socket: socket, room: make(chan struct{}, inFlightMax),
		wake: make(chan struct{}, 1)}
	r := bufio.NewReaderSize(socket, 4096)
	go c.write()
	for {
		value, err := readValue(r)
		request, ok := value.([]any)
		if err != nil || !ok || len(request) != 4 {
			break
		}
		id, _ := request[1].(int64)
		method, _ := request[2].(string)
		params, _ := request[3].([]any)
		c.room <- struct{}{}
		if why := b.call(c, id, method, params); why != nil {
			c.answer(id, 0, why)
		}
	}
	for i := 0; i < inFlightMax; i++ {
		c.room <- struct{}{}
	}
	close(c.wake)
}
