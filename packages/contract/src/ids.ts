/**
 * Prefixed, branded identifiers. The prefix tells a reader of a log line what the id names, and the template
 * type tells the compiler. The part after the prefix is 26 characters of Crockford base32: 48 bits of time in
 * milliseconds, then 80 random bits, so ids sort by creation.
 */
export const ID_PREFIXES = {
  person: 'per',
  agent: 'agt',
  app: 'app',
  server: 'srv',
  grant: 'gra',
  definition: 'def',
  connection: 'con',
  approval: 'apr',
  task: 'tsk',
  context: 'ctx',
  session: 'ses',
  request: 'req',
  key: 'key',
  group: 'grp',
  invitation: 'inv',
  resource: 'res',
  consent: 'cns',
  connect: 'cnn',
  webhook: 'whk',
  event: 'evt',
} as const

export type IdKind = keyof typeof ID_PREFIXES
export type Id<kind extends IdKind> = `${(typeof ID_PREFIXES)[kind]}_${string}`

export type PersonId = Id<'person'>
export type AgentId = Id<'agent'>
export type AppId = Id<'app'>
export type ServerId = Id<'server'>
export type GrantId = Id<'grant'>
export type ConnectionId = Id<'connection'>
export type GroupId = Id<'group'>
export type InvitationId = Id<'invitation'>
export type ResourceId = Id<'resource'>
export type ConsentId = Id<'consent'>
export type SessionId = Id<'session'>
export type RequestId = Id<'request'>
export type KeyId = Id<'key'>
export type TaskId = Id<'task'>
export type WebhookId = Id<'webhook'>
export type EventId = Id<'event'>

const BASE32 = /^[0-9A-HJKMNP-TV-Z]{26}$/

/** True when `text` is an id of that kind, prefix and alphabet included. */
export function isId<kind extends IdKind>(kind: kind, text: string): text is Id<kind> {
  const prefix = `${ID_PREFIXES[kind]}_`
  return text.startsWith(prefix) && BASE32.test(text.slice(prefix.length))
}
