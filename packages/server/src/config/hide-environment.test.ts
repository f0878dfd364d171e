import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const PROGRAM = `
import { readFileSync } from 'node:fs'
import { hideEnvironment } from ${JSON.stringify(new URL('hide-environment.ts', import.meta.url).href)}
const before = readFileSync('/proc/self/environ', 'latin1')
const isHidden = hideEnvironment()
const after = readFileSync('/proc/self/environ', 'latin1')
console.log(JSON.stringify({ before, isHidden, after, secret: process.env.SECRET, path: process.env.PATH }))
`

test.runIf(process.platform === 'linux')(
  'the variables of the start stand no longer in /proc, and are still there for the hub (L2)',
  () => {
    const env = { SECRET: 'zzSECRET', PATH: '/usr/bin' }
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { env })
    const seen = JSON.parse(output.toString()) as Record<string, unknown>
    expect(seen).toMatchObject({ secret: 'zzSECRET', path: '/usr/bin' })
    expect(seen['before']).toContain('zzSECRET')
    if (seen['isHidden'] === true) expect(seen['after']).not.toMatch(/[^\0]/)
    else expect(seen['after']).toBe(seen['before'])
  },
)
