import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from './index.ts'
import { insert, names, openTestStore, temporaryDirectory } from './store-fixture.ts'

/** Another process that opens the store, says so, and stays. */
function startOpener(dataDir: string) {
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    try {
      await openStore(${JSON.stringify(dataDir)})
      console.log('open')
      setInterval(() => {}, 1000)
    } catch (error) {
      console.log(error.code + ': ' + error.message)
    }`
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function firstWords(child: ReturnType<typeof startOpener>): Promise<string> {
  const [data] = (await once(child.stdout, 'data')) as [Buffer]
  return data.toString().trim()
}

test('a second process is refused and told which one has it; a second opener in the same process too', async () => {
  const dataDir = temporaryDirectory()
  const store = await openTestStore(dataDir)
  const sentence = `Another Parley (process ${process.pid}) uses ${dataDir}. Stop it, or choose another --data-dir.`
  expect(await firstWords(startOpener(dataDir))).toBe(`conflict: ${sentence}`)
  await expect(openStore(dataDir)).rejects.toThrow(sentence)
  await store.submit([insert('a')])
  expect(names(store)).toEqual(['a'])
})

test('what a killed process leaves behind locks nobody out, whatever its id means now', async () => {
  const dataDir = temporaryDirectory()
  const child = startOpener(dataDir)
  expect(await firstWords(child)).toBe('open')
  await expect(openStore(dataDir)).rejects.toThrow(`Another Parley (process ${child.pid})`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  // As if the id now belonged to a process that has nothing to do with it.
  writeFileSync(join(dataDir, 'parley.pid'), `${process.ppid}\n`)
  await openTestStore(dataDir)
})

test('of several that start at once, one gets it', async () => {
  const dataDir = temporaryDirectory()
  const children = Array.from({ length: 4 }, () => startOpener(dataDir))
  const words = await Promise.all(children.map(firstWords))
  for (const child of children) child.kill('SIGKILL')
  expect(words.filter((word) => word === 'open')).toHaveLength(1)
  expect(words.filter((word) => word.startsWith('conflict: Another Parley'))).toHaveLength(3)
})

test('a directory is free again after closing', async () => {
  const dataDir = temporaryDirectory()
  await (await openStore(dataDir))[Symbol.asyncDispose]()
  await openTestStore(dataDir)
})
