//! A user who takes part in a scenario.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::Template;

/// A user and the user's devices, created before the steps run.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The names of the devices, which are also their `device_id`s; `bob` means the first, `bob.laptop` another.
    #[serde(default = "one_phone")]
    #[schemars(length(min = 1))]
    pub devices: Vec<String>,
    /// Whether every device is logged in before the steps.
    #[serde(default = "yes")]
    pub login: bool,
    /// The nickname.
    #[serde(default)]
    pub nickname: Option<Template>,
    /// The URL of a picture.
    #[serde(default)]
    pub avatar_url: Option<Template>,
    /// How many there are: `peer` with count 3 becomes `peer1`, `peer2`, `peer3`.
    #[serde(default)]
    pub count: Option<Template>,
    /// Actors who are mutual friends from the start.
    #[serde(default)]
    pub friends: Vec<String>,
}

fn one_phone() -> Vec<String> {
    vec!["phone".into()]
}

fn yes() -> bool {
    true
}
