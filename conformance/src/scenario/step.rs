//! The verbs of a scenario, one struct each.

mod admin;
mod control;
mod http;
mod media;
mod message;
mod push;
mod read;
mod relation;
mod session;
mod stream;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Expect;
use crate::template::Text;

pub use admin::{AdvanceClock, CreateUser, DeleteUser, Presence, Provision, SetPolicy};
pub use control::{Assert, Outlive, Parallel, Repeat};
pub use http::{RawHttp, Request};
pub use media::{ContentLength, Download, Upload};
pub use message::{Notify, Resend, Send, SendAsAdmin};
pub use push::{
    ExpectNoPushBefore, ExpectPush, GatewayAnswer, RegisterPush, SetGateway, UnregisterPush,
};
pub use read::{Conversations, History, Recents};
pub use relation::{Relation, SetProfile};
pub use session::{Login, Logout};
pub use stream::{
    Ack, CloseStream, CutStream, EventPattern, ExpectComment, ExpectEnd, ExpectEvent,
    ExpectEventsUnordered, ExpectNoEventBefore, Forbidden, OpenStream, Until,
};

impl Step {
    /// Calls `visit` with the step and every step inside it.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Step)) {
        visit(self);
        if let Self::Repeat(repeat) = self {
            repeat.steps.iter().for_each(|step| step.each(visit));
        }
        if let Self::Parallel(parallel) = self {
            let steps = parallel.branches.iter().flatten();
            steps.for_each(|step| step.each(visit));
        }
    }
}

macro_rules! steps {
    (
        requests { $($request:ident($request_type:ty) = $request_verb:literal,)* }
        others { $($other:ident($other_type:ty) = $other_verb:literal,)* }
    ) => {
        /// One step: an object with one key, the verb.
        #[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the verbs are documented on their structs")]
        pub enum Step {
            $($request(Box<$request_type>),)*
            $($other(Box<$other_type>),)*
        }

        impl Step {
            /// The verbs.
            pub const VERBS: &'static [&'static str] = &[$($request_verb,)* $($other_verb,)*];

            /// The verb of the step.
            #[must_use]
            pub fn verb(&self) -> &'static str {
                match self {
                    $(Self::$request(_) => $request_verb,)*
                    $(Self::$other(_) => $other_verb,)*
                }
            }

            /// Why the step is there.
            #[must_use]
            pub fn why(&self) -> Option<&str> {
                match self {
                    $(Self::$request(step) => step.why.as_deref(),)*
                    $(Self::$other(step) => step.why.as_deref(),)*
                }
            }

            /// What a request step expects.
            #[must_use]
            pub fn expect(&self) -> Option<&Expect> {
                match self {
                    $(Self::$request(step) => Some(&step.expect),)*
                    Self::AdvanceClock(step) => step.expect.as_ref(),
                    _ => None,
                }
            }

            /// The name under which a request step keeps its answer.
            #[must_use]
            pub fn save(&self) -> Option<&Text> {
                match self {
                    $(Self::$request(step) => step.save.as_ref(),)*
                    Self::AdvanceClock(step) => step.save.as_ref(),
                    Self::ExpectEvent(step) => step.save.as_ref(),
                    Self::ExpectNoEventBefore(step) => step.save.as_ref(),
                    Self::ExpectPush(step) => step.save.as_ref(),
                    Self::ExpectNoPushBefore(step) => step.save.as_ref(),
                    _ => None,
                }
            }
        }
    };
}

steps! {
    requests {
        Login(Login) = "login",
        Logout(Logout) = "logout",
        Send(Send) = "send",
        SendAsAdmin(SendAsAdmin) = "send_as_admin",
        Notify(Notify) = "notify",
        Resend(Resend) = "resend",
        OpenStream(OpenStream) = "open_stream",
        Ack(Ack) = "ack",
        History(History) = "history",
        Recents(Recents) = "recents",
        Conversations(Conversations) = "conversations",
        Friend(Relation) = "friend",
        Unfriend(Relation) = "unfriend",
        Block(Relation) = "block",
        Unblock(Relation) = "unblock",
        SetProfile(SetProfile) = "set_profile",
        SetPolicy(SetPolicy) = "set_policy",
        CreateUser(CreateUser) = "create_user",
        DeleteUser(DeleteUser) = "delete_user",
        Presence(Presence) = "presence",
        RegisterPush(RegisterPush) = "register_push",
        UnregisterPush(UnregisterPush) = "unregister_push",
        Upload(Upload) = "upload",
        Download(Download) = "download",
        Request(Request) = "request",
        RawHttp(RawHttp) = "raw_http",
        Provision(Provision) = "provision",
    }
    others {
        CloseStream(CloseStream) = "close_stream",
        CutStream(CutStream) = "cut_stream",
        ExpectEvent(ExpectEvent) = "expect_event",
        ExpectEventsUnordered(ExpectEventsUnordered) = "expect_events_unordered",
        ExpectNoEventBefore(ExpectNoEventBefore) = "expect_no_event_before",
        ExpectEnd(ExpectEnd) = "expect_end",
        ExpectComment(ExpectComment) = "expect_comment",
        ExpectPush(ExpectPush) = "expect_push",
        ExpectNoPushBefore(ExpectNoPushBefore) = "expect_no_push_before",
        SetGateway(SetGateway) = "set_gateway",
        AdvanceClock(AdvanceClock) = "advance_clock",
        Outlive(Outlive) = "outlive",
        Parallel(Parallel) = "parallel",
        Repeat(Repeat) = "repeat",
        Assert(Assert) = "assert",
    }
}
