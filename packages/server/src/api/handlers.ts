import type { ApiExchange, ApiRouteName, Principal } from '@parley/contract'

/** A request as a handler gets it: everything is checked against what its route declares. */
export interface ApiRequest<name extends ApiRouteName> extends Omit<ApiExchange<name>, 'reply'> {
  readonly principal: Principal
}

/** One function per route of the contract; what it answers is checked against the route's response schema. */
export type ApiHandlers = {
  readonly [name in ApiRouteName]: (request: ApiRequest<name>) => Promise<ApiExchange<name>['reply']>
}
