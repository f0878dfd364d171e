import { AgentCard } from '@a2a-js/sdk'
import { listAt, textAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { BINDINGS } from '../wire/operations.ts'

/** Agents that speak one binding in one version: what stands in the address of the card. */
export const SINGLE_INTERFACES = ['1.0', '0.3'].flatMap((version) =>
  BINDINGS.map((binding) => ({ name: `${nameOf(binding)}-${version.replace('.', '-')}`, binding, version })),
)
export type SingleInterface = (typeof SINGLE_INTERFACES)[number]

/** The card of an agent with one interface; one of 0.3 is in the form of 0.3. */
export function singleInterfaceCard(full: AgentCard, { binding, version }: SingleInterface): JsonObject {
  const { signatures: _own, ...whole } = AgentCard.toJSON(full) as JsonObject
  // Names that look alike are held back.
  const card: JsonObject = { ...whole, name: `Reference agent of ${binding} ${version} alone` }
  const supportedInterfaces = listAt(card, 'supportedInterfaces').filter(
    (each) => textAt(each, 'protocolBinding') === binding && textAt(each, 'protocolVersion') === version,
  )
  if (version === '1.0') return { ...card, supportedInterfaces }
  const { name, description, defaultInputModes, defaultOutputModes, skills } = card
  return {
    protocolVersion: '0.3.0',
    name,
    description,
    version: card['version'],
    url: textAt(supportedInterfaces[0], 'url'),
    preferredTransport: binding,
    capabilities: { streaming: true, pushNotifications: true },
    supportsAuthenticatedExtendedCard: true,
    defaultInputModes,
    defaultOutputModes,
    skills,
  }
}

function nameOf(binding: (typeof BINDINGS)[number]): string {
  return binding === 'HTTP+JSON' ? 'rest' : binding.toLowerCase()
}
