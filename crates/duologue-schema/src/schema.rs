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
    let mut schema = generate::<T>(SchemaSettings::draft2020_12().for_deserialize());
    forbid_null_in_requests(&mut schema);
    schema
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

/// Takes null away from every member but those it clears: they are written even when they are null,
/// so their default, null, is in the schema. It goes too, as an absent member clears nothing.
/// Optional fields of a content may be null (MSG-005).
fn forbid_null_in_requests(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for property in properties.values_mut() {
            if property.get("default") != Some(&Value::Null) {
                forbid_null(property);
            } else if let Some(property) = property.as_object_mut() {
                property.remove("default");
            }
        }
    }
    match schema {
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| *name != "Content")
            .for_each(|(_, member)| forbid_null_in_requests(member)),
        Value::Array(items) => items.iter_mut().for_each(forbid_null_in_requests),
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
    fn null_in_a_request_is_for_what_it_clears_and_for_optional_fields_of_a_content() {
        let check = |name: &str, instance: Value, expected: bool| {
            assert_eq!(valid(name, &instance), expected, "{name} {instance}");
        };
        check(
            "PutUser",
            json!({"nickname": null, "avatar_url": null}),
            true,
        );
        check(
            "PutProfile",
            json!({"nickname": null, "avatar_url": null}),
            true,
        );
        check(
            "CreateApp",
            json!({"limits": {"offline_bytes_max": null}}),
            true,
        );
        let content = json!({"type": "custom", "data": "", "ext": null});
        check(
            "SendMessage",
            json!({"to": "bob", "content": content}),
            true,
        );
        let no_data = json!({"type": "custom", "data": null});
        check(
            "SendMessage",
            json!({"to": "bob", "content": no_data}),
            false,
        );
        for (name, member) in [
            ("PutUser", "rotate_credential"),
            ("PutProfile", "accept_from"),
            ("PutPolicy", "messaging"),
            ("CreateApp", "limits"),
            ("CreateApp", "policy"),
            ("CreateApp", "push"),
        ] {
            check(name, json!({ member: null }), false);
        }
        for member in ["from", "client_msg_id", "custom_data", "lifetime_s", "push"] {
            let send = json!({"to": "bob", "content": content, member: null});
            check("SendMessage", send.clone(), false);
            check("AdminSend", send, false);
        }
        let title = json!({"to": "bob", "content": content, "push": {"title": null}});
        check("SendMessage", title, false);
        let both = json!({"to": "bob", "to_users": null, "event": "a.b", "data": ""});
        check("Notification", both, false);
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
