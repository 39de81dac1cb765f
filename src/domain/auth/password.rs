//! Password hashing: Argon2id with OWASP's parameters, off the async threads and bounded.
//!
//! A hash costs 19 MiB and some 30 ms of one core on purpose. So many run at once as there are
//! permits, so many wait as the queue holds, and the rest is told to come back: a flood of sign-ins
//! must not delay anybody else's request.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};
use std::time::{Duration, Instant};

use argon2::password_hash::{
    PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString, rand_core::OsRng,
};
use tokio::sync::Semaphore;

use super::argon::Argon;
use crate::{
    domain::values::{Password, PasswordAttempt},
    error::{Error, Result},
    metrics::Hashing,
};

/// bcrypt never saw more of a password than this many bytes; the legacy system cut there.
const BCRYPT_BYTES: usize = 72;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct PasswordHasher {
    permits: Arc<Semaphore>,
    in_hand: Arc<AtomicUsize>,
    limit: usize,
    capacity: usize,
    argon: Arc<Argon>,
    metrics: Hashing,
}

/// How busy the hasher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// How many hashes may run at once.
    pub permits: usize,
    /// How many run.
    pub running: usize,
    /// How many wait.
    pub waiting: usize,
}

/// What came of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Match {
        /// The hash is of a legacy kind or strength and should be replaced.
        outdated: bool,
    },
    /// It is not.
    Mismatch,
}

/// Stands in for the hash of an account that does not exist, so that looking takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let salt = SaltString::encode_b64(b"nobody has this!").expect("sixteen bytes are a salt");
    argon2id(&Argon::default(), "nobody", &salt).expect("default parameters hash")
});

impl PasswordHasher {
    /// `permits` hashes at once, `queue` more waiting.
    pub fn new(permits: usize, queue: usize, metrics: Hashing) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            in_hand: Arc::default(),
            limit: permits,
            capacity: permits + queue,
            argon: Arc::default(),
            metrics,
        }
    }

    /// How busy it is at the moment.
    pub fn load(&self) -> Load {
        let running = self.limit.saturating_sub(self.permits.available_permits());
        let in_hand = self.in_hand.load(Ordering::Acquire);
        Load {
            permits: self.limit,
            running,
            waiting: in_hand.saturating_sub(running),
        }
    }

    /// The PHC string to store for a password.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.expose().to_owned();
        let argon = Arc::clone(&self.argon);
        self.run(move || {
            let salt = SaltString::generate(&mut OsRng);
            argon2id(&argon, &password, &salt).map_err(|error| Error::internal(error.to_string()))
        })
        .await?
    }

    /// Compares an attempt with a stored hash; without one, works as long and says no.
    pub async fn verify(&self, attempt: &PasswordAttempt, stored: Option<&str>) -> Result<Verdict> {
        let attempt = attempt.expose().to_owned();
        let stored = stored.map(str::to_owned);
        let argon = Arc::clone(&self.argon);
        self.run(move || {
            let verdict = verify(&argon, &attempt, stored.as_deref().unwrap_or(&NOBODY));
            if stored.is_some() {
                verdict
            } else {
                Verdict::Mismatch
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Place::take(&self.in_hand, self.capacity).ok_or_else(|| {
            self.metrics.refused.inc();
            Error::too_often(Duration::from_secs(1))
        })?;
        let asked = Instant::now();
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let metrics = self.metrics.clone();
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by the request: a client that hangs up frees nothing early.
            let _held = (place, permit);
            let begun = Instant::now();
            metrics.wait.observe((begun - asked).as_secs_f64());
            let done = work();
            metrics.work.observe(begun.elapsed().as_secs_f64());
            done
        })
        .await
        .map_err(Error::internal)
    }
}

/// A place in the bounded queue, given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(in_hand: &Arc<AtomicUsize>, capacity: usize) -> Option<Self> {
        in_hand
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| {
                (n < capacity).then_some(n + 1)
            })
            .ok()
            .map(|_| Self(Arc::clone(in_hand)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn argon2id(
    argon: &Argon,
    password: &str,
    salt: &SaltString,
) -> argon2::password_hash::Result<String> {
    Ok(argon.hash_password(password.as_bytes(), salt)?.to_string())
}

fn verify(argon: &Argon, attempt: &str, stored: &str) -> Verdict {
    if stored.starts_with("$2") {
        let seen = &attempt.as_bytes()[..attempt.len().min(BCRYPT_BYTES)];
        return match bcrypt::verify(seen, stored) {
            // Longer ones were never compared whole, so what was typed must not be stored.
            Ok(true) => Verdict::Match {
                outdated: attempt.len() <= BCRYPT_BYTES,
            },
            Ok(false) | Err(_) => Verdict::Mismatch,
        };
    }
    let Ok(hash) = PasswordHash::new(stored) else {
        // Not quicker than any other refusal.
        verify(argon, attempt, &NOBODY);
        return Verdict::Mismatch;
    };
    match argon.verify_password(attempt.as_bytes(), &hash) {
        Ok(()) => Verdict::Match {
            outdated: !is_current(&hash),
        },
        Err(_) => Verdict::Mismatch,
    }
}

fn is_current(hash: &PasswordHash<'_>) -> bool {
    let current = argon2::Params::default();
    hash.algorithm == argon2::ARGON2ID_IDENT
        && argon2::Params::try_from(hash).is_ok_and(|params| {
            params.m_cost() >= current.m_cost() && params.t_cost() >= current.t_cost()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_only() {
        let hasher = PasswordHasher::new(1, 8, Hashing::unread());
        let hash = hasher
            .hash(&Password::parse("SecurePass123!").unwrap())
            .await
            .unwrap();
        let verdict = hasher
            .verify(&attempt("SecurePass123!"), Some(&hash))
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Match { outdated: false });
        let verdict = hasher
            .verify(&attempt("SecurePass123"), Some(&hash))
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Mismatch);
        assert_eq!(
            hasher.verify(&attempt("nobody"), None).await.unwrap(),
            Verdict::Mismatch
        );
    }

    #[tokio::test]
    async fn legacy_hashes_match_and_are_replaced_when_compared_whole() {
        let hasher = PasswordHasher::new(1, 8, Hashing::unread());
        for (length, outdated) in [(BCRYPT_BYTES, true), (BCRYPT_BYTES + 1, false)] {
            let typed = "x".repeat(length);
            let stored = bcrypt::hash(&typed.as_bytes()[..BCRYPT_BYTES], 4).unwrap();
            let verdict = hasher.verify(&attempt(&typed), Some(&stored)).await;
            assert_eq!(verdict.unwrap(), Verdict::Match { outdated });
        }
    }

    #[tokio::test]
    async fn who_finds_no_place_is_told_to_come_back() {
        let hasher = PasswordHasher::new(1, 0, Hashing::unread());
        let held = Place::take(&hasher.in_hand, 1).unwrap();
        let refused = hasher.verify(&attempt("x"), None).await;
        assert!(matches!(refused, Err(Error::RateLimited { .. })));
        drop(held);
        assert!(hasher.verify(&attempt("x"), None).await.is_ok());
    }
}
