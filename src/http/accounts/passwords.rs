//! Password hashes: argon2id, away from the threads that answer requests, few at a time.

use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use chrono::Duration;
use madang_domain::accounts::password::Password;
use madang_domain::code::Code;
use tokio::sync::Semaphore;

use crate::http::problem::Problem;

/// How many requests may wait for their turn; more are told to come back.
const QUEUE: usize = 256;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// How many hashes may run at once: they take a core and the memory each.
    pub at_once: usize,
}

impl Default for PasswordCost {
    /// OWASP's smallest advice for argon2id: 19 MiB, 2 passes.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, at_once: 2 }
    }
}

/// Makes and checks hashes. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Checked against where there is no account, so that it takes as long.
    decoy: Arc<str>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("argon", &self.argon).finish_non_exhaustive()
    }
}

impl Passwords {
    /// With that cost.
    ///
    /// # Errors
    /// A cost that argon2 does not know.
    pub fn new(cost: PasswordCost) -> anyhow::Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|error| anyhow::anyhow!("{error}"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_with(&argon, "nobody has this password")?;
        Ok(Self {
            argon,
            running: Arc::new(Semaphore::new(cost.at_once.max(1))),
            queue: Arc::new(Semaphore::new(QUEUE)),
            decoy: decoy.into(),
        })
    }

    /// The hash to store for a password.
    ///
    /// # Errors
    /// `Busy` when too many wait already.
    pub async fn hash(&self, password: Password) -> Result<String, Problem> {
        let argon = self.argon.clone();
        self.away(move || hash_with(&argon, password.expose())).await?.map_err(Problem::internal)
    }

    /// Whether the password has that hash; without a hash, the same work for `false`.
    ///
    /// # Errors
    /// `Busy` when too many wait already.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        let argon = self.argon.clone();
        let decoy = Arc::clone(&self.decoy);
        self.away(move || {
            let against = hash.as_deref().unwrap_or(&decoy);
            let matches = argon.verify_password(password.as_bytes(), against).is_ok();
            matches && hash.is_some()
        })
        .await
    }

    async fn away<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let _waiting = self.queue.try_acquire().map_err(|_| Problem::from(Code::Busy).retry_after(Duration::seconds(2)))?;
        let _running = self.running.acquire().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
    }
}

fn hash_with(argon: &Argon2<'_>, password: &str) -> anyhow::Result<String> {
    let hash = argon.hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_has_its_own_hash_and_nobody_has_none() {
        let passwords = Passwords::new(PasswordCost { memory_kib: 64, passes: 1, at_once: 1 }).unwrap();
        let hash = passwords.hash(Password::parse("long enough".to_owned()).unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(passwords.verify("long enough".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("long enougH".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("nobody has this password".to_owned(), None).await.unwrap());
    }
}
