import {
  PRESENTATION_EXTENSION,
  ParleyError,
  presentationNeeds,
  type PersonId,
  type PresentationNeeds,
  type Principal,
} from '@parley/contract'
import { refuseFields, type OperationName, type SendMessageRequest } from '../../a2a/index.ts'
import type { AgentEntry } from '../../directory/index.ts'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { readRange, type MediaRange } from './media-range.ts'

/** How one reader wants one answer. */
export interface Wish {
  readonly needs: PresentationNeeds
  /** What the reader takes, the best first; undefined: everything. */
  readonly ranges: readonly MediaRange[] | undefined
  /** What the client demands of this answer (`acceptedOutputModes`). */
  readonly modes: readonly string[] | undefined
  /** Whether the hub converts. For an agent between, which may need it as it is, what its person keeps is only told on. */
  readonly isConverted: boolean
}

export interface Asking {
  readonly principal: Principal
  readonly agent: AgentEntry
  readonly operation: OperationName
  readonly request: JsonObject
  /** The service parameter `Parley-Presentation`. */
  readonly presentation: string | undefined
}

export type NeedsOf = (person: PersonId) => PresentationNeeds | undefined

const TELLING: { readonly [name in OperationName]?: boolean } = {
  SendMessage: true,
  SendStreamingMessage: true,
  GetTask: true,
  ListTasks: true,
  CancelTask: true,
  SubscribeToTask: true,
}

const MAX_MODES = 100

/**
 * What the message says, else what the request says beside it, else what the person keeps. Undefined where nobody said
 * anything: the answer then goes through untouched. Throws `invalid_params`.
 */
export function readWish(call: Asking, needsOf: NeedsOf): Wish | undefined {
  const { operation, request, presentation, principal } = call
  if (TELLING[operation] !== true) return undefined
  const kept = principal.person === undefined ? undefined : needsOf(principal.person)
  const { message, configuration } = request as Partial<SendMessageRequest>
  const inMessage = message?.metadata?.[PRESENTATION_EXTENSION]
  const modes = configuration?.acceptedOutputModes
  const hasModes = modes !== undefined && modes.length > 0
  if (kept === undefined && inMessage === undefined && presentation === undefined && !hasModes)
    return undefined
  const said =
    inMessage !== undefined
      ? readNeeds(inMessage, `message.metadata["${PRESENTATION_EXTENSION}"]`)
      : presentation !== undefined
        ? readNeeds(parseParameter(presentation), 'Parley-Presentation')
        : undefined
  const needs = said ?? kept ?? {}
  const isOwn = said !== undefined || principal.chain.at(-1)?.kind !== 'agent'
  const wanted = hasModes ? modes.slice(0, MAX_MODES) : isOwn ? needs.formats : undefined
  const ranges = wanted?.flatMap((mode) => readRange(mode) ?? [])
  return {
    needs,
    ranges: ranges?.length ? ranges : undefined,
    modes: hasModes ? modes : undefined,
    isConverted: isOwn || hasModes,
  }
}

function parseParameter(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new ParleyError('invalid_params', 'Parley-Presentation must be JSON.', { cause })
  }
}

function readNeeds(value: unknown, place: string): PresentationNeeds {
  const read = presentationNeeds.safeParse(value)
  if (read.success) return read.data
  throw refuseFields(
    read.error.issues.slice(0, 5).map(({ path, message }) => ({
      field: [place, ...path.map(String)].join('.'),
      description: message,
    })),
  )
}
