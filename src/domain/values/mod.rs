//! Values that can only be made by parsing: holding one is proof that it is well formed.
//!
//! The rules of a single value live here once; both doors call `parse` and report the same problem
//! under their own name of the field.

mod email_address;
mod name;
mod password;
mod role;
mod search_term;
mod settings;
mod site_name;

use super::fields::FieldProblem;

pub use self::{
    email_address::EmailAddress,
    name::{CompanyName, FullName, NAME_MAX},
    password::{PASSWORD_ATTEMPT_MAX, PASSWORD_MAX, PASSWORD_MIN, Password, PasswordAttempt},
    role::parse_role,
    search_term::{SEARCH_MAX, SearchTerm},
    settings::{SETTINGS_MAX_BYTES, Settings},
    site_name::{SITE_NAME_MAX, SiteName},
};

/// A value, or what is wrong with the text.
type Parsed<T> = Result<T, FieldProblem>;
