//! The function `door`, for stock Spin only: Spin chooses a component by path
//! alone, FHIR by method as well. It hands each request to the function that
//! answers it, in the same process, by local service chaining. Dossier's own
//! gateway reads the methods from `spin.toml` and has no need of it.

pub mod handler;

/// The component. It imports no wall, only the way to the functions.
#[cfg(target_arch = "wasm32")]
mod component {
    use super::handler::{self, function_of};
    use bytes::Bytes;
    use fhir::outcome::Language;
    use guest::serve::Answered;
    use http_body_util::{BodyExt, Full};
    use rest::answer::in_language;

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        let language = rest::headers::language(request.headers());
        match passed_on(request, language).await {
            Ok(answer) => answer,
            Err(_) => {
                let refusal = fhir::outcome::Refusal::unavailable(
                    "The function for this request does not answer.",
                    1,
                );
                let answer = rest::answer::refused(&refusal);
                in_language(answer, language).map(|body| Full::new(Bytes::from(body)))
            }
        }
    }

    async fn passed_on(
        request: spin_sdk::http::Request,
        language: Language,
    ) -> Result<Answered, Box<dyn std::error::Error>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let function = match function_of(&parts.method, parts.uri.path()) {
            Ok(function) => function,
            Err(answer) => {
                return Ok(in_language(*answer, language).map(|body| Full::new(Bytes::from(body))));
            }
        };
        let path = parts.uri.path_and_query().map(|path| path.as_str()).unwrap_or("/");
        let mut onward = http::Request::builder()
            .method(parts.method)
            .uri(format!("http://{function}.spin.internal{path}"));
        if let Some(headers) = onward.headers_mut() {
            *headers = handler::vouched(parts.headers);
        }
        let onward = onward.body(Full::new(body))?;
        let answer = spin_sdk::http::send(onward).await.map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(http::Response::from_parts(parts, Full::new(body)))
    }
}
