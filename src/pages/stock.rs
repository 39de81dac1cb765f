//! The playground of a build without `web/dist`: GraphiQL as the library brings it. Loads its scripts
//! from the internet.

use async_graphql::http::GraphiQLSource;

/// What the library's page leaves out: the header editor opens with a place for the token, and the
/// first tab explains itself.
const START: &str = r#"defaultEditorToolsVisibility: "headers",
          defaultHeaders: '{\n  "Authorization": "Bearer "\n}',
          shouldPersistHeaders: false,
          defaultQuery: `"#;

/// The first operations a newcomer needs.
const FIRST_STEPS: &str = "# ERPMax: sign up or sign in, then paste the access token behind
# \"Bearer \" in the Headers tab below and ask who you are, or listen.
# The book on the left describes every type, field and error.

mutation SignUp {
  register(input: {
    email: \"ann@example.com\"
    password: \"correct horse battery\"
    companyName: \"Acme\"
  }) {
    tokens { accessToken refreshToken expiresIn }
    viewer { id currentTenant { id name } }
  }
}

query Me {
  viewer {
    email
    currentTenant {
      name
      viewerRole
      subscription { status daysLeft plan { name } }
      members { totalCount nodes { role user { email } } }
    }
  }
}

subscription Jobs {
  provisioning {
    __typename
    ... on ProvisioningStatusUpdate { jobId status progress message }
    ... on ProvisioningCompleted { jobId siteUrl }
    ... on ProvisioningFailed { jobId error }
  }
}
";

/// The page of a service that begins at `base`.
pub fn page(base: &str) -> String {
    let endpoint = format!("{base}graphql");
    let page = GraphiQLSource::build()
        .endpoint(&endpoint)
        .subscription_endpoint(&endpoint)
        .title("ERPMax GraphQL")
        .finish();
    let start = format!("{START}{FIRST_STEPS}`,");
    page.replace("defaultEditorToolsVisibility: true,", &start)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_opens_with_first_steps() {
        let page = super::page("/erp/");
        assert!(page.contains("createUrl('/erp/graphql')"), "{page}");
        assert!(
            page.contains("subscriptionUrl: createUrl('/erp/graphql', true)"),
            "{page}"
        );
        assert!(
            page.contains("defaultHeaders") && page.contains("mutation SignUp"),
            "{page}"
        );
        assert!(page.contains("subscription Jobs {"), "{page}");
    }
}
