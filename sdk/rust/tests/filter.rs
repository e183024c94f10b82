//! Filters through the SDK.

mod common;

use common::Scratch;
use plasmite_sdk::{
    AppendOptions, ErrorKind, Filter, FilterOptions, Next, Pool, Start, TailOptions, Wait,
};

fn numbered(count: u64) -> (Scratch, Pool) {
    let scratch = Scratch::new();
    let pool = scratch.pool("numbers");
    for n in 1..=count {
        let json = format!("{{\"n\":{n},\"name\":\"number {n}\"}}");
        pool.append(json.as_bytes(), &AppendOptions::new()).unwrap();
    }
    (scratch, pool)
}

fn seqs(pool: &Pool, options: &TailOptions<'_>) -> Vec<u64> {
    let mut stream = pool.tail(options).unwrap();
    let mut seqs = Vec::new();
    while let Next::Message(view) = stream.next(Wait::Try).unwrap() {
        seqs.push(view.seq());
    }
    seqs
}

#[test]
fn streams_take_filters() {
    let (_scratch, pool) = numbered(9);
    let even = Filter::new(".data.n % 2 == 0").unwrap();
    let late = Filter::new(".seq > 3 and (.data.name | test(\"[4-8]$\"))").unwrap();
    let both = TailOptions::new().filter(&even).filter(&late);
    assert_eq!(seqs(&pool, &both), [4, 6, 8]);
    assert_eq!(seqs(&pool, &both.clone().start(Start::Last(2))), [6, 8]);
    assert_eq!(seqs(&pool, &both.clone().max(1)), [4]);
    assert_eq!(seqs(&pool, &both.in_place(true)), [4, 6, 8]);
}

#[test]
fn filters_are_shared_by_threads() {
    let (_scratch, pool) = numbered(4);
    let filter = Filter::new("[range(.data.n)] | length > 2").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(seqs(&pool, &TailOptions::new().filter(&filter)), [3, 4]));
        }
    });
    assert!(filter.matches(&pool.view(3).unwrap()).unwrap());
    assert!(!filter.matches(&pool.view(2).unwrap()).unwrap());
}

#[test]
fn errors_say_what_and_where() {
    let error = Filter::new(".data.n ==").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Usage, Some(10)));
    assert!(error.hint().is_some());
    let strict = FilterOptions::new().no_recursion(true);
    assert!(Filter::with("def f: f; f", &strict).is_err());
    let (_scratch, pool) = numbered(2);
    let number = Filter::new(".data.n").unwrap();
    let mut stream = pool.tail(&TailOptions::new().filter(&number)).unwrap();
    for seq in [1, 2] {
        let error = stream.next(Wait::Try).unwrap_err();
        assert_eq!((error.kind(), error.seq()), (ErrorKind::Usage, Some(seq)));
    }
    let short = Filter::with("last(range(1e9))", &FilterOptions::new().max_steps(1000)).unwrap();
    let error = short.matches(&pool.view(1).unwrap()).unwrap_err();
    assert!(error.message().contains("1000 steps"), "{error}");
}
