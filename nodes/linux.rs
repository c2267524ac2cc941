//! The node of the Linux box.

mod run;

fn main() -> std::process::ExitCode {
    run::main("linux-node", "linux")
}
