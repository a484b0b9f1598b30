//! The tables that Bia makes are the reference's (`columns.tsv`, `indexes.tsv`, `foreign-keys.tsv`,
//! which were read off databases of the reference).

use std::collections::BTreeSet;

use bia_store::{Conn, Dialect, args};

use crate::databases::on_each_database;
use crate::place::Place;

on_each_database!(
    columns_are_the_references,
    indexes_are_the_references,
    foreign_keys_are_the_references
);

const COLUMNS: &str = include_str!("../columns.tsv");
const INDEXES: &str = include_str!("../indexes.tsv");
const FOREIGN_KEYS: &str = include_str!("../foreign-keys.tsv");

fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect())
}

fn tables() -> BTreeSet<&'static str> {
    lines(COLUMNS).map(|line| line[0]).collect()
}

async fn texts(conn: &mut Conn, sql: &'static str, table: &str) -> Vec<Vec<String>> {
    let rows = conn.fetch_all(sql, args![table]).await.unwrap();
    rows.iter()
        .map(|row| {
            let mut c = row.columns("catalog");
            let line: String = c.take().unwrap();
            line.split('|').map(str::to_owned).collect()
        })
        .collect()
}

/// MariaDB and MySQL spell some types and defaults differently.
fn plain(text: &str) -> String {
    let text = text
        .to_lowercase()
        .replace("longtext", "json")
        .replace("int(11)", "int")
        .replace("()", "");
    text.trim_matches('\'').replace("null", "")
}

async fn columns_are_the_references(place: &Place) {
    let (from, sql) = match place.store.dialect() {
        Dialect::Sqlite => (
            5,
            "SELECT name || '|' || type || '|' || CASE WHEN \"notnull\" = 1 OR pk = 1 THEN 'no' ELSE 'yes' END || '|' || COALESCE(dflt_value, '') \
             FROM pragma_table_info($1)",
        ),
        Dialect::MySql => (
            8,
            "SELECT CONCAT(column_name, '|', column_type, '|', LOWER(is_nullable), '|', COALESCE(column_default, '')) \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = $1",
        ),
        _ => (
            2,
            "SELECT a.attname || '|' || format_type(a.atttypid, a.atttypmod) || '|' || CASE WHEN a.attnotnull THEN 'no' ELSE 'yes' END \
             || '|' || COALESCE(pg_get_expr(d.adbin, d.adrelid), '') \
             FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE a.attrelid = CAST(CAST($1 AS text) AS regclass) AND a.attnum > 0 AND NOT a.attisdropped",
        ),
    };
    let mut conn = place.store.read().await.unwrap();
    for table in tables() {
        let found: BTreeSet<Vec<String>> = texts(&mut conn, sql, table)
            .await
            .iter()
            .map(|line| line.iter().map(|t| plain(t)).collect())
            .collect();
        let expected: BTreeSet<Vec<String>> = lines(COLUMNS)
            .filter(|line| line[0] == table)
            .map(|line| {
                [
                    line[1],
                    line[from],
                    line[from + 1],
                    line.get(from + 2).copied().unwrap_or(""),
                ]
                .map(plain)
                .to_vec()
            })
            .collect();
        assert_eq!(found, expected, "{table}");
    }
}

async fn indexes_are_the_references(place: &Place) {
    let (name, sql) = match place.store.dialect() {
        Dialect::Sqlite => (
            "sqlite",
            "SELECT l.name || '|' || CASE WHEN l.\"unique\" = 1 THEN 'yes' ELSE 'no' END || '|' || group_concat(i.name, ', ') || '|' || \
             CASE WHEN l.partial = 1 THEN 'partial' ELSE '' END FROM pragma_index_list($1) l JOIN pragma_index_info(l.name) i GROUP BY l.name",
        ),
        Dialect::MySql => (
            "mysql",
            "SELECT CONCAT(index_name, '|', CASE WHEN non_unique = 1 THEN 'no' ELSE 'yes' END, '|', \
             GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '), '|') FROM information_schema.statistics \
             WHERE table_schema = DATABASE() AND table_name = $1 GROUP BY index_name, non_unique",
        ),
        _ => (
            "postgresql",
            "SELECT indexname || '|' || CASE WHEN indexdef LIKE 'CREATE UNIQUE%' THEN 'yes' ELSE 'no' END || '|' || \
             LOWER(SUBSTRING(indexdef FROM 'USING btree \\(([^)]*)\\)')) || '|' || COALESCE(SUBSTRING(indexdef FROM 'WHERE (.*)$'), '') \
             FROM pg_indexes WHERE tablename = $1",
        ),
    };
    let mut conn = place.store.read().await.unwrap();
    for table in tables() {
        let found: BTreeSet<Vec<String>> = texts(&mut conn, sql, table).await.into_iter().collect();
        let expected: BTreeSet<Vec<String>> = lines(INDEXES)
            .filter(|line| line[0] == name && line[1] == table)
            .map(|line| {
                [
                    line[2],
                    line[3],
                    line[4],
                    line.get(5).copied().unwrap_or(""),
                ]
                .map(str::to_owned)
                .to_vec()
            })
            .collect();
        if name == "mysql" {
            // The list was read off MariaDB, where the reference's last steps do not run.
            assert!(
                found.is_superset(&expected),
                "{table}: {found:?} lacks some of {expected:?}"
            );
        } else {
            assert_eq!(found, expected, "{table}");
        }
    }
}

async fn foreign_keys_are_the_references(place: &Place) {
    let sql = match place.store.dialect() {
        Dialect::Sqlite => {
            "SELECT \"from\" || '|' || \"table\" || '(' || \"to\" || ')|' || LOWER(on_delete) FROM pragma_foreign_key_list($1)"
        }
        Dialect::MySql => {
            "SELECT CONCAT(k.column_name, '|', k.referenced_table_name, '(', k.referenced_column_name, ')|', LOWER(r.delete_rule)) \
             FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
             ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name \
             WHERE k.table_schema = DATABASE() AND k.table_name = $1"
        }
        _ => {
            "SELECT a.attname || '|' || CAST(c.confrelid AS regclass) || '(id)|' || CASE c.confdeltype WHEN 'c' THEN 'cascade' ELSE 'other' END \
             FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
             WHERE c.contype = 'f' AND c.conrelid = CAST(CAST($1 AS text) AS regclass)"
        }
    };
    let mut conn = place.store.read().await.unwrap();
    for table in tables() {
        let found: BTreeSet<Vec<String>> = texts(&mut conn, sql, table).await.into_iter().collect();
        let expected: BTreeSet<Vec<String>> = lines(FOREIGN_KEYS)
            .filter(|line| line[0] == table)
            .map(|line| line[1..].iter().map(|t| (*t).to_owned()).collect())
            .collect();
        if place.store.dialect() == Dialect::Sqlite {
            // There the reference has lost some of those on networks.
            let lost: Vec<&Vec<String>> = expected
                .difference(&found)
                .filter(|key| key[0] != "nid")
                .collect();
            assert!(
                found.is_subset(&expected) && lost.is_empty(),
                "{table}: {found:?} {lost:?}"
            );
        } else {
            assert_eq!(found, expected, "{table}");
        }
    }
}
