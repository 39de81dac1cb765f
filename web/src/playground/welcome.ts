// The first tab of somebody who has never been here.

export const WELCOME = `# Welcome to ERPMax. Sign in at the top right.
#
# On the left: the reference of every type and field,
# an explorer that builds operations, examples for the
# screens of a frontend, and what you ran before.
#
# Ctrl-Space completes, Ctrl-Enter runs.

query Me {
  viewer {
    email
    fullName
    currentTenant {
      name
      viewerRole
      subscription { status daysLeft plan { name } }
      members {
        totalCount
        nodes { role user { email } }
      }
    }
  }
}
`;
