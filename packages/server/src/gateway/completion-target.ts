import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { bundleOf, entryOf, type Call, type GatewayTools } from './call.ts'
import { ownerOfUri, splitName } from './resolve-target.ts'
import { requireUse } from './visibility.ts'

/** Who completes an argument: the prompt's server by its name, the template's by its URI. */
export function completionTarget(
  tools: GatewayTools,
  call: Pick<Call, 'scope' | 'principal' | 'resource'>,
  ref: unknown,
): { entry: ServerEntry; ref: JsonObject } {
  if (!isObject(ref)) throw new ParleyError('invalid_params', 'params.ref must be an object.')
  if (ref['type'] === 'ref/prompt' && typeof ref['name'] === 'string') {
    const { entry, name } = splitName(tools, call.scope, ref['name'], 'prompt')
    requireUse(tools, call, { entry, kind: 'prompt', name, said: ref['name'] })
    return { entry, ref: { ...ref, name } }
  }
  if (ref['type'] === 'ref/resource' && typeof ref['uri'] === 'string') {
    const uri = ref['uri']
    const bundle = bundleOf(tools, call.scope)
    const owner = tools.registry
      .entries()
      .find(
        ({ name, catalog }) =>
          catalog.templates.has(uri) && (!bundle || bundle.includes(`template:${name}/${uri}`)),
      )
    const entry = entryOf(tools, call.scope) ?? owner ?? ownerOfUri(tools, call.scope, uri)
    const kind = entry.catalog.templates.has(uri) ? 'template' : 'resource'
    requireUse(tools, call, { entry, kind, name: uri, said: uri })
    return { entry, ref }
  }
  throw new ParleyError('invalid_params', 'params.ref must name a prompt or a resource.')
}
