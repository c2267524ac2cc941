//! The node of the Android phone.

mod run;

fn main() -> std::process::ExitCode {
    run::main("android-node", "android")
}
