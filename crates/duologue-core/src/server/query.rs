//! Query parameters: pages and ranges (spec: HTTP binding).

use std::borrow::Cow;
use std::ops::Bound;

use crate::error::ApiError;
use crate::id::{IdError, is_decimal};
use crate::limits::Limits;

/// The parameters of a query string; the first of equal names counts, and those nobody asks for
/// count for nothing (VER-003).
pub(super) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_ref())
    }

    /// An optional decimal number, as large as it may be; anything else is refused with the name of
    /// its parameter (ROA-010, ADM-023).
    pub(super) fn decimal(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let read = |text: &str| match is_decimal(text) {
            // Nothing here counts so far, so all numbers beyond mean the same.
            true => Ok(text.parse().unwrap_or(u64::MAX)),
            false => Err(ApiError::invalid(name, IdError::NotDecimal.to_string())),
        };
        self.get(name).map(read).transpose()
    }

    /// `limit`: at least 1 (HTT-014), lowered to `history_page_max`, which is also the default
    /// (HTT-013).
    pub(super) fn limit(&self, limits: &Limits) -> Result<usize, ApiError> {
        let limit = self.decimal("limit")?.unwrap_or(limits.history_page_max);
        if limit == 0 {
            return Err(ApiError::invalid("limit", "must be at least 1"));
        }
        Ok(usize::try_from(limit.min(limits.history_page_max)).unwrap_or(usize::MAX))
    }
}

/// Takes a page of at most `limit` from an ordered iterator (HTT-013); the flag says whether it was
/// all (HTT-012, ROA-006).
pub(super) fn page<T>(items: impl Iterator<Item = T>, limit: usize) -> (Vec<T>, bool) {
    let mut items = items.peekable();
    let page: Vec<T> = items.by_ref().take(limit).collect();
    let complete = items.peek().is_none();
    (page, complete)
}

/// The lower bound of a list: `> after`, or none (HTT-011).
pub(super) fn above<T>(after: Option<T>) -> Bound<T> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}
