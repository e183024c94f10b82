//! Plain conditions, `.data.a.b == "x" and (.data.n > 3 or .data.msg | test("…"))`, as a tree of their own that is
//! evaluated straight on the message. What is not plain has no plan, and runs in the engine.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Cmp;
use jaq_core::path::{Opt, Part};

use super::pattern::Pattern;

/// A condition, or a part of one.
pub(super) struct Node {
    pub(super) op: Op,
    /// Gives exactly one output, or an error.
    pub(super) single: bool,
    /// Needs the time of the message as text.
    pub(super) asks_for_time: bool,
    /// Steps: all of one with a single output, whatever is in the message, but for its texts; the first of another.
    pub(super) cost: u64,
    /// Levels of nodes.
    depth: u32,
}

/// Deeper conditions have no plan: evaluating and freeing one recurses.
const DEEPEST: u32 = 64;

/// What a node does with its input.
pub(super) enum Op {
    Literal(Literal),
    Path(Vec<Step>),
    Pipe(Box<[Node; 2]>),
    Compare(Cmp, Box<[Node; 2]>),
    /// `and` (false ends it) or `or` (true ends it).
    Logic(bool, Box<[Node; 2]>),
    /// `//`
    Alternative(Box<[Node; 2]>),
    Not,
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Has(String),
    Test(Pattern),
}

pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// A step of a path; the flag is that of `?`, which takes an error for no output.
pub(super) enum Step {
    Field(String, bool),
    Index(i64, bool),
    Each(bool),
}

impl Step {
    /// What one takes in steps; long keys are hashed each time.
    #[inline]
    pub(super) fn cost(&self) -> u64 {
        match self {
            Step::Field(key, _) => 1 + key.len() as u64 / 16,
            Step::Index(..) | Step::Each(_) => 1,
        }
    }
}

/// A literal that can never work, with its place in the expression.
pub(super) struct Fault<'a> {
    pub(super) place: &'a str,
    pub(super) what: String,
}

impl Node {
    fn new(op: Op) -> Node {
        let mut single = true;
        let mut asks_for_time = false;
        let mut depth = 1;
        let mut cost = 1;
        match &op {
            Op::Path(steps) => {
                single = steps
                    .iter()
                    .all(|step| matches!(step, Step::Field(_, false) | Step::Index(_, false)));
                let is_time = |step: &Step| matches!(step, Step::Field(key, _) if key == "time");
                asks_for_time = steps.iter().any(is_time);
                cost += steps.iter().map(Step::cost).sum::<u64>();
            }
            Op::Pipe(nodes)
            | Op::Compare(_, nodes)
            | Op::Logic(_, nodes)
            | Op::Alternative(nodes) => {
                single = nodes.iter().all(|node| node.single);
                asks_for_time = nodes.iter().any(|node| node.asks_for_time);
                depth += nodes[0].depth.max(nodes[1].depth);
                cost += nodes[0].cost + nodes[1].cost;
            }
            Op::StartsWith(text) | Op::EndsWith(text) | Op::Contains(text) | Op::Has(text) => {
                cost += text.len() as u64 / 16;
            }
            Op::Literal(_) | Op::Not | Op::Test(_) => {}
        }
        Node {
            op,
            single,
            asks_for_time,
            cost: if single { cost } else { 1 },
            depth,
        }
    }

    /// The plan of a term; `None` when it has none.
    ///
    /// # Errors
    /// A regular expression that is none.
    pub(super) fn of<'a>(term: &Term<&'a str>) -> Result<Option<Node>, Fault<'a>> {
        let node = Node::new(match term {
            Term::Id => Op::Path(Vec::new()),
            Term::Num(_) | Term::Neg(_) | Term::Str(..) => match literal(term) {
                Some(literal) => Op::Literal(literal),
                None => return Ok(None),
            },
            Term::BinOp(left, op, right) => {
                let (Some(left), Some(right)) = (Node::of(left)?, Node::of(right)?) else {
                    return Ok(None);
                };
                let nodes = Box::new([left, right]);
                match op {
                    BinaryOp::Pipe(None) => Op::Pipe(nodes),
                    BinaryOp::Cmp(cmp) => Op::Compare(*cmp, nodes),
                    BinaryOp::And => Op::Logic(false, nodes),
                    BinaryOp::Or => Op::Logic(true, nodes),
                    BinaryOp::Alt => Op::Alternative(nodes),
                    _ => return Ok(None),
                }
            }
            Term::Path(head, path) => {
                let Some(steps) = steps(&path.0) else {
                    return Ok(None);
                };
                match &**head {
                    Term::Id => Op::Path(steps),
                    head => match Node::of(head)? {
                        Some(head) => Op::Pipe(Box::new([head, Node::new(Op::Path(steps))])),
                        None => return Ok(None),
                    },
                }
            }
            Term::Call(name, args) => match call(name, args)? {
                Some(op) => op,
                None => return Ok(None),
            },
            _ => return Ok(None),
        });
        Ok((node.depth <= DEEPEST).then_some(node))
    }
}

fn call<'a>(name: &str, args: &[Term<&'a str>]) -> Result<Option<Op>, Fault<'a>> {
    let texts: Option<Vec<String>> = args.iter().map(text).collect();
    let Some(texts) = texts else { return Ok(None) };
    Ok(match (name, texts.as_slice()) {
        ("null", []) => Some(Op::Literal(Literal::Null)),
        ("true", []) => Some(Op::Literal(Literal::Bool(true))),
        ("false", []) => Some(Op::Literal(Literal::Bool(false))),
        ("not", []) => Some(Op::Not),
        ("startswith", [part]) => Some(Op::StartsWith(part.clone())),
        ("endswith", [part]) => Some(Op::EndsWith(part.clone())),
        ("contains", [part]) => Some(Op::Contains(part.clone())),
        ("has", [key]) => Some(Op::Has(key.clone())),
        ("test", [expression]) => pattern(expression, "", args)?,
        ("test", [expression, flags]) => pattern(expression, flags, args)?,
        _ => None,
    })
}

fn pattern<'a>(
    expression: &str,
    flags: &str,
    args: &[Term<&'a str>],
) -> Result<Option<Op>, Fault<'a>> {
    match Pattern::new(expression, flags) {
        // Any other is searched where its steps are counted as it goes.
        Ok(pattern) => Ok(pattern.is_plain().then_some(Op::Test(pattern))),
        Err(what) => Err(Fault {
            place: args.iter().find_map(place).unwrap_or_default(),
            what,
        }),
    }
}

/// Where a text literal stands, if it has a part that was written as it is.
fn place<'a>(term: &Term<&'a str>) -> Option<&'a str> {
    match term {
        Term::Str(_, parts) => parts.iter().find_map(|part| match part {
            StrPart::Str(text) => Some(*text),
            _ => None,
        }),
        _ => None,
    }
}

/// The text of a literal.
fn text(term: &Term<&str>) -> Option<String> {
    let Term::Str(None, parts) = term else {
        return None;
    };
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(char) => text.push(*char),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}

fn literal(term: &Term<&str>) -> Option<Literal> {
    match term {
        Term::Num(number) => match number.parse() {
            Ok(int) => Some(Literal::Int(int)),
            // A larger integer is exact in the engine.
            Err(_) if number.bytes().all(|byte| byte.is_ascii_digit()) => None,
            Err(_) => number.parse().ok().map(Literal::Float),
        },
        Term::Neg(inner) => match (&**inner, literal(inner)?) {
            (Term::Num(_), Literal::Int(int)) => Some(Literal::Int(-int)),
            (Term::Num(_), Literal::Float(float)) => Some(Literal::Float(-float)),
            _ => None,
        },
        _ => text(term).map(Literal::Text),
    }
}

fn steps(parts: &[(Part<Term<&str>>, Opt)]) -> Option<Vec<Step>> {
    let step = |(part, opt): &(Part<Term<&str>>, Opt)| {
        let optional = matches!(opt, Opt::Optional);
        match part {
            Part::Range(None, None) => Some(Step::Each(optional)),
            Part::Range(..) => None,
            Part::Index(index) => match literal(index)? {
                Literal::Text(key) => Some(Step::Field(key, optional)),
                Literal::Int(index) => Some(Step::Index(index, optional)),
                _ => None,
            },
        }
    };
    parts.iter().map(step).collect()
}

/// The tags that a message must have to match, so that others need not be looked at: those of `.meta.tags[] == "x"`
/// among the conditions that `and` joins.
pub(super) fn wanted_tags<'a>(node: &'a Node, tags: &mut Vec<&'a str>) {
    match &node.op {
        Op::Logic(false, nodes) => nodes.iter().for_each(|node| wanted_tags(node, tags)),
        Op::Compare(Cmp::Eq, nodes) => match (&nodes[0].op, &nodes[1].op) {
            (Op::Path(steps), Op::Literal(Literal::Text(tag)))
            | (Op::Literal(Literal::Text(tag)), Op::Path(steps))
                if is_each_tag(steps) =>
            {
                tags.push(tag);
            }
            _ => {}
        },
        _ => {}
    }
}

fn is_each_tag(steps: &[Step]) -> bool {
    matches!(steps, [Step::Field(meta, _), Step::Field(tags, _), Step::Each(_)]
        if meta == "meta" && tags == "tags")
}
