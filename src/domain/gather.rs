//! What many requests ask for at the same moment is asked with one statement: while one is under
//! way, wishes gather, and the next takes them all. Nobody waits for a timer; who comes alone is
//! asked for alone.
//!
//! A wish is taken by a statement that is sent after the wish was made, so it sees all that was
//! committed before, as a statement of its own would have.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{sync::oneshot, time::timeout};

use crate::error::{Error, Result};

/// How many statements of one kind are under way at most.
const AT_ONCE: usize = 2;
/// How many keys one statement asks for at most, unless a single wish has more.
const MOST: usize = 128;
/// After so long a statement is given up: a database that has gone away without a word must not keep
/// its place from those that come later.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the rows of some keys are fetched from `A`; what a key does not lead to is left out.
pub type Fetch<A, K, V> = fn(A, Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>>>;

/// Wishes of one kind, from all requests of this process.
pub struct Gather<A, K, V> {
    fetch: Fetch<A, K, V>,
    patience: Duration,
    queue: Arc<Queue<K, V>>,
}

type Queue<K, V> = Mutex<State<K, V>>;

struct State<K, V> {
    wishes: VecDeque<Wish<K, V>>,
    under_way: usize,
}

struct Wish<K, V> {
    keys: Vec<K>,
    answer: oneshot::Sender<Result<HashMap<K, V>, Arc<Error>>>,
}

impl<A, K, V> Gather<A, K, V>
where
    A: Clone + Send + Sync + 'static,
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Fetches with this.
    pub fn new(fetch: Fetch<A, K, V>) -> Self {
        let state = State {
            wishes: VecDeque::new(),
            under_way: 0,
        };
        Self {
            fetch,
            patience: PATIENCE,
            queue: Arc::new(Mutex::new(state)),
        }
    }

    /// What the keys lead to.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the last request that waits for it, and they are told of a panic"
    )]
    pub async fn all(&self, from: &A, keys: Vec<K>) -> Result<HashMap<K, V>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let (answer, found) = oneshot::channel();
        let begins = {
            let mut state = lock(&self.queue);
            state.wishes.push_back(Wish { keys, answer });
            let begins = state.under_way < AT_ONCE;
            state.under_way += usize::from(begins);
            begins
        };
        if begins {
            // A task of its own: whoever made the first wish may go away, the others wait.
            let turn = Turn {
                queue: Arc::clone(&self.queue),
                patience: self.patience,
                over: false,
            };
            tokio::spawn(work(turn, self.fetch, from.clone()));
        }
        let found = found.await.map_err(Error::internal)?;
        found.map_err(Error::internal)
    }

    /// What the key leads to.
    pub async fn one(&self, from: &A, key: K) -> Result<Option<V>> {
        Ok(self.all(from, vec![key]).await?.remove(&key))
    }
}

/// Grants wishes until there are none.
async fn work<A, K, V>(mut turn: Turn<K, V>, fetch: Fetch<A, K, V>, from: A)
where
    A: Clone,
    K: Copy + Eq + Hash,
    V: Clone,
{
    while let Some(wishes) = turn.next() {
        let keys: HashSet<K> = wishes.iter().flat_map(|wish| &wish.keys).copied().collect();
        let fetching = fetch(from.clone(), keys.into_iter().collect());
        let found = match timeout(turn.patience, fetching).await {
            Ok(found) => found,
            Err(_) => Err(Error::internal("the database did not answer in time")),
        };
        grant(wishes, found.map_err(Arc::new));
    }
}

fn grant<K, V>(wishes: Vec<Wish<K, V>>, mut found: Result<HashMap<K, V>, Arc<Error>>)
where
    K: Eq + Hash,
    V: Clone,
{
    let last = wishes.len().saturating_sub(1);
    for (place, Wish { keys, answer }) in wishes.into_iter().enumerate() {
        let granted = match &mut found {
            Ok(found) => Ok(keys
                .into_iter()
                .filter_map(|key| {
                    let value = if place == last {
                        found.remove(&key)
                    } else {
                        found.get(&key).cloned()
                    };
                    Some((key, value?))
                })
                .collect()),
            Err(failure) => Err(Arc::clone(failure)),
        };
        // Whoever went away misses nothing.
        let _ = answer.send(granted);
    }
}

/// One of the statements that may be under way.
struct Turn<K, V> {
    queue: Arc<Queue<K, V>>,
    patience: Duration,
    over: bool,
}

impl<K, V> Turn<K, V> {
    /// The next wishes to grant together.
    fn next(&mut self) -> Option<Vec<Wish<K, V>>> {
        let mut state = lock(&self.queue);
        let (mut wishes, mut keys) = (Vec::new(), 0);
        while let Some(wish) = state.wishes.front() {
            if wish.answer.is_closed() {
                // Nobody waits for it any more.
                state.wishes.pop_front();
                continue;
            }
            keys += wish.keys.len();
            if keys > MOST && !wishes.is_empty() {
                break;
            }
            wishes.extend(state.wishes.pop_front());
        }
        if wishes.is_empty() {
            // Under the same lock: whoever makes a wish from now on begins a statement.
            state.under_way -= 1;
            self.over = true;
            return None;
        }
        Some(wishes)
    }
}

/// A fetch that panics ends its turn too.
impl<K, V> Drop for Turn<K, V> {
    fn drop(&mut self) {
        if !self.over {
            lock(&self.queue).under_way -= 1;
        }
    }
}

fn lock<K, V>(queue: &Queue<K, V>) -> MutexGuard<'_, State<K, V>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::future::{join, join_all};
    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    /// Answers each statement when it is let to, and tells what it asked for.
    #[derive(Clone)]
    struct Slow {
        lets: Arc<Semaphore>,
        asked: mpsc::UnboundedSender<Vec<u32>>,
    }

    fn slow() -> (
        Slow,
        mpsc::UnboundedReceiver<Vec<u32>>,
        Gather<Slow, u32, u32>,
    ) {
        let (asked, statements) = mpsc::unbounded_channel();
        let lets = Arc::new(Semaphore::new(0));
        let gather = Gather::new(|from: Slow, mut keys: Vec<u32>| {
            Box::pin(async move {
                keys.sort_unstable();
                from.asked.send(keys.clone()).expect("the test listens");
                from.lets.acquire().await.expect("open").forget();
                assert!(!keys.contains(&666), "a number nobody likes");
                if keys.contains(&1313) {
                    std::future::pending::<()>().await;
                }
                if keys.contains(&404) {
                    return Err(Error::internal("no database"));
                }
                let even = keys.into_iter().filter(|key| key % 2 == 0);
                Ok(even.map(|key| (key, key * 10)).collect())
            })
        });
        (Slow { lets, asked }, statements, gather)
    }

    #[tokio::test]
    async fn who_comes_while_others_are_answered_is_asked_for_together() {
        let (slow, mut statements, gather) = slow();
        let first = gather.one(&slow, 0);
        let others = async {
            assert_eq!(statements.recv().await, Some(vec![0]));
            let wishes = join_all((0..100).map(|key| gather.one(&slow, key % 50)));
            let (found, ()) = join(wishes, async {
                assert_eq!(statements.recv().await, Some((0..50).collect()));
                slow.lets.add_permits(2);
            })
            .await;
            for (key, found) in (0..100).map(|key| key % 50).zip(found) {
                let expected = (key % 2 == 0).then_some(key * 10);
                assert_eq!(found.expect("found"), expected);
            }
        };
        let (first, ()) = join(first, others).await;
        assert_eq!(first.expect("found"), Some(0));
        assert!(statements.is_empty());
    }

    #[tokio::test]
    async fn a_statement_is_no_longer_than_it_may_be() {
        let (slow, mut statements, gather) = slow();
        slow.lets.add_permits(100);
        let many: Vec<_> = (1_000..1_200).collect();
        let wishes = [vec![1], vec![3], many.clone(), vec![2], vec![4]];
        let wishes = wishes.into_iter().map(|keys| gather.all(&slow, keys));
        for found in join_all(wishes).await {
            found.expect("found");
        }
        let mut lengths = Vec::new();
        while let Ok(keys) = statements.try_recv() {
            lengths.push(keys.len());
        }
        assert_eq!(lengths.iter().filter(|length| **length > MOST).count(), 1);
        assert!(lengths.contains(&many.len()), "{lengths:?}");
        assert_eq!(
            gather.all(&slow, Vec::new()).await.expect("nothing").len(),
            0
        );
    }

    #[tokio::test]
    async fn failures_are_shared_and_not_remembered() {
        let (slow, _statements, gather) = slow();
        slow.lets.add_permits(100);
        assert!(gather.one(&slow, 404).await.is_err());
        // The panic ends its statement, not those that follow.
        for _ in 0..AT_ONCE {
            assert!(gather.one(&slow, 666).await.is_err());
        }
        assert_eq!(gather.one(&slow, 2).await.expect("found"), Some(20));
    }

    #[tokio::test]
    async fn a_statement_that_never_ends_is_given_up() {
        let (slow, mut statements, mut gather) = slow();
        gather.patience = Duration::from_millis(20);
        slow.lets.add_permits(100);
        let mut stuck = Vec::new();
        for _ in 0..AT_ONCE {
            let mut wish = Box::pin(gather.all(&slow, vec![1313]));
            tokio::select! {
                biased;
                // Sent, so that the next one is a statement of its own.
                asked = statements.recv() => assert_eq!(asked, Some(vec![1313])),
                _ = &mut wish => panic!("nothing was answered yet"),
            }
            stuck.push(wish);
        }
        let later = gather.one(&slow, 2).await;
        assert_eq!(later.expect("found"), Some(20));
        assert!(join_all(stuck).await.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn who_goes_away_hinders_nobody() {
        let (slow, mut statements, gather) = slow();
        for key in 0..10 {
            let given_up = gather.one(&slow, key);
            let soon = tokio::task::yield_now();
            tokio::select! {
                biased;
                _ = given_up => panic!("nothing was answered yet"),
                () = soon => {}
            }
        }
        let (found, ()) = join(gather.one(&slow, 2), async {
            assert_eq!(statements.recv().await, Some(vec![0]));
            slow.lets.add_permits(100);
        })
        .await;
        assert_eq!(found.expect("found"), Some(20));
    }
}
