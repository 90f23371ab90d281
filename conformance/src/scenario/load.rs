//! Reading one scenario file and reporting everything that is wrong with its form.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

use super::locate::Places;
use super::permutations::{self, permuted};
use super::plain::plain;
use super::{Problem, Scenario, Step};
use crate::matcher::escape;
use crate::template::type_name;

/// Reads a scenario.
///
/// # Errors
/// Every defect of the file's form; what its names refer to is the lint's affair.
pub fn load(file: &str, source: &str) -> Result<Scenario, Vec<Problem>> {
    // Most files are fine; looking for every defect of one that is not takes longer.
    let Ok(scenario) = serde_json::from_str(source) else {
        return load_slowly(file, source);
    };
    // Serde keeps the last of two entries of a map and says nothing.
    let twice: Vec<Problem> = Places::new(file, source).duplicates().collect();
    if twice.is_empty() {
        Ok(scenario)
    } else {
        Err(twice)
    }
}

/// Reads the scenarios of a file, one for each permutation, with the JSON that each was made of.
pub(super) fn load_all(file: &str, source: &str) -> Result<Vec<(Value, Scenario)>, Vec<Problem>> {
    let value = || serde_json::from_str::<Value>(source);
    if !source.contains(permutations::KEY) {
        let scenario = load(file, source)?;
        // The source has been read before, so it is JSON.
        return Ok(vec![(value().unwrap_or_default(), scenario)]);
    }
    let value = value().map_err(|error| vec![not_json(file, source, &error)])?;
    let places = Places::new(file, source);
    let Some(all) = permuted(&value, &places)? else {
        return Ok(vec![(value, load(file, source)?)]);
    };
    let mut scenarios = Vec::new();
    for (name, value) in all {
        let mut scenario = load_value(&places, value.clone())?;
        scenario.id = scenario.id.permuted(&name);
        for alias in &mut scenario.aliases {
            *alias = alias.permuted(&name);
        }
        scenarios.push((value, scenario));
    }
    Ok(scenarios)
}

fn load_slowly(file: &str, source: &str) -> Result<Scenario, Vec<Problem>> {
    let value: Value =
        serde_json::from_str(source).map_err(|error| vec![not_json(file, source, &error)])?;
    load_value(&Places::new(file, source), value)
}

fn load_value(places: &Places<'_>, value: Value) -> Result<Scenario, Vec<Problem>> {
    let mut problems: Vec<Problem> = places.duplicates().collect();
    let mut reader = Reader {
        places,
        problems: &mut problems,
    };
    reader.scenario(&value);
    if problems.is_empty() {
        // A form that the pieces do not object to is legal as a whole.
        return serde_json::from_value(value)
            .map_err(|error| vec![places.problem("", plain(&error.to_string()))]);
    }
    problems.sort();
    problems.dedup();
    Err(problems)
}

fn not_json(file: &str, source: &str, error: &serde_json::Error) -> Problem {
    let message = if source.starts_with('\u{feff}') {
        "the file begins with a byte order mark; save it without one".to_owned()
    } else if source.trim().is_empty() {
        "the file is empty; a scenario is a JSON object".to_owned()
    } else {
        format!("not JSON: {}", plain(&error.to_string()))
    };
    Problem {
        file: file.to_owned(),
        line: error.line().max(1),
        column: error.column().max(1),
        pointer: String::new(),
        message,
    }
}

/// Checks the pieces of a file one by one, so that one defect does not hide the next.
struct Reader<'a> {
    places: &'a Places<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn scenario(&mut self, value: &Value) {
        let Value::Object(map) = value else {
            let message = format!("a scenario is a JSON object, not {}", type_name(value));
            self.problem("", message);
            return;
        };
        let mut header = map.clone();
        for name in ["requires", "app"] {
            self.no_array(&mut header, name, "");
        }
        if let Some(Value::Object(actors)) = header.get_mut("actors") {
            let names: Vec<String> = actors.keys().cloned().collect();
            names
                .iter()
                .for_each(|name| self.no_array(actors, name, "/actors"));
        }
        self.piece::<Scenario>("", &header, &["steps"]);
        if let Some(steps) = map.get("steps") {
            self.steps(steps, "/steps");
        }
    }

    /// Serde reads an array as an object by position, which nobody means.
    fn no_array(&mut self, parent: &mut Map<String, Value>, name: &str, at: &str) {
        if let Some(value) = parent.get_mut(name).filter(|value| value.is_array()) {
            *value = json!({});
            let message = "an array, expected an object";
            self.problem(&format!("{at}/{}", escape(name)), message);
        }
    }

    fn steps(&mut self, steps: &Value, pointer: &str) {
        let Value::Array(steps) = steps else {
            self.problem(pointer, "steps are an array");
            return;
        };
        if steps.is_empty() {
            self.problem(pointer, "there must be at least one step");
        }
        for (index, step) in steps.iter().enumerate() {
            self.step(step, &format!("{pointer}/{index}"));
        }
    }

    fn step(&mut self, step: &Value, pointer: &str) {
        let Some((verb, fields)) = step.as_object().and_then(|step| match step.len() {
            1 => step.iter().next(),
            _ => None,
        }) else {
            let message = "a step is an object with one key, its verb: { \"recents\": { … } }";
            self.problem(pointer, message);
            return;
        };
        let at = format!("{pointer}/{}", escape(verb));
        if !Step::VERBS.contains(&verb.as_str()) {
            let hint = if ["sleep", "wait", "pause", "delay"].contains(&verb.as_str()) {
                "no step waits for time to pass; see \"No sleeps\" in fixtures/README.md".to_owned()
            } else {
                format!("the verbs are {}", Step::VERBS.join(", "))
            };
            self.problem(&at, format!("unknown verb `{verb}`; {hint}"));
            return;
        }
        let Value::Object(map) = fields else {
            self.problem(&at, format!("`{verb}` takes an object"));
            return;
        };
        let nested: &[&str] = match verb.as_str() {
            "repeat" => &["steps"],
            "parallel" => &["branches"],
            _ => &[],
        };
        self.verb(verb, map, nested, &at);
        if let Some(steps) = map.get("steps").filter(|_| verb == "repeat") {
            self.steps(steps, &format!("{at}/steps"));
        }
        if let Some(branches) = map.get("branches").filter(|_| verb == "parallel") {
            let Value::Array(branches) = branches else {
                self.problem(&format!("{at}/branches"), "branches are an array of arrays");
                return;
            };
            for (index, branch) in branches.iter().enumerate() {
                self.steps(branch, &format!("{at}/branches/{index}"));
            }
        }
    }

    /// Checks the fields of one step. A defective field is reported, taken out and the rest
    /// checked again.
    fn verb(&mut self, verb: &str, fields: &Map<String, Value>, nested: &[&str], at: &str) {
        let wrap = |fields: Map<String, Value>| {
            Value::Object(Map::from_iter([(verb.to_owned(), Value::Object(fields))]))
        };
        // The verb's own segment is the first of each path.
        self.retry::<Step>(fields, nested, at, wrap, 1);
    }

    fn piece<T: DeserializeOwned>(&mut self, at: &str, map: &Map<String, Value>, nested: &[&str]) {
        self.retry::<T>(map, nested, at, Value::Object, 0);
    }

    fn retry<T: DeserializeOwned>(
        &mut self,
        fields: &Map<String, Value>,
        nested: &[&str],
        at: &str,
        wrap: impl Fn(Map<String, Value>) -> Value,
        skip: usize,
    ) {
        let mut fields = fields.clone();
        for name in nested {
            // Nested steps are checked on their own; here only their presence counts.
            if let Some(steps) = fields.get_mut(*name) {
                *steps = Value::Array(vec![]);
            }
        }
        while let Some((segments, message)) = first_error::<T>(&wrap(fields.clone()), skip) {
            let pointer = segments.iter().fold(at.to_owned(), |pointer, segment| {
                format!("{pointer}/{}", escape(segment))
            });
            self.problem(&pointer, plain(&message));
            let name = match segments.first() {
                Some(name) if fields.contains_key(name) => name,
                Some(_) => break,
                None => match missing(&message) {
                    Some(name) => name,
                    None => break,
                },
            };
            if !defuse::<T>(&mut fields, name, &wrap, skip) {
                break;
            }
        }
    }

    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(self.places.problem(pointer, message));
    }
}

/// Where `value` is not a `T`, as the names on the way there, and why.
fn first_error<T: DeserializeOwned>(value: &Value, skip: usize) -> Option<(Vec<String>, String)> {
    let error = serde_path_to_error::deserialize::<_, T>(value).err()?;
    let segments = error.path().iter().filter_map(segment).skip(skip).collect();
    Some((segments, error.inner().to_string()))
}

/// The member that a message says is missing.
fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Takes a defective member out, or, where one is required, puts something legal in its place.
fn defuse<T: DeserializeOwned>(
    fields: &mut Map<String, Value>,
    name: &str,
    wrap: &impl Fn(Map<String, Value>) -> Value,
    skip: usize,
) -> bool {
    fields.remove(name);
    let still_wrong = |fields: &Map<String, Value>| {
        first_error::<T>(&wrap(fields.clone()), skip).is_some_and(|(segments, message)| {
            missing(&message) == Some(name) || segments.first().is_some_and(|first| first == name)
        })
    };
    if !still_wrong(fields) {
        return true;
    }
    [
        json!("x"),
        json!(1),
        json!([]),
        json!({}),
        json!({ "ok": {} }),
        json!("must"),
        json!("ok"),
    ]
    .into_iter()
    .any(|legal| {
        fields.insert(name.to_owned(), legal);
        !still_wrong(fields)
    })
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(source: &str) -> Vec<String> {
        load("x.json", source)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_defect_is_reported_with_its_place() {
        let source = r#"{
  "format": 1, "id": "Bad_Id", "title": "t", "requirements": ["OFF-004"], "level": "must",
  "surprise": 1,
  "actors": { "alice": { "logins": true } },
  "steps": [
    { "sendd": {} },
    { "send": { "as": "alice", "to": "bob", "content": { "$texts": 3 } } },
    { "send": { "as": "alice", "to": 5, "content": {}, "colour": 1, "expect": {} } },
    { "repeat": { "times": 2, "steps": [ { "ack": { "as": "alice" } } ] } }
  ]
}"#;
        let found = problems(source);
        let expect = |start: &str, part: &str| {
            assert!(
                found
                    .iter()
                    .any(|line| line.starts_with(start) && line.contains(part)),
                "{start} … {part} in {found:#?}"
            );
        };
        expect("x.json:2:16:", "kebab-case");
        expect("x.json:3:3:", "unknown key `surprise`");
        expect("x.json:4:26:", "unknown key `logins`");
        expect("x.json:6:7:", "unknown verb `sendd`");
        expect("x.json:7:", "$texts");
        expect("x.json:7:", "missing key `expect`");
        expect("x.json:8:32:", "the number `5`");
        expect("x.json:8:", "unknown key `colour`");
        expect("x.json:8:", "exactly one of `ok`, `error` and `one_of`");
        expect("x.json:9:", "missing key `cursor`");
    }

    #[test]
    fn duplicate_keys_and_broken_json_are_reported() {
        let twice = problems("{ \"format\": 1, \"format\": 1 }").concat();
        assert!(
            twice.contains("x.json:1:16: the key stands here twice; take one away (at /format)"),
            "{twice}"
        );
        assert!(
            problems("{\n  oops")
                .concat()
                .starts_with("x.json:2:3: not JSON")
        );
    }
}
