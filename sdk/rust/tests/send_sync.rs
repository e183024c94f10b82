//! Every type can be sent to and shared with other threads, and threads do so.

mod common;

use common::Scratch;
use plasmite_sdk::*;

/// Compiles for types that any thread may have.
fn anywhere<T: Send + Sync>() {}

#[test]
fn all_types_are_send_and_sync() {
    anywhere::<Client>();
    anywhere::<Pool>();
    anywhere::<PoolList>();
    anywhere::<ListEntry<'static>>();
    anywhere::<Stream>();
    anywhere::<Messages<'static>>();
    anywhere::<IntoMessages>();
    anywhere::<Canceller>();
    anywhere::<View<'static>>();
    anywhere::<ViewBatch>();
    anywhere::<Views<'static>>();
    anywhere::<Next<View<'static>>>();
    anywhere::<Value<'static>>();
    anywhere::<Entries<'static>>();
    anywhere::<Message>();
    anywhere::<Lite3Frame>();
    anywhere::<Buffer>();
    anywhere::<Tags<'static>>();
    anywhere::<AppendOptions<'static>>();
    anywhere::<BatchItem<'static>>();
    anywhere::<TailOptions<'static>>();
    anywhere::<Reservation<'static>>();
    anywhere::<Filter>();
    anywhere::<Replay>();
    anywhere::<Ingest>();
    anywhere::<Doctor>();
    anywhere::<DoctorReport<'static>>();
    anywhere::<Error>();
    #[cfg(feature = "stream")]
    anywhere::<AsyncMessages>();
}

/// A reservation holds the writer lock, which any thread of the process may give back.
#[test]
fn a_reservation_goes_to_another_thread() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let document = json_to_lite3(br#"{"n":1}"#).unwrap();
    let mut room = pool.reserve(document.len(), &AppendOptions::new()).unwrap();
    let receipt = std::thread::scope(|scope| {
        scope
            .spawn(move || {
                room.payload().copy_from_slice(&document);
                room.commit().unwrap()
            })
            .join()
            .unwrap()
    });
    assert_eq!(receipt.seq, 1);
    assert_eq!(pool.get(1).unwrap().data_json(), r#"{"n":1}"#);
}

#[test]
fn threads_share_a_pool_and_a_canceller() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let mut stream = pool.tail(&TailOptions::new()).unwrap();
    let canceller = stream.canceller();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut seqs = Vec::new();
            for message in &mut stream {
                seqs.push(message.unwrap().seq());
                if seqs.len() == 200 {
                    break;
                }
            }
            // Nothing more comes: the cancel ends the iteration.
            assert!(stream.messages().next().is_none());
            seqs
        });
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..50 {
                        pool.append(b"{}", &AppendOptions::new()).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        canceller.cancel();
        let seqs = reader.join().unwrap();
        assert!(
            seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            "{seqs:?}"
        );
    });
}
