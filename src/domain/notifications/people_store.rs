//! Finds who is to be told, what they are called and what they want, in one statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    ids::{TenantId, UserId},
    membership::{self, TenantRole},
    notification::NotificationKind,
    notification_preference::{self as preference, NotificationChannel},
    tenant, user,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait, QueryResult,
    sea_query::{Expr, IntoCondition, JoinType, LockType, Query, SelectStatement, UnionType},
};

use super::map::{Hearer, Notice};
use crate::error::Result;

/// Who is looked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// By name, whether or not they are in the tenant.
    named: BTreeMap<Option<TenantId>, BTreeSet<UserId>>,
    /// Members of the tenants, by name.
    members: BTreeSet<(TenantId, UserId)>,
    /// The tenants whose owners and admins are looked for.
    managed: BTreeSet<TenantId>,
    kinds: BTreeSet<NotificationKind>,
}

impl Asked {
    /// Whoever these notices may concern, and whose names they need.
    pub(super) fn of(notices: &[Notice]) -> Self {
        let mut asked = Self::default();
        for notice in notices {
            asked.kinds.insert(notice.kind);
            if let Some(user) = notice.says.about() {
                asked.named.entry(notice.tenant).or_default().insert(user);
            }
            for hearer in &notice.to {
                match (hearer, notice.tenant) {
                    (Hearer::Person(user), tenant) => {
                        asked.named.entry(tenant).or_default().insert(*user);
                    }
                    (Hearer::Member(user), Some(tenant)) => {
                        asked.members.insert((tenant, *user));
                    }
                    (Hearer::Managers, Some(tenant)) => {
                        asked.managed.insert(tenant);
                    }
                    (Hearer::Member(_) | Hearer::Managers, None) => {}
                }
            }
        }
        asked
    }
}

/// A person, as far as they are told something.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub full_name: String,
    pub is_active: bool,
    /// What they are in the tenant.
    pub role: Option<TenantRole>,
    /// What they chose.
    pub choices: HashMap<(NotificationKind, NotificationChannel), bool>,
}

impl Named {
    pub(super) fn manages(&self) -> bool {
        matches!(self.role, Some(TenantRole::Owner | TenantRole::Admin))
    }
}

/// Those who were found.
#[derive(Debug, Default)]
pub(super) struct People {
    tenants: HashMap<TenantId, String>,
    people: BTreeMap<(Option<TenantId>, UserId), Named>,
}

impl People {
    /// What a tenant is called.
    pub(super) fn tenant(&self, id: TenantId) -> Option<&str> {
        self.tenants.get(&id).map(String::as_str)
    }

    /// What a person is called.
    pub(super) fn name(&self, user: UserId) -> Option<&str> {
        let mut people = self.people.iter();
        let found = people.find(|((_, id), _)| *id == user);
        found.map(|(_, person)| person.full_name.as_str())
    }

    /// Those who were looked for in a tenant, or in none.
    pub(super) fn of(&self, tenant: Option<TenantId>) -> impl Iterator<Item = (UserId, &Named)> {
        let within = self.people.iter().filter(move |((of, _), _)| *of == tenant);
        within.map(|((_, user), person)| (*user, person))
    }

    fn add(&mut self, row: &QueryResult) -> Result<(), DbErr> {
        let tenant: Option<TenantId> = row.try_get_by_index(0)?;
        let tenant_name: Option<String> = row.try_get_by_index(1)?;
        if let (Some(id), Some(name)) = (tenant, tenant_name) {
            self.tenants.insert(id, name);
        }
        let user: UserId = row.try_get_by_index(2)?;
        let (full_name, is_active) = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
        let role: Option<TenantRole> = row.try_get_by_index(5)?;
        let person = self.people.entry((tenant, user)).or_insert(Named {
            full_name,
            is_active,
            role: None,
            choices: HashMap::new(),
        });
        // Somebody may be found by name and as a member.
        person.role = person.role.or(role);
        let kind: Option<NotificationKind> = row.try_get_by_index(6)?;
        if let Some(kind) = kind {
            let choice = (kind, row.try_get_by_index(7)?);
            person.choices.insert(choice, row.try_get_by_index(8)?);
        }
        Ok(())
    }
}

/// Finds them. Their accounts are held, so that none is deleted before its notification is written.
pub(super) async fn find(db: &impl ConnectionTrait, asked: &Asked) -> Result<People> {
    let mut people = People::default();
    for row in db.query_all(&question(asked)).await? {
        people.add(&row)?;
    }
    Ok(people)
}

const WHO: &str = "who";

fn question(asked: &Asked) -> SelectStatement {
    let mut parts = Vec::new();
    if !asked.managed.is_empty() || !asked.members.is_empty() {
        parts.push(members(asked));
    }
    parts.extend(
        asked
            .named
            .iter()
            .map(|(tenant, users)| named(*tenant, users)),
    );
    let mut parts = parts.into_iter();
    let mut who = parts.next().unwrap_or_default();
    for part in parts {
        who.union(UnionType::All, part);
    }
    let user = |column| (user::Entity, column);
    let chosen = |column| (preference::Entity, column);
    let kinds: Vec<_> = asked.kinds.iter().copied().collect();
    Query::select()
        .column((WHO, TENANT))
        .column((tenant::Entity, tenant::Column::Name))
        .column(user(user::Column::Id))
        .column(user(user::Column::FullName))
        .column(user(user::Column::IsActive))
        .column((WHO, ROLE))
        .column(chosen(preference::Column::Kind))
        .column(chosen(preference::Column::Channel))
        .column(chosen(preference::Column::Enabled))
        .from_subquery(who, WHO)
        .inner_join(
            user::Entity,
            Expr::col(user(user::Column::Id)).equals((WHO, USER)),
        )
        .left_join(
            tenant::Entity,
            Expr::col((tenant::Entity, tenant::Column::Id)).equals((WHO, TENANT)),
        )
        .join(
            JoinType::LeftJoin,
            preference::Entity,
            Expr::col(chosen(preference::Column::UserId))
                .equals(user(user::Column::Id))
                .and(preference::Column::Kind.is_in(kinds))
                .into_condition(),
        )
        .lock_with_tables(LockType::KeyShare, [user::Entity])
        .to_owned()
}

const TENANT: &str = "tenant_id";
const USER: &str = "user_id";
const ROLE: &str = "role";

/// Those who are in the tenants: their owners and admins, and whoever is named.
fn members(asked: &Asked) -> SelectStatement {
    use membership::Column::{Role, TenantId, UserId};
    let managed = TenantId
        .is_in(asked.managed.iter().copied())
        .and(Role.is_in([TenantRole::Owner, TenantRole::Admin]));
    let mut any = Condition::any().add(managed);
    for (tenant, user) in &asked.members {
        any = any.add(TenantId.eq(*tenant).and(UserId.eq(*user)));
    }
    Query::select()
        .columns([TenantId, UserId, Role])
        .from(membership::Entity)
        .cond_where(any)
        .to_owned()
}

/// People by their ids, beside a tenant or none.
fn named(tenant: Option<TenantId>, users: &BTreeSet<UserId>) -> SelectStatement {
    let id = || Expr::col((user::Entity, user::Column::Id));
    Query::select()
        .expr_as(Expr::value(tenant), TENANT)
        .expr_as(id(), USER)
        .expr_as(Expr::value(None::<String>), ROLE)
        .from(user::Entity)
        .and_where(id().is_in(users.iter().copied()))
        .to_owned()
}
