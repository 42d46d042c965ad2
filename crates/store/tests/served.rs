//! The SDK against the embedded store's own protocol, over a small HTTP server
//! on loopback, through the conformance suite; and both sides of the same file.
#![cfg(all(feature = "embedded", feature = "sdk-native"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use chart::table::{Condition, Item, Key, Table, Value, Write};
use store::conformance;
use store::embedded::{Embedded, serve};
use store::sdk::{
    Client, ClientSettings, Credentials, SdkTable, SharedTimeSource, check_tables, client,
    create_tables, native_http_client, native_sleep,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// HTTP/1.1 as much as the SDK needs: requests with a length, kept connections.
async fn connection(store: Embedded, stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let (mut target, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line == "\r\n" {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => target = value.to_owned(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let reply = serve::answer(&store, &target, &body).await;
        let head = format!(
            "HTTP/1.1 {} .\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            reply.status,
            reply.body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&reply.body).await?;
        stream.flush().await?;
    }
}

async fn served(store: Embedded) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(store.clone(), stream));
        }
    });
    client(ClientSettings {
        endpoint_url: Some(format!("http://{address}")),
        region: "ca-central-1".to_owned(),
        credentials: Credentials::new("test", "test", None, None, "test"),
        http_client: native_http_client(),
        sleep: native_sleep(),
        time: SharedTimeSource::default(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let client = served(Embedded::open(folder.path()).unwrap()).await;
    assert!(create_tables(&client, "").await.unwrap().is_empty());
    check_tables(&client, "").await.unwrap();
    assert!(check_tables(&client, "other-").await.is_err());
    let report = conformance::run(&SdkTable::new(client, "record"), "run").await;
    println!("{report}");
    assert!(report.passed(), "{report}");
}

#[tokio::test]
async fn what_one_side_writes_the_other_reads() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let (direct, remote) = (store.record(), SdkTable::new(served(store.clone()).await, "record"));
    let item = Item::default()
        .with("b", Value::B(vec![0, 1, 255]))
        .with("n", Value::N(-7))
        .with("s", Value::S("é\"\n".to_owned()));
    for number in 0..40 {
        let key = Key::new("both", format!("{number:02}"));
        let write = Write::put(key.clone(), item.clone(), Condition::Absent);
        if number % 2 == 0 {
            direct.write(write).await.unwrap();
        } else {
            remote.write(write).await.unwrap();
        }
        assert_eq!(direct.get(&key).await.unwrap(), Some(item.clone()));
        assert_eq!(remote.get(&key).await.unwrap(), Some(item.clone()));
    }
    let query = chart::table::Query {
        pk: "both".to_owned(),
        range: chart::table::Range::All,
        descending: true,
        limit: Some(30),
        after: None,
    };
    assert_eq!(direct.query(&query).await.unwrap(), remote.query(&query).await.unwrap());
}

/// Operations that the record does not use, by the engine.
#[tokio::test]
async fn the_engine_serves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let call = async |operation: &str, body: &str| {
        let target = format!("DynamoDB_20120810.{operation}");
        let reply = serve::answer(&store, &target, body.as_bytes()).await;
        (reply.status, serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap())
    };
    let key = r#""Key":{"pk":{"S":"p"},"sk":{"S":"s"}}"#;
    let update = format!(
        r#"{{"TableName":"record",{key},"UpdateExpression":"ADD hits :one",
        "ExpressionAttributeValues":{{":one":{{"N":"1"}}}},"ReturnValues":"ALL_NEW"}}"#
    );
    assert_eq!(call("UpdateItem", &update).await.0, 200);
    let (status, updated) = call("UpdateItem", &update).await;
    assert_eq!((status, &updated["Attributes"]["hits"]["N"]), (200, &"2".into()));
    let (_, got) = call("GetItem", &format!(r#"{{"TableName":"record",{key}}}"#)).await;
    assert_eq!(got["Item"]["hits"]["N"], "2");
    let (_, scanned) = call("Scan", r#"{"TableName":"record"}"#).await;
    assert_eq!(scanned["Count"], 1);
    let batch = r#"{"RequestItems":{"record":[{"PutRequest":{"Item":
        {"pk":{"S":"p"},"sk":{"S":"t"},"flag":{"BOOL":true}}}}]}}"#;
    assert_eq!(call("BatchWriteItem", batch).await.0, 200);
    let gets = format!(
        r#"{{"TransactItems":[{{"Get":{{"TableName":"record",{key}}}}},{{"Get":{{"TableName":
        "record","Key":{{"pk":{{"S":"p"}},"sk":{{"S":"t"}}}}}}}}]}}"#
    );
    let (status, read) = call("TransactGetItems", &gets).await;
    assert_eq!((status, &read["Responses"][1]["Item"]["flag"]["BOOL"]), (200, &true.into()));
    let (_, expiry) = call("DescribeTimeToLive", r#"{"TableName":"record"}"#).await;
    assert_eq!(expiry["TimeToLiveDescription"]["TimeToLiveStatus"], "ENABLED");
    assert_eq!(call("ListTables", "{}").await.1["TableNames"][1], "record");
    let item = r#""Item":{"pk":{"S":"p"},"sk":{"S":"u"}}"#;
    let both = format!(
        r#"{{"TransactItems":[{{"Put":{{"TableName":"record",{item}}}}},
        {{"Put":{{"TableName":"access",{item}}}}}]}}"#
    );
    for (operation, body, status, kind) in [
        ("TransactWriteItems", both.as_str(), 400, "ValidationException"),
        ("GetItem", r#"{"TableName":"nobody","Key":{}}"#, 400, "ResourceNotFoundException"),
        ("CreateTable", r#"{"TableName":"nobody"}"#, 400, "ValidationException"),
        ("GetItem", r#"{"TableName":"record","Key":{"pk":{"S":"p"}}}"#, 400, "ValidationException"),
        ("Nonsense", r#"{"TableName":"record"}"#, 400, "ValidationException"),
        ("GetItem", "not json", 400, "SerializationException"),
    ] {
        let (got, error) = call(operation, body).await;
        assert_eq!(got, status, "{operation}: {error}");
        assert!(error["__type"].as_str().unwrap().ends_with(kind), "{operation}: {error}");
    }
}

/// A region that rehearses has tables of its own beside the record's.
#[tokio::test]
async fn stores_are_told_apart_by_the_names_of_their_tables() {
    let (record, practice) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open =
        |folder: &tempfile::TempDir, prefix| Embedded::open_named(folder.path(), prefix).unwrap();
    let stores = [open(&record, ""), open(&practice, "rehearsal-08-")];
    let call = async |operation: &str, body: &str| {
        let target = format!("DynamoDB_20120810.{operation}");
        let reply = serve::answer_of(&stores, &target, body.as_bytes()).await;
        (reply.status, serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap())
    };
    let (_, listed) = call("ListTables", "{}").await;
    let names = ["access", "record", "rehearsal-08-access", "rehearsal-08-record"];
    assert_eq!(listed["TableNames"], serde_json::json!(names));
    let put = r#"{"TableName":"rehearsal-08-record","Item":{"pk":{"S":"p"},"sk":{"S":"s"}}}"#;
    assert_eq!(call("PutItem", put).await.0, 200);
    let got = async |table: &str| {
        let body =
            format!(r#"{{"TableName":"{table}","Key":{{"pk":{{"S":"p"}},"sk":{{"S":"s"}}}}}}"#);
        call("GetItem", &body).await
    };
    assert_eq!(got("rehearsal-08-record").await.1["Item"]["pk"]["S"], "p");
    assert_eq!(got("record").await, (200, serde_json::json!({})), "not the record's");
    assert_eq!(got("rehearsal-09-record").await.0, 400, "there is no such table");
    let (_, described) = call("DescribeTable", r#"{"TableName":"rehearsal-08-access"}"#).await;
    assert_eq!(described["Table"]["TableName"], "rehearsal-08-access");
    let create = r#"{"TableName":"another","KeySchema":[],"AttributeDefinitions":[]}"#;
    assert_eq!(call("CreateTable", create).await.0, 400);
}
