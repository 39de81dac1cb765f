//! What the database does not take, told apart from a database that is away: for the first, trying again
//! does not help.

use std::fmt;

use sea_orm::{
    DbErr, RuntimeErr, SqlxError,
    sqlx::{error::DatabaseError, postgres::PgDatabaseError},
};

/// Why the database refuses a value, without the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its code: an SQLSTATE, or an extended result code of `SQLite`.
    code: String,
    /// The constraint or the table, where the database names one.
    at: Option<String>,
}

impl Refusal {
    /// If that is why something failed.
    ///
    /// A unique constraint that is violated does not count: whoever writes a second time because the first
    /// answer was lost violates it, too.
    pub fn of(error: &DbErr) -> Option<Self> {
        let (DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
        else {
            return None;
        };
        match &**error {
            SqlxError::Database(error) => Self::told(&**error),
            // It was refused before it was sent.
            SqlxError::Encode(_) => Some(Self {
                code: "cannot be encoded".to_owned(),
                at: None,
            }),
            _ => None,
        }
    }

    fn told(error: &dyn DatabaseError) -> Option<Self> {
        let code = error.code()?;
        let postgres = error.try_downcast_ref::<PgDatabaseError>();
        let refused = match postgres {
            Some(_) => is_refused_by_postgres(&code),
            None => is_refused_by_sqlite(&code),
        };
        let at = error.constraint().or_else(|| error.table());
        refused.then(|| Self {
            code: code.into_owned(),
            at: at.map(str::to_owned),
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, at } = self;
        match at {
            Some(at) => write!(f, "{code}, {at}"),
            None => f.write_str(code),
        }
    }
}

/// By its class: data that is none, a constraint, a limit.
fn is_refused_by_postgres(state: &str) -> bool {
    const UNIQUE: &str = "23505";
    state != UNIQUE
        && ["22", "23", "54"]
            .iter()
            .any(|class| state.starts_with(class))
}

/// By its primary code: too big, a constraint, a wrong type.
fn is_refused_by_sqlite(code: &str) -> bool {
    const UNIQUE: [u32; 3] = [1555, 2067, 2579];
    let Ok(code) = code.parse::<u32>() else {
        return false;
    };
    !UNIQUE.contains(&code) && matches!(code & 0xff, 18..=20)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Database};

    use super::*;

    #[test]
    fn values_are_told_from_outages() {
        for (state, refused) in [
            ("22021", true),  // a NUL in a text
            ("22P05", true),  // a NUL in JSON
            ("22001", true),  // too long
            ("23502", true),  // null
            ("23514", true),  // a check
            ("54000", true),  // too large for an index
            ("23505", false), // perhaps our own write
            ("40001", false), // somebody else was first
            ("08006", false), // the connection broke
            ("53300", false), // too many connections
            ("57P01", false), // it is shut down
            ("42703", false), // no such column: another version's
        ] {
            assert_eq!(is_refused_by_postgres(state), refused, "{state}");
        }
        for (code, refused) in [
            ("18", true),    // too big
            ("275", true),   // a check
            ("787", true),   // a foreign key
            ("1299", true),  // null
            ("20", true),    // a wrong type
            ("1555", false), // perhaps our own write
            ("2067", false), // the same
            ("5", false),    // busy
            ("10", false),   // the disk
            ("4618", false), // the same
            ("13", false),   // full
            ("", false),
        ] {
            assert_eq!(is_refused_by_sqlite(code), refused, "{code}");
        }
    }

    #[tokio::test]
    async fn what_is_refused_is_told_without_the_value() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        let make = "CREATE TABLE a (b TEXT CONSTRAINT short CHECK (length(b) < 5) UNIQUE)";
        db.execute_unprepared(make).await.unwrap();
        let refused = async |sql: &str| {
            let failed = db.execute_unprepared(sql).await.unwrap_err();
            Refusal::of(&failed).map(|refusal| refusal.to_string())
        };
        let told = refused("INSERT INTO a VALUES ('a secret')").await.unwrap();
        assert!(told.starts_with("275"), "{told}");
        assert!(!told.contains("secret"), "{told}");
        db.execute_unprepared("INSERT INTO a VALUES ('x')")
            .await
            .unwrap();
        assert_eq!(refused("INSERT INTO a VALUES ('x')").await, None);
        assert_eq!(refused("INSERT INTO nowhere VALUES (1)").await, None);
    }
}
