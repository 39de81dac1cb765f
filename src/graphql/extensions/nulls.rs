//! What a failed field leaves behind (specification of GraphQL, section 6.4.4): null, if it may be
//! null; otherwise its parent becomes null, and so on. The library merely leaves failed fields out,
//! so their places are noted while fields are resolved and filled in at the end.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{Name, QueryPathNode, QueryPathSegment, Value, indexmap::IndexMap};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Segment {
    /// To a field, by the key it has in the answer.
    Field(String),
    /// To an item of a list.
    Index(usize),
}

/// From the data down to a field.
type Path = Vec<Segment>;

/// The failed fields of one operation.
#[derive(Default)]
pub struct Nulls {
    any: AtomicBool,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    /// Fields that have lost something they cannot be without, and have not ended yet.
    doomed: HashSet<Path>,
    /// Fields that are null.
    null: HashSet<Path>,
}

impl Nulls {
    /// Notes how a field ended. Children end before their parents.
    pub fn note(&self, node: &QueryPathNode<'_>, ty: &str, failed: bool) {
        if !failed && !self.any.load(Ordering::Acquire) {
            return;
        }
        let path = path(node);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if !failed && !places.doomed.remove(&path) {
            return;
        }
        self.any.store(true, Ordering::Release);
        if ty.ends_with('!') {
            places.doomed.insert(parent(path));
        } else {
            places.null.insert(path);
        }
    }

    /// Fills in the nulls.
    pub fn apply(&self, data: Value) -> Value {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        // The parent of the topmost fields is the data itself, which may be null.
        if places.doomed.contains(&Path::new()) {
            return Value::Null;
        }
        let mut paths: Vec<_> = places.null.iter().collect();
        // What is null in itself covers what is null within.
        paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
        paths.into_iter().fold(data, |mut data, path| {
            put_null(&mut data, path);
            data
        })
    }
}

fn put_null(value: &mut Value, path: &[Segment]) {
    let Some((segment, rest)) = path.split_first() else {
        *value = Value::Null;
        return;
    };
    match segment {
        Segment::Index(index) => {
            if let Value::List(items) = value
                && let Some(item) = items.get_mut(*index)
            {
                put_null(item, rest);
            }
        }
        Segment::Field(name) => {
            // An object of which every field failed was left out as a whole.
            if *value == Value::Null {
                *value = Value::Object(IndexMap::new());
            }
            if let Value::Object(fields) = value {
                put_null(fields.entry(Name::new(name)).or_insert(Value::Null), rest);
            }
        }
    }
}

fn path(node: &QueryPathNode<'_>) -> Path {
    let segments = std::iter::once(node)
        .chain(node.parents())
        .map(|node| match node.segment {
            QueryPathSegment::Index(index) => Segment::Index(index),
            QueryPathSegment::Name(name) => Segment::Field(name.to_owned()),
        });
    let mut path: Path = segments.collect();
    path.reverse();
    path
}

/// The field whose value the field is part of. An item of a list stands for the whole list, because
/// no list of this schema has items that may be null.
fn parent(mut path: Path) -> Path {
    path.pop();
    while let Some(Segment::Index(_)) = path.last() {
        path.pop();
    }
    path
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

    use super::*;
    use crate::{
        error::{Error, Subject},
        graphql::error::{Failure, Result},
    };

    struct Query;

    #[Object]
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    impl Query {
        async fn required(&self) -> Result<Node> {
            Ok(Node)
        }
        async fn optional(&self) -> Option<Node> {
            Some(Node)
        }
    }

    struct Node;

    #[Object]
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    impl Node {
        async fn works(&self) -> bool {
            true
        }
        async fn fails(&self) -> Result<bool> {
            Err(Failure::from(Error::NotFound(Subject::Plan)))
        }
        async fn may_fail(&self) -> Result<Option<bool>> {
            Err(Failure::from(Error::NotFound(Subject::Plan)))
        }
        async fn list(&self) -> Vec<Node> {
            vec![Node, Node]
        }
        async fn optional(&self) -> Option<Node> {
            Some(Node)
        }
    }

    struct Only;

    impl async_graphql::extensions::ExtensionFactory for Only {
        fn create(&self) -> std::sync::Arc<dyn async_graphql::extensions::Extension> {
            std::sync::Arc::new(OnlyNulls(Nulls::default()))
        }
    }

    struct OnlyNulls(Nulls);

    #[async_trait::async_trait]
    impl async_graphql::extensions::Extension for OnlyNulls {
        async fn request(
            &self,
            ctx: &async_graphql::extensions::ExtensionContext<'_>,
            next: async_graphql::extensions::NextRequest<'_>,
        ) -> async_graphql::Response {
            let mut response = next.run(ctx).await;
            response.data = self.0.apply(response.data);
            response
        }

        async fn resolve(
            &self,
            ctx: &async_graphql::extensions::ExtensionContext<'_>,
            info: async_graphql::extensions::ResolveInfo<'_>,
            next: async_graphql::extensions::NextResolve<'_>,
        ) -> async_graphql::ServerResult<Option<Value>> {
            let (node, ty) = (*info.path_node, info.return_type);
            let result = next.run(ctx, info).await;
            self.0.note(&node, ty, result.is_err());
            result
        }
    }

    async fn data(query: &str) -> serde_json::Value {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).extension(Only);
        let response = schema.finish().execute(query).await;
        serde_json::to_value(response.data).expect("serializes")
    }

    #[tokio::test]
    async fn what_may_be_null_is_null() {
        let query = "{ required { works mayFail } optional { mayFail } }";
        let expected = serde_json::json!({
            "required": {"works": true, "mayFail": null}, "optional": {"mayFail": null}
        });
        assert_eq!(data(query).await, expected);
    }

    #[tokio::test]
    async fn what_may_not_be_null_takes_its_parent_along() {
        assert_eq!(
            data("{ required { works fails } }").await,
            serde_json::json!(null)
        );
        let query = "{ required { works optional { list { works fails } } } optional { fails } }";
        let expected =
            serde_json::json!({"required": {"works": true, "optional": null}, "optional": null});
        assert_eq!(data(query).await, expected);
    }

    #[tokio::test]
    async fn items_of_lists_keep_their_places() {
        let query = "{ optional { list { a: mayFail works } } }";
        let item = serde_json::json!({"a": null, "works": true});
        assert_eq!(
            data(query).await,
            serde_json::json!({"optional": {"list": [item, item]}})
        );
    }

    #[tokio::test]
    async fn a_field_selected_twice_is_null_once_for_all() {
        let query = "{ optional { works } ...F } fragment F on Query { optional { fails } }";
        assert_eq!(data(query).await, serde_json::json!({"optional": null}));
    }
}
