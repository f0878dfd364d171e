import type { Caller } from './caller.ts'

/** What MCP SDKs hand to tools as `authInfo`. `token` is empty: tools have no use for it that would be right. */
export interface AuthInfo {
  token: string
  clientId: string
  scopes: string[]
  expiresAt: number
  extra: { caller: Caller }
}

/** The caller in the form that handlers of the MCP SDK take. */
export function toAuthInfo(caller: Caller): AuthInfo {
  return {
    token: '',
    clientId: caller.client,
    scopes: [...caller.scopes],
    expiresAt: caller.expiresAt,
    extra: { caller },
  }
}

/**
 * The caller, inside a tool or an agent. Throws where no guard stands before it: nobody is not somebody.
 *
 * @example
 * server.registerTool('whoami', {}, (context) => {
 *   const caller = callerOf(context.http?.authInfo)
 *   return { content: [{ type: 'text', text: caller.subject }] }
 * })
 */
export function callerOf(authInfo: object | undefined): Caller {
  const { extra } = (authInfo ?? {}) as { extra?: { caller?: Caller } }
  const caller = extra?.caller
  if (!caller) throw new Error('No caller here: mount the guard before the handler.')
  return caller
}
