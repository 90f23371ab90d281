//! HTTP: the form of answers, tokens, lists, the description of the server, apps.

pub(super) mod answers;
pub(super) mod apps;
pub(super) mod lists;
pub(super) mod tokens;
