//! The operations on pools, each as the calls of the SDK that do it.

use crate::engine::{locked, Fault, Handle, Reader, Step};
use crate::host::unhex;
use crate::values::{integer, shown};
use plasmite_sdk::{
    format_time, parse_time, AppendOptions, BatchItem, Bounds, Client, ClientOptions, DoctorStatus,
    Durability, Filter, Gap, GapPolicy, LockWait, Message, Next, OpenOptions, Pool, PoolOptions,
    Receipt, Replay, Start, Stream, Tags, TailOptions, View, Wait,
};
use serde_json::{json, Value};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) type Op = fn(&Step<'_>) -> Result<Value, Fault>;

pub(crate) fn find(op: &str, version: u64) -> Option<Op> {
    Some(match (version, op) {
        (_, "create_pool") => create_pool,
        (_, "pool_info") => pool_info,
        (_, "list_pools") => list_pools,
        (_, "delete_pool") => delete_pool,
        (_, "append") => append,
        (_, "get") | (0, "fetch") => get,
        (_, "tail") => tail,
        (1, "connect") => connect,
        (1, "ensure_pool") => ensure_pool,
        (1, "open_pool") => open_pool,
        (1, "check_pools") => check_pools,
        (1, "migrate_pool") => migrate_pool,
        (1, "append_batch") => append_batch,
        (1, "append_lite3") => append_lite3,
        (1, "flush") => flush,
        (1, "get_lite3") => get_lite3,
        (1, "open_tail") => open_tail,
        (1, "next") => next,
        (1, "cancel") => cancel,
        (1, "replay") => replay,
        (1, "close") => close,
        _ => return None,
    })
}

/// The pool of a step: an open one, or one opened for it.
fn pool(step: &Step<'_>) -> Result<Arc<Pool>, Fault> {
    if !step.fields.contains_key("on") {
        return Ok(Arc::new(
            step.runner.client().open_pool(step.field("pool")?)?,
        ));
    }
    match step.on()? {
        Handle::Pool(pool) => Ok(pool),
        _ => Err("that is no open pool".into()),
    }
}

fn reader(step: &Step<'_>) -> Result<Arc<Reader>, Fault> {
    match step.on()? {
        Handle::Reader(reader) => Ok(reader),
        _ => Err("that is no open tail".into()),
    }
}

fn time_ns(value: &Value) -> Result<u64, Fault> {
    Ok(parse_time(value.as_str().ok_or("a time is a text")?)?)
}

fn message(message: &Message) -> Result<Value, Fault> {
    // Null for what serde_json does not read: it stops at 128 levels.
    let data: Value = message.data().unwrap_or_default();
    Ok(json!({
        "seq": message.seq(), "time": format_time(message.time_ns())?, "tags": message.tags(), "data": data, "raw": message.json(),
        "data_text": message.data_json(),
    }))
}

fn frame(view: &View<'_>) -> Result<Value, Fault> {
    document(view.seq(), view.time_ns(), &view.lite3()?)
}

fn document(seq: u64, time_ns: u64, bytes: &[u8]) -> Result<Value, Fault> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(json!({"seq": seq, "time": format_time(time_ns)?, "hex": hex}))
}

fn ends(bounds: Bounds) -> Value {
    let end = |seq| (bounds.count > 0).then_some(seq);
    json!({"oldest": end(bounds.oldest), "newest": end(bounds.newest)})
}

// Pools

fn connect(step: &Step<'_>) -> Result<Value, Fault> {
    let home = match step.has("home") {
        true => step.text("home")?,
        false => &step.runner.home,
    };
    let mut options = ClientOptions::new().pool_dir(home)?;
    if step.has("token") {
        options = options.token(step.text("token")?)?;
    }
    if step.has("token_file") {
        options = options.token_file(step.text("token_file")?)?;
    }
    step.runner.connect(Client::with_options(&options)?);
    Ok(json!({}))
}

fn options(step: &Step<'_>) -> Result<PoolOptions, Fault> {
    let mut options = PoolOptions::new();
    if let Some(bytes) = step.number("size_bytes")? {
        options = options.size(bytes);
    }
    if let Some(slots) = step.number("index_capacity")? {
        options = options
            .index_capacity(u32::try_from(slots).map_err(|_| "index_capacity is too large")?);
    }
    Ok(options)
}

fn keep(step: &Step<'_>, pool: Pool) -> Result<(), Fault> {
    match step.fields.contains_key("keep") {
        true => step.keep(Handle::Pool(Arc::new(pool))),
        false => Ok(()),
    }
}

fn create_pool(step: &Step<'_>) -> Result<Value, Fault> {
    keep(
        step,
        step.runner
            .client()
            .create(step.field("pool")?, &options(step)?)?,
    )?;
    Ok(json!({}))
}

fn ensure_pool(step: &Step<'_>) -> Result<Value, Fault> {
    let (pool, created) = step
        .runner
        .client()
        .ensure(step.field("pool")?, &options(step)?)?;
    keep(step, pool)?;
    Ok(json!({"created": created}))
}

fn open_pool(step: &Step<'_>) -> Result<Value, Fault> {
    let options = OpenOptions::new().read_only(step.flag("read_only"));
    let pool = step
        .runner
        .client()
        .open_pool_with(step.field("pool")?, &options)?;
    let read_only = pool.is_read_only();
    keep(step, pool)?;
    Ok(json!({"read_only": read_only}))
}

fn pool_info(step: &Step<'_>) -> Result<Value, Fault> {
    let pool = pool(step)?;
    let info = pool.info()?;
    Ok(json!({
        "name": pool.name(), "file_size": info.file_size, "ring_size": info.ring_size, "index_capacity": info.index_capacity,
        "bounds": ends(info.bounds), "count": info.bounds.count,
    }))
}

fn list_pools(step: &Step<'_>) -> Result<Value, Fault> {
    let (mut names, mut broken) = (Vec::new(), Vec::new());
    for entry in step.runner.client().list()?.iter() {
        let entry = entry?;
        names.push(entry.name.to_owned());
        if let Err(error) = &entry.info {
            broken.push(json!({"name": entry.name, "kind": error.kind().name()}));
        }
    }
    Ok(json!({"names": names, "broken": broken}))
}

fn delete_pool(step: &Step<'_>) -> Result<Value, Fault> {
    step.runner.client().delete(step.field("pool")?)?;
    Ok(json!({}))
}

fn check_pools(step: &Step<'_>) -> Result<Value, Fault> {
    let client = &step.runner.client();
    let mut doctor = match step.fields.contains_key("pool") {
        true => client.doctor(step.field("pool")?)?,
        false => client.doctor_all()?,
    };
    while doctor.step(0)? {}
    let mut reports = Vec::new();
    for index in 0..doctor.report_count() {
        let report = doctor.report(index)?;
        let mut codes: Vec<_> = report.issues.iter().map(|issue| issue.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let status = match report.status {
            DoctorStatus::Ok => "ok",
            DoctorStatus::Corrupt => "corrupt",
            _ => "unreadable",
        };
        let name = report
            .path
            .file_name()
            .map(Path::new)
            .and_then(Path::file_stem)
            .and_then(|name| name.to_str());
        reports.push(json!({
            "name": name, "status": status, "last_good_seq": report.last_good_seq, "issue_count": report.issue_count, "codes": codes,
        }));
    }
    Ok(json!({"reports": reports}))
}

fn migrate_pool(step: &Step<'_>) -> Result<Value, Fault> {
    let to = step.has("to").then(|| step.text("to")).transpose()?;
    let made = step
        .runner
        .client()
        .migrate(step.field("pool")?, to, &PoolOptions::new())?;
    Ok(json!({"bounds": ends(made.bounds), "count": made.bounds.count}))
}

// Writing

fn tags(value: &Value) -> Tags<'_> {
    let mut tags = Tags::new();
    for tag in value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        tags.push(tag);
    }
    tags
}

fn durability(step: &Step<'_>) -> Result<Durability, Fault> {
    match step.given("durability") {
        Value::Null => Ok(Durability::Fast),
        Value::String(name) if name == "fast" => Ok(Durability::Fast),
        Value::String(name) if name == "flush" => Ok(Durability::Flush),
        other => Err(Fault::Step(format!(
            "unknown durability {}",
            shown(Some(other))
        ))),
    }
}

/// Bytes that go to the call for JSON text; `None` for a value that goes to the one for native values.
fn json_text(step: &Step<'_>, from: &Value) -> Result<Option<Vec<u8>>, Fault> {
    let exact = from["data"]
        .as_object()
        .filter(|object| object.len() == 1 && step.runner.version == 1);
    match (from.get("data"), from.get("hex").and_then(Value::as_str)) {
        (None, Some(hex)) => unhex(hex).map(Some),
        (Some(_), None) => Ok(exact
            .and_then(|object| object.get("$json")?.as_str())
            .map(|text| text.as_bytes().to_vec())),
        _ => Err("data or hex, one of them".into()),
    }
}

fn receipt(receipt: Receipt) -> Result<Value, Fault> {
    Ok(json!({"seq": receipt.seq, "time": format_time(receipt.time_ns)?}))
}

fn append(step: &Step<'_>) -> Result<Value, Fault> {
    let pool = pool(step)?;
    let mut options = AppendOptions::new()
        .tags(tags(step.given("tags")))
        .durability(durability(step)?);
    if step.has("time") {
        options = options.time_ns(time_ns(step.given("time"))?);
    }
    if let Some(seq) = step.number("expect_newest")? {
        options = options.expect_newest(seq);
    }
    if let Some(ms) = step.number("lock_wait_ms")? {
        options = options.lock_wait(LockWait::For(Duration::from_millis(ms)));
    }
    let input = step.fields.get("input").unwrap_or(&Value::Null);
    match json_text(step, input)? {
        Some(json) => receipt(pool.append(&json, &options)?),
        None => receipt(pool.append_value(&input["data"], &options)?),
    }
}

fn append_batch(step: &Step<'_>) -> Result<Value, Fault> {
    let pool = pool(step)?;
    let items = step.need("items")?.as_array().ok_or("items is no array")?;
    let mut texts = Vec::new();
    for item in items {
        texts.push(json_text(step, item)?.unwrap_or_else(|| item["data"].to_string().into_bytes()));
    }
    let tags: Vec<_> = items.iter().map(|item| tags(&item["tags"])).collect();
    let batch: Vec<_> = texts
        .iter()
        .zip(&tags)
        .map(|(text, tags)| BatchItem::json(text).tags(tags))
        .collect();
    let receipts =
        pool.append_batch(&batch, &AppendOptions::new().durability(durability(step)?))?;
    let seqs: Vec<_> = receipts.iter().map(|receipt| receipt.seq).collect();
    Ok(json!({"seqs": seqs}))
}

fn append_lite3(step: &Step<'_>) -> Result<Value, Fault> {
    let options = AppendOptions::new().durability(durability(step)?);
    let receipt = pool(step)?.append_document(&unhex(step.text("hex")?)?, &options)?;
    Ok(json!({"seq": receipt.seq}))
}

fn flush(step: &Step<'_>) -> Result<Value, Fault> {
    pool(step)?.flush()?;
    Ok(json!({}))
}

// Reading

fn seq(step: &Step<'_>) -> Result<u64, Fault> {
    step.number("seq")?
        .ok_or_else(|| "the input has no seq".into())
}

fn get(step: &Step<'_>) -> Result<Value, Fault> {
    message(&pool(step)?.get(seq(step)?)?)
}

fn get_lite3(step: &Step<'_>) -> Result<Value, Fault> {
    let frame = pool(step)?.get_lite3(seq(step)?)?;
    document(frame.seq, frame.time_ns, &frame.payload)
}

fn open_stream(step: &Step<'_>) -> Result<Stream, Fault> {
    let start = step.given("start");
    let start = match (step.number("since_seq")?, start) {
        (Some(seq), _) => Start::Seq(seq),
        (None, Value::Null) => Start::Oldest,
        (None, Value::String(name)) if name == "oldest" => Start::Oldest,
        (None, Value::String(name)) if name == "now" => Start::Now,
        (None, start) => match integer(&start["last"]).and_then(|last| u64::try_from(last).ok()) {
            Some(last) => Start::Last(last),
            None => Start::Time(time_ns(&start["time"])?),
        },
    };
    let gap = match step.given("gap") {
        Value::Null => GapPolicy::Continue,
        Value::String(name) if name == "continue" => GapPolicy::Continue,
        Value::String(name) if name == "error" => GapPolicy::Error,
        Value::String(name) if name == "event" => GapPolicy::Event,
        other => {
            return Err(Fault::Step(format!(
                "unknown gap policy {}",
                shown(Some(other))
            )))
        }
    };
    let predicates = step.given("where").as_array().into_iter().flatten();
    let filters = predicates
        .map(|text| Ok(Filter::new(text.as_str().ok_or("a predicate is a text")?)?))
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut options = TailOptions::new()
        .start(start)
        .gap(gap)
        .tags(tags(step.given("tags")))
        .snapshot(step.flag("snapshot"))
        .backwards(step.flag("backwards"));
    for filter in &filters {
        options = options.filter(filter);
    }
    if let Some(seq) = step.number("end_seq")? {
        options = options.end_seq(seq);
    }
    if let Some(max) = step.number("max")? {
        options = options.max(max);
    }
    let whole = step.field("op")? == "tail";
    if let Some(ms) = step.number("timeout_ms")?.or(whole.then_some(500)) {
        options = options.timeout(Duration::from_millis(ms));
    }
    Ok(pool(step)?.tail(&options)?)
}

fn open_reader(step: &Step<'_>) -> Result<Reader, Fault> {
    let stream = open_stream(step)?;
    Ok(Reader {
        canceller: stream.canceller(),
        stream: Mutex::new(stream),
        lite3: step.given("encoding") == "lite3",
        backwards: step.flag("backwards"),
    })
}

fn open_tail(step: &Step<'_>) -> Result<Value, Fault> {
    step.keep(Handle::Reader(Arc::new(open_reader(step)?)))?;
    Ok(json!({}))
}

/// Reads until there are `count` messages or anything else comes.
fn read(reader: &Reader, count: usize, wait: Wait) -> Result<Value, Fault> {
    let mut stream = locked(&reader.stream);
    let mut messages: Vec<Value> = Vec::new();
    let (mut end, mut gap) = (None, None::<Gap>);
    while messages.len() < count && end.is_none() {
        let got = match stream.next(wait)? {
            Next::Message(view) if reader.lite3 => frame(&view)?,
            Next::Message(view) => message(&view.to_message()?)?,
            other => {
                end = Some(match other {
                    Next::Gap(missing) => {
                        gap = Some(missing);
                        "gap"
                    }
                    Next::TimedOut => "timeout",
                    Next::Cancelled => "cancelled",
                    Next::Deadline => "deadline",
                    _ => "end",
                });
                continue;
            }
        };
        let order = messages
            .last()
            .map(|before| before["seq"].as_u64().cmp(&got["seq"].as_u64()));
        if order.is_some_and(|order| {
            if reader.backwards {
                !order.is_gt()
            } else {
                !order.is_lt()
            }
        }) {
            return Err("the seqs are not in order".into());
        }
        messages.push(got);
    }
    let gap = gap.map(|gap| json!({"first": gap.first, "last": gap.last, "count": gap.count}));
    Ok(json!({"messages": messages, "end": end, "gap": gap}))
}

fn next(step: &Step<'_>) -> Result<Value, Fault> {
    let wait = Wait::For(Duration::from_millis(
        step.number("wait_ms")?.unwrap_or(10_000),
    ));
    let count = step.number("count")?.unwrap_or(1);
    read(&*reader(step)?, count as usize, wait)
}

fn tail(step: &Step<'_>) -> Result<Value, Fault> {
    let expect = step
        .fields
        .get("expect")
        .filter(|_| step.runner.version == 0 && !step.has("max"));
    let expected = expect.and_then(|expect| {
        expect
            .get("messages")
            .or_else(|| expect.get("messages_unordered"))?
            .as_array()
    });
    read(
        &open_reader(step)?,
        expected.map_or(usize::MAX, Vec::len),
        Wait::Forever,
    )
}

fn cancel(step: &Step<'_>) -> Result<Value, Fault> {
    let reader = reader(step)?;
    match step.flag("reset") {
        true => locked(&reader.stream).reset_cancel(),
        false => reader.canceller.cancel(),
    }
    Ok(json!({}))
}

fn replay(step: &Step<'_>) -> Result<Value, Fault> {
    let started = Instant::now();
    let clock = Replay::new(step.need("speed")?.as_f64().ok_or("speed is no number")?)?;
    step.need("max")?;
    let mut stream = open_stream(step)?;
    let mut messages = Vec::new();
    while let Next::Message(view) = stream.next(Wait::Forever)? {
        clock.schedule(view.time_ns())?;
        clock.wait(Wait::Forever)?;
        messages.push(message(&view.to_message()?)?);
    }
    Ok(json!({"messages": messages, "elapsed_ms": started.elapsed().as_millis() as u64}))
}

fn close(step: &Step<'_>) -> Result<Value, Fault> {
    step.close()?;
    Ok(json!({}))
}
