//! Staying connected, and knowing when not to (CLI-001, CLI-008 to CLI-010).

use duologue_core::client::{Input, LoginError};
use serde_json::{Value, json};

use crate::client::device::{Device, Fate};
use crate::world::World;

fn world() -> World {
    World::new(&json!({}), &json!({}))
}

/// CLI-001
#[test]
fn the_stream_opens_without_another_call() {
    let mut world = world();
    let mut b = Device::new("b", "laptop");
    b.login(&world);
    assert_eq!(b.since(), ["POST /v1/sessions"]);
    b.perform(&mut world, Fate::Answered);
    assert_eq!(b.since(), ["GET /v1/events"]);
    assert_eq!((b.state(), b.logins.len()), ("connecting", 1));
}

/// CLI-008
#[test]
fn a_stream_that_breaks_is_opened_again_with_the_same_session() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    b.cut(&mut world);
    assert_eq!(b.state(), "waiting");
    world.send("a", "b", "meanwhile");
    b.wake();
    b.settle(&mut world);
    assert_eq!(b.since(), ["GET /v1/events", "new meanwhile", "refresh"]);
}

/// CLI-008
#[test]
fn a_stream_that_the_server_ends_without_kicked_is_opened_again() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    // Somebody else opens a stream with this session, which replaces the one here.
    let token = b.session().unwrap();
    world.request(&token, "GET", "/v1/events", b"");
    b.settle(&mut world);
    assert_eq!(b.state(), "waiting");
    b.wake();
    b.settle(&mut world);
    assert_eq!(b.state(), "live");
}

/// CLI-009
#[test]
fn the_delays_between_failed_attempts_grow_until_a_sync_is_complete() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.cut(&mut world);
    let mut delays = Vec::new();
    for fate in [
        Fate::Lost,
        Fate::Refused(503),
        Fate::Refused(429),
        Fate::Lost,
        Fate::Lost,
    ] {
        delays.push(b.timer.unwrap().0 - b.now.0);
        b.wake();
        b.perform(&mut world, fate);
        assert_eq!(b.state(), "waiting", "after {fate:?}");
    }
    assert!(
        delays.is_sorted() && delays[4] >= 8 * delays[0],
        "{delays:?}"
    );
    b.wake();
    b.settle(&mut world);
    assert_eq!((b.state(), b.timer), ("live", None));
    b.cut(&mut world);
    assert!(b.timer.unwrap().0 - b.now.0 <= 500);
}

/// CLI-009
#[test]
fn a_wake_before_the_delay_is_over_does_nothing() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.cut(&mut world);
    b.since();
    let timer = b.timer;
    b.input(Input::Wake);
    assert_eq!((b.state(), b.since().len(), b.timer), ("waiting", 0, timer));
}

/// CLI-010
#[test]
fn after_kicked_only_the_application_logs_in_again() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    world.login("b", "laptop");
    b.settle(&mut world);
    assert_eq!(b.since(), ["close", "kicked replaced"]);
    b.input(Input::Wake);
    assert_eq!((b.state(), b.since().len(), b.timer), ("ended", 0, None));
    b.login(&world);
    b.settle(&mut world);
    assert_eq!(
        b.since(),
        ["POST /v1/sessions", "GET /v1/events", "refresh"]
    );
}

/// CLI-010
#[test]
fn a_401_to_any_request_ends_the_session_like_kicked() {
    let mut world = world();
    // The stream breaks, another login replaces the session, and the client hears of it when it
    // reconnects, reads or sends.
    for what in ["reconnect", "read", "send"] {
        let mut b = Device::live(&mut world, "b", "laptop");
        b.cut(&mut world);
        world.login("b", "laptop");
        b.since();
        match what {
            "reconnect" => b.wake(),
            "read" => drop(b.read("a", 1, None)),
            _ => drop(b.send("a", "hello")),
        }
        b.settle(&mut world);
        let log = b.since();
        assert_eq!(
            log.last().map(String::as_str),
            Some("kicked session_ended"),
            "{what}"
        );
        assert_eq!((b.state(), b.timer), ("ended", None), "{what}");
        assert_eq!(
            b.reads.len() + b.sends.len(),
            usize::from(what != "reconnect")
        );
    }
}

/// CLI-001
#[test]
fn a_login_is_tried_again_while_it_has_no_answer_and_not_after_a_refusal() {
    let mut world = world();
    let mut b = Device::new("b", "laptop");
    b.login(&world);
    for fate in [Fate::Lost, Fate::Refused(500), Fate::Unanswered] {
        b.perform(&mut world, fate);
        assert_eq!((b.state(), b.logins.len()), ("waiting", 0));
        b.wake();
    }
    b.perform(&mut world, Fate::Refused(403));
    assert_eq!(b.state(), "logged_out");
    assert!(
        matches!(b.logins[..], [Err(LoginError::Refused(_))]),
        "{:?}",
        b.logins
    );
    b.login(&world);
    b.settle(&mut world);
    b.login(&world);
    assert_eq!(b.logins[1..], [Ok(()), Err(LoginError::AlreadyLoggedIn)]);
}

/// CLI-008
#[test]
fn a_logout_ends_the_session_on_the_server_too_whenever_it_comes() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    b.input(Input::Logout);
    b.settle(&mut world);
    assert_eq!(b.since(), ["DELETE /v1/sessions/current", "close"]);
    // The login is answered after the application has logged out.
    b.login(&world);
    b.input(Input::Logout);
    b.settle(&mut world);
    assert_eq!(
        b.since(),
        ["POST /v1/sessions", "DELETE /v1/sessions/current"]
    );
    assert_eq!(
        (b.state(), b.logins.last()),
        ("logged_out", Some(&Err(LoginError::LoggedOut)))
    );
    let presence = world
        .admin("GET", "/v1/admin/users/b/presence", &Value::Null)
        .1;
    let devices: Vec<_> = presence["sessions"].as_array().unwrap().iter().collect();
    assert!(
        devices
            .iter()
            .all(|session| session["device_id"] != "laptop"),
        "{presence}"
    );
}

/// VER-004
#[test]
fn a_kick_reason_and_an_error_code_of_a_later_version_are_treated_like_known_ones() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    b.event("kicked", None, r#"{"reason":"moved_to_another_region"}"#);
    assert_eq!(b.state(), "ended");
    assert_eq!(
        b.since().last().map(String::as_str),
        Some("kicked moved_to_another_region")
    );

    let mut b = Device::new("b", "laptop");
    b.login(&world);
    b.answer_with(
        403,
        r#"{"code":"device_not_trusted","message":"confirm it first"}"#,
    );
    assert_eq!(b.state(), "logged_out");
    assert!(matches!(&b.logins[..], [Err(LoginError::Refused(_))]));
}
