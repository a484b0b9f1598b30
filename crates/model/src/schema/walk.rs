//! Walks over a schema with its references followed: that it ends, which traits it has, and which are phones.

use jsonschema::Draft;
use serde_json::Value;

use super::document::Documents;
use super::extension::{Extension, KEYWORD};
use super::{MAX_DEPTH, MAX_VISITS};

/// A schema and the document it stands in.
#[derive(Clone, Copy)]
pub(super) struct Place<'d> {
    pub(super) document: usize,
    pub(super) schema: &'d Value,
}

/// What a step from a schema to one inside it does to the value it is about.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Step<'d> {
    /// The same value.
    Same,
    /// The member of this name.
    Property(&'d str),
    /// Every item of a list.
    EachItem,
    /// One item of a list.
    Item(usize),
    /// Some other part of the value: further items, members by pattern, names.
    Elsewhere,
}

/// Reads schemas of one draft.
pub(super) struct Walker<'d> {
    pub(super) documents: &'d Documents,
    pub(super) draft: Draft,
}

impl<'d> Walker<'d> {
    /// The whole schema.
    pub(super) fn root(&self) -> Option<Place<'d>> {
        Some(Place {
            document: 0,
            schema: &self.documents.list.first()?.value,
        })
    }

    /// The schemas inside a schema, in the order in which the traits of a form are collected.
    pub(super) fn inside(&self, place: Place<'d>) -> Vec<(Step<'d>, Place<'d>)> {
        let mut found = Vec::new();
        if let Some(target) = self.reference(place) {
            found.push((Step::Same, target));
            if self.reference_stands_alone() {
                return found;
            }
        }
        let at = |schema| Place {
            document: place.document,
            schema,
        };
        for name in ["not", "if", "then", "else"] {
            found.extend(place.schema.get(name).map(|sub| (Step::Same, at(sub))));
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            let subs = place
                .schema
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            found.extend(subs.map(|sub| (Step::Same, at(sub))));
        }
        let properties = place
            .schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        found.extend(properties.map(|(name, sub)| (Step::Property(name), at(sub))));
        for name in ["items", "prefixItems"] {
            match place.schema.get(name) {
                Some(Value::Array(subs)) => found.extend(
                    subs.iter()
                        .enumerate()
                        .map(|(index, sub)| (Step::Item(index), at(sub))),
                ),
                Some(sub) => found.push((Step::EachItem, at(sub))),
                None => {}
            }
        }
        self.others(place, &mut found);
        found
    }

    fn others(&self, place: Place<'d>, found: &mut Vec<(Step<'d>, Place<'d>)>) {
        let at = |schema| Place {
            document: place.document,
            schema,
        };
        for name in [
            "additionalProperties",
            "additionalItems",
            "contains",
            "propertyNames",
            "unevaluatedItems",
            "unevaluatedProperties",
        ] {
            found.extend(place.schema.get(name).map(|sub| (Step::Elsewhere, at(sub))));
        }
        for (name, step) in [
            ("patternProperties", Step::Elsewhere),
            ("dependencies", Step::Same),
            ("dependentSchemas", Step::Same),
        ] {
            let subs = place
                .schema
                .get(name)
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            found.extend(subs.map(|(_, sub)| (step, at(sub))));
        }
    }

    /// What `$ref` points to.
    pub(super) fn reference(&self, place: Place<'d>) -> Option<Place<'d>> {
        let reference = place.schema.get("$ref")?.as_str()?;
        let (document, schema) = self.documents.resolve(place.document, reference)?;
        Some(Place { document, schema })
    }

    /// Up to draft-07 everything beside `$ref` is ignored.
    pub(super) fn reference_stands_alone(&self) -> bool {
        matches!(self.draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7)
    }

    /// The extension of a schema, if it is in force.
    pub(super) fn extension(&self, place: Place<'d>) -> Option<(usize, &'d Extension)> {
        if self.reference_stands_alone() && place.schema.get("$ref").is_some() {
            return None;
        }
        let index = usize::try_from(place.schema.get(KEYWORD)?.as_u64()?).ok()?;
        Some((index, &self.documents.annotated.get(index)?.extension))
    }

    /// Refuses schemas that contain themselves or grow out of hand when references are followed.
    pub(super) fn check_ends(&self, problems: &mut Vec<String>) {
        let Some(root) = self.root() else { return };
        let mut visits = 0;
        if let Err(problem) = self.check(root, Step::Same, &mut Vec::new(), &mut visits) {
            problems.push(problem);
        }
    }

    fn check(
        &self,
        place: Place<'d>,
        step: Step<'d>,
        above: &mut Vec<(*const Value, Step<'d>)>,
        visits: &mut usize,
    ) -> Result<(), String> {
        *visits += 1;
        if *visits > MAX_VISITS {
            return Err(format!(
                "The schema has more than {MAX_VISITS} parts once every $ref is followed. Define less by reference."
            ));
        }
        if above.len() > 2 * MAX_DEPTH {
            return Err(format!(
                "The schema is more than {} levels deep once every $ref is followed.",
                2 * MAX_DEPTH
            ));
        }
        let own: *const Value = place.schema;
        if let Some(start) = above.iter().position(|(known, _)| *known == own) {
            let shrinks =
                std::iter::once(step).chain(above.iter().skip(start + 1).map(|(_, step)| *step));
            return if shrinks
                .clone()
                .any(|s| !matches!(s, Step::Same | Step::Property(_)))
            {
                Ok(())
            } else {
                Err("The schema contains itself through $ref, so that its traits cannot be counted. Take one $ref out of the circle.".into())
            };
        }
        above.push((own, step));
        for (step, sub) in self.inside(place) {
            self.check(sub, step, above, visits)?;
        }
        above.pop();
        Ok(())
    }

    /// Where phone numbers stand in the traits.
    pub(super) fn phones(&self) -> Vec<Vec<ValueStep>> {
        self.places(&|place| {
            self.extension(place)
                .is_some_and(|(_, extension)| extension.is_phone())
        })
    }

    /// Where integers stand in the traits, and no other numbers.
    pub(super) fn integers(&self) -> Vec<Vec<ValueStep>> {
        self.places(&|place| place.schema.get("type").is_some_and(|one| one == "integer"))
    }

    /// Where values of a kind stand in the traits: all places, whatever branch of the schema they are in, as paths from
    /// the traits on.
    fn places(&self, wanted: &dyn Fn(Place<'d>) -> bool) -> Vec<Vec<ValueStep>> {
        let mut found = Vec::new();
        if let Some(root) = self.root() {
            self.collect(wanted, root, &mut Vec::new(), &mut Vec::new(), &mut found);
        }
        let traits = ValueStep::Property("traits".to_owned());
        let mut within: Vec<Vec<ValueStep>> = found
            .iter()
            .filter_map(|path| path.strip_prefix(&[traits.clone()][..]).map(<[_]>::to_vec))
            .collect();
        within.sort();
        within.dedup();
        within
    }

    fn collect(
        &self,
        wanted: &dyn Fn(Place<'d>) -> bool,
        place: Place<'d>,
        path: &mut Vec<ValueStep>,
        above: &mut Vec<*const Value>,
        found: &mut Vec<Vec<ValueStep>>,
    ) {
        let own: *const Value = place.schema;
        if above.contains(&own) {
            return;
        }
        if wanted(place) {
            found.push(path.clone());
            return;
        }
        above.push(own);
        for (step, sub) in self.inside(place) {
            let further = match step {
                Step::Same => None,
                Step::Property(name) => Some(ValueStep::Property(name.to_owned())),
                Step::EachItem => Some(ValueStep::EachItem),
                Step::Item(index) => Some(ValueStep::Item(index)),
                Step::Elsewhere => continue,
            };
            let longer = further.is_some();
            path.extend(further);
            self.collect(wanted, sub, path, above, found);
            if longer {
                path.pop();
            }
        }
        above.pop();
    }
}

/// One step on the way to a value among the traits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ValueStep {
    Property(String),
    EachItem,
    Item(usize),
}

/// Rewrites the phone numbers at a place to E.164; what is no valid number stays.
pub(super) fn rewrite_phones(value: &mut Value, path: &[ValueStep]) {
    rewrite(value, path, &|value| {
        if let Value::String(text) = value
            && let Ok(number) = crate::normalise::strict_phone(text)
        {
            *text = number;
        }
    });
}

/// Writes whole numbers at a place without a fraction: `1.0` is an integer for JSON Schema, and none for the reference,
/// which may serve the same database.
pub(super) fn rewrite_integers(value: &mut Value, path: &[ValueStep]) {
    rewrite(value, path, &|value| {
        if let Value::Number(number) = value
            && let Some(float) = number.as_f64().filter(|_| number.is_f64())
        {
            *number = super::convert::shortest(float);
        }
    });
}

fn rewrite(value: &mut Value, path: &[ValueStep], change: &dyn Fn(&mut Value)) {
    let Some((step, rest)) = path.split_first() else {
        return change(value);
    };
    match (step, value) {
        (ValueStep::Property(name), Value::Object(members)) => {
            if let Some(member) = members.get_mut(name) {
                rewrite(member, rest, change);
            }
        }
        (ValueStep::EachItem, Value::Array(items)) => items
            .iter_mut()
            .for_each(|item| rewrite(item, rest, change)),
        (ValueStep::Item(index), Value::Array(items)) => {
            if let Some(item) = items.get_mut(*index) {
                rewrite(item, rest, change);
            }
        }
        _ => {}
    }
}
