import { requirements, shownBy } from './requirement.ts'

const jsonRpc = { bindings: ['JSONRPC'] } as const
const grpc = { bindings: ['GRPC'] } as const
const httpJson = { bindings: ['HTTP+JSON'] } as const

/** §9 to §11: what each binding has of its own. */
export const bindingRequirements = requirements(
  ['9.1-a', 'MUST', 'JSON-RPC: answers are application/json', jsonRpc],
  ['9.1-b', 'MUST', 'JSON-RPC: methods have the names of the operations', jsonRpc],
  ['9.1-c', 'MUST', 'JSON-RPC: streams are server-sent events', jsonRpc],
  ['9.1-d', 'MUST', 'JSON-RPC: requests are application/json', jsonRpc],
  ['9.2-a', 'MUST', 'JSON-RPC: service parameters are headers', jsonRpc],
  ['9.3-a', 'MUST', 'JSON-RPC: answers are of version 2.0, with the id of their request', jsonRpc],
  ['9.3-b', 'MUST', 'JSON-RPC: requests are of version 2.0', jsonRpc],
  ['9.4.2-a', 'MUST', 'JSON-RPC: each event is an answer', jsonRpc],
  ['9.5-a', 'MUST', 'JSON-RPC: what is no JSON has -32700', jsonRpc],
  ['9.5-b', 'MUST', 'JSON-RPC: what is no request has -32600', jsonRpc],
  ['9.5-c', 'MUST', 'JSON-RPC: unknown methods have -32601', jsonRpc],
  ['9.5-d', 'MUST', 'JSON-RPC: wrong parameters have -32602', jsonRpc],
  [
    '9.5-e',
    'MUST',
    'JSON-RPC: errors have code, message and a list of details, A2A’s from -32001 to -32099',
    jsonRpc,
  ],
  ['10.1-a', 'MUST', 'gRPC: the service of the proto', grpc],
  ['10.1-b', 'MUST', 'gRPC: TLS', { ...grpc, ...shownBy('who runs the hub decides it: docs/operations.md') }],
  ['10.2-a', 'MUST', 'gRPC: service parameters are metadata', grpc],
  ['10.2-b', 'SHOULD', 'gRPC: service parameters that are needed are checked', grpc],
  ['10.6-a', 'MUST', 'gRPC: errors of A2A have ErrorInfo', grpc],
  ['10.6-b', 'MUST', 'gRPC: what is no message is refused', grpc],
  ['10.7-a', 'MUST', 'gRPC: streams are server streams', grpc],
  ['11.1-a', 'SHOULD', 'HTTP+JSON: answers are application/a2a+json', httpJson],
  ['11.1-b', 'MUST', 'HTTP+JSON: requests are JSON', httpJson],
  ['11.2-a', 'MUST', 'HTTP+JSON: service parameters are headers', httpJson],
  ['11.3-a', 'MUST', 'HTTP+JSON: addresses and methods of the specification', httpJson],
  ['11.3-b', 'MUST', 'HTTP+JSON: a request without fields needs no body', httpJson],
  ['11.3-c', 'MUST', 'HTTP+JSON: subscribing is a POST, and a GET in the proto', httpJson],
  ['11.5-a', 'MUST', 'HTTP+JSON: requests without a body have their fields in path and query', httpJson],
  ['11.5-b', 'MUST', 'HTTP+JSON: these are in camelCase, and encoded', httpJson],
  ['11.6-a', 'MUST', 'HTTP+JSON: errors are a google.rpc.Status, A2A’s with ErrorInfo', httpJson],
  ['11.6-b', 'MUST', 'HTTP+JSON: what is no request has 400', httpJson],
  ['11.7-a', 'MUST', 'HTTP+JSON: streams are server-sent events', httpJson],
  ['11.7-b', 'MUST', 'HTTP+JSON: streams end where the task ends or waits', httpJson],
)
