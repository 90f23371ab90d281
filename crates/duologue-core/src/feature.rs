//! The optional features of a server (spec: introduction).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An optional feature: all or nothing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Apps can have a clock that moves only when it is told to.
    ManualClock,
    /// Upload and download.
    Media,
    /// An operator can create apps.
    Provisioning,
    /// Push notifications.
    Push,
}

impl Feature {
    /// All features.
    pub const ALL: [Self; 4] = [
        Self::ManualClock,
        Self::Media,
        Self::Provisioning,
        Self::Push,
    ];

    /// The name a server declares.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ManualClock => "manual-clock",
            Self::Media => "media",
            Self::Provisioning => "provisioning",
            Self::Push => "push",
        }
    }

    /// Looks a feature up by name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|feature| feature.as_str() == text)
    }
}
