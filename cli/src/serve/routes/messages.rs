//! Single messages.

use super::path::PoolSeq;
use super::{member, Shared};
use crate::serve::error::{Answer, Refusal};
use crate::serve::pools::{Meant, OpenPool};
use crate::{Buffer, Error, ErrorKind};
use axum::http::{header, HeaderName, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use std::sync::Arc;

/// The media type of one Lite3 document.
pub(super) const LITE3: &str = "application/x-plasmite-lite3";
/// The media type of many, each in a frame.
pub(super) const LITE3_STREAM: &str = "application/x-plasmite-lite3-stream";
const SEQ: HeaderName = HeaderName::from_static("plasmite-seq");
const TIME: HeaderName = HeaderName::from_static("plasmite-time-ns");

/// Reads a message where that is to be done: right here when the pool has an index.
async fn read<T: Send + 'static>(
    state: &Shared,
    pool: &Meant,
    seq: u64,
    read: fn(&OpenPool, u64) -> Result<T, Error>,
) -> Answer<T> {
    let open = state.pools.meant(&state.storage, pool).await?;
    match open.is_indexed {
        true => Ok(read(&open, seq)?),
        false => {
            let open = Arc::clone(&open);
            state.storage.run(move || read(&open, seq)).await
        }
    }
}

/// `GET /v0/pools/{pool}/messages/{seq}`
pub(crate) async fn json(state: Shared, PoolSeq(pool, seq): PoolSeq) -> Answer {
    let message = read(&state, &pool, seq, |open, seq| open.pool.get_json(seq)).await?;
    Ok(member("message", &message))
}

/// `GET /v0/pools/{pool}/messages/{seq}/lite3`
pub(crate) async fn lite3(state: Shared, PoolSeq(pool, seq): PoolSeq) -> Answer {
    let document = read(&state, &pool, seq, document).await;
    let (time_ns, document) = document.map_err(|refusal| match refusal.error.kind() {
        ErrorKind::Usage => Refusal {
            status: StatusCode::NOT_ACCEPTABLE,
            error: refusal
                .error
                .with_hint("ask for the message as JSON, without /lite3"),
        },
        _ => refusal,
    })?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(LITE3)),
        (SEQ, HeaderValue::from(seq)),
        (TIME, HeaderValue::from(time_ns)),
    ];
    Ok((headers, document.to_vec()).into_response())
}

/// Time and document.
fn document(open: &OpenPool, seq: u64) -> Result<(u64, Buffer), Error> {
    let view = open.pool.view(seq)?;
    match view.lite3() {
        // Overwritten while it was read: it is not there any more, which the next look says.
        Err(error) if error.kind() == ErrorKind::RetentionGap => match open.pool.view(seq) {
            Ok(_) => Err(error),
            Err(gone) => Err(gone),
        },
        document => Ok((view.time_ns(), document?)),
    }
}
