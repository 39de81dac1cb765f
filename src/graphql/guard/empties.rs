//! What is left of an object when everything in it was skipped: an object without fields. The library says null,
//! also where nothing may be null; objects that are resolved in place know better by themselves.

use std::collections::HashMap;

use async_graphql::{
    Name, Response, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

use super::facts::{Facts, root_of};

/// Puts objects where the answer has nulls that nothing explains.
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
    let mut sets = document
        .fragments
        .values()
        .map(|fragment| &fragment.node.selection_set.node);
    let skips = skips(&operation.selection_set.node) || sets.any(skips);
    if !skips {
        return;
    }
    let shape = Shape { facts, document };
    let mut tree = Tree::default();
    shape.grow(
        root_of(operation.ty),
        &operation.selection_set.node,
        &mut tree,
    );
    if response.data == Value::Null && response.is_ok() {
        response.data = nothing();
    }
    complete(&tree, &mut response.data);
}

/// Whether something may be skipped.
fn skips(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| {
        let within = match &selection.node {
            Selection::Field(field) => skips(&field.node.selection_set.node),
            Selection::InlineFragment(fragment) => skips(&fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => false,
        };
        within || !selection.node.directives().is_empty()
    })
}

/// The objects of an answer, by their keys.
#[derive(Default)]
struct Tree<'a>(HashMap<&'a Name, Branch<'a>>);

struct Branch<'a> {
    /// One object, which is never null.
    required: bool,
    tree: Tree<'a>,
}

struct Shape<'a> {
    facts: &'a Facts,
    document: &'a ExecutableDocument,
}

impl<'a> Shape<'a> {
    fn grow(&self, ty: &'a str, set: &'a SelectionSet, tree: &mut Tree<'a>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let within = &field.selection_set.node;
                    let fact = self.facts.field(ty, &field.name.node);
                    if let Some(fact) = fact.filter(|_| !within.items.is_empty()) {
                        let key = &field.response_key().node;
                        let branch = tree.0.entry(key).or_insert_with(|| Branch {
                            required: !fact.null && !fact.list,
                            tree: Tree::default(),
                        });
                        self.grow(&fact.ty, within, &mut branch.tree);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let ty = on.map_or(ty, |on| on.node.on.node.as_str());
                    self.grow(ty, &fragment.node.selection_set.node, tree);
                }
                Selection::FragmentSpread(spread) => {
                    let fragments = &self.document.fragments;
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        let ty = fragment.node.type_condition.node.on.node.as_str();
                        self.grow(ty, &fragment.node.selection_set.node, tree);
                    }
                }
            }
        }
    }
}

fn complete(tree: &Tree<'_>, value: &mut Value) {
    match value {
        Value::List(items) => {
            for item in items {
                // No list of this schema has items that may be null.
                if *item == Value::Null {
                    *item = nothing();
                } else {
                    complete(tree, item);
                }
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                match tree.0.get(key) {
                    Some(branch) if *value != Value::Null => complete(&branch.tree, value),
                    Some(branch) if branch.required => *value = nothing(),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn nothing() -> Value {
    Value::Object(IndexMap::new())
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, parser::parse_query};
    use serde_json::{Value as Json, json};

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn required(&self) -> Node {
            Node
        }
        async fn gone(&self) -> Option<Node> {
            None
        }
        async fn list(&self) -> Vec<Node> {
            vec![Node, Node]
        }
    }

    struct Node;

    #[Object]
    impl Node {
        async fn number(&self) -> i32 {
            1
        }
        async fn word(&self) -> Option<&str> {
            None
        }
        async fn node(&self) -> Node {
            Node
        }
    }

    async fn data(query: &str) -> Json {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        let facts = Facts::parse(&schema.sdl());
        let document = parse_query(query).expect("parses");
        let mut response = schema.execute(query).await;
        let operation = &document.operations.iter().next().expect("one").1.node;
        fill_by(&facts, &mut response, &document, operation);
        assert!(response.is_ok(), "{response:?}");
        serde_json::to_value(response.data).expect("serializes")
    }

    #[tokio::test]
    async fn what_shows_nothing_is_there_all_the_same() {
        let skip = "@skip(if: true)";
        for (query, expected) in [
            (format!("{{ required {skip} {{ number }} }}"), json!({})),
            (
                format!("{{ required {{ number {skip} }} }}"),
                json!({ "required": {} }),
            ),
            (
                format!(
                    "{{ a: list {{ node {{ ...N {skip} }} word }} }} fragment N on Node {{ number }}"
                ),
                json!({ "a": [{ "node": {}, "word": null }, { "node": {}, "word": null }] }),
            ),
            (
                format!("{{ list {{ ... on Node {skip} {{ number }} }} gone {{ number }} }}"),
                json!({ "list": [{}, {}], "gone": null }),
            ),
            (
                format!(
                    "{{ ...Q }} fragment Q on Query {{ required {{ node {{ number {skip} }} }} }}"
                ),
                json!({ "required": { "node": {} } }),
            ),
        ] {
            assert_eq!(data(&query).await, expected, "{query}");
        }
    }
}
