import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { describe, expect, it } from 'vitest'
import type { Era } from './evil-state.ts'
import { toolDefinition } from './definitions.ts'
import { describeEvilStdio } from './start-evil.ts'

describe.each<Era>(['2026-07-28', '2025-11-25'])('the stdio twin in %s, met by the SDK client', (era) => {
  it('serves tools, logs what it sees, and changes its definitions by file', async () => {
    const evil = describeEvilStdio(era)
    const client = new Client({ name: 't', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StdioClientTransport({ command: evil.command, args: [...evil.args] }))
    try {
      const echoed = await client.callTool({ name: 'echo', arguments: { text: 'x' } })
      expect(JSON.stringify(echoed.content)).toContain('text')
      expect(evil.count('tools/call', 'echo')).toBe(1)
      // The SDK's own detection may spend a process of its own on the probe.
      expect(evil.pids().length).toBeGreaterThan(0)
      expect(evil.entries().some((entry) => entry['method'] === 'initialize')).toBe(era === '2025-11-25')
      evil.setTools([toolDefinition('only_this')])
      const { tools } = await client.listTools()
      expect(tools.map((tool) => tool.name)).toEqual(['only_this'])
    } finally {
      await client.close()
    }
  })

  it('tells what a child can see and dies on demand', async () => {
    const evil = describeEvilStdio(era)
    const client = new Client({ name: 't', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(
      new StdioClientTransport({ command: evil.command, args: [...evil.args], env: { MARK: 'here' } }),
    )
    const world = await client.callTool({ name: 'world', arguments: {} })
    expect(JSON.stringify(world.content)).toContain('MARK')
    await expect(client.callTool({ name: 'exit', arguments: {} })).rejects.toThrow()
    await client.close()
  })
})
