import { ParleyError } from '@parley/contract'

/** The answer for what does not exist, and for what the caller may not know of: the same, byte for byte. */
export function unknownTarget(kind: string, name: string): ParleyError {
  return kind === 'resource'
    ? new ParleyError('invalid_params', `Resource not found: ${name}`, { data: { uri: name } })
    : new ParleyError('invalid_params', `Unknown ${kind}: ${name}`)
}
