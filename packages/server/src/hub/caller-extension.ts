import type { ChainLink, Principal } from '@parley/contract'
import type { AgentEntry, Directory } from '../directory/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { presentationExtension, type Wish } from './presentation/index.ts'

/**
 * Who asks, for agents whose card names this extension: in the metadata of the request, beside the hop token that proves
 * the same (decisions/023).
 */
export const CALLER_EXTENSION = 'urn:parley:a2a:caller:1'

/** The request with its caller told, and the extension to be named with it. */
export function tellCaller(
  request: JsonObject,
  { agent, principal }: { readonly agent: AgentEntry; readonly principal: Principal },
  { directory, origin }: { readonly directory: Directory; readonly origin: () => string },
): JsonObject {
  if (!agent.extensions.some(({ uri }) => uri === CALLER_EXTENSION)) return request
  const chain = principal.chain.map(({ kind, id }) => ({ kind, id }))
  const card = cardOf(principal.chain.at(-1), { directory, origin })
  const metadata = {
    ...(request['metadata'] as JsonObject | undefined),
    [CALLER_EXTENSION]: { chain, ...(card !== undefined && { card }) },
  }
  return { ...request, metadata }
}

/** Where the caller's own card is, if it is an agent that can be asked as well. */
export function cardOf(
  caller: ChainLink | undefined,
  { directory, origin }: { readonly directory: Directory; readonly origin: () => string },
): string | undefined {
  if (caller?.kind !== 'agent') return undefined
  const entry = directory.entries().find(({ workload }) => workload === caller.id)
  return entry && `${origin()}/a2a/agents/${entry.name}/.well-known/agent-card.json`
}

/** What the client asks for, and what the hub adds. */
export function extensionsFor(call: {
  readonly agent: AgentEntry
  readonly extensions: readonly string[]
  readonly wish: Wish | undefined
}): readonly string[] {
  const isTold = call.agent.extensions.some(({ uri }) => uri === CALLER_EXTENSION)
  const added = [...(isTold ? [CALLER_EXTENSION] : []), ...presentationExtension(call.wish, call.agent)]
  return added.length > 0 ? [...new Set([...call.extensions, ...added])] : call.extensions
}
