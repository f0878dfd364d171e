import { plainName } from './plain-name.ts'

/** What a call's argument stands for. */
export interface ArgumentSource {
  readonly in: 'path' | 'query' | 'header' | 'cookie' | 'body'
  readonly name: string
}

const MAX_ARGUMENT_NAME = 64
/** Who keeps a name that several have. */
const ORDER = ['path', 'query', 'body', 'header', 'cookie'] as const

/**
 * One argument name for each source, none twice: the source's own name in letters, digits, `_` and `-`, as models take
 * them. Of several with one name the first keeps it, and the others have their place before it: `query_id`.
 */
export function nameArguments<source extends ArgumentSource>(
  sources: readonly source[],
): ReadonlyMap<source, string> {
  const names = new Map<source, string>()
  const taken = new Set<string>()
  for (const place of ORDER) {
    for (const source of sources) {
      if (source.in !== place) continue
      const plain = plainName(source.name, MAX_ARGUMENT_NAME) || place
      const name = firstFree(plain, place, taken)
      taken.add(name)
      names.set(source, name)
    }
  }
  return names
}

function firstFree(plain: string, place: string, taken: ReadonlySet<string>): string {
  if (!taken.has(plain)) return plain
  const placed = plainName(`${place}_${plain}`, MAX_ARGUMENT_NAME)
  let name = placed
  for (let count = 2; taken.has(name); count++) name = `${placed}_${count}`
  return name
}
