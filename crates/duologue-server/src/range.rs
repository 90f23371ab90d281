//! The `Range` header: one range of bytes, or the whole (RFC 9110, section 14).

/// What part of a file is asked for (MED-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it; also when the header is malformed or names several ranges.
    Whole,
    /// From the first to the last byte, both inclusive.
    Part(u64, u64),
    /// A range without a single byte of the file (MED-011).
    Nothing,
}

/// Reads the header for a file of `size` bytes.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    header
        .and_then(|text| parse(text, size))
        .unwrap_or(Wanted::Whole)
}

/// One range, closed (MED-010) or open at either end (MED-012).
fn parse(text: &str, size: u64) -> Option<Wanted> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    Some(match (first, last) {
        ("", last) => match number(last)? {
            0 => Wanted::Nothing,
            _ if size == 0 => Wanted::Nothing,
            suffix => Wanted::Part(size.saturating_sub(suffix), size - 1),
        },
        (first, last) => {
            let first = number(first)?;
            let last = if last.is_empty() {
                u64::MAX
            } else {
                number(last)?
            };
            match first {
                _ if first > last => return None,
                _ if first >= size => Wanted::Nothing,
                _ => Wanted::Part(first, last.min(size - 1)),
            }
        }
    })
}

/// Digits only; a number too large for the machine is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_cut_to_the_file() {
        let check = |header, expected| assert_eq!(wanted(Some(header), 10), expected, "{header}");
        check("bytes=0-9", Wanted::Part(0, 9));
        check("bytes=2-2", Wanted::Part(2, 2));
        check("bytes=7-", Wanted::Part(7, 9));
        check("bytes=7-99999999999999999999", Wanted::Part(7, 9));
        check("bytes=-3", Wanted::Part(7, 9));
        check("bytes=-30", Wanted::Part(0, 9));
        check("Bytes = 1-2", Wanted::Part(1, 2));
    }

    #[test]
    fn ranges_outside_the_file_hold_nothing() {
        for header in [
            "bytes=10-",
            "bytes=10-12",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(wanted(Some(header), 10), Wanted::Nothing, "{header}");
        }
    }

    #[test]
    fn malformed_and_several_ranges_are_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
        ] {
            assert_eq!(wanted(Some(header), 10), Wanted::Whole, "{header:?}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
    }
}
