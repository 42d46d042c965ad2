//! Writes: each one request, never `BatchWriteItem`, which has no conditions.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use chart::table::{Action, Item, Key, TableError, TableResult, Write};
use futures::stream::{FuturesUnordered, StreamExt as _};

use super::failure;
use super::table::SdkTable;
use super::values::{Placeholders, item_attributes, key_attributes};
use crate::expression;

/// So that a failed condition tells what it found.
const OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl SdkTable {
    pub(super) async fn write_one(&self, write: Write) -> TableResult<()> {
        if write.action == Action::Check {
            return Err(TableError::Rejected("a check is part of a transaction only".to_owned()));
        }
        let condition = Placeholders::from(expression::condition(&write.condition));
        match write.action {
            Action::Put(item) => self.put(&write.key, item, condition).await,
            Action::Delete | Action::Check => self.delete(&write.key, condition).await,
        }
    }

    async fn put(&self, key: &Key, item: Item, condition: Placeholders) -> TableResult<()> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item_attributes(key, item)))
            .set_condition_expression(condition.text)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(OLD);
        let result = call.send().await;
        result.map(drop).map_err(|error| match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                failure::of_condition(failed.item())
            }
            _ => failure::of_call(error),
        })
    }

    async fn delete(&self, key: &Key, condition: Placeholders) -> TableResult<()> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key_attributes(key)))
            .set_condition_expression(condition.text)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(OLD);
        let result = call.send().await;
        result.map(drop).map_err(|error| match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                failure::of_condition(failed.item())
            }
            _ => failure::of_call(error),
        })
    }

    pub(super) async fn write_many(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        let never = || Err(TableError::Unavailable("the write was not made".to_owned()));
        let mut results: Vec<TableResult<()>> = writes.iter().map(|_| never()).collect();
        let mut waiting = writes.into_iter().enumerate();
        let numbered =
            |(index, write): (usize, Write)| async move { (index, self.write_one(write).await) };
        let mut under_way: FuturesUnordered<_> =
            waiting.by_ref().take(self.writes_at_once).map(numbered).collect();
        while let Some((index, result)) = under_way.next().await {
            if let Some(place) = results.get_mut(index) {
                *place = result;
            }
            under_way.extend(waiting.next().map(numbered));
        }
        results
    }

    pub(super) async fn transact_writes(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        let items = writes
            .into_iter()
            .map(|write| self.transact_item(write))
            .collect::<TableResult<Vec<_>>>()?;
        let call = self
            .client
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(items));
        let result = call.send().await;
        result.map(drop).map_err(|error| match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                failure::of_cancellation(cancelled.cancellation_reasons())
            }
            _ => failure::of_call(error),
        })
    }

    fn transact_item(&self, write: Write) -> TableResult<TransactWriteItem> {
        let Write { key, action, condition } = write;
        let expression = expression::condition(&condition);
        let whole = TransactWriteItem::builder();
        let whole = match action {
            Action::Put(item) => {
                let condition = Placeholders::from(expression);
                let put = Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(item_attributes(&key, item)))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .return_values_on_condition_check_failure(OLD);
                whole.put(put.build().map_err(incomplete)?)
            }
            Action::Delete => {
                let condition = Placeholders::from(expression);
                let delete = Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(key_attributes(&key)))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .return_values_on_condition_check_failure(OLD);
                whole.delete(delete.build().map_err(incomplete)?)
            }
            Action::Check => {
                let condition =
                    Placeholders::from(Some(expression.unwrap_or_else(expression::tautology)));
                let check = ConditionCheck::builder()
                    .table_name(&self.name)
                    .set_key(Some(key_attributes(&key)))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .return_values_on_condition_check_failure(OLD);
                whole.condition_check(check.build().map_err(incomplete)?)
            }
        };
        Ok(whole.build())
    }
}

fn incomplete(error: impl std::fmt::Display) -> TableError {
    TableError::Rejected(error.to_string())
}
