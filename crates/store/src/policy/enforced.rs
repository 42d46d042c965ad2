//! A table behind a policy: whatever the policy does not allow is refused before
//! the table hears of it, as DynamoDB refuses it.

use std::sync::Arc;

use chart::table::{Action, Item, Key, Query, QueryPage, Table, TableError, TableResult, Write};

use super::{Asked, Decision, Policy};
use crate::definition::TableKind;

/// In whose name a table is asked.
pub trait Acting: Send + Sync {
    /// The policy of whoever asks now; `None` where nobody is known, who may
    /// nothing.
    fn policy(&self) -> Option<Arc<Policy>>;

    /// Hears of each decision.
    fn decided(&self, asked: &Asked<'_>, decision: Decision<'_>);
}

/// A table that obeys policies.
#[derive(Clone, Debug)]
pub struct Enforced<T, A> {
    inner: T,
    acting: A,
    resource: Arc<str>,
}

impl<T, A> Enforced<T, A> {
    /// Puts policies before a table, whose ARN has the table's name without a
    /// prefix, in a region and an account of no meaning.
    pub fn new(inner: T, kind: TableKind, acting: A) -> Self {
        let name = kind.base_name();
        let resource = format!("arn:aws:dynamodb:ca-central-1:000000000000:table/{name}");
        Self { inner, acting, resource: resource.into() }
    }

    /// The table behind.
    pub fn inner(&self) -> &T {
        &self.inner
    }
}

impl<T, A: Acting> Enforced<T, A> {
    fn check(&self, action: &'static str, leading_keys: Vec<&str>) -> TableResult<()> {
        let asked = Asked { action, resource: &self.resource, leading_keys };
        let policy = self.acting.policy();
        let decision = policy.as_ref().map_or(Decision::Unmentioned, |held| held.decide(&asked));
        self.acting.decided(&asked, decision);
        match decision {
            Decision::Allowed(_) => Ok(()),
            // Keys hold ids: the action is all that may be told.
            _ => Err(TableError::Denied(format!("{action} is not allowed to this role"))),
        }
    }

    fn check_write(&self, write: &Write) -> TableResult<()> {
        let action = match write.action {
            Action::Put(_) => "dynamodb:PutItem",
            Action::Delete => "dynamodb:DeleteItem",
            Action::Check => "dynamodb:ConditionCheckItem",
        };
        self.check(action, vec![&write.key.pk])
    }
}

impl<T: Table, A: Acting> Table for Enforced<T, A> {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.check("dynamodb:GetItem", vec![&key.pk])?;
        self.inner.get(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        let mut named: Vec<&str> = keys.iter().map(|key| key.pk.as_str()).collect();
        named.dedup();
        // Of nothing nothing is asked.
        if !named.is_empty() {
            self.check("dynamodb:BatchGetItem", named)?;
        }
        self.inner.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.check("dynamodb:Query", vec![&query.pk])?;
        self.inner.query(query).await
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        self.check_write(&write)?;
        self.inner.write(write).await
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        let checked: Vec<TableResult<()>> =
            writes.iter().map(|write| self.check_write(write)).collect();
        let allowed = writes.into_iter().zip(&checked).filter(|(_, checked)| checked.is_ok());
        let allowed: Vec<Write> = allowed.map(|(write, _)| write).collect();
        let mut done = self.inner.write_each(allowed).await.into_iter();
        let lost = || Err(TableError::Unavailable("the write was not answered".to_owned()));
        checked
            .into_iter()
            .map(|checked| checked.and_then(|()| done.next().unwrap_or_else(lost)))
            .collect()
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        for write in &writes {
            self.check_write(write)?;
        }
        self.inner.transact(token, writes).await
    }
}
