export type { Revocation, RevocationKind, Revocations, TokenSubjects } from './revocations.ts'
