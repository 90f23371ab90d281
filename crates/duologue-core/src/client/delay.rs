//! Delays between attempts that fail: they grow.

use crate::server::IdSource;

const FIRST_MS: u64 = 500;
const LARGEST_MS: u64 = 30_000;

/// The delay after `failures` attempts in a row, in milliseconds: the upper half of a span that
/// doubles, so that clients of a server that comes back do not come all at once (CLI-009).
pub(super) fn after(failures: u32, not_before_ms: u64, ids: &mut dyn IdSource) -> u64 {
    let span = FIRST_MS
        .saturating_mul(1 << failures.min(16))
        .min(LARGEST_MS);
    let half = span / 2;
    let spread = u64::try_from(ids.next_id() % u128::from(half)).unwrap_or(0);
    (half + spread).max(not_before_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u128);

    impl IdSource for Fixed {
        fn next_id(&mut self) -> u128 {
            self.0
        }
    }

    #[test]
    fn delays_grow_up_to_half_a_minute_whatever_the_dice_say() {
        for (dice, other) in [(0, u128::MAX), (u128::MAX, 0), (7, 7)] {
            let delays: Vec<u64> = (0..40)
                .map(|n| after(n, 0, &mut Fixed(if n % 2 == 0 { dice } else { other })))
                .collect();
            assert!(delays[..6].is_sorted(), "{delays:?}");
            assert!(
                delays.iter().all(|ms| (250..=30_000).contains(ms)),
                "{delays:?}"
            );
        }
        assert_eq!(after(0, 90_000, &mut Fixed(0)), 90_000);
    }
}
