//! Everything there is to say about a scenario that did not pass, for every kind of report.

use super::command::command_line;
use super::model;
use super::transcript::{Transcript, cut};
use super::visible::{distinguishable, visible};
use crate::event::{Origin, RunStarted, ScenarioFinished, StepFinished};
use crate::matcher::Mismatch;
use crate::requirements::{Keyword, Requirements};
use crate::scenario::RequirementId;
use crate::scenario::ScenarioId;

/// Transcript lines shown before the step that failed.
const LINES_BEFORE: usize = 6;
/// Values and bodies are cut here in texts.
const VALUE_BYTES: usize = 600;
/// Prose is broken here, and then indented.
const COLUMNS: usize = 76;

/// A scenario that did not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure<'a> {
    /// The scenario and its verdict.
    pub scenario: &'a ScenarioFinished,
    /// The rules it proves: id, key word and sentence.
    pub rules: Vec<Rule>,
    /// The step: pointer, verb and why it is there.
    pub place: Option<String>,
    /// What happened.
    pub message: String,
    /// Where what came is not what was expected.
    pub findings: Vec<Finding>,
    /// What the model would have done at the same step, if that is something else.
    pub model: Option<(String, Vec<Finding>)>,
    /// What went over the wire.
    pub transcript: Transcript<'a>,
    /// A command that repeats the last request.
    pub command: Option<String>,
    /// A command that repeats the scenario.
    pub replay: String,
    /// A command that shows the scenario.
    pub show: String,
}

/// A requirement as a failure quotes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RequirementId,
    /// Its key word; none: the specification has no such requirement.
    pub keyword: Option<Keyword>,
    /// Its sentence.
    pub text: String,
}

/// One place where what came is not what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A JSON pointer, or words.
    pub place: String,
    /// What was expected, in words or as JSON.
    pub expected: String,
    /// What came.
    pub actual: String,
}

/// The part a line of a failure plays; colours follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Expected,
    Actual,
    Dim,
}

impl<'a> Failure<'a> {
    /// The failure of a scenario, from its steps and what the run was told to test.
    #[must_use]
    pub fn new(
        scenario: &'a ScenarioFinished,
        steps: &'a [StepFinished],
        started: Option<&RunStarted>,
    ) -> Self {
        let reason = scenario.reason.clone().unwrap_or_default();
        let transcript = Transcript::of(steps, LINES_BEFORE);
        let endpoint = started.map_or("$ENDPOINT", |started| started.endpoint.as_str());
        Self {
            scenario,
            rules: match scenario.ended_before_its_steps() {
                true => Vec::new(),
                false => scenario.requirements.iter().map(Rule::of).collect(),
            },
            place: reason.step.as_ref().map(|step| {
                let verb = reason.verb.as_ref().map(|verb| format!(" {verb}"));
                let why = reason.why.as_ref().map(|why| format!(" ({why})"));
                format!(
                    "{step}{}{}",
                    verb.unwrap_or_default(),
                    why.unwrap_or_default()
                )
            }),
            message: visible(&reason.message).into_owned(),
            findings: reason.mismatches.iter().map(Finding::of).collect(),
            model: model::beside_failure(scenario),
            command: transcript
                .last_exchange()
                .map(|exchange| visible(&command_line(endpoint, exchange)).into_owned()),
            transcript,
            replay: replay(scenario, started),
            show: show(&scenario.scenario),
        }
    }

    /// As lines of text, without the scenario's name.
    pub(super) fn lines(&self) -> Vec<(Tone, String)> {
        let mut lines = Vec::new();
        let mut plain = |text: String| lines.push((Tone::Plain, text));
        for rule in &self.rules {
            let sentence = format!("{}: {}", rule.id, rule.text);
            wrapped(&sentence, "    ").into_iter().for_each(&mut plain);
        }
        if let Some(place) = &self.place {
            plain(format!("at {place}"));
        }
        wrapped(&self.message, "").into_iter().for_each(&mut plain);
        lines.extend(self.findings.iter().flat_map(Finding::lines));
        if let Some((message, findings)) = &self.model {
            lines.push((Tone::Plain, format!("the model disagrees here: {message}")));
            lines.extend(findings.iter().flat_map(Finding::lines));
        }
        let transcript = self.transcript.text(VALUE_BYTES);
        if !transcript.is_empty() {
            lines.push((Tone::Dim, "transcript (secrets removed)".into()));
            lines.extend(transcript.into_iter().map(|line| (Tone::Plain, line)));
        }
        let commands = [
            ("request", self.command.as_deref()),
            ("replay", Some(self.replay.as_str())),
            ("read", Some(self.show.as_str())),
        ];
        for (label, command) in commands {
            if let Some(command) = command {
                lines.push((Tone::Plain, format!("{label:8} {command}")));
            }
        }
        lines
    }

    /// As text, without the scenario's name.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.lines().into_iter().map(|(_, line)| line).collect();
        lines.join("\n")
    }
}

impl Rule {
    fn of(id: &RequirementId) -> Self {
        let found = Requirements::embedded().get(id);
        Self {
            id: id.clone(),
            keyword: found.map(|found| found.keyword),
            text: found.map_or_else(
                || "(not a requirement of this version of the specification)".into(),
                |found| found.text.clone(),
            ),
        }
    }
}

impl Finding {
    /// As lines of text.
    pub(super) fn lines(&self) -> [(Tone, String); 3] {
        let Self {
            place,
            expected,
            actual,
        } = self;
        let (expected, actual) = (cut(expected, VALUE_BYTES), cut(actual, VALUE_BYTES));
        [
            (Tone::Plain, format!("  {place}")),
            (Tone::Expected, format!("    expected {expected}")),
            (Tone::Actual, format!("    actual   {actual}")),
        ]
    }

    pub(super) fn of(mismatch: &Mismatch) -> Self {
        let actual = mismatch.actual.as_ref().map(ToString::to_string);
        let actual = actual.as_deref().unwrap_or("nothing");
        let (expected, actual) = distinguishable(&mismatch.expected, actual);
        Self {
            place: match mismatch.pointer.as_str() {
                "" => "(the whole)".into(),
                pointer => visible(pointer).into_owned(),
            },
            expected,
            actual,
        }
    }
}

/// A server that ended with the run cannot be replayed against at its address.
fn replay(scenario: &ScenarioFinished, started: Option<&RunStarted>) -> String {
    let mut line = format!("duologue replay {}", scenario.scenario);
    if let Some(started) = started {
        match &started.origin {
            Origin::Endpoint => line.push_str(&format!(" --endpoint {}", started.endpoint)),
            // The command may hold secrets, so an event does not have it.
            Origin::Exec => line.push_str(" --exec \"$COMMAND\""),
            Origin::Embedded => {}
            Origin::Faulty(fault) => line.push_str(&format!(" --fault {fault}")),
        }
        line.push_str(&format!(" --seed {}", started.seed));
    }
    line
}

/// Prose in lines of a terminal's width; the second and later ones begin with `indent`.
pub(super) fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let columns = line.chars().count() + 1 + word.chars().count();
            if columns > COLUMNS && !line.trim().is_empty() {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
                line.push_str(word);
            } else if line.is_empty() {
                line.push_str(word);
            } else {
                line.push_str(&format!(" {word}"));
            }
        }
        lines.push(line);
    }
    lines
}

/// Shells take the brackets of a permutation for a pattern.
fn show(id: &ScenarioId) -> String {
    if id.as_str() == id.base() {
        format!("duologue show {id}")
    } else {
        format!("duologue show '{id}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_breaks_between_words_and_long_words_stay_whole() {
        let long = "x".repeat(90);
        let text = format!("{} {long} end", "word ".repeat(20).trim());
        let lines = wrapped(&text, "  ");
        assert!(lines[0].chars().count() <= COLUMNS, "{lines:?}");
        assert!(lines.iter().any(|line| line.trim() == long), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("  end"));
    }
}
