//! Evaluating a plan on a message where it lies, with the results that the engine would have.
//!
//! Nothing here trusts the bytes, which writers may be overwriting: they are read once, checked, and what comes out
//! counts only if the message was still there afterwards. Whatever a plan does not decide (two arrays compared, an
//! integer beyond 63 bits, data kept as text) is left to the engine.
//!
//! Where both sides of a node have several outputs, every one of the left runs the right: a short plan can ask for more
//! than anybody has time for. So a plan has the engine's limit of steps, and pays for outputs and for texts.

use jaq_core::ops::Cmp;

use super::leaf::Leaf;
use super::meter::{Exceeded, Stopped};
use super::plan::{Literal, Node, Op, Step};
use super::run::Verdict;
use crate::error::Error;
use crate::lite3::{Kind, Source, Value};
use crate::message::{tags, Encoding, Message, TimeCache};

/// Why an evaluation ends early.
pub(super) enum Stop {
    /// A run-time error of jq.
    Error,
    /// The engine has to decide.
    Unplanned,
    /// An output that is no truth value.
    NotBoolean(&'static str),
    /// More steps than it may take.
    Exceeded,
    Damaged(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Damaged(error)
    }
}

pub(super) type Flow<T> = std::result::Result<T, Stop>;

/// The message and what was worked out about it.
struct Evaluation<'a, S> {
    message: &'a Message<S>,
    time: &'a [u8],
    /// Steps taken, and how many it may take.
    effort: u64,
    most: u64,
}

/// The verdict about a message, in at most so many steps, and how many it took; `None` when the engine has to decide.
///
/// # Errors
/// The message is damaged, or too many steps.
pub(super) fn verdict<S: Source>(
    plan: &Node,
    message: &Message<S>,
    most: u64,
) -> (std::result::Result<Option<Verdict>, Stopped>, u64) {
    let mut time = Vec::new();
    if plan.asks_for_time {
        TimeCache::new().write(message.time_ns, &mut time);
    }
    let mut evaluation = Evaluation {
        message,
        time: &time,
        effort: 0,
        most,
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
        Err(Stop::Exceeded) => Err(Stopped::Exceeded(Exceeded::Steps)),
        Err(Stop::Damaged(error)) => Err(Stopped::Damaged(error)),
    };
    (verdict, evaluation.effort)
}

impl<'a, S: Source> Evaluation<'a, S> {
    /// Counts steps before they are taken.
    #[inline]
    fn spend(&mut self, steps: u64) -> Flow<()> {
        self.effort = self.effort.saturating_add(steps);
        if self.effort > self.most {
            return Err(Stop::Exceeded);
        }
        Ok(())
    }

    /// Counts bytes of texts before they are read or copied.
    #[inline]
    fn read(&mut self, bytes: usize) -> Flow<()> {
        self.spend(bytes as u64 / 16)
    }

    #[inline]
    fn holds(&mut self, cmp: Cmp, left: &Leaf<'a, S>, right: &Leaf<'a, S>) -> Flow<bool> {
        self.read(left.read_to_compare(right, matches!(cmp, Cmp::Eq | Cmp::Ne)))?;
        Ok(match cmp {
            Cmp::Eq => left.equals(right)?,
            Cmp::Ne => !left.equals(right)?,
            Cmp::Lt => left.compare(right)?.is_lt(),
            Cmp::Le => left.compare(right)?.is_le(),
            Cmp::Gt => left.compare(right)?.is_gt(),
            Cmp::Ge => left.compare(right)?.is_ge(),
        })
    }

    /// Gives every output of a node to `out`.
    fn each(
        &mut self,
        node: &'a Node,
        input: Leaf<'a, S>,
        out: &mut dyn FnMut(&mut Self, Leaf<'a, S>) -> Flow<()>,
    ) -> Flow<()> {
        self.spend(node.cost)?;
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
                    this.spend(1)?;
                    if leaf.truth() == *stop {
                        return out(this, Leaf::Bool(*stop));
                    }
                    this.each(right, input, &mut |this, leaf| {
                        this.spend(1)?;
                        out(this, Leaf::Bool(leaf.truth()))
                    })
                })
            }
            Op::Alternative(nodes) => {
                let [left, right] = &**nodes;
                let mut any = false;
                self.each(left, input, &mut |this, leaf| {
                    this.spend(1)?;
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
                this.spend(1)?;
                let holds = this.holds(cmp, &left, &right)?;
                out(this, Leaf::Bool(holds))
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

    /// The output of a node that has one; what it costs apart from its texts has been counted.
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
                Leaf::Bool(self.holds(*cmp, &left, &right)?)
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
            Op::Contains(part) => {
                self.read(input.text_len().ok_or(Stop::Error)?)?;
                Leaf::Bool(
                    input
                        .with_text(|text| memchr::memmem::find(text, part.as_bytes()).is_some())?,
                )
            }
            Op::Has(key) => self.has(key, input)?,
            Op::Test(pattern) => {
                self.spend(pattern.steps(input.text_len().ok_or(Stop::Error)?))?;
                Leaf::Bool(input.with_text(|text| pattern.is_found(text))?)
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

    /// Gives every output of a path with `[]` or `?` to `out`. Recurses with the levels of the data, not with the length
    /// of the path.
    fn walk(
        &mut self,
        mut steps: &'a [Step],
        mut input: Leaf<'a, S>,
        out: &mut dyn FnMut(&mut Self, Leaf<'a, S>) -> Flow<()>,
    ) -> Flow<()> {
        let (optional, rest) = loop {
            let Some((step, rest)) = steps.split_first() else {
                return out(self, input);
            };
            self.spend(step.cost())?;
            let optional = match step {
                Step::Each(optional) => break (*optional, rest),
                Step::Field(_, optional) | Step::Index(_, optional) => *optional,
            };
            input = match self.step(step, input) {
                Err(Stop::Error) if optional => return Ok(()),
                leaf => leaf?,
            };
            steps = rest;
        };
        match input {
            Leaf::Node(value) => {
                for entry in value.entries()? {
                    self.spend(1)?;
                    self.walk(rest, Leaf::of(entry?.value)?, out)?;
                }
                Ok(())
            }
            Leaf::Tags => {
                let block = self.message.tags;
                for range in tags::ranges(block) {
                    let (start, len) = range?;
                    self.spend(1)?;
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
