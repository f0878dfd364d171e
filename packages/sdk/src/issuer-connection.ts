import { discoverIssuer } from './discover-issuer.ts'
import { onceItWorks } from './once-it-works.ts'
import { createRemoteKeys } from './remote-keys.ts'
import { RevocationFollower } from './revocation-follower.ts'
import type { KeySource, RevocationList } from './verifier.ts'

export interface RevocationOptions {
  /** When nothing was heard of the issuer for so long, requests are answered 503; 30 seconds unless told otherwise. */
  readonly staleAfterMs?: number
  /** `allow` lets callers in on what was known last, for as long as their tokens live. */
  readonly whenStale?: 'refuse' | 'allow'
}

/** An issuer somewhere else: its keys, and what it revokes if it tells. */
export interface IssuerConnection {
  readonly keys: KeySource
  readonly revocations: RevocationList
  ready(): Promise<void>
  close(): void
}

const STALE_AFTER_MS = 30_000

/** Nothing is asked before the first token comes, or `ready` is called. */
export function connectIssuer(options: {
  readonly issuer: string
  readonly fetch?: typeof globalThis.fetch
  readonly now?: () => number
  readonly revocations?: RevocationOptions | false
}): IssuerConnection {
  const { issuer, fetch = globalThis.fetch, now = Date.now, revocations: wanted = {} } = options
  const { staleAfterMs = STALE_AFTER_MS, whenStale = 'refuse' } = wanted || {}
  let follower: RevocationFollower | undefined
  let isClosed = false
  const discovered = onceItWorks(async () => {
    const metadata = await discoverIssuer(fetch, issuer)
    if (wanted && metadata.revocationFeed !== undefined && !isClosed) {
      follower = new RevocationFollower({ url: metadata.revocationFeed, fetch, now, staleAfterMs })
    }
    return metadata
  }, now)

  const keys = createRemoteKeys({ fetch, now, jwksUri: async () => (await discovered()).jwksUri })
  return {
    keys,
    revocations: {
      get generation() {
        return follower?.generation ?? 0
      },
      isCurrent: () => follower === undefined || whenStale === 'allow' || follower.isCurrent(),
      async watch(caller) {
        await discovered()
        await follower?.firstHeard
        return follower ? follower.watch(caller) : () => false
      },
    },
    async ready() {
      await discovered()
      await follower?.firstHeard
    },
    close() {
      isClosed = true
      follower?.close()
    },
  }
}
