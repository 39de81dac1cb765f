//! What the doors say of themselves is what the repository holds, and holds together.

use async_graphql::parser::{
    parse_schema,
    types::{TypeKind, TypeSystemDefinition},
};
use serde_json::Value;

use crate::support::{Method, TestApp, json, snapshot};

#[test]
fn the_schema_is_the_committed_one() {
    snapshot::check("schema.graphql", &erpmax::graphql::sdl());
}

#[test]
fn the_openapi_document_is_the_committed_one() {
    let mut document = erpmax::rest::openapi().to_pretty_json().unwrap();
    document.push('\n');
    snapshot::check("docs/openapi.json", &document);
}

#[test]
fn everything_in_the_schema_is_described_for_its_reader() {
    let mut bare = Vec::new();
    for definition in parse_schema(erpmax::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let (definition, mut note) = (&definition.node, |name: String| bare.push(name));
        let of = definition.name.node.as_str();
        if definition.description.is_none() {
            note(of.to_owned());
        }
        match &definition.kind {
            TypeKind::Object(object) => {
                for field in &object.fields {
                    let field = &field.node;
                    if field.description.is_none() {
                        note(format!("{of}.{}", field.name.node));
                    }
                    for argument in &field.arguments {
                        // An `input` argument is described by its type.
                        if argument.node.description.is_none() && argument.node.name.node != "input"
                        {
                            note(format!(
                                "{of}.{}({}:)",
                                field.name.node, argument.node.name.node
                            ));
                        }
                    }
                }
            }
            TypeKind::InputObject(input) => {
                let fields = input
                    .fields
                    .iter()
                    .filter(|field| field.node.description.is_none());
                fields.for_each(|field| note(format!("{of}.{}", field.node.name.node)));
            }
            TypeKind::Enum(words) => {
                let words = words
                    .values
                    .iter()
                    .filter(|word| word.node.description.is_none());
                words.for_each(|word| note(format!("{of}.{}", word.node.value.node)));
            }
            TypeKind::Scalar | TypeKind::Interface(_) | TypeKind::Union(_) => {}
        }
    }
    assert!(bare.is_empty(), "not described: {bare:#?}");
}

#[test]
fn mutations_take_one_input_and_return_one_payload() {
    let schema = parse_schema(erpmax::graphql::sdl()).unwrap();
    let mut seen = 0;
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let TypeKind::Object(object) = &definition.node.kind else {
            continue;
        };
        if definition.node.name.node != "Mutation" {
            continue;
        }
        for field in &object.fields {
            let name = field.node.name.node.as_str();
            let upper = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
            let text = field
                .node
                .description
                .as_ref()
                .map_or("", |text| &text.node);
            let says = text.contains("Public") || text.contains("Needs");
            assert!(
                says,
                "{name} does not say which permission it needs: {text}"
            );
            assert_eq!(field.node.ty.node.to_string(), format!("{upper}Payload!"));
            let arguments: Vec<_> = field.node.arguments.iter().map(|of| &of.node).collect();
            if let [argument] = arguments.as_slice() {
                assert_eq!(argument.name.node, "input", "{name}");
                assert_eq!(argument.ty.node.to_string(), format!("{upper}Input!"));
            } else {
                assert_eq!(
                    (name, arguments.len()),
                    ("logout", 0),
                    "{name} takes one input"
                );
            }
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen} mutations were seen");
}

#[tokio::test]
async fn the_documents_are_served() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let document = visitor.send(Method::GET, "/openapi.json", None).await;
    assert_eq!(
        document.json["openapi"]
            .as_str()
            .map(|version| &version[..3]),
        Some("3.1")
    );
    assert_eq!(
        document.json,
        serde_json::to_value(erpmax::rest::openapi()).unwrap()
    );
    let bearer = &document.json["components"]["securitySchemes"]["bearer"];
    assert_eq!(
        (&bearer["type"], &bearer["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    for page in ["/docs", "/docs/"] {
        let docs = visitor.send(Method::GET, page, None).await;
        assert_eq!(docs.status, 200, "{page}");
        assert!(docs.body.contains("swagger-ui"), "{}", docs.body);
        assert!(
            !docs.body.contains("https://"),
            "loads from elsewhere: {}",
            docs.body
        );
    }
    let root = visitor.send(Method::GET, "/", None).await;
    let expected =
        json!({ "service": "ERPMax Orchestrator", "version": "0.1.0", "status": "running" });
    assert_eq!(root.json, expected);
    let health = visitor.send(Method::GET, "/health", None).await;
    assert_eq!(health.json, json!({ "status": "healthy" }));
    let ready = visitor.send(Method::GET, "/health/ready", None).await;
    assert_eq!(
        (ready.status, &ready.json["status"]),
        (200, &json!("ready")),
        "{ready}"
    );
    app.finish().await;
}

#[tokio::test]
async fn readiness_says_what_is_missing_and_liveness_does_not_care() {
    let app = TestApp::new().await;
    app.app.db.close().await.unwrap();
    let visitor = app.visitor();
    let health = visitor.send(Method::GET, "/health", None).await;
    assert_eq!(health.status, 200);
    let ready = visitor.send(Method::GET, "/health/ready", None).await;
    assert_eq!(ready.status, 503, "{ready}");
    assert_eq!(
        ready.json["error"]["details"]["parts"]["database"], "unavailable",
        "{ready}"
    );
    // A request that needs the database is refused in one voice, without a word of the cause.
    for (path, status) in [("/api/v1/billing/plans", 500), ("/api/v1/auth/me", 401)] {
        let reply = visitor.send(Method::GET, path, None).await;
        assert_eq!(reply.status, status, "{reply}");
    }
    let reply = visitor.get("/billing/plans").await;
    assert_eq!(reply.failure().code, "INTERNAL");
    assert_eq!(reply.failure().message, "Something went wrong on our side.");
    let reply = visitor.gql("{ plans { id } }", json!({})).await;
    assert_eq!(reply.failure().code, "INTERNAL");
    assert_eq!(reply.failure().message, "Something went wrong on our side.");
    assert_eq!(reply.json["data"], Value::Null);
    app.abandon().await;
}
