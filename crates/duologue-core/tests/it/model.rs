//! The stores against a model that is simpler than they are: lists, walked from end to end.
//!
//! After every step the mailbox, every view and the recent contacts of every user are compared.
//! That covers: caps are never exceeded, eviction takes exactly the oldest (OFF-004, OFF-005), an
//! accepted message is cached, acknowledged, evicted or expired and stays in the views that are
//! due, seqs are contiguous and never reused, both views order common messages alike, cursors grow.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::World;

const USERS: [&str; 3] = ["a", "b", "c"];
const OFFLINE_TTL_MS: u64 = 10_000;
const ROAMING_TTL_MS: u64 = 20_000;
const BYTES_MAX: u64 = 200;
const MESSAGES_MAX: usize = 4;
const SYSTEM_MAX: usize = 2;
const RECENTS_MAX: usize = 2;

#[derive(Debug, Clone)]
enum Transition {
    Send {
        from: usize,
        to: usize,
        bytes: u64,
        lifetime_s: Option<u64>,
    },
    SendAsAdmin {
        from: Option<usize>,
        to: usize,
        sync: bool,
    },
    Notify {
        to: usize,
    },
    Ack {
        user: usize,
        entry: usize,
    },
    Block {
        user: usize,
        peer: usize,
    },
    Unblock {
        user: usize,
        peer: usize,
    },
    Advance {
        ms: u64,
    },
}

fn transition() -> impl Strategy<Value = Transition> {
    use Transition::{Ack, Advance, Block, Notify, Send, SendAsAdmin, Unblock};
    let user = 0..USERS.len();
    let lifetime = prop_oneof![3 => Just(None), 1 => (0..25u64).prop_map(Some)];
    prop_oneof![
        8 => (user.clone(), user.clone(), 30..230u64, lifetime)
            .prop_map(|(from, to, bytes, lifetime_s)| Send { from, to, bytes, lifetime_s }),
        2 => (proptest::option::of(user.clone()), user.clone(), any::<bool>())
            .prop_map(|(from, to, sync)| SendAsAdmin { from, to, sync }),
        2 => user.clone().prop_map(|to| Notify { to }),
        2 => (user.clone(), 0..5usize).prop_map(|(user, entry)| Ack { user, entry }),
        1 => (user.clone(), user.clone()).prop_map(|(user, peer)| Block { user, peer }),
        1 => (user.clone(), user).prop_map(|(user, peer)| Unblock { user, peer }),
        2 => (0..12_000u64).prop_map(|ms| Advance { ms }),
    ]
}

#[derive(Debug, Clone)]
struct Entry {
    id: String,
    bytes: u64,
    system: bool,
    ends: u64,
}

#[derive(Debug, Clone)]
struct Filed {
    id: String,
    order: u64,
    ends: u64,
}

/// The cursor each message was first seen with, by user.
type Cursors = BTreeMap<&'static str, BTreeMap<String, u64>>;

/// The reference: what every store of every user should hold.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    order: u64,
    mailboxes: BTreeMap<&'static str, Vec<Entry>>,
    /// (owner, peer) → all messages ever; index + 1 is the seq.
    views: BTreeMap<(&'static str, &'static str), Vec<Filed>>,
    /// Peers that are listed, without order.
    recents: BTreeMap<&'static str, Vec<&'static str>>,
    blocks: Vec<(&'static str, &'static str)>,
}

impl Model {
    fn lifetime_ms(lifetime_s: Option<u64>, ttl_ms: u64) -> u64 {
        lifetime_s.map_or(ttl_ms, |s| (s * 1000).min(ttl_ms))
    }

    fn file(&mut self, owner: &'static str, peer: &'static str, id: &str, lifetime_s: Option<u64>) {
        let ends = self.now + Self::lifetime_ms(lifetime_s, ROAMING_TTL_MS);
        let filed = Filed {
            id: id.into(),
            order: self.order,
            ends,
        };
        self.views.entry((owner, peer)).or_default().push(filed);
        if peer != "@system" {
            let listed = self.recents.entry(owner).or_default();
            if !listed.contains(&peer) {
                listed.push(peer);
            }
            let kept: Vec<_> = self
                .recents_of(owner)
                .into_iter()
                .take(RECENTS_MAX)
                .collect();
            self.recents.insert(owner, kept);
        }
    }

    fn post(&mut self, to: &'static str, id: &str, bytes: u64, system: bool, life: Option<u64>) {
        if !system && bytes > BYTES_MAX {
            return;
        }
        let ends = self.now + Self::lifetime_ms(life, OFFLINE_TTL_MS);
        let mailbox = self.mailboxes.entry(to).or_default();
        mailbox.push(Entry {
            id: id.into(),
            bytes,
            system,
            ends,
        });
        loop {
            let of_kind: Vec<&Entry> = mailbox.iter().filter(|e| e.system == system).collect();
            let bytes: u64 = of_kind.iter().map(|entry| entry.bytes).sum();
            let over = if system {
                of_kind.len() > SYSTEM_MAX
            } else {
                of_kind.len() > MESSAGES_MAX || bytes > BYTES_MAX
            };
            if !over {
                return;
            }
            let oldest = mailbox.iter().position(|e| e.system == system).unwrap();
            mailbox.remove(oldest);
        }
    }

    fn advance(&mut self, ms: u64) {
        self.now += ms;
        let now = self.now;
        for mailbox in self.mailboxes.values_mut() {
            mailbox.retain(|entry| entry.ends > now);
        }
        for owner in USERS {
            let kept = self.recents_of(owner);
            self.recents.insert(owner, kept);
        }
    }

    fn alive(&self, owner: &'static str, peer: &'static str) -> Vec<(u64, &Filed)> {
        let all = self.views.get(&(owner, peer)).into_iter().flatten();
        let numbered = all
            .enumerate()
            .map(|(index, filed)| (index as u64 + 1, filed));
        numbered
            .filter(|(_, filed)| filed.ends > self.now)
            .collect()
    }

    fn recents_of(&self, owner: &'static str) -> Vec<&'static str> {
        let listed = self.recents.get(owner).into_iter().flatten();
        let mut newest: Vec<(u64, &'static str)> = listed
            .filter_map(|peer| Some((self.alive(owner, peer).last()?.1.order, *peer)))
            .collect();
        newest.sort_unstable_by(|left, right| right.cmp(left));
        newest.into_iter().map(|(_, peer)| peer).collect()
    }
}

fn apply(world: &mut World, model: &mut Model, transition: &Transition) {
    match *transition {
        Transition::Send {
            from,
            to,
            bytes,
            lifetime_s,
        } => {
            let (from, to) = (USERS[from], USERS[to]);
            let text = "x".repeat(usize::try_from(bytes).unwrap() - 25);
            let mut body = json!({ "to": to, "content": { "type": "text", "text": text } });
            if let Some(lifetime_s) = lifetime_s {
                body["lifetime_s"] = json!(lifetime_s);
            }
            let (status, sent) = world.user(from, "POST", "/v1/messages", &body);
            assert_eq!(
                (status, &sent["stored_bytes"]),
                (200, &json!(bytes)),
                "{sent}"
            );
            if lifetime_s == Some(0) {
                assert_eq!(sent["seq"], Value::Null);
                return;
            }
            model.order += 1;
            let id = sent["message_id"].as_str().unwrap();
            model.file(from, to, id, lifetime_s);
            assert_eq!(sent["seq"], json!(model.views[&(from, to)].len()));
            if from != to && !model.blocks.contains(&(to, from)) {
                model.file(to, from, id, lifetime_s);
                model.post(to, id, bytes, false, lifetime_s);
            }
        }
        Transition::SendAsAdmin { from, to, sync } => {
            let to = USERS[to];
            let content = json!({ "type": "text", "text": "from above" });
            let mut body = json!({ "to": to, "content": content, "sync_to_sender": sync });
            if let Some(from) = from {
                body["from"] = json!(USERS[from]);
            }
            let (status, sent) = world.admin("POST", "/v1/admin/messages", &body);
            assert_eq!(status, 200, "{sent}");
            model.order += 1;
            let id = sent["message_id"].as_str().unwrap();
            match from.map(|from| USERS[from]) {
                Some(from) if from == to => return model.file(to, from, id, None),
                Some(from) if sync => model.file(from, to, id, None),
                Some(_) | None => {}
            }
            model.file(to, from.map_or("@admin", |from| USERS[from]), id, None);
            model.post(to, id, sent["stored_bytes"].as_u64().unwrap(), false, None);
        }
        Transition::Notify { to } => {
            let to = USERS[to];
            let body = json!({ "to": to, "event": "app.notice", "data": "x" });
            let (status, sent) = world.admin("POST", "/v1/admin/notifications", &body);
            assert_eq!(status, 200, "{sent}");
            model.order += 1;
            let id = sent["message_id"].as_str().unwrap();
            model.file(to, "@system", id, None);
            model.post(to, id, 0, true, None);
        }
        Transition::Ack { user, entry } => {
            let user = USERS[user];
            let mailbox = world.mailbox(user);
            let Some((cursor, _)) = mailbox.get(entry) else {
                return;
            };
            let body = json!({ "cursor": cursor.to_string() });
            assert_eq!(world.user(user, "POST", "/v1/events/ack", &body).0, 204);
            model.mailboxes.entry(user).or_default().drain(..=entry);
        }
        Transition::Block { user, peer } if user != peer => {
            let path = format!("/v1/blocklist/{}", USERS[peer]);
            assert_eq!(world.user(USERS[user], "PUT", &path, &Value::Null).0, 204);
            model.blocks.push((USERS[user], USERS[peer]));
        }
        Transition::Unblock { user, peer } if user != peer => {
            let path = format!("/v1/blocklist/{}", USERS[peer]);
            assert_eq!(
                world.user(USERS[user], "DELETE", &path, &Value::Null).0,
                204
            );
            model
                .blocks
                .retain(|block| *block != (USERS[user], USERS[peer]));
        }
        Transition::Block { .. } | Transition::Unblock { .. } => {}
        Transition::Advance { ms } => {
            world.advance(ms);
            model.advance(ms);
        }
    }
}

fn check_invariants(world: &mut World, model: &Model, cursors: &mut Cursors) {
    for owner in USERS {
        let mailbox = world.mailbox(owner);
        let expected: Vec<&str> = model
            .mailboxes
            .get(owner)
            .into_iter()
            .flatten()
            .map(|e| e.id.as_str())
            .collect();
        let found: Vec<&str> = mailbox.iter().map(|(_, m)| m.message_id.as_str()).collect();
        assert_eq!(found, expected, "mailbox of {owner}");
        assert!(
            mailbox.is_sorted_by(|left, right| left.0 < right.0),
            "cursors grow"
        );
        let seen = cursors.entry(owner).or_default();
        for (cursor, message) in &mailbox {
            let highest = seen.values().max().copied().unwrap_or(0);
            match seen.insert(message.message_id.to_string(), *cursor) {
                Some(before) => assert_eq!(before, *cursor, "a cursor never changes"),
                None => assert!(*cursor > highest, "a new entry has a larger cursor"),
            }
        }

        for peer in ["a", "b", "c", "@admin", "@system"] {
            let history = world.get(owner, &format!("/v1/conversations/{peer}/messages"));
            let expected: Vec<Value> = model
                .alive(owner, peer)
                .iter()
                .map(|(seq, filed)| json!([seq, filed.id]))
                .collect();
            let messages = history["messages"].as_array().unwrap();
            let found: Vec<Value> = messages
                .iter()
                .map(|m| json!([m["seq"], m["message_id"]]))
                .collect();
            assert_eq!(found, expected, "view of {owner} with {peer}");
            let last = model.views.get(&(owner, peer)).map_or(0, Vec::len);
            assert_eq!(
                history["last_seq"],
                json!(last),
                "counter of {owner} with {peer}"
            );
        }

        let recents = world.get(owner, "/v1/recents");
        let found: Vec<&str> = recents["recents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|recent| recent["peer"].as_str().unwrap())
            .collect();
        assert_eq!(found, model.recents_of(owner), "recent contacts of {owner}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_stores_do_what_plain_lists_would_do(
        transitions in proptest::collection::vec(transition(), 1..40)
    ) {
        let limits = json!({
            "offline_bytes_max": BYTES_MAX,
            "offline_messages_max": MESSAGES_MAX,
            "offline_system_messages_max": SYSTEM_MAX,
            "recent_contacts_max": RECENTS_MAX,
            "offline_ttl_s": OFFLINE_TTL_MS / 1000,
            "roaming_ttl_s": ROAMING_TTL_MS / 1000,
        });
        let mut world = World::new(&limits, &json!({}));
        let mut model = Model::default();
        let mut cursors = Cursors::new();
        for transition in &transitions {
            apply(&mut world, &mut model, transition);
            check_invariants(&mut world, &model, &mut cursors);
        }
    }
}
