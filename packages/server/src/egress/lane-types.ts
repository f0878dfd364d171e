import type { Dispatcher } from 'undici'

/** undici's words for one exchange on the lane, so that no other room has to import undici. */
export type DispatchOptions = Dispatcher.DispatchOptions
export type DispatchHandler = Dispatcher.DispatchHandler
export type DispatchController = Dispatcher.DispatchController
