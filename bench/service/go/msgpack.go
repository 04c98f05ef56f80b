// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// As much of MessagePack as the bank's RPC uses: nil, booleans, whole numbers, str and
// bin, arrays. Whatever else comes ends the connection.

var errUnknown = errors.New("a value that this server does not take")

const elementsMax, bytesMax = 1024, 1 << 20

// readInt is for the tags cc to d3.
func readInt(r *bufio.Reader, tag byte) (int64, error) {
	width := 1 << (tag & 3)
	bytes, err := r.Peek(width)
	if err != nil {
		return 0, err
	}
	var n uint64
	for _, b := range bytes {
		n = n<<8 | uint64(b)
	}
	r.Discard(width)
	if tag >= 0xd0 {
		shift := 64 - 8*width
		return int64(n<<shift) >> shift, nil
	}
	return int64(n), nil
}

func readText(r *bufio.Reader, length int64) (string, error) {
	if length > bytesMax {
		return "", errUnknown
	}
	text := make([]byte, length)
	_, err := io.ReadFull(r, text)
	return string(text), err
}

func readArray(r *bufio.Reader, count int64) ([]any, error) {
	if count > elementsMax {
		return nil, errUnknown
	}
	values := make([]any, count)
	for i := range values {
		var err error
		if values[i], err = readValue(r); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// readValue gives nil, bool, int64, string or []any.
func readValue(r *bufio.Reader) (any, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	switch {
	case tag <= 0x7f || tag >= 0xe0:
		return int64(int8(tag)), nil
	case tag >= 0x90 && tag <= 0x9f:
		return readArray(r, int64(tag&0x0f))
	case tag >= 0xa0 && tag <= 0xbf:
		return readText(r, int64(tag&0x1f))
	case tag == 0xc0:
		return nil, nil
	case tag == 0xc2 || tag == 0xc3:
		return tag == 0xc3, nil
	case tag >= 0xcc && tag <= 0xd3:
		return readInt(r, tag)
	case tag >= 0xc4 && tag <= 0xc6, tag >= 0xd9 && tag <= 0xdb:
		// c4 and d9 are followed by a length of 1 byte, as cc and d0 are.
		width := tag - 0xc4
		if tag >= 0xd9 {
			width = tag - 0xd9
		}
		length, err := readInt(r, 0xcc+width)
		if err != nil {
			return nil, err
		}
		return readText(r, length)
	case tag == 0xdc || tag == 0xdd:
		count, err := readInt(r, 0xcd+tag-0xdc)
		if err != nil {
			return nil, err
		}
		return readArray(r, count)
	}
	return nil, errUnknown
}

func putInt(out []byte, n int64) []byte {
	switch {
	case n >= 0 && n <= 0x7f, n < 0 && n >= -32:
		return append(out, byte(n))
	case n >= 0 && n <= 0xff:
		return append(out, 0xcc, byte(n))
	case n >= 0 && n <= 0xffff:
		return append(out, 0xcd, byte(n>>8), byte(n))
	case n >= 0 && n <= 0xffffffff:
		return binary.BigEndian.AppendUint32(append(out, 0xce), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(out, 0xcf), uint64(n))
	}
	return binary.BigEndian.AppendUint64(append(out, 0xd3), uint64(n))
}

func putText(out []byte, text string) []byte {
	if len(text) < 32 {
		out = append(out, 0xa0|byte(len(text)))
	} else {
		out = binary.BigEndian.AppendUint16(append(out, 0xda), uint16(len(text)))
	}
	return append(out, text...)
}

func putArray(out []byte, count int) []byte {
	if count < 16 {
		return append(out, 0x90|byte(count))
	}
	return binary.BigEndian.AppendUint16(append(out, 0xdc), uint16(count))
}
