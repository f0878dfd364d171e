import { ParleyError, type ResourceId } from '@parley/contract'
import type { Clock } from '../../lib/clock.ts'
import type { NewId } from '../../lib/random.ts'
import type { Store } from '../../store/index.ts'
import type { RecordChange } from '../record-change.ts'
import { canonicalize, type OutsideResource } from './create-resources.ts'
import { ResourceStore, type ResourceRow } from './resource-store.ts'

/** A resource server elsewhere as parley.yaml declares it. */
export type DeclaredResource = OutsideResource

/** As administrators see it. */
export interface OutsideResourceView extends OutsideResource {
  /** Absent for what parley.yaml declares. */
  readonly id?: ResourceId
  readonly owner: string | null
  readonly source: 'file' | 'api'
}

/** Resource servers outside the hub that trust its tokens: whoever is not listed gets none. */
export interface OutsideResources {
  list(): readonly OutsideResourceView[]
  find(canonical: string): OutsideResourceView | undefined
  /** All scopes of a resource, by any spelling of its identifier; none for one that is not known. */
  scopesOf(resource: string): readonly string[]
  /** Throws `invalid_params`, or `conflict` when the resource is known already. */
  add(resource: OutsideResource, by: { subject: string; owner: string | null }): Promise<OutsideResourceView>
  /** Throws `not_found`. Tokens for it live on until they expire. */
  remove(id: ResourceId, by: string): Promise<void>
}

const MAX_RESOURCES = 10_000
const MAX_SCOPES = 200
/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/

interface Tools {
  readonly store: Store
  readonly clock: Clock
  readonly newId: NewId
  readonly record: RecordChange
}

export function openOutsideResources(
  { store, clock, newId, record }: Tools,
  declared: readonly DeclaredResource[],
): OutsideResources {
  const rows = new ResourceStore(store)
  const fromFile = declared.map((one): OutsideResourceView => ({ ...one, owner: null, source: 'file' }))
  let known = new Map<string, OutsideResourceView>()
  const load = () => {
    const all = [...rows.all().map(toView), ...fromFile]
    known = new Map(all.map((one) => [canonicalize(one.resource) ?? one.resource, one]))
  }
  load()

  return {
    list: () => [...known.values()],
    find: (canonical) => known.get(canonical),
    scopesOf: (resource) => Object.keys(known.get(canonicalize(resource) ?? resource)?.scopes ?? {}),
    async add(resource, { subject, owner }) {
      const fault = findFault(resource)
      if (fault !== undefined) throw new ParleyError('invalid_params', fault)
      if (known.has(canonicalize(resource.resource)!))
        throw new ParleyError('conflict', 'This resource is known already.')
      if (known.size >= MAX_RESOURCES)
        throw new ParleyError('conflict', `There are ${MAX_RESOURCES} resources already.`)
      const row: ResourceRow = { ...resource, id: newId('resource'), owner, createdAt: clock.now() }
      const result = await store.submit([
        rows.insert(row),
        record({ action: 'resource.add', subject, note: `${row.name}: ${row.resource}` }),
      ])
      if (result.kind === 'conflict') throw new ParleyError('conflict', 'This resource is known already.')
      load()
      return toView(row)
    },
    async remove(id, by) {
      const result = await store.submit([
        rows.remove(id),
        record({ action: 'resource.remove', subject: by, note: id }),
      ])
      if (result.kind === 'conflict') throw new ParleyError('not_found', 'There is no such resource.')
      load()
    },
  }
}

/** What is wrong with a resource, for people. */
export function findFault({ resource, name, scopes }: OutsideResource): string | undefined {
  if (canonicalize(resource) === undefined)
    return 'A resource is an http or https URL without user name and fragment.'
  if (name.trim() === '' || name.length > 64) return 'A resource has a name of at most 64 characters.'
  const entries = Object.entries(scopes)
  if (entries.length === 0 || entries.length > MAX_SCOPES) return `A resource has 1 to ${MAX_SCOPES} scopes.`
  const wrong = entries.find(([scope, words]) => !SCOPE.test(scope) || words.length > 200)
  return (
    wrong && `The scope "${wrong[0].slice(0, 40)}" holds characters that RFC 6749 forbids, or too many words.`
  )
}

function toView({ id, resource, name, scopes, owner }: ResourceRow): OutsideResourceView {
  return { id, resource, name, scopes, owner, source: 'api' }
}
