//! Evaluating a plan on a message where it lies, with the results that the engine would have.
//!
//! Nothing here trusts the bytes, which writers may be overwriting: they are read once, checked, and what comes out
//! counts only if the message was still there afterwards. Whatever a plan does not decide (two arrays compared, an
//! integer beyond 63 bits, data kept as text) is left to the engine.

use std::cmp::Ordering;

use jaq_core::ops::Cmp;

use super::plan::{Literal, Node, Op, Step};
use super::run::Verdict;
use crate::error::{Error, Result};
use crate::lite3::{Kind, Source, Value};
use crate::message::{tags, Encoding, Message, TimeCache};

/// A value on the way through a plan.
#[derive(Clone, Copy)]
enum Leaf<'a, S> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string of the message: where its bytes are, offset, length.
    Text(S, usize, usize),
    /// A text of the plan, or the time.
    Own(&'a [u8]),
    /// An object or array of the data.
    Node(Value<S>),
    Envelope,
    Meta,
    Tags,
}

/// Why an evaluation ends early.
enum Stop {
    /// A run-time error of jq.
    Error,
    /// The engine has to decide.
    Unplanned,
    /// An output that is no truth value.
    NotBoolean(&'static str),
    Damaged(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Damaged(error)
    }
}

type Flow<T> = std::result::Result<T, Stop>;

/// The message and what was worked out about it.
struct Evaluation<'a, S> {
    message: &'a Message<S>,
    time: &'a [u8],
    effort: u64,
}

/// The verdict about a message, and the effort it took; `None` when the engine has to decide.
///
/// # Errors
/// Corrupt.
pub(super) fn verdict<S: Source>(
    plan: &Node,
    message: &Message<S>,
) -> (Result<Option<Verdict>>, u64) {
    let mut time = Vec::new();
    if plan.asks_for_time() {
        TimeCache::new().write(message.time_ns, &mut time);
    }
    let mut evaluation = Evaluation {
        message,
        time: &time,
        effort: 4,
    };
    let mut verdict = Verdict::NoMatch;
    let flow = evaluation.each(plan, Leaf::Envelope, &mut |_, leaf| match leaf {
        Leaf::Bool(true) => {
            verdict = Verdict::Match;
            Ok(())
        }
        Leaf::Bool(false) | Leaf::Null => Ok(()),
        other => Err(Stop::NotBoolean(other.kind())),
    });
    let verdict = match flow {
        Ok(()) => Ok(Some(verdict)),
        Err(Stop::Error) => Ok(Some(Verdict::NoMatch)),
        Err(Stop::Unplanned) => Ok(None),
        Err(Stop::NotBoolean(kind)) => Ok(Some(Verdict::NotBoolean(kind))),
        Err(Stop::Damaged(error)) => Err(error),
    };
    (verdict, evaluation.effort)
}

impl<S: Source> Leaf<'_, S> {
    fn kind(&self) -> &'static str {
        match self {
            Leaf::Null => "null",
            Leaf::Bool(_) => "a boolean",
            Leaf::Int(_) | Leaf::Float(_) => "a number",
            Leaf::Text(..) | Leaf::Own(_) => "a string",
            Leaf::Node(value) if value.type_of() == Kind::Object => "an object",
            Leaf::Envelope | Leaf::Meta => "an object",
            Leaf::Node(_) | Leaf::Tags => "an array",
        }
    }

    fn truth(&self) -> bool {
        !matches!(self, Leaf::Null | Leaf::Bool(false))
    }

    fn rank(&self) -> u8 {
        match self {
            Leaf::Null => 0,
            Leaf::Bool(false) => 1,
            Leaf::Bool(true) => 2,
            Leaf::Int(_) | Leaf::Float(_) => 3,
            Leaf::Text(..) | Leaf::Own(_) => 4,
            Leaf::Tags => 5,
            Leaf::Node(value) if value.type_of() == Kind::Array => 5,
            Leaf::Node(_) | Leaf::Envelope | Leaf::Meta => 6,
        }
    }

    fn of(value: Value<S>) -> Flow<Leaf<'static, S>> {
        Ok(match value.type_of() {
            Kind::Null => Leaf::Null,
            Kind::Bool => Leaf::Bool(value.as_bool() == Some(true)),
            Kind::Int => Leaf::Int(value.as_i64().unwrap_or_default()),
            Kind::Float => Leaf::Float(value.as_f64().unwrap_or_default()),
            Kind::String => match value.string_range()? {
                Some((start, len)) => Leaf::Text(value.source(), start, len),
                None => return Err(Stop::Unplanned),
            },
            Kind::Object | Kind::Array => Leaf::Node(value),
            _ => return Err(Stop::Unplanned),
        })
    }

    /// Runs `look` on the bytes of a string; a run-time error for anything else.
    fn with_text<T>(&self, look: impl FnOnce(&[u8]) -> T) -> Flow<T> {
        match self {
            Leaf::Own(text) => Ok(look(text)),
            Leaf::Text(source, start, len) => {
                if let Some(text) = source
                    .as_slice()
                    .and_then(|all| all.get(*start..start + len))
                {
                    return Ok(look(text));
                }
                let mut copy = Vec::with_capacity(len + 8);
                if !source.append_to(*start, *len, &mut copy) {
                    return Err(Stop::Unplanned);
                }
                Ok(look(&copy))
            }
            _ => Err(Stop::Error),
        }
    }

    fn starts_with(&self, part: &str) -> Flow<bool> {
        match self {
            Leaf::Text(source, start, len) => {
                Ok(part.len() <= *len && source.equals(*start, part.as_bytes()))
            }
            other => other.with_text(|text| text.starts_with(part.as_bytes())),
        }
    }

    fn ends_with(&self, part: &str) -> Flow<bool> {
        match self {
            Leaf::Text(source, start, len) => {
                Ok(part.len() <= *len && source.equals(start + len - part.len(), part.as_bytes()))
            }
            other => other.with_text(|text| text.ends_with(part.as_bytes())),
        }
    }

    fn equals(&self, other: &Self) -> Flow<bool> {
        match (self, other) {
            (Leaf::Text(source, start, len), Leaf::Own(text))
            | (Leaf::Own(text), Leaf::Text(source, start, len)) => {
                Ok(*len == text.len() && source.equals(*start, text))
            }
            _ => Ok(self.compare(other)? == Ordering::Equal),
        }
    }

    fn compare(&self, other: &Self) -> Flow<Ordering> {
        let (rank, other_rank) = (self.rank(), other.rank());
        if rank != other_rank {
            return Ok(rank.cmp(&other_rank));
        }
        match (self, other) {
            (Leaf::Int(left), Leaf::Int(right)) => Ok(left.cmp(right)),
            (Leaf::Int(left), Leaf::Float(right)) => Ok(compare_floats(*left as f64, *right)),
            (Leaf::Float(left), Leaf::Int(right)) => Ok(compare_floats(*left, *right as f64)),
            (Leaf::Float(left), Leaf::Float(right)) => Ok(compare_floats(*left, *right)),
            _ if rank == 4 => self.with_text(|left| other.with_text(|right| left.cmp(right)))?,
            _ if rank < 3 => Ok(Ordering::Equal),
            // Arrays and objects.
            _ => Err(Stop::Unplanned),
        }
    }
}

/// As the engine's numbers compare. What is no number cannot stand in a message or a plan.
fn compare_floats(left: f64, right: f64) -> Ordering {
    if left == 0.0 && right == 0.0 {
        return Ordering::Equal;
    }
    left.total_cmp(&right)
}

impl<'a, S: Source> Evaluation<'a, S> {
    /// Gives every output of a node to `out`.
    fn each(
        &mut self,
        node: &'a Node,
        input: Leaf<'a, S>,
        out: &mut dyn FnMut(&mut Self, Leaf<'a, S>) -> Flow<()>,
    ) -> Flow<()> {
        if node.single {
            let leaf = self.one(node, input)?;
            return out(self, leaf);
        }
        match &node.op {
            Op::Path(steps) => self.walk(steps, input, out),
            Op::Pipe(nodes) => {
                let [left, right] = &**nodes;
                self.each(left, input, &mut |this, leaf| this.each(right, leaf, out))
            }
            Op::Compare(cmp, nodes) => self.each_pair(*cmp, nodes, input, out),
            Op::Logic(stop, nodes) => {
                let [left, right] = &**nodes;
                self.each(left, input, &mut |this, leaf| {
                    if leaf.truth() == *stop {
                        return out(this, Leaf::Bool(*stop));
                    }
                    this.each(right, input, &mut |this, leaf| {
                        out(this, Leaf::Bool(leaf.truth()))
                    })
                })
            }
            Op::Alternative(nodes) => {
                let [left, right] = &**nodes;
                let mut any = false;
                self.each(left, input, &mut |this, leaf| {
                    if !leaf.truth() {
                        return Ok(());
                    }
                    any = true;
                    out(this, leaf)
                })?;
                if any {
                    return Ok(());
                }
                self.each(right, input, out)
            }
            // All others are single.
            _ => Err(Stop::Unplanned),
        }
    }

    /// Compares every output of the left with every one of the right. An error of the left is seen only when the
    /// right has an output.
    fn each_pair(
        &mut self,
        cmp: Cmp,
        nodes: &'a [Node; 2],
        input: Leaf<'a, S>,
        out: &mut dyn FnMut(&mut Self, Leaf<'a, S>) -> Flow<()>,
    ) -> Flow<()> {
        let [left, right] = nodes;
        let mut failed_inside = false;
        let flow = self.each(left, input, &mut |this, left| {
            let flow = this.each(right, input, &mut |this, right| {
                out(this, Leaf::Bool(holds(cmp, &left, &right)?))
            });
            failed_inside |= flow.is_err();
            flow
        });
        match flow {
            Err(Stop::Error) if !failed_inside => {
                self.each(right, input, &mut |_, _| Err(Stop::Error))
            }
            flow => flow,
        }
    }

    /// The output of a node that has one.
    fn one(&mut self, node: &'a Node, input: Leaf<'a, S>) -> Flow<Leaf<'a, S>> {
        Ok(match &node.op {
            Op::Literal(literal) => match literal {
                Literal::Null => Leaf::Null,
                Literal::Bool(truth) => Leaf::Bool(*truth),
                Literal::Int(int) => Leaf::Int(*int),
                Literal::Float(float) => Leaf::Float(*float),
                Literal::Text(text) => Leaf::Own(text.as_bytes()),
            },
            Op::Path(steps) => {
                let mut leaf = input;
                for step in steps {
                    leaf = self.step(step, leaf)?;
                }
                leaf
            }
            Op::Pipe(nodes) => {
                let leaf = self.one(&nodes[0], input)?;
                self.one(&nodes[1], leaf)?
            }
            Op::Compare(cmp, nodes) => {
                let left = self.one(&nodes[0], input)?;
                let right = self.one(&nodes[1], input)?;
                Leaf::Bool(holds(*cmp, &left, &right)?)
            }
            Op::Logic(stop, nodes) => {
                if self.one(&nodes[0], input)?.truth() == *stop {
                    return Ok(Leaf::Bool(*stop));
                }
                Leaf::Bool(self.one(&nodes[1], input)?.truth())
            }
            Op::Alternative(nodes) => match self.one(&nodes[0], input)? {
                leaf if leaf.truth() => leaf,
                _ => self.one(&nodes[1], input)?,
            },
            Op::Not => Leaf::Bool(!input.truth()),
            Op::StartsWith(part) => Leaf::Bool(input.starts_with(part)?),
            Op::EndsWith(part) => Leaf::Bool(input.ends_with(part)?),
            Op::Contains(part) => Leaf::Bool(
                input.with_text(|text| memchr::memmem::find(text, part.as_bytes()).is_some())?,
            ),
            Op::Has(key) => self.has(key, input)?,
            Op::Test(pattern) => {
                let (found, effort) = input.with_text(|text| pattern.search(text))?;
                self.effort += effort;
                Leaf::Bool(found)
            }
        })
    }

    fn has(&mut self, key: &str, input: Leaf<'a, S>) -> Flow<Leaf<'a, S>> {
        Ok(Leaf::Bool(match input {
            Leaf::Null => false,
            Leaf::Node(value) if value.type_of() == Kind::Object => {
                value.get(key.as_bytes())?.is_some()
            }
            Leaf::Envelope => ["seq", "time", "meta", "data"].contains(&key),
            Leaf::Meta => key == "tags",
            _ => return Err(Stop::Error),
        }))
    }

    /// Gives every output of a path with `[]` or `?` to `out`.
    fn walk(
        &mut self,
        steps: &'a [Step],
        input: Leaf<'a, S>,
        out: &mut dyn FnMut(&mut Self, Leaf<'a, S>) -> Flow<()>,
    ) -> Flow<()> {
        let Some((step, rest)) = steps.split_first() else {
            return out(self, input);
        };
        let optional = match step {
            Step::Field(_, optional) | Step::Index(_, optional) => {
                return match self.step(step, input) {
                    Ok(leaf) => self.walk(rest, leaf, out),
                    Err(Stop::Error) if *optional => Ok(()),
                    Err(stop) => Err(stop),
                }
            }
            Step::Each(optional) => *optional,
        };
        match input {
            Leaf::Node(value) => {
                for entry in value.entries()? {
                    self.effort += 1;
                    self.walk(rest, Leaf::of(entry?.value)?, out)?;
                }
                Ok(())
            }
            Leaf::Tags => {
                let block = self.message.tags;
                for range in tags::ranges(block) {
                    let (start, len) = range?;
                    self.effort += 1;
                    self.walk(rest, Leaf::Text(block, start, len), out)?;
                }
                Ok(())
            }
            Leaf::Envelope | Leaf::Meta => Err(Stop::Unplanned),
            _ if optional => Ok(()),
            _ => Err(Stop::Error),
        }
    }

    /// One step to a member or an element.
    #[inline]
    fn step(&mut self, step: &'a Step, input: Leaf<'a, S>) -> Flow<Leaf<'a, S>> {
        match (step, input) {
            (_, Leaf::Null) => Ok(Leaf::Null),
            (Step::Field(key, _), Leaf::Node(value)) if value.type_of() == Kind::Object => {
                match value.get(key.as_bytes())? {
                    Some(value) => Leaf::of(value),
                    None => Ok(Leaf::Null),
                }
            }
            (Step::Field(key, _), Leaf::Envelope) => self.member(key),
            (Step::Field(key, _), Leaf::Meta) => Ok(match key.as_str() {
                "tags" => Leaf::Tags,
                _ => Leaf::Null,
            }),
            (Step::Index(index, _), Leaf::Node(value)) if value.type_of() == Kind::Array => {
                let place = match usize::try_from(*index) {
                    Ok(place) => Some(place),
                    Err(_) => usize::try_from(index.unsigned_abs())
                        .ok()
                        .and_then(|back| value.len().ok()?.checked_sub(back)),
                };
                match place.map(|place| value.at(place)).transpose()?.flatten() {
                    Some(value) => Leaf::of(value),
                    None => Ok(Leaf::Null),
                }
            }
            (Step::Index(..), Leaf::Tags) | (Step::Each(_), _) => Err(Stop::Unplanned),
            _ => Err(Stop::Error),
        }
    }

    fn member(&self, key: &str) -> Flow<Leaf<'a, S>> {
        match key {
            "data" => {
                if self.message.encoding == Encoding::Lite3Data {
                    return Ok(Leaf::Node(Value::root(self.message.payload)?));
                }
                match self.message.data_value()? {
                    Some(value) => Leaf::of(value),
                    None => Err(Stop::Unplanned),
                }
            }
            "seq" => i64::try_from(self.message.seq)
                .map(Leaf::Int)
                .map_err(|_| Stop::Unplanned),
            "time" => Ok(Leaf::Own(self.time)),
            "meta" => Ok(Leaf::Meta),
            _ => Ok(Leaf::Null),
        }
    }
}

#[inline]
fn holds<S: Source>(cmp: Cmp, left: &Leaf<'_, S>, right: &Leaf<'_, S>) -> Flow<bool> {
    Ok(match cmp {
        Cmp::Eq => left.equals(right)?,
        Cmp::Ne => !left.equals(right)?,
        Cmp::Lt => left.compare(right)?.is_lt(),
        Cmp::Le => left.compare(right)?.is_le(),
        Cmp::Gt => left.compare(right)?.is_gt(),
        Cmp::Ge => left.compare(right)?.is_ge(),
    })
}
