import { expect, it } from 'vitest'
import { interfaceUrl } from './interface-url.ts'

it.each([
  ['https://agent.example/a2a/grpc', 'https://agent.example/a2a/grpc'],
  ['http://agent.example:50051', 'http://agent.example:50051'],
  ['agent.example:443', 'https://agent.example:443'],
  ['agent.example:50051', 'https://agent.example:50051'],
  ['dns:///agent.example:50051', 'https://agent.example:50051'],
  ['dns:agent.example:50051', 'https://agent.example:50051'],
  ['grpc://agent.example:50051', 'http://agent.example:50051'],
  ['grpcs://agent.example', 'https://agent.example'],
  ['localhost:50051', 'http://localhost:50051'],
  ['127.0.0.1:50051', 'http://127.0.0.1:50051'],
  ['[::1]:50051', 'http://[::1]:50051'],
  ['localhost.example.com:1', 'https://localhost.example.com:1'],
])('gRPC to %s', (url, wanted) => {
  expect(interfaceUrl({ url, protocolBinding: 'GRPC' })).toBe(wanted)
})

it('leaves the URLs of other bindings as they are', () => {
  expect(interfaceUrl({ url: 'https://a.example/x', protocolBinding: 'JSONRPC' })).toBe('https://a.example/x')
})
