//! The person at the other end: answers on standard output, complaints on standard error.

use std::{
    fmt::Display,
    io::{self, BufRead, IsTerminal, Read, Write},
};

/// Longest line that is read, in bytes.
const LINE_MAX: u64 = 4096;

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

/// Whether a person types what is read.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Asks for something that is not shown while it is typed.
pub fn ask_hidden(question: impl Display) -> io::Result<String> {
    let hidden = Hidden::begin()?;
    // Whoever waits for the question types nothing that is shown.
    write!(io::stderr(), "{question}: ")?;
    let line = read_line();
    drop(hidden);
    // The line break was not shown either.
    writeln!(io::stderr())?;
    line
}

/// The next line of standard input, without its end.
pub fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(LINE_MAX).read_line(&mut line)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// While this lives, the terminal does not show what is typed.
#[cfg(unix)]
struct Hidden(rustix::termios::Termios);

#[cfg(unix)]
impl Hidden {
    fn begin() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Nothing better can be done than to leave it as it is.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).ok();
    }
}

#[cfg(not(unix))]
struct Hidden;

#[cfg(not(unix))]
impl Hidden {
    fn begin() -> io::Result<Self> {
        let advice = "this terminal would show it; pipe it into standard input";
        Err(io::Error::other(advice))
    }
}
