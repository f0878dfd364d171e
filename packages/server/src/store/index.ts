export { DATABASE_FILE, openStore } from './open-store.ts'
export type { Store, StoreStatus } from './open-store.ts'
export type { Row, SqlValue, Statement, Unit, UnitResult } from './unit.ts'
