//! `duologue doctor`: fit, unfit, unreachable, and whose it is to mend.

use std::net::TcpListener;

use duologue_client::{Api, Endpoint, Http};
use serde_json::{Value, json};

use crate::proxy::{Rule, asks, proxy};
use crate::{code, duologue, duologue_in, text};

const OPERATOR: &str = "the-operator-token-of-a-test";

/// Examines an endpoint with this token variable.
#[track_caller]
fn examined(url: &str, variable: (&str, &str), expected: i32) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let args = ["doctor", "--json", "--endpoint", url, "--step-timeout", "5"];
    let output = duologue_in(folder.path(), &args, &[variable]);
    assert_eq!(code(&output), expected, "{}", text(&output));
    assert!(!text(&output).contains(variable.1), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn finding<'a>(examination: &'a Value, name: &str) -> &'a Value {
    let findings = examination["examination"]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {examination:#}"))
}

async fn reference() -> duologue_server::Handle {
    let options = duologue_server::ServerOptions::new(OPERATOR);
    duologue_server::start(options).await.unwrap()
}

#[test]
fn the_embedded_server_is_fit_for_every_scenario() {
    let output = duologue(&["doctor"]);
    let text = text(&output);
    assert_eq!(code(&output), 0, "{text}");
    for words in [
        "ok    reach",
        "ok    media",
        "ok    cleanup",
        "fit: duologue-reference",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let count = duologue_conformance::scenario::Corpus::embedded()
        .unwrap()
        .fixtures
        .len();
    let words = format!("; {count} of {count} scenarios will apply");
    assert!(text.contains(&words), "{text}");
    assert!(!text.contains("warn") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_dead_port_is_3_and_says_how_to_mend_it() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = duologue(&["doctor", "--endpoint", &format!("http://{free}")]);
    assert_eq!(code(&output), 3, "{}", text(&output));
    assert!(
        text(&output).contains("start the server"),
        "{}",
        text(&output)
    );
    assert!(text(&output).contains("unreachable"), "{}", text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_and_a_refused_token_are_2() {
    let server = reference().await;
    let none = examined(&server.url(), ("DUOLOGUE_LOG", "info"), 2);
    assert_eq!(finding(&none, "tokens")["blame"], "configuration");
    let wrong = examined(
        &server.url(),
        ("DUOLOGUE_OPERATOR_TOKEN", "a-wrong-token"),
        2,
    );
    let told = finding(&wrong, "tokens")["finding"].to_string();
    assert!(told.contains("refuses DUOLOGUE_OPERATOR_TOKEN"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_declares_media_and_refuses_uploads_is_unfit() {
    let server = reference().await;
    let url = proxy(server.address(), |head| {
        if asks(head, "POST /v1/media") {
            Rule::Answer(501, r#"{"code":"unsupported","message":"no media"}"#)
        } else {
            Rule::PASS
        }
    });
    let found = examined(&url, ("DUOLOGUE_OPERATOR_TOKEN", OPERATOR), 1);
    assert_eq!(finding(&found, "media")["state"], "fail");
    assert!(
        found["verdict"]
            .as_str()
            .unwrap()
            .contains("has to mend media"),
        "{found:#}"
    );
    assert_eq!(finding(&found, "push")["state"], "ok");
    assert_eq!(finding(&found, "cleanup")["state"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_is_there_but_not_declared_makes_unfit() {
    let server = reference().await;
    let url = proxy(server.address(), |head| {
        if asks(head, "GET /v1/server") {
            Rule::Forward(None, Some(("\"push\"", "\"pusch\"")))
        } else {
            Rule::PASS
        }
    });
    let found = examined(&url, ("DUOLOGUE_OPERATOR_TOKEN", OPERATOR), 1);
    assert_eq!(finding(&found, "push")["state"], "fail");
    assert_eq!(finding(&found, "features")["state"], "warn");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_are_not_the_protocols_make_unfit() {
    let server = reference().await;
    let url = proxy(server.address(), |head| {
        if asks(head, "DELETE /v1/server") {
            Rule::Answer(405, r#"{"code":"method_not_allowed","message":"no"}"#)
        } else {
            Rule::PASS
        }
    });
    let found = examined(&url, ("DUOLOGUE_OPERATOR_TOKEN", OPERATOR), 1);
    let told = finding(&found, "errors")["finding"].to_string();
    assert!(told.contains("no `Allow` header"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_shared_is_examined_and_left_without_our_user() {
    let server = reference().await;
    let api = Api::new(Http::new(Endpoint::parse(&server.url()).unwrap()).unwrap());
    let app = api.provision(OPERATOR, &json!({})).await.unwrap();
    let found = examined(&server.url(), ("DUOLOGUE_ADMIN_TOKEN", &app.admin_token), 0);
    assert_eq!(finding(&found, "tokens")["state"], "warn");
    let told = finding(&found, "cleanup")["finding"].as_str().unwrap();
    let user = told
        .split(' ')
        .find(|word| word.starts_with("doctor-"))
        .unwrap();
    let path = format!("/v1/admin/users/{user}");
    let answer = api
        .http()
        .json("GET", &path, Some(&app.admin_token), None)
        .await;
    assert_eq!(answer.unwrap().status, 404);
    let applicable = found["examination"]["applicable"].as_u64().unwrap();
    let all = found["examination"]["scenarios"].as_u64().unwrap();
    assert!(0 < applicable && applicable < all, "{applicable} of {all}");
}
