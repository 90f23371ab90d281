//! A request of the history, asked of the model.

use duologue_core::ErrorCode;
use duologue_core::server::{Body, Reply};
use serde_json::{Map, Value, json};

use super::compare::compare;
use super::freedom::{either_refusal, may_refuse_app};
use super::history::{Answer, Exchange, Kind};
use super::names::Bearer;
use super::replay::{End, Finding, Replay, Step, Stream, apart};
use super::translate::{Translated, header};
use crate::matcher::Mismatch;

/// What an app is made of, beside its id and its token.
const GRANTED: &[&str] = &["clock", "limits", "policy", "profile", "push_vendors"];

impl Replay {
    pub(super) fn exchange(&mut self, exchange: &Exchange, open: bool) -> Result<Step, End> {
        let place = Place::of(exchange);
        let Some(answer) = &exchange.answer else {
            return Err(End::Unknown(format!("no answer came to {place}")));
        };
        // Nothing was done: too many requests, or a feature that the server does not have.
        let refused = matches!(answer.status, 429 | 501);
        let methods = matches!(exchange.method.as_str(), "HEAD" | "OPTIONS");
        if refused || methods {
            return Ok(Step::Nothing);
        }
        if exchange.kind == Kind::Raw {
            return match answer.status {
                400.. => Ok(Step::Nothing),
                _ => Err(End::Unknown("the model does not read raw bytes".into())),
            };
        }
        let request = Translated::new(exchange, &self.names);
        if request.timeless {
            return Ok(Step::Nothing);
        }
        let theirs = Said::of(answer);
        let reply = self.reply(exchange, &request, &theirs)?;
        let ours = Said::of_reply(&reply);
        if let (Some(our_code), Some(code)) = (ours.code, theirs.code)
            && (open || either_refusal(our_code, code))
        {
            return Ok(Step::Same);
        }
        if is_part(exchange, &reply, answer.status) {
            return Ok(Step::Same);
        }
        let same_status = reply.status == answer.status;
        if open && !same_status {
            return Err(End::Unknown(
                "the specification leaves this answer open".into(),
            ));
        }
        if request.guessed && !same_status {
            return Err(End::Unknown(
                "the request names a cursor that no event has shown".into(),
            ));
        }
        if request.guessed {
            self.doubt
                .get_or_insert("a request named a cursor that no event has shown");
        }
        if !same_status || ours.code != theirs.code {
            return apart(
                format!("{place} was answered {}", theirs.brief()),
                vec![Mismatch {
                    pointer: "(answer)".into(),
                    expected: ours.brief(),
                    actual: Some(Value::String(theirs.brief())),
                }],
            );
        }
        self.opened(exchange, &request, &reply);
        let app = self
            .learn(&request, &ours.json, &theirs.json)
            .or(request.app());
        let mismatches = match reply.body {
            Body::Json(_) => compare(&ours.json, &theirs.json, app, &mut self.names),
            Body::Empty | Body::Stream { .. } | Body::Upload(_) | Body::Download(_) => vec![],
        };
        if mismatches.is_empty() {
            return Ok(Step::Same);
        }
        let finding = Finding {
            message: format!("{place} was answered {} with another body", theirs.brief()),
            mismatches,
        };
        if open {
            return Err(End::Unknown(
                "the specification leaves this answer open".into(),
            ));
        }
        Ok(Step::Differs(finding))
    }

    /// The model's answer, its app made to the server's measure.
    fn reply(
        &mut self,
        exchange: &Exchange,
        request: &Translated,
        theirs: &Said,
    ) -> Result<Reply, End> {
        let reply = self.model.ask(request.request());
        if request.is("POST", "/v1/apps") && reply.status == 201 {
            return self.granted(request, reply, theirs);
        }
        let Body::Upload(permit) = &reply.body else {
            return Ok(reply);
        };
        let bytes = match exchange.kind {
            Kind::Upload { bytes, .. } => bytes,
            Kind::Plain | Kind::Stream(_) | Kind::Raw => request.body.len() as u64,
        };
        let content_type = header(exchange, "content-type");
        let content_type = content_type.as_deref();
        let content_type = content_type.unwrap_or("application/octet-stream");
        Ok(self.model.upload(permit, bytes, content_type))
    }

    /// A server may grant other limits than those asked for, and other defaults.
    fn granted(&mut self, request: &Translated, reply: Reply, theirs: &Said) -> Result<Reply, End> {
        let ours = Said::of_reply(&reply).json;
        let field = theirs.json["field"].as_str().unwrap_or_default();
        let alike = GRANTED
            .iter()
            .all(|member| theirs.json[*member] == ours[*member]);
        if alike {
            return Ok(reply);
        }
        self.delete_app(&ours);
        match theirs.code {
            Some(code) if may_refuse_app(code, field) => {
                return Err(End::Unknown(format!("the server does not grant {field}")));
            }
            Some(_) => return Ok(reply),
            None => {}
        }
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let wishes = to_measure(&asked, &theirs.json);
        let reply = self.model.ask(request.with_body(&wishes).request());
        if reply.status == 201 {
            return Ok(reply);
        }
        let refusal = Said::of_reply(&reply).brief();
        Err(End::Unknown(format!(
            "the model cannot have the app that was granted: {refusal}"
        )))
    }

    /// An app of the model's own making.
    pub(super) fn make_app(&mut self, wishes: &Value) -> Result<Value, String> {
        let request = self.as_operator("POST", "/v1/apps".into());
        let reply = self.model.ask(request.with_body(wishes).request());
        let answer = Said::of_reply(&reply);
        match reply.status {
            201 => Ok(answer.json),
            _ => Err(answer.brief()),
        }
    }

    fn delete_app(&mut self, app: &Value) {
        let id = app["app_id"].as_str().unwrap_or_default();
        let request = self.as_operator("DELETE", format!("/v1/apps/{id}"));
        self.model.ask(request.request());
    }

    fn as_operator(&self, method: &str, target: String) -> Translated {
        let exchange = Exchange {
            token: Some(self.operator.clone()),
            method: method.into(),
            target,
            headers: Vec::new(),
            body: bytes::Bytes::new(),
            kind: Kind::Plain,
            answer: None,
        };
        Translated::new(&exchange, &self.names)
    }

    /// Notes a stream that both have opened.
    fn opened(&mut self, exchange: &Exchange, request: &Translated, reply: &Reply) {
        if let (Kind::Stream(number), Body::Stream { stream, .. }) = (exchange.kind, &reply.body) {
            let stream = Stream {
                ours: *stream,
                mailbox: request.mailbox(),
                app: request.app(),
            };
            self.streams.insert(number, stream);
        }
    }

    /// Notes the tokens that an answer hands out. Answers with the number of a new app.
    fn learn(&mut self, request: &Translated, ours: &Value, theirs: &Value) -> Option<usize> {
        let both = |member: &str| Some((ours[member].as_str()?, theirs[member].as_str()?));
        if let Some((_, admin_token)) = both("admin_token") {
            let manual = ours["clock"] == "manual";
            return Some(self.learn_app(ours, theirs, admin_token, manual));
        }
        let app = request.app()?;
        for member in ["credential", "session_token"] {
            if let (Some((token, theirs)), Some(user)) = (both(member), ours["user_id"].as_str()) {
                let bearer = Bearer {
                    token: token.to_owned(),
                    app,
                    user: Some(user.to_owned()),
                };
                self.names.add_token(theirs.to_owned(), bearer);
            }
        }
        if request.method == "DELETE"
            && let Some(user) = request.path.strip_prefix("/v1/admin/users/")
        {
            self.names.forget_cursors(app, user);
        }
        None
    }
}

/// What to ask the model for, so that it grants what the server has granted.
fn to_measure(asked: &Value, granted: &Value) -> Value {
    let mut wishes = Map::new();
    for member in ["profile", "clock"] {
        let wish = asked.get(member).unwrap_or(&granted[member]);
        wishes.insert(member.into(), wish.clone());
    }
    let mut policy = granted["policy"].clone();
    if let (Some(policy), Some(asked)) = (policy.as_object_mut(), asked["policy"].as_object()) {
        policy.extend(asked.clone());
    }
    wishes.insert("policy".into(), policy);
    wishes.insert("limits".into(), granted["limits"].clone());
    // Vendors can only be asked for together with a gateway. What the model sends to one that is not
    // there, nobody reads.
    let url = granted["push_gateway_url"].as_str();
    let push = json!({ "gateway_url": url.unwrap_or("http://nowhere/"), "vendors": granted["push_vendors"] });
    wishes.insert("push".into(), push);
    Value::Object(wishes)
}

/// The shell sends the part of an upload that is asked for; the model only knows that there is one.
fn is_part(exchange: &Exchange, reply: &Reply, theirs: u16) -> bool {
    matches!(reply.body, Body::Download(_))
        && header(exchange, "range").is_some()
        && matches!(theirs, 206 | 416)
}

/// An answer, read.
#[derive(Debug)]
struct Said {
    status: u16,
    /// Null if it is not JSON.
    json: Value,
    code: Option<ErrorCode>,
}

impl Said {
    fn of(answer: &Answer) -> Self {
        Self::new(answer.status, &answer.body)
    }

    fn of_reply(reply: &Reply) -> Self {
        match &reply.body {
            Body::Json(text) => Self::new(reply.status, text.as_bytes()),
            Body::Empty | Body::Stream { .. } | Body::Upload(_) | Body::Download(_) => {
                Self::new(reply.status, b"")
            }
        }
    }

    fn new(status: u16, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = (status >= 400)
            .then(|| json["code"].as_str().and_then(ErrorCode::parse))
            .flatten();
        Self { status, json, code }
    }

    fn brief(&self) -> String {
        match self.code {
            Some(code) => format!("{} {}", self.status, code.as_str()),
            None => self.status.to_string(),
        }
    }
}

/// The request as people read it, without its query.
struct Place<'a>(&'a str, &'a str);

impl<'a> Place<'a> {
    fn of(exchange: &'a Exchange) -> Self {
        let path = exchange.target.split('?').next().unwrap_or_default();
        Self(&exchange.method, path)
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}
