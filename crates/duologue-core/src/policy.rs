//! What an app's administrator decides for everybody (spec: permissions, devices).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ApiError;
use crate::json::Object;

/// An enum of fixed words, on the wire and in bodies.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Reads an optional member; the refusal lists the words (PRM-018, ADM-010).
            pub(crate) fn read(
                fields: &crate::json::Object<'_>,
                name: &str,
            ) -> Result<Option<Self>, crate::ApiError> {
                let Some(text) = fields.opt_string(name)? else { return Ok(None) };
                match text {
                    $($text => Ok(Some(Self::$variant)),)*
                    _ => Err(crate::ApiError::invalid(
                        fields.at(name),
                        format!("must be one of {}", [$($text),*].join(", ")),
                    )),
                }
            }
        }
    };
}
pub(crate) use word;

word!(
    /// Who may send to whom.
    Messaging {
        /// Any user to any user.
        Anyone = "anyone",
        /// Only users who both have the other in their friend list.
        FriendsOnly = "friends_only",
    }
);
word!(
    /// What a blocked sender sees.
    BlockVisibility {
        /// The same answer as for success.
        Silent = "silent",
        /// The error `blocked_by_recipient`.
        Explicit = "explicit",
    }
);
word!(
    /// How many devices of a user may be logged in.
    MultiLogin {
        /// All, up to `sessions_max`.
        All = "all",
        /// One; a login ends the others.
        Single = "single",
    }
);
word!(
    /// What a user accepts, in place of the app's messaging policy.
    AcceptFrom {
        /// What the app's policy says.
        Policy = "policy",
        /// From any user.
        Anyone = "anyone",
        /// Only from mutual friends.
        Friends = "friends",
    }
);

/// The policy of one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Who may send to whom.
    pub messaging: Messaging,
    /// What a blocked sender sees.
    pub block_visibility: BlockVisibility,
    /// How many devices of a user may be logged in.
    pub multi_login: MultiLogin,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            messaging: Messaging::Anyone,
            block_visibility: BlockVisibility::Silent,
            multi_login: MultiLogin::All,
        }
    }
}

impl Policy {
    /// Replaces what `fields` names (HTT-004, ADM-010).
    pub(crate) fn update(&mut self, fields: &Object<'_>) -> Result<(), ApiError> {
        if let Some(value) = Messaging::read(fields, "messaging")? {
            self.messaging = value;
        }
        if let Some(value) = BlockVisibility::read(fields, "block_visibility")? {
            self.block_visibility = value;
        }
        if let Some(value) = MultiLogin::read(fields, "multi_login")? {
            self.multi_login = value;
        }
        Ok(())
    }
}
