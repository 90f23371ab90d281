//! From a routed request to its endpoint: authenticate, check the class, read the body, answer.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde_json::{Map, Value};

use crate::answer::{Blocklist, Clock, Friends};
use crate::error::{ApiError, ErrorCode};
use crate::id::{AppId, IdError, UserId};
use crate::json::{Object, parse_object};
use crate::limits::{Limits, MAX_SAFE_INTEGER};
use crate::server::app::{App, Context, user_in_path};
use crate::server::auth::{Class, Principal, app_of, bearer, invalid_token};
use crate::server::provisioning::first_app_id;
use crate::server::query::{Query, above, page};
use crate::server::reply::{Body, Reply};
use crate::server::route::{Method, Resource, route};
use crate::server::{Effect, IdSource, Request, Server, SessionId};
use crate::time::Timestamp;

/// Who calls.
enum Caller {
    Nobody,
    Operator,
    Of(AppId, Principal),
}

/// Answers one request: path, method, feature, token, class, body and endpoint, in this order
/// (ERR-007). What an endpoint refuses it refuses before it changes anything (ERR-008).
pub(super) fn answer(
    server: &mut Server,
    now: Timestamp,
    request: Request<'_>,
    ids: &mut dyn IdSource,
    effects: &mut Vec<Effect>,
) -> Reply {
    let (resource, method) = match route(request.method, request.path) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    if let Some(missing) = resource
        .feature()
        .filter(|feature| !server.config.features.contains(feature))
    {
        let message = format!("this server does not have the feature {}", missing.as_str());
        return Reply::error(&ApiError::new(ErrorCode::Unsupported, message));
    }
    let mut numbers = server.numbers;
    let mut cx = Context {
        real: now,
        ids,
        effects,
        numbers: &mut numbers,
    };
    let reply = match (&resource, class_of(&resource)) {
        (Resource::Server, _) => server_info(server, &request, &mut cx),
        (Resource::Apps, _) => create_app(server, &request, &mut cx),
        (Resource::App(app), _) => operator(server, &request, &mut cx)
            .and_then(|()| server.delete_app(app, &mut cx))
            .map(|()| Reply::no_content()),
        (_, class) => of_app(server, class, &resource, method, &request, &mut cx),
    };
    server.numbers = numbers;
    reply.unwrap_or_else(|error| Reply::error(&error))
}

/// Who calls, by the token: known in its app, or of a session that has ended there, or of nobody
/// (HTT-007, HTT-008). It counts as use of the session, whatever comes of the request (DEV-005).
fn authenticate(
    server: &mut Server,
    authorization: Option<&str>,
    cx: &mut Context<'_>,
) -> Result<Caller, ApiError> {
    let token = bearer(authorization)?;
    if server.config.operator_token.as_deref() == Some(token) {
        return Ok(Caller::Operator);
    }
    let id = match server.config.admin_token.as_deref() == Some(token) {
        true => first_app_id().ok(),
        false => app_of(token),
    };
    let app = id
        .and_then(|id| server.apps.get_mut(&id))
        .ok_or_else(invalid_token)?;
    match app.tokens.get(token).cloned() {
        None => Err(invalid_token()),
        Some(Principal::EndedSession) => Err(ApiError::new(
            ErrorCode::SessionEnded,
            "this session has ended; log in again",
        )),
        Some(principal) => {
            if let Principal::Session(session) = principal {
                app.touch_session(session, cx);
            }
            Ok(Caller::Of(app.id.clone(), principal))
        }
    }
}

fn operator(
    server: &mut Server,
    request: &Request<'_>,
    cx: &mut Context<'_>,
) -> Result<(), ApiError> {
    match authenticate(server, request.authorization, cx)? {
        Caller::Operator => Ok(()),
        Caller::Nobody | Caller::Of(..) => Err(Class::Operator.required()),
    }
}

/// `GET /v1/server`: for nobody the public part (HTT-015), for a token of an app that app too
/// (HTT-016), for the operator the defaults (HTT-017).
fn server_info(
    server: &mut Server,
    request: &Request<'_>,
    cx: &mut Context<'_>,
) -> Result<Reply, ApiError> {
    let caller = match request.authorization {
        None => Caller::Nobody,
        Some(_) => authenticate(server, request.authorization, cx)?,
    };
    let mut info = server.info();
    match caller {
        Caller::Nobody => {}
        Caller::Operator => info.defaults = Some(server.defaults()),
        Caller::Of(app, _) => {
            info.app = server.apps.get_mut(&app).map(|app| {
                app.tick(cx.real);
                app.info()
            });
        }
    }
    Ok(Reply::json(200, &info))
}

fn create_app(
    server: &mut Server,
    request: &Request<'_>,
    cx: &mut Context<'_>,
) -> Result<Reply, ApiError> {
    operator(server, request, cx)?;
    let body = read_body(request, &server.config.profile.limits())?;
    Ok(Reply::json(201, &server.create_app(&body, cx)?))
}

/// Everything below one app: admin, login and session endpoints.
fn of_app(
    server: &mut Server,
    class: Class,
    resource: &Resource,
    method: Method,
    request: &Request<'_>,
    cx: &mut Context<'_>,
) -> Result<Reply, ApiError> {
    let (id, principal) = match authenticate(server, request.authorization, cx)? {
        Caller::Of(id, principal) => (id, principal),
        Caller::Nobody | Caller::Operator => return Err(class.required()),
    };
    let app = server.apps.get_mut(&id).ok_or_else(invalid_token)?;
    app.tick(cx.real);
    match (class, principal) {
        (Class::Admin, Principal::Admin) => admin(app, resource, method, request, cx),
        (Class::Credential, Principal::Credential(user)) => {
            let body = read_body(request, &app.limits)?;
            Ok(Reply::json(201, &app.login(&user, &body, cx)?))
        }
        (Class::Session, Principal::Session(session)) => {
            let session_of = app.sessions.get(&session).ok_or_else(invalid_token)?;
            let user = session_of.user.clone();
            let reply = user_endpoint(app, &user, session, resource, method, request, cx)?;
            if let Body::Stream { stream, .. } = reply.body {
                server.streams.insert(stream, (id, session));
            }
            Ok(reply)
        }
        _ => Err(class.required()),
    }
}

fn class_of(resource: &Resource) -> Class {
    match resource {
        Resource::Server | Resource::Apps | Resource::App(_) => Class::Operator,
        Resource::AdminUser(_)
        | Resource::AdminPresence(_)
        | Resource::AdminPolicy
        | Resource::AdminMessages
        | Resource::AdminNotifications
        | Resource::AdminConversations(_)
        | Resource::AdminHistory { .. }
        | Resource::AdminClock => Class::Admin,
        Resource::Sessions => Class::Credential,
        Resource::CurrentSession
        | Resource::Events
        | Resource::Ack
        | Resource::Messages
        | Resource::Recents
        | Resource::Conversations
        | Resource::History(_)
        | Resource::Profile
        | Resource::PublicProfile(_)
        | Resource::Friends
        | Resource::Friend(_)
        | Resource::Blocklist
        | Resource::Blocked(_)
        | Resource::PushToken
        | Resource::Media
        | Resource::MediaItem(_) => Class::Session,
    }
}

/// Reads a JSON body, bounded by the app's limits (LIM-007, LIM-008).
fn read_body(request: &Request<'_>, limits: &Limits) -> Result<Map<String, Value>, ApiError> {
    if request.body.len() as u64 > limits.request_bytes_max {
        return Err(ApiError::new(
            ErrorCode::BodyTooLarge,
            format!(
                "a request body has at most {} bytes",
                limits.request_bytes_max
            ),
        ));
    }
    parse_object(request.body, limits.json_depth_max)
}

fn admin(
    app: &mut App,
    resource: &Resource,
    method: Method,
    request: &Request<'_>,
    cx: &mut Context<'_>,
) -> Result<Reply, ApiError> {
    let query = Query::parse(request.query);
    let body = |app: &App| read_body(request, &app.limits);
    let in_path = |text: &str| user_in_path(text, "user_id");
    match (resource, method) {
        (Resource::AdminUser(user), Method::Put) => app.put_user(user, &body(app)?, cx),
        (Resource::AdminUser(user), Method::Delete) => done(app.delete_user(&in_path(user)?, cx)),
        (Resource::AdminUser(user), _) => Ok(Reply::json(
            200,
            &app.known_user(&in_path(user)?)?.as_admin_sees(None),
        )),
        (Resource::AdminPresence(user), _) => Ok(Reply::json(200, &app.presence(&in_path(user)?)?)),
        (Resource::AdminPolicy, Method::Put) => {
            let mut policy = app.policy;
            policy.update(&Object::root(&body(app)?))?;
            app.policy = policy;
            Ok(Reply::json(200, &app.policy))
        }
        (Resource::AdminPolicy, _) => Ok(Reply::json(200, &app.policy)),
        (Resource::AdminMessages, _) => app.send_as_admin(&body(app)?, cx),
        (Resource::AdminNotifications, _) => app.notify(&body(app)?, cx),
        (Resource::AdminConversations(owner), _) => {
            Ok(Reply::json(200, &app.conversations(owner, &query)?))
        }
        (Resource::AdminHistory { owner, peer }, _) => {
            Ok(Reply::json(200, &app.download(owner, peer, &query)?))
        }
        (Resource::AdminClock, _) => {
            let body = body(app)?;
            let ms = Object::root(&body).integer("advance_ms", 0, MAX_SAFE_INTEGER)?;
            Ok(Reply::json(
                200,
                &Clock {
                    now_ms: app.advance(ms)?,
                },
            ))
        }
        _ => Err(Class::Admin.required()),
    }
}

fn user_endpoint(
    app: &mut App,
    user: &UserId,
    session: SessionId,
    resource: &Resource,
    method: Method,
    request: &Request<'_>,
    cx: &mut Context<'_>,
) -> Result<Reply, ApiError> {
    let query = Query::parse(request.query);
    let body = |app: &App| read_body(request, &app.limits);
    let peer = |text: &str| user_in_path(text, "peer");
    match (resource, method) {
        (Resource::CurrentSession, _) => {
            app.end_session(session, None, cx);
            Ok(Reply::no_content())
        }
        (Resource::Events, _) => {
            let stream = app.open_stream(session, request.last_event_id, cx);
            let stream = stream.ok_or_else(invalid_token)?;
            let heartbeat_ms = app.limits.heartbeat_ms;
            Ok(Reply::special(Body::Stream {
                stream,
                heartbeat_ms,
            }))
        }
        (Resource::Ack, _) => done(app.acknowledge(user, &body(app)?)),
        (Resource::Messages, _) => app.send_as_user(user, session, &body(app)?, cx),
        (Resource::Recents, _) => Ok(Reply::json(200, &App::recents(app.known_user(user)?))),
        (Resource::Conversations, _) => {
            Ok(Reply::json(200, &app.conversations(user.as_str(), &query)?))
        }
        (Resource::History(peer), _) => Ok(Reply::json(200, &app.history(user, peer, &query)?)),
        (Resource::Profile, Method::Put) => {
            Ok(Reply::json(200, &app.put_profile(user, &body(app)?, cx)?))
        }
        (Resource::Profile, _) => Ok(Reply::json(200, &app.known_user(user)?.own_profile())),
        (Resource::PublicProfile(other), _) => {
            let other = user_in_path(other, "user_id")?;
            Ok(Reply::json(200, &app.known_user(&other)?.public_profile()))
        }
        (Resource::Friends, _) => {
            let limit = query.limit(&app.limits)?;
            let (friends, complete) = list(&app.known_user(user)?.friends, &query, limit)?;
            Ok(Reply::json(200, &Friends { friends, complete }))
        }
        (Resource::Blocklist, _) => {
            let limit = query.limit(&app.limits)?;
            let (blocklist, complete) = list(&app.known_user(user)?.blocklist, &query, limit)?;
            Ok(Reply::json(
                200,
                &Blocklist {
                    blocklist,
                    complete,
                },
            ))
        }
        (Resource::Friend(other), Method::Put) => done(app.add_friend(user, &peer(other)?, cx)),
        (Resource::Friend(other), _) => done(app.remove_friend(user, &peer(other)?, cx)),
        (Resource::Blocked(other), Method::Put) => done(app.block(user, &peer(other)?, cx)),
        (Resource::Blocked(other), _) => done(app.unblock(user, &peer(other)?)),
        (Resource::PushToken, Method::Put) => done(app.register_push(session, &body(app)?, cx)),
        (Resource::PushToken, _) => {
            app.unregister_push(session);
            Ok(Reply::no_content())
        }
        (Resource::Media, _) => {
            let permit = app.permit_upload(&query, request.content_length)?;
            Ok(Reply::special(Body::Upload(permit)))
        }
        (Resource::MediaItem(media), _) => {
            Ok(Reply::special(Body::Download(app.find_media(media)?)))
        }
        _ => Err(Class::Session.required()),
    }
}

fn done(result: Result<(), ApiError>) -> Result<Reply, ApiError> {
    result.map(|()| Reply::no_content())
}

/// A page of a friend list or blocklist (HTT-011).
fn list(
    users: &BTreeSet<UserId>,
    query: &Query<'_>,
    limit: usize,
) -> Result<(Vec<UserId>, bool), ApiError> {
    let bad = |error: IdError| ApiError::invalid("after", error.to_string());
    let after = query
        .get("after")
        .map(UserId::parse)
        .transpose()
        .map_err(bad)?;
    Ok(page(
        users.range((above(after), Bound::Unbounded)).cloned(),
        limit,
    ))
}
