//! Records of Bulk Data export (`dossier:record/exports`).

/// What is exported (`level`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportLevel {
    /// Everything.
    System,
    /// The charts of all people.
    Patient,
    /// The charts of the members of this Group.
    Group(String),
}

/// What was asked (`request`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// Of whom.
    pub level: ExportLevel,
    /// The request as asked, for the manifest.
    pub url: String,
    /// `_type`; all that the caller may export when empty.
    pub resource_types: Vec<String>,
    /// `_since`, milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// `_typeFilter`: type and search; several of a type are alternatives.
    pub filters: Vec<(String, String)>,
    /// `patient`: only these people; all of the level when empty.
    pub patients: Vec<String>,
    /// `_elements` as asked.
    pub elements: Option<String>,
}

/// One file (`output`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportOutput {
    /// What is in it.
    pub resource_type: String,
    /// How many resources.
    pub count: u32,
}

/// How far a job is (`progress`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportProgress {
    /// The request as asked.
    pub url: String,
    /// `_elements` as asked.
    pub elements: Option<String>,
    /// The instant as of which everything is exported.
    pub transaction_ms: i64,
    /// When the job is forgotten.
    pub expires_ms: i64,
    /// Whether every file is known.
    pub done: bool,
    /// Charts and registry shards looked through.
    pub places: u32,
    /// The files, once done.
    pub outputs: Vec<ExportOutput>,
}
