//! What a partial update says about one field.

/// Absent, null or a value: three different wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was not mentioned: leave it.
    #[default]
    Absent,
    /// The field was set to null.
    Null,
    /// The field was set to this.
    Value(T),
}

impl<T> Patch<T> {
    /// Turns the value, if there is one, into something else that may fail.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)?),
        })
    }
}
