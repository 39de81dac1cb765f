//! Argon2 in memory that is kept from hash to hash. Fresh memory would be some 5000 page faults each
//! time, and every thread that ever hashed would hold on to its own 19 MiB.

use std::sync::{Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        Decimal, Error, Ident, Output, ParamsString, PasswordHash, PasswordHasher, Result, Salt,
    },
};

/// Hashes and verifies with Argon2, by default with OWASP's parameters: Argon2id, 19 MiB, two passes,
/// one lane.
#[derive(Debug, Default)]
pub struct Argon {
    /// As many as ever hashed at once.
    spare: Mutex<Vec<Vec<Block>>>,
}

impl PasswordHasher for Argon {
    type Params = Params;

    fn hash_password_customized<'a>(
        &self,
        password: &[u8],
        algorithm: Option<Ident<'a>>,
        version: Option<Decimal>,
        params: Params,
        salt: impl Into<Salt<'a>>,
    ) -> Result<PasswordHash<'a>> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?;
        let version = version.map(Version::try_from).transpose()?;
        let (algorithm, version) = (algorithm.unwrap_or_default(), version.unwrap_or_default());
        let salt = salt.into();
        let mut bytes = [0; Salt::MAX_LENGTH];
        let salt_bytes = salt.decode_b64(&mut bytes)?;

        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let argon = Argon2::new(algorithm, version, params.clone());
        let mut memory = self.memory(params.block_count());
        let hash = Output::init_with(length, |out| {
            let hashed =
                argon.hash_password_into_with_memory(password, salt_bytes, out, &mut memory);
            hashed.map_err(Error::from)
        });
        self.keep(memory);
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(hash?),
        })
    }

    fn hash_password<'a>(
        &self,
        password: &[u8],
        salt: impl Into<Salt<'a>>,
    ) -> Result<PasswordHash<'a>> {
        self.hash_password_customized(password, None, None, Params::default(), salt)
    }
}

impl Argon {
    fn memory(&self, blocks: usize) -> Vec<Block> {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut memory = spare.unwrap_or_default();
        // Every block is written before it is read: what the last hash left does not matter.
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        memory
    }

    fn keep(&self, memory: Vec<Block>) {
        // A legacy hash may have taken more than any new one will.
        if memory.len() == Params::default().block_count() {
            self.spare
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordVerifier, SaltString};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_crate() {
        let argon = Argon::default();
        let salt = SaltString::encode_b64(b"sixteen bytes it").expect("a salt");
        for password in [b"one".as_slice(), b"two", b""] {
            let ours = argon.hash_password(password, &salt).expect("hashes");
            let theirs = Argon2::default();
            let theirs = theirs.hash_password(password, &salt).expect("hashes");
            assert_eq!(ours.to_string(), theirs.to_string());
        }
        assert_eq!(argon.spare.lock().expect("unpoisoned").len(), 1);
    }

    #[test]
    fn other_parameters_are_verified_and_their_memory_is_not_kept() {
        let argon = Argon::default();
        let salt = SaltString::encode_b64(b"sixteen bytes it").expect("a salt");
        for (algorithm, memory) in [(Algorithm::Argon2i, 64), (Algorithm::Argon2id, 32_768)] {
            let params = Params::new(memory, 1, 1, None).expect("parameters");
            let theirs = Argon2::new(algorithm, Version::V0x10, params);
            let theirs = theirs.hash_password(b"secret", &salt).expect("hashes");
            assert!(argon.verify_password(b"secret", &theirs).is_ok());
            assert!(argon.verify_password(b"Secret", &theirs).is_err());
        }
        assert!(argon.spare.lock().expect("unpoisoned").is_empty());
    }
}
