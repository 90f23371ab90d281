//! Deserialiser's messages in the words of JSON.

/// What serde calls by the names of Rust, and what a file's author calls it.
const WORDS: &[(&str, &str)] = &[
    ("invalid type: ", ""),
    ("invalid value: ", ""),
    ("unknown variant ", "unknown value "),
    ("unknown field ", "unknown key "),
    ("missing field ", "missing key "),
    ("floating point `", "the number `"),
    ("integer `", "the number `"),
    ("boolean `", "the boolean `"),
    ("map, expected", "an object, expected"),
    ("sequence, expected", "an array, expected"),
    ("string \"", "the string \""),
    ("expected string or map", "expected a string"),
    ("expected a map", "expected an object"),
    ("expected a sequence", "expected an array"),
    ("expected u16", "expected an integer from 0 to 65535"),
    ("expected u64", "expected an integer, 0 or more"),
    (
        "expected struct ExpectFields",
        "expected an object with `ok`, `error` or `one_of`",
    ),
    (
        "expected struct AlternativeFields",
        "expected an object with `ok` or `error`",
    ),
    (
        "expected struct EventPattern",
        "expected an object with `event` and `data`",
    ),
    ("expected struct ", "expected an object: "),
];

/// A message without the deserialiser's own place and jargon.
pub(super) fn plain(message: &str) -> String {
    let message = match message.rfind(" at line ") {
        Some(place) => &message[..place],
        None => message,
    };
    WORDS
        .iter()
        .fold(message.to_owned(), |text, (jargon, word)| {
            text.replacen(jargon, word, 1)
        })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn messages_name_json_and_not_rust() {
        let check = |message: &str, expected: &str| assert_eq!(plain(message), expected);
        check(
            "invalid type: map, expected a string at line 3 column 4",
            "an object, expected a string",
        );
        check(
            "invalid type: integer `5`, expected struct ExpectFields",
            "the number `5`, expected an object with `ok`, `error` or `one_of`",
        );
        check(
            "invalid type: floating point `2.5`, expected u64",
            "the number `2.5`, expected an integer, 0 or more",
        );
        check(
            "unknown variant `x`, expected `y`",
            "unknown value `x`, expected `y`",
        );
    }
}
