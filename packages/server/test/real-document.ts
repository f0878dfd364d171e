import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Document } from 'openapi-backend'
import { parse } from 'yaml'

const require = createRequire(import.meta.url)

/** Where a file of an npm package is, whatever the package lets others import. */
export function findDocument(file: string): string {
  const path = require.resolve
    .paths(file)!
    .map((root) => join(root, file))
    .find(existsSync)
  if (path === undefined) throw new Error(`${file} is not installed`)
  return path
}

export function readDefinition(path: string): Document {
  const text = readFileSync(path, 'utf8')
  return path.endsWith('.json') ? JSON.parse(text) : parse(text)
}
