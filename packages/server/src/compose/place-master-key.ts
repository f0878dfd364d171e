import type { Config, Environment } from '../config/index.ts'
import type { KeyPlace } from '../sealing/index.ts'

/** The environment wins over the file. A program that prints the key sees the search path and its home alone. */
export function placeMasterKey({ masterKey }: Config, environment: Environment): KeyPlace {
  if (environment.masterKey !== undefined) return { kind: 'environment', text: environment.masterKey }
  if (masterKey.kind === 'file') return masterKey
  const home = environment.lookUp('HOME')
  return { ...masterKey, environment: { PATH: environment.path, ...(home !== undefined && { HOME: home }) } }
}
