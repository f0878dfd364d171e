#!/usr/bin/env node
const major = Number(process.versions.node.split('.')[0])
if (major >= 24) {
  await import('../src/main.ts')
} else {
  console.error(
    `parley: needs Node 24, this is ${process.version}. Use \`npx parley …\`, which takes the installed one.`,
  )
  process.exitCode = 1
}
