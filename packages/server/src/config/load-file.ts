import { readFileSync, statSync } from 'node:fs'
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { ConfigError } from './config-error.ts'
import type { ConfigProblem } from './config-error.ts'
import { configSchema } from './config-schema.ts'
import type { FileConfig } from './config-schema.ts'
import { explainIssue } from './explain-issue.ts'

const FILE_LIMIT_BYTES = 1_048_576
const WRITABLE_BY_OTHERS = 0o002

export type SettingPath = readonly PropertyKey[]

/** The file's settings, and where each stands so that later checks can point at it. */
export interface LoadedFile {
  readonly settings: FileConfig
  problemAt(path: SettingPath, message: string): ConfigProblem
}

/** What holds without any file. */
export function emptyFile(): LoadedFile {
  return {
    settings: configSchema.parse({}),
    problemAt: (path, message) => ({ path: path.join('.'), message }),
  }
}

/**
 * Reads `parley.yaml` (YAML 1.2, at most 1 MiB).
 * @throws ConfigError naming file, line, column, setting and remedy for every problem found.
 */
export function loadFile(file: string): LoadedFile {
  const lines = new LineCounter()
  const document = parseDocument(readSettings(file), {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    stringKeys: true,
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const syntax = [...document.errors, ...document.warnings]
  if (syntax.length > 0) {
    throw new ConfigError(syntax.map((error) => ({ ...at(error.pos[0]), path: '', message: error.message })))
  }
  const problemAt = (path: SettingPath, message: string): ConfigProblem => ({
    ...at(offsetOf(document, path)),
    path: path.join('.'),
    message,
  })
  const parsed = configSchema.safeParse(toPlain(document, problemAt), { reportInput: true })
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.flatMap((issue) => toProblems(issue, problemAt)))
  return { settings: parsed.data, problemAt }
}

function readSettings(file: string): string {
  const refuse = (message: string, cause?: unknown) =>
    Object.assign(new ConfigError([{ file, path: '', message }]), { cause })
  let facts
  try {
    facts = statSync(file)
  } catch (error) {
    throw refuse('cannot be read: there is no such file, or it is not readable', error)
  }
  if (!facts.isFile()) throw refuse('is not a file')
  if (facts.size > FILE_LIMIT_BYTES) throw refuse(`is larger than ${FILE_LIMIT_BYTES} bytes`)
  // The file names programs to start, so whoever may write it may run anything as the hub.
  if ((facts.mode & WRITABLE_BY_OTHERS) !== 0) throw refuse('is writable by everyone; run: chmod o-w on it')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw refuse('cannot be read as UTF-8 text', error)
  }
}

/** The document as plain data. A section whose entries are all commented out is the same as none. */
function toPlain(document: Document, problemAt: LoadedFile['problemAt']): unknown {
  try {
    const plain: object = document.toJS({ maxAliasCount: 100 }) ?? {}
    if (!isMap(document.contents)) return plain
    return Object.fromEntries(Object.entries(plain).filter(([, section]) => section !== null))
  } catch (error) {
    throw new ConfigError([problemAt([], error instanceof Error ? error.message : 'cannot be read')])
  }
}

function toProblems(issue: z.core.$ZodIssue, problemAt: LoadedFile['problemAt']): ConfigProblem[] {
  return explainIssue(issue).map(({ path, message }) => problemAt(path, message))
}

/** Where a setting's key stands; for one that is missing, where the nearest setting around it stands. */
function offsetOf(document: Document, path: SettingPath): number {
  let node: unknown = document.contents
  let offset = rangeStart(node) ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step)
      offset = rangeStart(pair?.key) ?? offset
      node = pair?.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = rangeStart(node) ?? offset
    } else {
      break
    }
  }
  return offset
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range))
    return undefined
  return typeof node.range[0] === 'number' ? node.range[0] : undefined
}
