//! Decides whether a document may run: parses it, measures it, compares with the configured limits.
//! Resolvers know nothing of limits.

use async_graphql::{
    Pos, Request, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

use super::{
    absent::drop_absent,
    facts::Facts,
    measure::{Measure, Ruler, Unmeasurable},
    scan::{Excess, scan},
};
use crate::{
    config,
    error::{Code, Reason},
    graphql::error::{refusal, set_code, set_wrong_input},
};

/// Most fields a document may have once its fragments are spread out.
const MAX_FIELDS: u64 = 5_000;
/// Lists that lead from types to types, nested so deep, ask for the schema many times over.
const MAX_INTROSPECTION: usize = 2;

/// What is known of an operation before it runs.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// `query`, `mutation` or `subscription`.
    pub kind: &'static str,
    /// What it costs.
    pub cost: u64,
}

/// A document that was looked at: what is known of it, and whether it may run.
pub struct Checked {
    /// The operation that was asked for, if it could be found.
    pub operation: Option<Operation>,
    /// The request with its parsed document, or why it may not run.
    pub verdict: Result<Request, ServerError>,
}

/// Looks at the request's document.
pub fn check(limits: &config::Graphql, mut request: Request) -> Checked {
    let mut operation = None;
    let verdict = document(&request).and_then(|document| {
        let (name, chosen) = choose(&document, request.operation_name.as_deref())?;
        let mut ruler = Ruler::new(Facts::of_schema(), &document, &request.variables);
        ruler.fragments().map_err(unmeasurable)?;
        for (_, other) in document.operations.iter() {
            // Every operation is validated by the library, so every one has to be bounded.
            structure(ruler.operation(&other.node).map_err(unmeasurable)?)?;
        }
        let measure = ruler.operation(chosen).map_err(unmeasurable)?;
        let kind = kind(chosen.ty);
        operation = Some(Operation {
            name: name.map(str::to_owned),
            kind,
            cost: measure.cost,
        });
        compare(limits, &measure)?;
        if !limits.introspection && measure.schema {
            let text = "The schema cannot be asked for here: introspection is off.";
            return Err(refusal(Code::GraphqlValidationFailed, text, None));
        }
        values_for_variables(chosen, &request.variables)?;
        Ok(document)
    });
    let verdict = verdict.map(|mut document| {
        drop_absent(&mut document, &request.variables);
        request.set_parsed_query(document);
        request
    });
    Checked { operation, verdict }
}

fn document(request: &Request) -> Result<ExecutableDocument, ServerError> {
    scan(&request.query).map_err(|excess| match excess {
        Excess::Tokens => costly("The document is too long."),
        Excess::Brackets => deep("The document is nested too deeply.", None),
    })?;
    parse_query(&request.query).map_err(|error| {
        let mut error = ServerError::from(error);
        // The parser draws a picture of the place, with the whole line; clients have `locations`.
        let why = error.message.rsplit("\n  = ").next().unwrap_or_default();
        error.message = format!("The document is not well formed: {why}");
        set_code(&mut error, Code::GraphqlParseFailed, None);
        error
    })
}

fn choose<'a>(
    document: &'a ExecutableDocument,
    wanted: Option<&'a str>,
) -> Result<(Option<&'a str>, &'a OperationDefinition), ServerError> {
    let found = match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => Some((None, operation)),
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get(name)
            .map(|operation| (Some(name), operation)),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations
            .iter()
            .next()
            .map(|(name, operation)| (Some(name.as_str()), operation)),
        _ => None,
    };
    found
        .map(|(name, operation)| (name, &operation.node))
        .ok_or_else(|| {
            let text = match wanted {
                Some(name) => format!("The document has no operation named \"{name}\"."),
                None => {
                    "The document has several operations: name one in operationName.".to_owned()
                }
            };
            refusal(Code::GraphqlValidationFailed, text, None)
        })
}

/// Refuses the request before anything is executed if a variable lacks its value (specification of
/// GraphQL, section 6.1.2); the library would notice only at the field that uses it.
fn values_for_variables(
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), ServerError> {
    let definitions = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node);
    let missing = definitions.filter(|definition| {
        let value = variables
            .get(&definition.name.node)
            .or_else(|| definition.default_value());
        !definition.var_type.node.nullable && value.is_none_or(|value| *value == Value::Null)
    });
    let missing: Vec<_> = missing
        .map(|definition| format!("${}", definition.name.node))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!("These variables need a value: {}.", missing.join(", "));
    let mut error = ServerError::new(text, None);
    set_wrong_input(&mut error, Some("variables"), Reason::Required);
    Err(error)
}

/// Bounds what the library's validation has to walk through.
fn structure(measure: Measure) -> Result<(), ServerError> {
    if measure.fields > MAX_FIELDS {
        return Err(costly(format!(
            "The document has {} fields; at most {MAX_FIELDS} are allowed.",
            measure.fields
        )));
    }
    if measure.introspection > MAX_INTROSPECTION {
        return Err(deep("The document asks for types of types of types.", None));
    }
    Ok(())
}

fn compare(limits: &config::Graphql, measure: &Measure) -> Result<(), ServerError> {
    let Measure {
        cost,
        depth,
        aliases,
        top,
        ..
    } = *measure;
    if depth > limits.max_depth {
        let text = format!(
            "The query is {depth} levels deep; at most {} are allowed.",
            limits.max_depth
        );
        return Err(deep(text, None));
    }
    let limited = [
        ("aliases", aliases, limits.max_aliases),
        ("fields at the top", top, limits.max_root_fields),
    ];
    for (what, asked, limit) in limited {
        if exceeds(asked, limit) {
            return Err(costly(format!(
                "The query has {asked} {what}; at most {limit} are allowed."
            )));
        }
    }
    if exceeds(cost, limits.max_cost) {
        return Err(costly(format!(
            "The query costs {cost}; at most {} is allowed. Ask for shorter pages or fewer fields.",
            limits.max_cost
        )));
    }
    Ok(())
}

fn exceeds(asked: u64, limit: usize) -> bool {
    usize::try_from(asked).map_or(true, |asked| asked > limit)
}

fn unmeasurable(why: Unmeasurable) -> ServerError {
    match why {
        Unmeasurable::Nesting(pos) => deep("The document is nested too deeply.", Some(pos)),
        Unmeasurable::Cycle(name, pos) => {
            let text = format!("The fragment \"{name}\" contains itself.");
            refusal(Code::GraphqlValidationFailed, text, Some(pos))
        }
    }
}

fn costly(text: impl Into<String>) -> ServerError {
    refusal(Code::QueryTooCostly, text, None)
}

fn deep(text: impl Into<String>, pos: Option<Pos>) -> ServerError {
    refusal(Code::QueryTooDeep, text, pos)
}

fn kind(ty: OperationType) -> &'static str {
    match ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write, time::Duration};

    use async_graphql::value;

    use super::*;
    use crate::graphql::error::code_of;

    const LIMITS: config::Graphql = config::Graphql {
        max_depth: 20,
        max_cost: 3000,
        max_aliases: 30,
        max_root_fields: 30,
        timeout: Duration::from_secs(1),
        introspection: true,
        suggestions: true,
    };

    fn look(query: &str, variables: Value) -> Checked {
        check(
            &LIMITS,
            Request::new(query).variables(Variables::from_value(variables)),
        )
    }

    fn cost(query: &str) -> u64 {
        cost_with(query, value!({}))
    }

    fn cost_with(query: &str, variables: Value) -> u64 {
        look(query, variables).operation.expect("measured").cost
    }

    fn refused(query: &str) -> String {
        let error = look(query, value!({})).verdict.expect_err("refused");
        code_of(&error).expect("a code").to_owned()
    }

    #[test]
    fn objects_cost_one_and_lists_multiply() {
        assert_eq!(cost("{ viewer { id email } }"), 1);
        assert_eq!(cost("{ viewer { currentTenant { name } } }"), 2);
        let page = "memberships(first: 10) { nodes { tenant { name } } }";
        assert_eq!(cost(&format!("{{ viewer {{ {page} }} }}")), 1 + 1 + 10 * 2);
        assert_eq!(cost("{ tenants { totalCount pageInfo { endCursor } } }"), 2);
        assert_eq!(cost("{ tenants { edges { node { id } } } }"), 1 + 20 * 2);
        assert_eq!(cost("{ plans { name priceMonthly { amount } } }"), 20 * 2);
        assert_eq!(cost("{ permissions }"), 0);
        assert_eq!(cost("mutation { logout { signedOut } }"), 1);
    }

    #[test]
    fn page_sizes_come_from_variables_and_defaults_too() {
        let query = "query($n: Int = 7) { tenants(last: $n) { ...T } } fragment T on TenantConnection { nodes { id } }";
        assert_eq!(cost(query), 1 + 7);
        assert_eq!(cost_with(query, value!({"n": 50})), 1 + 50);
        // The resolver refuses what is out of range; the cost does not get in its way.
        assert_eq!(cost_with(query, value!({"n": 1_000_000})), 1 + 100);
        assert_eq!(cost_with(query, value!({"n": "x"})), 1 + 20);
    }

    #[test]
    fn what_hashes_is_dear() {
        let login = "login(input: {email: \"a\", password: \"b\"}) { tokens { accessToken } }";
        assert_eq!(cost(&format!("mutation {{ {login} }}")), 252);
        let logins: String = (0..12).fold(String::new(), |mut logins, n| {
            let _ = write!(logins, "a{n}: {login} ");
            logins
        });
        assert_eq!(
            refused(&format!("mutation {{ {logins} }}")),
            "QUERY_TOO_COSTLY"
        );
    }

    #[test]
    fn width_and_depth_are_limited() {
        let aliases = |n: usize| {
            let fields: Vec<_> = (0..n).map(|n| format!("a{n}: id")).collect();
            format!("{{ viewer {{ {} }} }}", fields.join(" "))
        };
        assert!(look(&aliases(30), value!({})).verdict.is_ok());
        assert_eq!(refused(&aliases(31)), "QUERY_TOO_COSTLY");
        assert_eq!(
            refused(&format!("{{ {} }}", "__typename ".repeat(31))),
            "QUERY_TOO_COSTLY"
        );
        let deep = |n: usize| {
            let inside = "currentTenant { members(first: 1) { nodes { user { id } } } }";
            let nested = (0..n).fold(inside.to_owned(), |inner, _| format!("... {{ {inner} }}"));
            format!("{{ viewer {{ {nested} }} }}")
        };
        assert!(
            look(&deep(20), value!({})).verdict.is_ok(),
            "inline fragments are no fields"
        );
        assert_eq!(refused(&deep(60)), "QUERY_TOO_DEEP");
        let chain = "membership { tenant { members(first: 1) { nodes { tenant {".repeat(5);
        let end = "} } } } }".repeat(5);
        assert_eq!(
            refused(&format!("{{ viewer {{ {chain} id {end} }} }}")),
            "QUERY_TOO_DEEP"
        );
        assert_eq!(refused(&"{a".repeat(100_000)), "QUERY_TOO_DEEP");
        assert_eq!(refused(&"{ id ".repeat(60)), "GRAPHQL_PARSE_FAILED");
    }

    #[test]
    fn fragments_cannot_explode() {
        let mut bomb = "{ viewer { ...F0 } } fragment F40 on Viewer { id } ".to_owned();
        for n in 0..40 {
            let _ = write!(
                bomb,
                "fragment F{n} on Viewer {{ ...F{0} ...F{0} }} ",
                n + 1
            );
        }
        assert_eq!(refused(&bomb), "QUERY_TOO_COSTLY");
        let cycle = "{ viewer { ...A } } fragment A on Viewer { ...B ...B } fragment B on Viewer { ...A ...A }";
        assert_eq!(refused(cycle), "GRAPHQL_VALIDATION_FAILED");
        let unused = "{ viewer { id } } fragment A on Viewer { ...A }";
        assert_eq!(refused(unused), "GRAPHQL_VALIDATION_FAILED");
        let mut chain = "{ viewer { id } } ".to_owned();
        for n in 0..500 {
            let _ = write!(chain, "fragment F{n} on Viewer {{ ...F{} }} ", n + 1);
        }
        assert_eq!(refused(&chain), "QUERY_TOO_DEEP");
    }

    #[test]
    fn the_schema_can_be_asked_for_once() {
        let standard = include_str!("introspection.graphql");
        let checked = look(standard, value!({}));
        assert!(checked.verdict.is_ok(), "{:?}", checked.verdict.err());
        let cost = checked.operation.expect("measured").cost;
        assert!(
            cost <= 250,
            "{cost} exceeds the least budget that can be configured"
        );
        let types = "fields { type { fields { type { fields { name } } } } }";
        assert_eq!(
            refused(&format!("{{ __schema {{ types {{ {types} }} }} }}")),
            "QUERY_TOO_DEEP"
        );
        let off = config::Graphql {
            introspection: false,
            ..LIMITS
        };
        let inside = "{ ...S } fragment S on Query { __schema { types { name } } }";
        let error = check(&off, Request::new(inside))
            .verdict
            .expect_err("refused");
        assert_eq!(code_of(&error), Some("GRAPHQL_VALIDATION_FAILED"));
    }

    #[test]
    fn variables_need_their_values() {
        let query = "query($a: ID!, $b: ID! = \"b\", $c: ID) { tenant(id: $a) { id } }";
        let code = |variables| look(query, variables).verdict.map_err(|e| e.message).err();
        assert_eq!(code(value!({"a": "x"})), None);
        let missing = Some("These variables need a value: $a.".to_owned());
        assert_eq!(code(value!({})), missing);
        assert_eq!(code(value!({"a": null})), missing);
    }

    #[test]
    fn operations_are_chosen_by_name() {
        let two = "query A { viewer { id } } query B { plans { id } }";
        let named = |name: &str| check(&LIMITS, Request::new(two).operation_name(name));
        assert_eq!(named("B").operation.expect("measured").cost, 20);
        assert!(named("C").verdict.is_err());
        assert_eq!(refused(two), "GRAPHQL_VALIDATION_FAILED");
    }
}
