//! When messages are due, from their times and a speed. Pure.

use crate::error::{Error, Result};

/// Turns the times of messages, in their order, into due times counted from the first message.
///
/// Each due time is worked out from the whole time passed so far, so rounding does not add up. Where times fall,
/// as in pools that were converted, the next message is due at once and later gaps count as they are.
#[derive(Clone, Debug)]
pub struct Schedule {
    speed: f64,
    last_ns: Option<u64>,
    passed_ns: u64,
}

impl Schedule {
    /// Gaps are divided by `speed`; 0 means no gaps at all.
    ///
    /// # Errors
    /// Usage: the speed is negative, infinite or not a number.
    pub fn new(speed: f64) -> Result<Schedule> {
        if !speed.is_finite() || speed < 0.0 {
            return Err(Error::usage(format!(
                "the replay speed is {speed}, expected a finite number that is not negative"
            ))
            .with_hint("1 keeps the original gaps, 2 halves them, 0 leaves them out"));
        }
        Ok(Schedule {
            speed,
            last_ns: None,
            passed_ns: 0,
        })
    }

    /// Takes the next message's time (ns since the epoch); gives when it is due, in ns after the first message.
    pub fn due(&mut self, time_ns: u64) -> u64 {
        let last_ns = self.last_ns.replace(time_ns).unwrap_or(time_ns);
        self.passed_ns = self
            .passed_ns
            .saturating_add(time_ns.saturating_sub(last_ns));
        if self.speed == 0.0 {
            return 0;
        }
        // The cast saturates: a gap made longer than 64 bits of ns can say is never due.
        (self.passed_ns as f64 / self.speed) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    fn due(speed: f64, times: &[u64]) -> Vec<u64> {
        let mut schedule = Schedule::new(speed).unwrap();
        times.iter().map(|time| schedule.due(*time)).collect()
    }

    #[test]
    fn gaps_are_divided_by_the_speed() {
        let times = [1_000, 1_000, 1_500, 4_000];
        assert_eq!(due(1.0, &times), [0, 0, 500, 3_000]);
        assert_eq!(due(10.0, &times), [0, 0, 50, 300]);
        assert_eq!(due(0.5, &times), [0, 0, 1_000, 6_000]);
        assert_eq!(due(0.0, &times), [0; 4]);
        assert_eq!(due(-0.0, &times), [0; 4]);
    }

    #[test]
    fn falling_times_wait_for_nothing() {
        assert_eq!(due(1.0, &[100, 40, 50, 200]), [0, 0, 10, 160]);
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(due(f64::MIN_POSITIVE, &[0, 1]), [0, u64::MAX]);
        assert_eq!(due(f64::MAX, &[0, u64::MAX]), [0, 0]);
        assert_eq!(due(1.0, &[0, u64::MAX, 0, u64::MAX])[3], u64::MAX);
    }

    #[test]
    fn bad_speeds_are_refused() {
        for speed in [-1.0, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = Schedule::new(speed).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.message().contains(&speed.to_string()), "{error}");
        }
    }

    proptest! {
        /// Many small gaps end where one large one does: nothing drifts.
        #[test]
        fn no_drift(speed in 0.01f64..1000.0, gaps in prop::collection::vec(0u64..1_000_000_007, 1..200)) {
            let mut schedule = Schedule::new(speed).unwrap();
            let mut time = 5;
            schedule.due(time);
            let mut last = 0;
            for gap in &gaps {
                time += gap;
                let due = schedule.due(time);
                prop_assert!(due >= last);
                last = due;
            }
            let exact = (time - 5) as f64 / speed;
            prop_assert!((last as f64 - exact).abs() <= 1.0 + exact * 1e-12);
        }
    }
}
