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

/** By the file that they are in. */
export const CHECKS_BY_FILE: Readonly<Record<string, readonly Check[]>> = {
  'send-checks.ts': sendChecks,
  'stream-checks.ts': streamChecks,
  'task-checks.ts': taskChecks,
  'list-checks.ts': listChecks,
  'push-checks.ts': pushChecks,
  'capability-checks.ts': capabilityChecks,
  'model-checks.ts': modelChecks,
  'card-checks.ts': cardChecks,
  'json-rpc-checks.ts': jsonRpcChecks,
  'http-json-checks.ts': httpJsonChecks,
  'grpc-checks.ts': grpcChecks,
  'version-checks.ts': versionChecks,
  'access-checks.ts': accessChecks,
  'equivalence-checks.ts': equivalenceChecks,
  'older-checks.ts': olderChecks,
  'older-rest-checks.ts': olderRestChecks,
}

export const CHECKS: readonly Check[] = Object.values(CHECKS_BY_FILE).flat()
