//! Batches of values, tags, an asynchronous follower, and views without a copy.
//!
//!     cargo run --bin tour -- ./data

use futures::StreamExt;
use plasmite::{AppendOptions, Client, Next, PoolOptions, Result, TailOptions, ViewBatch, Wait};

#[derive(serde::Serialize)]
struct Reading<'a> {
    sensor: &'a str,
    value: f64,
}

/// Borrowed from the message that it is read from.
#[derive(serde::Deserialize)]
struct Seen<'a> {
    sensor: &'a str,
    value: f64,
}

fn main() -> Result<()> {
    let directory = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "tour-pools".into());
    let client = Client::new(directory)?;
    let (pool, _created) = client.ensure("readings", &PoolOptions::new().size(4 << 20))?;

    // Under one lock: readers see all hundred, or none.
    let options = AppendOptions::new().tag("pump");
    let readings = (0..100).map(|n| Reading {
        sensor: if n % 4 == 0 { "hot" } else { "cold" },
        value: f64::from(n),
    });
    let receipts = pool.append_values(readings, &options)?;
    println!("stored {} messages", receipts.len());

    // Asynchronous, under any runtime.
    let mut messages = pool
        .tail(&TailOptions::new().tag("pump").max(3))?
        .into_async()?;
    futures::executor::block_on(async {
        while let Some(message) = messages.next().await {
            println!("{}", message?.data_json());
        }
        Ok::<(), plasmite::Error>(())
    })?;

    // In batches, each value read where it lies.
    let mut history = pool.tail(&TailOptions::new().snapshot(true))?;
    let (mut batch, mut total) = (ViewBatch::new(32), 0.0);
    while let Next::Message(views) = history.next_views(&mut batch, Wait::Forever)? {
        for view in views {
            let seen: Seen = view.data()?;
            if seen.sensor == "hot" {
                total += seen.value;
            }
        }
    }
    println!("the hot ones add up to {total}");
    assert_eq!(total, 1200.0 * (pool.bounds()?.count / 100) as f64);
    Ok(())
}
