//! Writes the list from what fails now, and leaves what people wrote into it where it is.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TomlError, Value, value};

use super::file::{Entry, KnownFailures};
use super::judge::by_name;
use crate::event::ScenarioFinished;
use crate::scenario::{Corpus, ScenarioId};
use crate::verdict::Verdict;

/// The key of the entries.
const KNOWN: &str = "known";

/// A list as it is to be written.
#[derive(Debug)]
pub struct Baseline {
    /// The file's new text.
    pub text: String,
    /// How many entries it has.
    pub entries: usize,
    /// What is new in it, in the order of the old list, then by scenario.
    pub changes: Vec<Change>,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The failure is new.
    Added(String),
    /// The scenario fails in another way; its reason was kept and may be wrong now.
    Rewritten(String),
    /// The scenario passes.
    Passes(String),
    /// There is no such scenario.
    Dead(String),
}

/// What to do with an entry.
enum Fate<'a> {
    Keep,
    Rewrite(&'a ScenarioFinished),
    Drop(Change),
}

impl Baseline {
    /// The list of what fails in `results`. Of `old`, a list and its text, everything stays that
    /// still holds or was not graded. `reason` is that of new entries, `head` the comment at the
    /// top of a new file.
    ///
    /// # Errors
    /// When the text of the old list is no TOML.
    pub fn new(
        old: Option<(&KnownFailures, &str)>,
        corpus: &Corpus,
        results: &BTreeMap<ScenarioId, ScenarioFinished>,
        reason: &str,
        head: &str,
    ) -> Result<Self, TomlError> {
        let (entries, text) = old.map_or((&[][..], head), |(list, text)| (&list.entries, text));
        let mut document: DocumentMut = text.parse()?;
        let old_tables = tables(&mut document);
        let mut list = List::default();
        let mut covered = BTreeSet::new();
        for (fate, (entry, table)) in fates(entries, corpus, results)
            .into_iter()
            .zip(entries.iter().zip(old_tables))
        {
            let id = by_name(corpus)
                .get(entry.scenario.as_str())
                .map(|scenario| scenario.id.clone());
            match fate {
                Fate::Keep => list.push(table),
                Fate::Rewrite(result) => {
                    list.push(rewritten(table, result));
                    list.changes.push(Change::Rewritten(entry.scenario.clone()));
                }
                Fate::Drop(change) => {
                    list.drop(&table);
                    list.changes.push(change);
                    continue;
                }
            }
            covered.extend(id);
        }
        for result in results.values() {
            if result.verdict == Verdict::Fail && !covered.contains(&result.scenario) {
                list.push(fresh(result, reason));
                let id = result.scenario.to_string();
                list.changes.push(Change::Added(id));
            }
        }
        Ok(list.finish(document))
    }
}

/// The tables under construction, and the comments that lost theirs.
#[derive(Default)]
struct List {
    tables: ArrayOfTables,
    changes: Vec<Change>,
    /// What stood at the top of the file, if the first entry is gone.
    head: String,
}

impl List {
    fn push(&mut self, mut table: Table) {
        if self.tables.is_empty() && !self.head.is_empty() {
            let prefix = prefix(&table).trim_start_matches('\n').to_owned();
            table.decor_mut().set_prefix(self.head.clone() + &prefix);
        }
        self.tables.push(table);
    }

    /// The first entry's comment is also the file's; a blank line parts the two.
    fn drop(&mut self, table: &Table) {
        if self.tables.is_empty() && self.head.is_empty() {
            let prefix = prefix(table);
            let end = prefix.rfind("\n\n").map_or(prefix.len(), |at| at + 2);
            prefix[..end].clone_into(&mut self.head);
        }
    }

    fn finish(mut self, mut document: DocumentMut) -> Baseline {
        let entries = self.tables.len();
        // Comments of a file without entries stand at its end: they go to the top.
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        if entries == 0 {
            document.set_trailing(self.head + &trailing);
        } else if let Some(first) = self.tables.get_mut(0)
            && first.position().is_none()
            && self.head.is_empty()
        {
            let parted = trailing.is_empty() || trailing.ends_with("\n\n");
            let gap = if parted { "" } else { "\n" };
            first.decor_mut().set_prefix(trailing + gap);
            document.set_trailing("");
        }
        if entries > 0 {
            document.insert(KNOWN, Item::ArrayOfTables(self.tables));
        }
        Baseline {
            text: document.to_string(),
            entries,
            changes: self.changes,
        }
    }
}

/// Takes the entries out of the document, also those of an inline array.
fn tables(document: &mut DocumentMut) -> ArrayOfTables {
    document
        .remove(KNOWN)
        .and_then(|item| item.into_array_of_tables().ok())
        .unwrap_or_default()
}

fn fates<'a>(
    entries: &[Entry],
    corpus: &Corpus,
    results: &'a BTreeMap<ScenarioId, ScenarioFinished>,
) -> Vec<Fate<'a>> {
    let names = by_name(corpus);
    let result_of = |entry: &Entry| {
        let scenario = names.get(entry.scenario.as_str())?;
        results.get(&scenario.id)
    };
    // Of several entries of a scenario none is touched as long as one of them holds; otherwise the
    // first tells the new failure and the rest go.
    let mut told = BTreeSet::new();
    entries
        .iter()
        .map(|entry| {
            let name = || entry.scenario.clone();
            if !names.contains_key(entry.scenario.as_str()) {
                return Fate::Drop(Change::Dead(name()));
            }
            let Some(result) = result_of(entry) else {
                return Fate::Keep;
            };
            match result.verdict {
                Verdict::Pass if entry.flaky => Fate::Keep,
                Verdict::Pass => Fate::Drop(Change::Passes(name())),
                Verdict::Fail | Verdict::Warn => {
                    let same = |other: &&Entry| {
                        result_of(other).is_some_and(|other| other.scenario == result.scenario)
                    };
                    if entries
                        .iter()
                        .filter(same)
                        .any(|other| other.excuses(result))
                    {
                        Fate::Keep
                    } else if told.insert(&result.scenario) {
                        Fate::Rewrite(result)
                    } else {
                        Fate::Drop(Change::Rewritten(name()))
                    }
                }
                Verdict::NotApplicable
                | Verdict::CouldNotRun
                | Verdict::Timeout
                | Verdict::HarnessFault => Fate::Keep,
            }
        })
        .collect()
}

fn fresh(result: &ScenarioFinished, reason: &str) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table["scenario"] = value(result.scenario.as_str());
    if let Some(step) = step(result) {
        table["step"] = value(step);
    }
    if let Some(signature) = &result.signature {
        table["signature"] = value(signature);
    }
    table["reason"] = value(reason);
    table
}

/// The entry, as narrow as it was, for the failure of today.
fn rewritten(mut table: Table, result: &ScenarioFinished) -> Table {
    replace(&mut table, "step", step(result));
    replace(&mut table, "signature", result.signature.as_deref());
    table
}

fn replace(table: &mut Table, key: &str, text: Option<&str>) {
    let Some(text) = text else {
        table.remove(key);
        return;
    };
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        let decor = old.decor().clone();
        *old = Value::from(text);
        *old.decor_mut() = decor;
    }
}

fn step(result: &ScenarioFinished) -> Option<&str> {
    result.reason.as_ref()?.step.as_deref()
}

fn prefix(table: &Table) -> &str {
    let prefix = table.decor().prefix();
    prefix.and_then(|raw| raw.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::{corpus, result};
    use super::*;

    const HEAD: &str = "# Known failures of x.\n\n";

    fn write(old: Option<&str>, results: &[ScenarioFinished]) -> Baseline {
        let list = old.map(|text| KnownFailures::parse(Path::new("k.toml"), text).unwrap());
        let results = results
            .iter()
            .map(|result| (result.scenario.clone(), result.clone()))
            .collect();
        let written =
            Baseline::new(list.as_ref().zip(old), &corpus(), &results, "why", HEAD).unwrap();
        let again = KnownFailures::parse(Path::new("k.toml"), &written.text).unwrap();
        assert_eq!(again.entries.len(), written.entries, "{}", written.text);
        written
    }

    #[track_caller]
    fn check(old: &str, results: &[ScenarioFinished], expected: &str, changes: &[Change]) {
        let written = write(Some(old), results);
        assert_eq!(written.text, expected);
        assert_eq!(written.changes, changes);
    }

    fn fails(scenario: &str, step: &str) -> ScenarioFinished {
        result(scenario, Verdict::Fail, Some(step))
    }

    fn passes(scenario: &str) -> ScenarioFinished {
        result(scenario, Verdict::Pass, None)
    }

    #[test]
    fn a_new_list_has_every_failure_and_nothing_else() {
        let written = write(
            None,
            &[
                fails("http-one", "/steps/0"),
                result("http-two", Verdict::Warn, None),
            ],
        );
        assert_eq!(
            written.text,
            "# Known failures of x.\n\n[[known]]\nscenario = \"http-one\"\nstep = \"/steps/0\"\n\
             signature = \"/steps/0: broken\"\nreason = \"why\"\n"
        );
        assert_eq!(written.changes, [Change::Added("http-one".into())]);
        assert_eq!(write(None, &[passes("http-one")]).text, HEAD);
    }

    const OLD: &str = "# The file's own comment.\n\n# Of the first.\n[[known]]\nscenario = \"http-old\" # once\n\
        step = \"/steps/0\" # here\nreason = \"r\" # really\nlink = \"l\"\nexpires = \"2020-01-01\"\n\n\
        # Of the second.\n[[known]]\nscenario = \"http-two\"\nsignature = \"/steps/1: broken\"\nreason = \"s\"\n# end\n";

    #[test]
    fn what_still_holds_or_was_not_graded_stays_to_the_letter() {
        let both = [fails("http-one", "/steps/0"), fails("http-two", "/steps/1")];
        check(OLD, &both, OLD, &[]);
        check(OLD, &[], OLD, &[]);
        let ungraded = [
            result("http-one", Verdict::Timeout, Some("/steps/0")),
            result("http-two", Verdict::NotApplicable, None),
        ];
        check(OLD, &ungraded, OLD, &[]);
    }

    #[test]
    fn a_changed_failure_keeps_what_was_said_of_it() {
        let both = [fails("http-one", "/steps/1"), fails("http-two", "/steps/0")];
        let expected = OLD
            .replace("step = \"/steps/0\"", "step = \"/steps/1\"")
            .replace("/steps/1: broken", "/steps/0: broken");
        let changes = ["http-old", "http-two"].map(|id| Change::Rewritten(id.into()));
        check(OLD, &both, &expected, &changes);
    }

    #[test]
    fn what_passes_or_is_dead_goes_and_the_files_comment_stays() {
        let second = &OLD[OLD.find("# Of the second.").unwrap()..];
        let expected = format!("# The file's own comment.\n\n{second}");
        let change = [Change::Passes("http-old".into())];
        check(OLD, &[passes("http-one")], &expected, &change);
        let dead = OLD.replace("http-old", "http-gone");
        check(&dead, &[], &expected, &[Change::Dead("http-gone".into())]);

        let all = [passes("http-one"), passes("http-two")];
        let written = write(Some(OLD), &all);
        assert_eq!(written.text, "# The file's own comment.\n\n# end\n");
        let again = write(Some(&written.text), &[fails("http-one", "/steps/0")]);
        assert!(
            again
                .text
                .starts_with("# The file's own comment.\n\n# end\n\n[[known]]\n"),
            "{}",
            again.text
        );
    }

    #[test]
    fn a_flaky_entry_stays_when_its_scenario_passes_and_keeps_its_flag_when_it_changes() {
        let old = "[[known]]\nscenario = \"http-one\"\nstep = \"/steps/0\"\nreason = \"r\"\nflaky = true # sometimes\n";
        check(old, &[passes("http-one")], old, &[]);
        check(old, &[fails("http-one", "/steps/0")], old, &[]);
        let changed = old.replace("/steps/0", "/steps/1");
        let change = [Change::Rewritten("http-one".into())];
        check(old, &[fails("http-one", "/steps/1")], &changed, &change);
        let dead = old.replace("http-one", "http-gone");
        check(&dead, &[], "", &[Change::Dead("http-gone".into())]);
    }

    #[test]
    fn a_comment_close_to_the_first_entry_is_taken_for_the_files() {
        let old = "# Mine.\n[[known]]\nscenario = \"http-one\"\nreason = \"r\"\n\n\
                   [[known]]\nscenario = \"http-two\"\nreason = \"s\"\n";
        let expected = "# Mine.\n[[known]]\nscenario = \"http-two\"\nreason = \"s\"\n";
        let change = [Change::Passes("http-one".into())];
        check(old, &[passes("http-one")], expected, &change);
    }

    #[test]
    fn of_several_entries_of_a_scenario_one_that_holds_is_enough() {
        let old = "[[known]]\nscenario = \"http-one\"\nstep = \"/steps/0\"\nreason = \"r\"\n\n\
                   [[known]]\nscenario = \"http-one\"\nstep = \"/steps/1\"\nreason = \"s\"\n";
        check(old, &[fails("http-one", "/steps/1")], old, &[]);
        let one = "[[known]]\nscenario = \"http-one\"\nstep = \"/steps/2\"\nreason = \"r\"\n";
        let changes = [(); 2].map(|()| Change::Rewritten("http-one".into()));
        check(old, &[fails("http-one", "/steps/2")], one, &changes);
    }

    #[test]
    fn new_failures_come_last_and_inline_lists_are_read() {
        let old = "[[known]]\nscenario = \"http-two\"\nreason = \"s\"\n";
        let expected = format!(
            "{old}\n[[known]]\nscenario = \"http-one\"\nstep = \"/steps/0\"\n\
             signature = \"/steps/0: broken\"\nreason = \"why\"\n"
        );
        let change = [Change::Added("http-one".into())];
        check(old, &[fails("http-one", "/steps/0")], &expected, &change);
        let inline = "known = [{ scenario = \"http-two\", reason = \"s\" }]\n";
        assert_eq!(write(Some(inline), &[]).entries, 1);
    }
}
