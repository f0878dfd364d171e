const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/
/** The span of `google.protobuf.Timestamp`: the years 1 to 9999. */
const MIN_MS = Date.UTC(2000, 0, 1) - 63_082_281_600_000
const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const NANOS_PER_MS = 1_000_000

/** A time in UTC with the precision that it has (specification §5.6.1), or undefined where it is no time of RFC 3339. */
export function toUtcTimestamp(text: string): string | undefined {
  const parts = readTimestamp(text)
  if (parts === undefined) return undefined
  return UTC.test(text) ? text : writeTimestamp(parts.seconds, parts.nanos)
}

/** `google.protobuf.Timestamp` of a time of RFC 3339. */
export function readTimestamp(text: string): { seconds: number; nanos: number } | undefined {
  const match = RFC_3339.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  // A day that the month does not have would have become one of the next.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const offsetMinutes = match[8] === undefined ? 0 : readOffset(match[8], match[9]!, match[10]!)
  if (offsetMinutes === undefined) return undefined
  const ms = date.getTime() - offsetMinutes * 60_000
  if (ms < MIN_MS || ms > MAX_MS) return undefined
  return { seconds: Math.floor(ms / 1000), nanos: Number((match[7] ?? '').padEnd(9, '0')) }
}

/** Undefined outside the years 1 to 9999. The fraction has 0, 3, 6 or 9 digits, as ProtoJSON writes it. */
export function writeTimestamp(seconds: number, nanos: number): string | undefined {
  const ms = seconds * 1000
  if (!(ms >= MIN_MS && ms <= MAX_MS) || !(nanos >= 0 && nanos < 1000 * NANOS_PER_MS)) return undefined
  const whole = new Date(ms).toISOString().slice(0, 19)
  if (nanos === 0) return `${whole}Z`
  const digits = String(nanos).padStart(9, '0')
  return `${whole}.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}Z`
}

function readOffset(sign: string, hours: string, minutes: string): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
