import { declares, interfaceOf } from '../subject.ts'
import type { Credentials } from '../subject.ts'
import { listAt } from '../wire/json.ts'
import type { Need } from './check.ts'

export const streaming = has('streaming')
export const pushing = has('pushNotifications')
export const extending = has('extendedAgentCard')
export const notStreaming = lacks('streaming')
export const notPushing = lacks('pushNotifications')
export const notExtending = lacks('extendedAgentCard')

export const signedIn: Need = { what: 'a token', holds: ({ token }) => token !== undefined }
export const extensionRequired: Need = {
  what: 'an agent that requires an extension',
  holds: ({ card }) => listAt(card, 'capabilities', 'extensions').some(({ required }) => required === true),
}
export const threeBindings: Need = {
  what: 'three bindings',
  holds: (subject) =>
    (['JSONRPC', 'HTTP+JSON', 'GRPC'] as const).every(
      (each) => interfaceOf(subject, each, '1.0') !== undefined,
    ),
}

export function credential(name: keyof Credentials): Need {
  return { what: `a token of the kind ${name}`, holds: ({ credentials }) => credentials[name] !== undefined }
}

function has(capability: string): Need {
  return { what: `an agent with ${capability}`, holds: (subject) => declares(subject, capability) }
}

function lacks(capability: string): Need {
  return { what: `an agent without ${capability}`, holds: (subject) => !declares(subject, capability) }
}
