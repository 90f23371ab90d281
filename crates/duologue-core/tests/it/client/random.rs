//! Whatever is delivered, cut, lost, acknowledged or expired: the client keeps its promises.
//!
//! [`Device`] checks on every step that nothing is handed over twice (CLI-003), nothing is
//! acknowledged before it is handed over (CLI-005), and nothing that is known to be gone is asked
//! for again (CLI-016).

use duologue_core::client::{CallId, Client};
use duologue_core::id::{PeerId, Seq};
use proptest::prelude::*;
use serde_json::json;

use crate::client::device::{Device, Fate};
use crate::world::World;

const PEERS: [&str; 2] = ["a", "c"];

#[derive(Debug, Clone)]
enum Transition {
    /// A peer writes to B.
    PeerSends {
        peer: usize,
        lifetime_s: Option<u64>,
    },
    /// B's other device writes to a peer.
    OtherDeviceSends {
        peer: usize,
    },
    /// B's other device acknowledges whatever is in the mailbox.
    OtherDeviceAcknowledges,
    Send {
        peer: usize,
    },
    Read {
        peer: usize,
        count: u64,
        before: Option<u64>,
    },
    /// The oldest request meets its fate.
    Perform(Fate),
    /// So many frames arrive.
    Pump(usize),
    Take,
    Cut,
    Wake,
    Expire {
        ms: u64,
    },
}

fn transition() -> impl Strategy<Value = Transition> {
    use Transition::{
        Cut, Expire, OtherDeviceAcknowledges, OtherDeviceSends, PeerSends, Perform, Pump, Read,
        Send, Take, Wake,
    };
    let peer = 0..PEERS.len();
    let lifetime = prop_oneof![2 => Just(None), 1 => (1..20u64).prop_map(Some)];
    let fate = prop_oneof![
        8 => Just(Fate::Answered),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Unanswered),
        1 => Just(Fate::Refused(503)),
    ];
    prop_oneof![
        5 => (peer.clone(), lifetime)
            .prop_map(|(peer, lifetime_s)| PeerSends { peer, lifetime_s }),
        2 => peer.clone().prop_map(|peer| OtherDeviceSends { peer }),
        1 => Just(OtherDeviceAcknowledges),
        2 => peer.clone().prop_map(|peer| Send { peer }),
        3 => (peer, 1..6u64, proptest::option::of(1..12u64))
            .prop_map(|(peer, count, before)| Read { peer, count, before }),
        10 => fate.prop_map(Perform),
        6 => (1..4usize).prop_map(Pump),
        2 => Just(Take),
        1 => Just(Cut),
        3 => Just(Wake),
        1 => (1000..15_000u64).prop_map(|ms| Expire { ms }),
    ]
}

fn apply(world: &mut World, b: &mut Device, transition: &Transition) {
    match transition {
        Transition::PeerSends { peer, lifetime_s } => {
            let mut body = json!({ "to": "b", "content": { "type": "text", "text": "news" } });
            if let Some(lifetime_s) = lifetime_s {
                body["lifetime_s"] = json!(lifetime_s);
            }
            assert_eq!(
                world.user(PEERS[*peer], "POST", "/v1/messages", &body).0,
                200
            );
        }
        Transition::OtherDeviceSends { peer } => {
            world.send("b", PEERS[*peer], "elsewhere");
        }
        Transition::OtherDeviceAcknowledges => {
            if let Some((cursor, _)) = world.mailbox("b").last() {
                let body = json!({ "cursor": cursor.to_string() });
                world.user("b", "POST", "/v1/events/ack", &body);
            }
        }
        Transition::Send { peer } => {
            b.send(PEERS[*peer], "mine");
        }
        Transition::Read {
            peer,
            count,
            before,
        } => read(b, PEERS[*peer], *count, *before),
        Transition::Perform(fate) => b.perform(world, *fate),
        Transition::Pump(frames) => {
            b.pump(world, *frames);
        }
        Transition::Take => b.take(),
        Transition::Cut => b.cut(world),
        Transition::Wake if b.timer.is_some() => b.wake(),
        Transition::Wake => {}
        Transition::Expire { ms } => world.advance(*ms),
    }
}

/// Begins a `get_message`; it makes no request where everything is local (CLI-014).
fn read(b: &mut Device, peer: &str, count: u64, before: Option<u64>) {
    let local = is_local(&b.client, peer, count, before);
    let before_call = b.log.len();
    let call = b.read(peer, count, before);
    if local {
        assert_eq!(b.log[before_call..], [""; 0], "everything was local");
        assert!(b.reads.contains_key(&call));
    }
}

/// Seq by seq: whether the range is held or gone, from its upper end down to `count` messages.
fn is_local(client: &Client, peer: &str, count: u64, before: Option<u64>) -> bool {
    let peer = PeerId::parse(peer).unwrap();
    let Some(known) = client.store().conversation(&peer) else {
        return false;
    };
    let is_known = |seq: &u64| known.holds(Seq(*seq)) || known.is_gone(Seq(*seq));
    // A page can be ahead of the stream.
    let highest = (1..500).rev().find(is_known).unwrap_or(0);
    let newest = known.newest().map(|newest| newest.0.max(highest));
    let top = match (before, newest) {
        (Some(before), Some(newest)) => (before - 1).min(newest),
        (Some(before), None) => before - 1,
        (None, Some(newest)) => newest,
        (None, None) => return false,
    };
    let mut found = 0;
    for seq in (1..=top).rev().map(Seq) {
        if found == count {
            break;
        }
        if known.holds(seq) {
            found += 1;
        } else if !known.is_gone(seq) {
            return false;
        }
    }
    true
}

/// Results ascend, each message once, and never more than asked for (CLI-017).
fn check_reads(b: &Device) {
    for messages in b.reads.values().flatten() {
        let seqs: Vec<Seq> = messages
            .iter()
            .map(|message| message.seq.unwrap())
            .collect();
        assert!(seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
    }
}

/// What the server has of a conversation, and whether the client shows all of it.
fn check_complete(world: &mut World, b: &mut Device, peer: &str) {
    let history = world.get("b", &format!("/v1/conversations/{peer}/messages"));
    let unexpired = history["messages"].as_array().unwrap().iter();
    let unexpired: Vec<u64> = unexpired
        .map(|message| message["seq"].as_u64().unwrap())
        .collect();
    let call: CallId = b.read(peer, 1000, None);
    b.settle(world);
    let read = b.reads[&call].as_ref().unwrap();
    let seqs: Vec<u64> = read.iter().map(|message| message.seq.unwrap().0).collect();
    assert!(
        unexpired.iter().all(|seq| seqs.contains(seq)),
        "{unexpired:?} in {seqs:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// CLI-002, CLI-003, CLI-004, CLI-005, CLI-014, CLI-016, CLI-017, CLI-018
    #[test]
    fn the_client_keeps_its_promises_on_any_network(
        transitions in proptest::collection::vec(transition(), 1..80),
        prompt in any::<bool>(),
    ) {
        let limits = json!({
            "offline_messages_max": 3, "recent_contacts_max": 1, "history_page_max": 2,
            "offline_ttl_s": 10, "roaming_ttl_s": 20,
        });
        let mut world = World::new(&limits, &json!({}));
        let mut b = Device::new("b", "laptop");
        b.prompt = prompt;
        b.login(&world);
        for transition in &transitions {
            apply(&mut world, &mut b, transition);
            check_reads(&b);
        }
        // A good day at last: everything is answered, nothing is cut.
        b.take();
        b.prompt = true;
        b.settle(&mut world);
        b.wake_all(&mut world);
        prop_assert_eq!(b.state(), "live");
        for peer in PEERS {
            check_complete(&mut world, &mut b, peer);
        }
        check_reads(&b);
        let refreshes = b.log.iter().filter(|line| *line == "refresh").count();
        prop_assert_eq!(refreshes, b.syncs);
        prop_assert!(world.mailbox("b").is_empty(), "what was handed over is acknowledged");
    }
}
