import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { ParamHeader } from '../registry/index.ts'
import type { Call, Target } from './call.ts'
import { withoutAnswer } from './ask-consent.ts'
import { isOwnQuestion, type InnerState } from './request-state.ts'

/** As the server knows them: under its own names, and without the answer to a question of ours. */
export function upstreamParams(
  call: Call,
  { target, sent }: { readonly target: Target; readonly sent: InnerState | undefined },
): JsonObject {
  const own = paramsOf(call)
  const field = target.kind === 'resource' ? 'uri' : 'name'
  const asked = isOwnQuestion(sent) ? withoutAnswer(own) : own
  return asked[field] === target.name ? asked : { ...asked, [field]: target.name }
}

export function paramsOf(call: Call): JsonObject {
  const params = call.envelope.value('params')
  return isObject(params) ? params : {}
}

export function paramHeadersOf({ entry, kind, name }: Target): readonly ParamHeader[] {
  return (kind === 'tool' ? entry.catalog.tools.get(name)?.paramHeaders : undefined) ?? []
}
