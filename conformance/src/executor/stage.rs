//! Where a scenario plays: its apps, users, sessions and everything it has saved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::call::Call;
use super::context::RunContext;
use super::log::Log;
use super::stop::Stop;
use super::streams::Streams;
use crate::redact::Redactor;
use crate::scenario::{Fixture, Name, Names};
use crate::template::{Scope, Template, Text, descend};

/// Everything one scenario has to do with.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) run: Arc<RunContext>,
    pub(super) fixture: Arc<Fixture>,
    /// Unique in the run: part of user ids and of the gateway's path.
    pub(super) key: String,
    pub(super) redactor: Redactor,
    pub(super) streams: Streams,
    /// Time the server may take and that is not the scenario's own.
    allowance: Mutex<Duration>,
    state: Mutex<State>,
}

/// What changes while a scenario runs. Names of a second app's users begin with `app/`.
#[derive(Debug, Default)]
pub(super) struct State {
    /// By name; the scenario's own app has the empty name.
    pub(super) apps: BTreeMap<String, App>,
    pub(super) users: BTreeMap<String, User>,
    /// Users of actors with a count, by the actor's bare name.
    pub(super) groups: BTreeMap<String, Vec<String>>,
    /// By `actor.device`.
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) saved: BTreeMap<String, Value>,
    /// When that was.
    pub(super) saved_at: BTreeMap<String, Instant>,
    /// Names of messages whose time is known to be over.
    pub(super) outlived: BTreeSet<String>,
    /// Media made by `upload` steps.
    pub(super) uploads: BTreeSet<String>,
    /// Saved sends, to be sent again.
    pub(super) sent: BTreeMap<String, Call>,
}

/// An app.
#[derive(Debug, Clone)]
pub(super) struct App {
    /// As the server described it, without its token.
    pub(super) description: Value,
    pub(super) admin_token: String,
    /// Whether the runner made it and has to delete it.
    pub(super) own: bool,
}

/// A user.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) credential: Option<String>,
    pub(super) devices: Vec<String>,
}

/// A session that was opened, perhaps ended since.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) token: String,
    pub(super) user_id: String,
    pub(super) device: String,
    /// The push registration last made.
    pub(super) push: Option<(String, String)>,
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) label: String,
    pub(super) token: Option<String>,
}

impl Stage {
    pub(super) fn new(run: Arc<RunContext>, fixture: Arc<Fixture>, key: String) -> Self {
        let redactor = Redactor::default();
        run.access.teach(&redactor);
        Self {
            run,
            fixture,
            key,
            redactor,
            streams: Streams::default(),
            allowance: Mutex::default(),
            state: Mutex::new(State::default()),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the scenario take longer.
    pub(super) fn allow(&self, more: Duration) {
        *self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += more;
    }

    /// How long the scenario may take: its own time and what was allowed beyond it until now.
    pub(super) fn time_allowed(&self) -> Duration {
        let allowance = *self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.run.options.scenario_timeout.saturating_add(allowance)
    }

    /// An empty transcript.
    pub(super) fn log(&self) -> Log {
        Log::new(self.run.begun)
    }

    /// The administrator of an app.
    pub(super) fn admin(&self, app: &str) -> Result<Caller, Stop> {
        let state = self.state();
        let found = state
            .apps
            .get(app)
            .ok_or_else(|| Stop::Fault(format!("there is no app `{app}`; provision it before")))?;
        let label = if app.is_empty() {
            "admin".to_owned()
        } else {
            format!("{app}/admin")
        };
        Ok(Caller {
            label,
            token: Some(found.admin_token.clone()),
        })
    }

    /// Who `as` means: a session, `admin`, `operator` or `nobody`.
    pub(super) fn caller(&self, name: &str) -> Result<Caller, Stop> {
        let (app, bare) = split_app(name);
        match bare {
            "admin" => self.admin(app),
            "operator" => Ok(Caller {
                label: name.to_owned(),
                token: self.run.access.operator.clone(),
            }),
            "nobody" => Ok(Caller {
                label: name.to_owned(),
                token: None,
            }),
            _ => {
                let session = self.session_name(name)?;
                let token = self.session(&session)?.token;
                Ok(Caller {
                    label: session,
                    token: Some(token),
                })
            }
        }
    }

    /// The full name of a session: `bob` is the first device of bob.
    pub(super) fn session_name(&self, name: &str) -> Result<String, Stop> {
        if name.contains('.') {
            return Ok(name.to_owned());
        }
        let state = self.state();
        let user = state
            .users
            .get(name)
            .ok_or_else(|| Stop::Fault(format!("there is no actor `{name}`")))?;
        let device = user.devices.first().map_or("phone", String::as_str);
        Ok(format!("{name}.{device}"))
    }

    pub(super) fn session(&self, full_name: &str) -> Result<Session, Stop> {
        let state = self.state();
        state
            .sessions
            .get(full_name)
            .cloned()
            .ok_or_else(|| Stop::Fault(format!("{full_name} has not logged in before this step")))
    }

    /// The id that a name in a step stands for.
    pub(super) fn user_id(&self, name: &Name, scope: &dyn Scope) -> Result<Value, Stop> {
        let text = match name {
            Name::Literal(value) => return Ok(value.clone()),
            Name::Text(text) => text,
        };
        let value = text.value(scope)?;
        let Some(rendered) = value.as_str() else {
            return Ok(value);
        };
        if let Some(user) = self.state().users.get(rendered) {
            return Ok(Value::String(user.id.clone()));
        }
        if rendered.starts_with('@') || text.literal().is_none() {
            return Ok(value);
        }
        Err(Stop::Fault(format!("there is no actor `{rendered}`")))
    }

    pub(super) fn user_ids(&self, names: &Names, scope: &dyn Scope) -> Result<Value, Stop> {
        match names {
            Names::Literal(value) => Ok(value.clone()),
            Names::Reference(text) => Ok(text.value(scope)?),
            Names::List(list) => {
                let ids: Result<Vec<Value>, Stop> =
                    list.iter().map(|name| self.user_id(name, scope)).collect();
                ids.map(Value::Array)
            }
        }
    }

    /// A limit of an app.
    pub(super) fn limit(&self, app: &str, name: &str) -> Option<u64> {
        self.state().apps.get(app)?.description["limits"][name].as_u64()
    }
}

/// `other/bob` is bob of the app `other`; without a slash it is the scenario's own app.
pub(super) fn split_app(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or(("", name))
}

/// The stage as a step sees it, loop counters included.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    pub(super) stage: &'a Stage,
    pub(super) indices: Vec<(String, u64)>,
}

impl View<'_> {
    pub(super) fn text(&self, text: &Text) -> Result<String, Stop> {
        Ok(text.text(self)?)
    }

    pub(super) fn value(&self, template: &Template) -> Result<Value, Stop> {
        Ok(template.value(self)?)
    }

    /// Fills in a member of a body if the step has it.
    pub(super) fn put(
        &self,
        body: &mut Map<String, Value>,
        name: &str,
        template: Option<&Template>,
    ) -> Result<(), Stop> {
        if let Some(template) = template {
            body.insert(name.to_owned(), template.value(self)?);
        }
        Ok(())
    }
}

impl Scope for View<'_> {
    fn lookup(&self, path: &[&str]) -> Option<Value> {
        let (root, rest) = path.split_first()?;
        if let Some((_, count)) = self.indices.iter().rev().find(|(name, _)| name == root) {
            return rest.is_empty().then(|| Value::from(*count));
        }
        if *root == "host" {
            return Some(Value::String(self.stage.run.http.endpoint().authority()));
        }
        if *root == "token" {
            let caller = self.stage.caller(&rest.join(".")).ok()?;
            return caller.token.map(Value::String);
        }
        let state = self.stage.state();
        if let Some(saved) = state.saved.get(*root) {
            return descend(saved, rest);
        }
        if let Some(user) = state.users.get(*root).filter(|_| rest.is_empty()) {
            return Some(Value::String(user.id.clone()));
        }
        if let Some(group) = state.groups.get(*root).filter(|_| rest.is_empty()) {
            return Some(group.iter().map(String::as_str).collect());
        }
        match *root {
            "limits" => descend(&state.apps.get("")?.description["limits"], rest),
            "app" => descend(&state.apps.get("")?.description, rest),
            other => descend(&state.apps.get(other)?.description, rest),
        }
    }
}
