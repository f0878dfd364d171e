import { z } from 'zod'
import { instant, type ApiRoute } from './api-route.ts'

const keysView = z.object({
  /** The keys that sign tokens: `next` is published before it signs, `retired` as long as its tokens may live. */
  signing: z.array(
    z.object({
      kid: z.string(),
      state: z.enum(['next', 'current', 'retired']),
      createdAt: instant,
      retiredAt: instant.nullable(),
    }),
  ),
  /** Whether the administrator's first key still works. */
  bootstrap: z.boolean(),
  /** What secrets are sealed under; these are names of keys, not the keys. */
  master: z.object({
    current: z.string(),
    /** Keys before it that are still there. */
    old: z.array(z.string()),
    /** While secrets are sealed anew. `total` is unknown where it began with a start; `failed` opens with no key. */
    rotation: z
      .object({
        startedAt: instant,
        total: z.number().nullable(),
        remaining: z.number(),
        failed: z.number(),
      })
      .nullable(),
  }),
})

export type KeysView = z.infer<typeof keysView>

/** The hub's own keys. */
export const keyRoutes = {
  listKeys: {
    method: 'GET',
    path: '/api/keys',
    summary: "The keys that sign tokens, and whether the administrator's first key still works",
    action: 'keys.read',
    response: keysView,
  },
  rotateKeys: {
    method: 'POST',
    path: '/api/keys/rotate',
    summary: 'The next key signs from now on, and a new next one is published',
    action: 'keys.manage',
    body: z.strictObject({
      /** Also while guards elsewhere may not have seen the next key yet: after a leak. */
      now: z.boolean().default(false),
    }),
    response: keysView,
  },
  retireBootstrapKey: {
    method: 'POST',
    path: '/api/keys/bootstrap/retire',
    summary: "End the administrator's first key for good; there must be an administrator with an account",
    action: 'keys.manage',
    response: keysView,
  },
  rotateMasterKey: {
    method: 'POST',
    path: '/api/keys/master/rotate',
    summary: 'Seal all secrets under a new master key, in the background',
    action: 'keys.manage',
    response: keysView,
  },
  forgetMasterKeys: {
    method: 'POST',
    path: '/api/keys/master/forget',
    summary: 'Throw the old master keys away; backups from before the rotation then open no more',
    action: 'keys.manage',
    response: keysView,
  },
} as const satisfies Record<string, ApiRoute>
