export interface Challenge {
  /** Lower case. */
  readonly scheme: string
  /** Names in lower case; the first of a name counts. */
  readonly params: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const SEPARATORS = /[\s,]*/y
const SCHEME = new RegExp(`(${TOKEN})(?:[ \\t]+|(?=,|$))`, 'y')
const PARAM = new RegExp(`(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))`, 'y')
const TOKEN_68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y

/**
 * Reads WWW-Authenticate (RFC 9110 §11.6.1): any number of challenges, of one or several fields joined by commas. What
 * follows a part that nobody can read is left out.
 */
export function parseChallenges(text: string): readonly Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at += found[0].length
    return found
  }

  for (;;) {
    take(SEPARATORS)
    if (at === text.length) return challenges
    const current = challenges.at(-1)
    const param = current && take(PARAM)
    if (param) {
      const name = param[1]!.toLowerCase()
      const value = param[2] === undefined ? param[3]! : param[2].replace(/\\(.)/gs, '$1')
      if (!current.params.has(name)) current.params.set(name, value)
      continue
    }
    const scheme = take(SCHEME)
    if (!scheme) return challenges
    challenges.push({ scheme: scheme[1]!.toLowerCase(), params: new Map() })
    PARAM.lastIndex = at
    if (!PARAM.test(text)) take(TOKEN_68)
  }
}
