//! Editing JSON by pointer.

use serde_json::Value;

/// Puts `value` at the end of a path of keys such as `/app/limits/batch_max`; objects on the way must
/// be there, the last key need not.
pub(crate) fn set(into: &mut Value, pointer: &str, value: impl Into<Value>) {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return;
    };
    match into.pointer_mut(parent) {
        Some(Value::Object(parent)) => {
            parent.insert(key.into(), value.into());
        }
        Some(Value::Array(parent)) => {
            if let Some(slot) = key.parse().ok().and_then(|at: usize| parent.get_mut(at)) {
                *slot = value.into();
            }
        }
        _ => {}
    }
}

/// Takes the key at the end of a path away and returns what was there.
pub(crate) fn remove(from: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    from.pointer_mut(parent)?.as_object_mut()?.remove(key)
}

/// The string at the end of a path; empty when there is none.
pub(crate) fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The number at the end of a path; 0 when there is none.
pub(crate) fn number(of: &Value, pointer: &str) -> u64 {
    of.pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

/// The array at the end of a path, for editing.
pub(crate) fn list<'a>(of: &'a mut Value, pointer: &str) -> Option<&'a mut Vec<Value>> {
    of.pointer_mut(pointer)?.as_array_mut()
}
