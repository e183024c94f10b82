//! Runs the steps of a manifest.

use crate::values::{outcome_mismatch, replaced, shown, Wrong};
use crate::{host, ops};
use plasmite_sdk::{Canceller, Client, Pool, Stream};
use serde_json::{json, Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why a step did not give a result.
pub(crate) enum Fault {
    /// The SDK's answer, as `{kind, message, path, seq, offset}`.
    Sdk(Value),
    /// The step is wrong, or an expectation does not hold.
    Step(Wrong),
}

impl From<plasmite_sdk::Error> for Fault {
    fn from(error: plasmite_sdk::Error) -> Fault {
        Fault::Sdk(json!({
            "kind": error.kind().name(), "message": error.message(), "path": error.path(), "seq": error.seq(), "offset": error.offset(),
        }))
    }
}

impl From<Wrong> for Fault {
    fn from(wrong: Wrong) -> Fault {
        Fault::Step(wrong)
    }
}

impl From<&str> for Fault {
    fn from(wrong: &str) -> Fault {
        Fault::Step(wrong.to_owned())
    }
}

/// A failed step, with the path of its place.
pub(crate) struct Failure {
    pub(crate) text: String,
    /// The kind of an error of the SDK that the step did not expect.
    pub(crate) kind: Option<String>,
}

/// A stream that one branch reads while another may cancel it.
pub(crate) struct Reader {
    pub(crate) stream: Mutex<Stream>,
    pub(crate) canceller: Canceller,
    pub(crate) lite3: bool,
    pub(crate) backwards: bool,
}

/// What a name stands for.
#[derive(Clone)]
pub(crate) enum Handle {
    Pool(Arc<Pool>),
    Reader(Arc<Reader>),
    Process(Arc<Mutex<Child>>),
    Closed,
}

/// Takes a lock, whatever happened to another branch that held it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Runner {
    pub(crate) version: u64,
    pub(crate) workdir: PathBuf,
    /// Of the client: a directory, or the server's address.
    pub(crate) home: String,
    client: Mutex<Arc<Client>>,
    pub(crate) captures: Mutex<Map<String, Value>>,
    handles: Mutex<HashMap<String, Handle>>,
}

/// A step with its references replaced.
pub(crate) struct Step<'a> {
    pub(crate) runner: &'a Runner,
    pub(crate) fields: Map<String, Value>,
}

impl Step<'_> {
    /// An argument; Null when it is not there.
    pub(crate) fn given(&self, name: &str) -> &Value {
        self.fields
            .get("input")
            .map_or(&Value::Null, |input| &input[name])
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields
            .get("input")
            .is_some_and(|input| input.get(name).is_some())
    }

    pub(crate) fn need(&self, name: &str) -> Result<&Value, Fault> {
        match self.has(name) {
            true => Ok(self.given(name)),
            false => Err(Fault::Step(format!("the input has no {name}"))),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Fault> {
        let value = self.need(name)?;
        value
            .as_str()
            .ok_or_else(|| Fault::Step(format!("{name} is no text: {}", shown(Some(value)))))
    }

    /// An unsigned integer, or None when the argument is not there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Fault> {
        if !self.has(name) {
            return Ok(None);
        }
        let value =
            crate::values::integer(self.given(name)).and_then(|value| u64::try_from(value).ok());
        value
            .map(Some)
            .ok_or_else(|| Fault::Step(format!("{name} is no unsigned integer")))
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.given(name) == &Value::Bool(true)
    }

    pub(crate) fn field(&self, name: &str) -> Result<&str, Fault> {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| Fault::Step(format!("the step has no {name}")))
    }

    pub(crate) fn on(&self) -> Result<Handle, Fault> {
        let name = self.field("on")?;
        locked(&self.runner.handles)
            .get(name)
            .cloned()
            .ok_or_else(|| Fault::Step(format!("there is no handle {name}")))
    }

    pub(crate) fn keep(&self, handle: Handle) -> Result<(), Fault> {
        let name = self.field("keep")?;
        let before = locked(&self.runner.handles).insert(name.to_owned(), handle);
        let free = match before {
            None | Some(Handle::Closed) => true,
            Some(Handle::Process(child)) => locked(&child)
                .try_wait()
                .is_ok_and(|status| status.is_some()),
            Some(_) => false,
        };
        free.then_some(())
            .ok_or_else(|| Fault::Step(format!("there is a handle {name} already")))
    }

    pub(crate) fn close(&self) -> Result<(), Fault> {
        self.on()?;
        locked(&self.runner.handles).insert(self.field("on")?.to_owned(), Handle::Closed);
        Ok(())
    }
}

impl Runner {
    pub(crate) fn new(
        version: u64,
        workdir: PathBuf,
        captures: Map<String, Value>,
    ) -> Result<Runner, Wrong> {
        let home = std::env::var("PLASMITE_CONFORMANCE_HOME");
        let home = home.unwrap_or_else(|_| workdir.to_string_lossy().into_owned());
        let client = Client::new(&home).map_err(|error| error.to_string())?;
        Ok(Runner {
            version,
            workdir,
            home,
            client: Mutex::new(Arc::new(client)),
            captures: Mutex::new(captures),
            handles: Mutex::default(),
        })
    }

    pub(crate) fn client(&self) -> Arc<Client> {
        locked(&self.client).clone()
    }

    /// Takes another client from here on.
    pub(crate) fn connect(&self, client: Client) {
        *locked(&self.client) = Arc::new(client);
    }

    pub(crate) fn steps(&self, steps: &Value, path: &str) -> Result<(), Failure> {
        for (index, step) in steps.as_array().into_iter().flatten().enumerate() {
            self.step(step, &format!("{path}.{index}"))?;
        }
        Ok(())
    }

    pub(crate) fn step(&self, whole: &Value, path: &str) -> Result<(), Failure> {
        let path = path.trim_start_matches('.');
        let fault = match self.execute(whole, path) {
            Ok(answer) => return answer,
            Err(fault) => fault,
        };
        let id = whole
            .get("id")
            .and_then(Value::as_str)
            .map_or_else(String::new, |id| format!(" ({id})"));
        let (text, kind) = match fault {
            Fault::Step(wrong) => (wrong, None),
            Fault::Sdk(error) => (
                shown(Some(&error)),
                error["kind"].as_str().map(str::to_owned),
            ),
        };
        Err(Failure {
            text: format!("step {path}{id}: {text}"),
            kind,
        })
    }

    fn execute(&self, whole: &Value, path: &str) -> Result<Result<(), Failure>, Fault> {
        let mut fields = Map::new();
        for (key, value) in whole.as_object().ok_or("a step is an object")? {
            let outer = self.version == 1 && key != "steps" && key != "branches";
            // The lock is not held while a step runs.
            let value = if outer {
                replaced(value, &locked(&self.captures))?
            } else {
                value.clone()
            };
            fields.insert(key.clone(), value);
        }
        let step = Step {
            runner: self,
            fields,
        };
        let op = step.field("op")?.to_owned();
        if let Some(answer) = self.control(&step, &op, path)? {
            return Ok(answer);
        }
        let call = ops::find(&op, self.version).or_else(|| host::find(&op, self.version));
        let outcome = match call.ok_or_else(|| format!("unknown op {op}"))?(&step) {
            Ok(result) => Ok(result),
            Err(Fault::Sdk(error)) if step.fields.contains_key("expect") => Err(error),
            Err(fault) => return Err(fault),
        };
        self.judge(&step, &op, outcome.as_ref())?;
        if let Some(name) = step.fields.get("as").and_then(Value::as_str) {
            locked(&self.captures).insert(name.to_owned(), outcome.unwrap_or_else(|error| error));
        }
        Ok(Ok(()))
    }

    fn judge(
        &self,
        step: &Step<'_>,
        op: &str,
        outcome: Result<&Value, &Value>,
    ) -> Result<(), Fault> {
        let mut expect = match step.fields.get("expect") {
            Some(expect) => expect.clone(),
            None if op == "join" => json!({"exit": 0}),
            None => return Ok(()),
        };
        let mut matchers = self.version == 1;
        if let (0, Some(members)) = (self.version, expect.as_object_mut()) {
            members.remove("created");
            if let Some(Value::Array(names)) = members.get_mut("names") {
                names.sort_by_key(Value::to_string);
            }
            if let Some(messages) = members.remove("messages_unordered") {
                members.insert("messages".to_owned(), json!({"$unordered": messages}));
                matchers = true;
            }
        }
        match outcome_mismatch(&expect, outcome, matchers) {
            Some(wrong) if op == "join" => Err(Fault::Step(format!(
                "{wrong}; it says: {}",
                shown(outcome.ok().map(|result| &result["stderr"]))
            ))),
            Some(wrong) => Err(Fault::Step(wrong)),
            None => Ok(()),
        }
    }

    /// Closes what is open. Processes that were not joined are ended, and that is a failure.
    pub(crate) fn close(&self) -> Result<(), Wrong> {
        let mut joined = Ok(());
        for (name, handle) in locked(&self.handles).drain() {
            if let Handle::Process(child) = handle {
                let mut child = locked(&child);
                if !child.try_wait().is_ok_and(|status| status.is_some()) {
                    // It may end by itself in between; either way it is waited for.
                    let _ = child.kill();
                    let _ = child.wait();
                    joined = Err(format!("the process {name} was not joined"));
                }
            }
        }
        joined
    }

    fn control(
        &self,
        step: &Step<'_>,
        op: &str,
        path: &str,
    ) -> Result<Option<Result<(), Failure>>, Fault> {
        match (self.version, op) {
            (1, "repeat") => self.repeat(step, path).map(Some),
            (1, "parallel") => Ok(Some(self.parallel(step, path))),
            _ => Ok(None),
        }
    }

    fn repeat(&self, step: &Step<'_>, path: &str) -> Result<Result<(), Failure>, Fault> {
        let items = step.given("for").as_array();
        let until = step.given("until").as_str();
        let rounds = items.map_or_else(
            || step.number("count").map(Option::unwrap_or_default),
            |items| Ok(items.len() as u64),
        )?;
        let bind = |n: u64, item: Option<&Value>| {
            if let Some(name) = step.fields.get("as").and_then(Value::as_str) {
                locked(&self.captures).insert(name.to_owned(), json!({"n": n, "item": item}));
            }
        };
        let (mut done, mut ended) = (0, until.is_none());
        for round in 0..rounds {
            bind(round, items.map(|items| &items[round as usize]));
            match self.steps(&step.fields["steps"], path) {
                Ok(()) => done += 1,
                Err(failure) if until.is_some() && failure.kind.as_deref() == until => {
                    ended = true;
                    break;
                }
                Err(mut failure) => {
                    let item = shown(items.map(|items| &items[round as usize]));
                    failure.text += &format!(" [round {round}: {item}]");
                    return Ok(Err(failure));
                }
            }
        }
        bind(done, None);
        match ended {
            true => Ok(Ok(())),
            false => Err(Fault::Step(format!(
                "no {} within {done} rounds",
                until.unwrap_or_default()
            ))),
        }
    }

    fn parallel(&self, step: &Step<'_>, path: &str) -> Result<(), Failure> {
        let branches = step.fields["branches"].as_array().into_iter().flatten();
        std::thread::scope(|scope| {
            let running: Vec<_> = branches
                .enumerate()
                .map(|(index, steps)| {
                    scope.spawn(move || self.steps(steps, &format!("{path}.{index}")))
                })
                .collect();
            running
                .into_iter()
                .map(|branch| {
                    branch
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .fold(Ok(()), Result::and)
        })
    }
}
