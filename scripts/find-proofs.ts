import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A test whose name begins with the ids of what it proves: `A4, R5: a code is redeemed once`. */
export interface Proof {
  readonly id: string
  /** From the root of the repository. */
  readonly file: string
  readonly name: string
}

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['packages', 'faults/src/cases', 'examples', 'conformance/src']
const TEST_FILE = /\.(?:test|contract)\.ts$/
const ID = '[A-Z]{1,2}\\d+'
/** Other documents may stand among the ids: `AS12, RFC 9068: …`. */
const NAMED = new RegExp(`(['"\`])((?:${ID})(?:, (?:${ID}|RFC \\d+))*): ((?:(?!\\1)[^\\\\]|\\\\.)+)\\1`, 'g')
/** A case of the fault suite: \`requirement: 'R4', also: ['A5'], name: '…'\`. */
const CASE = new RegExp(
  `requirement: '(${ID})',\\s*(?:also: \\[([^\\]]*)\\],\\s*)?name: (['"\`])((?:(?!\\3)[^\\\\]|\\\\.)+)\\3`,
  'g',
)

/** Every test of the repository that says which requirement it proves, in the order of files. */
export function findProofs(): Proof[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        (name) => !name.includes('node_modules') && (folder.startsWith('faults') || TEST_FILE.test(name)),
      )
      .filter((name) => name.endsWith('.ts'))
      .toSorted()
      .flatMap((name) => proofsOf(`${folder}/${name}`, readFileSync(join(ROOT, folder, name), 'utf8'))),
  )
}

export function proofsOf(file: string, text: string): Proof[] {
  const named = [...text.matchAll(NAMED)].flatMap(([, , ids, name]) =>
    ids!.split(', ').map((id) => ({ id, file, name: name! })),
  )
  const cases = [...text.matchAll(CASE)].flatMap(([, id, also, , name]) =>
    [id!, ...(also?.match(new RegExp(ID, 'g')) ?? [])].map((each) => ({ id: each, file, name: name! })),
  )
  return [...named, ...cases]
}
