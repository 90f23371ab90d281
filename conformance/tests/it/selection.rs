//! Which scenarios `run` and `list` choose: by flags, variables and parts.

use crate::{code, duologue, duologue_in, text};

fn ids(args: &[&str]) -> Vec<String> {
    let output = duologue(&[&["list", "--ids"], args].concat());
    assert_eq!(code(&output), 0, "{}", text(&output));
    text(&output).lines().map(str::to_owned).collect()
}

#[test]
fn list_chooses_with_the_flags_and_variables_of_run() {
    let all = ids(&[]);
    assert!(all.len() > 300 && all.iter().all(|id| !id.contains(' ')));
    let push = ids(&["--feature", "push"]);
    assert!(!push.is_empty() && push.len() < all.len());
    let should = ids(&["--level", "should,may"]);
    let must = ids(&["--level", "must"]);
    assert_eq!(should.len() + must.len(), all.len());
    let variables = [("DUOLOGUE_FEATURE", "push"), ("DUOLOGUE_LEVEL", "must")];
    let folder = tempfile::tempdir().unwrap();
    let output = duologue_in(folder.path(), &["list", "--ids"], &variables);
    let both = ids(&["--feature", "push", "--level", "must"]);
    assert_eq!(text(&output).lines().collect::<Vec<_>>(), both);
    assert!(both.len() < push.len() || should.is_empty());
    for wrong in [["--level", "most"], ["--feature", "pull"]] {
        let output = duologue(&["list", wrong[0], wrong[1]]);
        assert_eq!(code(&output), 2, "{}", text(&output));
    }
}

#[test]
fn the_parts_of_a_list_make_up_the_whole() {
    let mut parts = [ids(&["--shard", "1/2"]), ids(&["--shard", "2/2"])].concat();
    let mut all = ids(&[]);
    assert_eq!(parts.len(), all.len());
    parts.sort();
    all.sort();
    assert_eq!(parts, all);
    let output = duologue(&["list", "--shard", "alone/2"]);
    assert_eq!(code(&output), 2);
    assert!(
        text(&output).contains("up to the server"),
        "{}",
        text(&output)
    );
}
