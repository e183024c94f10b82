//! Messages with times of their own.

mod common;

use common::Scratch;
use plasmite_sdk::{
    AppendOptions, BatchItem, Error, ErrorKind, Ingest, IngestOptions, IngestStep, Next, Start,
    TailOptions, Wait,
};
use std::time::{Duration, SystemTime};

fn is_refused(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.message().contains("not between 1970 and 2554"),
        "{error}"
    );
}

#[test]
fn times_that_no_message_can_have_are_refused() {
    let scratch = Scratch::new();
    let pool = scratch.pool("events");
    let last = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::MAX);
    for time in [
        SystemTime::UNIX_EPOCH - Duration::from_nanos(1),
        last + Duration::from_nanos(1),
    ] {
        let options = AppendOptions::new().time(time);
        is_refused(&pool.append(b"1", &options).unwrap_err());
        is_refused(&pool.append_envelope(b"1", &options).unwrap_err());
        is_refused(&pool.append_data(&[], &options).unwrap_err());
        is_refused(&pool.append_document(&[], &options).unwrap_err());
        is_refused(
            &pool
                .append_batch(&[BatchItem::json(b"1")], &options)
                .unwrap_err(),
        );
        is_refused(&pool.reserve(100, &options).unwrap_err());
        #[cfg(feature = "serde")]
        is_refused(&pool.append_value(&1, &options).unwrap_err());

        let mut ingest = Ingest::new(&IngestOptions::new()).unwrap();
        ingest.push(b"1\n").unwrap();
        is_refused(&ingest.append(&pool, &options).unwrap_err());
        let step = ingest.append(&pool, &AppendOptions::new()).unwrap();
        assert!(matches!(step, IngestStep::Record(_)), "{step:?}");
    }
    assert_eq!(pool.bounds().unwrap().count, 2);

    // The last one that is set counts.
    let options = AppendOptions::new().time(last + Duration::from_secs(1));
    let receipt = pool.append(b"1", &options.time(last)).unwrap();
    assert_eq!(receipt.time(), last);
}

#[test]
fn the_first_and_the_last_time_can_be_stored_and_sought() {
    let scratch = Scratch::new();
    let pool = scratch.pool("events");
    let last = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::MAX);
    for (seq, time) in (1..).zip([SystemTime::UNIX_EPOCH, last]) {
        let receipt = pool.append(b"1", &AppendOptions::new().time(time)).unwrap();
        assert_eq!((receipt.seq, receipt.time()), (seq, time));
    }
    // Where to start is a place among the messages, so any time will do.
    for (time, expected) in [
        (SystemTime::UNIX_EPOCH - Duration::from_secs(1), 1),
        (last + Duration::from_secs(1), 2),
    ] {
        let mut stream = pool
            .tail(&TailOptions::new().start(Start::at(time)))
            .unwrap();
        match stream.next(Wait::Try).unwrap() {
            Next::Message(view) => assert_eq!(view.seq(), expected),
            other => panic!("{other:?}"),
        };
    }
}
