import { CliError } from './cli-error.ts'

/** How many positionals an action takes after its own name: exactly, or at least and at most. */
type Arity = number | readonly [number, number]

/** The action that a command line names first, `list` when it names none; throws with the usage otherwise. */
export function readAction<action extends string>(
  positionals: readonly string[],
  usage: readonly string[],
  actions: Readonly<Record<action, Arity>>,
): { readonly action: action; readonly names: readonly string[] } {
  const [named = 'list', ...names] = positionals
  if (Object.hasOwn(actions, named)) {
    const arity: Arity = actions[named as action]
    const [least, most] = typeof arity === 'number' ? [arity, arity] : arity
    if (names.length >= least && names.length <= most) return { action: named as action, names }
  }
  throw new CliError('That is not how it goes.', {
    hint: usage.map((line) => `  parley ${line}`).join('\n'),
  })
}
