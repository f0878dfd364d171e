/** IPv4 addresses by name, or a function that answers differently each time. Other names do not exist. */
export type Zone = Map<string, readonly string[] | (() => readonly string[])>

const TYPE_A = 1
const NAME_ERROR = 3

/** Answers one DNS query from the zone, with a lifetime of 0 so that nobody keeps it (RFC 1035 §4). */
export function answerQuery(query: Buffer, zone: Zone): Buffer {
  const { name, end } = readName(query)
  const type = query.readUInt16BE(end)
  const entry = zone.get(name.toLowerCase())
  const addresses = type === TYPE_A && entry ? (typeof entry === 'function' ? entry() : entry) : []
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8580 | (entry ? 0 : NAME_ERROR), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(addresses.length, 6)
  return Buffer.concat([header, query.subarray(12, end + 4), ...addresses.map(addressRecord)])
}

function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16)
  // A pointer to the name in the question, type A, class IN, lifetime 0, four bytes.
  record.writeUInt16BE(0xc00c, 0)
  record.writeUInt16BE(TYPE_A, 2)
  record.writeUInt16BE(1, 4)
  record.writeUInt16BE(4, 10)
  address.split('.').forEach((part, index) => record.writeUInt8(Number(part), 12 + index))
  return record
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 1 }
}
