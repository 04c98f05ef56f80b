// SPDX-License-Identifier: BSD-2-Clause
// Calls troupe-bank serve by npm's @msgpack/msgpack: rpc_stranger.mjs PORT. Which codec is
// used is up to NODE_PATH, which ES modules do not look at.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import net from "node:net";

const require = createRequire(process.env.NODE_PATH + "/");
const { decodeMultiStream, encode } = require("@msgpack/msgpack");

const socket = net.connect(Number(process.argv[2]), "127.0.0.1");
const waiting = new Map();
let last = 0;

const reading = (async () => {
    for await (const [kind, id, error, result] of decodeMultiStream(socket)) {
        assert.equal(kind, 1);
        const { resolve, reject } = waiting.get(id);
        waiting.delete(id);
        error === null ? resolve(result) : reject(error);
    }
})();

function call(method, ...params) {
    const id = ++last;
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    socket.write(encode([0, id, method, params]));
    return answer;
}

assert.equal(await call("bank.open", "ann", 1000), 1000);
assert.equal(await call("bank.open", { account: "bob", amount_cents: 0 }), 0);
assert.deepEqual(await call("bank.transfer", "ann", "bob", 300), [700, 300]);
assert.equal(await call("bank.deposit", "ann", 2 ** 40), 700 + 2 ** 40);
await assert.rejects(call("bank.withdraw", "bob", 301), (error) => error[0] === 409);
await assert.rejects(call("bank.deposit", "bob", 1.5), (error) => error[0] === 400);
await assert.rejects(call("bank.deposit", "bob"), (error) => /amount_cents/.test(error[1]));
await assert.rejects(call("bank.nothing"), (error) => error[0] === 405);
const many = await Promise.all(Array.from({ length: 1000 }, () => call("bank.deposit", "bob", 1)));
assert.equal(Math.max(...many), 1300);
assert.equal((await call("bank.history", "bob", 2)).length, 2);
assert.equal((await call("troupe.describe"))[0].name, "bank");
socket.end();
await reading;
console.log("all is as it should be");
