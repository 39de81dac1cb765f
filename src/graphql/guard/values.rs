//! Whether the values of variables surely fit the types that the operation declares for them. Then a
//! document that was valid before is valid again; otherwise the library's validation decides, and
//! says what is wrong.

use async_graphql::{
    Name, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type},
};

use super::facts::{Facts, Input};

/// Whether every value surely fits. Says no when in doubt.
pub fn fit(facts: &Facts, operation: &OperationDefinition, variables: &Variables) -> bool {
    let mut definitions = operation.variable_definitions.iter().map(|of| &of.node);
    definitions.all(|definition| {
        let Some(value) = variables.get(&definition.name.node) else {
            // Absent ones are part of the shape.
            return true;
        };
        // A default lets a variable stand where null may not.
        let null_with_default = *value == Value::Null && definition.default_value.is_some();
        !null_with_default && fits(facts, &definition.var_type.node, value)
    })
}

fn fits(facts: &Facts, ty: &Type, value: &Value) -> bool {
    match (&ty.base, value) {
        (_, Value::Null) => ty.nullable,
        (BaseType::List(of), Value::List(items)) => items.iter().all(|item| fits(facts, of, item)),
        (BaseType::List(_), _) => false,
        (BaseType::Named(name), value) => fits_named(facts, name, value),
    }
}

fn fits_named(facts: &Facts, name: &Name, value: &Value) -> bool {
    match (name.as_str(), value) {
        ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_))
        | ("Float", Value::Number(_)) => true,
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        (name, Value::String(word)) => match facts.input(name) {
            Some(Input::Words(words)) => words.contains(word.as_str()),
            _ => false,
        },
        (name, Value::Object(sent)) => match facts.input(name) {
            Some(Input::Fields(fields)) => {
                let known = sent.iter().all(|(name, value)| {
                    let field = fields.get(name);
                    field.is_some_and(|(ty, _)| fits(facts, ty, value))
                });
                let needed = || fields.iter().filter(|(_, (_, optional))| !optional);
                known && needed().all(|(name, _)| sent.contains_key(name))
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    const SCHEMA: &str = "
        enum Word { A B }
        input In { word: Word, number: Int!, list: [Int!], inner: In, preset: Int! = 1 }
        input One @oneOf { a: Int, b: Int }
        type Query { f(in: In): Int }
    ";

    fn fit_as(ty: &str, value: Value) -> bool {
        let document = parse_query(format!("query($v: {ty}) {{ f }}")).expect("parses");
        let operation = &document.operations.iter().next().expect("one").1.node;
        let mut variables = Variables::default();
        variables.insert(Name::new("v"), value);
        fit(&Facts::parse(SCHEMA), operation, &variables)
    }

    #[test]
    fn what_surely_fits() {
        for (ty, value) in [
            ("Int", value!(1)),
            ("Int", value!(null)),
            ("Float!", value!(1.5)),
            ("String", value!("x")),
            ("ID!", value!("x")),
            ("Word", value!("A")),
            ("[Int!]", value!([1, 2])),
            ("[Int]", value!([1, null])),
            ("In!", value!({"number": 1})),
            (
                "In",
                value!({"number": 1, "word": null, "list": [1], "inner": {"number": 2}}),
            ),
        ] {
            assert!(fit_as(ty, value.clone()), "{value} as {ty}");
        }
    }

    #[test]
    fn what_may_not() {
        for (ty, value) in [
            ("Int!", value!(null)),
            ("Int = 1", value!(null)),
            ("Int", value!("1")),
            ("Int", value!(1.5)),
            ("Int", value!(3_000_000_000_i64)),
            ("Boolean", value!("true")),
            ("String", value!(1)),
            ("ID", value!(1)),
            ("Word", value!("C")),
            ("Word", value!(1)),
            ("[Int!]", value!([1, null])),
            ("[Int]", value!(1)),
            ("In", value!({})),
            ("In", value!({"number": null})),
            ("In", value!({"number": 1, "unknown": 1})),
            ("In", value!({"number": 1, "preset": null})),
            ("In", value!({"number": 1, "inner": {"number": "x"}})),
            ("One", value!({"a": 1})),
            ("Unheard", value!({"a": 1})),
            ("DateTime", value!("2026-01-01T00:00:00Z")),
        ] {
            assert!(!fit_as(ty, value.clone()), "{value} as {ty}");
        }
    }
}
