//! Pools are created, opened, listed and deleted.

use plasmite_core::store::{
    AppendOptions, Client, OpenOptions, PoolOptions, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

fn scratch() -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Some(dir.path())).unwrap();
    (dir, client)
}

#[test]
fn create_open_delete() {
    let (dir, client) = scratch();
    assert_eq!(
        client
            .open("p", &OpenOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    let (pool, created) = client.ensure("p", &PoolOptions::default()).unwrap();
    assert!(created && !client.ensure("p", &PoolOptions::default()).unwrap().1);
    assert_eq!(
        client
            .create("p", &PoolOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::AlreadyExists
    );
    assert_eq!(
        std::fs::metadata(dir.path().join("p.plasmite"))
            .unwrap()
            .len(),
        1 << 20
    );
    let stream = pool.tail(&TailOptions::default()).unwrap();
    client.delete("p").unwrap();
    assert_eq!(
        pool.append_json(b"1", &AppendOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        stream
            .next(Wait::Forever, &mut View::empty())
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    assert_eq!(client.delete("p").unwrap_err().kind(), ErrorKind::NotFound);
    let (new, created) = client.ensure("p", &PoolOptions::default()).unwrap();
    assert!(created);
    assert_eq!(
        new.append_json(b"1", &AppendOptions::default())
            .unwrap()
            .seq,
        1
    );
    assert!(!pool.is_current().unwrap() && new.is_current().unwrap());
}
