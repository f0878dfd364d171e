import { accessChecks } from './access-checks.ts'
import { capabilityChecks } from './capability-checks.ts'
import { cardChecks } from './card-checks.ts'
import type { Check } from './check.ts'
import { equivalenceChecks } from './equivalence-checks.ts'
import { grpcChecks } from './grpc-checks.ts'
import { httpJsonChecks } from './http-json-checks.ts'
import { jsonRpcChecks } from './json-rpc-checks.ts'
import { listChecks } from './list-checks.ts'
import { modelChecks } from './model-checks.ts'
import { olderChecks } from './older-checks.ts'
import { olderRestChecks } from './older-rest-checks.ts'
import { pushChecks } from './push-checks.ts'
import { sendChecks } from './send-checks.ts'
import { streamChecks } from './stream-checks.ts'
import { taskChecks } from './task-checks.ts'
import { versionChecks } from './version-checks.ts'

export const CHECKS: readonly Check[] = [
  ...sendChecks,
  ...streamChecks,
  ...taskChecks,
  ...listChecks,
  ...pushChecks,
  ...capabilityChecks,
  ...modelChecks,
  ...cardChecks,
  ...jsonRpcChecks,
  ...httpJsonChecks,
  ...grpcChecks,
  ...versionChecks,
  ...accessChecks,
  ...equivalenceChecks,
  ...olderChecks,
  ...olderRestChecks,
]
