//! The person at the other end: answers on standard output, complaints on standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

/// Answers with a line. Colours in it are for a terminal that wants them; others get the text.
pub fn say(line: impl Display) {
    // Nobody is left to tell when the reader has gone, as `head` does.
    writeln!(anstream::stdout(), "{line}").ok();
}

/// Says what is wrong.
pub fn complain(problem: impl Display) {
    writeln!(io::stderr(), "error: {problem}").ok();
}

/// Asks for a plain "yes" where a person sits at the terminal. A script must have said it already.
pub fn confirm(warning: impl Display) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(io::Error::other(format!(
            "{warning} Nobody is there to ask; pass --yes to go on."
        )));
    }
    write!(
        io::stderr(),
        "{warning}\nType `yes` to go on (or pass --yes): "
    )?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
