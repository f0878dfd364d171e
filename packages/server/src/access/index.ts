export { decide } from './decide.ts'
export type { Action } from './decide.ts'
export { createRateLimiter } from './rate-limiter.ts'
export type { TakeToken } from './rate-limiter.ts'
