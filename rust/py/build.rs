//! Tells the extension how it was built, so that a bug report or a benchmark can say so.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let profile = std::env::var("PROFILE").unwrap_or_default();
    println!("cargo::rustc-env=BUILD_PROFILE={profile}");
}
