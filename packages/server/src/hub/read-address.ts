import { OWN_AGENT } from './own-agent.ts'
import { OWNER_NAME, OWNER_NAME_MAX_LENGTH } from '@parley/contract'

/** What a path below `/a2a` names. */
export type Address =
  | { readonly kind: 'card'; readonly agent: string }
  | { readonly kind: 'json-rpc'; readonly agent: string }
  /** `rest` begins with a slash, and is what follows the interface's URL. */
  | { readonly kind: 'http-json'; readonly agent: string; readonly rest: string }
  | { readonly kind: 'notify'; readonly token: string }
  | { readonly kind: 'nothing' }

const AGENTS = '/a2a/agents/'
const NOTIFY = '/a2a/notify/'
const CARD = '/.well-known/agent-card.json'
const NOTHING: Address = { kind: 'nothing' }

export function readAddress(path: string): Address {
  if (path === CARD) return { kind: 'card', agent: OWN_AGENT }
  if (path.startsWith(NOTIFY)) return { kind: 'notify', token: path.slice(NOTIFY.length) }
  if (!path.startsWith(AGENTS)) return NOTHING
  const end = path.indexOf('/', AGENTS.length)
  const agent = end < 0 ? path.slice(AGENTS.length) : path.slice(AGENTS.length, end)
  if (agent.length > OWNER_NAME_MAX_LENGTH || !OWNER_NAME.test(agent)) return NOTHING
  const rest = end < 0 ? '' : path.slice(end)
  if (rest === '' || rest === '/') return { kind: 'json-rpc', agent }
  if (rest === CARD) return { kind: 'card', agent }
  return rest.startsWith('/v1/') ? { kind: 'http-json', agent, rest: rest.slice(3) } : NOTHING
}
