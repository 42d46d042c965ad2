//! Reads: strongly consistent, each one round trip.

use aws_sdk_dynamodb::types::KeysAndAttributes;
use chart::table::{Item, Key, Query, QueryPage, TableError, TableResult};
use futures::future::try_join_all;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::table::SdkTable;
use super::values::{Placeholders, from_attributes, key_attributes};
use super::{UNPROCESSED_TRIES_MAX, failure};
use crate::expression::key_condition;
use crate::limits::BATCH_GET_KEYS_MAX;

/// First pause before keys left unread are asked for again; doubled each time.
const UNPROCESSED_PAUSE: Duration = Duration::from_millis(10);

impl SdkTable {
    /// One page of the whole table, strongly consistent, at most 1 MB, and where
    /// the next one begins: for a copy. Whatever was written before the first
    /// page was asked for is in one of the pages; of what is written meanwhile,
    /// some is.
    ///
    /// # Errors
    /// As [`chart::table::Table`]; nothing is repeated.
    pub async fn scan_page(
        &self,
        after: Option<&Key>,
    ) -> TableResult<(Vec<(Key, Item)>, Option<Key>)> {
        let call = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .set_exclusive_start_key(after.map(key_attributes));
        let output = call.send().await.map_err(failure::of_call)?;
        let items = output.items.unwrap_or_default().into_iter().map(from_attributes);
        let items = items.collect::<TableResult<_>>()?;
        let last = output.last_evaluated_key.map(from_attributes).transpose()?;
        Ok((items, last.map(|(key, _)| key)))
    }

    pub(super) async fn get_item(&self, key: &Key) -> TableResult<Option<Item>> {
        let call = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_attributes(key)))
            .consistent_read(true);
        let output = call.send().await.map_err(failure::of_call)?;
        output.item.map(|item| Ok(from_attributes(item)?.1)).transpose()
    }

    pub(super) async fn get_items(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        // A batch may not name a key twice.
        let mut seen = HashSet::with_capacity(keys.len());
        let distinct: Vec<&Key> = keys.iter().filter(|key| seen.insert(*key)).collect();
        let parts: Vec<Vec<&Key>> =
            distinct.chunks(BATCH_GET_KEYS_MAX).map(<[&Key]>::to_vec).collect();
        let mut found = HashMap::with_capacity(distinct.len());
        for part in try_join_all(parts.into_iter().map(|part| self.get_part(part))).await? {
            found.extend(part);
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    /// At most 100 keys.
    async fn get_part(&self, keys: Vec<&Key>) -> TableResult<Vec<(Key, Item)>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut asked = Some(keys.into_iter().map(key_attributes).collect::<Vec<_>>());
        for attempt in 0..UNPROCESSED_TRIES_MAX {
            let Some(keys) = asked.take() else { return Ok(found) };
            if attempt > 0 {
                self.pause(UNPROCESSED_PAUSE.saturating_mul(1 << (attempt - 1))).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|error| TableError::Rejected(error.to_string()))?;
            let call = self.client.batch_get_item().request_items(&self.name, request);
            let output = call.send().await.map_err(failure::of_call)?;
            let items = output.responses.and_then(|mut tables| tables.remove(&self.name));
            for item in items.unwrap_or_default() {
                found.push(from_attributes(item)?);
            }
            asked = output
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&self.name))
                .map(|unread| unread.keys)
                .filter(|keys| !keys.is_empty());
        }
        if asked.is_some() { Err(TableError::Throttled) } else { Ok(found) }
    }

    pub(super) async fn query_page(&self, query: &Query) -> TableResult<QueryPage> {
        let condition = Placeholders::from(Some(key_condition(query)));
        let after = query.after.as_ref().map(|sk| key_attributes(&Key::new(&query.pk, sk)));
        let limit = query.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        let call = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .set_key_condition_expression(condition.text)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .scan_index_forward(!query.descending)
            .set_limit(limit)
            .set_exclusive_start_key(after);
        let output = call.send().await.map_err(failure::of_call)?;
        let mut page = QueryPage::default();
        for attributes in output.items.unwrap_or_default() {
            let (key, item) = from_attributes(attributes)?;
            page.items.push((key.sk, item));
        }
        if let Some(last) = output.last_evaluated_key {
            page.after = Some(from_attributes(last)?.0.sk);
        }
        Ok(page)
    }
}
