//! Reading single resources: by id, by version, history, and what was current
//! at an instant.
//!
//! Versions are immutable, so the newest one without `cx` is the visible one,
//! and one query finds it. With `cx` its commit's record decides; hidden, the
//! next older one is visible: nothing else can hide between, because a version
//! is only ever staged as the visible one plus one.

use std::collections::HashMap;

use crate::cell::{Cell as StoredCell, Lock};
use crate::codec;
use crate::commit_record::Fate;
use crate::environment::Environment;
use crate::error::ReadError;
use crate::ids::{Home, Where};
use crate::keys;
use crate::reading::{Cell, CellRef};
use crate::record::Record;
use crate::table::{Item, Key, Query, Range, Table, TableResult, Value};
use crate::uniqueness::{Owner, Uniqueness};
use crate::version::{Head, Version};

impl<T: Table, E: Environment> Record<T, E> {
    /// The visible version of a resource: 1 round trip, or 2 when only the
    /// locator knows its home. A deletion is a version too.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read(&self, resource_type: &str, id: &str) -> Result<Option<Version>, ReadError> {
        Ok(self.history(resource_type, id, None, 1).await?.pop())
    }

    /// [`Self::read`] when the home is known: 1 round trip.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_at(
        &self,
        home: &Home,
        resource_type: &str,
        id: &str,
    ) -> Result<Option<Version>, ReadError> {
        Ok(self.history_at(home, resource_type, id, None, 1).await?.pop())
    }

    /// One version of a resource, when it is visible.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn vread(
        &self,
        resource_type: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<Version>, ReadError> {
        let Some(home) = self.locate(resource_type, id).await? else { return Ok(None) };
        self.vread_at(&home, resource_type, id, version).await
    }

    /// [`Self::vread`] when the home is known.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn vread_at(
        &self,
        home: &Home,
        resource_type: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<Version>, ReadError> {
        let bodies = home.body_partition(resource_type, id, self.settings.body_partitions);
        let key = keys::version(&bodies, resource_type, id, version);
        let Some(item) = self.get(&key).await? else { return Ok(None) };
        if let Some(commit) = item.str("cx")
            && !self.is_committed(commit).await?
        {
            // Its commit may have been finished, and forgotten, between the
            // two reads; then the mark is gone.
            match self.get(&key).await? {
                Some(again) if again.str("cx").is_none() => {
                    return Ok(self.versions(resource_type, id, vec![(key, again)]).await?.pop());
                }
                _ => return Ok(None),
            }
        }
        Ok(self.versions(resource_type, id, vec![(key, item)]).await?.pop())
    }

    /// Visible versions, newest first, at most `limit`, older than
    /// `before_version` when given.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn history(
        &self,
        resource_type: &str,
        id: &str,
        before_version: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Version>, ReadError> {
        let Some(home) = self.locate(resource_type, id).await? else { return Ok(Vec::new()) };
        self.history_at(&home, resource_type, id, before_version, limit).await
    }

    /// [`Self::history`] when the home is known.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn history_at(
        &self,
        home: &Home,
        resource_type: &str,
        id: &str,
        before_version: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Version>, ReadError> {
        let place = (home, resource_type, id);
        let items = self.visible(place, before_version, limit).await?;
        self.versions(resource_type, id, items).await
    }

    /// The version that was current at `instant_ms`, by its last update;
    /// absent when the resource did not exist yet. No round trip when it is
    /// the cell's own.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn as_of(&self, cell: &Cell, instant_ms: i64) -> Result<Option<CellRef>, ReadError> {
        let reference = |version| CellRef { version, ..cell.reference() };
        if cell.last_updated_ms <= instant_ms {
            return Ok(Some(reference(cell.version)));
        }
        let mut before = cell.version;
        while before > 1 {
            let place = (&cell.home, cell.resource_type.as_str(), cell.id.as_str());
            let items = self.visible(place, Some(before), 8).await?;
            before = 0;
            for (key, item) in items {
                let head = Head::parse(&key.sk, &item).ok_or_else(|| corrupt("version"))?;
                if head.last_updated_ms <= instant_ms {
                    return Ok(Some(reference(head.version)));
                }
                before = head.version;
            }
        }
        Ok(None)
    }

    /// The home of a resource: told by its id, or by its locator (1 round
    /// trip). Absent when there is no locator.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn locate(&self, resource_type: &str, id: &str) -> Result<Option<Home>, ReadError> {
        match self.home_of(resource_type, id) {
            Where::Home(home) => Ok(Some(home)),
            Where::Locator => match self.value_of(&keys::locator(resource_type, id)).await? {
                None => Ok(None),
                Some(Value::S(text)) => {
                    Home::parse(&text).map(Some).ok_or_else(|| corrupt("locator"))
                }
                Some(_) => Err(corrupt("locator")),
            },
        }
    }

    /// The generation of a guard's key: 0 when nothing ever touched it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn generation(&self, key: &str) -> Result<i64, ReadError> {
        Ok(self.uniqueness(key).await?.generation)
    }

    /// Who owns a claim's key ([`keys::claim_key`]), and when.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn owners(&self, key: &str) -> Result<Vec<Owner>, ReadError> {
        Ok(self.uniqueness(key).await?.owners)
    }

    /// [`Self::generation`] and [`Self::owners`] at once.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn generation_and_owners(&self, key: &str) -> Result<(i64, Vec<Owner>), ReadError> {
        let cell = self.uniqueness(key).await?;
        Ok((cell.generation, cell.owners))
    }

    async fn uniqueness(&self, key: &str) -> Result<Uniqueness, ReadError> {
        let value = self.value_of(&keys::uniqueness(key)).await?;
        Uniqueness::parse(value.as_ref()).ok_or_else(|| corrupt("claim"))
    }

    /// The visible value of one cell.
    async fn value_of(&self, key: &Key) -> Result<Option<Value>, ReadError> {
        let cell = StoredCell::parse(self.get(key).await?.as_ref());
        match cell.lock {
            Some(Lock { commit, next }) if self.is_committed(&commit).await? => Ok(Some(next)),
            _ => Ok(cell.value),
        }
    }

    async fn is_committed(&self, commit: &str) -> TableResult<bool> {
        let fates = self.fates(&[commit.to_owned()]).await?;
        Ok(fates.get(commit) == Some(&Fate::Committed))
    }

    /// V items of the visible versions, newest first.
    async fn visible(
        &self,
        (home, resource_type, id): (&Home, &str, &str),
        before_version: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(Key, Item)>, ReadError> {
        let pk = home.body_partition(resource_type, id, self.settings.body_partitions);
        let range = match before_version {
            None => Range::Prefix(keys::versions_prefix(resource_type, id)),
            Some(0 | 1) => return Ok(Vec::new()),
            Some(before) => Range::Between(
                keys::version(&pk, resource_type, id, 0).sk,
                keys::version(&pk, resource_type, id, before - 1).sk,
            ),
        };
        let limit = limit.max(1);
        let mut asked = limit;
        for _ in 0..4 {
            let items = self.newest(&pk, range.clone(), asked).await?;
            let full = items.len() >= asked as usize;
            let (mut shown, hidden) = self.without_hidden(&pk, items).await?;
            if hidden == 0 || (shown.len() >= limit as usize) || (!full && asked > limit) {
                shown.truncate(limit as usize);
                return Ok(shown);
            }
            // At most one can be hidden: ask for one more, newly, because what
            // was hidden may be finished by now.
            asked = limit.saturating_add(1);
        }
        Err(ReadError::Contended)
    }

    async fn newest(
        &self,
        pk: &str,
        range: Range,
        limit: u32,
    ) -> Result<Vec<(String, Item)>, ReadError> {
        let mut query =
            Query { pk: pk.to_owned(), range, descending: true, limit: Some(limit), after: None };
        let mut items = Vec::new();
        loop {
            let page = self.query(&query).await?;
            items.extend(page.items);
            let enough = items.len() >= limit as usize;
            match page.after.filter(|_| !enough) {
                Some(after) => query.after = Some(after),
                None => return Ok(items),
            }
        }
    }

    async fn without_hidden(
        &self,
        pk: &str,
        items: Vec<(String, Item)>,
    ) -> Result<(Vec<(Key, Item)>, usize), ReadError> {
        let mut open: Vec<String> =
            items.iter().filter_map(|(_, item)| item.str("cx").map(str::to_owned)).collect();
        open.dedup();
        let fates = self.fates(&open).await?;
        let all = items.len();
        let shown: Vec<(Key, Item)> = items
            .into_iter()
            .filter(|(_, item)| shows(item, &fates))
            .map(|(sk, item)| (Key::new(pk, sk), item))
            .collect();
        let hidden = all - shown.len();
        Ok((shown, hidden))
    }

    /// Versions from their items, pieces fetched in one wave.
    pub(crate) async fn versions(
        &self,
        resource_type: &str,
        id: &str,
        items: Vec<(Key, Item)>,
    ) -> Result<Vec<Version>, ReadError> {
        let named: Vec<_> = items
            .into_iter()
            .map(|(key, item)| (resource_type.to_owned(), id.to_owned(), key, item))
            .collect();
        self.versions_of(named).await
    }

    pub(crate) async fn versions_of(
        &self,
        items: Vec<(String, String, Key, Item)>,
    ) -> Result<Vec<Version>, ReadError> {
        let mut heads = Vec::with_capacity(items.len());
        let mut pieces = Vec::new();
        for (resource_type, id, key, item) in &items {
            let head = Head::parse(&key.sk, item).ok_or_else(|| corrupt("version"))?;
            let resource = format!("{resource_type}#{id}");
            let piece = |index| keys::piece(&key.pk, &head.commit, &resource, index);
            pieces.extend((0..head.pieces).map(piece));
            heads.push(head);
        }
        let mut pieces = self.get_many(&pieces).await?.into_iter();
        let mut versions = Vec::with_capacity(items.len());
        for (head, (resource_type, id, _, item)) in heads.into_iter().zip(items) {
            let packed: Option<Vec<u8>> = match head.pieces {
                0 => item.bytes("b").map(<[u8]>::to_vec),
                count => Some(join(pieces.by_ref().take(count))?),
            };
            let body = packed.map(|packed| text(&packed)).transpose()?;
            if body.is_none() && !head.deleted {
                return Err(corrupt("version without a body"));
            }
            versions.push(Version {
                resource_type,
                id,
                version: head.version,
                last_updated_ms: head.last_updated_ms,
                deleted: head.deleted,
                body,
                commit: head.commit,
            });
        }
        Ok(versions)
    }
}

fn shows(item: &Item, fates: &HashMap<String, Fate>) -> bool {
    item.str("cx").is_none_or(|commit| fates.get(commit) == Some(&Fate::Committed))
}

fn join(pieces: impl Iterator<Item = Option<Item>>) -> Result<Vec<u8>, ReadError> {
    let mut packed = Vec::new();
    for piece in pieces {
        let piece = piece.ok_or_else(|| corrupt("piece of a body"))?;
        packed.extend_from_slice(piece.bytes("b").ok_or_else(|| corrupt("piece of a body"))?);
    }
    Ok(packed)
}

fn text(packed: &[u8]) -> Result<String, ReadError> {
    let bytes = codec::unpack(packed).map_err(|_| corrupt("body"))?;
    String::from_utf8(bytes).map_err(|_| corrupt("body"))
}

fn corrupt(what: &str) -> ReadError {
    ReadError::Corrupt(what.to_owned())
}
