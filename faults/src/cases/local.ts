import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../evil/evil-state.ts'
import { describeEvilStdio } from '../evil/start-evil.ts'
import { openFace, toolText } from '../kit/face.ts'
import { descendants, listeningAddresses } from '../kit/process-probe.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { settle, type Rig } from '../run/rig.ts'
import { expectHttpRefusal, refresh, sleep, Deviations } from './expectations.ts'

/** L1 to L6: what the hub runs, what its children see, where it listens, and what it starts with. */
export const localGroup: FaultGroup = {
  name: 'local',
  rig: { env: { FAULTS_SECRET: 'zzSECRETenvironment', PARLEY_EXTRA: 'zzSECRETparley' } },
  cases: [
    { requirement: 'L1', name: 'no request creates a process, whatever it asks for', run: noCommandByApi },
    {
      requirement: 'L1',
      name: 'shells and package runners in the file are refused, and nothing of them runs',
      run: noShellByFile,
    },
    {
      requirement: 'L1',
      name: 'arguments are passed as they are, never through a shell',
      run: argumentsAreLiteral,
    },
    {
      requirement: 'L2',
      name: "a child's environment is exactly the listed one plus PATH and HOME of the data directory",
      run: exactEnvironment,
    },
    { requirement: 'L2', name: "a child cannot read the hub's own environment", run: parentEnvironment },
    { requirement: 'L3', name: 'nothing a server says is run or opened', run: nothingIsOpened },
    {
      requirement: 'L4',
      name: 'the hub listens on 127.0.0.1 alone unless told otherwise',
      run: loopbackOnly,
    },
    { requirement: 'L4', name: 'a bind beyond loopback without a trusted proxy is refused', run: noOpenBind },
    {
      requirement: 'L5',
      name: 'keys are long, distinct, printed once, in a file of mode 0600 in a directory of 0700',
      run: freshKeys,
    },
    { requirement: 'L6', name: 'settings that would switch protection off do not exist', run: noDevFlags },
  ],
}

function marker(rig: Rig): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-marker-'))
  rig.defer(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'touched')
}

async function noCommandByApi(rig: Rig): Promise<void> {
  const file = marker(rig)
  const before = descendants(rig.hub.pid).sort()
  const shell = { command: '/bin/sh', args: ['-c', `touch ${file}`] }
  const bodies: Json[] = [
    { name: 'x1', ...shell },
    { name: 'x2', url: 'http://localhost:1/mcp', ...shell },
    { name: 'x3', transport: 'stdio', ...shell },
    { name: 'x4', type: 'stdio', ...shell },
    { name: 'x5', url: `stdio:///bin/sh?arg=-c&arg=touch ${file}` },
    { name: 'x6', url: `file:///bin/sh` },
    { name: 'x7', url: `exec:touch ${file}` },
    { name: 'x8', url: `http://localhost:1/mcp; touch ${file}` },
    { name: 'x9', url: `http://localhost:1/$(touch ${file})` },
    { name: 'x10', url: `http://localhost:1/\`touch ${file}\`` },
    { name: `x$(touch ${file})`, url: 'http://localhost:1/mcp' },
    { name: 'x11', target: `/bin/sh -c "touch ${file}"` },
    {
      name: 'x12',
      url: 'http://localhost:1/mcp',
      package: '@evil/pkg@1.0.0',
      env: { NODE_OPTIONS: `--require ${file}` },
    },
    { servers: { x13: shell } },
    { mcpServers: { x14: shell } },
  ]
  for (const body of bodies) {
    const reply = await rig.hub.api('POST', '/api/servers', body)
    const isPlainUrl =
      Object.keys(body).every((key) => ['name', 'url'].includes(key)) &&
      String(body['url']).startsWith('http')
    if (isPlainUrl && reply.status < 300) await rig.hub.api('DELETE', `/api/servers/${String(body['name'])}`)
    else expectHttpRefusal(reply, JSON.stringify(body).slice(0, 100), [400, 422])
  }
  for (const [method, path] of [
    ['PUT', '/api/servers'],
    ['PATCH', '/api/servers/modern'],
    ['PUT', '/api/servers/modern'],
    ['POST', '/api/servers/import'],
    ['POST', '/api/import'],
    ['POST', '/api/apply'],
  ]) {
    const reply = await rig.hub.api(method ?? '', path ?? '', { name: 'x15', ...shell })
    expectHttpRefusal(reply, `${method} ${path}`)
  }
  await sleep(300)
  assert.ok(!existsSync(file), 'a command from a request was run')
  assert.deepEqual(descendants(rig.hub.pid).sort(), before, 'a process was started')
}

async function noShellByFile(rig: Rig): Promise<void> {
  const file = marker(rig)
  const script = `touch ${file}`
  const servers: Record<string, Json> = {
    sh: { command: '/bin/sh', args: ['-c', script] },
    bash: { command: '/bin/bash', args: ['-c', script] },
    dash: { command: '/usr/bin/dash', args: ['-c', script] },
    'sh by env': { command: '/usr/bin/env', args: ['sh', '-c', script] },
    'a relative name from the path': { command: 'sh', args: ['-c', script] },
    npx: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-everything'] },
    'npx without a version': { command: 'npx', args: ['-y', 'x'], package: 'x' },
    'npx with a range': { command: 'npx', args: ['-y', 'x'], package: 'x@^1.0.0' },
    'npx with latest': { command: 'npx', args: ['-y', 'x@latest'], package: 'x@latest' },
    uvx: { command: 'uvx', args: ['x'] },
    'a command line in one text': { command: `/bin/sh -c "${script}"` },
    'arguments that are no list': { command: process.execPath, args: `-e "${script}"` },
    'a directory': { command: '/tmp' },
    'a missing file': { command: '/nonexistent/binary' },
  }
  for (const [label, config] of Object.entries(servers)) {
    const { code, output } = await rig.refusedHub({ config: { servers: { x: config } } })
    assert.ok(typeof code === 'number' && code !== 0, `${label}: ended with ${code}`)
    assert.ok(
      /parley\.yaml|servers/.test(output),
      `${label}: the error does not say where: ${output.slice(0, 300)}`,
    )
    assert.ok(!/^\s+at /m.test(output), `${label}: a stack instead of an explanation`)
  }
  assert.ok(!existsSync(file), 'a refused command was run all the same')
}

async function argumentsAreLiteral(rig: Rig): Promise<void> {
  const file = marker(rig)
  const args = [
    `$(touch ${file})`,
    `; touch ${file}`,
    `| touch ${file}`,
    `\`touch ${file}\``,
    '*',
    '$HOME',
    '--option=a b',
    "'quoted'",
    '\n',
    '',
  ]
  const twin = describeEvilStdio('2026-07-28', { args: ['--', ...args] })
  const hub = await rig.ownHub({ config: { servers: { literal: twin.config } } })
  await settle(hub)
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/literal')
  const world = JSON.parse(toolText(await face.call('world')) ?? '{}') as { argv?: string[] }
  assert.deepEqual(world.argv?.slice(-args.length), args)
  assert.ok(!existsSync(file))
}

async function exactEnvironment(rig: Rig): Promise<void> {
  for (const era of ['2026-07-28', '2025-11-25'] as const) {
    const twin = describeEvilStdio(era, { env: { LEVEL: 'info', TOKEN: 'zzGIVEN' } })
    const hub = await rig.ownHub({
      config: { servers: { env: twin.config } },
      env: {
        FAULTS_SECRET: 'zzSECRET1',
        PARLEY_ANY: 'zzSECRET2',
        NODE_OPTIONS: '--no-warnings',
        LD_LIBRARY_PATH: '/zzSECRET3',
      },
    })
    await settle(hub)
    const face = await openFace(hub, '2026-07-28', '/mcp/servers/env')
    const world = JSON.parse(toolText(await face.call('world')) ?? '{}') as {
      environment?: Record<string, string>
    }
    const environment = world.environment ?? {}
    assert.deepEqual(Object.keys(environment).sort(), ['HOME', 'LEVEL', 'PATH', 'TOKEN'])
    assert.equal(environment['HOME'], hub.dataDir, 'HOME is the data directory')
    const seen = JSON.stringify(twin.entries())
    assert.ok(!seen.includes(hub.key), 'the key went to the child')
    assert.ok(
      !readFileSync(`/proc/${hub.pid}/cmdline`, 'latin1').includes(hub.key),
      'the key stands in the command line',
    )
    const shown = await hub.api('GET', '/api/servers/env')
    assert.ok(!shown.text.includes('zzGIVEN'), "a child's environment value is shown by the API")
    assert.ok(!hub.log().includes('zzGIVEN'), "a child's environment value stands in the log")
  }
}

async function parentEnvironment(rig: Rig): Promise<void> {
  for (const upstream of ['stdio-modern', 'stdio-legacy']) {
    const face = await rig.face('2026-07-28', `/mcp/servers/${upstream}`)
    const world = JSON.parse(toolText(await face.call('world')) ?? '{}') as { parentEnvironment?: string }
    assert.ok(world.parentEnvironment !== undefined, 'the child answered')
    assert.ok(
      !world.parentEnvironment.includes('zzSECRET'),
      `${upstream} reads the hub's environment through /proc`,
    )
  }
}

async function nothingIsOpened(rig: Rig): Promise<void> {
  const file = marker(rig)
  const before = descendants(rig.hub.pid).sort()
  const bait = `$(touch ${file})`
  const evil = await rig.ownEvil('2026-07-28', {
    instructions: bait,
    serverInfo: {
      name: bait,
      version: `\`touch ${file}\``,
      title: bait,
      websiteUrl: 'javascript:alert(1)',
      icons: [{ src: `file://${file}` }],
    },
    tools: [
      {
        name: 'x',
        description: bait,
        inputSchema: { type: 'object', $ref: `file://${file}` },
        icons: [{ src: `http://127.0.0.1:${rig.canary.port}/icon.png` }],
        _meta: { ui: { resourceUri: `http://127.0.0.1:${rig.canary.port}/` } },
      },
    ],
    resources: [{ uri: `http://127.0.0.1:${rig.canary.port}/resource`, name: bait }],
    templates: [{ uriTemplate: `file://${file}{x}`, name: bait }],
  })
  await rig.hub.api('POST', '/api/servers', { name: 'baited', url: evil.url })
  rig.defer(() => rig.hub.api('DELETE', '/api/servers/baited'))
  await rig.settle()
  await refresh(rig.hub, 'baited')
  await rig.hub.api('POST', '/api/servers/baited/test')
  const face = await rig.face('2026-07-28', '/mcp/servers/baited')
  for (const method of ['tools/list', 'resources/list', 'resources/templates/list', 'server/discover'])
    await face.send(method)
  evil.state.overrides.set('server/discover', () => ({
    supportedVersions: [bait],
    capabilities: {},
    _meta: {},
  }))
  await rig.hub.api('POST', '/api/servers/baited/refresh')
  const challenge = await rig.face('2026-07-28', '/mcp/servers/modern')
  await challenge.call('status', { status: 401 })
  await sleep(300)
  assert.ok(!existsSync(file), 'what a server said was run')
  assert.equal(rig.canary.connections, 0, `what a server said was fetched: ${rig.canary.heard.join()}`)
  assert.deepEqual(descendants(rig.hub.pid).sort(), before, 'a process was started')
}

async function loopbackOnly(rig: Rig): Promise<void> {
  const addresses = listeningAddresses(rig.hub.pid)
  assert.ok(addresses.includes(`127.0.0.1:${rig.hub.port}`), addresses.join())
  const beyond = addresses.filter(
    (address) => !address.startsWith('127.0.0.1:') && !/^0{24}01000000:/.test(address),
  )
  assert.deepEqual(beyond, [], 'the hub listens beyond loopback')
}

async function noOpenBind(rig: Rig): Promise<void> {
  for (const host of ['0.0.0.0', '::', '0', '::ffff:0.0.0.0', '192.0.2.1']) {
    for (const options of [
      { args: ['--host', host] },
      { config: { listen: { host } } },
      { env: { PARLEY_HOST: host } },
    ]) {
      const { code, output } = await rig.refusedHub(options)
      assert.ok(
        typeof code === 'number' && code !== 0,
        `${host} by ${JSON.stringify(options)} ended with ${code}`,
      )
      assert.ok(
        output.length > 10 && !/^\s+at /m.test(output),
        `${host}: no explanation: ${output.slice(0, 300)}`,
      )
    }
  }
}

async function freshKeys(rig: Rig): Promise<void> {
  const keys = new Set<string>()
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-data-'))
  rig.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  for (let started = 0; started < 3; started += 1) {
    const hub = await rig.ownHub({})
    keys.add(hub.key)
    assert.ok(
      hub.key.startsWith('parley_admin_') && hub.key.length >= 'parley_admin_'.length + 22,
      'at least 128 bits',
    )
    await hub.stop()
  }
  assert.equal(keys.size, 3, 'two hubs have the same key')
  const first = await rig.ownHub({ dataDir })
  const { mode } = statSync(join(dataDir, 'credentials.json'))
  assert.equal((mode & 0o777).toString(8), '600', 'credentials.json')
  assert.equal((statSync(dataDir).mode & 0o777).toString(8), '700', 'the data directory')
  for (const file of ['parley.db', 'parley.db-wal']) {
    const path = join(dataDir, file)
    if (existsSync(path))
      assert.ok(!readFileSync(path, 'latin1').includes(first.key), `${file} holds the key itself`)
  }
  await first.stop()
  const second = await rig.ownHub({ dataDir })
  assert.equal(second.key, first.key, 'the key outlives a restart')
  assert.ok(!second.log().includes(second.key), 'the key is printed again at the second start')
  for (const key of ['changeme', 'admin', 'parley', 'parley_admin_', 'test', 'secret', 'password', '']) {
    const reply = await second.send({
      method: 'GET',
      path: '/api/status',
      headers: ['Authorization', `Bearer ${key}`],
    })
    // A header without a key in it cannot be read (RFC 6750 §3.1).
    assert.equal(reply.status, key === '' ? 400 : 401, `the key ${key}`)
  }
}

async function noDevFlags(rig: Rig): Promise<void> {
  const settings: Json[] = [
    { auth: 'none' },
    { auth: false },
    { insecure: true },
    { dev: true },
    { listen: { host: '127.0.0.1', auth: false } },
    { egress: { allowPrivate: true } },
    { limits: { bodyBytes: -1 } },
    { limits: { bodyBytes: 'unlimited' } },

    { activity: 'off' },
    { servers: { x: { url: 'http://localhost:1/mcp', trusted: true } } },
  ]
  const deviations = new Deviations()
  for (const config of settings)
    await deviations.try(JSON.stringify(config), () => rig.refusedHub({ config }))
  for (const configText of [
    'servers: [',
    'servers:\n  a: {url: x}\n  a: {url: y}',
    'a: &a [*a]',
    '!!js/function "x"',
    'servers: !!binary eA==',

    '- list',
    '"text"',
  ]) {
    await deviations.try(JSON.stringify(configText), async () => {
      const { output } = await rig.refusedHub({ configText })
      assert.ok(!/^\s+at /m.test(output), `a stack instead of an explanation: ${output.slice(0, 300)}`)
    })
  }
  const hub = await rig.ownHub({
    env: { PARLEY_AUTH: 'off', PARLEY_DEV: '1', PARLEY_INSECURE: '1', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  })
  const reply = await hub.send({ method: 'GET', path: '/api/status', anonymous: true })
  assert.equal(reply.status, 401)
  const aliases = 'bcdefghij'
    .split('')
    .map((letter, index) => `${letter}: &${letter} [${Array(10).fill(`*${'abcdefghi'[index]}`).join()}]`)
  const { code } = await rig.refusedHub({
    configText: ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...aliases].join('\n'),
  })
  assert.ok(typeof code === 'number' && code !== 0, 'a YAML bomb was taken')
  deviations.expectNone()
}
