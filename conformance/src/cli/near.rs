//! Names that look like one that does not exist.

/// How alike two names must be, from 0 to 1.
const ALIKE: f64 = 0.75;
/// More would be noise.
const SHOWN_MAX: usize = 5;

/// A sentence that offers the names most like `wanted`; empty: none is like it.
pub(super) fn did_you_mean<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut near: Vec<(f64, &str)> = names
        .map(|name| (likeness(wanted, name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
    near.truncate(SHOWN_MAX);
    if near.is_empty() {
        return String::new();
    }
    let names: Vec<String> = near.iter().map(|(_, name)| format!("`{name}`")).collect();
    format!("; did you mean {}?", names.join(", "))
}

fn likeness(wanted: &str, name: &str) -> f64 {
    let (wanted, name) = (wanted.to_lowercase(), name.to_lowercase());
    // Whoever types the beginning of a name means it.
    if wanted.len() >= 3 && name.starts_with(&wanted) {
        return 1.0;
    }
    strsim::normalized_damerau_levenshtein(&wanted, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_strange_ones_not_at_all() {
        let names = ["OFF-004", "OFF-014", "OFF-040", "STR-001", "OFF-999"];
        let text = did_you_mean("off-04", names.into_iter());
        assert!(text.starts_with("; did you mean `OFF-040`, "), "{text}");
        assert!(text.contains("`OFF-004`"), "{text}");
        assert!(!text.contains("STR-001"), "{text}");
        assert_eq!(did_you_mean("nothing-like-it", names.into_iter()), "");
    }
}
