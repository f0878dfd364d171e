export { createSealer, equalSecrets } from './create-sealer.ts'
export type { SealedPlace, Sealer } from './create-sealer.ts'
export { openSealer } from './open-master-key.ts'
export type { SealedColumn } from './sealed-column.ts'
