import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUpAdministrator, type SignedIn } from '../../server/test/sign-in.ts'
import { startAgentHub, type AgentHub } from '../../server/test/start-agent-hub.ts'
import { until } from '../../server/test/start-test-hub.ts'
import type { Terminal } from '../src/run-command.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { runParley } from './run-parley.ts'
import { TerminalPerson } from './signed-in.ts'

let opened: AgentHub
let signedIn: SignedIn
let ada: TerminalPerson
beforeAll(async () => {
  opened = await startAgentHub()
  signedIn = await signUpAdministrator(opened.hub)
  ada = new TerminalPerson(signedIn.visitor)
  expect(await ada.run(['login', opened.hub.url])).toMatchObject({ code: 0 })
})
afterAll(async () => {
  ada[Symbol.dispose]()
  await opened[Symbol.asyncDispose]()
})

/** What was written piece by piece, as stdout has it. */
async function send(argv: readonly string[], changes: Partial<Terminal> = {}) {
  let stdout = ''
  const notes: string[] = []
  const { code } = await ada.run(['send', ...argv], {
    write: (text) => void (stdout += text),
    out: (text) => void (stdout += `${text}\n`),
    error: (text) => notes.push(text),
    ...changes,
  })
  return { code, stdout, notes: notes.join('\n') }
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

const taskIn = (notes: string) => /task (tsk_\w+)/.exec(notes)![1]!

test('an answer is the output, and nothing else is', async () => {
  expect(await send(['helper', 'echo Grüezi'])).toEqual({ code: 0, stdout: 'Grüezi\n', notes: '' })
})

test('progress goes to stderr, the artifact to stdout as it comes', async () => {
  const pieces: string[] = []
  const { code, notes } = await send(['helper', 'chunks 3'], { write: (text) => pieces.push(text) })
  expect(code).toBe(0)
  expect(pieces.join('')).toBe('012\n')
  expect(pieces.length).toBeGreaterThan(2)
  expect(notes).toMatch(/task tsk_\w+\n(submitted\n)?working: working\nartifact Result\ncompleted/)
})

test('with --json every event is a line, and no line is anything else', async () => {
  const { code, stdout, notes } = await send(['helper', 'chunks 2', '--json'])
  expect([code, notes]).toEqual([0, ''])
  const events = linesOf(stdout)
  expect(events[0]).toHaveProperty('task.id')
  expect(events.filter((event) => event.artifactUpdate)).toHaveLength(2)
  expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
  const refused = await send(['nobody-here', 'x', '--json'])
  expect([refused.code, linesOf(refused.stdout)[0].error.code]).toEqual([1, expect.any(String)])
})

test('files and data go along; files that come are kept under a name that is none of a path', async () => {
  writeFileSync(join(ada.directory, 'notes.md'), '# Notes\n')
  const args = ['helper', 'parts', '--file', 'notes.md', '--data', '{"city":"Bern"}', '--out', 'kept']
  const first = await send(args)
  expect(first.code).toBe(0)
  expect(first.stdout).toContain('"city": "Bern"')
  expect(first.stdout).not.toContain('# Notes')
  const kept = join(ada.directory, 'kept')
  expect(readFileSync(join(kept, 'notes.md'), 'utf8')).toBe('# Notes\n')
  await send(args)
  expect(readdirSync(kept).toSorted()).toEqual(['notes (2).md', 'notes.md'])
  const without = await send(['helper', 'parts', '--file', 'notes.md'])
  expect(without.notes).toContain('file notes.md (text/markdown, 8 bytes); --out DIR keeps it')
})

test('an agent’s name for a file leads nowhere else', async () => {
  const raw = Buffer.from('x').toString('base64')
  const { stdout } = await send(['helper', 'parts', '--json', '--data', '1'])
  expect(stdout).toContain('"data":1')
  const { keepFile } = await import('../src/send/keep-file.ts')
  const bytes = Buffer.from(raw, 'base64')
  const names = [
    '../../evil.sh',
    '/etc/passwd',
    '..',
    '.bashrc',
    'a\u0000\u001b[2Jb.txt',
    'nul',
    'x'.repeat(999),
  ]
  const directory = join(ada.directory, 'hostile')
  for (const name of names) expect(keepFile(directory, name, bytes).startsWith(`${directory}/`)).toBe(true)
  expect(readdirSync(directory)).toHaveLength(names.length)
  expect(existsSync(join(ada.directory, 'evil.sh'))).toBe(false)
  expect(readdirSync(directory).some((name) => name.startsWith('.'))).toBe(false)
})

test('what the agent asks is asked at the terminal, and the same task goes on', async () => {
  const asked: string[] = []
  const { code, notes } = await send(['helper', 'ask'], {
    askText: async (question) => {
      asked.push(question)
      return 'ask for the blue one'
    },
  })
  expect([code, asked.length]).toEqual([0, 1])
  expect(notes).toMatch(/input required: which one\?(.|\n)*completed/)
  expect(opened.agent.executor.received.slice(-2)).toEqual(['ask', 'ask for the blue one'])
})

test('without a terminal the command says how to go on, and --task does', async () => {
  const waiting = await send(['helper', 'ask'])
  expect(waiting.code).toBe(2)
  const id = taskIn(waiting.notes)
  expect(waiting.notes).toContain(`--task ${id}`)
  const done = await send(['helper', 'ask blue', '--task', id])
  expect(done.code, done.notes).toBe(0)
  expect((await send(['helper', 'ask more', '--task', id])).code).toBe(1)
})

test('Ctrl-C cancels the task at the agent', async () => {
  let interrupt = () => {}
  const stopped: string[] = []
  const sending = send(['helper', 'wait'], {
    onInterrupt: (listener) => {
      interrupt = listener
      return () => void stopped.push('heard no more')
    },
  })
  const before = opened.agent.executor.cancelled.length
  await until(() => opened.agent.executor.received.at(-1) === 'wait')
  interrupt()
  const { code, notes } = await sending
  expect([code, opened.agent.executor.cancelled.length - before, stopped.length]).toEqual([130, 1, 1])
  expect(notes).toMatch(/Cancelling(.|\n)*canceled/)
})

test('a second Ctrl-C leaves, and the task goes on to be watched and cancelled', async () => {
  let interrupt = () => {}
  const notes: string[] = []
  const sending = send(['helper', 'slow 1500'], {
    error: (text) => notes.push(text),
    onInterrupt: (listener) => {
      interrupt = listener
      return () => {}
    },
  })
  await until(() => notes.some((line) => line.startsWith('working')))
  const id = taskIn(notes.join('\n'))
  interrupt()
  interrupt()
  expect((await sending).code).toBe(130)
  expect(notes.join('\n')).toContain(`parley tasks watch ${id}`)
})

test('--no-wait begins; tasks list, show, watch and cancel know it', async () => {
  const begun = await send(['helper', 'wait', '--no-wait'])
  expect(begun.code).toBe(0)
  const id = taskIn(begun.notes)
  const listed = await ada.run(['tasks', 'list', '--mine', '--running'])
  expect(listed.out).toMatch(new RegExp(`${id} +\\w+ +agent helper +\\d+ s ago`))
  const shown = await ada.run(['tasks', 'show', id])
  expect(shown.out).toMatch(/agent +helper\ncontext +\S+/)
  const before = opened.agent.executor.cancelled.length
  const notes: string[] = []
  const watching = ada.run(['tasks', 'watch', id, '--mine'], { error: (text) => notes.push(text) })
  await until(() => notes.some((line) => line.startsWith('working')))
  expect((await ada.run(['tasks', 'cancel', id, '--mine'])).out).toContain('cancelled')
  expect((await watching).code).toBe(1)
  expect(notes.join('\n')).toContain('canceled')
  expect(opened.agent.executor.cancelled.length).toBeGreaterThan(before)
})

test('watch shows what a task of one’s own made, after its end too, and only how another’s stands', async () => {
  const { notes } = await send(['helper', 'chunks 2'])
  const id = taskIn(notes)
  let stdout = ''
  const own = await ada.run(['tasks', 'watch', id], { write: (text) => void (stdout += text) })
  expect([own.code, stdout]).toEqual([0, '01\n'])
  const { dataDir } = opened.hub
  const key = await runParley(dataDir, 'tasks', 'watch', id, '--data-dir', dataDir)
  expect(key.code).toBe(0)
  expect(key.out).toContain(`${id}  completed`)
  expect(key.out).not.toMatch(/^01$/m)
})

test('the administrator’s key asks agents too; an unknown one is an error that says so', async () => {
  const { dataDir } = opened.hub
  const sent = await runParley(dataDir, 'send', 'helper', 'echo hello', '--data-dir', dataDir)
  expect([sent.code, sent.out.trim()]).toEqual([0, 'hello'])
  const found = await runParley(dataDir, 'send', 'parley', 'first word of a message', '--data-dir', dataDir)
  expect(found.out).toContain('helper')
  const failed = await send(['helper', 'fail'])
  expect(failed.code).toBe(1)
  expect(failed.notes).toContain('failed: it broke')
  expect((await send(['helper'])).notes).toContain('Say something to the agent')
  expect((await send(['helper', 'two', 'words'])).notes).toContain('Put the text in quotes')
  expect((await send(['helper', '--data', '{'])).notes).toContain('--data is not JSON')
  expect((await send(['helper', '--file', 'missing.txt'])).notes).toContain('cannot be read')
})

test('what the person has not allowed is allowed in the browser, and then done', async () => {
  const { grants } = (await opened.hub.api('GET', `/api/grants?person=${signedIn.person}`)).body
  const grant = grants.find((one: any) => Object.keys(one.terms.audiences)[0]?.endsWith('/a2a'))
  const { id, version, terms } = grant
  await opened.hub.api('PUT', `/api/grants/${id}/terms`, { version, terms: { ...terms, capabilities: [] } })
  const before = opened.agent.executor.received.length
  const asked: string[] = []
  const { code, notes, stdout } = await send(['helper', 'echo allowed'], {
    openBrowser: (url) => {
      asked.push(url)
      expect(opened.agent.executor.received).toHaveLength(before)
      void (async () => {
        const page = await signedIn.visitor.open(url)
        await wait(600)
        await signedIn.visitor.submit(page, { choice: 'allow' })
      })()
    },
  })
  expect(code, notes).toBe(0)
  expect(stdout).toContain('allowed')
  expect(asked).toEqual([expect.stringContaining(`${opened.hub.url}/consent/cns_`)])
  expect(notes).toMatch(/auth required: This needs the consent(.|\n)*completed/)
})

test('a connection that breaks is made again, and what was shown is not shown twice', async () => {
  await using proxy = await startCuttingProxy(opened.hub.url)
  const dataDir = join(ada.directory, 'elsewhere')
  mkdirSync(dataDir)
  const { key } = JSON.parse(readFileSync(join(opened.hub.dataDir, 'credentials.json'), 'utf8'))
  const credentials = JSON.stringify({ url: proxy.url, key })
  writeFileSync(join(dataDir, 'credentials.json'), credentials, { mode: 0o600 })
  const before = opened.agent.executor.received.length
  const sending = runParley(
    ada.directory,
    'send',
    'helper',
    'slow 2000',
    '--data-dir',
    dataDir,
    '--hub',
    proxy.url,
  )
  await until(() => opened.agent.executor.received.length > before)
  await wait(300)
  await proxy.cut(1200)
  const { code, errors } = await sending
  expect(code, errors).toBe(0)
  expect(proxy.requests()).toBeGreaterThan(1)
  expect(errors.match(/^working/gm)).toHaveLength(1)
  expect(errors.match(/^The connection broke/gm)).toHaveLength(1)
  expect(errors).toMatch(/completed$/)
  expect(opened.agent.executor.received.slice(before)).toEqual(['slow 2000'])
})

test('what an agent says drives no terminal, and is the same JSON', async () => {
  const evil = 'echo \u001b[2J\u001b]0;title\u0007\u202eevil'
  const { stdout } = await send(['helper', evil])
  expect(stdout).toBe('\\u001b[2J\\u001b]0;title\\u0007\\u202eevil\n')
  const { stdout: json } = await send(['helper', evil, '--json'])
  expect(linesOf(json)[0].message.parts[0].text).toBe(evil.slice('echo '.length))
  expect(json).not.toContain('\u001b')
})
