//! The node of the Mac.

mod run;

fn main() -> std::process::ExitCode {
    run::main("mac-node", "mac")
}
