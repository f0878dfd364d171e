import { expect, it } from 'vitest'
import { childEnvironment, readEnv } from './index.ts'
import type { StdioServerConfig } from './index.ts'

function server(env: Record<string, string>): StdioServerConfig {
  const command = '/usr/bin/tool'
  return {
    transport: 'stdio',
    name: 'tool',
    command,
    realCommand: command,
    args: [],
    env,
    package: undefined,
    content: undefined,
    cwd: '/',
  }
}

const environment = readEnv({ PATH: '/bin', TOKEN: 'zzSECRET$&', PARLEY_KEY: 'zzOWN', OTHER: 'zzOTHER' })

it('holds PATH, HOME and what is named, and nothing else of the hub', () => {
  expect(
    childEnvironment(server({ LEVEL: 'info', AUTH: 'Bearer ${env:TOKEN}' }), environment, '/data'),
  ).toEqual({
    PATH: '/bin',
    HOME: '/data',
    LEVEL: 'info',
    AUTH: 'Bearer zzSECRET$&',
  })
})

it('fails on a reference that is not set, without telling values', () => {
  expect(() => childEnvironment(server({ A: '${env:MISSING}' }), environment, '/data')).toThrow(
    /MISSING, which is not set/,
  )
})

it("never gives out the hub's own variables", () => {
  expect(environment.lookUp('PARLEY_KEY')).toBeUndefined()
  expect(() => childEnvironment(server({ A: '${env:PARLEY_KEY}' }), environment, '/data')).toThrow(/not set/)
})
