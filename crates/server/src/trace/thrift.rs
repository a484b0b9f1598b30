//! As much of Thrift's compact protocol as a span needs (Apache Thrift: `doc/specs/thrift-compact-protocol.md`).

/// The types of fields and elements, as the protocol numbers them.
#[derive(Clone, Copy)]
pub(super) enum Type {
    I32 = 5,
    I64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Struct = 12,
}

/// The numbers for the two values of a field of type `bool`.
const TRUE: u8 = 1;
const FALSE: u8 = 2;

/// Writes a message. Fields have to come in the order of their numbers.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// The number of the last field, for each structure that is open.
    last: Vec<u8>,
}

impl Writer {
    /// The head of a call that nobody answers; its arguments follow as a structure.
    pub(super) fn oneway(name: &str) -> Writer {
        const PROTOCOL: u8 = 0x82;
        const ONEWAY_VERSION_1: u8 = 4 << 5 | 1;
        let mut writer = Writer::default();
        writer.bytes.extend([PROTOCOL, ONEWAY_VERSION_1]);
        writer.varint(0);
        writer.binary(name.as_bytes());
        writer
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Appends what another writer wrote.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn begin(&mut self) {
        self.last.push(0);
    }

    pub(super) fn end(&mut self) {
        self.last.pop();
        self.bytes.push(0);
    }

    /// The head of a field; its value follows.
    pub(super) fn field(&mut self, number: u8, kind: Type) {
        self.head(number, kind as u8);
    }

    fn head(&mut self, number: u8, kind: u8) {
        // A message without an open structure has no fields.
        let Some(last) = self.last.last_mut() else {
            return;
        };
        // No structure of ours leaves out fifteen numbers, up to which the short form reaches.
        let step = number.wrapping_sub(*last) & 0x0f;
        *last = number;
        self.bytes.push(step << 4 | kind);
    }

    pub(super) fn bool_field(&mut self, number: u8, value: bool) {
        self.head(number, if value { TRUE } else { FALSE });
    }

    pub(super) fn i32_field(&mut self, number: u8, value: i32) {
        self.field(number, Type::I32);
        self.i64(value.into());
    }

    pub(super) fn i64_field(&mut self, number: u8, value: i64) {
        self.field(number, Type::I64);
        self.i64(value);
    }

    pub(super) fn double_field(&mut self, number: u8, value: f64) {
        self.field(number, Type::Double);
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn text_field(&mut self, number: u8, value: &str) {
        self.field(number, Type::Binary);
        self.binary(value.as_bytes());
    }

    /// The head of a list of structures, which follow.
    pub(super) fn list_field(&mut self, number: u8, length: usize) {
        self.field(number, Type::List);
        match u8::try_from(length) {
            Ok(short @ ..15) => self.bytes.push(short << 4 | Type::Struct as u8),
            _ => {
                self.bytes.push(0xf0 | Type::Struct as u8);
                self.varint(length as u64);
            }
        }
    }

    /// In zigzag form: small numbers are short, whatever their sign.
    fn i64(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63).cast_unsigned());
    }

    fn binary(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are those of the protocol's description.
    #[test]
    fn numbers_are_zigzag_varints() {
        for (value, bytes) in [
            (0, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (-64, &[127]),
            (64, &[128, 1]),
            (i64::MIN, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            let mut writer = Writer::default();
            writer.i64(value);
            assert_eq!(writer.bytes, bytes, "{value}");
        }
    }

    #[test]
    fn a_call_is_written_as_its_agents_read_it() {
        let mut writer = Writer::oneway("emitBatch");
        writer.begin();
        writer.field(1, Type::Struct);
        writer.begin();
        writer.text_field(1, "id");
        writer.bool_field(5, true);
        writer.list_field(6, 20);
        writer.end();
        writer.end();
        let mut expected = vec![0x82, 0x81, 0, 9];
        expected.extend(b"emitBatch");
        expected.extend([0x1c, 0x18, 2, b'i', b'd', 0x41, 0x19, 0xfc, 20, 0, 0]);
        assert_eq!(writer.into_bytes(), expected);
    }
}
