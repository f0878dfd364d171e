import type { FaultGroup } from '../run/fault-case.ts'

export const faultGroups: readonly FaultGroup[] = []
