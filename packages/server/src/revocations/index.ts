export { createFeed } from './create-feed.ts'
export { createRevocations } from './create-revocations.ts'
export type { RevocationEntry, RevocationLog } from './create-revocations.ts'
export type { Revocation, RevocationKind, Revocations, TokenSubjects } from './revocations.ts'
