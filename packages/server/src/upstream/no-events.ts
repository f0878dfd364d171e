import type { ExchangeEvents } from './channel.ts'

/** For requests that the hub makes by itself: it has nobody to ask and nobody to tell. */
export const NO_EVENTS: ExchangeEvents = Object.freeze({
  notification() {},
  serverRequest: () => Promise.resolve({ error: { code: -32601, message: 'Nobody is here to be asked.' } }),
})
