//! Draws a program: fills the templates of a topic's rules, keeps track of what is in scope, and guards what may raise.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::assembly::{Assembly, Weighted};
use crate::markers;
use crate::model::{Clause, END_MARKER, Expression, Kind, Model, Part, Statement, Variable};
use crate::profile::Profile;
use crate::random::{Random, splitmix};
use crate::table::{Hole, Line, Piece, Rule, STATEMENT, opens_definition};
use crate::topics::Topic;
use crate::values::{self, Constant};

/// How deep blocks and expressions nest.
const BLOCK_DEPTH: usize = 3;
const EXPRESSION_DEPTH: usize = 3;
/// Below this depth something is certainly wrong with the tables.
const LAST_DEPTH: usize = 12;
/// A variable that is made may need another that is made, but not without end.
const MAKING: usize = 2;
/// So many rules are tried for one outermost statement before no further variables are made for it.
const EFFORT: usize = 120;
/// How many times values may be made much larger in one program.
const GROWTH: usize = 6;

/// A variable that is in scope.
#[derive(Clone, Copy, Debug)]
struct Visible {
    variable: u32,
    kind: &'static str,
    /// The block in which it was bound, counted from the outside.
    block: usize,
    /// The function in which it was bound; 0 is the module.
    function: usize,
}

/// What this program draws from and how: swarm testing.
#[derive(Debug)]
struct Swarm {
    disabled: Vec<bool>,
    /// Percentages.
    variables: usize,
    fresh: usize,
}

/// What the holes of one rule were filled with, by label.
#[derive(Clone, Debug, Default)]
struct Labels {
    labelled: Vec<(&'static str, Part)>,
    /// New variables without a label, with their kinds.
    bound: Vec<(&'static str, Part)>,
}

impl Labels {
    fn add(&mut self, hole: &'static Hole, label: &'static str, part: &Part) {
        match hole {
            _ if !label.is_empty() => self.labelled.push((label, part.clone())),
            Hole::Define(kind) | Hole::Local(kind) => self.bound.push((kind, part.clone())),
            _ => {}
        }
    }

    /// What a label stands for; `list0` is the first new variable of kind `list`.
    fn get(&self, label: &str) -> Option<&Part> {
        let found = self
            .labelled
            .iter()
            .rev()
            .find(|(known, _)| *known == label);
        if let Some((_, part)) = found {
            return Some(part);
        }
        let kind = label.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let index: usize = label[kind.len()..].parse().ok()?;
        let mut same = self.bound.iter().filter(|(known, _)| *known == kind);
        same.nth(index).map(|(_, part)| part)
    }
}

pub struct Engine<'a> {
    random: &'a mut Random,
    assembly: &'static Assembly,
    swarm: Swarm,
    /// Which rules the profile allows.
    permitted: Vec<bool>,
    missing_markers: Vec<&'static str>,
    pub variables: Vec<Variable>,
    numbers: BTreeMap<&'static str, u32>,
    scope: Vec<Visible>,
    preludes: Vec<(&'static str, u32)>,
    prelude_statements: Vec<Statement>,
    block: usize,
    /// Variables of deeper blocks are out of sight while something is made beforehand.
    visible_block: usize,
    functions: Vec<usize>,
    next_function: usize,
    loops: usize,
    growth: usize,
    used_once: Vec<usize>,
    /// What has to stand before the statement that is being drawn.
    before: Vec<Statement>,
    raises: bool,
    /// How many things are being made for each other's sake.
    making: usize,
    /// How many rules were tried since the last outermost statement.
    effort: usize,
    /// Where the rule that is being filled stands: what it needs beforehand is made there.
    rule_place: Place,
}

/// A drawn statement, and whether it may raise.
struct Drawn {
    statements: Vec<Statement>,
    raises: bool,
    /// Variables that it binds and that stay, with their kinds.
    binds: Vec<(u32, &'static str)>,
}

/// The state to return to where a rule cannot be filled.
struct Snapshot {
    variables: usize,
    scope: Vec<Visible>,
    before: usize,
    numbers: BTreeMap<&'static str, u32>,
    raises: bool,
    growth: usize,
}

/// Draws the program of a seed.
pub fn generate(seed: u64, topic: Topic, profile: &Profile) -> Model {
    let mut mixed = seed ^ (u64::from(crate::VERSION) << 48);
    for byte in topic.name().bytes() {
        mixed = splitmix(&mut mixed) ^ u64::from(byte);
    }
    let mut random = Random::new(mixed);
    let length = length(&mut random);
    build(&mut random, seed, topic, profile, length)
}

/// From five to sixty statements; most programs lie in between.
fn length(random: &mut Random) -> usize {
    match random.below(10) {
        0 => random.between(5, 12),
        1..=6 => random.between(12, 32),
        _ => random.between(32, 56),
    }
    .unsigned_abs() as usize
}

/// Draws a program of about `length` statements from any source of choices.
pub fn build(
    random: &mut Random,
    seed: u64,
    topic: Topic,
    profile: &Profile,
    length: usize,
) -> Model {
    let mut engine = Engine::new(random, topic, profile);
    let mut body = Vec::new();
    let mut count = 0;
    let mut failures = 0;
    while count < length && failures < 50 && !engine.random.exhausted() {
        let Some(statements) = engine.statement(STATEMENT) else {
            failures += 1;
            continue;
        };
        count += statements.iter().map(Statement::count).sum::<usize>();
        body.extend(statements);
    }
    engine.finish(&mut body);
    let mut whole = std::mem::take(&mut engine.prelude_statements);
    whole.extend(body);
    Model {
        version: crate::VERSION,
        topic,
        seed,
        variables: engine.variables,
        body: whole,
    }
}

impl<'a> Engine<'a> {
    pub fn new(random: &'a mut Random, topic: Topic, profile: &Profile) -> Engine<'a> {
        let assembly = topic.assembly();
        let swarm = Swarm::draw(random, assembly);
        let permitted = assembly.permitted(profile);
        Engine {
            random,
            assembly,
            swarm,
            permitted,
            missing_markers: profile.missing_markers(),
            variables: Vec::new(),
            numbers: BTreeMap::new(),
            scope: Vec::new(),
            preludes: Vec::new(),
            prelude_statements: Vec::new(),
            block: 0,
            visible_block: usize::MAX,
            functions: vec![0],
            next_function: 0,
            loops: 0,
            growth: 0,
            used_once: Vec::new(),
            before: Vec::new(),
            raises: false,
            making: 0,
            effort: 0,
            rule_place: Place::default(),
        }
    }

    /// The last lines: some values are shown, then the marker; a few programs end with a purposeful exception.
    fn finish(&mut self, body: &mut Vec<Statement>) {
        let shown: Vec<Visible> = self.scope.clone();
        for _ in 0..shown.len().min(3) {
            if let Some(statements) = self.statement("body.show") {
                body.extend(statements);
            }
        }
        body.push(Statement::text(format!("print('{END_MARKER}')")));
        if self.random.chance(1, 20)
            && let Some(statements) = self.statement("body.deliberate")
        {
            body.extend(statements);
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            variables: self.variables.len(),
            scope: self.scope.clone(),
            before: self.before.len(),
            numbers: self.numbers.clone(),
            raises: self.raises,
            growth: self.growth,
        }
    }

    /// Preludes that were added stay: their variables must not be cut off.
    fn restore(&mut self, snapshot: Snapshot) {
        let kept = self
            .preludes
            .iter()
            .map(|(_, variable)| *variable as usize + 1);
        let needed = kept.max().unwrap_or(0).max(snapshot.variables);
        self.variables.truncate(needed);
        self.scope = snapshot.scope;
        self.before.truncate(snapshot.before);
        self.numbers = snapshot.numbers;
        self.raises = snapshot.raises;
        self.growth = snapshot.growth;
    }

    fn place(&self) -> Place {
        Place {
            block: self.block,
            function: self.function(),
        }
    }

    fn function(&self) -> usize {
        self.functions.last().copied().unwrap_or(0)
    }

    /// One statement of a section with all that has to stand before it, guarded where it may raise.
    pub fn statement(&mut self, section: &'static str) -> Option<Vec<Statement>> {
        if self.block == 0 && self.making == 0 {
            self.effort = 0;
        }
        for _ in 0..12 {
            if self.effort > 4 * EFFORT {
                return None;
            }
            let rules = self.assembly.section(section);
            let weighted = self.choose(rules, true)?;
            if let Some(statements) = self.guarded(weighted) {
                return Some(statements);
            }
        }
        None
    }

    fn guarded(&mut self, weighted: Weighted) -> Option<Vec<Statement>> {
        self.effort += 1;
        let snapshot = self.snapshot();
        let outer_before = std::mem::take(&mut self.before);
        let drawn = self.fill_statement(weighted.rule);
        let mut before = std::mem::replace(&mut self.before, outer_before);
        let Some(drawn) = drawn else {
            self.restore(snapshot);
            return None;
        };
        if weighted.rule.once {
            self.used_once.push(weighted.id);
        }
        let Drawn {
            statements,
            raises,
            binds,
        } = drawn;
        if !raises {
            before.extend(statements);
            self.bind(&binds);
            return Some(before);
        }
        let Some(guarded) = self.guard(statements, &binds) else {
            self.restore(snapshot);
            return None;
        };
        before.extend(guarded);
        Some(before)
    }

    fn bind(&mut self, binds: &[(u32, &'static str)]) {
        for (variable, kind) in binds {
            self.scope.push(Visible {
                variable: *variable,
                kind,
                block: self.block,
                function: self.function(),
            });
        }
    }

    /// Puts statements that may raise into one of the guards.
    fn guard(
        &mut self,
        statements: Vec<Statement>,
        binds: &[(u32, &'static str)],
    ) -> Option<Vec<Statement>> {
        let defaults = self.defaults(binds);
        for _ in 0..8 {
            let guards = self.assembly.guards();
            let swarmed = self.choose(guards, true);
            let weighted = swarmed.or_else(|| self.choose(guards, false))?;
            let mut filler = Filler {
                labels: Labels::default(),
                binds: Vec::new(),
                inner: Vec::new(),
                guarded: Some((&statements, defaults.as_deref().unwrap_or(&[]))),
                place: self.place(),
            };
            let snapshot = self.snapshot();
            let has_default = {
                let mut found = false;
                weighted
                    .rule
                    .holes(&mut |hole| found |= matches!(hole, Hole::Default));
                found
            };
            let Some(filled) = self.fill_lines(&weighted.rule.lines, &mut filler) else {
                self.restore(snapshot);
                continue;
            };
            let more = std::mem::take(&mut filler.binds);
            self.bind(&more);
            if has_default && defaults.is_some() {
                self.bind(binds);
            }
            return Some(filled);
        }
        None
    }

    /// Plain values for the variables that a guarded statement may have failed to bind.
    fn defaults(&mut self, binds: &[(u32, &'static str)]) -> Option<Vec<Statement>> {
        let mut found = Vec::new();
        for (variable, kind) in binds {
            let snapshot = self.snapshot();
            self.raises = false;
            let expression = self.expression(kind, true, 1);
            let raises = self.raises;
            let before = self.before.len();
            let Some(expression) = expression.filter(|_| !raises && before == snapshot.before)
            else {
                self.restore(snapshot);
                return None;
            };
            self.raises = snapshot.raises;
            let head = vec![
                Part::Define(*variable),
                Part::Text(Cow::Borrowed(" = ")),
                expression,
            ];
            found.push(Statement::simple(head));
        }
        Some(found)
    }

    fn fill_statement(&mut self, rule: &'static Rule) -> Option<Drawn> {
        let outer = std::mem::replace(&mut self.raises, rule.raises);
        let mut filler = Filler {
            labels: Labels::default(),
            binds: Vec::new(),
            inner: Vec::new(),
            guarded: None,
            place: self.place(),
        };
        let statements = self.fill_lines(&rule.lines, &mut filler);
        let raises = std::mem::replace(&mut self.raises, outer);
        if rule.grow {
            self.growth += 1;
        }
        Some(Drawn {
            statements: statements?,
            raises,
            binds: filler.binds,
        })
    }

    /// A rule that may stand here, drawn by weight.
    fn choose(&mut self, rules: &'static [Weighted], swarm: bool) -> Option<Weighted> {
        let weights: Vec<u32> = rules
            .iter()
            .map(|weighted| {
                if self.may(weighted, swarm) {
                    weighted.weight
                } else {
                    0
                }
            })
            .collect();
        let index = self.random.weighted(&weights)?;
        Some(rules[index])
    }

    fn may(&self, weighted: &Weighted, swarm: bool) -> bool {
        let rule = weighted.rule;
        if !self.permitted[weighted.id] || (swarm && self.swarm.disabled[weighted.id]) {
            return false;
        }
        if rule.grow && (self.loops > 0 || self.function() > 0 || self.growth >= GROWTH) {
            return false;
        }
        if rule.top && (self.block > 0 || self.function() > 0) {
            return false;
        }
        if rule.once && self.used_once.contains(&weighted.id) {
            return false;
        }
        if self.block >= BLOCK_DEPTH && rule.has_block() {
            return false;
        }
        true
    }

    fn fill_lines(
        &mut self,
        lines: &'static [Line],
        filler: &mut Filler,
    ) -> Option<Vec<Statement>> {
        let mut statements = Vec::new();
        for line in lines {
            match self.fill_whole_line(line, filler) {
                Some(whole) => statements.extend(whole?),
                None => statements.push(self.fill_line(line, filler)?),
            }
        }
        Some(statements)
    }

    /// A line that is nothing but a hole for statements.
    fn fill_whole_line(
        &mut self,
        line: &'static Line,
        filler: &mut Filler,
    ) -> Option<Option<Vec<Statement>>> {
        let [Piece::Hole(hole, _)] = line.clauses[0].pieces.as_slice() else {
            return None;
        };
        match hole {
            Hole::Body(section) => Some(self.body(section)),
            Hole::Guarded => Some(filler.guarded.map(|(statements, _)| statements.to_vec())),
            Hole::Default => Some(filler.guarded.map(|(_, defaults)| defaults.to_vec())),
            _ => None,
        }
    }

    fn body(&mut self, section: &'static str) -> Option<Vec<Statement>> {
        let mut statements = Vec::new();
        let wanted = 1 + self.random.below(4);
        // What a block needs beforehand stands in the block; what may raise in it is guarded there.
        for _ in 0..wanted {
            let own = section != STATEMENT && self.random.chance(1, 2);
            let from = if own || section == "body.show" {
                section
            } else {
                STATEMENT
            };
            if let Some(drawn) = self.statement(from) {
                statements.extend(drawn);
            }
        }
        if statements.is_empty() && section != STATEMENT {
            statements = self.statement(section)?;
        }
        (!statements.is_empty()).then_some(statements)
    }

    fn fill_line(&mut self, line: &'static Line, filler: &mut Filler) -> Option<Statement> {
        let mut clauses = Vec::new();
        for clause in &line.clauses {
            let block_statement = clause.body.is_some();
            let definition = block_statement && opens_definition(&clause.pieces);
            let known = filler.binds.len();
            let is_function = definition && !starts_with(&clause.pieces, "class ");
            if is_function {
                self.next_function += 1;
                self.functions.push(self.next_function);
            }
            self.block += usize::from(block_statement);
            let head = self.fill_pieces(&clause.pieces, filler, definition);
            let inner = std::mem::take(&mut filler.inner);
            self.bind(&inner);
            let is_loop = starts_with(&clause.pieces, "for ")
                || starts_with(&clause.pieces, "while ")
                || starts_with(&clause.pieces, "async for ");
            self.loops += usize::from(is_loop);
            let body = match &clause.body {
                Some(lines) if head.is_some() => self.fill_lines(lines, filler).map(Some),
                Some(_) => None,
                None => Some(None),
            };
            self.loops -= usize::from(is_loop);
            self.block -= usize::from(block_statement);
            if is_function {
                self.functions.pop();
            }
            let outer_block = self.block;
            if block_statement {
                // What was bound inside is out of scope, but not what was made beforehand.
                self.scope.retain(|visible| visible.block <= outer_block);
                if !definition {
                    filler.binds.truncate(known);
                } else {
                    filler.binds.truncate(known + 1);
                }
            }
            clauses.push(Clause {
                head: head?,
                body: body?,
            });
        }
        Some(Statement { clauses })
    }

    fn fill_pieces(
        &mut self,
        pieces: &'static [Piece],
        filler: &mut Filler,
        definition: bool,
    ) -> Option<Vec<Part>> {
        let mut parts = Vec::with_capacity(pieces.len());
        let mut named = false;
        let outer_place = std::mem::replace(&mut self.rule_place, filler.place);
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.push(Part::Text(Cow::Borrowed(text))),
                Piece::Hole(hole, label) => {
                    let is_name = definition && !named && matches!(hole, Hole::Define(_));
                    named |= is_name;
                    let Some(part) = self.fill_hole(hole, label, filler, is_name) else {
                        self.rule_place = outer_place;
                        return None;
                    };
                    filler.labels.add(hole, label, &part);
                    parts.push(part);
                }
            }
        }
        self.rule_place = outer_place;
        Some(parts)
    }

    /// Fills a hole of a statement; expressions have holes of their own.
    fn fill_hole(
        &mut self,
        hole: &'static Hole,
        label: &'static str,
        filler: &mut Filler,
        is_name: bool,
    ) -> Option<Part> {
        match hole {
            Hole::Define(kind) => {
                let variable = self.fresh(kind);
                let stays = self.block == filler.place.block || is_name;
                if stays {
                    filler.binds.push((variable, kind));
                } else {
                    filler.inner.push((variable, kind));
                }
                Some(Part::Define(variable))
            }
            Hole::Back => filler.labels.get(label).map(used),
            _ => self.fill_inner_hole(hole, filler.place, 0, false),
        }
    }

    fn fill_inner_hole(
        &mut self,
        hole: &'static Hole,
        place: Place,
        depth: usize,
        literal: bool,
    ) -> Option<Part> {
        match hole {
            Hole::Expression(kind) => self.expression(kind, literal, depth + 1),
            Hole::Literal(kind) => self.expression(kind, true, depth + 1),
            Hole::Variable(kind) => self.variable(kind, place, false).map(Part::Use),
            Hole::Rebind(kind) => self.variable(kind, place, true).map(Part::Rebind),
            Hole::Delete(kind) => self.deleted(kind),
            Hole::Draw(draw) => self.constant(draw.function).map(Part::Constant),
            Hole::Range(low, high) => {
                let most = if self.loops > 0 {
                    (*high).min(low + 6)
                } else {
                    *high
                };
                Some(Part::Constant(values::int(self.random.between(*low, most))))
            }
            Hole::Prelude(name) => self.prelude(name).map(Part::Use),
            Hole::Choice(words) => self.word(words),
            Hole::Local(kind) | Hole::Define(kind) => Some(Part::Define(self.fresh(kind))),
            Hole::Back | Hole::Body(_) | Hole::Guarded | Hole::Default => None,
        }
    }

    /// A drawn constant; one that the subject could not run, such as a source text, is drawn again.
    fn constant(&mut self, draw: fn(&mut Random) -> Constant) -> Option<Constant> {
        for _ in 0..8 {
            let constant = draw(self.random);
            if self.missing_markers.is_empty() {
                return Some(constant);
            }
            let text = constant.source();
            let mut missing = self.missing_markers.iter();
            if !missing.any(|marker| markers::holds(&text, marker)) {
                return Some(constant);
            }
        }
        None
    }

    /// One of some words, without those that the subject could not run.
    fn word(&mut self, words: &'static [&'static str]) -> Option<Part> {
        let runs = |word: &&str| {
            !self
                .missing_markers
                .iter()
                .any(|marker| markers::holds(word, marker))
        };
        let word = if self.missing_markers.is_empty() {
            self.random.pick(words)
        } else {
            let known: Vec<&'static str> = words.iter().copied().filter(runs).collect();
            if known.is_empty() {
                return None;
            }
            self.random.pick(&known)
        };
        Some(Part::Text(Cow::Borrowed(word)))
    }

    fn fresh(&mut self, kind: &'static str) -> u32 {
        let number = self.numbers.entry(kind).or_insert(0);
        *number += 1;
        let name = format!("{kind}{number}");
        self.variables.push(Variable {
            name: Cow::Owned(name),
            kind: Kind(Cow::Borrowed(kind)),
        });
        self.variables.len() as u32 - 1
    }

    fn candidates(&self, kind: &str, rebind: bool) -> Vec<u32> {
        let function = self.function();
        self.scope
            .iter()
            .filter(|visible| {
                visible.kind == kind
                    && visible.block <= self.visible_block
                    && (!rebind || visible.function == function)
            })
            .map(|visible| visible.variable)
            .collect()
    }

    /// A variable of a kind; one is made where there is none, and now and then otherwise.
    fn variable(&mut self, kind: &'static str, place: Place, rebind: bool) -> Option<u32> {
        let candidates = self.candidates(kind, rebind);
        let make = candidates.is_empty()
            || (candidates.len() < 4 && self.random.chance(self.swarm.fresh, 100));
        if make
            && (!rebind || self.function() == 0)
            && let Some(variable) = self.make(kind, place)
        {
            return Some(variable);
        }
        self.pick_variable(&candidates)
    }

    /// Old variables have the deepest state, so the oldest is preferred.
    fn pick_variable(&mut self, candidates: &[u32]) -> Option<u32> {
        if candidates.is_empty() {
            return None;
        }
        if self.random.chance(35, 100) {
            return Some(candidates[0]);
        }
        Some(self.random.pick(candidates))
    }

    /// Binds a new variable in the block where the rule stands, before the rule.
    fn make(&mut self, kind: &'static str, place: Place) -> Option<u32> {
        let (own_block, own_visible) = (self.block, self.visible_block);
        let raises = std::mem::replace(&mut self.raises, false);
        self.block = place.block;
        self.visible_block = place.block;
        self.functions.push(place.function);
        let outer_place = std::mem::replace(&mut self.rule_place, place);
        let made = self.make_here(kind);
        self.rule_place = outer_place;
        self.functions.pop();
        self.block = own_block;
        self.visible_block = own_visible;
        self.raises = raises;
        made
    }

    fn make_here(&mut self, kind: &'static str) -> Option<u32> {
        if self.making > MAKING || self.effort > EFFORT {
            return None;
        }
        self.making += 1;
        let made = self.make_by_rule(kind);
        self.making -= 1;
        made
    }

    fn make_by_rule(&mut self, kind: &'static str) -> Option<u32> {
        let makers: &'static [Weighted] = self.assembly.makers.get(kind).map_or(&[], Vec::as_slice);
        let expressible = self.assembly.sections.contains_key(kind);
        if !makers.is_empty() && (!expressible || self.random.chance(1, 3)) {
            for _ in 0..4 {
                let Some(weighted) = self.choose(makers, false) else {
                    break;
                };
                let Some(statements) = self.guarded(weighted) else {
                    continue;
                };
                self.before.extend(statements);
                let block = self.block;
                let last = self.scope.iter().rev();
                let mut last =
                    last.filter(|visible| visible.kind == kind && visible.block <= block);
                if let Some(visible) = last.next() {
                    return Some(visible.variable);
                }
            }
        }
        if !expressible {
            return None;
        }
        let expression = self.expression(kind, true, 1)?;
        if self.raises {
            return None;
        }
        let variable = self.fresh(kind);
        self.bind(&[(variable, kind)]);
        let head = vec![
            Part::Define(variable),
            Part::Text(Cow::Borrowed(" = ")),
            expression,
        ];
        self.before.push(Statement::simple(head));
        Some(variable)
    }

    /// A variable that goes out of scope here; only at the module's own level.
    fn deleted(&mut self, kind: &str) -> Option<Part> {
        if self.block > 0 || self.function() > 0 {
            return None;
        }
        let candidates = self.candidates(kind, true);
        let variable = self.pick_variable(&candidates)?;
        self.scope.retain(|visible| visible.variable != variable);
        Some(Part::Use(variable))
    }

    fn prelude(&mut self, name: &'static str) -> Option<u32> {
        if let Some((_, variable)) = self.preludes.iter().find(|(known, _)| *known == name) {
            return Some(*variable);
        }
        let statements = match self.assembly.preludes.get(name) {
            Some(rule) => {
                let mut filler = Filler {
                    labels: Labels::default(),
                    binds: Vec::new(),
                    inner: Vec::new(),
                    guarded: None,
                    place: Place::default(),
                };
                let state = (self.block, self.loops, self.visible_block);
                (self.block, self.loops, self.visible_block) = (0, 0, 0);
                let functions = std::mem::replace(&mut self.functions, vec![0]);
                let filled = self.fill_lines(&rule.lines, &mut filler);
                self.functions = functions;
                (self.block, self.loops, self.visible_block) = state;
                filled?
            }
            None => vec![Statement::text(format!("import {name}"))],
        };
        let variable = self.variables.len() as u32;
        self.variables.push(Variable {
            name: Cow::Borrowed(name),
            kind: Kind(Cow::Borrowed("prelude")),
        });
        self.preludes.push((name, variable));
        self.prelude_statements.extend(
            statements
                .into_iter()
                .map(|statement| defining(statement, name, variable)),
        );
        Some(variable)
    }

    /// An expression of a kind.
    fn expression(&mut self, kind: &'static str, literal: bool, depth: usize) -> Option<Part> {
        if !literal && self.random.chance(self.swarm.variables, 100) {
            let candidates = self.candidates(kind, false);
            if let Some(variable) = self.pick_variable(&candidates) {
                return Some(Part::Use(variable));
            }
        }
        if depth > LAST_DEPTH {
            return None;
        }
        let rules = self.assembly.section(kind);
        for _ in 0..6 {
            let weighted = if depth >= EXPRESSION_DEPTH {
                let slack = u32::from(depth == EXPRESSION_DEPTH);
                self.choose_plain(rules, slack)?
            } else {
                let swarmed = self.choose(rules, true);
                swarmed.or_else(|| self.choose(rules, false))?
            };
            let snapshot = self.snapshot();
            if let Some(part) = self.fill_expression(kind, weighted.rule, literal, depth) {
                self.raises |= weighted.rule.raises;
                self.growth += usize::from(weighted.rule.grow);
                return Some(part);
            }
            self.restore(snapshot);
        }
        None
    }

    /// Where expressions are deep enough, one of the rules that soon come to an end.
    fn choose_plain(&mut self, rules: &'static [Weighted], slack: u32) -> Option<Weighted> {
        let allowed = rules.iter().filter(|weighted| self.may(weighted, false));
        let least = allowed.map(|weighted| weighted.cost).min()?;
        let weights: Vec<u32> = rules
            .iter()
            .map(|weighted| {
                let plain = weighted.cost <= least.saturating_add(slack);
                if plain && self.may(weighted, false) {
                    weighted.weight
                } else {
                    0
                }
            })
            .collect();
        let index = self.random.weighted(&weights)?;
        Some(rules[index])
    }

    fn fill_expression(
        &mut self,
        kind: &'static str,
        rule: &'static Rule,
        literal: bool,
        depth: usize,
    ) -> Option<Part> {
        let pieces = &rule.lines[0].clauses[0].pieces;
        let mut labels = Labels::default();
        let mut parts = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.push(Part::Text(Cow::Borrowed(text))),
                Piece::Hole(Hole::Back, label) => parts.push(labels.get(label).map(used)?),
                Piece::Hole(hole, label) => {
                    if literal && matches!(hole, Hole::Variable(_)) {
                        return None;
                    }
                    let place = self.rule_place;
                    let part = self.fill_inner_hole(hole, place, depth, literal)?;
                    labels.add(hole, label, &part);
                    parts.push(part);
                }
            }
        }
        if let [Part::Expression(_) | Part::Use(_)] = parts.as_slice() {
            return parts.pop();
        }
        Some(Part::Expression(Box::new(Expression {
            kind: Kind(Cow::Borrowed(kind)),
            parts,
        })))
    }

    /// Takes over what a program has in scope already, so that statements can be drawn into it.
    pub fn adopt(&mut self, model: &Model, defined: &[u32]) {
        self.variables = model.variables.clone();
        for (index, variable) in model.variables.iter().enumerate() {
            let known = self
                .assembly
                .sections
                .keys()
                .chain(self.assembly.makers.keys());
            let kind = known.into_iter().find(|kind| **kind == variable.kind.0);
            if let Some(kind) = kind.copied() {
                *self.numbers.entry(kind).or_insert(0) += 1;
                if defined.contains(&(index as u32)) {
                    self.bind(&[(index as u32, kind)]);
                }
            } else if variable.kind.0 == "prelude" && defined.contains(&(index as u32)) {
                let known = self.assembly.preludes.keys();
                if let Some(name) = known.into_iter().find(|name| **name == variable.name) {
                    self.preludes.push((name, index as u32));
                }
            }
        }
    }

    /// Imports and definitions that what was drawn needs at the top of the program.
    pub fn take_preludes(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.prelude_statements)
    }
}

/// What one rule has been filled with so far.
struct Filler<'s> {
    labels: Labels,
    binds: Vec<(u32, &'static str)>,
    /// Bound by the line that is being filled, inside a block of the rule.
    inner: Vec<(u32, &'static str)>,
    guarded: Option<(&'s [Statement], &'s [Statement])>,
    place: Place,
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    block: usize,
    function: usize,
}

impl Swarm {
    /// A program draws how many of the rules it has at all, how often it uses variables, and how many it makes.
    fn draw(random: &mut Random, assembly: &Assembly) -> Swarm {
        let kept = random.pick(&[25, 45, 65, 100]);
        Swarm {
            disabled: (0..assembly.rules)
                .map(|_| !random.chance(kept, 100))
                .collect(),
            variables: random.pick(&[30, 50, 70]),
            fresh: random.pick(&[2, 6, 15]),
        }
    }
}

/// A part as it is used again: a name that was bound is read.
fn used(part: &Part) -> Part {
    match part {
        Part::Define(variable) | Part::Rebind(variable) => Part::Use(*variable),
        other => other.clone(),
    }
}

fn starts_with(pieces: &[Piece], word: &str) -> bool {
    matches!(pieces.first(), Some(Piece::Text(text)) if text.starts_with(word))
}

/// Marks the name in a prelude's text as the variable that it binds.
fn defining(mut statement: Statement, name: &str, variable: u32) -> Statement {
    let head = &mut statement.clauses[0].head;
    for index in 0..head.len() {
        let Part::Text(text) = &head[index] else {
            continue;
        };
        let Some(at) = find_word(text, name) else {
            continue;
        };
        let before = text[..at].to_owned();
        let after = text[at + name.len()..].to_owned();
        let parts = [
            Part::Text(before.into()),
            Part::Define(variable),
            Part::Text(after.into()),
        ];
        let kept = parts
            .into_iter()
            .filter(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        head.splice(index..=index, kept);
        break;
    }
    statement
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_inner = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_inner) && !after.is_some_and(is_inner)
    })
}
