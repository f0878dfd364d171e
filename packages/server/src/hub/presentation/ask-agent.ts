import { PRESENTATION_EXTENSION } from '@parley/contract'
import type { AgentEntry } from '../../directory/index.ts'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { negotiateModes } from './negotiate-modes.ts'
import { isAware } from './told.ts'
import type { Wish } from './wish.ts'

/**
 * The request as its agent gets it. Needs tell of a person: only an agent whose card names the extension hears them; any
 * other hears the languages, in the header that HTTP has for them.
 */
export function withWish(request: JsonObject, wish: Wish, agent: AgentEntry): JsonObject {
  const configuration = request['configuration'] as JsonObject | undefined
  const modes = wish.modes && negotiateModes(agent, wish.modes)
  return {
    ...request,
    message: tellNeeds(request['message'] as JsonObject, wish, isAware(agent)),
    ...(modes && { configuration: { ...configuration, acceptedOutputModes: modes } }),
  }
}

/** Header fields beside the credential. */
export function languageHeaders(wish: Wish | undefined): Readonly<Record<string, string>> {
  const language = wish?.needs.language
  return language === undefined ? NONE : { 'accept-language': language }
}

const NONE: Readonly<Record<string, string>> = Object.freeze({})

/** The extension to be named with the request. */
export function presentationExtension(wish: Wish | undefined, agent: AgentEntry): readonly string[] {
  return wish && isAware(agent) && hasNeeds(wish) ? [PRESENTATION_EXTENSION] : []
}

function tellNeeds(message: JsonObject, wish: Wish, aware: boolean): JsonObject {
  const { metadata, extensions, ...rest } = message as {
    metadata?: JsonObject
    extensions?: readonly string[]
  } & JsonObject
  const { [PRESENTATION_EXTENSION]: _needs, ...others } = metadata ?? {}
  const named = (extensions ?? []).filter((uri) => uri !== PRESENTATION_EXTENSION)
  const isTold = aware && hasNeeds(wish)
  const told = isTold ? { ...others, [PRESENTATION_EXTENSION]: wish.needs } : others
  const uris = isTold ? [...named, PRESENTATION_EXTENSION] : named
  return {
    ...rest,
    ...(Object.keys(told).length > 0 && { metadata: told }),
    ...(uris.length > 0 && { extensions: uris }),
  }
}

function hasNeeds({ needs }: Wish): boolean {
  return Object.keys(needs).length > 0
}
