import { ParleyError } from '@parley/contract'
import type { AgentTerms } from './agent-row.ts'
import { hostOf } from './choose-interface.ts'
import type { NewAgent } from './managed-directory.ts'

/** The address of a card, or of an agent below which its card is. */
export function readAddress(text: string): URL {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ParleyError(
      'invalid_params',
      'The card must be at a whole http or https URL, such as https://agent.example/.well-known/agent-card.json.',
    )
  if (url.username !== '' || url.password !== '')
    throw new ParleyError('invalid_params', 'The address of a card must not hold credentials.')
  if (text.includes('#')) throw new ParleyError('invalid_params', 'The address of a card has no fragment.')
  return url
}

/** Hosts as `host:port`; one without a port means that of https. */
export function readHosts(hosts: readonly string[]): readonly string[] {
  return [...new Set(hosts.map(readHost))]
}

function readHost(text: string): string {
  const host = /[/?#@\s]/.test(text) ? undefined : hostOf(text)
  if (host !== undefined) return host
  throw new ParleyError('invalid_params', `"${text.slice(0, 100)}" is no host; write host:port.`)
}

/** What is said of an agent beside its card. */
export function readTerms(
  said: Pick<NewAgent, 'allowHosts' | 'binding' | 'version' | 'isPublic'>,
): AgentTerms {
  return Object.freeze({
    allowHosts: readHosts(said.allowHosts ?? []),
    isPublic: said.isPublic === true,
    ...(said.binding === undefined ? {} : { binding: said.binding }),
    ...(said.version === undefined ? {} : { version: said.version }),
  })
}
