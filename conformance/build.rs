//! Rebuilds the binary when a scenario or a chapter of the specification is added: both are embedded.

fn main() {
    println!("cargo::rerun-if-changed=../fixtures/scenarios");
    println!("cargo::rerun-if-changed=../spec/src");
}
