//! The SDK's requests, sent through WASI HTTP.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use send_wrapper::SendWrapper;

/// Sends by `wasi:http/client`, which the host keeps to the allowed hosts.
#[derive(Clone, Copy, Debug)]
pub struct WasiHttp;

impl HttpClient for WasiHttp {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(*self)
    }
}

impl HttpConnector for WasiHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(SendWrapper::new(send(request)))
    }
}

async fn send(request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(error);
    let request = request.try_into_http1x().map_err(|error| user(error.into()))?;
    let (parts, body) = request.into_parts();
    // Requests of DynamoDB are JSON in memory.
    let bytes = body.bytes().map(Bytes::copy_from_slice).unwrap_or_default();
    let request = http::Request::from_parts(parts, Full::new(bytes));
    let answer = spin_sdk::http::send(request).await;
    let answer = answer.map_err(|error| ConnectorError::io(error.to_string().into()))?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await;
    let body = body.map_err(|error| ConnectorError::io(error.to_string().into()))?.to_bytes();
    let answer = http::Response::from_parts(parts, SdkBody::from(body));
    HttpResponse::try_from(answer).map_err(|error| user(error.into()))
}
