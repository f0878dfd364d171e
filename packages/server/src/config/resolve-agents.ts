import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'
import type { FileAgent } from './agent-schema.ts'
import type { Contradiction } from './check-listen.ts'
import type { AgentConfig } from './config.ts'
import { findConfusableName } from './find-confusable-name.ts'

const MAX_FILE_BYTES = 1024 * 1024

/** The entries under `agents`, their files read. `taken` are names that an agent must not be mistaken for. */
export function resolveAgents(
  entries: Readonly<Record<string, FileAgent>>,
  { directory, taken }: { readonly directory: string; readonly taken: readonly string[] },
): { readonly agents: readonly AgentConfig[]; readonly problems: readonly Contradiction[] } {
  const agents: AgentConfig[] = []
  const problems: Contradiction[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const path = ['agents', name]
    const confusable = findConfusableName(name, [...taken, ...agents.map((agent) => agent.name)])
    if (confusable !== undefined)
      problems.push({ path, message: `is too easily mistaken for "${confusable}"; choose another name` })
    const card = readCardEntry(entry.card, directory)
    const keys = entry.keys === undefined ? undefined : readJsonFile(entry.keys, directory)
    if (card.kind === 'problem') problems.push({ path: [...path, 'card'], message: card.message })
    if (keys?.kind === 'problem') problems.push({ path: [...path, 'keys'], message: keys.message })
    if (card.kind === 'problem' || keys?.kind === 'problem') continue
    const { allowHosts, binding, version, public: isPublic } = entry
    agents.push(
      Object.freeze({
        name,
        ...(card.kind === 'url'
          ? { cardUrl: card.url, card: undefined }
          : { cardUrl: null, card: card.value }),
        allowHosts: Object.freeze([...allowHosts]),
        binding,
        version,
        isPublic,
        jwks: keys?.value,
      }),
    )
  }
  return { agents: Object.freeze(agents), problems }
}

type Json = Readonly<Record<string, unknown>>
type Problem = { readonly kind: 'problem'; readonly message: string }

function readCardEntry(
  text: string,
  directory: string,
):
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'json'; readonly value: Json }
  | Problem {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return readJsonFile(text, directory)
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return problem('write a whole URL, such as https://agent.example, or the name of a file')
  if (url.username !== '' || url.password !== '') return problem('must not hold a user name or password')
  if (text.includes('#')) return problem('must not have a fragment')
  return { kind: 'url', url: url.href }
}

function readJsonFile(
  name: string,
  directory: string,
): { readonly kind: 'json'; readonly value: Json } | Problem {
  const file = resolve(directory, name)
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return problem(`is larger than ${MAX_FILE_BYTES} bytes`)
    const value = parseStrict(readFileSync(file))
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { kind: 'json', value: value as Json }
    return problem('holds no JSON object')
  } catch (error) {
    if (error instanceof StrictJsonError) return problem(`is no JSON: it ${error.message}`)
    return problem('cannot be read: there is no such file, or it is not readable')
  }
}

function problem(message: string): Problem {
  return { kind: 'problem', message }
}
