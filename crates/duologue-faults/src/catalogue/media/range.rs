//! Ranges: which bytes of a file come back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use http::{HeaderValue, header};

use super::answer;
use super::download::is_download;
use crate::fault::Fault;
use crate::json::{number, text};
use crate::twist::Twist;
use crate::wire::Wire;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "media-range-ignored",
        requirement: "MED-010",
        sentence: "A closed range is answered with the whole file.",
        twist: || ranged(|range| range.closed().is_none().then(|| range.again())),
    },
    Fault {
        id: "media-range-without-its-last-byte",
        requirement: "MED-010",
        sentence: "A range of several bytes comes without its last byte.",
        twist: || {
            ranged(|range| match range.closed() {
                Some((from, to)) if from < to => Some(format!("{from}-{}", to - 1)),
                _ => Some(range.again()),
            })
        },
    },
    Fault {
        id: "media-range-from-one",
        requirement: "MED-010",
        sentence: "The first byte of a file is number 1 in a range.",
        twist: || {
            ranged(|range| match range.closed() {
                Some((from, to)) if from > 0 => Some(format!("{}-{}", from - 1, to - 1)),
                _ => Some(range.again()),
            })
        },
    },
    Fault {
        id: "media-range-of-one-byte-ignored",
        requirement: "MED-010",
        sentence: "A range of one byte is taken for none.",
        twist: || {
            ranged(|range| {
                let one = range.closed().is_some_and(|(from, to)| from == to);
                (!one).then(|| range.again())
            })
        },
    },
    Fault {
        id: "media-range-behind-the-end-refused",
        requirement: "MED-010",
        sentence: "A range that ends behind the file is not satisfiable.",
        twist: || {
            ranged(|range| match range.closed() {
                Some((_, to)) if to >= range.size => Some(range.nothing()),
                _ => Some(range.again()),
            })
        },
    },
    Fault {
        id: "media-range-without-its-place",
        requirement: "MED-010",
        sentence: "A range comes without `Content-Range`.",
        twist: || {
            Wire::on_leaving(|asked, head| {
                if is_download(asked) {
                    head.headers.remove(header::CONTENT_RANGE);
                }
            })
            .into()
        },
    },
    Fault {
        id: "media-range-at-the-end-is-the-whole",
        requirement: "MED-011",
        sentence: "A range that begins right at the end is answered with the whole file.",
        twist: || {
            ranged(|range| {
                let at_the_end = range.closed().is_some_and(|(from, _)| from == range.size);
                (!at_the_end).then(|| range.again())
            })
        },
    },
    Fault {
        id: "media-range-far-behind-the-end-is-the-whole",
        requirement: "MED-011",
        sentence: "A range that begins behind the end is answered with the whole file.",
        twist: || {
            ranged(|range| {
                let behind = range.closed().is_some_and(|(from, _)| from > range.size);
                (!behind).then(|| range.again())
            })
        },
    },
    Fault {
        id: "media-range-at-the-end-is-the-last-byte",
        requirement: "MED-011",
        sentence: "A range that begins at or behind the end is answered with the last byte.",
        twist: || {
            ranged(|range| match range.closed() {
                Some((from, _)) if from >= range.size => {
                    Some(format!("{}-", range.size.saturating_sub(1)))
                }
                _ => Some(range.again()),
            })
        },
    },
    Fault {
        id: "media-range-at-the-end-is-not-found",
        requirement: "MED-011",
        sentence: "A range outside the file is answered 404.",
        twist: || {
            Wire::on_leaving(|asked, head| {
                let status = ErrorCode::RangeNotSatisfiable.status();
                if is_download(asked) && head.status.as_u16() == status {
                    head.status = http::StatusCode::NOT_FOUND;
                }
            })
            .into()
        },
    },
    Fault {
        id: "media-open-range-ignored",
        requirement: "MED-012",
        sentence: "A range without an end is answered with the whole file.",
        twist: || ranged(|range| (!range.asked.ends_with('-')).then(|| range.again())),
    },
    Fault {
        id: "media-suffix-ignored",
        requirement: "MED-012",
        sentence: "A request for the last bytes is answered with the whole file.",
        twist: || ranged(|range| range.suffix().is_none().then(|| range.again())),
    },
    Fault {
        id: "media-suffix-is-a-prefix",
        requirement: "MED-012",
        sentence: "A request for the last bytes is answered with the first.",
        twist: || {
            ranged(|range| match range.suffix() {
                Some(bytes) if bytes > 0 => Some(format!("0-{}", bytes - 1)),
                _ => Some(range.again()),
            })
        },
    },
    Fault {
        id: "media-suffix-longer-than-the-file-refused",
        requirement: "MED-012",
        sentence: "A request for more last bytes than there are is not satisfiable.",
        twist: || {
            ranged(|range| match range.suffix() {
                Some(bytes) if bytes > range.size => Some(range.nothing()),
                _ => Some(range.again()),
            })
        },
    },
];

/// The range a download asks for.
struct Range<'a> {
    /// What stands behind `bytes=`.
    asked: &'a str,
    /// The size of the file.
    size: u64,
}

impl Range<'_> {
    fn again(&self) -> String {
        self.asked.to_owned()
    }

    fn nothing(&self) -> String {
        format!("{}-", self.size)
    }

    /// First and last byte, if both are named.
    fn closed(&self) -> Option<(u64, u64)> {
        let (from, to) = self.asked.split_once('-')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    }

    /// How many last bytes, if that is what is asked for.
    fn suffix(&self) -> Option<u64> {
        self.asked.strip_prefix('-')?.parse().ok()
    }
}

/// The server takes a range of bytes for another one, or for none.
fn ranged(edit: fn(&Range<'_>) -> Option<String>) -> Twist {
    let sizes: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let known = Arc::clone(&sizes);
    let noted = answer(move |body| {
        let mut sizes = sizes.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.insert(text(body, "/url").to_owned(), number(body, "/bytes"));
    });
    noted.and(
        Wire::on_arrival(move |head| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(size) = known.get(head.uri.path()).copied() else {
                return;
            };
            let asked = head.headers.remove(header::RANGE);
            let asked = asked.as_ref().and_then(|range| range.to_str().ok());
            let Some(asked) = asked.and_then(|range| range.strip_prefix("bytes=")) else {
                return;
            };
            let taken = edit(&Range { asked, size }).map(|range| format!("bytes={range}"));
            let taken = taken.and_then(|range| HeaderValue::from_str(&range).ok());
            head.headers
                .extend(taken.map(|range| (header::RANGE, range)));
        })
        .into(),
    )
}
