//! Readers that open a pool before any writer has recovered it: after a reboot, or as a copy.

mod common;

use common::{get, look, message, put, scratch, sized, watchdog};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::format::control::{Control, Hot};
use plasmite_core::store::{Client, Next, OpenOptions, Pool, TailOptions, View, Wait};
use std::mem::offset_of;
use std::sync::Arc;

const READ_ONLY: OpenOptions = OpenOptions { read_only: true };
const CONTROL: usize = 4096;

/// A pool with the seqs 1 to 20 as a power cut leaves it, under the name "cut": in another file than it was at home in. With
/// the lock held, a reader goes by the frames alone; else by the control page.
fn cut(client: &Client, held: bool) {
    let pool = client.create("p", &sized(1 << 14)).unwrap();
    for n in 1..=20 {
        put(&pool, &message(1, n, 40));
    }
    let mut image = std::fs::read(pool.path()).unwrap();
    let lock = CONTROL + offset_of!(Control, hot) + offset_of!(Hot, lock);
    image[lock] = if held { 77 } else { 0 };
    std::fs::write(client.resolve("cut").unwrap(), &image).unwrap();
}

/// Opens the pool for writing, which recovers it, and goes round the ring some times.
fn recover_and_overwrite(client: &Client) -> Pool {
    let writer = client.open("cut", &OpenOptions::default()).unwrap();
    for n in 21..=2000 {
        put(&writer, &message(1, n, 40));
    }
    assert!(writer.bounds().unwrap().oldest > 20);
    writer
}

/// What is behind a view, if it says that it is still that.
fn is_message_or_void(view: &View, n: u64) {
    if let Some(text) = look(view) {
        assert_eq!(text, message(1, n, 40), "said to be valid");
    }
}

#[test]
fn a_view_of_before_tells_that_it_was_overwritten() {
    let _watchdog = watchdog();
    for held in [true, false] {
        let (_dir, client) = scratch();
        cut(&client, held);
        let reader = client.open("cut", &READ_ONLY).unwrap();
        let views = [5, 20, 5].map(|seq| (seq, reader.view(seq).unwrap()));
        for (seq, view) in &views {
            assert_eq!(look(view), Some(message(1, *seq, 40)));
        }
        let writer = recover_and_overwrite(&client);
        for (seq, view) in &views {
            is_message_or_void(view, *seq);
        }
        assert!(get(&reader, 5).is_err());
        // From now on messages are shown where they lie.
        let newest = writer.bounds().unwrap().newest;
        let view = reader.view(newest).unwrap();
        assert_eq!(view.flags, View::IN_PLACE);
        assert_eq!(look(&view), Some(message(1, newest, 40)));
        for n in 2001..=4000 {
            put(&writer, &message(1, n, 40));
        }
        assert!(!view.still_valid());
    }
}

#[test]
fn a_stream_in_place_of_before() {
    let _watchdog = watchdog();
    for held in [true, false] {
        let (_dir, client) = scratch();
        cut(&client, held);
        let reader = client.open("cut", &READ_ONLY).unwrap();
        let options = TailOptions {
            in_place: true,
            ..TailOptions::default()
        };
        let (one, many) = (
            reader.tail(&options).unwrap(),
            reader.tail(&options).unwrap(),
        );
        let mut views = [View::empty(); 8];
        assert!(matches!(
            one.next(Wait::Try, &mut views[0]).unwrap(),
            Next::Message(1)
        ));
        let (_, count) = many.next_many(Wait::Try, &mut views[1..]).unwrap();
        assert_eq!(count, 7);
        // What was shown in place may be looked at after the next step.
        assert!(matches!(
            one.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Message(2)
        ));
        let mut rest = [View::empty(); 20];
        assert_eq!(many.next_many(Wait::Try, &mut rest).unwrap().1, 13);
        recover_and_overwrite(&client);
        is_message_or_void(&views[0], 1);
        for (view, n) in views[1..].iter().zip(1..) {
            is_message_or_void(view, n);
        }
        // Both go on with what is there now, and there.
        for stream in [&one, &many] {
            let view = &mut views[0];
            let Next::Message(seq) = stream.next(Wait::Try, view).unwrap() else {
                panic!("no message");
            };
            assert!(seq > 20);
            assert_eq!(
                (view.flags, look(view)),
                (View::IN_PLACE, Some(message(1, seq, 40)))
            );
        }
    }
}

/// A filter that looks at messages in place sees nothing of what overwrites them.
#[test]
fn a_filter_in_place_of_before() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    cut(&client, true);
    let reader = client.open("cut", &READ_ONLY).unwrap();
    let filter = Filter::new(".data.n >= 3", &FilterOptions::default()).unwrap();
    let options = TailOptions {
        in_place: true,
        filters: &[Arc::new(filter)],
        ..TailOptions::default()
    };
    let stream = reader.tail(&options).unwrap();
    let mut view = View::empty();
    assert!(matches!(
        stream.next(Wait::Try, &mut view).unwrap(),
        Next::Message(3)
    ));
    let copied = view;
    recover_and_overwrite(&client);
    is_message_or_void(&copied, 3);
    let Next::Message(seq) = stream.next(Wait::Try, &mut view).unwrap() else {
        panic!("no message");
    };
    assert_eq!(look(&view), Some(message(1, seq, 40)));
}
