//! URL-friendly names (ruling 25): `[a-z0-9]+(-[a-z0-9]+)*`, transliterated, at most 100 characters.

use uuid::Uuid;

/// Longest slug.
const MAX: usize = 100;
/// Numbered names that are tried before a random one.
const NUMBERED: u32 = 4;

/// The slugs to try for a company's name, best first; the last are as good as unique.
pub fn candidates(name: &str, random: impl Fn() -> Uuid) -> impl Iterator<Item = String> {
    let base = base(name);
    let tail = move || random().simple().to_string()[20..].to_owned();
    let stem = if base.is_empty() {
        format!("tenant-{}", tail())
    } else {
        base
    };
    let numbered = {
        let stem = stem.clone();
        (1..=NUMBERED).map(move |n| with_suffix(&stem, &n.to_string()))
    };
    let random_ones = {
        let stem = stem.clone();
        (0..NUMBERED).map(move |_| with_suffix(&stem, &tail()))
    };
    std::iter::once(stem).chain(numbered).chain(random_ones)
}

fn base(name: &str) -> String {
    let slug = slug::slugify(name);
    cut(&slug, MAX).to_owned()
}

fn with_suffix(stem: &str, suffix: &str) -> String {
    format!("{}-{suffix}", cut(stem, MAX - suffix.len() - 1))
}

fn cut(slug: &str, max: usize) -> &str {
    slug[..slug.len().min(max)].trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(name: &str) -> String {
        candidates(name, || Uuid::from_u128(0xabc)).next().unwrap()
    }

    fn is_slug(slug: &str) -> bool {
        let part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        slug.len() <= MAX && slug.split('-').all(part)
    }

    #[test]
    fn names_become_readable() {
        assert_eq!(first("Acme Corp"), "acme-corp");
        assert_eq!(first("Ромашка & Ко"), "romashka-ko");
        assert_eq!(first("!!!"), "tenant-000000000abc");
    }

    #[test]
    fn a_collision_gets_a_number_then_something_random() {
        let all: Vec<_> = candidates("Acme", || Uuid::from_u128(0xabc)).collect();
        assert_eq!(all[..3], ["acme", "acme-1", "acme-2"]);
        assert_eq!(all[5], "acme-000000000abc");
    }

    proptest! {
        #[test]
        fn every_candidate_is_a_slug(name in ".{1,300}") {
            for slug in candidates(&name, || Uuid::from_u128(0xabc)) {
                prop_assert!(is_slug(&slug), "{slug:?}");
            }
        }
    }
}
