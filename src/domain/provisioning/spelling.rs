//! How REST clients spell job types, and hear them back (ruling 2). Pure.

use entity::provisioning_job::{JobSpelling, JobType};

use crate::{domain::fields::FieldProblem, error::Reason};

/// Reads a job type in any case, and remembers how it was spelled: `create_instance`, `create_site`,
/// `createInstance` or `createSite`.
pub fn parse(word: &str) -> Result<(JobType, JobSpelling), FieldProblem> {
    let word = word.to_ascii_lowercase();
    let stems = [
        ("_instance", JobSpelling::Instance),
        ("_site", JobSpelling::Site),
        ("instance", JobSpelling::CamelInstance),
        ("site", JobSpelling::CamelSite),
    ];
    let read = stems.into_iter().find_map(|(stem, spelling)| {
        let verb = word.strip_suffix(stem)?;
        let job_type = JobType::ALL.iter().find(|known| known.verb() == verb)?;
        Some((*job_type, spelling))
    });
    read.ok_or_else(|| {
        let words: Vec<_> = JobType::ALL
            .iter()
            .map(|known| write(*known, JobSpelling::Instance))
            .collect();
        FieldProblem::new(
            Reason::UnknownWord,
            format!("A job type is one of {}.", words.join(", ")),
        )
    })
}

/// The job type as it was spelled.
pub fn write(job_type: JobType, spelling: JobSpelling) -> String {
    let end = match spelling {
        JobSpelling::Instance => "_instance",
        JobSpelling::Site => "_site",
        JobSpelling::CamelSite => "Site",
        JobSpelling::CamelInstance => "Instance",
    };
    [job_type.verb(), end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPELLINGS: [JobSpelling; 4] = [
        JobSpelling::Instance,
        JobSpelling::Site,
        JobSpelling::CamelSite,
        JobSpelling::CamelInstance,
    ];

    #[test]
    fn every_spelling_is_heard_back() {
        for job_type in JobType::ALL {
            for spelling in SPELLINGS {
                let word = write(*job_type, spelling);
                assert_eq!(parse(&word), Ok((*job_type, spelling)), "{word}");
                assert_eq!(parse(&word.to_uppercase()), Ok((*job_type, spelling)));
            }
        }
        assert_eq!(write(JobType::Create, JobSpelling::CamelSite), "createSite");
        assert_eq!(write(JobType::Backup, JobSpelling::Site), "backup_site");
    }

    #[test]
    fn other_words_are_refused() {
        for bad in [
            "",
            "create",
            "site",
            "create-site",
            "create__site",
            " create_site",
            "drop_site",
        ] {
            let problem = parse(bad).expect_err(bad);
            assert_eq!(problem.reason, Reason::UnknownWord, "{bad:?}");
        }
    }
}
