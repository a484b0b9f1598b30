//! Numbers.

use gotmpl::Value;

use super::Entry;
use super::args::{Args, Made, to_float, to_int};

pub(super) const ALL: &[Entry] = &[
    ("int", |a| Ok(Value::Int(a.int(0)?))),
    ("int64", |a| Ok(Value::Int(a.int(0)?))),
    ("float64", |a| Ok(Value::Float(a.float(0)?))),
    ("atoi", |a| {
        Ok(Value::Int(a.str(0)?.parse().unwrap_or_default()))
    }),
    ("toDecimal", |a| {
        let text = a.text(0)?;
        Ok(Value::Int(
            i64::from_str_radix(&text, 8).unwrap_or_default(),
        ))
    }),
    ("add", |a| whole(a, 0, i64::wrapping_add)),
    ("add1", |a| Ok(Value::Int(a.int(0)?.wrapping_add(1)))),
    ("sub", |a| Ok(Value::Int(a.int(0)?.wrapping_sub(a.int(1)?)))),
    ("mul", |a| whole(a, 1, i64::wrapping_mul)),
    ("div", |a| divided(a, i64::checked_div)),
    ("mod", |a| divided(a, i64::checked_rem)),
    ("max", |a| chosen(a, i64::max)),
    ("biggest", |a| chosen(a, i64::max)),
    ("min", |a| chosen(a, i64::min)),
    ("maxf", |a| float(a, f64::max)),
    ("minf", |a| float(a, f64::min)),
    ("addf", |a| float(a, |x, y| x + y)),
    ("add1f", |a| Ok(Value::Float(a.float(0)? + 1.0))),
    ("subf", |a| float(a, |x, y| x - y)),
    ("mulf", |a| float(a, |x, y| x * y)),
    ("divf", |a| float(a, |x, y| x / y)),
    ("floor", |a| Ok(Value::Float(a.float(0)?.floor()))),
    ("ceil", |a| Ok(Value::Float(a.float(0)?.ceil()))),
    ("round", round),
];

fn whole(a: &Args<'_>, start: i64, with: fn(i64, i64) -> i64) -> Made {
    Ok(Value::Int(a.values.iter().map(to_int).fold(start, with)))
}

fn divided(a: &Args<'_>, by: fn(i64, i64) -> Option<i64>) -> Made {
    let quotient = by(a.int(0)?, a.int(1)?);
    quotient
        .map(Value::Int)
        .ok_or_else(|| a.fails("division by zero"))
}

fn chosen(a: &Args<'_>, better: fn(i64, i64) -> i64) -> Made {
    let first = a.int(0)?;
    Ok(Value::Int(a.values.iter().map(to_int).fold(first, better)))
}

fn float(a: &Args<'_>, with: fn(f64, f64) -> f64) -> Made {
    let first = a.float(0)?;
    Ok(Value::Float(
        a.values.iter().skip(1).map(to_float).fold(first, with),
    ))
}

/// To a number of decimals; halves go up unless a third argument says from which fraction on.
fn round(a: &Args<'_>) -> Made {
    let (value, decimals) = (a.float(0)?, a.int(1)?);
    let up_from = a.values.get(2).map_or(0.5, to_float);
    let power = 10_f64.powi(i32::try_from(decimals).unwrap_or_default());
    let scaled = value * power;
    let rounded = if (scaled - scaled.floor()) >= up_from {
        scaled.ceil()
    } else {
        scaled.floor()
    };
    Ok(Value::Float(rounded / power))
}
