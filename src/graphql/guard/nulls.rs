//! What a failed field leaves behind (specification of GraphQL, section 6.4.4): null, if it may be
//! null; otherwise its parent becomes null, and so on. The library merely leaves failed fields out;
//! the errors say where, and the document and the schema what may be null there.

use async_graphql::{
    Name, PathSegment, Response, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use super::facts::{Facts, root_of};

/// Puts nulls where the answer lacks what failed.
pub fn fill(
    response: &mut Response,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) {
    fill_by(Facts::of_schema(), response, document, operation);
}

fn fill_by(
    facts: &Facts,
    response: &mut Response,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) {
    let shape = Shape {
        facts,
        document,
        operation,
    };
    let failed = response.errors.iter().map(|error| error.path.as_slice());
    let failed = failed.filter(|path| !path.is_empty());
    let mut null: Vec<_> = failed.map(|path| shape.null_for(path)).collect();
    // What is null in itself covers what is null within.
    null.sort_by_key(|path| std::cmp::Reverse(path.len()));
    for path in null {
        put_null(&mut response.data, path);
    }
}

/// What is known of the places in an answer.
struct Shape<'a> {
    facts: &'a Facts,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
}

impl<'a> Shape<'a> {
    /// The innermost place around a failed field that may be null. No list of this schema has items
    /// that may be null, so an item stands for the whole list.
    fn null_for<'p>(&self, failed: &'p [PathSegment]) -> &'p [PathSegment] {
        let mut place = failed;
        loop {
            while let [list @ .., PathSegment::Index(_)] = place {
                place = list;
            }
            match place {
                [parent @ .., _] if !self.may_be_null(place) => place = parent,
                _ => return place,
            }
        }
    }

    fn may_be_null(&self, place: &[PathSegment]) -> bool {
        let mut ty = root_of(self.operation.ty);
        let mut sets = vec![&self.operation.selection_set.node];
        let mut null = true;
        for segment in place {
            let PathSegment::Field(key) = segment else {
                continue;
            };
            let mut fields = Vec::new();
            for set in sets {
                self.select(set, key, &mut fields);
            }
            let field = fields.first();
            let Some(fact) = field.and_then(|field| self.facts.field(ty, &field.name.node)) else {
                // Introspection, which does not fail.
                return true;
            };
            (ty, null) = (&fact.ty, fact.null);
            sets = fields
                .iter()
                .map(|field| &field.selection_set.node)
                .collect();
        }
        null
    }

    /// The fields that make up one value: those with its key, in fragments too.
    fn select(&self, set: &'a SelectionSet, key: &str, fields: &mut Vec<&'a Field>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if field.node.response_key().node == key {
                        fields.push(&field.node);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.select(&fragment.node.selection_set.node, key, fields);
                }
                Selection::FragmentSpread(spread) => {
                    let fragments = &self.document.fragments;
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.select(&fragment.node.selection_set.node, key, fields);
                    }
                }
            }
        }
    }
}

fn put_null(value: &mut Value, path: &[PathSegment]) {
    let Some((segment, rest)) = path.split_first() else {
        *value = Value::Null;
        return;
    };
    match segment {
        PathSegment::Index(index) => {
            if let Value::List(items) = value
                && let Some(item) = items.get_mut(*index)
            {
                put_null(item, rest);
            }
        }
        PathSegment::Field(name) => {
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

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, parser::parse_query};

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

    async fn data(query: &str) -> serde_json::Value {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        let facts = Facts::parse(&schema.sdl());
        let document = parse_query(query).expect("parses");
        let mut response = schema.execute(query).await;
        let operation = &document.operations.iter().next().expect("one").1.node;
        fill_by(&facts, &mut response, &document, operation);
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
