import type { Check } from './check.ts'
import { capabilityChecks } from './capability-checks.ts'
import { cardChecks } from './card-checks.ts'
import { listChecks } from './list-checks.ts'
import { pushChecks } from './push-checks.ts'
import { sendChecks } from './send-checks.ts'
import { streamChecks } from './stream-checks.ts'
import { taskChecks } from './task-checks.ts'

export const CHECKS: readonly Check[] = [
  ...sendChecks,
  ...streamChecks,
  ...taskChecks,
  ...listChecks,
  ...pushChecks,
  ...capabilityChecks,
  ...cardChecks,
]
