import { setTimeout as sleep } from 'node:timers/promises'
import type { RawRequest } from './requests.ts'
import { runLoad } from './run-load.ts'

const TRY_EVERY_MS = 200

/** Asks until the answer is right: a hub that listens may still be getting to know its servers. */
export async function waitUntilRight(port: number, request: RawRequest, timeoutMs = 20_000): Promise<void> {
  for (const until = Date.now() + timeoutMs; ; await sleep(TRY_EVERY_MS)) {
    try {
      await runLoad({ port, request, connections: 1, seconds: 0.05 })
      return
    } catch (error) {
      if (Date.now() > until) throw error
    }
  }
}
