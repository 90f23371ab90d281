//! The line format of Server-Sent Events.
//!
//! Written here because the decoders on offer hide what a conformance check needs: they drop
//! comments (the heartbeats), let an id stick to later events, or read lines without a bound.

use crate::error::StreamError;

/// The largest event, and the largest line, that is read.
pub const EVENT_BYTES_MAX: usize = 4 << 20;

/// What a stream consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Event {
        name: String,
        id: Option<String>,
        data: String,
        /// One `event` line, at most one `id` line, one `data` line.
        plain: bool,
    },
    Comment,
}

/// Turns the bytes of a stream into items.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    line: Vec<u8>,
    /// The last byte was a carriage return; a line feed after it belongs to the same line end.
    after_cr: bool,
    begun: bool,
    name: Option<String>,
    id: Option<String>,
    data: Option<String>,
    lines: Lines,
}

/// How many lines of each field a frame has so far.
#[derive(Debug, Default, Clone, Copy)]
struct Lines {
    event: usize,
    id: usize,
    data: usize,
}

impl Decoder {
    /// Reads `bytes` up to the end of the first item; returns that item and how much it took.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(Option<Item>, usize), StreamError> {
        for (index, &byte) in bytes.iter().enumerate() {
            let second_half = std::mem::replace(&mut self.after_cr, byte == b'\r') && byte == b'\n';
            if second_half {
                continue;
            }
            if !matches!(byte, b'\r' | b'\n') {
                self.push(byte)?;
            } else if let Some(item) = self.end_line()? {
                return Ok((Some(item), index + 1));
            }
        }
        Ok((None, bytes.len()))
    }

    fn push(&mut self, byte: u8) -> Result<(), StreamError> {
        let data = self.data.as_ref().map_or(0, String::len);
        if self.line.len() + data >= EVENT_BYTES_MAX {
            return Err(StreamError::TooLong {
                limit: EVENT_BYTES_MAX,
            });
        }
        self.line.push(byte);
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<Item>, StreamError> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).map_err(|_| StreamError::NotUtf8)?;
        let first = !std::mem::replace(&mut self.begun, true);
        let line = line
            .strip_prefix('\u{feff}')
            .filter(|_| first)
            .unwrap_or(&line);
        if line.is_empty() {
            return Ok(self.end_event());
        }
        if line.starts_with(':') {
            return Ok(Some(Item::Comment));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.lines.event += 1,
            "id" => self.lines.id += 1,
            "data" => self.lines.data += 1,
            _ => {}
        }
        match field {
            "event" => self.name = Some(value.into()),
            "id" if !value.contains('\0') => self.id = Some(value.into()),
            "data" => match &mut self.data {
                None => self.data = Some(value.into()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
            },
            _ => {}
        }
        Ok(None)
    }

    /// An event without data is none, as the standard has it.
    fn end_event(&mut self) -> Option<Item> {
        let (name, id) = (self.name.take(), self.id.take());
        let Lines {
            event: event_lines,
            id: id_lines,
            data: data_lines,
        } = std::mem::take(&mut self.lines);
        let plain = event_lines == 1 && id_lines <= 1 && data_lines == 1;
        let data = self.data.take()?;
        let name = name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "message".into());
        Some(Item::Event {
            name,
            id,
            data,
            plain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<Item>, StreamError> {
        let (mut decoder, mut items) = (Decoder::default(), vec![]);
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (item, taken) = decoder.feed(rest)?;
                items.extend(item.map(|item| match item {
                    Item::Event { name, id, data, .. } => event(&name, id.as_deref(), &data),
                    Item::Comment => Item::Comment,
                }));
                rest = &rest[taken..];
            }
        }
        Ok(items)
    }

    fn event(name: &str, id: Option<&str>, data: &str) -> Item {
        Item::Event {
            name: name.into(),
            id: id.map(Into::into),
            data: data.into(),
            plain: true,
        }
    }

    #[test]
    fn a_plain_event_has_one_line_of_each_kind() {
        let check = |text: &str, expected: bool| match Decoder::default().feed(text.as_bytes()) {
            Ok((Some(Item::Event { plain, .. }), _)) => assert_eq!(plain, expected, "{text:?}"),
            other => panic!("{text:?} is {other:?}"),
        };
        check("event: a\nid: 1\ndata: {}\n\n", true);
        check("event: a\ndata: {}\n\n", true);
        check("data: {}\n\n", false);
        check("event: a\nevent: a\ndata: {}\n\n", false);
        check("event: a\nid: 1\nid: 1\ndata: {}\n\n", false);
        check("event: a\ndata: {\ndata: }\n\n", false);
    }

    #[test]
    fn ids_belong_to_one_event_and_comments_are_seen() {
        let text = b":\n\nevent: message\nid: 7\ndata: {}\n\n: hi\ndata: x\n\n";
        let expected = vec![
            Item::Comment,
            event("message", Some("7"), "{}"),
            Item::Comment,
            event("message", None, "x"),
        ];
        assert_eq!(decode(&[text]).unwrap(), expected);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(decode(&bytes).unwrap(), expected);
    }

    #[test]
    fn all_three_line_ends_are_line_ends() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("event: a{end}data:x{end}data: y{end}{end}data: z{end}{end}");
            let expected = vec![event("a", None, "x\ny"), event("message", None, "z")];
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(decode(&bytes).unwrap(), expected, "{end:?}");
            assert_eq!(decode(&[text.as_bytes()]).unwrap(), expected, "{end:?}");
        }
    }

    #[test]
    fn events_without_data_and_unknown_fields_are_nothing() {
        assert_eq!(
            decode(&[b"event: a\nid: 3\n\nretry: 5\nfoo\n\n"]).unwrap(),
            vec![]
        );
        assert_eq!(
            decode(&["\u{feff}data\n\n".as_bytes()]).unwrap(),
            [event("message", None, "")]
        );
    }

    #[test]
    fn endless_lines_and_wrong_bytes_are_errors() {
        let endless = vec![b'a'; EVENT_BYTES_MAX + 1];
        assert_eq!(
            decode(&[&endless]),
            Err(StreamError::TooLong {
                limit: EVENT_BYTES_MAX
            })
        );
        let line = [b"data: ".as_slice(), &vec![b'a'; 1 << 20], b"\n"].concat();
        let many = [&line[..], &line, &line, &line, &line];
        assert_eq!(
            decode(&many),
            Err(StreamError::TooLong {
                limit: EVENT_BYTES_MAX
            })
        );
        assert_eq!(decode(&[b"data: \xff\n\n"]), Err(StreamError::NotUtf8));
    }
}
