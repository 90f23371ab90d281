//! Where the specification lets a server choose among refusals (spec: errors, order of checks).

use duologue_core::ErrorCode;

/// Whether both refusals are permitted of one request. A body may be refused by its declared length
/// before anything else, and of several faults found in one check any may be reported.
pub(super) fn either_refusal(ours: ErrorCode, theirs: ErrorCode) -> bool {
    matches!(theirs, ErrorCode::BodyTooLarge | ErrorCode::MediaTooLarge)
        || matches!(
            (several_faults(ours), several_faults(theirs)),
            (Some(ours), Some(theirs)) if ours == theirs
        )
}

/// Whether a server is free to refuse an app that the model grants: limits have minima of its own.
pub(super) fn may_refuse_app(code: ErrorCode, field: &str) -> bool {
    code == ErrorCode::InvalidField && field.starts_with("limits.")
}

/// The number of the check, for those in which one request can have several faults.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other code stands for one fault only"
)]
fn several_faults(code: ErrorCode) -> Option<u8> {
    match code {
        ErrorCode::InvalidField
        | ErrorCode::InvalidLifetime
        | ErrorCode::TooManyTargets
        | ErrorCode::InvalidCursor
        | ErrorCode::PushVendorUnknown
        | ErrorCode::PushTokenInvalid
        | ErrorCode::MediaEmpty
        | ErrorCode::MessageTooLarge
        | ErrorCode::MediaTooLarge => Some(5),
        ErrorCode::PeerBlocked | ErrorCode::RelationLimit | ErrorCode::ClockNotManual => Some(11),
        _ => None,
    }
}
