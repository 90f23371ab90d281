//! The schema of each wire type, generated from the Rust type.

use duologue_core::{ApiError, answer, content, event, limits, message, policy};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use crate::request;

macro_rules! wire_types {
    (
        answers { $($answer:literal = $answer_type:ty;)* }
        requests { $($request:literal = $request_type:ty;)* }
    ) => {
        /// The names of all wire types, answers first.
        pub const ALL: &[&str] = &[$($answer,)* $($request,)*];

        /// The schema of a wire type; `None` for a name that is not in [`ALL`].
        #[must_use]
        pub fn schema_for(name: &str) -> Option<Value> {
            match name {
                $($answer => Some(answer_schema::<$answer_type>()),)*
                $($request => Some(request_schema::<$request_type>()),)*
                _ => None,
            }
        }
    };
}

wire_types! {
    answers {
        "ServerInfo" = answer::ServerInfo;
        "App" = answer::App;
        "Defaults" = answer::Defaults;
        "ProvisionedApp" = answer::ProvisionedApp;
        "AdminUser" = answer::AdminUser;
        "Presence" = answer::Presence;
        "BatchResults" = answer::BatchResults;
        "Conversations" = answer::Conversations;
        "History" = answer::History;
        "Download" = answer::Download;
        "Clock" = answer::Clock;
        "Login" = answer::Login;
        "OwnProfile" = answer::OwnProfile;
        "PublicProfile" = answer::PublicProfile;
        "Friends" = answer::Friends;
        "Blocklist" = answer::Blocklist;
        "Uploaded" = answer::Uploaded;
        "PushRequest" = answer::PushRequest;
        "Message" = message::Message;
        "Content" = content::Content;
        "Recents" = event::Recents;
        "MessageEvent" = event::MessageEvent;
        "SyncDone" = event::SyncDone;
        "Kicked" = event::Kicked;
        "Error" = ApiError;
        "Limits" = limits::Limits;
        "Policy" = policy::Policy;
    }
    requests {
        "SendMessage" = request::SendMessage;
        "AdminSend" = request::AdminSend;
        "Notification" = request::Notification;
        "CreateApp" = request::CreateApp;
        "PutPolicy" = request::PutPolicy;
        "PutUser" = request::PutUser;
        "PutProfile" = request::PutProfile;
        "LoginRequest" = request::Login;
        "Ack" = request::Ack;
        "PutPushToken" = request::PutPushToken;
        "AdvanceClock" = request::AdvanceClock;
    }
}

fn answer_schema<T: JsonSchema>() -> Value {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12().for_serialize());
    tighten(&mut schema);
    schema
}

fn request_schema<T: JsonSchema>() -> Value {
    generate::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    SchemaGenerator::new(settings)
        .into_root_schema_for::<T>()
        .to_value()
}

/// Serde reads an absent member and a null one alike; the protocol does not. A member that an
/// answer may leave out is never null: takes null away from every member that is not required.
fn tighten(schema: &mut Value) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            if !required.contains(name) {
                forbid_null(property);
            }
        }
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(tighten),
        Value::Array(items) => items.iter_mut().for_each(tighten),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn forbid_null(property: &mut Value) {
    let Some(property) = property.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn valid(name: &str, instance: &Value) -> bool {
        jsonschema::draft202012::is_valid(&schema_for(name).unwrap(), instance)
    }

    #[test]
    fn every_name_has_a_schema_and_every_schema_is_one() {
        for name in ALL {
            let schema = schema_for(name).unwrap();
            assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
        }
    }

    #[test]
    fn optional_members_of_answers_are_never_null_and_nullable_ones_are_there() {
        let user = |nickname: Value| json!({"user_id": "a", "nickname": nickname, "avatar_url": null, "created_ms": 1});
        assert!(valid("AdminUser", &user(Value::Null)));
        assert!(!valid(
            "AdminUser",
            &json!({"user_id": "a", "created_ms": 1})
        ));
        let mut with_null = user(Value::Null);
        with_null["credential"] = Value::Null;
        assert!(!valid("AdminUser", &with_null));
    }

    #[test]
    fn objects_are_open() {
        assert!(valid("Clock", &json!({"now_ms": 1, "news": true})));
        assert!(!valid("Clock", &json!({"now_ms": "1"})));
    }

    #[test]
    fn an_admin_send_has_one_kind_of_target() {
        let content = json!({"type": "text", "text": "hi"});
        assert!(valid(
            "AdminSend",
            &json!({"to": "bob", "content": content})
        ));
        assert!(!valid(
            "AdminSend",
            &json!({"to": "bob", "to_users": ["bob"], "content": content})
        ));
        assert!(!valid("AdminSend", &json!({"content": content})));
    }
}
