import { ParleyError, findBundleFault, type BundleTerms } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement, Store } from '../store/index.ts'
import { createBundle, type Bundle } from './bundle.ts'
import { BundleStore } from './bundle-store.ts'

const MAX_BUNDLES = 1000

export interface Bundles {
  /** In name order. */
  list(): readonly Bundle[]
  find(name: string): Bundle | undefined
  /** Throws `invalid_params`, or `conflict` for a name that is taken. `by` is the administrator's subject. */
  add(name: string, terms: BundleTerms, by: string): Promise<Bundle>
  /** Throws `not_found`, `invalid_params`, or `conflict` for one that parley.yaml declares. */
  change(name: string, terms: BundleTerms, by: string): Promise<Bundle>
  /** Throws `not_found`, or `conflict` for one that parley.yaml declares. */
  remove(name: string, by: string): Promise<void>
  /** Told the name of a bundle that is another now; returns the unsubscriber. */
  onChange(listener: (name: string) => void): () => void
}

export interface DeclaredBundle {
  readonly name: string
  readonly terms: BundleTerms
}

interface Tools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

/** The bundles of parley.yaml and those that administrators made. The file wins where both have a name. */
export function createBundles(tools: Tools, declared: readonly DeclaredBundle[]): Bundles {
  const { store, activity, clock, log } = tools
  const rows = new BundleStore(store)
  const listeners = new Set<(name: string) => void>()
  const fromFile = declared.map(({ name, terms }) => createBundle(name, 'file', terms))
  let known = new Map<string, Bundle>()
  const load = () => {
    const stored = rows.all().map(({ name, terms }) => createBundle(name, 'api', terms))
    known = new Map([...stored, ...fromFile].map((bundle) => [bundle.name, bundle]))
  }
  load()
  for (const { name } of rows.all())
    if (known.get(name)?.source === 'file')
      log('a bundle of parley.yaml hides one of the same name', { bundle: name })

  async function commit(
    statement: Statement,
    what: { action: string; name: string; by: string; fault: ParleyError },
  ): Promise<void> {
    const { action, name, by, fault } = what
    const record = activity.statement(recordOf(tools, { action, subject: by, note: name }))
    const result = await store.submit([statement, record])
    if (result.kind === 'conflict') throw fault
    load()
    for (const listener of listeners) listener(name)
  }

  function own(name: string): Bundle {
    const bundle = known.get(name)
    if (!bundle) throw noBundle(name)
    if (bundle.source === 'api') return bundle
    throw new ParleyError(
      'conflict',
      `"${name}" stands in parley.yaml; change it there and start the hub again.`,
    )
  }

  return {
    list: () => [...known.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    find: (name) => known.get(name),
    async add(name, terms, by) {
      refuseFaulty(terms)
      const fault = new ParleyError('conflict', `There is a bundle "${name}" already.`)
      if (known.has(name)) throw fault
      if (known.size >= MAX_BUNDLES)
        throw new ParleyError('conflict', `There are ${MAX_BUNDLES} bundles already.`)
      await commit(rows.insert(name, terms, clock.now()), { action: 'bundle.add', name, by, fault })
      return known.get(name)!
    },
    async change(name, terms, by) {
      own(name)
      refuseFaulty(terms)
      await commit(rows.update(name, terms), { action: 'bundle.change', name, by, fault: noBundle(name) })
      return known.get(name)!
    },
    async remove(name, by) {
      own(name)
      await commit(rows.remove(name), { action: 'bundle.remove', name, by, fault: noBundle(name) })
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

export function noBundle(name: string): ParleyError {
  return new ParleyError(
    'not_found',
    `There is no bundle "${name}" here. \`parley bundles list\` shows the names.`,
  )
}

function refuseFaulty(terms: BundleTerms): void {
  const fault = findBundleFault(terms)
  if (fault !== undefined) throw new ParleyError('invalid_params', fault)
}
