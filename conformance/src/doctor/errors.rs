//! Do errors look like errors: an unknown path, a wrong method.

use duologue_client::RawResponse;

use super::finding::Finding;
use super::patient::{Patient, Trouble, brief, code};
use crate::wire_check::violations;

const NOWHERE: &str = "/v1/there-is-no-such-path";

pub(super) async fn look(patient: &Patient, found: &mut Vec<Finding>) {
    let wanted = [
        ("GET", NOWHERE, 404, "not_found", "ERR-005"),
        ("DELETE", "/v1/server", 405, "method_not_allowed", "ERR-006"),
    ];
    for (method, path, status, word, rule) in wanted {
        let answer = match patient.ask(method, path, None, None).await {
            Ok(answer) => answer,
            Err(trouble) => return found.push(trouble.finding("errors", "see `reach`")),
        };
        if let Some(what) = wrong(&answer, status, word) {
            let what = format!("{method} {path} answered {}: {what}", brief(&answer));
            let mend = format!("answer {status} `{word}` as {rule} says, also before a proxy does");
            return found.push(Trouble::server(what).finding("errors", mend));
        }
    }
    found.push(Finding::ok(
        "errors",
        "404 and 405 have the form the protocol gives them",
    ));
}

fn wrong(answer: &RawResponse, status: u16, word: &str) -> Option<String> {
    let Ok(json) = answer.json() else {
        return Some("no JSON".into());
    };
    if answer.status != status || code(answer).as_deref() != Some(word) {
        return Some(format!("{status} {word} expected"));
    }
    if status == 405 && answer.header("allow").is_none() {
        return Some("no `Allow` header".into());
    }
    let first = violations("Error", &json).into_iter().next()?;
    Some(format!("at `{}` {}", first.pointer, first.expected))
}
