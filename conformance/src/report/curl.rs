//! An exchange as a command line that repeats it.

use crate::event::Exchange;

/// A `curl` line; the caller's token is left as `$TOKEN`.
#[must_use]
pub fn curl_line(endpoint: &str, exchange: &Exchange) -> String {
    let mut line = format!("curl -sS -i -X {}", exchange.method);
    if exchange.who != "nobody" {
        line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    }
    let mut headers = exchange.headers.clone();
    let has_type = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if exchange.body.is_some() && !has_type {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    for (name, value) in &headers {
        line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
    }
    if let Some(body) = &exchange.body {
        line.push_str(&format!(" --data-binary {}", quoted(body)));
    }
    line.push_str(&format!(
        " {}",
        quoted(&format!("{endpoint}{}", exchange.target))
    ));
    line
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_survive_the_shell() {
        let exchange = Exchange {
            who: "alice.phone".into(),
            method: "POST".into(),
            target: "/v1/messages".into(),
            headers: vec![],
            body: Some(r#"{"text":"it's"}"#.into()),
            status: Some(200),
            answer_headers: vec![],
            answer: String::new(),
        };
        assert_eq!(
            curl_line("http://127.0.0.1:1", &exchange),
            r#"curl -sS -i -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' --data-binary '{"text":"it'\''s"}' 'http://127.0.0.1:1/v1/messages'"#
        );
    }
}
