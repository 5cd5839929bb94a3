//! Errors as AWS answers them: JSON for ECS and Batch, XML for the query protocol of IAM, others for EC2 and S3.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// Tells the code of an error in a header: SDKs look there first.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// An answer in JSON.
pub(crate) fn json_answer(status: u16, body: &Value) -> Response<Bytes> {
    answer(status, "application/x-amz-json-1.1", body.to_string(), None)
}

/// An error in JSON, with further members.
pub(crate) fn json_error(status: u16, code: &str, message: &str, more: &[(&str, Value)]) -> Response<Bytes> {
    let mut body = json!({"__type": code, "message": message});
    for (name, value) in more {
        body[name] = value.clone();
    }
    answer(status, "application/x-amz-json-1.1", body.to_string(), Some(code))
}

/// An error in XML.
pub(crate) fn xml_error(status: u16, code: &str, message: &str) -> Response<Bytes> {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>{}</RequestId></ErrorResponse>",
        request_id()
    );
    answer(status, "text/xml", body, Some(code))
}

/// An error of EC2, whose XML is its own.
pub(crate) fn ec2_error(status: u16, code: &str, message: &str) -> Response<Bytes> {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{}</RequestID></Response>",
        request_id()
    );
    answer(status, "text/xml", body, None)
}

/// An error of S3, whose XML is again its own.
pub(crate) fn s3_error(status: u16, code: &str, message: &str) -> Response<Bytes> {
    let body = format!(
        "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{}</RequestId></Error>",
        request_id()
    );
    answer(status, "application/xml", body, None)
}

/// The code of an error, however it is told; none for an answer that is good.
pub(crate) fn error_code(answer: &Response<Bytes>) -> Option<String> {
    if answer.status().is_success() {
        return None;
    }
    let header = answer.headers().get(ERROR_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = || String::from_utf8_lossy(answer.body()).into_owned();
    let json = || serde_json::from_slice::<Value>(answer.body()).ok()?["__type"].as_str().map(str::to_owned);
    let xml = || Some(text().split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
    // Some services put a namespace before the code, and some a link behind it.
    let bare = |code: String| code.rsplit('#').next().unwrap_or_default().split(':').next().map(str::to_owned);
    header.or_else(json).or_else(xml).and_then(bare)
}

fn answer(status: u16, content: &str, body: String, code: Option<&str>) -> Response<Bytes> {
    let mut builder = Response::builder().status(status).header("content-type", content);
    builder = builder.header("x-amzn-requestid", request_id());
    if let Some(code) = code {
        builder = builder.header(ERROR_TYPE, code);
    }
    // Only a code that is no header's value can fail.
    builder.body(Bytes::from(body)).unwrap_or_else(|_| {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        answer
    })
}

fn request_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_an_error_is_read_wherever_it_stands() {
        assert_eq!(error_code(&json_error(400, "ClientException", "no", &[])).as_deref(), Some("ClientException"));
        assert_eq!(error_code(&json_answer(200, &json!({"__type": "no error"}))), None);
        let without_header = |body: &'static str| {
            let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
            *answer.status_mut() = StatusCode::BAD_REQUEST;
            answer
        };
        let json = without_header(r#"{"__type": "com.amazonaws.ecs#ServerException"}"#);
        assert_eq!(error_code(&json).as_deref(), Some("ServerException"));
        let xml = without_header("<E><Error><Code>NoSuchEntity</Code></Error></E>");
        assert_eq!(error_code(&xml).as_deref(), Some("NoSuchEntity"));
        assert_eq!(error_code(&without_header("bad gateway")), None);
    }
}
