//! A record in a simulated world: virtual time, seeded chance, tasks that take
//! turns at every step of the table.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use chart::Environment;

/// Seeded chance (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(Arc<AtomicU64>);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }
    pub fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&self, most: u64) -> u64 {
        self.next() % most.max(1)
    }
}

/// The clock and timers of a simulated world.
#[derive(Clone, Debug)]
pub struct World {
    pub now_ms: Arc<AtomicI64>,
    pub chance: Chance,
    /// Every pause lasts so many times longer than asked.
    pub slow: i64,
    pub timers: Arc<Mutex<BTreeMap<(i64, u64), Waker>>>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            now_ms: Arc::new(AtomicI64::new(1_800_000_000_000)),
            chance: Chance::new(seed),
            slow: 1,
            timers: Arc::default(),
        }
    }
    pub fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
    }
    pub fn clock(&self) -> Arc<dyn Fn() -> i64 + Send + Sync> {
        let now = self.now_ms.clone();
        Arc::new(move || now.load(Ordering::SeqCst))
    }
    /// Moves time to the next timer; false when there is none.
    fn next_timer(&self) -> bool {
        let Some(((at, _), waker)) = self.timers.lock().unwrap().pop_first() else { return false };
        self.now_ms.fetch_max(at, Ordering::SeqCst);
        waker.wake();
        true
    }
}

struct Sleep {
    world: World,
    until: i64,
    set: bool,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.world.now_ms.load(Ordering::SeqCst) >= self.until && self.set {
            return Poll::Ready(());
        }
        self.set = true;
        let key = (self.until, self.world.chance.next());
        self.world.timers.lock().unwrap().insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Environment for World {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.chance.next() as u8);
    }
    fn sleep(&self, ms: u64) -> impl Future<Output = ()> + Send {
        let until = self.now_ms() + i64::try_from(ms).unwrap() * self.slow;
        Sleep { world: self.clone(), until, set: false }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs tasks until all are done, each step by one chosen by chance. Time moves
/// only when nobody can go on.
pub fn run(world: &World, tasks: Vec<Task<'_>>) {
    let mut open: Vec<(Task<'_>, Arc<Flag>)> =
        tasks.into_iter().map(|task| (task, Arc::new(Flag(AtomicBool::new(true))))).collect();
    let mut steps = 0_u64;
    while !open.is_empty() {
        steps += 1;
        assert!(steps < 20_000_000, "the simulation does not end");
        let ready: Vec<usize> =
            (0..open.len()).filter(|i| open[*i].1.0.load(Ordering::SeqCst)).collect();
        if ready.is_empty() {
            assert!(world.next_timer(), "every task waits for nothing");
            continue;
        }
        let chosen = ready[world.chance.below(ready.len() as u64) as usize];
        let (task, flag) = &mut open[chosen];
        flag.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(flag.clone());
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            drop(open.remove(chosen));
        }
    }
}

/// Runs one future to its end.
pub fn block<T>(world: &World, future: impl Future<Output = T>) -> T {
    let result = RefCell::new(None);
    run(world, vec![Box::pin(async { *result.borrow_mut() = Some(future.await) })]);
    result.into_inner().unwrap()
}
