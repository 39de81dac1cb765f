//! The program: read `.env` and the command line, start a runtime, do what was asked.

use std::process::ExitCode;

use erpmax::{
    cli::{self, Cli, terminal},
    config,
    ports::provisioner,
};

/// Quicker than the system's with many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Neither settings nor `.env` are for a guard: its environment is that of an operator's executable.
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some((word, rest)) = arguments.split_first()
        && word == provisioner::GUARD
    {
        return provisioner::guard(rest);
    }
    // Before anything else: the command line falls back to the environment, and the environment
    // may only be written to while there is one thread.
    let dotenv = match config::load_dotenv() {
        Ok(names) => names,
        Err(problem) => {
            terminal::complain(problem);
            return ExitCode::FAILURE;
        }
    };
    let cli = Cli::read(&dotenv);
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(cli::run(cli)),
        Err(error) => {
            terminal::complain(format_args!("cannot start the async runtime: {error}"));
            ExitCode::FAILURE
        }
    }
}
