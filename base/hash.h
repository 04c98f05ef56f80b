/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash: numbers that look like chance, and are the same every time.
 *
 * tp_hash_mix() is the last step of splitmix64: a bijection of which each bit
 * depends on each bit of the argument. tp_hash_bytes() is FNV-1a, mixed. Both
 * are the same on every machine and in every process, and neither withstands
 * somebody who looks for collisions.
 *
 *     every function    any thread
 */
#ifndef TROUPE_BASE_HASH_H
#define TROUPE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t
tp_hash_mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static inline uint64_t
tp_hash_bytes(const uint8_t *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return tp_hash_mix(hash);
}

#endif
