import { parseCapabilityName, type CapabilityName, type Principal } from '@parley/contract'
import { checkOutput, guardResult, type ResultFinding } from '../content-guard/index.ts'
import type { JsonObject, Outcome, RpcError } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { ServerNotification } from '../upstream/index.ts'
import type { Call, GatewayTools, Target } from './call.ts'

/** What was found in an answer, for the record. */
export interface ContentReport {
  readonly call: Pick<Call, 'principal' | 'capability' | 'definitionHash'>
  readonly server: string
  readonly findings: readonly ResultFinding[]
  /** Why a result did not fit its tool's `outputSchema`. */
  readonly misfit: string | undefined
  /** The answer was too large to be looked through whole. */
  readonly cutShort: boolean
}

/**
 * Looks through a server's answer as its settings say: what was taken out is gone before anyone sees it, and what was
 * found is recorded. Where nothing is set the answer is what it was.
 */
export function guardOutcome(
  tools: Pick<GatewayTools, 'reportContent'>,
  call: ContentReport['call'],
  target: Target,
  outcome: Outcome,
): Outcome {
  const { entry } = target
  if (!entry.readsResults) return outcome
  const given: JsonObject = 'result' in outcome ? outcome.result : { ...outcome.error }
  const { result, findings, cutShort } = guardResult(given, entry.content)
  const misfit = 'result' in outcome ? misfitOf(target, outcome.result) : undefined
  if (findings.length > 0 || misfit !== undefined || cutShort)
    tools.reportContent({ call, server: entry.name, findings, misfit, cutShort })
  if (misfit !== undefined) return { result: toMisfit(result, misfit) }
  return 'result' in outcome ? { result } : { error: result as unknown as RpcError }
}

/** The same for what a task has come to, before it is kept. */
export function guardTask(
  tools: Pick<GatewayTools, 'registry' | 'reportContent'>,
  { principal, server, capability }: { principal: Principal; server: string; capability: CapabilityName },
  outcome: Outcome,
): Outcome {
  const entry = tools.registry.entry(server)
  const name = parseCapabilityName(capability)?.name
  // Whose settings nobody knows any more, nobody can keep to.
  if (!entry || name === undefined)
    return { error: { code: -32603, message: 'The server that ran this is not there any more.' } }
  const call = { principal, capability, definitionHash: entry.catalog.tools.get(name)?.hash }
  return guardOutcome(tools, call, { entry, kind: 'tool', name }, outcome)
}

/** The same for what a server sends on the way: log lines and progress may hold what a result may. */
export function guardNotification(entry: ServerEntry, notification: ServerNotification): ServerNotification {
  if (!entry.readsResults || notification.params === undefined) return notification
  const { result } = guardResult(notification.params, entry.content)
  return result === notification.params ? notification : { ...notification, params: result }
}

function misfitOf({ entry, kind, name }: Target, result: JsonObject): string | undefined {
  if (entry.content.output !== 'check' || kind !== 'tool' || result['resultType'] === 'input_required')
    return undefined
  return checkOutput(entry.catalog.tools.get(name)?.body['outputSchema'], result)
}

/** The tool has failed to do as it says (MCP, Tools: Output Schema). Nothing of what it gave is passed on. */
function toMisfit({ resultType }: JsonObject, misfit: string): JsonObject {
  const text = `The tool's answer does not fit its own output schema: ${misfit}.`
  return {
    ...(typeof resultType === 'string' && { resultType }),
    content: [{ type: 'text', text }],
    isError: true,
  }
}

/** In words, for the activity record. */
export function contentNote({ server, findings, misfit, cutShort }: ContentReport): string {
  const found = findings.map(
    ({ kind, count, redacted }) => `${kind} ×${count}${redacted ? ' (taken out)' : ''}`,
  )
  const parts = [
    ...found,
    ...(misfit === undefined ? [] : [`does not fit its output schema: ${misfit}`]),
    ...(cutShort ? ['too large to be looked through whole'] : []),
  ]
  return `${server}: ${parts.join('; ')}`.slice(0, 500)
}
