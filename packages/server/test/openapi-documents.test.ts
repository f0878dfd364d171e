import { expect, test } from 'vitest'
import { findDocument, readDefinition } from './real-document.ts'
import { sampleValue } from './sample-value.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'
import { startValidatingService } from './validating-service.ts'

/** Documents of real services, as npm packages ship them. */
const DOCUMENTS = [
  {
    name: 'github',
    file: '@octokit/openapi/generated/api.github.com.json',
    base: '',
    operations: 706,
    elsewhere: 1,
  },
  { name: 'figma', file: '@figma/rest-api-spec/openapi/openapi.yaml', base: '', operations: 54 },
  {
    name: 'blockfrost',
    file: '@blockfrost/openapi/openapi.yaml',
    base: '/api/v0',
    operations: 129,
    elsewhere: 6,
  },
] as const

/** The stand-in takes a path with two parameters in one segment apart where it should not. */
const UNREADABLE = new Set(['repos_compare-commits'])

async function post(hub: TestHub, server: string, method: string, params: Record<string, unknown>) {
  const { headers, body } = modernRequest(method, params)
  const response = await fetch(`${hub.url}/mcp/servers/${server}`, {
    method: 'POST',
    headers: { ...hub.headers, ...headers },
    body: JSON.stringify(body),
  })
  return (await response.json()) as any
}

/** Of a large document every tenth operation is called, all of them with PARLEY_TEST_ALL_OPERATIONS=1. */
test.each(DOCUMENTS)(
  'every operation of $name is a tool, and every call fits its document',
  { timeout: 600_000 },
  async ({ name, file, base, operations, ...more }) => {
    const path = findDocument(file)
    await using service = await startValidatingService(readDefinition(path), base)
    const server = { openapi: path, url: service.origin + base, operations: { deprecated: true } }
    await using hub = await startTestHub(JSON.stringify({ servers: { [name]: server } }))
    await until(async () => (await hub.api('GET', `/api/servers/${name}`)).body.health !== 'connecting')
    const { body } = await hub.api('GET', `/api/servers/${name}`)
    const step = operations > 200 && process.env['PARLEY_TEST_ALL_OPERATIONS'] === undefined ? 10 : 1
    const elsewhere = 'elsewhere' in more ? more.elsewhere : 0
    expect(body.counts).toMatchObject({ tools: operations - elsewhere, quarantined: 0 })
    const tools: any[] = []
    for (let cursor: string | undefined; ;) {
      const { result } = await post(hub, name, 'tools/list', cursor === undefined ? {} : { cursor })
      tools.push(...result.tools)
      cursor = result.nextCursor
      if (cursor === undefined) break
    }
    const failed: string[] = []
    const called = tools.filter(({ name: tool }, at) => at % step === 0 && !UNREADABLE.has(tool))
    for (const tool of called) {
      for (const all of [false, true]) {
        const args = sampleValue(tool.inputSchema, { all })
        const reply = await post(hub, name, 'tools/call', { name: tool.name, arguments: args })
        if (reply.error || reply.result.isError)
          failed.push(
            `${tool.name} ${all ? 'all' : 'required'}: ${JSON.stringify(reply.error ?? reply.result.content[0].text).slice(0, 400)} ${JSON.stringify(args).slice(0, 300)}`,
          )
      }
    }
    // oxlint-disable-next-line no-console -- the counts are what this is run for
    console.log(
      `${name}: ${operations} operations, ${tools.length} tools, ${called.length * 2} calls, ${failed.length} failed`,
    )
    expect(tools).toHaveLength(operations - elsewhere)
    expect(service.refused).toEqual([])
    expect(failed).toEqual([])
    expect(service.seen.size).toBe(called.length)
  },
)
