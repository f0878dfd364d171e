import { existsSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRaw, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub } from './start-test-hub.ts'

const BY = { subject: 'test', chain: [] }
const listen = modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } })

test('the first key cannot be retired while nobody else could manage the hub', async () => {
  await using hub = await startTestHub()
  await expect(hub.hub.bootstrapKey.retire(BY)).rejects.toThrow(/setup link/)
  expect((await hub.api('GET', '/api/status')).status).toBe(200)
})

test('L5, G7: once retired it opens nothing, its streams end, and no start brings it or another back', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-retired-'))
  try {
    {
      await using hub = await startTestHub('', { dataDir })
      await signUpAdministrator(hub)
      const stream = await openRaw(hub, { path: '/mcp', ...listen })
      expect(stream.status).toBe(200)
      await hub.hub.bootstrapKey.retire(BY)
      await stream.ended
      for (const path of ['/api/status', '/metrics'])
        expect((await sendRaw(hub, { method: 'GET', path })).status).toBe(401)
      expect((await sendRaw(hub, { path: '/mcp', ...modernRequest('tools/list') })).status).toBe(401)
      expect(existsSync(join(dataDir, 'credentials.json'))).toBe(false)
      await hub.hub.bootstrapKey.retire(BY)
    }
    await using again = await startTestHub('', { dataDir })
    expect(again.hub.newKey).toBeUndefined()
    expect(again.key).toBe('')
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
