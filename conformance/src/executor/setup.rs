//! What happens before the steps: the app, its users, their devices and friendships.

use std::collections::BTreeMap;

use duologue_core::limits::Profile;
use futures_util::future::try_join_all;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::judge::by_schema;
use super::log::Log;
use super::requests::encode;
use super::stage::{App, Caller, Session, Stage, User, View};
use super::stop::Stop;
use super::streams::OpenStream;
use crate::oracle::history::{Kind, SharedApp, What};
use crate::plan::{outlives, sets_policy, unmet_limits};

use crate::scenario::{Actor, ActorName, AppNeeds, ClockNeed, Step};

/// Asked for where a step waits for heartbeats and the scenario does not say how often they come.
const QUICK_HEARTBEAT_MS: u64 = 1000;
/// The device that makes friends for actors who have not logged in.
const SETUP_DEVICE: &str = "setup";

impl Stage {
    /// Makes the scenario's own app, or enters the shared one.
    pub(super) async fn enter_app(&self, log: &Log) -> Result<(), Stop> {
        let scenario = &self.fixture.scenario;
        if let Some(shared) = &self.run.facts.shared_app {
            let app = App {
                description: shared.clone(),
                admin_token: self.run.access.admin.clone().unwrap_or_default(),
                own: false,
            };
            self.recorder.edit(|history| {
                history.shared = Some(SharedApp {
                    description: app.description.clone(),
                    admin_token: app.admin_token.clone(),
                });
            });
            self.state().apps.insert(String::new(), app);
            return self.set_shared_policy(log).await;
        }
        let operator = self.caller("operator")?;
        let mut wishes = self.app_wishes(&scenario.app);
        if waits_for_heartbeats(&scenario.steps) && wishes["limits"]["heartbeat_ms"].is_null() {
            wishes["limits"]["heartbeat_ms"] = json!(QUICK_HEARTBEAT_MS);
        }
        if outlives(&scenario.steps)
            && wishes["clock"].is_null()
            && self.run.facts.has_manual_clock()
        {
            wishes["clock"] = json!("manual");
        }
        let call = Call::json(&operator, "POST", "/v1/apps".into()).with(wishes);
        let answer = self.call(&call, log, false).await?;
        refused_limits(&answer)?;
        self.expect_success("provisioning", &answer)?;
        self.adopt_app("", &answer)?;
        self.check_grant()
    }

    /// What `POST /v1/apps` is asked for.
    pub(super) fn app_wishes(&self, needs: &AppNeeds) -> Value {
        let mut wishes = Map::new();
        let profile = needs
            .profile
            .as_deref()
            .or(self.run.profile.map(Profile::as_str));
        if let Some(profile) = profile {
            wishes.insert("profile".into(), json!(profile));
        }
        if !needs.policy.is_empty() {
            wishes.insert("policy".into(), json!(needs.policy));
        }
        if !needs.limits.is_empty() {
            wishes.insert("limits".into(), json!(needs.limits));
        }
        if let Some(clock) = needs.clock {
            wishes.insert("clock".into(), json!(clock));
        }
        if needs.push {
            let url = self.run.gateway.url(&self.key);
            wishes.insert("push".into(), json!({ "gateway_url": url }));
        }
        Value::Object(wishes)
    }

    /// Notes a new app under a name.
    pub(super) fn adopt_app(&self, name: &str, answer: &Answer) -> Result<(), Stop> {
        let mut description = answer.json.clone().unwrap_or_default();
        let token = description
            .as_object_mut()
            .and_then(|app| app.remove("admin_token"));
        let Some(Value::String(admin_token)) = token else {
            return Err(Stop::broken_wire("the new app has no admin token", vec![]));
        };
        self.redactor.learn(&admin_token, "admin token");
        let app = App {
            description,
            admin_token,
            own: true,
        };
        self.state().apps.insert(name.to_owned(), app);
        Ok(())
    }

    /// Whether the app granted is the one asked for.
    fn check_grant(&self) -> Result<(), Stop> {
        let app = self
            .state()
            .apps
            .get("")
            .map(|app| app.description.clone())
            .unwrap_or_default();
        let scenario = &self.fixture.scenario;
        if let Some(reason) = unmet_limits(scenario, &app["limits"]) {
            return Err(Stop::NotApplicable(reason));
        }
        if scenario.app.clock == Some(ClockNeed::Manual) && app["clock"] != "manual" {
            let message = "the server declares manual-clock, but the new app is on the real clock";
            return Err(Stop::fail(message));
        }
        let other = scenario
            .app
            .policy
            .iter()
            .find(|(name, wanted)| app["policy"][name.as_str()] != **wanted);
        match other {
            Some((name, wanted)) => Err(Stop::fail(format!(
                "the new app's policy does not have {name} = {wanted}"
            ))),
            None => Ok(()),
        }
    }

    async fn set_shared_policy(&self, log: &Log) -> Result<(), Stop> {
        let wanted = &self.fixture.scenario.app.policy;
        let differs = {
            let state = self.state();
            let policy = &state.apps[""].description["policy"];
            wanted
                .iter()
                .any(|(name, value)| policy[name.as_str()] != *value)
        };
        if differs {
            self.put_policy(json!(wanted), log).await
        } else {
            Ok(())
        }
    }

    async fn put_policy(&self, policy: Value, log: &Log) -> Result<(), Stop> {
        let call = Call::json(&self.admin("")?, "PUT", "/v1/admin/policy".into()).with(policy);
        let answer = self.call(&call, log, false).await?;
        self.expect_success("setting the policy", &answer)
    }

    /// Creates actors, logs their devices in and makes them friends.
    pub(super) async fn create_actors(
        &self,
        app: &str,
        actors: &BTreeMap<ActorName, Actor>,
        log: &Log,
    ) -> Result<(), Stop> {
        let mut all: Vec<(String, &Actor)> = Vec::new();
        for (name, actor) in actors {
            let name = if app.is_empty() {
                name.to_string()
            } else {
                format!("{app}/{name}")
            };
            match self.count(actor)? {
                None => all.push((name, actor)),
                Some(count) => {
                    let names = (1..=count).map(|index| format!("{name}{index}"));
                    self.state().groups.insert(name.clone(), Vec::new());
                    all.extend(names.map(|name| (name, actor)));
                }
            }
        }
        let width = all.len().to_string().len();
        try_join_all(
            all.iter()
                .map(|(name, actor)| self.create_actor(app, name, actor, width, log)),
        )
        .await?;
        self.fill_groups();
        self.befriend(app, &all, log).await
    }

    fn count(&self, actor: &Actor) -> Result<Option<u64>, Stop> {
        let Some(template) = &actor.count else {
            return Ok(None);
        };
        let value = View {
            stage: self,
            indices: Vec::new(),
        }
        .value(template)?;
        let wrong = || Stop::Fault(format!("`count` must be from 1 to 2000, but is {value}"));
        value
            .as_u64()
            .filter(|count| (1..=2000).contains(count))
            .map(Some)
            .ok_or_else(wrong)
    }

    /// The ids of each actor with a count, in the order of their numbers.
    fn fill_groups(&self) {
        let mut state = self.state();
        let super::stage::State { groups, users, .. } = &mut *state;
        for (group, ids) in groups {
            let numbered = |n: usize| {
                users
                    .get(&format!("{group}{n}"))
                    .map(|user| user.id.clone())
            };
            *ids = (1..).map_while(numbered).collect();
        }
    }

    async fn create_actor(
        &self,
        app: &str,
        name: &str,
        actor: &Actor,
        width: usize,
        log: &Log,
    ) -> Result<(), Stop> {
        let view = View {
            stage: self,
            indices: Vec::new(),
        };
        let id = self.user_id_for(name, width);
        let mut body = Map::new();
        view.put(&mut body, "nickname", actor.nickname.as_ref())?;
        view.put(&mut body, "avatar_url", actor.avatar_url.as_ref())?;
        let call = Call::json(&self.admin(app)?, "PUT", format!("/v1/admin/users/{id}"))
            .with(Value::Object(body));
        let answer = self.call(&call, log, false).await?;
        self.expect_success("creating a user", &answer)?;
        let credential = answer
            .json
            .and_then(|json| json["credential"].as_str().map(str::to_owned));
        let devices = actor.devices.clone();
        self.state().users.insert(
            name.to_owned(),
            User {
                id,
                credential,
                devices,
            },
        );
        if actor.login {
            for device in &actor.devices {
                self.log_in(name, device, log).await?;
            }
        }
        Ok(())
    }

    /// A user id that no other run and scenario has. Ids sort as the actors' names and numbers do.
    fn user_id_for(&self, name: &str, width: usize) -> String {
        let bare = super::stage::split_app(name).1;
        let family = bare.trim_end_matches(|c: char| c.is_ascii_digit());
        let padded = match bare[family.len()..].parse::<u64>() {
            Ok(number) => format!("{family}{number:0width$}"),
            Err(_) => bare.to_owned(),
        };
        format!("{padded}-{}", self.key)
    }

    async fn log_in(&self, name: &str, device: &str, log: &Log) -> Result<String, Stop> {
        let (id, credential) = {
            let state = self.state();
            let user = &state.users[name];
            (user.id.clone(), user.credential.clone())
        };
        let caller = Caller {
            label: format!("{name} (credential)"),
            token: credential,
        };
        let body = json!({ "user_id": id, "device_id": device, "platform": "test" });
        let call = Call::json(&caller, "POST", "/v1/sessions".into()).with(body);
        let answer = self.call(&call, log, false).await?;
        self.expect_success("a login", &answer)?;
        let token = answer
            .json
            .and_then(|json| json["session_token"].as_str().map(str::to_owned));
        let token = token.unwrap_or_default();
        let session = Session {
            token: token.clone(),
            user_id: id,
            device: device.to_owned(),
            push: None,
        };
        self.state()
            .sessions
            .insert(format!("{name}.{device}"), session);
        Ok(token)
    }

    /// Makes friends and acknowledges what the server says about it, so that mailboxes are empty.
    async fn befriend(&self, app: &str, all: &[(String, &Actor)], log: &Log) -> Result<(), Stop> {
        let prefix = if app.is_empty() {
            String::new()
        } else {
            format!("{app}/")
        };
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, actor) in all {
            for friend in &actor.friends {
                let friend = format!("{prefix}{friend}");
                if !pairs.iter().any(|(a, b)| (a, b) == (&friend, name)) {
                    pairs.push((name.clone(), friend));
                }
            }
        }
        if pairs.is_empty() {
            return Ok(());
        }
        let mut callers: BTreeMap<String, (String, Caller)> = BTreeMap::new();
        for name in pairs.iter().flat_map(|(a, b)| [a, b]) {
            if !callers.contains_key(name) {
                let session = self.setup_session(name, log).await?;
                callers.insert(name.clone(), (session.clone(), self.caller(&session)?));
            }
        }
        for (a, b) in &pairs {
            for (from, to) in [(a, b), (b, a)] {
                let id = self.state().users[to.as_str()].id.clone();
                let target = format!("/v1/friends/{}", encode(&id));
                let call = Call::json(&callers[from].1, "PUT", target);
                let answer = self.call(&call, log, false).await?;
                self.expect_success("making friends", &answer)?;
            }
        }
        for (session, caller) in callers.values() {
            self.empty_mailbox(session, caller, log).await?;
        }
        Ok(())
    }

    /// The first session of an actor, or one for the time of the setup.
    async fn setup_session(&self, name: &str, log: &Log) -> Result<String, Stop> {
        let first = {
            let state = self.state();
            let missing = || Stop::Fault(format!("there is no actor `{name}` to befriend"));
            let user = state.users.get(name).ok_or_else(missing)?;
            let first = user
                .devices
                .first()
                .map(|device| format!("{name}.{device}"));
            first.filter(|session| state.sessions.contains_key(session))
        };
        if let Some(session) = first {
            return Ok(session);
        }
        self.log_in(name, SETUP_DEVICE, log).await?;
        Ok(format!("{name}.{SETUP_DEVICE}"))
    }

    async fn empty_mailbox(&self, session: &str, caller: &Caller, log: &Log) -> Result<(), Stop> {
        let view = View {
            stage: self,
            indices: Vec::new(),
        };
        let number = self.recorder.next_stream();
        let mut call = Call::json(caller, "GET", "/v1/events".into());
        call.kind = Kind::Stream(number);
        let (answer, source) = self.open(&call, None, log, false).await?;
        let Some(source) = source else {
            return Err(Stop::fail(format!(
                "opening a stream in the setup was answered {}",
                answer.brief()
            )));
        };
        let mut stream = OpenStream::new(session.to_owned(), session.to_owned(), number, source);
        let sync = view.read_sync(&mut stream, log).await?;
        if let Some(cursor) = sync["cursors"]
            .as_array()
            .and_then(|cursors| cursors.last())
        {
            let call = Call::json(caller, "POST", "/v1/events/ack".into())
                .with(json!({ "cursor": cursor }));
            let answer = self.call(&call, log, false).await?;
            self.expect_success("an acknowledgement", &answer)?;
        }
        stream.close().await;
        log.keep(|| What::Left { stream: number });
        view.wait_until_away(session, log).await?;
        if session.ends_with(SETUP_DEVICE) {
            let call = Call::json(caller, "DELETE", "/v1/sessions/current".into());
            let answer = self.call(&call, log, false).await?;
            self.expect_success("a logout", &answer)?;
            self.state().sessions.remove(session);
        }
        Ok(())
    }

    /// Deletes the apps the scenario made, unless they are to be kept, and gives the shared app its
    /// policy back.
    pub(super) async fn leave(&self) {
        let log = self.log();
        let keep = self.run.hooks.keep.as_ref();
        if let Some(keep) = keep {
            self.streams.clear();
            keep(self.kept());
        }
        let apps: Vec<App> = self.state().apps.values().cloned().collect();
        for app in apps {
            let id = app.description["app_id"].as_str().unwrap_or_default();
            // What goes wrong here no longer concerns the scenario.
            if !app.own {
                let _ = self.restore_policy(&app, &log).await;
            } else if keep.is_none()
                && let Ok(operator) = self.caller("operator")
            {
                let call = Call::json(&operator, "DELETE", format!("/v1/apps/{}", encode(id)));
                let _ = self.call(&call, &log, false).await;
            }
        }
    }

    async fn restore_policy(&self, app: &App, log: &Log) -> Result<(), Stop> {
        let mut changes = !self.fixture.scenario.app.policy.is_empty();
        for step in &self.fixture.scenario.steps {
            step.each(&mut |step| changes |= sets_policy(step));
        }
        if changes {
            self.put_policy(app.description["policy"].clone(), log)
                .await?;
        }
        Ok(())
    }

    fn expect_success(&self, what: &str, answer: &Answer) -> Result<(), Stop> {
        match answer.status {
            200..300 => by_schema(answer),
            401 | 403 if what == "provisioning" => Err(Stop::Configuration(format!(
                "the server refuses the operator token: {}",
                answer.brief()
            ))),
            _ => {
                let Answer { method, path, .. } = answer;
                let message = format!("{what} failed: {method} {path} answered {}", answer.brief());
                Err(Stop::fail(message))
            }
        }
    }
}

/// A server may be unwilling to go below a minimum of its own.
fn refused_limits(answer: &Answer) -> Result<(), Stop> {
    let field = answer
        .json
        .as_ref()
        .and_then(|json| json["field"].as_str())
        .unwrap_or_default();
    if answer.status == 400 && field.starts_with("limits.") {
        return Err(Stop::NotApplicable(format!(
            "the server does not grant {field}"
        )));
    }
    Ok(())
}

/// Whether steps wait until the server notices the end of a stream, or for a comment.
fn waits_for_heartbeats(steps: &[Step]) -> bool {
    let mut waits = false;
    for step in steps {
        step.each(&mut |step| {
            waits |= matches!(
                step,
                Step::CloseStream(_) | Step::CutStream(_) | Step::ExpectComment(_)
            );
        });
    }
    waits
}
