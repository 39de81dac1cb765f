//! Objects whose fields are resolved in place.
//!
//! The library makes a future of each field, on the heap and as large as the largest field of the type, and
//! runs them as a set with a queue of its own. That costs several times what a name or a date does. Here an
//! object is one future that reads such fields one after the other; only those that lead to further
//! objects, and have to wait for them, run side by side.
//!
//! The library also says null of an object of which nothing is shown: everything was skipped, or a member of a
//! union is none of those that were asked for. Here that is an object without fields.

use std::{borrow::Cow, task::Poll};

use async_graphql::{
    ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};
use futures::{
    future::{BoxFuture, join_all},
    poll,
};

/// An object of the schema, or one of a union, resolved in place. For clients it is what it wraps.
pub struct InPlace<T>(pub T);

type Fields<'a> = Vec<&'a Positioned<Field>>;

impl<T: ContainerType> OutputType for InPlace<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let set = &ctx.item.node;
        let mut fields = Vec::with_capacity(set.items.len());
        // Boxed as what it is to others, because objects contain objects.
        let value: BoxFuture<'_, _> = if select::<T>(ctx, set, &mut fields) {
            Box::pin(async move { Ok(resolve(&self.0, ctx, fields).await) })
        } else {
            Box::pin(async move {
                let value = self.0.resolve(ctx, field).await?;
                Ok(match value {
                    Value::Null => Value::Object(IndexMap::new()),
                    value => value,
                })
            })
        };
        value.await
    }
}

/// Collects the fields of a selection, those of its fragments too. False if the library has to do it:
/// when there are directives, or an object is selected twice and what is selected of it must be merged.
fn select<'a, T: OutputType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    fields: &mut Fields<'a>,
) -> bool {
    let is_this = |name: &Name| name.as_str() == T::type_name();
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => {
            let twice = leads_on(field) && fields.iter().any(|other| key(other) == key(field));
            fields.push(field);
            !twice && field.node.directives.is_empty()
        }
        Selection::InlineFragment(fragment) => {
            let on = fragment.node.type_condition.as_ref();
            on.is_none_or(|on| is_this(&on.node.on.node))
                && select::<T>(ctx, &fragment.node.selection_set.node, fields)
        }
        Selection::FragmentSpread(spread) => {
            let fragments = &ctx.query_env.fragments;
            let fragment = fragments.get(&spread.node.fragment_name.node);
            fragment.is_some_and(|fragment| {
                is_this(&fragment.node.type_condition.node.on.node)
                    && select::<T>(ctx, &fragment.node.selection_set.node, fields)
            })
        }
    })
}

async fn resolve<T: ContainerType>(
    object: &T,
    ctx: &ContextSelectionSet<'_>,
    fields: Fields<'_>,
) -> Value {
    let mut values = IndexMap::with_capacity(fields.len());
    let mut waiting = Vec::new();
    for field in fields {
        let value = if leads_on(field) {
            let mut value = Box::pin(value(object, ctx, field));
            match poll!(&mut value) {
                Poll::Ready(value) => value,
                Poll::Pending => {
                    waiting.push(async move { (key(field), value.await) });
                    // Keeps its place in the order that was asked for.
                    Value::Null
                }
            }
        } else {
            value(object, ctx, field).await
        };
        values.insert(key(field).clone(), value);
    }
    if !waiting.is_empty() {
        for (key, value) in join_all(waiting).await {
            values.insert(key.clone(), value);
        }
    }
    Value::Object(values)
}

/// What a field shows; null and a note of the error if it failed.
async fn value<T: ContainerType>(
    object: &T,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> Value {
    if field.node.name.node == "__typename" {
        return Value::String(object.introspection_type_name().into_owned());
    }
    let shown = object.resolve_field(&ctx.with_field(field)).await;
    match shown {
        Ok(shown) => shown.unwrap_or_default(),
        Err(error) => {
            ctx.add_error(error);
            Value::Null
        }
    }
}

/// Whether a field leads to an object or a list of objects.
fn leads_on(field: &Positioned<Field>) -> bool {
    !field.node.selection_set.node.items.is_empty()
}

/// The name of a field in the answer.
fn key(field: &Positioned<Field>) -> &Name {
    &field.node.response_key().node
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    use serde_json::{Value as Json, json};
    use tokio::task::yield_now;

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn usual(&self) -> Vec<Node> {
            vec![Node(0), Node(9)]
        }
        async fn in_place(&self) -> Vec<InPlace<Node>> {
            vec![InPlace(Node(0)), InPlace(Node(9))]
        }
    }

    struct Node(u32);

    #[Object]
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    impl Node {
        async fn number(&self, plus: Option<u32>) -> u32 {
            self.0 + plus.unwrap_or_default()
        }
        async fn late(&self) -> InPlace<Node> {
            yield_now().await;
            InPlace(Node(self.0 + 1))
        }
        async fn next(&self) -> InPlace<Node> {
            InPlace(Node(self.0 + 1))
        }
        async fn fails(&self) -> Result<Option<u32>, &'static str> {
            Err("on purpose")
        }
    }

    /// What is shown of nodes, in its order, and the errors, in any.
    async fn answer(field: &str, selection: &str) -> (String, Vec<Json>) {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        let fragments = "fragment N on Node { number next { ...M } } fragment M on Node { number }";
        let fragments = if selection.contains("...N") {
            fragments
        } else {
            ""
        };
        let query = format!("{{ nodes: {field} {selection} }} {fragments}");
        let response = schema.execute(query).await;
        let errors = response.errors.iter();
        let mut errors: Vec<_> = errors
            .map(|error| json!([error.message, error.path]))
            .collect();
        errors.sort_by_key(Json::to_string);
        let data = serde_json::to_string(&response.data);
        (data.expect("is JSON"), errors)
    }

    #[tokio::test]
    async fn the_answer_is_the_librarys() {
        for selection in [
            "{ number }",
            "{ b: number a: number(plus: 2) __typename }",
            "{ number number next { number } }",
            "{ next { number } next { next { number } } }",
            "{ ...N } ",
            "{ ... { number } ... on Node { late { number } } }",
            "{ number @skip(if: true) next @include(if: true) { __typename } }",
            "{ next { late { next { number } } } late { number } }",
        ] {
            let (data, errors) = answer("inPlace", selection).await;
            let usual: Json =
                serde_json::from_str(&answer("usual", selection).await.0).expect("JSON");
            let data: Json = serde_json::from_str(&data).expect("JSON");
            assert_eq!((data, errors), (usual, Vec::new()), "{selection}");
        }
    }

    #[tokio::test]
    async fn fields_keep_the_order_that_was_asked_for() {
        let (data, _) = answer(
            "inPlace",
            "{ z: late { number } next { number } a: number }",
        )
        .await;
        let first = r#"{"z":{"number":1},"next":{"number":1},"a":0}"#;
        assert!(data.contains(first), "{data}");
    }

    #[tokio::test]
    async fn what_fails_is_told_with_its_path_and_hinders_nothing_else() {
        let selection = "{ number fails next { fails } }";
        let (data, errors) = answer("inPlace", selection).await;
        let node = r#"{"number":9,"fails":null,"next":{"fails":null}}"#;
        assert!(data.contains(node), "{data}");
        assert_eq!(errors, answer("usual", selection).await.1);
        assert_eq!(errors.len(), 4);
    }
}
