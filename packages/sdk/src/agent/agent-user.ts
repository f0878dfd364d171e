import { callerOf } from '../auth-info.ts'
import { chainOf, type Caller } from '../caller.ts'

/** A caller in the form that servers of the A2A SDK keep as `user`. */
export interface AgentUser {
  readonly isAuthenticated: true
  /** Everybody who acts, outermost first: tasks are kept apart by it. */
  readonly userName: string
  readonly extra: { readonly caller: Caller }
}

/**
 * For the A2A SDK's handlers: who calls is what the guard has found. Rejects where none stands before them.
 *
 * @example
 * app.use('/a2a', protect(agent), jsonRpcHandler({ requestHandler, userBuilder }))
 */
export async function userBuilder(request: object): Promise<AgentUser> {
  const caller = callerOf((request as { auth?: object }).auth)
  return { isAuthenticated: true, userName: chainOf(caller).join(' '), extra: { caller } }
}
