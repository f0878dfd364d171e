import type { Binding } from '../operations.ts'

/** JSON-RPC tells objects apart by `kind`; REST and gRPC have the ProtoJSON of 0.3's own proto. */
export type V03Form = 'kind' | 'proto'

export function formOf(binding: Binding): V03Form {
  return binding === 'JSONRPC' ? 'kind' : 'proto'
}
