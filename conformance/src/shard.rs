//! The parts into which a run is spread over machines, and the digest by which they recognise each other.

use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;
use std::sync::Arc;

use fnv::FnvHasher;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::scenario::{Fixture, ScenarioId};

/// One part of a run: `k/n`, or `alone/n` for the scenarios that change an app all others share.
/// Those must wait until the parts `1/n` to `n/n` are done, wherever these run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Shard {
    /// From 1; 0 is the part `alone`.
    pub index: u32,
    /// How many parts there are, `alone` not counted.
    pub count: u32,
}

/// The text is no part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a shard: write k/n with k from 1 to n, or alone/n")]
pub struct ShardError(String);

impl Shard {
    /// Whether a scenario belongs to this part. The same scenario belongs to the same part on every
    /// machine, whatever else is selected.
    #[must_use]
    pub fn takes(self, id: &ScenarioId, alone: bool) -> bool {
        if alone || self.index == 0 {
            return alone && self.index == 0;
        }
        let mut hasher = FnvHasher::default();
        hasher.write(id.as_str().as_bytes());
        hasher.finish() % u64::from(self.count) == u64::from(self.index - 1)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let index = if index == "alone" {
                0
            } else {
                index.parse().ok().filter(|index| *index > 0)?
            };
            let count = count.parse().ok().filter(|count| *count > 0)?;
            (index <= count).then_some(Self { index, count })
        };
        parse().ok_or_else(|| ShardError(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            0 => write!(f, "alone/{}", self.count),
            index => write!(f, "{index}/{}", self.count),
        }
    }
}

/// 16 hexadecimal digits that are the same for the same scenarios with the same contents.
#[must_use]
pub fn digest(fixtures: &[Arc<Fixture>]) -> String {
    let mut hasher = FnvHasher::default();
    for fixture in fixtures {
        for part in [fixture.scenario.id.as_str(), &fixture.source] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xFF);
        }
    }
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_belongs_to_exactly_one_part() {
        let corpus = crate::scenario::Corpus::embedded().unwrap();
        let parts: Vec<Shard> = (0..=3).map(|index| Shard { index, count: 3 }).collect();
        let mut sizes = [0; 4];
        for fixture in &corpus.fixtures {
            for alone in [false, true] {
                let takers: Vec<Shard> = parts
                    .iter()
                    .copied()
                    .filter(|part| part.takes(&fixture.scenario.id, alone))
                    .collect();
                assert_eq!(takers.len(), 1, "{}", fixture.file);
                assert_eq!(takers[0].index == 0, alone);
                sizes[takers[0].index as usize] += usize::from(!alone);
            }
        }
        assert!(sizes[1..].iter().all(|size| *size > 100), "{sizes:?}");
    }

    #[test]
    fn parts_are_written_as_they_are_read() {
        for text in ["1/1", "3/8", "alone/8"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for bad in [
            "", "1", "0/3", "4/3", "1/0", "-1/2", "a/b", "1/2/3", "alone",
        ] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
