//! The clock, the randomness and the timer of a component.

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use send_wrapper::SendWrapper;
use std::time::{Duration, SystemTime};
use store::sdk::TimeSource;

/// WASI's clock, randomness and timer.
#[derive(Clone, Copy, Debug)]
pub struct Wasi;

impl chart::Environment for Wasi {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let wanted = u64::try_from(bytes.len()).unwrap_or_default();
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let given = spin_sdk::wasip3::random::random::get_random_bytes(wanted);
            let taken = given.len().min(rest.len());
            rest.iter_mut().zip(given).for_each(|(byte, random)| *byte = random);
            filled += taken;
        }
    }

    fn sleep(&self, ms: u64) -> impl Future<Output = ()> + Send {
        SendWrapper::new(spin_sdk::time::sleep(Duration::from_millis(ms)))
    }
}

impl AsyncSleep for Wasi {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(SendWrapper::new(spin_sdk::time::sleep(duration)))
    }
}

impl TimeSource for Wasi {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
