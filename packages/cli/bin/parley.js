#!/usr/bin/env node
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const built = at('../dist/main.js')
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** In a checkout the source is newer after an edit; a build that is older than it is not what its owner means to run. */
function isFresh() {
  const builtMs = modified(built)
  if (builtMs === 0) return false
  const packages = ['../src', '../../server/src', '../../contract/src'].map(at)
  return packages.every(
    (directory) =>
      modified(directory) === 0 ||
      readdirSync(directory, { recursive: true }).every((name) => modified(`${directory}/${name}`) < builtMs),
  )
}

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(isFresh() ? '../dist/main.js' : '../src/main.ts')
} else {
  console.error(
    `parley: needs Node 24, this is ${process.version}. Use \`npx parley …\`, which takes the installed one.`,
  )
  process.exitCode = 1
}
