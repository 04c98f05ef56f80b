// SPDX-License-Identifier: BSD-2-Clause
// Actor = task of tokio with an unbounded mpsc mailbox.
// usage: bench-tokio NAME [KEY=NUMBER...]; keys: n actors fanout threads
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Instant;
use tokio::spawn;
use tokio::sync::mpsc::{unbounded_channel as chan, UnboundedReceiver as Rx, UnboundedSender as Tx};
use tokio::sync::oneshot;

struct P(HashMap<String, u64>);
impl P {
    fn get(&self, k: &str, d: u64) -> u64 {
        *self.0.get(k).unwrap_or(&d)
    }
}

struct R {
    unit: &'static str,
    messages: u64,
    value: f64,
    check: i64,
    expect: i64,
}
fn res(messages: u64, t: Instant, check: i64, expect: i64) -> R {
    let value = t.elapsed().as_nanos() as f64 / messages as f64;
    R { unit: "ns/message", messages, value, check, expect }
}
fn per_actor(actors: u64, t: Instant, check: i64, expect: i64) -> R {
    R { unit: "ns/actor", ..res(actors, t, check, expect) }
}

#[inline(always)]
fn work(v: u64) -> u64 {
    (v * 1309 + 13849) & 65535
}

struct Rng(u64); // Savina PseudoRandom
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = (self.0 * 1309 + 13849) & 65535;
        self.0
    }
    fn below(&mut self, m: u64) -> u64 {
        self.next() % m
    }
}

async fn pingpong(p: P) -> R {
    let n = p.get("n", 1_000_000);
    let t = Instant::now();
    let (ping_tx, mut ping_rx) = chan::<u64>();
    let (pong_tx, mut pong_rx) = chan::<u64>();
    let (done, result) = oneshot::channel();
    spawn(async move {
        while let Some(v) = pong_rx.recv().await {
            let _ = ping_tx.send(v + 1);
        }
    });
    spawn(async move {
        let _ = pong_tx.send(0);
        while let Some(v) = ping_rx.recv().await {
            if v == n {
                let _ = done.send(v);
                break;
            }
            let _ = pong_tx.send(v);
        }
    });
    let v = result.await.unwrap();
    res(2 * n, t, v as i64, n as i64)
}

enum Count {
    Inc(u64),
    Get(oneshot::Sender<u64>),
}
async fn counting(p: P) -> R {
    let n = p.get("n", 5_000_000);
    let t = Instant::now();
    let (tx, mut rx) = chan::<Count>();
    spawn(async move {
        let mut total = 0;
        while let Some(m) = rx.recv().await {
            match m {
                Count::Inc(v) => total += v,
                Count::Get(reply) => {
                    let _ = reply.send(total);
                }
            }
        }
    });
    let producer = spawn(async move {
        for _ in 0..n {
            let _ = tx.send(Count::Inc(1));
        }
        let (r, a) = oneshot::channel();
        let _ = tx.send(Count::Get(r));
        a.await.unwrap()
    });
    let v = producer.await.unwrap();
    res(n, t, v as i64, n as i64)
}

async fn fanin(p: P) -> R {
    let n = p.get("n", 500_000);
    let a = p.get("actors", 8);
    let t = Instant::now();
    let (tx, mut rx) = chan::<u64>();
    let (done, result) = oneshot::channel();
    spawn(async move {
        let (mut sum, mut left) = (0, a * n);
        while left > 0 {
            sum += rx.recv().await.unwrap();
            left -= 1;
        }
        let _ = done.send(sum);
    });
    for _ in 0..a {
        let tx = tx.clone();
        spawn(async move {
            for i in 0..n {
                let _ = tx.send(i);
            }
        });
    }
    let v: u64 = result.await.unwrap();
    res(a * n, t, v as i64, (a * (n * (n - 1) / 2)) as i64)
}

enum Ring {
    Token(u64),
    Stop,
}
async fn ring(p: P) -> R {
    let n = p.get("n", 2_000_000);
    let a = p.get("actors", 100);
    let t = Instant::now();
    let (done, mut result) = chan::<u64>();
    let mut txs = Vec::new();
    let mut rxs = Vec::new();
    for _ in 0..a {
        let (tx, rx) = chan::<Ring>();
        txs.push(tx);
        rxs.push(rx);
    }
    for (i, mut rx) in rxs.into_iter().enumerate() {
        let next = txs[(i + 1) % a as usize].clone();
        let done = done.clone();
        spawn(async move {
            while let Some(m) = rx.recv().await {
                match m {
                    Ring::Token(0) => {
                        let _ = done.send(i as u64);
                    }
                    Ring::Token(k) => {
                        let _ = next.send(Ring::Token(k - 1));
                    }
                    Ring::Stop => break,
                }
            }
        });
    }
    let _ = txs[0].send(Ring::Token(n));
    let v = result.recv().await.unwrap();
    for tx in &txs {
        let _ = tx.send(Ring::Stop);
    }
    res(n, t, v as i64, (n % a) as i64)
}

async fn fjcreate(p: P) -> R {
    let n = p.get("n", 500_000);
    let t = Instant::now();
    let (col, mut rx) = chan::<u64>();
    let collector = spawn(async move {
        let mut sum = 0;
        for _ in 0..n {
            sum += rx.recv().await.unwrap();
        }
        sum
    });
    for i in 0..n {
        let (tx, mut rx) = chan::<u64>();
        let col = col.clone();
        spawn(async move {
            let v = rx.recv().await.unwrap();
            let _ = col.send(work(v));
        });
        let _ = tx.send(i);
    }
    let v: u64 = collector.await.unwrap();
    let mut r = per_actor(n, t, v as i64, 0);
    r.expect = (0..n).map(work).sum::<u64>() as i64;
    r
}

async fn fjthrput(p: P) -> R {
    let n = p.get("n", 50_000);
    let a = p.get("actors", 60);
    let t = Instant::now();
    let (col, mut results) = chan::<u64>();
    let txs: Vec<Tx<u64>> = (0..a)
        .map(|_| {
            let (tx, mut rx) = chan::<u64>();
            let col = col.clone();
            spawn(async move {
                let mut acc = 0;
                for _ in 0..n {
                    acc += work(rx.recv().await.unwrap());
                }
                let _ = col.send(acc);
            });
            tx
        })
        .collect();
    for m in 0..n {
        for tx in &txs {
            let _ = tx.send(m);
        }
    }
    let mut sum = 0;
    for _ in 0..a {
        sum += results.recv().await.unwrap();
    }
    let mut r = res(a * n, t, sum as i64, 0);
    r.expect = (a * (0..n).map(work).sum::<u64>()) as i64;
    r
}

enum Big {
    Ping(u32),
    Pong(i64),
    Exit,
}
enum Sink {
    Done,
    Served(u64),
}
async fn big_actor(id: u32, n: u64, all: Arc<Vec<Tx<Big>>>, mut rx: Rx<Big>, sink: Tx<Sink>) {
    let mut rng = Rng(id as u64);
    let (mut sent, mut served, mut expect) = (0, 0, -1);
    while let Some(m) = rx.recv().await {
        match m {
            Big::Ping(from) => {
                served += 1;
                let _ = all[from as usize].send(Big::Pong(id as i64));
            }
            Big::Pong(from) => {
                assert_eq!(from, expect);
                if sent == n {
                    let _ = sink.send(Sink::Done);
                } else {
                    let to = rng.below(all.len() as u64);
                    expect = to as i64;
                    let _ = all[to as usize].send(Big::Ping(id));
                    sent += 1;
                }
            }
            Big::Exit => {
                let _ = sink.send(Sink::Served(served));
                break;
            }
        }
    }
}
async fn big(p: P) -> R {
    let n = p.get("n", 5_000);
    let a = p.get("actors", 120);
    let t = Instant::now();
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..a).map(|_| chan::<Big>()).unzip();
    let all = Arc::new(txs);
    let (sink, mut srx) = chan::<Sink>();
    for (i, rx) in rxs.into_iter().enumerate() {
        spawn(big_actor(i as u32, n, all.clone(), rx, sink.clone()));
    }
    for tx in all.iter() {
        let _ = tx.send(Big::Pong(-1));
    }
    let (mut done, mut reports, mut served) = (0, 0, 0);
    while reports < a {
        match srx.recv().await.unwrap() {
            Sink::Done => {
                done += 1;
                if done == a {
                    for tx in all.iter() {
                        let _ = tx.send(Big::Exit);
                    }
                }
            }
            Sink::Served(s) => {
                served += s;
                reports += 1;
            }
        }
    }
    res(2 * a * n, t, served as i64, (a * n) as i64)
}

#[derive(Clone, Copy, PartialEq)]
enum Color {
    Red,
    Yellow,
    Blue,
    Faded,
}
use Color::*;
fn complement(a: Color, b: Color) -> Color {
    match (a, b) {
        (Faded, _) | (_, Faded) => Faded,
        (Red, Red) => Red,
        (Yellow, Yellow) => Yellow,
        (Blue, Blue) => Blue,
        (Red, Yellow) | (Yellow, Red) => Blue,
        (Red, Blue) | (Blue, Red) => Yellow,
        (Yellow, Blue) | (Blue, Yellow) => Red,
    }
}
enum Cham {
    Meet(Color, Tx<Cham>),
    Change(Color),
    Exit,
}
enum Mall {
    Meet(Color, Tx<Cham>),
    Count(u64),
}
async fn chameneo(mut color: Color, me: Tx<Cham>, mut rx: Rx<Cham>, mall: Tx<Mall>) {
    let mut meetings = 0;
    let _ = mall.send(Mall::Meet(color, me.clone()));
    while let Some(m) = rx.recv().await {
        match m {
            Cham::Meet(other, from) => {
                color = complement(color, other);
                meetings += 1;
                let _ = from.send(Cham::Change(color));
                let _ = mall.send(Mall::Meet(color, me.clone()));
            }
            Cham::Change(c) => {
                color = c;
                meetings += 1;
                let _ = mall.send(Mall::Meet(color, me.clone()));
            }
            Cham::Exit => {
                let _ = mall.send(Mall::Count(meetings));
                break;
            }
        }
    }
}
async fn chameneos(p: P) -> R {
    let n = p.get("n", 500_000);
    let a = p.get("actors", 100);
    let t = Instant::now();
    let (mall, mut rx) = chan::<Mall>();
    let mall_task = spawn(async move {
        for i in 0..a {
            let (tx, rx) = chan();
            spawn(chameneo([Red, Yellow, Blue][(i % 3) as usize], tx, rx, mall.clone()));
        }
        let mut waiting: Option<Tx<Cham>> = None;
        let (mut left, mut faded, mut sum) = (n, 0, 0);
        while faded < a {
            match rx.recv().await.unwrap() {
                Mall::Meet(c, from) => {
                    if left > 0 {
                        match waiting.take() {
                            None => waiting = Some(from),
                            Some(first) => {
                                left -= 1;
                                let _ = first.send(Cham::Meet(c, from));
                            }
                        }
                    } else {
                        let _ = from.send(Cham::Exit);
                    }
                }
                Mall::Count(m) => {
                    faded += 1;
                    sum += m;
                }
            }
        }
        sum
    });
    let sum = mall_task.await.unwrap();
    res(4 * n, t, sum as i64, 2 * n as i64)
}

enum Account {
    Credit(i64, Tx<Account>, Tx<Teller>),
    Debit(i64, oneshot::Sender<()>),
    Stop(Tx<Teller>),
}
enum Teller {
    Reply,
    Balance(u64, i64),
}
const INITIAL: i64 = 1_000_000;
fn transaction(r: &mut Rng, a: u64) -> (u64, u64, i64) {
    let src = r.below(a / 10 * 8);
    let mut d = r.below(a - src);
    if d == 0 {
        d = 1;
    }
    (src, src + d, 1 + r.below(1000) as i64)
}
fn banking_expect(n: u64, a: u64) -> i64 {
    let mut b = vec![INITIAL; a as usize];
    let mut r = Rng(123456);
    for _ in 0..n {
        let (s, d, amt) = transaction(&mut r, a);
        b[s as usize] -= amt;
        b[d as usize] += amt;
    }
    b.iter().enumerate().map(|(i, v)| (i as i64 + 1) * v).sum()
}
async fn account(id: u64, mut rx: Rx<Account>) {
    let mut balance = INITIAL;
    while let Some(m) = rx.recv().await {
        match m {
            Account::Debit(amt, reply) => {
                balance += amt;
                let _ = reply.send(());
            }
            Account::Credit(amt, dest, teller) => {
                balance -= amt;
                let (reply, wait) = oneshot::channel();
                let _ = dest.send(Account::Debit(amt, reply));
                let _ = wait.await;
                let _ = teller.send(Teller::Reply);
            }
            Account::Stop(teller) => {
                let _ = teller.send(Teller::Balance(id, balance));
                break;
            }
        }
    }
}
async fn banking(p: P) -> R {
    let n = p.get("n", 500_000);
    let a = p.get("actors", 1_000);
    let t = Instant::now();
    let teller = spawn(async move {
        let accounts: Vec<Tx<Account>> = (0..a)
            .map(|i| {
                let (tx, rx) = chan();
                spawn(account(i, rx));
                tx
            })
            .collect();
        let (me, mut rx) = chan();
        let mut r = Rng(123456);
        for _ in 0..n {
            let (s, d, amt) = transaction(&mut r, a);
            let _ = accounts[s as usize].send(Account::Credit(amt, accounts[d as usize].clone(), me.clone()));
        }
        let mut replies = 0;
        let (mut left, mut sum, mut weighted) = (a, 0, 0);
        while left > 0 {
            match rx.recv().await.unwrap() {
                Teller::Reply => {
                    replies += 1;
                    if replies == n {
                        for tx in &accounts {
                            let _ = tx.send(Account::Stop(me.clone()));
                        }
                    }
                }
                Teller::Balance(id, b) => {
                    left -= 1;
                    sum += b;
                    weighted += (id as i64 + 1) * b;
                }
            }
        }
        (sum, weighted)
    });
    let (sum, weighted) = teller.await.unwrap();
    let r = res(4 * n, t, sum, a as i64 * INITIAL);
    let we = banking_expect(n, a);
    if weighted != we {
        eprintln!("banking: weighted {} expected {}", weighted, we);
        std::process::exit(1);
    }
    r
}

fn sky(parent: Tx<u64>, num: u64, size: u64, div: u64) {
    if size == 1 {
        spawn(async move {
            let _ = parent.send(num);
        });
    } else {
        spawn(async move {
            let (tx, mut rx) = chan();
            let s = size / div;
            for i in 0..div {
                sky(tx.clone(), num + i * s, s, div);
            }
            let mut sum = 0;
            for _ in 0..div {
                sum += rx.recv().await.unwrap();
            }
            let _ = parent.send(sum);
        });
    }
}
async fn skynet(p: P) -> R {
    let n = p.get("n", 1_000_000);
    let div = p.get("fanout", 10);
    let t = Instant::now();
    let (tx, mut rx) = chan();
    sky(tx, 0, n, div);
    let v = rx.recv().await.unwrap();
    let mut actors = 0;
    let mut k = n;
    while k > 0 {
        actors += k;
        k /= div;
    }
    per_actor(actors, t, v as i64, (n * (n - 1) / 2) as i64)
}

fn rss() -> u64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
async fn idle(p: P) -> R {
    let n = p.get("n", 1_000_000);
    let started = Arc::new(AtomicU64::new(0));
    let (ack, mut acks) = chan::<u64>();
    let before = rss();
    let mut txs = Vec::with_capacity(n as usize);
    for _ in 0..n {
        let (tx, mut rx) = chan::<u64>();
        let started = started.clone();
        let ack = ack.clone();
        spawn(async move {
            started.fetch_add(1, Relaxed);
            let v = rx.recv().await.unwrap();
            let _ = ack.send(v);
        });
        txs.push(tx);
    }
    while started.load(Relaxed) < n {
        tokio::task::yield_now().await;
    }
    let value = (rss() - before) as f64 / n as f64;
    for tx in &txs {
        let _ = tx.send(1);
    }
    let mut sum = 0;
    for _ in 0..n {
        sum += acks.recv().await.unwrap();
    }
    R { unit: "bytes/actor", messages: n, value, check: sum as i64, expect: n as i64 }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let name = args.get(1).map(|s| s.as_str()).unwrap_or("").to_string();
    let p = P(args.iter().skip(2).filter_map(|s| s.split_once('=')).map(|(k, v)| (k.to_string(), v.parse().unwrap())).collect());
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(p.get("threads", 2) as usize).build().unwrap();
    macro_rules! go {
        ($($b:ident)*) => {
            match name.as_str() {
                $(stringify!($b) => rt.block_on(async move { spawn($b(p)).await.unwrap() }),)*
                _ => { eprintln!(concat!("usage: bench-tokio NAME [KEY=NUMBER...]; NAME:", $(" ", stringify!($b)),*)); std::process::exit(2) }
            }
        };
    }
    let r = go!(pingpong counting fanin ring fjcreate fjthrput big chameneos banking skynet idle);
    let ok = r.check == r.expect;
    println!(
        "{{\"peer\": \"tokio {}\", \"name\": \"{}\", \"unit\": \"{}\", \"messages_count\": {}, \"value\": {:.2}, \"ok\": {}}}",
        env!("TOKIO_VERSION"), name, r.unit, r.messages, r.value, ok
    );
    std::process::exit(if ok { 0 } else { 1 }); // skip the runtime's tear-down
}
