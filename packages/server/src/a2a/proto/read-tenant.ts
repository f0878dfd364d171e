import { SHAPES } from '../message-shapes.ts'
import { OPERATIONS, type OperationName } from '../operations.ts'
import { ProtoReader } from './proto-reader.ts'
import { WIRE } from './proto-writer.ts'

/**
 * The tenant of a request, and nothing else of it: who asks is to be known before more is read. Throws `invalid_params` where
 * the bytes are no message.
 */
export function readTenant(operation: OperationName, bytes: Buffer): string | undefined {
  const { number } = SHAPES[OPERATIONS[operation].request].byName.get('tenant')!
  const reader = new ProtoReader(bytes)
  let tenant: string | undefined
  while (reader.hasMore) {
    const tag = reader.tag()
    // The last one counts (Protocol Buffers, "Last One Wins").
    if (tag === number * 8 + WIRE.bytes) tenant = reader.string()
    else reader.skipField(tag & 7)
  }
  return tenant === '' ? undefined : tenant
}
