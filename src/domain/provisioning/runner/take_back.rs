//! One step is taken back, and the ledger says so before and after.

use entity::{
    provisioning_log_line::LogLevel,
    provisioning_step::{Model, StepStatus},
};

use super::{
    control::{Halt, Patience, Phase},
    journal_store, ledger_store as store,
    run::Run,
    tries::Tries,
    wire::Wire,
};
use crate::{
    error::Result,
    ports::provisioner::{Failure, Order},
};

/// Takes a step back, several times if need be.
pub(super) async fn one(
    run: &Run,
    phase: Phase,
    order: &Order,
    step: &mut Model,
) -> Result<Result<(), Failure>, Halt> {
    step.status = StepStatus::Undoing;
    write(run, phase, step).await?;
    let mut tries = Tries::new(run, phase);
    let what = format!("{}: cannot be undone", step.title);
    loop {
        let (wire, heard) = Wire::new(&run.control);
        let call = run.driver.undo(&step.name, wire.call(order));
        let ended = match tries.attendant(step).attend(&wire, heard, call).await {
            Ok(()) => break,
            Err(ended) => ended,
        };
        if let Some(failure) = tries.after(&what, ended).await? {
            step.error = Some(super::step::kept(&step.title, &failure).message);
            write(run, phase, step).await?;
            return Ok(Err(failure));
        }
    }
    step.status = StepStatus::Undone;
    (step.facts, step.error) = (None, None);
    let text = format!("{}: undone", step.title);
    run.journal.say(LogLevel::Info, &text);
    write(run, phase, step).await?;
    Ok(Ok(()))
}

/// Writes how a step stands.
pub(super) async fn write(run: &Run, phase: Phase, step: &Model) -> Result<(), Halt> {
    let patience = Patience::new(&run.control, phase, "how a step is undone");
    let mut patience = patience.about(&step.name);
    loop {
        match try_to_write(run, phase, step).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(run.control.lost_or_cancelled().await),
            Err(error) => patience.after(error).await?,
        }
    }
}

async fn try_to_write(run: &Run, phase: Phase, step: &Model) -> Result<bool> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let unit = cx.begin().await?;
    let ours = journal_store::touch(cx, &*unit, hold, phase, None).await?;
    if ours {
        store::update(&*unit, step).await?;
        unit.commit().await?;
    }
    Ok(ours)
}
