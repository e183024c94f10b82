//! Machine death: files as a power cut leaves them open by themselves and keep what was flushed.

mod power;

use power::{refusing, within, Disk, Random, Tear};

use plasmite_core::pool::create::CreateOptions;
use plasmite_core::pool::Pool;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ErrorKind;
use std::sync::atomic::Ordering;

/// Seeds of each kind, each of which cuts the power twice or more: `PLASMITE_CUTS` over all kinds, or these.
fn seeds() -> u64 {
    let cuts = std::env::var("PLASMITE_CUTS").ok();
    cuts.and_then(|cuts| cuts.parse::<u64>().ok())
        .map_or(1500, |cuts| cuts / 8)
}

/// Runs a workload of appends, batches and flushes, and cuts the power between any two of them. At times the pool lives
/// on with what the cut left.
fn survive(seeds: std::ops::Range<u64>, tear: Tear, flush_every: u64) {
    survive_beside(seeds, tear, flush_every, false);
}

/// The same; with others who append while flushes sync, if they are about.
fn survive_beside(seeds: std::ops::Range<u64>, tear: Tear, flush_every: u64, others: bool) {
    let dir = power::directory();
    let (before, wanted) = (power::cuts(), (seeds.end - seeds.start) * 2 * 9 / 10);
    for seed in seeds {
        let mut random = Random::new(seed);
        let path = dir.path().join(format!("pool-{seed}"));
        let options = CreateOptions {
            size: [9216, 10_000, 12_288, 16_384, 20_481][random.below(5) as usize],
            index_capacity: [None, Some(0), Some(5)][random.below(3) as usize],
            ..CreateOptions::default()
        };
        let pool = match Pool::create(&path, &options) {
            Ok(pool) => pool,
            // Five slots leave no ring in the smallest.
            Err(error) => {
                let expected = (9216, Some(5), ErrorKind::Usage);
                let found = (options.size, options.index_capacity, error.kind());
                assert_eq!(found, expected, "{error}");
                continue;
            }
        };
        let beside = others.then(|| Random::new(!seed));
        let mut disk = Disk::new(pool).beside(beside);
        let lives = 1 + Random::new(seed).below(3);
        for life in 0..lives {
            for _ in 0..random.below(60) + 5 {
                match random.below(flush_every + 8) {
                    0 => assert!(disk.flush()),
                    1 => {
                        let bodies = (0..random.below(4) + 2).map(|_| random.body(150)).collect();
                        disk.append_batch(bodies);
                    }
                    2 => disk.append(random.body(900)),
                    _ => disk.append(random.body(200)),
                }
                if random.below(30) == 0 {
                    disk.cut(&dir.path().join("cut"), &mut random, tear, seed);
                }
            }
            disk.cut(&dir.path().join("cut"), &mut random, tear, seed);
            if life + 1 < lives {
                let path = dir.path().join(format!("pool-{seed}-{life}"));
                disk = disk.live_on(&path, &mut random, tear, seed);
            }
        }
        std::fs::remove_file(disk.pool().path()).unwrap();
    }
    let (cuts, within) = (power::cuts() - before, within::states());
    println!("{cuts} power cuts, {within} states within operations");
    assert_eq!(within > 0, within::can_be_seen());
    assert!(cuts >= wanted, "{cuts} power cuts of {wanted}");
}

#[test]
fn any_mixture_of_page_states_since_the_last_sync() {
    survive(0..seeds(), Tear::Pages, 6);
}

#[test]
fn any_mixture_of_sector_states_since_the_last_sync() {
    survive(1 << 32..(1 << 32) + seeds(), Tear::Sectors, 6);
}

/// Filling left over from an earlier lap, ahead of the anchor and behind it, or of which only the beginning was on the
/// disk; messages and filling of before an earlier cut; a search that passed over the newest run behind a cut-off batch.
#[test]
fn seeds_that_found_faults() {
    // By the pool's id and its times one in some runs did.
    for _ in 0..50 {
        survive_beside(25_769_804_538..25_769_804_539, Tear::Sectors, 3, true);
    }
    survive(11_608..11_609, Tear::Pages, 6);
    survive(21_735..21_736, Tear::Sectors, 6);
    survive(33_115..33_116, Tear::Sectors, 6);
    survive(4_294_967_409..4_294_967_410, Tear::Sectors, 6);
    survive(4_294_967_439..4_294_967_440, Tear::Sectors, 6);
    survive(4_294_971_763..4_294_971_764, Tear::Sectors, 6);
    survive(4_294_980_962..4_294_980_963, Tear::Sectors, 6);
    survive(4_294_969_635..4_294_969_636, Tear::Sectors, 6);
    survive(8_589_935_269..8_589_935_270, Tear::Pages, 40);
    survive(8_589_968_302..8_589_968_303, Tear::Pages, 40);
}

#[test]
fn appends_while_a_flush_syncs() {
    survive_beside(5 << 32..(5 << 32) + seeds(), Tear::Pages, 6, true);
    survive_beside(6 << 32..(6 << 32) + seeds(), Tear::Sectors, 3, true);
}

#[test]
fn many_laps_between_flushes() {
    survive(2 << 32..(2 << 32) + seeds(), Tear::Pages, 40);
}

#[test]
fn a_stale_control_page_over_newer_messages() {
    survive(3 << 32..(3 << 32) + seeds() / 3, Tear::OldControl, 15);
}

#[test]
fn a_newer_control_page_over_lost_messages() {
    survive(4 << 32..(4 << 32) + seeds() / 3, Tear::NewControl, 15);
}

/// The disk refuses syncs at times, and then some pages that were not written are dropped from memory: no flush
/// may succeed before everything it promises is on the disk.
fn survive_refusals(seeds: std::ops::Range<u64>, tear: Tear) -> (u64, u64) {
    let dir = power::directory();
    let (mut made_up_for, mut lost) = (0, 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let path = dir.path().join(format!("pool-{seed}"));
        let options = CreateOptions {
            size: [9216, 12_288, 16_384, 20_481][random.below(4) as usize],
            ..CreateOptions::default()
        };
        let mut disk = Disk::new(Pool::create(&path, &options).unwrap());
        let mut failed = false;
        for _ in 0..random.below(80) + 20 {
            match random.below(16) {
                0..4 => {
                    let needed = disk.is_flush_needed();
                    let flushed = disk.flush();
                    assert!(!(needed && flushed && refusing::refuses()), "seed {seed}");
                    if failed && flushed {
                        made_up_for += 1;
                    } else if failed && !refusing::refuses() {
                        lost += 1;
                    }
                    failed = !flushed;
                    if failed && random.below(3) == 0 {
                        disk.drop_clean_pages(&mut random);
                    }
                }
                4 => refusing::refuse(random.below(2) == 0),
                5 => {
                    let bodies = (0..random.below(4) + 2).map(|_| random.body(150)).collect();
                    disk.append_batch(bodies);
                }
                6 if random.below(2) == 0 => {
                    let refuses = refusing::refuses();
                    refusing::refuse(false);
                    disk.cut(&dir.path().join("cut"), &mut random, tear, seed);
                    refusing::refuse(refuses);
                }
                _ => disk.append(random.body(400)),
            }
        }
        refusing::refuse(false);
        disk.cut(&dir.path().join("cut"), &mut random, tear, seed);
        drop(disk);
        std::fs::remove_file(path).unwrap();
    }
    (made_up_for, lost)
}

#[test]
fn a_disk_that_refuses_syncs() {
    for tear in [Tear::Pages, Tear::Sectors] {
        let (made_up_for, lost) = survive_refusals(0..seeds(), tear);
        // Both ends of a refusal were seen, many times.
        assert!(
            made_up_for > seeds() / 4 && lost > seeds() / 16,
            "{made_up_for}, {lost}"
        );
    }
}

/// What a flush noted before it counts no more after a recovery: nothing that comes then is on the disk without a sync.
#[test]
fn a_recovery_while_a_flush_syncs() {
    use std::os::unix::fs::FileExt;
    let dir = power::directory();
    let path = dir.path().join("a");
    let pool = Pool::create(&path, &CreateOptions::default()).unwrap();
    (0..10).for_each(|_| _ = power::append_one(&pool));
    let ring = pool.shared().ring();
    let newest = ring.head() - 56;
    let place = ring.geometry.ring_offset + newest + 40;
    let recover = move || {
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(b"damage", place).unwrap();
        drop(Pool::open(&path, false).unwrap());
    };
    refusing::during_next_sync(Some(Box::new(recover)));
    let error = pool.flush_all().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.maybe_written() && error.hint().is_some(), "{error}");
    let recovery = &ring.memory.control().recovery;
    assert_eq!(recovery.synced.load(Ordering::Relaxed), ring.head());
    for _ in 0..3 {
        power::append_one(&pool);
        let syncs = refusing::syncs();
        pool.flush_all().unwrap();
        assert_eq!(refusing::syncs(), syncs + 1);
    }
}

#[test]
fn losing_everything_since_the_flush_can_be_told() {
    let dir = power::directory();
    let pool = Pool::create(&dir.path().join("a"), &CreateOptions::default()).unwrap();
    let mut disk = Disk::new(pool);
    let mut random = Random::new(1);
    (0..10).for_each(|_| disk.append(random.body(50)));
    disk.flush();
    let flushed = disk.image();
    let before = power::generation(disk.pool());
    (0..10).for_each(|_| disk.append(random.body(50)));
    let copy = dir.path().join("b");
    std::fs::write(&copy, flushed).unwrap();
    let pool = Pool::open(&copy, false).unwrap();
    assert_eq!(power::next_seq(&pool), 11);
    assert!(power::generation(&pool) > before);
}

#[test]
fn another_boot_and_a_dead_owner() {
    let dir = power::directory();
    let path = dir.path().join("a");
    let pool = Pool::create(&path, &CreateOptions::default()).unwrap();
    let mut disk = Disk::new(pool);
    let mut random = Random::new(2);
    (0..5).for_each(|_| disk.append(random.body(50)));
    let generation = power::generation(disk.pool());
    let hot = &disk.pool().shared().ring().memory.control().hot;
    let recovery = &disk.pool().shared().ring().memory.control().recovery;
    recovery.boot[1].fetch_xor(1, Ordering::Relaxed);
    hot.lock.store(77, Ordering::Relaxed);
    let again = Pool::open(&path, false).unwrap();
    assert_eq!(hot.lock.load(Ordering::Relaxed), 0);
    assert_eq!(power::generation(&again), generation + 1);
    disk.append(random.body(50));
    disk.assert_holds(&again, 1, 6);
}

/// A reader may come first: it may not write, and sees what a writer would recover.
#[test]
fn a_reader_that_opens_before_any_writer() {
    let dir = power::directory();
    for seed in 0..seeds() / 3 {
        let mut random = Random::new(seed);
        let path = dir.path().join(format!("pool-{seed}"));
        let options = CreateOptions {
            size: 12_288,
            ..CreateOptions::default()
        };
        let mut disk = Disk::new(Pool::create(&path, &options).unwrap());
        for _ in 0..random.below(50) + 5 {
            disk.append(random.body(300));
            if random.below(10) == 0 {
                disk.flush();
            }
        }
        let cut = dir.path().join(format!("cut-{seed}"));
        std::fs::write(&cut, disk.torn(&mut random, Tear::Pages)).unwrap();
        let bytes = std::fs::read(&cut).unwrap();
        let reader = Pool::open(&cut, true).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        disk.check_messages(&reader, seed);
        assert_eq!(std::fs::read(&cut).unwrap(), bytes, "a reader wrote");
        let writer = Pool::open(&cut, false).unwrap();
        let newest = disk.check_contents(&writer, seed);
        // From now on the reader sees what was recovered, and goes on.
        assert_eq!(disk.check_contents(&reader, seed), newest, "seed {seed}");
        let ends = |pool: &Pool| (pool.shared().ring().tail(), pool.shared().ring().head());
        assert_eq!(ends(&reader), ends(&writer));
        assert_eq!(power::generation(&reader), power::generation(&writer));
        power::append_one(&writer);
        assert_eq!(ends(&reader), ends(&writer));
        std::fs::remove_file(cut).unwrap();
        std::fs::remove_file(path).unwrap();
    }
}
