/** What a reader takes, or a part is: a media type, in a range with `*` for what may be anything. */
export interface MediaRange {
  readonly type: string
  readonly subtype: string
  readonly parameters: ReadonlyMap<string, string>
}

const MAX_LENGTH = 200
const RANGE = /^([a-z0-9*!#$&^_.+-]+)(?:\/([a-z0-9*!#$&^_.+-]+))?$/

/** Undefined for what is no media range. A word alone, as older agents have it, is its whole type: `text` is `text/*`. */
export function readRange(text: string): MediaRange | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [essence = '', ...rest] = text.toLowerCase().split(';')
  const [, type, subtype = '*'] = RANGE.exec(essence.trim()) ?? []
  if (type === undefined || (type === '*' && subtype !== '*')) return undefined
  const parameters = new Map<string, string>()
  for (const one of rest) {
    const at = one.indexOf('=')
    const name = one.slice(0, at).trim()
    // A weight is not of the type (RFC 9110 §12.5.1); here the order says what is preferred.
    if (at > 0 && name !== 'q')
      parameters.set(
        name,
        one
          .slice(at + 1)
          .trim()
          .replaceAll('"', ''),
      )
  }
  return { type, subtype, parameters }
}

/** Whether something of this type is in the range. Parameters count where both name them. */
export function isInRange(range: MediaRange, { type, subtype, parameters }: MediaRange): boolean {
  if (range.type !== '*' && type !== '*' && range.type !== type) return false
  if (range.subtype !== '*' && subtype !== '*' && range.subtype !== subtype) return false
  for (const [name, value] of range.parameters) {
    const own = parameters.get(name)
    if (own !== undefined && own !== value) return false
  }
  return true
}

export function isWide({ type, subtype }: MediaRange): boolean {
  return type === '*' || subtype === '*'
}

/** Without its parameters. */
export function essenceOf({ type, subtype }: MediaRange): string {
  return `${type}/${subtype}`
}
