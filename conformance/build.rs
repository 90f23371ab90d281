//! Rebuilds the binary when a scenario, a set or a chapter of the specification is added: all are embedded.

fn main() {
    println!("cargo::rerun-if-changed=../fixtures/scenarios");
    println!("cargo::rerun-if-changed=../fixtures/sets");
    println!("cargo::rerun-if-changed=../spec/src");
}
