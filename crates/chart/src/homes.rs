//! Cells of several homes at once, with as little copying as they allow: what a
//! search reads.

use std::collections::HashSet;

use futures::future::try_join_all;

use crate::cell::Cell as StoredCell;
use crate::environment::Environment;
use crate::error::ReadError;
use crate::ids::Home;
use crate::keys;
use crate::reading::{Cell, Place, Reading, place_of};
use crate::record::Record;
use crate::request::Row;
use crate::table::{Condition, Item, Query, Range, Table, Value, Write};

/// Which cells of a home are read.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Only these types; all when empty.
    pub resource_types: &'a [&'a str],
    /// Also those of resources that live elsewhere and point here.
    pub pointers: bool,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// The cells of several homes, deletions included, in the order of `homes`
    /// and, within each, of type and id; then, once each, those that live
    /// elsewhere and point to one of them. All homes are asked side by side, so
    /// the caller bounds their number.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn cells_of(
        &self,
        reading: &mut Reading,
        homes: &[Home],
        shown: Shown<'_>,
    ) -> Result<Vec<Cell>, ReadError> {
        let every = [None];
        let named: Vec<Option<&str>> = shown.resource_types.iter().copied().map(Some).collect();
        let types: &[Option<&str>] = if named.is_empty() { &every } else { &named };
        let ranges = homes.iter().flat_map(|home| types.iter().map(move |name| (home, *name)));
        let items = try_join_all(ranges.map(|(home, name)| self.cell_items(home, name))).await?;
        let mut cells = Vec::with_capacity(items.iter().map(|(_, items)| items.len()).sum());
        let mut elsewhere = Vec::new();
        let mut pointed = HashSet::new();
        // What is neither locked nor freshly folded needs no decision.
        let mut undecided: Vec<(usize, Place, StoredCell)> = Vec::new();
        for (home, items) in items {
            for (sk, item) in items {
                let Some((place, pointer)) = place_of(home, &sk, &item) else {
                    return Err(ReadError::Corrupt("key of a cell".into()));
                };
                if pointer {
                    if shown.pointers && !homes.contains(&place.home) && pointed.insert(sk) {
                        elsewhere.push(place);
                    }
                } else if item.get("lx").is_none()
                    && item.get("val").is_some()
                    && reading.is_past(item.num("f"))
                {
                    cells.push(Some(plain(place, item)?));
                } else {
                    undecided.push((cells.len(), place, StoredCell::parse(Some(&item))));
                    cells.push(None);
                }
            }
        }
        let (at, stored): (Vec<usize>, Vec<(Place, StoredCell)>) =
            undecided.into_iter().map(|(at, place, cell)| (at, (place, cell))).unzip();
        for (at, cell) in at.into_iter().zip(self.shown_each(reading, stored).await?) {
            if let Some(held) = cells.get_mut(at) {
                *held = cell;
            }
        }
        let mut cells: Vec<Cell> = cells.into_iter().flatten().collect();
        if !elsewhere.is_empty() {
            cells.extend(self.cells_at_in(reading, &elsewhere).await?.into_iter().flatten());
        }
        Ok(cells)
    }

    /// Makes sure that a hint row is there, apart from any commit: one round trip
    /// when it is, two when it is not.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn ensure_row(&self, row: Row) -> Result<(), ReadError> {
        if self.get(&row.key).await?.is_some() {
            return Ok(());
        }
        Ok(self.settle_each(vec![Write::put(row.key, row.item, Condition::Always)]).await?)
    }

    async fn cell_items<'h>(
        &self,
        home: &'h Home,
        resource_type: Option<&str>,
    ) -> Result<(&'h Home, Vec<(String, Item)>), ReadError> {
        let range = Range::Prefix(keys::cells_prefix(resource_type));
        let pk = home.partition();
        let mut query = Query { pk, range, descending: false, limit: None, after: None };
        let mut found = Vec::new();
        loop {
            let page = self.query(&query).await?;
            if found.is_empty() {
                found = page.items;
            } else {
                found.extend(page.items);
            }
            match page.after {
                Some(after) => query.after = Some(after),
                None => return Ok((home, found)),
            }
        }
    }
}

/// The cell in an item that no commit holds, by moving what is in it.
fn plain(place: Place, mut item: Item) -> Result<Cell, ReadError> {
    let corrupt = || ReadError::Corrupt("resource cell".into());
    let at = item.0.iter().position(|(name, _)| name == "val").ok_or_else(corrupt)?;
    let Value::L(parts) = item.0.swap_remove(at).1 else { return Err(corrupt()) };
    let mut parts = parts.into_iter();
    let mut next = || parts.next();
    let (
        Some(Value::N(version)),
        Some(Value::N(deleted)),
        Some(Value::N(at)),
        Some(Value::B(tokens)),
    ) = (next(), next(), next(), next())
    else {
        return Err(corrupt());
    };
    Ok(Cell {
        home: place.home,
        resource_type: place.resource_type,
        id: place.id,
        version: u64::try_from(version).map_err(|_| corrupt())?,
        deleted: deleted != 0,
        last_updated_ms: at,
        tokens,
    })
}
