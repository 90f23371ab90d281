//! Sets of numbers that come in runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Disjoint, non-adjacent runs: first number → last number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds every number from `from` to `to`, both included; nothing if `to` is below `from`.
    pub(super) fn insert(&mut self, mut from: u64, mut to: u64) {
        if from > to {
            return;
        }
        let touching: Vec<(u64, u64)> = self
            .0
            .range(..=to.saturating_add(1))
            .rev()
            .take_while(|(_, end)| end.saturating_add(1) >= from)
            .map(|(start, end)| (*start, *end))
            .collect();
        for (start, end) in touching {
            self.0.remove(&start);
            from = from.min(start);
            to = to.max(end);
        }
        self.0.insert(from, to);
    }

    /// Where the run begins that holds `number`.
    pub(super) fn start_of(&self, number: u64) -> Option<u64> {
        let (start, end) = self.0.range(..=number).next_back()?;
        (*end >= number).then_some(*start)
    }

    /// The highest member below `number`, which is none itself; 0 if there is none.
    pub(super) fn below(&self, number: u64) -> u64 {
        self.0
            .range(..number)
            .next_back()
            .map_or(0, |(_, end)| *end)
    }

    /// The highest member; 0 if there is none.
    pub(super) fn highest(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, end)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_touch_become_one() {
        let check = |inserts: &[(u64, u64)], expected: &[(u64, u64)]| {
            let mut ranges = Ranges::default();
            for &(from, to) in inserts {
                ranges.insert(from, to);
            }
            let found: Vec<_> = ranges.0.into_iter().collect();
            assert_eq!(found, expected, "{inserts:?}");
        };
        check(&[(1, 2), (3, 3)], &[(1, 3)]);
        check(&[(3, 3), (1, 2)], &[(1, 3)]);
        check(&[(1, 2), (4, 5)], &[(1, 2), (4, 5)]);
        check(&[(1, 2), (4, 5), (3, 3)], &[(1, 5)]);
        check(&[(5, 9), (1, 20), (22, 21)], &[(1, 20)]);
        check(&[(1, 9), (3, 4)], &[(1, 9)]);
    }

    #[test]
    fn runs_are_found_from_any_of_their_numbers() {
        let mut ranges = Ranges::default();
        ranges.insert(3, 5);
        assert_eq!((ranges.start_of(4), ranges.start_of(6)), (Some(3), None));
        assert_eq!((ranges.below(9), ranges.below(2)), (5, 0));
        assert_eq!(ranges.highest(), 5);
    }
}
