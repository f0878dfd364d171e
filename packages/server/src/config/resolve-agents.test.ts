import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError, loadConfig, readEnv } from './index.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-agents-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function load(text: string) {
  writeFileSync(join(directory, 'parley.yaml'), text)
  return loadConfig({ flags: {}, environment: readEnv({}), workingDirectory: directory })
}

function problems(text: string) {
  try {
    load(text)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
  throw new Error('the configuration was accepted')
}

test('agents are declared by address or file, with all that is said of them', () => {
  writeFileSync(join(directory, 'card.json'), '{"name":"Traffic"}')
  writeFileSync(join(directory, 'keys.json'), '{"keys":[]}')
  const { agents } = load(`
agents:
  weather:
    card: https://weather.example
    allowHosts: [weather.example:50051]
    binding: GRPC
    version: "1.0"
    public: true
    keys: keys.json
  traffic: { card: card.json }
`)
  expect(agents).toEqual([
    {
      name: 'weather',
      cardUrl: 'https://weather.example/',
      card: undefined,
      allowHosts: ['weather.example:50051'],
      binding: 'GRPC',
      version: '1.0',
      isPublic: true,
      jwks: { keys: [] },
    },
    {
      name: 'traffic',
      cardUrl: null,
      card: { name: 'Traffic' },
      allowHosts: [],
      binding: undefined,
      version: undefined,
      isPublic: false,
      jwks: undefined,
    },
  ])
  expect(Object.isFrozen(agents[0])).toBe(true)
})

test.each([
  ['weather: { card: "ftp://weather.example" }', 'agents.weather.card: write a whole URL'],
  ['weather: { card: "https://u:p@weather.example" }', 'user name'],
  ['weather: { card: missing.json }', 'agents.weather.card: cannot be read'],
  ['weather: { card: parley.yaml }', 'is no JSON'],
  ['weather: { card: "https://a.example", keys: missing.json }', 'agents.weather.keys: cannot be read'],
  ['weather: { card: "https://a.example", allowHosts: ["https://b.example"] }', 'host:port'],
  ['Weather: { card: "https://a.example" }', 'lower-case'],
  ['weather: {}', 'card'],
  [
    '{ weather: { card: "https://a.example" }, weath-er: { card: "https://a.example" } }',
    'mistaken for "weather"',
  ],
])('%s is refused with its place', (entry, words) => {
  const text = entry.startsWith('{') ? `agents: ${entry}` : `agents:\n  ${entry}`
  expect(problems(text).join('\n')).toContain(words)
})

test('H7: an agent is not named like a server', () => {
  const text =
    'servers: { git-hub: { url: http://localhost:3000/mcp } }\nagents: { github: { card: "https://a.example" } }'
  expect(problems(text)[0]).toContain('mistaken for "git-hub"')
})
