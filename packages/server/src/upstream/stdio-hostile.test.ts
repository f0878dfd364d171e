import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callTool, codeOf, openStdio, recorder, textOf, unending, until } from './fixtures/test-kit.ts'

const EVIL = 'evil-process.ts'
const TERMS = { capabilities: {}, clientInfo: { name: 't', version: '1' } }
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a stdio process', () => {
  it('sees exactly the environment, arguments and folder that were declared', async () => {
    const rude = ['$(touch /tmp/parley-pwned)', '; id', '--flag=a b']
    process.env['PARLEY_TEST_SECRET'] = 'hub secret'
    await using opened = openStdio(EVIL, ['tells its environment', ...rude], {
      environment: { LEVEL: 'info' },
    })
    const seen = JSON.parse(textOf(await callTool(await opened.upstream.modern(), 'x'))) as {
      env: Record<string, string>
      argv: string[]
      cwd: string
    }
    delete process.env['PARLEY_TEST_SECRET']
    expect(seen.env).toEqual({ LEVEL: 'info' })
    expect(seen.argv.slice(3)).toEqual(rude)
    expect(seen.cwd).toBe('/')
  })

  it('that cannot be started is said to be so', async () => {
    await using opened = openStdio('/nowhere/at-all.ts', [], { limits: { timeoutMs: 20_000 } })
    expect(await codeOf(opened.upstream.info())).toBe('upstream_unavailable')
    expect(opened.upstream.health()).toMatchObject({ state: 'unreachable', lastSeenAt: undefined })
  })

  it('may chatter on stdout before its first message', async () => {
    await using opened = openStdio(EVIL, ['chatters on stdout'])
    expect(textOf(await callTool(await opened.upstream.modern(), 'x'))).toBe('done')
    expect(opened.logs).toEqual(['Welcome!', 'Listening on stdio'])
    expect(opened.reports).toEqual([])
  })

  it('cannot flood the log, nor write control characters into it', async () => {
    await using opened = openStdio(EVIL, ['floods stderr'])
    expect(textOf(await callTool(await opened.upstream.modern(), 'x'))).toBe('done')
    expect(opened.logs.length).toBeGreaterThan(0)
    expect(opened.logs.length).toBeLessThan(1000)
    expect(opened.logs.every((line) => line.length <= 2000 && !line.includes('\u001b'))).toBe(true)
  })

  it('fails only the call whose line it spoiled', async () => {
    await using opened = openStdio(EVIL, ['spoils a line'])
    const channel = await opened.upstream.modern()
    expect(await codeOf(callTool(channel, 'half'))).toBe('upstream_invalid')
    const hanging = new AbortController()
    const other = codeOf(callTool(channel, 'hang', { signal: hanging.signal }))
    expect(await codeOf(callTool(channel, 'double'))).toBe('upstream_invalid')
    expect(textOf(await callTool(channel, 'x'))).toBe('done')
    hanging.abort(new Error('enough'))
    expect(await other).toBe('enough')
    expect(opened.reports).toHaveLength(2)
  })

  it('is ended when a message does not end', async () => {
    await using opened = openStdio(EVIL, ['never ends a line'])
    const channel = await opened.upstream.modern()
    expect(await codeOf(callTool(channel, 'x'))).toBe('upstream_invalid')
    expect(channel.closed).toBe(true)
  })

  it('is ended when it stops reading, before what it leaves unread fills the memory', async () => {
    await using opened = openStdio(EVIL, ['stops reading'])
    const channel = await opened.upstream.modern()
    const text = 'x'.repeat(1_000_000)
    const codes = await Promise.all(
      Array.from({ length: 60 }, () => codeOf(callTool(channel, 'x', { arguments: { text } }))),
    )
    expect(new Set(codes)).toEqual(new Set(['upstream_unavailable']))
    expect(channel.closed).toBe(true)
  })

  it('cannot ask, answer for others, or tell what was not asked for', async () => {
    await using opened = openStdio(EVIL, ['asks and tells out of turn'])
    const events = recorder()
    expect(
      textOf(await callTool(await opened.upstream.modern(), 'x', { meta: { progressToken: 1 }, events })),
    ).toBe('done')
    expect([events.asked, events.notifications]).toEqual([[], []])
    expect(opened.reports.map((line) => line.split(':')[0])).toEqual([
      'unexpected-request',
      'unexpected-response',
      'unexpected-notification',
      'unexpected-notification',
    ])
  })

  it.each(['is silent to what it does not know', 'ends at what it does not know'])(
    'that %s is a session server',
    async (way) => {
      await using opened = openStdio(EVIL, [way])
      expect((await opened.upstream.info()).era).toBe('2025-11-25')
      expect(await codeOf(opened.upstream.modern())).toBe('upstream_invalid')
      expect(await codeOf(opened.upstream.openSession(TERMS, unending()))).toBe('no error')
    },
  )

  it('that ends at once is not started again for a second, however many calls come', async () => {
    await using opened = openStdio(EVIL, ['ends at once'])
    const codes: string[] = []
    for (let call = 0; call < 50; call++) codes.push(await codeOf(opened.upstream.info()))
    expect(new Set(codes)).toEqual(new Set(['upstream_unavailable']))
    expect(opened.upstream.health()).toMatchObject({
      state: 'unreachable',
      lastError: expect.stringContaining('exit code 7') as string,
    })
  })
})

describe('process groups', () => {
  it('end with the upstream, also when they ignore everything but SIGKILL', async () => {
    const file = join(folder, 'pids')
    const opened = openStdio(EVIL, ['will not go', file])
    expect(textOf(await callTool(await opened.upstream.modern(), 'x'))).toBe('done')
    const pids = readPids(file)
    expect(pids.map(isAlive)).toEqual([true, true])
    await opened.upstream.close()
    await until(() => !pids.some(isAlive))
  })

  it('end with their leader', async () => {
    const file = join(folder, 'pids')
    await using opened = openStdio(EVIL, ['leaves a child behind', file])
    await callTool(await opened.upstream.modern(), 'x')
    const pids = readPids(file)
    expect(pids).toHaveLength(2)
    await until(() => !pids.some(isAlive))
  })

  it('do not outlive a hub that was killed with SIGKILL', async () => {
    const file = join(folder, 'pids')
    const script = fileURLToPath(new URL('fixtures/doomed-hub.ts', import.meta.url))
    const hub = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise<void>((resolve) => hub.stdout.once('data', () => resolve()))
    const pids = readPids(file)
    expect(pids.map(isAlive)).toEqual([true, true])
    hub.kill('SIGKILL')
    await until(() => !pids.some(isAlive))
  })
})

function readPids(file: string): number[] {
  return JSON.parse(readFileSync(file, 'utf8')) as number[]
}

/** A process that has ended but was not yet waited for does nothing any more. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
