//! The names that mean something at a step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::template::Text;

/// The names that mean something at a step.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    actors: BTreeMap<String, Cast>,
    pub(super) apps: BTreeSet<String>,
    /// Saved answers; a name with a reference in it stands as its fixed first part.
    saved: BTreeSet<String>,
    saved_families: BTreeSet<String>,
    /// Those of the saved answers that are answers to something sent.
    sent: BTreeSet<String>,
    pub(super) indices: Vec<String>,
    pub(super) streams: BTreeSet<String>,
    /// Sessions begun and push tokens registered by steps, as `actor.device`.
    logged_in: BTreeSet<String>,
    registered: BTreeSet<String>,
    /// Whether a step logs in or registers whoever a reference names: then anybody may be.
    any_logged_in: bool,
    any_registered: bool,
    pub(super) clock: bool,
    pub(super) push: bool,
}

/// What the header says of an actor.
#[derive(Debug, Clone)]
struct Cast {
    devices: Vec<String>,
    login: bool,
    /// Whether it is many, and how many if the number stands there.
    count: Option<Option<u64>>,
}

pub(super) const ROOTS: &[&str] = &["limits", "app", "token", "host"];
pub(super) const CALLERS: &[&str] = &["admin", "operator", "nobody"];

impl Known {
    pub(super) fn add_actors(&mut self, prefix: &str, actors: Option<&Value>) {
        for (name, actor) in actors.and_then(Value::as_object).into_iter().flatten() {
            let devices = match actor["devices"].as_array() {
                Some(list) => list
                    .iter()
                    .filter_map(|name| name.as_str().map(str::to_owned))
                    .collect(),
                None => vec!["phone".to_owned()],
            };
            let cast = Cast {
                devices,
                login: actor["login"].as_bool().unwrap_or(true),
                count: actor.get("count").map(Value::as_u64),
            };
            self.actors.insert(format!("{prefix}{name}"), cast);
        }
    }

    /// Many actors under one name: their prefix is what an actor's own name must not be.
    pub(super) fn is_group(&self, name: &str) -> bool {
        self.actors
            .get(name)
            .is_some_and(|cast| cast.count.is_some())
    }

    /// One of a group: `peer3`.
    pub(super) fn is_numbered(&self, name: &str) -> bool {
        let family = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = name[family.len()..].parse::<u64>();
        let count = self.actors.get(family).and_then(|cast| cast.count);
        match (number, count) {
            (Ok(number), Some(count)) => {
                (1..=count.unwrap_or(u64::MAX)).contains(&number)
                    && !name[family.len()..].starts_with('0')
            }
            (Ok(_) | Err(_), _) => false,
        }
    }

    pub(super) fn is_actor(&self, name: &str) -> bool {
        (self.actors.contains_key(name) && !self.is_group(name)) || self.is_numbered(name)
    }

    fn cast(&self, actor: &str) -> Option<&Cast> {
        let family = actor.trim_end_matches(|c: char| c.is_ascii_digit());
        self.actors.get(actor).or_else(|| self.actors.get(family))
    }

    /// The full name of a session: `bob` is bob's first device.
    fn session(&self, name: &str) -> String {
        if name.contains('.') {
            return name.to_owned();
        }
        let first = self.cast(name).and_then(|cast| cast.devices.first());
        format!("{name}.{}", first.map_or("phone", String::as_str))
    }

    /// Notes who `as` has logged in.
    pub(super) fn log_in(&mut self, r#as: &str) {
        self.any_logged_in |= r#as.contains("${");
        let session = self.session(r#as);
        self.logged_in.insert(session);
    }

    pub(super) fn is_logged_in(&self, name: &str) -> bool {
        let session = self.session(name);
        let (actor, device) = session.split_once('.').unwrap_or((&session, ""));
        let from_the_start = self
            .cast(actor)
            .is_some_and(|cast| cast.login && cast.devices.iter().any(|own| own == device));
        from_the_start || self.any_logged_in || self.logged_in.contains(&session)
    }

    pub(super) fn register(&mut self, r#as: &str) {
        self.any_registered |= r#as.contains("${");
        let session = self.session(r#as);
        self.registered.insert(session);
    }

    pub(super) fn is_registered(&self, name: &str) -> bool {
        self.any_registered || self.registered.contains(&self.session(name))
    }

    /// Whether a stream goes by the name: its own, or that of its session, however written.
    pub(super) fn is_stream(&self, name: &str) -> bool {
        self.streams.contains(name) || self.streams.contains(&self.session(name))
    }

    pub(super) fn open(&mut self, stream: &str) {
        self.streams.insert(stream.to_owned());
    }

    /// A stream that is named after its session is known by both names of it.
    pub(super) fn open_of(&mut self, r#as: &str) {
        let session = self.session(r#as);
        self.streams.insert(session);
    }

    pub(super) fn close(&mut self, stream: &str) {
        if !self.streams.remove(stream) {
            let session = self.session(stream);
            self.streams.remove(&session);
        }
    }

    /// Adds what another branch knows.
    pub(super) fn join(&mut self, other: Self) {
        let Self {
            actors,
            apps,
            saved,
            saved_families,
            sent,
            indices: _,
            streams,
            logged_in,
            registered,
            any_logged_in,
            any_registered,
            clock: _,
            push: _,
        } = other;
        self.actors.extend(actors);
        self.apps.extend(apps);
        self.saved.extend(saved);
        self.saved_families.extend(saved_families);
        self.sent.extend(sent);
        self.streams.extend(streams);
        self.logged_in.extend(logged_in);
        self.registered.extend(registered);
        self.any_logged_in |= any_logged_in;
        self.any_registered |= any_registered;
    }

    /// Whether `${root…}` has a value.
    pub(super) fn is_root(&self, root: &str) -> bool {
        ROOTS.contains(&root)
            || self.actors.contains_key(root)
            || self.is_numbered(root)
            || self.apps.contains(root)
            || self.is_saved(root)
            || self.indices.iter().any(|index| index == root)
    }

    pub(super) fn is_saved(&self, name: &str) -> bool {
        let family = name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.saved.contains(name) || (family != name && self.saved_families.contains(family))
    }

    pub(super) fn is_sent(&self, name: &str) -> bool {
        let family = name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.sent.contains(name) || self.sent.contains(family)
    }

    /// Keeps the name of an answer; `false` if it already has another.
    pub(super) fn save(&mut self, name: &Text, sent: bool) -> bool {
        let (fresh, known) = match name.literal() {
            Some(name) => (self.saved.insert(name.to_owned()), name),
            None => {
                let fixed = name.source().split("${").next().unwrap_or_default();
                self.saved_families.insert(fixed.to_owned());
                (true, fixed)
            }
        };
        if sent {
            self.sent.insert(known.to_owned());
        }
        fresh
    }
}
