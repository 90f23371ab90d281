//! Servers with a deliberate fault, by `run --fault` and `serve --fault`.

use crate::{code, duologue, text};

const FAULT: &str = "sending-repeat-stored-twice";

#[test]
fn a_run_against_a_fault_fails_at_its_requirement_and_is_no_fault_of_the_harness() {
    let output = duologue(&["run", "--fault", FAULT, "--filter", "SND-005"]);
    let shown = text(&output);
    assert_eq!(code(&output), 1, "{shown}");
    for part in [
        "SND-005 MUST",
        "--fault sending-repeat-stored-twice --seed",
        "with the fault sending-repeat-stored-twice",
    ] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
}

#[test]
fn a_server_of_its_own_process_has_the_fault_too() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let command = format!(
        "printf %s \"$DUOLOGUE_OPERATOR_TOKEN\" > {token}; exec {program} serve --listen 127.0.0.1:0 \
         --operator-token-file {token} --fault {FAULT}",
        token = token.display(),
        program = env!("CARGO_BIN_EXE_duologue"),
    );
    let filter = "sending-repeat-gets-the-original-answer";
    let output = duologue(&["run", "--exec", &command, "--filter", filter]);
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(text(&output).contains("SND-005"), "{}", text(&output));
}

#[test]
fn faults_are_listed_and_a_wrong_name_or_a_second_server_is_2() {
    let listed = text(&duologue(&["list", "--faults", "--filter", "SND-005"]));
    let line = format!("{FAULT}  SND-005  A repeat is a new message.");
    assert!(listed.lines().any(|found| found == line), "{listed}");

    let unknown = duologue(&["run", "--fault", "sending-repeat-stored-thrice"]);
    assert_eq!(code(&unknown), 2);
    assert!(text(&unknown).contains(FAULT), "{}", text(&unknown));

    let url = "http://127.0.0.1:9";
    let both = duologue(&["run", "--fault", FAULT, "--endpoint", url]);
    assert_eq!(code(&both), 2);
    assert!(text(&both).contains("--endpoint"), "{}", text(&both));

    let none = duologue(&["list", "--faults", "--filter", "nothing-like-it"]);
    assert_eq!(code(&none), 4, "{}", text(&none));
}
