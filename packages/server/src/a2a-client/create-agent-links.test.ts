import { describe, expect, it } from 'vitest'
import { createEgress } from '../egress/index.ts'
import { systemClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { createAgentLinks } from './create-agent-links.ts'
import { openLink, sending, OPTIONS, codeOf, gather } from './fixtures/test-kit.ts'

const egress = createEgress({
  writes: new WriteBatch(),
  limits: {
    upstreamConnectTimeoutMs: 500,
    upstreamTimeoutMs: 1500,
    upstreamResponseBytes: 1_000_000,
    upstreamConnections: 4,
    clientMetadataBytes: 10_240,
    webhookTimeoutMs: 1000,
  },
  ownListeners: () => [],
})
const links = createAgentLinks({ egress, clock: systemClock, random: systemRandom })

function open(url: string, protocolBinding: string, protocolVersion: string): string {
  try {
    void links.open({ url, protocolBinding, protocolVersion }, { name: 'a' }).close()
    return 'opened'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('opening a link', () => {
  it.each([
    ['https://agent.example/a2a', 'JSONRPC', '1.0', 'opened'],
    ['https://agent.example/a2a', 'JSONRPC', '1.0.1', 'opened'],
    ['https://agent.example/a2a', 'HTTP+JSON', '0.3.0', 'opened'],
    ['https://agent.example', 'GRPC', '0.3', 'opened'],
    ['agent.example:443', 'GRPC', '1.0', 'opened'],
    ['https://agent.example/a2a', 'JSONRPC', '2.0', 'unsupported_version'],
    ['https://agent.example/a2a', 'JSONRPC', '0.2', 'unsupported_version'],
    ['https://agent.example/a2a', 'JSONRPC', '', 'unsupported_version'],
    ['wss://agent.example/a2a', 'https://example.com/bindings/websocket', '1.0', 'unsupported_version'],
    ['wss://agent.example/a2a', 'JSONRPC', '1.0', 'egress_refused'],
    ['not a URL', 'JSONRPC', '1.0', 'egress_refused'],
    ['http://user:secret@agent.example/', 'JSONRPC', '1.0', 'egress_refused'],
    ['unix:/var/run/agent.sock', 'GRPC', '1.0', 'egress_refused'],
    ['agent.example:50051', 'GRPC', '1.0', 'egress_refused'],
  ])('%s by %s %s: %s', (url, binding, version, wanted) => {
    expect(open(url, binding, version)).toBe(wanted)
  })

  it.each(['JSONRPC', 'HTTP+JSON', 'GRPC'])(
    'E1: %s leads to no address of this network by itself',
    async (protocolBinding) => {
      const url = 'http://127.0.0.1:80'
      const link = links.open({ url, protocolBinding, protocolVersion: '1.0' }, { name: 'a' })
      expect(await codeOf(link.call('SendMessage', sending('x'), OPTIONS))).toBe('egress_refused')
      expect(await codeOf(gather(link, 'SendStreamingMessage', sending('x')).over)).toBe('egress_refused')
      expect(link.health().state).toBe('unreachable')
      await link.close()
    },
  )

  it.each(['JSONRPC', 'HTTP+JSON', 'GRPC'])(
    'after its end a link of %s sends nothing',
    async (protocolBinding) => {
      await using opened = openLink({ url: 'http://127.0.0.1:9', protocolBinding })
      await opened.link.close()
      expect(await codeOf(opened.link.call('GetTask', { id: 't' }, OPTIONS))).toBe('upstream_unavailable')
      expect(await codeOf(gather(opened.link, 'SubscribeToTask', { id: 't' }).over)).toBe(
        'upstream_unavailable',
      )
    },
  )
})
