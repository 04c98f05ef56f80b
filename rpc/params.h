/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params: the parameters of a call, as the payload of the message that it is.
 *
 * A call gives its parameters by position, [a, b], or by name, in one map:
 * [{"account": a, "amount_cents": b}]. A message's payload is an array by
 * position. So the one becomes the other here, and every field is looked at on
 * the way: after this the receiver's decoder finds nothing wrong.
 *
 * Callers are taken as they come. Their packers may write text as bin, 5.0 as
 * 5, and any whole number in any encoding; the payload has it as the field
 * wants it. What does not fit, is missing, unknown or there twice is an error
 * that names the field. A field of type raw may be left out, and is nil then.
 * No caller from outside knows a pid, so a field of that type is refused.
 *
 * One map is by name unless the message has nothing but one field of type raw,
 * which then is the map.
 *
 *     every function    any thread; touches only what it is given
 */
#ifndef TROUPE_RPC_PARAMS_H
#define TROUPE_RPC_PARAMS_H

#include "troupe/schema.h"

/* Room that tp_rpc_params_bind() may need. */
size_t tp_rpc_params_size_max(
    const struct troupe_schema *schema, struct troupe_raw params);

/*
 * Writes to out the payload of a message of this schema, which has fields, and
 * sets *end behind it. params is one whole value that the scan has accepted.
 * DECODE: the detail says which parameter is wrong, and why.
 */
TROUPE_MUST_USE troupe_err tp_rpc_params_bind(
    const struct troupe_schema *schema, struct troupe_raw params, uint8_t *out,
    const uint8_t **end);

/*
 * The same for the result of a call, as the message that answers it: of one
 * field it is the value itself, of several the array, of none anything. Room
 * as for parameters.
 */
TROUPE_MUST_USE troupe_err tp_rpc_result_bind(
    const struct troupe_schema *schema, struct troupe_raw result, uint8_t *out,
    const uint8_t **end);

#endif
