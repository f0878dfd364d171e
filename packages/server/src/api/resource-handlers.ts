import type { OutsideResources, OutsideResourceView } from '../identity/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface ResourceTools {
  readonly outsideResources: OutsideResources
}

/** Servers outside the hub that tokens may be for. */
export function resourceHandlers({ outsideResources }: ResourceTools) {
  const view = ({ id, resource, name, scopes, source }: OutsideResourceView) => ({
    id: id ?? null,
    resource,
    name,
    scopes,
    source,
  })
  return {
    listResources: async () => ({ resources: outsideResources.list().map(view) }),
    addResource: async ({ body, principal: { subject, person } }) =>
      view(await outsideResources.add(body, { subject, owner: person ?? null })),
    removeResource: async ({ parameters: { resource }, principal }) => {
      await outsideResources.remove(resource, principal.subject)
      return { removed: resource }
    },
  } satisfies Partial<ApiHandlers>
}
